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
    private let stats: BulkInsert
    private let companions: BulkInsert
    private let iterations: BulkInsert
    private let events: BulkInsert

    /// - Parameter keepAccessRows: whether each access line gets a row of its own beside the roll-up.
    public init(
        _ store: Store, source: Int, instance: Int, keepAccessRows: Bool = false, resume: Resume = Resume()
    ) throws {
        self.source = source
        self.instance = instance
        let database = store.database
        access = try AccessWriter(
            store, source: source, instance: instance, keepRows: keepAccessRows, resumeRow: resume.lastAccessRow)
        requests = try RequestWriter(store, source: source, instance: instance)
        runs = try EngineRunWriter(store, source: source, instance: instance, run: resume.run)
        stats = try BulkInsert(
            database, into: "engine_stat", constants: [instance, source], columns: 18, capacity: 256)
        companions = try BulkInsert(
            database, into: "engine_companion_stat", constants: [instance, source], columns: 6, capacity: 256)
        iterations = try BulkInsert(
            database, into: "engine_iteration", constants: [instance, source], columns: 11, capacity: 256)
        events = try BulkInsert(
            database,
            into: """
                log_event(instance_id, source_id, line, lines, time_ms, level, kind, process, pid, source_file,
                    source_line, exception_type, exception_message, frame, message)
                """, constants: [instance, source], columns: 13, capacity: 256)
    }

    /// Of the last ``checkpoint()``. Ask when nothing is under way, or in what `commitOnLane` runs.
    public var lastAccessRow: Int { access.lastMinuteRow }
    /// The run of the engine that the last lines are of.
    public var run: Int { runs.run }

    /// Writes out what is held back to be rolled up, partly on the database's lane.
    public func checkpoint() throws {
        try access.checkpoint()
        try requests.checkpoint()
        try stats.flush()
        try companions.flush()
        try iterations.flush()
        try events.flush()
    }

    @inline(__always)
    public func write(_ line: HTTPAccess, line number: Int, timeMs: Int64?) throws {
        if let timeMs { try access.write(line, line: number, timeMs: timeMs) }
    }

    @inline(__always)
    public func write(_ event: RequestEvent, line: Int, timeMs: Int64?) throws {
        try requests.write(event, line: line, timeMs: timeMs)
    }

    /// - Parameter timeMs: UTC of the record: its own, carried forward, or of the framing; nil when nothing is known.
    public func write(_ record: LogRecord, timeMs: Int64?) throws {
        // What only has a place in time cannot be placed without one; it is counted with its kind.
        switch record.payload {
        case .access(let line):
            if let timeMs { try access.write(line, line: record.line, timeMs: timeMs) }
        case .request(let event): try requests.write(event, line: record.line, timeMs: timeMs)
        case .stats(let stats): if let timeMs { try write(stats, record, timeMs) }
        case .companion(let stats): if let timeMs { try write(stats, record, timeMs) }
        case .iteration(let step): if let timeMs { try write(step, record, timeMs) }
        case .startup(let facts): try runs.write(facts, line: record.line, timeMs: timeMs)
        case .preemption: try write(event: record, kind: "preemption", exception: nil, timeMs)
        case .event(.progress, _): break
        case .event(let kind, let exception):
            if kind == .shutdown { try runs.shutDown(timeMs: timeMs) }
            if kind == .engineDead || kind == .workerDied { try runs.crash(timeMs: timeMs, line: record.line) }
            try write(event: record, kind: kind.rawValue, exception: exception, timeMs)
        }
    }

    private func write(_ line: EngineStatistics, _ record: LogRecord, _ timeMs: Int64) throws {
        let row = stats.batch
        row.add(record.line)
        row.add(timeMs)
        row.add(line.engine)
        row.add(line.aggregatedEngines)
        row.add(line.promptTokensPerSecond)
        row.add(line.generationTokensPerSecond)
        row.add(line.running)
        row.add(line.waiting)
        row.add(line.swapped)
        row.add(line.deferred)
        row.add(line.preemptions)
        row.add(line.kvCacheUsage)
        row.add(line.cpuKVCacheUsage)
        row.add(line.prefixCacheHitRate)
        row.add(line.cpuPrefixCacheHitRate)
        row.add(line.externalPrefixCacheHitRate)
        row.add(line.mmCacheHitRate)
        row.add(line.corrupted)
        try stats.endRow()
    }

    private func write(_ line: CompanionStatistics, _ record: LogRecord, _ timeMs: Int64) throws {
        for value in line.values {
            let row = companions.batch
            row.add(record.line)
            row.add(timeMs)
            row.add(line.engine)
            row.add(line.family)
            row.add(value.name)
            row.add(value.value)
            try companions.endRow()
        }
    }

    private func write(_ step: IterationDetails, _ record: LogRecord, _ timeMs: Int64) throws {
        let row = iterations.batch
        row.add(record.line)
        row.add(timeMs)
        row.add(step.engine)
        row.add(step.iteration)
        row.add(step.contextRequests)
        row.add(step.contextTokens)
        row.add(step.generationRequests)
        row.add(step.generationTokens)
        row.add(step.elapsedMs)
        row.add(step.kvCacheUsage)
        row.add(step.dummy ? 1 : 0)
        try iterations.endRow()
    }

    private func write(event record: LogRecord, kind: String, exception: ExceptionInfo?, _ timeMs: Int64?) throws {
        let row = events.batch
        row.add(record.line)
        row.add(record.lineCount)
        row.add(timeMs)
        row.add(record.level?.rawValue)
        row.add(kind)
        if record.process.count > 0 { row.add(clean: record.process, limit: 100) } else { row.addNull() }
        row.add(record.pid)
        if record.sourceFile.count > 0 { row.add(clean: record.sourceFile, limit: 200) } else { row.addNull() }
        row.add(record.sourceLine)
        if let exception {
            row.add(clean: exception.type, limit: 200)
            row.add(masked: exception.text, limit: 2000)
            row.add(exception.frame.isEmpty ? nil : exception.frame)
        } else {
            row.addNull()
            row.addNull()
            row.addNull()
        }
        row.add(masked: record.message, limit: 4000)
        try events.endRow()
    }
}
