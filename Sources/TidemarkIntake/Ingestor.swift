import TidemarkBase
import TidemarkFormats
import TidemarkSeries
import TidemarkStore

public struct IngestOptions: Sendable {
    /// Year of log stamps, for logs that no other evidence dates.
    public var year: Int?
    /// Zone of logs and GPU captures without one.
    public var zone: LocalZone?
    /// Name of the period for evidence that has no folder of its own.
    public var period: String?
    /// Whether prompts and answers in the attributes of spans are stored.
    public var keepPrompts = false
    /// Whether each access line is stored as a row of its own, too.
    public var keepAccessRows = false
    /// Names of the columns of GPU captures without a header.
    public var columns: [String]?
    /// When GPU captures without any time began, Unix ms UTC, and the time between their samples, ms.
    public var captureStart: (ms: Int64, intervalMs: Int64)?
    /// A last line without a line feed is read when its file has been left alone for so long, in seconds.
    public var settleSeconds = 300
    /// Logs are committed at least so far apart, in bytes.
    public var commitBytes = 64 << 20

    public init() {}

    /// The zone as minutes east of UTC; nil when it is not known, or a place.
    public var offsetMinutes: Int? {
        get { if case .fixed(let minutes) = zone { minutes } else { nil } }
        set { zone = newValue.map { .fixed(minutesEast: $0) } }
    }
}

/// What a run did with one file.
public struct IngestOutcome: Sendable {
    public enum Action: String, Sendable { case read, continued, unchanged, duplicate, unknown, announced, failed }

    public var path: String
    public var action: Action
    public var format: String
    public var records: Int
    public var rejects: Int
    public var message: String?
}

/// Reads files and folders of evidence into a store, each piece of content once.
public final class Ingestor {
    private let store: Store
    private let ledger: Ledger
    private let options: IngestOptions
    /// Called with the file's path and its share read, 0…1.
    private let progress: (String, Double) -> Void
    public private(set) var outcomes: [IngestOutcome] = []
    /// The files that are read in this run, by their relative paths; copies are not among them.
    private var present: [String: String] = [:]

    public init(_ store: Store, options: IngestOptions, progress: @escaping (String, Double) -> Void = { _, _ in }) {
        self.store = store
        ledger = Ledger(store)
        self.options = options
        self.progress = progress
    }

    /// Whether anything of the input is usable evidence.
    public var hasEvidence: Bool {
        outcomes.contains { [.read, .continued, .unchanged, .duplicate].contains($0.action) && $0.format != "capture" }
    }

    /// A file with what it was taken for.
    private struct Candidate {
        var file: FoundFile
        var guess: FormatGuess
        var scrapeTime: ScrapeTime?
    }

    /// - Throws: `missingInput` when a path isn't there or holds nothing; `unusableInput` when a `capture.json` is
    ///   wrong. A file that can't be read is an outcome, not an error.
    public func ingest(_ paths: [String]) throws {
        let found = try Discovery.walk(paths)
        for (path, why) in found.unreadable {
            outcomes.append(
                IngestOutcome(path: path, action: .failed, format: "unknown", records: 0, rejects: 0, message: why))
        }
        let folders = Set(found.files.map(\.period) + found.tsdbFolders.map(\.period)).sorted()
        for folder in folders {
            try ingest(
                found.files.filter { $0.period == folder }, found.tsdbFolders.filter { $0.period == folder },
                folder: folder, root: paths.count == 1 ? paths[0] : nil)
        }
    }

