import TidemarkBase
import TidemarkEvidence

/// Stores the records of one server log. Call ``checkpoint()`` before each commit.
public final class LogWriter {
    /// What must be remembered between two commits of the same log.
    public struct Resume: Sendable {
        public var run = 0
        public var lastAccessRow = 0

        public init(run: Int = 0, lastAccessRow: Int = 0) {
            self.run = run
            self.lastAccessRow = lastAccessRow
        }
    }

    private let source: Int
    private let instance: Int
    private let access: AccessWriter
    private let requests: RequestWriter
    private let runs: EngineRunWriter
    private let insertStat: Statement
    private let insertCompanion: Statement
    private let insertIteration: Statement
    private let insertEvent: Statement

    public init(_ store: Store, source: Int, instance: Int, resume: Resume = Resume()) throws {
        self.source = source
        self.instance = instance
        let database = store.database
        access = try AccessWriter(store, source: source, instance: instance, resumeRow: resume.lastAccessRow)
        requests = try RequestWriter(store, source: source, instance: instance)
        runs = try EngineRunWriter(store, source: source, instance: instance, run: resume.run)
        insertStat = try database.prepare(
            "INSERT INTO engine_stat VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        insertCompanion = try database.prepare("INSERT INTO engine_companion_stat VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        insertIteration = try database.prepare(
            "INSERT INTO engine_iteration VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        insertEvent = try database.prepare(
            """
            INSERT INTO log_event(instance_id, source_id, line, lines, time_ms, level, kind, process, pid, source_file,
                source_line, exception_type, exception_message, frame, message)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
    }

    public var resume: Resume { Resume(run: runs.run, lastAccessRow: access.lastSecondRow) }

    /// Writes out what is held back to be rolled up.
    public func checkpoint() throws {
        try access.checkpoint()
        try requests.checkpoint()
    }

    /// - Parameter timeMs: UTC of the record: its own, carried forward, or of the framing; nil when nothing is known.
    public func write(_ record: LogRecord, timeMs: Int64?) throws {
        switch record.payload {
        case .access(let line): try access.write(line, line: record.line, timeMs: timeMs ?? 0)
        case .request(let event): try requests.write(event, line: record.line, timeMs: timeMs)
        case .stats(let stats): try write(stats, record, timeMs)
        case .companion(let stats): try write(stats, record, timeMs)
        case .iteration(let step): try write(step, record, timeMs)
        case .startup(let facts): try runs.write(facts, line: record.line, timeMs: timeMs)
        case .preemption: try write(event: record, kind: "preemption", exception: nil, timeMs)
        case .event(.progress, _): break
        case .event(let kind, let exception):
            if kind == .shutdown { try runs.shutDown(timeMs: timeMs) }
            if kind == .engineDead || kind == .workerDied { try runs.crash(timeMs: timeMs, line: record.line) }
            try write(event: record, kind: kind.rawValue, exception: exception, timeMs)
        }
    }

    private func write(_ stats: EngineStatistics, _ record: LogRecord, _ timeMs: Int64?) throws {
        let row = insertStat
        row.bind(1, instance)
        row.bind(2, source)
        row.bind(3, record.line)
        row.bind(4, timeMs ?? 0)
        row.bind(5, stats.engine)
        row.bind(6, stats.aggregatedEngines)
        row.bind(7, stats.promptTokensPerSecond)
        row.bind(8, stats.generationTokensPerSecond)
        row.bind(9, stats.running)
        row.bind(10, stats.waiting)
        row.bind(11, stats.swapped)
        row.bind(12, stats.deferred)
        row.bind(13, stats.preemptions)
        row.bind(14, stats.kvCacheUsage)
        row.bind(15, stats.cpuKVCacheUsage)
        row.bind(16, stats.prefixCacheHitRate)
        row.bind(17, stats.cpuPrefixCacheHitRate)
        row.bind(18, stats.externalPrefixCacheHitRate)
        row.bind(19, stats.mmCacheHitRate)
        row.bind(20, stats.corrupted)
        try row.run()
    }

    private func write(_ stats: CompanionStatistics, _ record: LogRecord, _ timeMs: Int64?) throws {
        for value in stats.values {
            try insertCompanion.run(
                instance, source, record.line, timeMs ?? 0, stats.engine, stats.family, value.name, value.value)
        }
    }

    private func write(_ step: IterationDetails, _ record: LogRecord, _ timeMs: Int64?) throws {
        try insertIteration.run(
            instance, source, record.line, timeMs ?? 0, step.engine, step.iteration, step.contextRequests,
            step.contextTokens, step.generationRequests, step.generationTokens, step.elapsedMs, step.kvCacheUsage,
            step.dummy ? 1 : 0)
    }

    private func write(event record: LogRecord, kind: String, exception: ExceptionInfo?, _ timeMs: Int64?) throws {
        let row = insertEvent
        row.bind(1, instance)
        row.bind(2, source)
        row.bind(3, record.line)
        row.bind(4, record.lineCount)
        row.bind(5, timeMs)
        row.bind(6, record.level?.rawValue)
        row.bind(7, kind)
        if record.process.count > 0 { row.bind(8, cleanText(record.process, limit: 100)) } else { row.bindNull(8) }
        row.bind(9, record.pid)
        if record.sourceFile.count > 0 {
            row.bind(10, cleanText(record.sourceFile, limit: 200))
        } else {
            row.bindNull(10)
        }
        row.bind(11, record.sourceLine)
        row.bind(12, exception.map { cleanText($0.type, limit: 200) })
        row.bind(13, exception.map { maskedText($0.text, limit: 2000) })
        row.bind(14, exception.map(\.frame).flatMap { $0.isEmpty ? nil : $0 })
        row.bind(15, maskedText(record.message, limit: 4000))
        try row.run()
    }
}
