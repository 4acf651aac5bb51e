import Glibc
import TidemarkBase
import TidemarkStatistics
import TidemarkStore

/// What load tests say about the highest request rate that holds its objectives.
public struct LoadTestCapacity: Sendable {
    /// Folder or file of the test.
    public var name: String
    public var tool: String
    public var model: String?
    /// JSON object of what else the tool says of the configuration.
    public var configuration: String
    public var loop: LoadLevel.Loop
    /// By rising load.
    public var levels: [LoadLevel]
    /// Whether a level outran the server; of a closed loop, whether more clients no longer brought more answers.
    public var isSaturated: [Bool]

    /// Median estimate in requests/s; nil when the test doesn't say (``sentence`` tells why).
    public var maxRPS: Double?
    /// 80 % interval.
    public var low: Double?
    public var high: Double?
    /// 95 % interval.
    public var low95: Double?
    public var high95: Double?
    /// No load was too much: the capacity is at least ``maxRPS``.
    public var isLowerBound = false
    /// `ttft_p95` or `throughput`
    public var bindingLimit: String?
    /// Highest load that met all objectives and lowest that didn't, as measured: requests/s, or requests in flight.
    public var lastMet: Double?
    public var firstMissed: Double?
    /// Throughput at which the curve levels off, requests/s, with its 80 % interval.
    public var saturationRPS: Double?
    public var saturationInterval: ClosedRange<Double>?
    /// A description of the curve, in the units of the load; no capacity.
    public var knee: Double?
    /// Throughput over the number in flight; κ = 0 unless a fall was seen.
    public var scalability: ScalabilityLaw?
    /// A: a load that was too much lies within 1.3 of one that was not; B: within 2; C: farther, or none was found.
    public var grade = "C"
    public var sentence: Message = ""
    public var remarks: [Message] = []

    /// Estimates of all configurations that were tested.
    /// - Parameter objectives: signals and seconds (`ttft_p95_seconds`); nil: those of each period's configuration or capture.
    public static func estimates(
        _ store: Store, objectives: [(signal: String, seconds: Double)]? = nil
    ) throws -> [LoadTestCapacity] {
        try store.periods().flatMap { try estimates(store, period: $0.id, objectives: objectives) }
    }

    public static func estimates(
        _ store: Store, period: Int, objectives: [(signal: String, seconds: Double)]? = nil
    ) throws -> [LoadTestCapacity] {
        let goals = try objectives ?? Objectives.read(store, period: period)
        return try LoadCurve.all(store, period: period).map { LoadTestCapacity($0, goals) }
    }

    static let draws = 2000
    static let seed: UInt64 = 7

    init(_ curve: LoadCurve, _ objectives: [(signal: String, seconds: Double)]) {
        (name, tool, model) = (curve.name, curve.tool, curve.model)
        (configuration, loop) = (curve.configuration, curve.loop)
        let placed = curve.levels.filter { $0.offered != nil }
        levels = placed
        let baseWait = placed.compactMap { $0.latencySeconds["ttft_mean"] }.min()
        isSaturated =
            curve.loop == .open ? placed.map { $0.isOutrun(baseWait: baseWait) } : Self.plateau(placed)
        let (goals, notes) = LoadObjective.of(objectives, placed)
        remarks = notes
        describe()
        let burst = curve.levels.filter { $0.offered == nil }
        let flags = isSaturated
        let saturated = zip(placed, flags).filter(\.1).map(\.0) + burst
        let saturation = SaturationRate(saturated, baseWait: baseWait)
        if let saturation { settle(saturation) }
        guard !placed.isEmpty else {
            maxRPS = saturationRPS
            (low, high) = (saturationInterval?.lowerBound, saturationInterval?.upperBound)
            bindingLimit = saturationRPS == nil ? nil : "throughput"
            remarks.append("no run below saturation: latencies say nothing of what users would feel")
            sentence =
                saturationRPS.map { "all requests at once: \(LoadText.number($0)) requests/s" } ?? "no load is known"
            return
        }
        // A closed loop is never outrun: its latencies are of steady states, also on the plateau.
        let crossing = LoadCrossing(
            levels: placed, isSaturated: loop == .open ? flags : placed.map { _ in false }, objectives: goals,
            saturation: loop == .open ? saturation : nil)
        estimate(crossing, goals, saturation)
        check()
    }