    private func ingest(_ files: [FoundFile], _ tsdb: [FoundFile], folder: String, root: String?) throws {
        var capture = Capture()
        var captureText: String?
        if let file = files.first(where: { LogName.base($0.relative) == Capture.fileName }) {
            let bytes = try InputStream(path: file.path).readAll(limit: 16 << 20)
            capture = try bytes.withUnsafeBytes { try Capture(json: $0, file: file.path) }
            captureText = String(decoding: bytes, as: UTF8.self)
        }
        let name = options.period ?? capture.name ?? (folder.isEmpty ? Self.periodName(root) : folder)
        let period = try store.database.transaction { try store.period(named: name, capture: captureText) }
        for folder in tsdb { try ingestTSDB(folder, period: period) }

        var candidates: [Candidate] = []
        var copySearch = CopySearch(
            known: Set(try ledger.all(period: period).filter { $0.prefixBytes > 0 }.map(\.path)))
        for file in files {
            if LogName.base(file.relative) == Capture.fileName {
                note(file, .read, "capture", message: nil)
                continue
            }
            if let candidate = try classify(file, period: period, &copySearch) { candidates.append(candidate) }
        }
        let copies = try copySearch.copies()
        for candidate in candidates {
            guard let whole = copies[candidate.file.relative] else { continue }
            let why = "\(whole) holds the same"
            try remember(candidate.file, period: period, format: candidate.guess.format, status: "duplicate", why)
            note(candidate.file, .duplicate, candidate.guess.format, message: why)
        }
        candidates.removeAll { copies[$0.file.relative] != nil }
        present = Dictionary(
            candidates.map { ($0.file.relative, $0.file.path) }, uniquingKeysWith: { first, _ in first })
        try ingestMetrics(candidates, period: period, capture: capture)
        for candidate in candidates where TraceFormat.identifiers.contains(candidate.guess.format) {
            try ingestTraces(candidate, period: period)
        }
        let metrics = try metricsRange(period)
        for format in NvidiaSMIFormat.identifiers {
            for candidate in candidates where candidate.guess.format == format {
                try ingestGPU(candidate, period: period, reference: metrics)
            }
        }
        let reference = try reference(period, metrics: metrics)
        for candidate in candidates where candidate.guess.format == KernelLogFormat.identifier {
            try ingestKernelLog(candidate, period: period, capture: capture, reference: reference)
        }
        for candidate in candidates where candidate.guess.format == GatewayFormat.identifier {
            try ingestGateway(candidate, period: period, capture: capture, reference: reference)
        }
        try ingestLogs(
            candidates.filter { $0.guess.format == VLLMLogFormat.identifier }, period: period, capture: capture,
            reference: reference)
        try store.database.transaction {
            try ClockShift(store: store, ledger: ledger).correct(
                period: period, zone: options.zone, year: options.year)
        }
        try Self.conclude(store, period: period)
    }

    /// Works out what follows from all evidence of a period together: after an ingest, and after databases were merged.
    public static func conclude(_ store: Store, period: Int) throws {
        try store.database.transaction {
            try GPUWriter.joinEvents(store, period: period)
            try MetricXids.update(store, period: period)
            try SpanRequests.update(store, period: period)
            try MetricFamilies.apply(store, period: period)
            try Shadowing.update(store, period: period)
            try ClockAlignment(store: store, ledger: Ledger(store), period: period).run()
        }
    }

    private static func periodName(_ root: String?) -> String {
        guard let root, let base = root.split(separator: "/").last, base != ".", base != ".." else { return "evidence" }
        return LogName.replicaName(String(base))
    }

    // MARK: Recognising

    private func classify(_ file: FoundFile, period: Int, _ copies: inout CopySearch) throws -> Candidate? {
        let head: [UInt8]
        do {
            head = try InputStream(path: file.path).head()
        } catch let error as TidemarkError {
            note(file, .failed, "unknown", message: error.message)
            return nil
        }
        let name = LogName.base(file.relative)
        let guess = head.withUnsafeBytes { FormatRegistry.detect(head: $0, fileName: name, columns: options.columns) }
        guard let guess, guess.isReadable else {
            let why =
                guess.map { "\($0.format): recognised, not read yet" }
                ?? head.withUnsafeBytes { FormatRegistry.reasonUnknown(head: $0) }
            try remember(file, period: period, format: guess?.format ?? "unknown", status: "unknown", why)
            note(file, .unknown, guess?.format ?? "unknown", message: why)
            return nil
        }
        // Scrapes have an identity of their own.
        if guess.format != PrometheusTextFormat.identifier { copies.add(file, format: guess.format, head: head) }
        return Candidate(file: file, guess: guess, scrapeTime: ScrapeTime.fromFileName(name))
    }

