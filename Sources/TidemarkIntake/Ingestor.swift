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
    let store: Store
    let ledger: Ledger
    let options: IngestOptions
    /// Called with the file's path and its share read, 0…1.
    let progress: (String, Double) -> Void
    public private(set) var outcomes: [IngestOutcome] = []
    /// The files that are read in this run, by their relative paths; copies are not among them.
    var present: [String: String] = [:]

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
    struct Candidate {
        var file: FoundFile
        var guess: FormatGuess
        var scrapeTime: ScrapeTime?
        /// The gateways whose lines stand between the server's.
        var others = OtherPrograms()
        /// As ``LineIngest/part``.
        var part: String?

        /// Its gateways as sources of their own.
        var parts: [Candidate] {
            others.names.map {
                let guess = FormatGuess(format: GatewayFormat.identifier, score: 1, detail: "lines of \($0)")
                return Candidate(file: file, guess: guess, part: $0)
            }
        }
    }

    /// - Throws: `missingInput` when a path isn't there or holds nothing; `unusableInput` when a `capture.json` is
    ///   wrong. A file that can't be read is an outcome, not an error.
    public func ingest(_ paths: [String]) throws {
        var found = try Discovery.walk(paths)
        if paths.count == 1, options.period == nil {
            try PeriodFolders(ledger: ledger, store: store, zone: options.zone).assign(&found)
        }
        try ingest(found, root: paths.count == 1 ? paths[0] : nil)
    }

    func ingest(_ found: Discovery, root: String?) throws {
        try store.refuseExcerpt()
        for (path, why) in found.unreadable {
            outcomes.append(
                IngestOutcome(path: path, action: .failed, format: "unknown", records: 0, rejects: 0, message: why))
        }
        let folders = Set(found.files.map(\.period) + found.tsdbFolders.map(\.period)).sorted()
        for folder in folders {
            try ingest(
                found.files.filter { $0.period == folder }, found.tsdbFolders.filter { $0.period == folder },
                folder: folder, root: root)
        }
    }

    func ingest(_ files: [FoundFile], _ tsdb: [FoundFile], folder: String, root: String?) throws {
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
        candidates += candidates.flatMap(\.parts)
        present = Dictionary(
            candidates.map { ($0.file.relative, $0.file.path) }, uniquingKeysWith: { first, _ in first })
        try dropParts(beside: candidates, period: period)
        try ingestMetrics(candidates, period: period, capture: capture)
        for candidate in candidates where TraceFormat.identifiers.contains(candidate.guess.format) {
            try ingestTraces(candidate, period: period)
        }
        for candidate in candidates where LoadTestFormat.identifiers.contains(candidate.guess.format) {
            try ingestLoadTest(candidate, period: period)
        }
        let metrics = try metricsRange(period)
        for format in NvidiaSMIFormat.identifiers {
            for candidate in candidates where candidate.guess.format == format {
                try ingestGPU(candidate, period: period, capture: capture, reference: metrics)
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
            try LogXids.update(store, period: period)
            try SpanRequests.update(store, period: period)
            try MetricFamilies.apply(store, period: period)
            try Shadowing.update(store, period: period)
            try ClockAlignment(store: store, ledger: Ledger(store), period: period).run()
        }
    }

    static func periodName(_ root: String?) -> String {
        guard let root, let base = root.split(separator: "/").last, base != ".", base != ".." else { return "evidence" }
        return LogName.replicaName(String(base))
    }

    // MARK: Recognising

    func classify(_ file: FoundFile, period: Int, _ copies: inout CopySearch) throws -> Candidate? {
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
        var candidate = Candidate(file: file, guess: guess, scrapeTime: ScrapeTime.fromFileName(name))
        if guess.format == VLLMLogFormat.identifier {
            candidate.others = head.withUnsafeBytes { OtherPrograms(head: $0, framing: LogFraming.detect(head: $0)) }
        }
        return candidate
    }

    /// Reads a Prometheus TSDB folder; an outcome for each block and for the head.
    func ingestTSDB(_ folder: FoundFile, period: Int) throws {
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
    func remember(_ file: FoundFile, period: Int, format: String, status: String, _ why: String) throws {
        try store.database.transaction {
            try ledger.note(path: file.relative, period: period, format: format, status: status, message: why)
        }
    }

    func note(
        _ file: FoundFile, _ action: IngestOutcome.Action, _ format: String, records: Int = 0, rejects: Int = 0,
        message: String?
    ) {
        outcomes.append(
            IngestOutcome(
                path: file.relative, action: action, format: format, records: records, rejects: rejects,
                message: message))
    }

    /// Range of the metrics of a period, Unix ms; nil without any.
    func metricsRange(_ period: Int) throws -> ClosedRange<Int64>? {
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
    struct Reference {
        var range: ClosedRange<Int64>
        var name: String
        var isUTC: Bool
    }

    /// The metrics, else the traces, else the GPU captures, whose zone is another question.
    func reference(_ period: Int, metrics: ClosedRange<Int64>?) throws -> Reference? {
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
}
