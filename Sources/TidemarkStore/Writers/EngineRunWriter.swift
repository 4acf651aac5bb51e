import TidemarkBase
import TidemarkEvidence

/// Cuts a server's log into process lives and keeps what each printed about itself.
final class EngineRunWriter {
    private let source: Int
    private let instance: Int
    private let database: Database
    private let insertFact: Statement
    /// Row of the run that the log is in; 0 before the first.
    private(set) var run: Int
    private var isReady = false
    private var hasEnded = false
    private var hasVersion = false
    private var startMs: Int64?

    init(_ store: Store, source: Int, instance: Int, run: Int) throws {
        database = store.database
        self.source = source
        self.instance = instance
        self.run = run
        insertFact = try database.prepare("INSERT INTO engine_fact VALUES (?, ?, ?, ?)")
        guard run > 0 else { return }
        let row = try database.prepare(
            "SELECT ready_ms, end_ms, version, start_ms FROM engine_run WHERE run_id = ?")
        row.bind(1, run)
        if try row.step() {
            isReady = !row.isNull(0)
            hasEnded = !row.isNull(1)
            hasVersion = !row.isNull(2)
            startMs = row.optionalInt64(3)
        }
    }

    /// Names of facts that only the beginning of a process prints.
    private static let opening: Set<String> = ["version", "args", "server_start", "engine_config"]

    func write(_ facts: [StartupFact], line: Int, timeMs: Int64?) throws {
        if run == 0 || facts.contains(where: { Self.opening.contains($0.name) }) && isOver(facts) {
            try begin(line: line, timeMs: timeMs)
        }
        for fact in facts {
            try insertFact.run(run, fact.name, SecretMask.masked(String(fact.value.prefix(16_384))), line)
            switch fact.name {
            case "version" where !hasVersion:
                hasVersion = true
                try set("version", fact.value)
            case "model": try setIfMissing("model", fact.value)
            case "arg.served_model_name":
                if let name = Self.firstName(fact.value) { try setIfMissing("model", name) }
            case "server_pid", "server_start": try setIfMissing("pid", Int(fact.value))
            case "ready" where !isReady:
                isReady = true
                try set("ready_ms", timeMs)
            case "shutdown": try end(reason: "shutdown", timeMs: timeMs)
            default: break
            }
        }
    }

    /// vLLM prints the names that it serves a model under as a Python list; its metrics have the first.
    private static func firstName(_ value: String) -> String? {
        guard value.hasPrefix("[") else { return ["", "None"].contains(value) ? nil : value }
        let name = value.dropFirst().drop { "'\" ".contains($0) }.prefix { !"'\",]".contains($0) }
        return name.isEmpty ? nil : String(name)
    }

    /// A fatal event of the engine ends the run; what follows it is its tail.
    func crash(timeMs: Int64?, line: Int) throws {
        if run == 0 { try begin(line: line, timeMs: nil) }
        try end(reason: "crash", timeMs: timeMs)
    }

    /// An orderly stop ends the run: what dies afterwards was told to.
    func shutDown(timeMs: Int64?) throws { try end(reason: "shutdown", timeMs: timeMs) }

    /// Whether these facts can't belong to the run that the log is in.
    private func isOver(_ facts: [StartupFact]) -> Bool {
        if hasEnded || isReady { return true }
        // The engine core repeats the version with its configuration; a second banner is another server.
        return hasVersion && facts.contains { $0.name == "version" } && !facts.contains { $0.name == "engine_config" }
    }

    private func begin(line: Int, timeMs: Int64?) throws {
        try database.prepare(
            "INSERT INTO engine_run(instance_id, source_id, first_line, start_ms) VALUES (?, ?, ?, ?)"
        ).run(instance, source, line, timeMs)
        run = database.lastInsertedRow
        isReady = false
        hasEnded = false
        hasVersion = false
        startMs = timeMs
    }

    private func end(reason: String, timeMs: Int64?) throws {
        guard !hasEnded, run > 0 else { return }
        hasEnded = true
        try set("end_ms", timeMs)
        try set("end_reason", reason)
    }

    private func set(_ column: String, _ value: (any SQLValue)?) throws {
        let statement = try database.prepare("UPDATE engine_run SET \(column) = ? WHERE run_id = ?")
        if let value { value.bind(to: statement, at: 1) } else { statement.bindNull(1) }
        statement.bind(2, run)
        try statement.run()
    }

    private func setIfMissing(_ column: String, _ value: (any SQLValue)?) throws {
        guard let value else { return }
        let statement = try database.prepare(
            "UPDATE engine_run SET \(column) = coalesce(\(column), ?) WHERE run_id = ?")
        value.bind(to: statement, at: 1)
        statement.bind(2, run)
        try statement.run()
    }
}
