import TidemarkBase
import TidemarkStore

/// Holes in evidence that is there: too coarse, with gaps, of unknown time, of some time ago.
struct EvidenceFacts {
    let store: Store
    let period: Int
    let window: ClosedRange<Int64>
    let probe: EvidenceProbe

    /// Above so many ms between two scrapes short incidents leave no mark.
    static let coarseMs: Int64 = 60_000

    /// - Parameter asked: what the causes asked for in vain.
    func gaps(beside asked: [EvidenceGap]) throws -> [EvidenceGap] {
        try startUps(asked) + coarse() + owners() + holes() + ended() + clocks()
    }

    /// Logs that begin in the middle of a server's life, where no cause noticed.
    private func startUps(_ asked: [EvidenceGap]) -> [EvidenceGap] {
        let kind = EvidenceKind.startup
        let started = Set(probe.situation.runs.filter { $0.version != nil || !$0.facts.isEmpty }.map(\.replica))
        let without = probe.situation.replicas.filter { !started.contains($0) && !probe.withoutLog.contains($0) }
        guard !without.isEmpty, !asked.contains(where: { $0.kind == kind.rawValue }) else { return [] }
        return [
            EvidenceGap(
                kind: kind.rawValue,
                text:
                    "The log of \(without.joined(separator: ", ")) does not reach back to a start: limits are inferred, what changed between two starts isn't seen, recommendations can't name the arguments.",
                replicas: without, remedy: kind.remedy)
        ]
    }

    private func coarse() -> [EvidenceGap] {
        guard probe.withoutMetrics.count < probe.situation.replicas.count, probe.intervalMs > Self.coarseMs else {
            return []
        }
        // A rate needs four scrapes (``SignalEvaluator/rateWindowMs``).
        return [
            EvidenceGap(
                kind: "scrape_interval",
                text:
                    "Metrics come every \(durationText(probe.intervalMs)): what is shorter than \(durationText(4 * probe.intervalMs)) leaves no mark in rates and latencies, whatever its cause.",
                remedy:
                    "scrape at least once a minute: tidemark capture --every 15s, or scrape_interval: 15s of Prometheus"
            )
        ]
    }

    /// GPUs of which nobody says whose they are.
    private func owners() -> [EvidenceGap] {
        let situation = probe.situation
        let without = situation.replicas.filter { !situation.gpus(of: $0).isEmpty && !situation.knowsGPUs(of: $0) }
        guard !without.isEmpty else { return [] }
        return [
            EvidenceGap(
                kind: "gpu_owners",
                text:
                    "Which GPUs are whose is not said of \(without.joined(separator: ", ")): a slow one is found, but not laid to a replica.",
                replicas: without,
                remedy: "gpu_indexes of each replica in capture.json: tidemark capture --gpu-indexes NAME=0,1",
                isOptional: true)
        ]
    }

    /// The longest time without evidence between evidence.
    private func holes() throws -> [EvidenceGap] {
        let situation = probe.situation
        var worst: (steps: Range<Int>, replica: String)?
        for replica in situation.replicas {
            guard let values = situation.table["running_requests", replica]?.values,
                let first = values.firstIndex(where: { $0 != nil }), let last = values.lastIndex(where: { $0 != nil })
            else { continue }
            var from = first
            for step in first...last where values[step] != nil {
                if step - from > worst?.steps.count ?? 0 { worst = (from..<step, replica) }
                from = step + 1
            }
        }
        guard let worst,
            Double(worst.steps.count) * Double(situation.grid.stepMs) >= Double(max(300_000, 4 * probe.intervalMs))
        else { return [] }
        let span = situation.span(worst.steps)
        return [
            EvidenceGap(
                kind: "gaps",
                text:
                    "From \(CivilTime.rfc3339(span.startMs)) to \(CivilTime.rfc3339(span.endMs)) there is no evidence of \(worst.replica), the longest of such times: an incident in it would leave nothing.",
                replicas: [worst.replica],
                remedy:
                    "keep the capture running (a systemd unit is in docs/operations.md), and longer than a week: --max-size, Prometheus' retention"
            )
        ]
    }

    /// Kinds of evidence that stopped before the others.
    private func ended() throws -> [EvidenceGap] {
        let rows = try store.database.prepare(
            """
            SELECT i.kind, max(s.last_ms), max(s.path) FROM source s JOIN instance i USING (instance_id)
            WHERE s.period_id = ? AND i.kind = 'engine' AND s.last_ms IS NOT NULL GROUP BY i.instance_id
            UNION ALL SELECT 'gpu', max(last_ms), max(path) FROM source
            WHERE period_id = ? AND format LIKE '%smi%' HAVING max(last_ms) IS NOT NULL
            """)
        rows.bind(1, period)
        rows.bind(2, period)
        var found: [EvidenceGap] = []
        // A server that has nothing to say says so every ten seconds; an idle one may not.
        let tolerance = max(900_000, (window.upperBound - window.lowerBound) / 4)
        while try rows.step() {
            let lastMs = rows.int64(1)
            guard window.upperBound - lastMs > tolerance else { continue }
            let isGPU = rows.text(0) == "gpu"
            found.append(
                EvidenceGap(
                    kind: "ended",
                    text:
                        "\(isGPU ? "The GPU capture" : "The log \(rows.text(2))") ends at \(CivilTime.rfc3339(lastMs)), the evidence at \(CivilTime.rfc3339(window.upperBound)): since then it tells nothing.",
                    remedy: (isGPU ? EvidenceKind.gpu : .log).remedy))
        }
        return found
    }

    private func clocks() throws -> [EvidenceGap] {
        let rows = try store.database.prepare(
            """
            SELECT path FROM source WHERE period_id = ? AND first_ms IS NOT NULL AND clock_confidence < 0.6
            AND last_ms >= ? ORDER BY clock_confidence, path
            """)
        rows.bind(1, period)
        rows.bind(2, window.lowerBound)
        var paths: [String] = []
        while try rows.step() { paths.append(rows.text(0)) }
        guard let first = paths.first else { return [] }
        return [
            EvidenceGap(
                kind: "unknown_zone",
                text:
                    "The clock of \(first)\(paths.count > 1 ? " and \(paths.count - 1) more" : "") is a guess: what stands in it can't be laid surely over other evidence, so causes that need both are in doubt.",
                remedy:
                    "--timezone, or log_utc_offset_minutes in capture.json; tidemark capture --log finds it out while the log grows (tidemark status --clocks tells more)"
            )
        ]
    }
}
