import TidemarkBase
import TidemarkStatistics
import TidemarkStore

/// Who used what in a week, and how it was asked for (`docs/methods.md`, Use).
struct WeekUsage {
    struct Row {
        /// model, tenant, route, adapter.
        var kind: String
        var name: String
        var requests: Double?
        var promptTokens: Double?
        var generatedTokens: Double?
        var cost: Double?
    }

    struct Bucket {
        var name: String
        var low: Double
        /// nil: no upper bound.
        var high: Double?
        var count: Double
    }

    private(set) var rows: [Row] = []
    private(set) var buckets: [Bucket] = []
    private(set) var users: [(hash: String, requests: Int, sessions: Int)] = []
    private(set) var values: [WeekFacts.Value] = []
    private(set) var texts: [(topic: String, scope: String, text: Message)] = []

    /// Names kept of each kind, those with the most requests.
    private static let mostNames = 200

    init() {}

    /// - Parameter keySource: the store whose key hashes users; a slice has none.
    init(
        _ slice: Store, period: Int, _ limits: ClosedRange<Int64>, facts: WeekFacts, keySource: Store
    ) throws {
        let key = try Self.key(keySource)
        var known: [String: String] = [:]
        let log = try RequestLog(slice, period: period) { text in
            if let hash = known[text] { return hash }
            // Fifteen digits: 60 bits, and a string that needs no memory of its own.
            let hash = String(withBytes(of: key + text) { SHA256.hex($0) }.prefix(15))
            known[text] = hash
            return hash
        }
        try addModels(slice, period, log)
        let cost = facts.value("cost")
        if log.entries.isEmpty {
            texts.append(
                (
                    "users", "missing",
                    "no access lines, gateway logs or traces of this week: users and sessions are not known"
                ))
        } else {
            texts.append(("users", "source", log.source))
            if log.isCut {
                texts.append(
                    (
                        "users", "missing",
                        "only the first \(log.entries.count) requests of the week were looked at for users and sessions"
                    ))
            }
            addSessions(log, cost, limits)
            addRows(log)
        }
        addCosts(cost, log)
        try addLengths(slice, period, log)
    }

    private static func key(_ store: Store) throws -> String {
        let row = try store.database.prepare("SELECT hex(key) FROM hash_key LIMIT 1")
        return try row.step() ? row.text(0) : ""
    }

    private mutating func add(_ name: String, _ value: Double?) {
        guard let value, value.isFinite else { return }
        values.append(.init(scope: WeekFacts.fleet, name: name, value: value))
    }

    // MARK: Sessions