    /// Reads a Prometheus TSDB folder; an outcome for each block and for the head.
    private func ingestTSDB(_ folder: FoundFile, period: Int) throws {
        do {
            let ingest = TSDBIngest(store: store, ledger: ledger, period: period) { [progress] share in
                progress(folder.path, share)
            }
            let parts = try ingest.run(folder)
            if parts.isEmpty { note(folder, .failed, TSDBIngest.format, message: "no block and no head in it") }
            for part in parts {
                outcomes.append(
                    IngestOutcome(
                        path: part.source.path, action: part.isUnchanged ? .unchanged : .read,
                        format: TSDBIngest.format, records: part.records, rejects: part.rejects,
                        message: part.source.message))
            }
        } catch let error as TidemarkError where error.kind == .unusableInput || error.kind == .missingInput {
            note(folder, .failed, TSDBIngest.format, message: error.message)
        }
    }

    /// A ledger row for something that isn't read, one for each path.
    private func remember(_ file: FoundFile, period: Int, format: String, status: String, _ why: String) throws {
        try store.database.transaction {
            try ledger.note(path: file.relative, period: period, format: format, status: status, message: why)
        }
    }

    private func note(
        _ file: FoundFile, _ action: IngestOutcome.Action, _ format: String, records: Int = 0, rejects: Int = 0,
        message: String?
    ) {
        outcomes.append(
            IngestOutcome(
                path: file.relative, action: action, format: format, records: records, rejects: rejects,
                message: message))
    }

    /// Range of the metrics of a period, Unix ms; nil without any.
    private func metricsRange(_ period: Int) throws -> ClosedRange<Int64>? {
        let formats = ([TSDBIngest.format, PrometheusTextFormat.identifier] + MetricsIngest.documentFormats).map {
            "'\($0)'"
        }
        .joined(separator: ", ")
        let row = try store.database.prepare(
            """
            SELECT min(first_ms), max(last_ms) FROM source
            WHERE period_id = ? AND clock_method IS NOT 'taken as UTC' AND format IN (\(formats))
            """)
        row.bind(1, period)
        guard try row.step(), let first = row.optionalInt64(0), let last = row.optionalInt64(1) else { return nil }
        return first...last
    }

    /// What dates the logs of a period: a stretch of time that other evidence covers.
    private struct Reference {
        var range: ClosedRange<Int64>
        var name: String
        var isUTC: Bool
    }

    /// The metrics, else the traces, else the GPU captures, whose zone is another question.
    private func reference(_ period: Int, metrics: ClosedRange<Int64>?) throws -> Reference? {
        if let metrics { return Reference(range: metrics, name: "the metrics", isUTC: true) }
        let sources = try ledger.all(period: period)
        for (formats, name, isUTC) in [
            (TraceFormat.identifiers, "the traces", true), (NvidiaSMIFormat.identifiers, "the GPU capture", false),
        ] {
            let found = sources.filter { formats.contains($0.format) }
            if let first = found.compactMap(\.firstMs).min(), let last = found.compactMap(\.lastMs).max() {
                return Reference(range: first...last, name: name, isUTC: isUTC)
            }
        }
        return nil
    }

    // MARK: The ledger

    /// What the ledger knows about the content of a stream.
    private enum Known {
        case new(SourceRow)
        /// The same stream, with more content than was read.
        case grown(SourceRow)
        case unchanged(SourceRow)
    }

    private func look(up file: FoundFile, _ stream: InputStream, head: [UInt8], period: Int, format: String) throws
        -> Known
    {
        var row = SourceRow(period: period, path: file.relative, format: format)
        row.compression = stream.isGzip ? "gzip" : "none"
        row.prefixBytes = min(head.count, Ledger.identityBytes)
        row.prefixSHA256 = head.withUnsafeBytes { SHA256.hex($0.slice(0, row.prefixBytes)) }
        try ledger.forgetUnread(path: file.relative, period: period)
        for known in try head.withUnsafeBytes({ try ledger.candidates(head: $0, period: period) }) {
            guard let match = try Self.verify(known, path: file.path) else { continue }
            let read = known.progressBytes + (known.tail?.bytes ?? 0)
            if known.path != file.relative {
                // Another file of this run is that stream: this one only begins in the same way.
                if let other = present[known.path], try Self.verify(known, path: other) != nil { continue }
                if match.length > read + known.pendingBytes, read < CopySearch.leastShared,
                    LogName.replicaName(known.path) != LogName.replicaName(file.relative)
                {
                    continue
                }
            }
            var found = known
            found.path = file.relative
            found.compression = row.compression
            (found.prefixBytes, found.prefixSHA256) = (row.prefixBytes, row.prefixSHA256)
            if known.format != format {
                // What was taken for something else when it was shorter is read again.
                try store.database.transaction {
                    try ledger.forget(&found)
                    found.format = format
                    try ledger.save(&found)
                }
                return .grown(found)
            }
            let isSettled = stream.isGzip || stream.isSettled(afterSeconds: options.settleSeconds)
            let hasMore =
                match.length > read + known.pendingBytes || known.pendingBytes > 0 && isSettled
                || !match.holdsTail && (match.length >= read || known.path == file.relative)
            if hasMore { return .grown(found) }
            if known.path != found.path { try store.database.transaction { try ledger.save(&found) } }
            return .unchanged(found)
        }
        return .new(row)
    }

