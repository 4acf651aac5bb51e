import TidemarkBase

extension Scene {
    /// SM clocks of a replica's GPUs under load, in the episode against before.
    struct Clocks {
        var all: [(gpu: String, before: Double, during: Double, loss: Double)]
        /// GPUs that lost 8 % or more.
        var slowed: [String] { all.filter { $0.loss >= 0.08 }.map(\.gpu) }
        /// Median loss of the slowed ones; of all when none is.
        var loss: Double {
            let losses = (slowed.isEmpty ? all.map(\.loss) : all.filter { $0.loss >= 0.08 }.map(\.loss)).sorted()
            return losses.isEmpty ? 0 : losses[losses.count / 2]
        }
    }

    /// Steps in which a GPU idles say nothing about its clock under load: those below a fifth of its busiest utilisation are
    /// left out where utilisation is known.
    func clocks() throws -> Clocks? {
        var all: [(gpu: String, before: Double, during: Double, loss: Double)] = []
        for gpu in situation.gpus(of: replica) {
            guard let clock = try situation.track("gpu_sm_clock_hertz", gpu) else { continue }
            let busy = try situation.track("gpu_utilization_ratio", gpu)
            let most = busy?.extreme(1, .high) ?? 0
            func median(_ steps: [Int]) -> Double? {
                let values = steps.compactMap { step -> Double? in
                    let here = step..<step + 1
                    if let busy, let now = busy.value(here), now < 0.2 * most { return nil }
                    return clock.value(here)
                }.sorted()
                return values.isEmpty ? nil : values[values.count / 2]
            }
            guard let before = median(baseline.flatMap { Array($0) }), let during = median(Array(range)), before > 0
            else { continue }
            all.append((gpu, before, during, 1 - during / before))
        }
        return all.isEmpty ? nil : Clocks(all: all)
    }

    /// Latency or the time of a step rose.
    func slower(_ ratio: Double = 1.07, firstToken: Double = 1.2) throws -> Sign {
        let sign = try latencyRose(ratio)
        if sign.state == .present { return sign }
        let ttft = try firstTokenRose(firstToken)
        if ttft.state == .present { return ttft }
        // Without any latency the replica may have suffered all the same.
        return sign
    }

    /// Latency rose although the work of a step did not: something made the machine slower.
    func slowerAtEqualWork() throws -> Sign {
        let residual = try residual()
        let load = try loadFactor()?.ratio ?? 1
        let sign = try latencyRose(1.1)
        guard sign.state == .present, residual.map({ $0 >= 1.1 }) ?? (load < 1.15) else {
            return Sign(state: sign.state == .unseen ? .unseen : .absent, text: sign.text)
        }
        return sign
    }

    /// Temperature near where GPUs slow down, or well above the usual.
    func heat(_ gpus: [String]) throws -> Sign {
        let changes = try gpus.compactMap { try change(gpu: $0, "gpu_temperature_celsius") }
        guard let hottest = changes.max(by: { $0.during < $1.during }) else {
            return .unseen("GPU temperature: add temperature.gpu to the capture")
        }
        return sign(
            hottest.during >= 83 || (hottest.difference ?? 0) >= 5, "temperature",
            evidence: EvidenceDraft(
                "gpu_temperature_celsius", value: hottest.during, baseline: hottest.before, unit: "°C", "hottest GPU"))
    }

    /// The other GPUs of the replica draw less because they wait for one.
    func othersWait(_ slow: String, _ gpus: [String]) throws -> Sign {
        let ratios = try gpus.filter { $0 != slow }.compactMap { try change(gpu: $0, "gpu_power_watts")?.ratio }
            .sorted()
        guard !ratios.isEmpty else { return .unseen("GPU power: add power.draw to the capture") }
        return sign(ratios[ratios.count / 2] < 0.95, "the other GPUs drew less power")
    }

    /// An Xid of a GPU in the episode.
    func gpuEvents() throws -> EvidenceDraft? {
        let span = situation.span(range)
        let rows = try situation.store.database.prepare(
            """
            SELECT e.code, e.text, s.path, e.line FROM gpu_event e JOIN source s USING (source_id)
            WHERE s.period_id = ? AND e.kind = 'xid' AND e.time_ms BETWEEN ? AND ? ORDER BY e.time_ms LIMIT 1
            """)
        rows.bind(1, situation.period)
        rows.bind(2, span.startMs - 60_000)
        rows.bind(3, span.endMs)
        guard try rows.step() else { return nil }
        return EvidenceDraft(
            "xid", value: rows.double(0), unit: "code", source: rows.text(2), line: rows.int(3),
            Message(verbatim: rows.text(1).prefix(120)))
    }

    /// Whether a step took longer than its work explains: the step-cost model's residual.
    func workSign() throws -> Sign {
        guard let residual = try residual() else { return .unseen("steps and their tokens: scrape /metrics") }
        return sign(
            residual >= 1.07, "a step took \(Scene.round3(residual)) times what its tokens and requests explain",
            evidence: EvidenceDraft(
                "step_time_residual", value: residual, baseline: 1, unit: "ratio",
                "step time over that of the cost model"))
    }
}
