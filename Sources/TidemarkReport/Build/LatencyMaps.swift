import TidemarkAnalysis
import TidemarkBase
import TidemarkStore

/// The heat maps of latencies, from what the analysis counted.
struct LatencyMaps {
    let store: Store
    let results: StoredSignals

    func all() throws -> [ReportModel.HeatMap] {
        try [
            map("ttft", "Time to first token", "requests"), map("itl", "Inter-token latency", "gaps between tokens"),
        ].compactMap { $0 }
    }

    private struct Row {
        var key: String
        var endMs: Int64
        var low: Double
        var high: Double
        var count: Double
    }

    private func map(_ short: String, _ long: Message, _ what: Message) throws -> ReportModel.HeatMap? {
        let name = short + "_seconds"
        let cells = try rows("SELECT start_ms, end_ms, low, high, count FROM latency_cell", name)
        let parts = try rows("SELECT part, 0, low, high, count FROM latency_part", name)
        guard !cells.isEmpty else { return nil }
        var buckets: [ReportModel.HeatMap.Bucket] = []
        for low in Set(cells.map(\.low)).sorted() {
            guard let high = cells.first(where: { $0.low == low })?.high else { continue }
            func count(_ part: String) -> Double { parts.first { $0.low == low && $0.key == part }?.count ?? 0 }
            buckets.append(.init(low: low, high: high, incident: count("incident"), rest: count("rest")))
        }
        let places = Dictionary(uniqueKeysWithValues: buckets.enumerated().map { ($1.low, $0) })
        var columns: [ReportModel.HeatMap.Column] = []
        for cell in cells {
            guard let startMs = Int64(cell.key), let place = places[cell.low] else { continue }
            if columns.last?.span.startMs != startMs {
                columns.append(
                    .init(
                        span: .init(startMs: startMs, endMs: cell.endMs),
                        counts: [Double](repeating: 0, count: buckets.count)))
            }
            columns[columns.count - 1].counts[place] += cell.count
        }
        let width = NumberText.duration(milliseconds: columns.map(\.span.durationMs).max() ?? 0)
        let isTraced = results.origin("\(short)_p95_seconds") == "spans"
        return .init(
            id: "heat_" + name, title: title(long, buckets),
            subtitle: isTraced
                ? say("share of the traced requests in each \(width) by bucket, all replicas")
                : say("share of the \(what) in each \(width) by bucket of the histogram, all replicas"),
            unit: .seconds, buckets: buckets, columns: columns,
            csv: .init(path: "\(ReportBuilder.csvFolder)/heat_\(name).csv", label: say("\(long), by time and bucket")))
    }

    private func rows(_ select: String, _ name: String) throws -> [Row] {
        let rows = try store.database.prepare(
            """
            \(select)
            WHERE analysis_id = ? AND name = ? ORDER BY 1, low
            """)
        rows.bind(1, results.analysis)
        rows.bind(2, name)
        var found: [Row] = []
        while try rows.step() {
            found.append(
                Row(
                    key: rows.text(0), endMs: rows.int64(1), low: rows.double(2),
                    high: rows.optionalDouble(3) ?? .infinity, count: rows.double(4)))
        }
        return found
    }

    /// What is seen: the buckets that hold the 95th percentiles.
    private func title(_ long: Message, _ buckets: [ReportModel.HeatMap.Bucket]) -> String {
        func within(_ count: (ReportModel.HeatMap.Bucket) -> Double) -> String? {
            let all = buckets.reduce(0) { $0 + count($1) }
            // Of fewer the highest may well lie below the 95th percentile: 0.95^59 < 5 %.
            guard all >= 59 else { return nil }
            var below = 0.0
            for bucket in buckets {
                below += count(bucket)
                guard below >= 0.95 * all else { continue }
                return bucket.high.isFinite
                    ? say("95 % within \(NumberText.text(bucket.high, .seconds))")
                    : say("95 % not within \(NumberText.text(bucket.low, .seconds))")
            }
            return nil
        }
        switch (within(\.incident), within(\.rest)) {
        case (let bad?, let good?) where bad == good: return say("\(long): \(good), during incidents too")
        case (let bad?, let good?): return say("\(long): during incidents \(bad), otherwise \(good)")
        case (let one?, nil), (nil, let one?): return say("\(long): \(one)")
        default: return say(long)
        }
    }
}