    /// Whether a file holds, before the ledger's progress, what was read of a stream: its length, and whether it still ends
    /// as it did. nil when it is another stream.
    private static func verify(_ known: SourceRow, path: String) throws -> (length: Int, holdsTail: Bool)? {
        let stream = try InputStream(path: path)
        var prefix = SHA256()
        var position = 0
        var tail = TailHash()
        var behind = SHA256()
        let end = known.progressBytes + (known.tail?.bytes ?? 0)
        var matches = true
        try stream.read { bytes in
            if position < known.prefixBytes {
                prefix.update(bytes.slice(0, min(bytes.count, known.prefixBytes - position)))
                if position + bytes.count >= known.prefixBytes {
                    var whole = prefix
                    matches = whole.finish() == known.prefixSHA256
                }
            }
            if position < known.progressBytes {
                let cut = min(bytes.count, known.progressBytes - position)
                tail.update(bytes.slice(0, cut), pending: 0)
                if position + cut == known.progressBytes, !known.tailSHA256.isEmpty, tail.sha256 != known.tailSHA256 {
                    matches = false
                }
            }
            let from = max(0, known.progressBytes - position)
            let to = min(bytes.count, end - position)
            if from < to { behind.update(bytes.slice(from, to)) }
            position += bytes.count
            return matches
        }
        guard matches, position >= known.progressBytes, position >= known.prefixBytes else { return nil }
        let holdsTail = known.tail.map { $0.sha256.isEmpty || behind.finish() == $0.sha256 } ?? true
        return (position, holdsTail && position >= end)
    }

    private func report(_ candidate: Candidate, _ source: SourceRow, before: SourceRow, continued: Bool) {
        note(
            candidate.file, continued ? .continued : .read, candidate.guess.format,
            records: source.records - before.records, rejects: source.rejectLines - before.rejectLines,
            message: source.message)
    }

    private func isSettled(_ stream: InputStream) -> Bool { stream.isSettled(afterSeconds: options.settleSeconds) }

    private func share(_ stream: InputStream) -> (Int) -> Void {
        { [progress] done in progress(stream.path, stream.fileBytes > 0 ? Double(done) / Double(stream.fileBytes) : 1) }
    }

    /// Runs one source; a failure of its own is an outcome, a failure of the store ends the run.
    private func guarded(_ candidate: Candidate, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as TidemarkError where error.kind == .unusableInput || error.kind == .missingInput {
            note(candidate.file, .failed, candidate.guess.format, message: error.message)
        }
    }

    // MARK: Metrics

    private func ingestMetrics(_ candidates: [Candidate], period: Int, capture: Capture) throws {
        for format in MetricsIngest.documentFormats {
            for candidate in candidates where candidate.guess.format == format {
                try guarded(candidate) {
                    let stream = try InputStream(path: candidate.file.path)
                    let head = stream.head()
                    switch try look(up: candidate.file, stream, head: head, period: period, format: format) {
                    case .unchanged: note(candidate.file, .unchanged, format, message: nil)
                    case .grown(var row), .new(var row):
                        let before = SourceRow(period: period, path: "", format: format)
                        let metrics = MetricsIngest(
                            store: store, ledger: ledger, period: period, progress: share(stream))
                        try metrics.document(stream, &row, zone: options.zone)
                        report(candidate, row, before: before, continued: false)
                    }
                }
            }
        }
        try ingestScrapes(
            candidates.filter { $0.guess.format == PrometheusTextFormat.identifier }, period: period, capture: capture)
    }

