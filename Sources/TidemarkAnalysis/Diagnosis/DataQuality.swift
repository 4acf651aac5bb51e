import TidemarkBase
import TidemarkStore

/// Whether the evidence can be trusted: judged before anything else, shown as a badge with its reasons.
struct DataQuality {
    struct Check {
        var name: String
        var isGood: Bool
        var text: Message
    }

    var checks: [Check] = []

    init(_ situation: Situation) throws {
        try littlesLaw(situation)
        try gaps(situation)
        try resets(situation)
        replicas(situation)
        try clocks(situation)
        try versions(situation)
        try rejects(situation)
    }

    /// L = λW over the whole period: running requests against finished requests times their time in the engine. Outside 0.8 to
    /// 1.25 replicas are missing, counters were reset, or the window cuts requests off.
    private mutating func littlesLaw(_ situation: Situation) throws {
        var worst: (ratio: Double, replica: String)?
        for replica in situation.replicas {
            guard let running = try situation.track("running_requests", replica)?.value(0..<situation.grid.count),
                let rate = try situation.track("request_rate_requests_per_second", replica)?.value(
                    0..<situation.grid.count),
                let whole = try situation.track("e2e_mean_seconds", replica)?.value(0..<situation.grid.count)
            else { continue }
            let queue = try situation.track("queue_time_mean_seconds", replica)?.value(0..<situation.grid.count) ?? 0
            let expected = rate * max(0, whole - queue)
            // A handful of running requests is too few for the law to be sharp.
            guard running >= 0.5, expected > 0, situation.grid.seconds >= 3 * whole else { continue }
            let ratio = running / expected
            if abs(ratio - 1) > abs((worst?.ratio ?? 1) - 1) || worst == nil { worst = (ratio, replica) }
        }
        guard let worst else { return }
        let isGood = (0.8...1.25).contains(worst.ratio)
        checks.append(
            Check(
                name: "little_law", isGood: isGood,
                text:
                    "running requests are \(Scene.round3(worst.ratio)) times finished requests × their time (\(worst.replica)); Little's law wants 0.8 to 1.25"
            ))
    }

    private mutating func gaps(_ situation: Situation) throws {
        var worst: (share: Double, replica: String)?
        for replica in situation.replicas {
            guard let values = situation.table["running_requests", replica]?.values,
                let first = values.firstIndex(where: { $0 != nil }), let last = values.lastIndex(where: { $0 != nil })
            else { continue }
            // What was not collected before and after is no gap.
            let missing = Double(values[first...last].count { $0 == nil }) / Double(last - first + 1)
            if missing > worst?.share ?? -1 { worst = (missing, replica) }
        }
        guard let worst else { return }
        checks.append(
            Check(
                name: "gaps", isGood: worst.share <= 0.1,
                text: worst.share == 0
                    ? "from the first to the last sample nothing is missing"
                    : "\(worst.share < 0.005 ? "less than 1 %" : percent(worst.share)) of the time is without evidence (\(worst.replica))"
            ))
    }

    private mutating func resets(_ situation: Situation) throws {
        let restarts = situation.runs.filter {
            ($0.startMs ?? 0) > situation.grid.startMs && ($0.startMs ?? 0) < situation.grid.endMs
        }
        guard !situation.runs.isEmpty else { return }
        checks.append(
            Check(
                name: "resets", isGood: true,
                text: restarts.isEmpty
                    ? "no server started in the period"
                    : "\(restarts.count) starts of servers in the period; counters were followed across them"
            ))
    }

    private mutating func replicas(_ situation: Situation) {
        let silent = situation.fleet.replicas.filter { replica in
            ["running_requests", "request_rate_requests_per_second", "http_request_rate_requests_per_second"].allSatisfy
            {
                situation.table[$0, replica.name] == nil
            }
        }
        let apart =
            situation.fleet.replicas.contains { $0.logInstance != nil && $0.scrapeInstance == nil }
            && situation.fleet.replicas.contains { $0.logInstance == nil && $0.scrapeInstance != nil }
        checks.append(
            Check(
                name: "replicas", isGood: silent.isEmpty && !apart,
                text: !silent.isEmpty
                    ? "nothing is known of \(Message.list(silent.map(\.name)))"
                    : apart
                        ? "some logs and scrape targets could not be put together"
                        : "\(situation.replicas.count) replicas, all with evidence"
            ))
    }

    private mutating func clocks(_ situation: Situation) throws {
        let rows = try situation.store.database.prepare(
            """
            SELECT path, clock_confidence FROM source WHERE period_id = ? AND first_ms IS NOT NULL AND clock_confidence < 0.6
            ORDER BY clock_confidence, path LIMIT 3
            """)
        rows.bind(1, situation.period)
        var doubtful: [Message] = []
        while try rows.step() { doubtful.append("\(rows.text(0)) (\(percent(rows.double(1))) sure)") }
        checks.append(
            Check(
                name: "clocks", isGood: doubtful.isEmpty,
                text: doubtful.isEmpty
                    ? "all clocks are known" : "the clock is in doubt of \(Message.list(doubtful))"))
    }

    private mutating func versions(_ situation: Situation) throws {
        let versions = Set(
            situation.runs.filter { run in
                (run.endMs ?? .max) >= situation.grid.startMs && (run.startMs ?? 0) <= situation.grid.endMs
            }.compactMap(\.version)
        ).sorted()
        guard !versions.isEmpty else { return }
        checks.append(
            Check(
                name: "versions", isGood: versions.count == 1,
                text: versions.count == 1
                    ? "vLLM \(versions[0])"
                    : "vLLM \(Message.joined(versions.map { Message(verbatim: $0) }, by: " and ")) are mixed: some metrics mean different things"
            ))
    }

    private mutating func rejects(_ situation: Situation) throws {
        let row = try situation.store.database.prepare(
            "SELECT sum(reject_lines), sum(lines) FROM source WHERE period_id = ?")
        row.bind(1, situation.period)
        guard try row.step(), let rejects = row.optionalDouble(0), let lines = row.optionalDouble(1), lines > 0 else {
            return
        }
        checks.append(
            Check(
                name: "rejects", isGood: rejects <= 0.001 * lines,
                text: "\(Scene.round3(rejects)) of \(Scene.round3(lines)) lines could not be read"))
    }
}