    /// A level of a closed loop is on the plateau when, compared with the last one that has at most two thirds of its
    /// clients, throughput grew by less than a tenth of what the clients did.
    private static func plateau(_ levels: [LoadLevel]) -> [Bool] {
        levels.indices.map { index in
            guard let clients = levels[index].offered,
                let before = levels[..<index].last(where: { ($0.offered ?? 0) * 1.5 <= clients }),
                let fewer = before.offered, fewer > 0
            else { return false }
            let gain = log(levels[index].achievedRPS / before.achievedRPS)
            let noise = 1 / levels[index].count.squareRoot()
            return gain < 0.1 * log(clients / fewer) + noise / 10
        }
    }

    // MARK: Estimates

    private mutating func settle(_ saturation: SaturationRate) {
        var random = SeededRandom(seed: Self.seed)
        let values = (0..<Self.draws).map { _ in saturation.draw(&random) }.sorted()
        saturationRPS = Quantiles.linear(0.5, sorted: values)
        if let low = Quantiles.linear(0.1, sorted: values), let high = Quantiles.linear(0.9, sorted: values) {
            saturationInterval = low...max(low, high)
        }
    }

    private mutating func estimate(_ crossing: LoadCrossing, _ goals: [LoadObjective], _ saturation: SaturationRate?) {
        measure(crossing, goals)
        var random = SeededRandom(seed: Self.seed)
        var rates: [Double] = []
        var binding: [Int: Int] = [:]
        var (neverMet, neverMissed) = (0, 0)
        for _ in 0..<Self.draws {
            switch crossing.draw(&random) {
            case .crossed(let load, let objective):
                binding[objective ?? -1, default: 0] += 1
                rates.append(loop == .open ? load : throughput(at: load, &random))
            case .neverMissed:
                neverMissed += 1
                if loop == .closed, isSaturated.last == true, let saturation {
                    rates.append(saturation.draw(&random))
                    binding[-1, default: 0] += 1
                }
            case .neverMet: neverMet += 1
            }
        }
        if neverMet * 2 > Self.draws {
            high = loop == .open ? crossing.load(0) : levels[0].achievedRPS
            sentence = "the lowest load, \(loadText(crossing.load(0))), already missed its objectives"
            return
        }
        guard rates.count * 2 > Self.draws else {
            isLowerBound = true
            let most = loop == .open ? lastMet : levels.last(where: { $0.offered == lastMet })?.achievedRPS
            (maxRPS, low, high, low95, high95) = (most, most, most, most, most)
            sentence =
                "at least \(most.map(LoadText.number) ?? "–") requests/s: no load was too much, the highest was \(loadText(lastMet ?? 0))"
            return
        }
        rates.sort()
        maxRPS = Quantiles.linear(0.5, sorted: rates)
        (low, high) = (Quantiles.linear(0.1, sorted: rates), Quantiles.linear(0.9, sorted: rates))
        (low95, high95) = (Quantiles.linear(0.025, sorted: rates), Quantiles.linear(0.975, sorted: rates))
        let most = binding.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? -1
        bindingLimit = most >= 0 ? goals[most].name : "throughput"
        if let lastMet, let end = firstMissed ?? high95, lastMet > 0 {
            let factor = end / lastMet
            grade = factor <= 1.3 ? "A" : factor <= 2 ? "B" : "C"
        }
        if loop == .closed {
            remarks.append(
                "closed loop: the clients waited for their answers; the same rate from independent users waits longer")
        }
        say(goals)
    }

    /// Throughput of a closed loop with so many in flight, of resampled measurements that don't fall.
    private func throughput(at load: Double, _ random: inout SeededRandom) -> Double {
        let rates = levels.map { $0.achievedRPS * max(0.2, 1 + random.normal() / $0.count.squareRoot() / 2) }
        let fit = IsotonicRegression(x: levels.map { $0.offered ?? 0 }, y: rates)
        return fit?.value(at: load) ?? rates[rates.count - 1]
    }