    private func ingestScrapes(_ candidates: [Candidate], period: Int, capture: Capture) throws {
        var targets: [String: [(candidate: Candidate, timeMs: Int64, method: String)]] = [:]
        for candidate in candidates {
            try guarded(candidate) {
                let timed: (Int64, String)
                if let time = candidate.scrapeTime {
                    timed = (time.timeMs, "from the file's name")
                } else {
                    timed = (try InputStream(path: candidate.file.path).modifiedMs, "from the file's modification time")
                }
                targets[Self.targetKey(candidate), default: []].append((candidate, timed.0, timed.1))
            }
        }
        for (key, scrapes) in targets.sorted(by: { $0.key < $1.key }) {
            let ordered = scrapes.sorted { ($0.timeMs, $0.candidate.file.path) < ($1.timeMs, $1.candidate.file.path) }
            let labels = Labels([
                .init("job", try Self.job(ordered[0].candidate)),
                .init("instance", Self.instance(key, ordered[0].candidate, capture, targets: targets.count)),
            ])
            let target = try MetricsIngest.Target(store, period: period, labels: labels)
            var at = 0
            // Hundreds of scrapes a transaction: each commit is a synchronous write and cuts the open chunks.
            while at < ordered.count {
                let batch = ordered[at..<min(at + 500, ordered.count)]
                try store.database.transaction {
                    for scrape in batch {
                        try guarded(scrape.candidate) {
                            try ingest(scrape.candidate, timeMs: scrape.timeMs, method: scrape.method, period, target)
                        }
                    }
                    try target.writer.checkpoint()
                }
                at += batch.count
            }
        }
    }

    private func ingest(
        _ candidate: Candidate, timeMs: Int64, method: String, _ period: Int, _ target: MetricsIngest.Target
    ) throws {
        let stream = try InputStream(path: candidate.file.path)
        let head = stream.head()
        var row = SourceRow(period: period, path: candidate.file.relative, format: candidate.guess.format)
        row.compression = stream.isGzip ? "gzip" : "none"
        row.prefixBytes = head.count
        row.prefixSHA256 = head.withUnsafeBytes { Self.quickHash($0) }
        row.clockOffsetMs = 0
        row.clockMethod = method
        row.clockConfidence = candidate.scrapeTime == nil ? 0.5 : 1
        // Two scrapes of an idle server may be the same bytes: the time belongs to a scrape's identity.
        row.state = String(timeMs)
        let known = try ledger.with(prefixBytes: row.prefixBytes, sha256: row.prefixSHA256).contains {
            $0.period == period && $0.state == row.state
        }
        if known { return note(candidate.file, .unchanged, candidate.guess.format, message: nil) }
        let metrics = MetricsIngest(store: store, ledger: ledger, period: period, progress: share(stream))
        let before = row
        try metrics.scrape(stream, timeMs: timeMs, target: target, &row)
        report(candidate, row, before: before, continued: false)
    }