    private mutating func addSessions(_ log: RequestLog, _ cost: Double?, _ limits: ClosedRange<Int64>) {
        guard let identity = log.identity, let first = log.entries.first, let last = log.entries.last else {
            texts.append(("users", "missing", "\(log.source) name no user, conversation or client address"))
            return
        }
        texts.append(("users", "identity", identity))
        let sessions = SessionCount(log.entries, observed: first.timeMs...max(first.timeMs, last.timeMs)).sessions
        guard !sessions.isEmpty else { return }
        var byUser: [String: (requests: Int, sessions: Int)] = [:]
        for one in log.entries {
            guard let user = one.user else { continue }
            byUser[user, default: (0, 0)].requests += one.requests
        }
        for one in sessions { byUser[one.user, default: (0, 0)].sessions += 1 }
        users = byUser.map { ($0.key, $0.value.requests, $0.value.sessions) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
        add("active_users", Double(users.count))
        var byDay: [Int64: Set<String>] = [:]
        for one in log.entries {
            guard let user = one.user else { continue }
            // From the week's own midnight; a 169th hour, where clocks went back, belongs to the last day.
            let day = CivilTime.floorDivide(one.timeMs - limits.lowerBound, CivilTime.millisPerDay)
            byDay[min(6, day), default: []].insert(user)
        }
        add("active_users_a_day", byDay.values.reduce(0.0) { $0 + Double($1.count) } / Double(byDay.count))
        add("sessions", Double(sessions.count))
        let whole = sessions.filter { !$0.isCut }
        add("sessions_cut_ratio", Double(sessions.count - whole.count) / Double(sessions.count))
        let lengths = whole.map(\.seconds).sorted()
        if !lengths.isEmpty {
            add("session_median_seconds", Quantiles.median(lengths))
            add("session_p90_seconds", Quantiles.linear(0.9, of: lengths))
        }
        add("requests_per_session", Double(sessions.reduce(0) { $0 + $1.requests }) / Double(sessions.count))
        let busiest = users.prefix(max(1, users.count / 10)).reduce(0) { $0 + $1.requests }
        let all = users.reduce(0) { $0 + $1.requests }
        if users.count >= 10, all > 0 { add("busiest_tenth_ratio", Double(busiest) / Double(all)) }
        add("cost_per_session", cost.map { $0 / Double(sessions.count) })
        let bounds: [Double] = [1, 60, 300, 900, 1800, 3600, 7200, 14_400]
        fill("session_seconds", lengths, bounds)
    }

    // MARK: Rows

    private mutating func addModels(_ slice: Store, _ period: Int, _ log: RequestLog) throws {
        let series = try StoreSeries(slice, period: period)
        for model in try series.values(of: "model_name", where: { $0.hasPrefix("vllm:") }) {
            guard let demand = try ModelDemand(series, slice, period: period, model: model) else { continue }
            rows.append(
                Row(
                    kind: "model", name: model, requests: demand.requests, promptTokens: demand.prompt,
                    generatedTokens: demand.generated))
        }
        let bases = Set(rows.map(\.name))
        guard !bases.isEmpty else { return }
        // What clients call a model and the engines don't serve under that name as a base is an adapter of it.
        let adapters = Set(
            try series.values(of: "running_lora_adapters") { $0.hasPrefix("vllm:lora") }.flatMap {
                $0.split(separator: ",").map { $0.filter { $0 != " " } }
            }
        ).subtracting(bases)
        let named = group(log, "adapter") { one in one.model.flatMap { adapters.contains($0) ? $0 : nil } }
        rows += named
        for adapter in adapters.sorted() where !adapter.isEmpty && !named.contains(where: { $0.name == adapter }) {
            rows.append(Row(kind: "adapter", name: adapter))
            texts.append(
                (
                    "users", "adapter",
                    "of adapter \(adapter) only its presence is known: requests by adapter need a gateway log or traces with the model's name"
                ))
        }
    }

    private mutating func addRows(_ log: RequestLog) {
        if !rows.contains(where: { $0.kind == "model" }) { rows += group(log, "model", \.model) }
        rows += group(log, "route", \.route)
        let tenants = group(log, "tenant", \.tenant)
        rows += tenants
        if tenants.isEmpty {
            texts.append(
                ("users", "tenant", "nothing names a tenant: an attribute tenant.id in the spans of a gateway would"))
        }
    }

    private func group(_ log: RequestLog, _ kind: String, _ name: (RequestLog.Entry) -> String?) -> [Row] {
        var found: [String: Row] = [:]
        for one in log.entries {
            guard let name = name(one) else { continue }
            var row = found[name] ?? Row(kind: kind, name: name, requests: 0)
            row.requests = (row.requests ?? 0) + Double(one.requests)
            if let tokens = one.promptTokens { row.promptTokens = (row.promptTokens ?? 0) + tokens }
            if let tokens = one.generatedTokens { row.generatedTokens = (row.generatedTokens ?? 0) + tokens }
            found[name] = row
        }
        return Array(
            found.values.sorted { ($1.requests ?? 0, $0.name) < ($0.requests ?? 0, $1.name) }.prefix(Self.mostNames))
    }

    /// The week's cost by generated tokens where all rows of a kind have them, else by requests.
    private mutating func addCosts(_ cost: Double?, _ log: RequestLog) {
        guard let cost else { return }
        for kind in Set(rows.map(\.kind)) where kind != "adapter" {
            let own = rows.indices.filter { rows[$0].kind == kind }
            let hasTokens = own.allSatisfy { rows[$0].generatedTokens != nil }
            func weight(_ index: Int) -> Double {
                (hasTokens ? rows[index].generatedTokens : rows[index].requests) ?? 0
            }
            // What names none, and names beyond those kept, have their part of the cost, too.
            let all =
                kind == "model"
                ? own.reduce(0) { $0 + weight($1) }
                : log.entries.reduce(0) { $0 + (hasTokens ? $1.generatedTokens ?? 0 : Double($1.requests)) }
            guard all > 0 else { continue }
            for index in own { rows[index].cost = cost * weight(index) / all }
        }
    }

    // MARK: Lengths

    private mutating func addLengths(_ slice: Store, _ period: Int, _ log: RequestLog) throws {
        let stored = try slice.database.prepare(
            """
            SELECT name, bucket, count FROM distribution JOIN analysis USING (analysis_id)
            WHERE period_id = ? AND instance = 'fleet' AND name IN ('prompt_tokens', 'generation_tokens', 'finish_reason')
            ORDER BY name, position
            """)
        stored.bind(1, period)
        var lows: [String: Double] = [:]
        var reasons: (all: Double, cut: Double) = (0, 0)
        while try stored.step() {
            let (name, label, count) = (stored.text(0), stored.text(1), stored.double(2))
            if name == "finish_reason" {
                reasons.all += count
                if label == "length" { reasons.cut += count }
                continue
            }
            let high = Double(label.filter { $0.isASCII && $0.isNumber })
            buckets.append(
                Bucket(
                    name: name == "prompt_tokens" ? name : "generated_tokens", low: lows[name] ?? 0, high: high,
                    count: count))
            lows[name] = high
        }
        if reasons.all > 0 { add("answers_cut_ratio", reasons.cut / reasons.all) }
        let bounds: [Double] = [16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144]
        for (name, read) in [
            ("prompt_tokens", \RequestLog.Entry.promptTokens), ("generated_tokens", \.generatedTokens),
        ]
        where !buckets.contains(where: { $0.name == name }) {
            fill(name, log.entries.compactMap { $0[keyPath: read] }, bounds)
        }
        let ratios = log.entries.compactMap { one -> Double? in
            guard let prompt = one.promptTokens, let generated = one.generatedTokens, generated > 0 else { return nil }
            return prompt / generated
        }
        fill("prompt_per_generated_token", ratios, [0.1, 0.3, 1, 3, 10, 30, 100])
        add("prompt_per_generated_token_median", Quantiles.median(ratios))
        let used = log.entries.compactMap { one -> Double? in
            guard let most = one.maxTokens, most > 0, let generated = one.generatedTokens else { return nil }
            return min(1, generated / most)
        }
        add("max_tokens_used_ratio", used.isEmpty ? nil : used.reduce(0, +) / Double(used.count))
    }

    private mutating func fill(_ name: String, _ numbers: [Double], _ bounds: [Double]) {
        guard !numbers.isEmpty else { return }
        var counts = [Double](repeating: 0, count: bounds.count + 1)
        for number in numbers { counts[bounds.firstIndex { number <= $0 } ?? bounds.count] += 1 }
        while let last = counts.last, last == 0 { counts.removeLast() }
        for (place, count) in counts.enumerated() {
            buckets.append(
                Bucket(
                    name: name, low: place > 0 ? bounds[place - 1] : 0,
                    high: place < bounds.count ? bounds[place] : nil,
                    count: count))
        }
    }
}