    private mutating func measure(_ crossing: LoadCrossing, _ goals: [LoadObjective]) {
        let holds = levels.indices.map { index in
            crossing.isServed(index) && goals.allSatisfy { crossing.met(index, $0) }
        }
        // A load that missed, below one that met, was noise or a bad moment: the highest that met counts.
        lastMet = holds.lastIndex(of: true).map(crossing.load)
        firstMissed = levels.indices.first { !holds[$0] && crossing.load($0) > lastMet ?? 0 }.map(crossing.load)
    }

    // MARK: Words

    private func loadText(_ load: Double) -> Message {
        loop == .open ? "\(LoadText.number(load)) requests/s" : "\(LoadText.number(load)) in flight"
    }

    private mutating func say(_ goals: [LoadObjective]) {
        guard let low, let high else { return }
        var text: Message = "between \(LoadText.number(low)) and \(LoadText.number(high)) requests/s"
        var parts: [Message] = []
        if let lastMet { parts.append("\(loadText(lastMet)) met its objectives") }
        if let firstMissed, let index = levels.firstIndex(where: { $0.offered == firstMissed }) {
            let level = levels[index]
            let missed = goals.compactMap { goal -> Message? in
                guard let value = level.latencySeconds[goal.measured], value > goal.seconds else { return nil }
                return "\(goal.text) (\(LoadText.seconds(value)))"
            }
            var reasons: [Message] = missed.isEmpty ? [] : ["missed \(Message.list(missed))"]
            if isSaturated[index] { reasons.append("outran the server") }
            if let share = level.failedShare, share > LoadLevel.mostFailures {
                reasons.append("\(LoadText.number(share * 100)) % failed")
            }
            parts.append("\(loadText(firstMissed)) \(Message.joined(reasons, by: " and "))")
        }
        if !parts.isEmpty { text = "\(text): \(Message.list(parts))" }
        if let saturationRPS { text = "\(text); throughput levels off at \(LoadText.number(saturationRPS))" }
        sentence = text
    }

    /// Knee and scalability law, over what was in flight.
    private mutating func describe() {
        guard levels.count >= 4 else { return }
        knee = KneePoint.find(levels.map { $0.offered ?? 0 }, levels.map(\.achievedRPS))
        var inFlight: [Double] = []
        var rates: [Double] = []
        for level in levels {
            guard let n = loop == .closed ? level.offered : level.meanConcurrency ?? level.littleConcurrency else {
                continue
            }
            inFlight.append(n)
            rates.append(level.achievedRPS)
        }
        let ordered = zip(inFlight, rates).sorted { $0.0 < $1.0 }
        // A fall is one that more than noise explains.
        let most = ordered.max { $0.1 < $1.1 }
        let hasFall = most.map { top in ordered.contains { $0.0 > top.0 && $0.1 < 0.95 * top.1 } } ?? false
        scalability = ScalabilityLaw.fit(loads: ordered.map(\.0), throughputs: ordered.map(\.1), hasFall: hasFall)
    }

    /// Little's law, failures, limits of the client: what a reader must know.
    private mutating func check() {
        if let level = levels.first(where: \.isClientLimited), let sent = level.sentRPS {
            remarks.append(
                "from \(loadText(level.offered ?? 0)) on the client could not send what it was told to (\(LoadText.number(sent)) requests/s there): waiting times are those of a closed loop"
            )
        }
        for level in levels {
            let told = loop == .closed ? level.offered : level.meanConcurrency
            if let told, let little = level.littleConcurrency, told > 0, abs(little / told - 1) > 0.15 {
                remarks.append(
                    "at \(loadText(level.offered ?? 0)) Little's law gives \(LoadText.number(little)) in flight, not \(LoadText.number(told)): ramp-up, drain or a limit of the client counts"
                )
            }
            if let share = level.failedShare, share > LoadLevel.mostFailures {
                remarks.append(
                    "at \(loadText(level.offered ?? 0)) \(LoadText.number(share * 100)) % of the requests failed")
            }
        }
    }
}