    /// 128 bits that stand for a scrape: there are thousands of them, and SHA-256 would cost more than all the rest.
    private static func quickHash(_ bytes: Bytes) -> String {
        [UInt64(0), 1].map { seed in
            let digits = String(XXH64.hash(bytes, seed: seed), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Scrapes of one target: the same folder, and the same file name up to its time.
    private static func targetKey(_ candidate: Candidate) -> String {
        let parts = candidate.file.relative.split(separator: "/").map(String.init)
        let folder = parts.dropLast().joined(separator: "/")
        let name = parts.last ?? ""
        guard candidate.scrapeTime != nil else { return folder + "/" + LogName.replicaName(name) }
        let prefix = name.prefix { !$0.isNumber }
        // `replica-0-metrics-1795….txt`: digits that are part of the target's name end before the time.
        let digits = name.split(whereSeparator: { !$0.isNumber }).max { $0.count < $1.count } ?? ""
        let target = name.components(before: String(digits)) ?? String(prefix)
        return folder + "/" + target
    }

    /// What the scrapes are of, by the metrics that they hold.
    private static func job(_ candidate: Candidate) throws -> String {
        let head = try InputStream(path: candidate.file.path).head()
        return head.withUnsafeBytes { bytes in
            if bytes.range(of: "vllm:") != nil || bytes.range(of: "vllm_") != nil { return "vllm" }
            if bytes.range(of: "node_") != nil { return "node" }
            if bytes.range(of: "DCGM_") != nil { return "dcgm" }
            // vLLM's own metrics may stand behind 64 KiB of others.
            return bytes.range(of: "python_gc_") != nil ? "vllm" : "unknown"
        }
    }

    private static func instance(_ key: String, _ candidate: Candidate, _ capture: Capture, targets: Int) -> String {
        if let replica = capture.replica(inPath: candidate.file.relative) { return replica.instance ?? replica.name }
        if capture.replicas.count == 1, targets == 1, let only = capture.replicas[0].instance { return only }
        let name = key.split(separator: "/").last.map(String.init) ?? key
        let trimmed = String(name.reversed().drop { "-_.".contains($0) }.reversed())
        let parts = key.split(separator: "/")
        // `metrics-scrapes/metrics-`: the folder says more than the common word.
        if ["metrics", "scrape", ""].contains(trimmed), parts.count > 1 { return String(parts[parts.count - 2]) }
        return trimmed.isEmpty ? "metrics" : trimmed
    }

    // MARK: Traces

    private func ingestTraces(_ candidate: Candidate, period: Int) throws {
        try guarded(candidate) {
            let stream = try InputStream(path: candidate.file.path)
            let known = try look(
                up: candidate.file, stream, head: stream.head(), period: period, format: candidate.guess.format)
            switch known {
            case .unchanged: note(candidate.file, .unchanged, candidate.guess.format, message: nil)
            case .grown(var row), .new(var row):
                let before = row
                let traces = TraceIngest(
                    store: store, ledger: ledger, keepPrompts: options.keepPrompts, progress: share(stream))
                try traces.run(stream, &row)
                report(candidate, row, before: before, continued: before.id != 0)
            }
        }
    }

    // MARK: GPU

    private func ingestGPU(_ candidate: Candidate, period: Int, reference: ClosedRange<Int64>?) throws {
        try continuing(candidate, period: period) { stream, head, row in
            let gpu = GPUIngest(
                store: store, ledger: ledger, period: period, zone: try place(row) ?? options.zone,
                columns: options.columns, start: options.captureStart, reference: reference,
                isSettled: isSettled(stream), progress: share(stream))
            try head.withUnsafeBytes { try gpu.run(stream, head: $0, &row) }
        }
    }

    private func ingestKernelLog(
        _ candidate: Candidate, period: Int, capture: Capture, reference: Reference?
    ) throws {
        try continuing(candidate, period: period) { stream, head, row in
            let log = KernelLogIngest(
                store: store, ledger: ledger, period: period,
                hints: try hints(stream, capture: capture, reference: reference, before: row),
                isSettled: isSettled(stream), progress: share(stream))
            try head.withUnsafeBytes { try log.run(stream, head: $0, &row) }
        }
    }

    // MARK: Gateways

    private func ingestGateway(
        _ candidate: Candidate, period: Int, capture: Capture, reference: Reference?
    ) throws {
        try continuing(candidate, period: period) { stream, head, row in
            let instance = try store.database.transaction {
                try store.instance(
                    period: period, kind: "gateway", name: LogName.replicaName(candidate.file.relative))
            }
            let log = GatewayIngest(
                store: store, ledger: ledger,
                hints: try hints(stream, capture: capture, reference: reference, before: row), progress: share(stream))
            try head.withUnsafeBytes { try log.run(stream, head: $0, &row, instance: instance) }
        }
    }

    /// Runs `body` on a source that is new or has grown.
    private func continuing(
        _ candidate: Candidate, period: Int, _ body: (InputStream, [UInt8], inout SourceRow) throws -> Void
    ) throws {
        try guarded(candidate) {
            let stream = try InputStream(path: candidate.file.path)
            let head = stream.head()
            let known = try look(
                up: candidate.file, stream, head: head, period: period, format: candidate.guess.format)
            switch known {
            case .unchanged: note(candidate.file, .unchanged, candidate.guess.format, message: nil)
            case .grown(var row), .new(var row):
                let before = row
                try body(stream, head, &row)
                report(candidate, row, before: before, continued: before.id != 0)
            }
        }
    }

    private func hints(
        _ stream: InputStream, capture: Capture, reference: Reference?, before: SourceRow
    ) throws -> LogClock.Hints {
        var hints = LogClock.Hints()
        hints.year = options.year
        if let reference {
            (hints.reference, hints.referenceName) = (reference.range, reference.name)
            hints.referenceIsUTC = reference.isUTC
        }
        hints.date(stream)
        if let state = before.state, LogState(json: state).clock != nil {
            hints.known = (
                before.clockOffsetMs ?? 0, ClockMethod(before.clockMethod ?? ""), before.clockConfidence ?? 0
            )
            hints.zone = try place(before)
        } else if let given = options.zone {
            (hints.zone, hints.zoneSource) = (given, "--timezone")
        } else if let captured = capture.logUTCOffsetMinutes {
            (hints.zone, hints.zoneSource) = (.fixed(minutesEast: captured), "capture.json")
        }
        return hints
    }

    /// The zone of the place that an earlier run was given for a source.
    private func place(_ source: SourceRow) throws -> LocalZone? {
        try ClockMethod(source.clockMethod ?? "").place.map { try ZoneDatabase.zone(named: $0) }
    }

    // MARK: Logs

    private func ingestLogs(
        _ candidates: [Candidate], period: Int, capture: Capture, reference: Reference?
    ) throws {
        var named: [(candidate: Candidate, replica: String, scrapeInstance: String?, joinedBy: String?)] = []
        for candidate in candidates {
            if let replica = capture.replica(ofLog: candidate.file.relative)
                ?? capture.replica(inPath: candidate.file.relative)
            {
                named.append((candidate, replica.name, replica.instance, "capture.json"))
            } else {
                named.append((candidate, LogName.replicaName(candidate.file.relative), nil, nil))
            }
        }
        for (replica, logs) in Dictionary(grouping: named, by: \.replica).sorted(by: { $0.key < $1.key }) {
            // Rotated pieces in the order of their content, not of their names.
            let ordered = try logs.map { ($0.candidate, try Self.firstStamp($0.candidate)) }
                .sorted { ($0.1, $1.0.file.path) < ($1.1, $0.0.file.path) }
            for (candidate, _) in ordered {
                try guarded(candidate) {
                    try ingestLog(candidate, period: period, capture: capture, reference: reference) {
                        try store.instance(
                            period: period, kind: "engine", name: replica, scrapeInstance: logs[0].scrapeInstance,
                            joinedBy: logs[0].joinedBy)
                    }
                }
            }
        }
    }

    private static func firstStamp(_ candidate: Candidate) throws -> Int64 {
        let head = try InputStream(path: candidate.file.path).head()
        return head.withUnsafeBytes { bytes in
            let survey = LogSurvey(head: bytes, framing: LogFraming.detect(head: bytes))
            return survey.outer.first?.timeMs ?? survey.firstStamp?.wallMs(year: 2000) ?? 0
        }
    }

    private func ingestLog(
        _ candidate: Candidate, period: Int, capture: Capture, reference: Reference?, instance: () throws -> Int
    ) throws {
        let stream = try InputStream(path: candidate.file.path)
        let head = stream.head()
        let known = try look(
            up: candidate.file, stream, head: head, period: period, format: candidate.guess.format)
        switch known {
        case .unchanged: note(candidate.file, .unchanged, candidate.guess.format, message: nil)
        case .grown(var row), .new(var row):
            let before = row
            let hints = try hints(stream, capture: capture, reference: reference, before: before)
            let log = LogIngest(
                commitBytes: options.commitBytes, store: store, ledger: ledger, hints: hints,
                isSettled: isSettled(stream), keepAccessRows: options.keepAccessRows,
                keepPrompts: options.keepPrompts, progress: share(stream))
            // A stream stays with the replica that it began with, whatever its file is called now.
            let instance = try row.instance ?? store.database.transaction(instance)
            try head.withUnsafeBytes { try log.run(stream, head: $0, &row, instance: instance) }
            report(candidate, row, before: before, continued: before.id != 0)
        }
    }
}

extension String {
    /// What stands before the first occurrence of `part`; nil when it doesn't occur.
    func components(before part: String) -> String? {
        guard !part.isEmpty else { return nil }
        return indices.first { self[$0...].hasPrefix(part) }.map { String(self[..<$0]) }
    }
}
