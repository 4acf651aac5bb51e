import TidemarkBase
import TidemarkSeries

/// Where the lines of a scrape went. `lines` = the sum of the kinds of lines.
public struct PrometheusTextCounts: Sendable, Equatable {
    public var lines = 0
    /// Lines that hold a sample, duplicates included.
    public var sampleLines = 0
    /// `# HELP`, `# TYPE`, `# UNIT`.
    public var metadataLines = 0
    /// Other comments and `# EOF`.
    public var commentLines = 0
    public var blankLines = 0
    public var rejectedLines = 0
    /// Samples delivered.
    public var samples = 0
    /// Samples left out because their series already had one at the same time in this scrape: the first wins.
    public var duplicates = 0
    /// Exemplars delivered.
    public var exemplars = 0
    /// Whether `# EOF` was there. OpenMetrics wants it; its absence is worth a note, the file may be cut off.
    public var endMarker = false

    public init() {}
}

/// Reads Prometheus' text exposition format 0.0.4 and OpenMetrics 1.0 text, one scrape or many of one target.
///
/// It is lenient where Prometheus' own parser is (Prometheus 3.14, `model/textparse`): no grouping, suffix or bucket
/// checks, free blanks, UTF-8 names in quotes. A malformed line becomes a reject and parsing goes on behind it; a last line
/// without a line feed is one, since its number may be cut off. `le` and `quantile` values of histogram and summary
/// families are brought to the float form (`le="1"` → `le="1.0"`), as Prometheus 3 does.
///
/// Keep one parser a target, and always feed the same sink (the handles that it gave are kept): texts of series and metadata are remembered, so that a second scrape costs a comparison of
/// bytes a line. Metadata is delivered once per distinct text. Time: linear in the input; memory: the distinct texts.
public struct PrometheusTextParser: ~Copyable, Sendable {
    /// How explicit timestamps are written.
    public enum Dialect: Sendable {
        /// Both: a number with a point or an exponent, or below 10¹¹, is seconds; other digits are milliseconds.
        case automatic
        /// Text format 0.0.4: digits only, milliseconds.
        case text
        /// OpenMetrics: decimal seconds.
        case openMetrics
    }

    public struct Options: Sendable {
        public var dialect = Dialect.automatic
        /// Labels that every series gets, `job` and `instance` for example.
        public var extraLabels = Labels()
        /// What happens when a series has one of the extra labels already. True: its own value stays (Prometheus'
        /// `honor_labels`, right for federation). False: its own label is renamed to `exported_…`.
        public var honorLabels = true

        public init() {}
    }

    let options: Options
    var interner = SeriesInterner()
    var metadataTexts = ByteTable()
    var lastEntry: Int32 = -1
    var lastMetadata: Int32 = -1
    var types: [String: MetricType] = [:]
    /// Families whose `le` or `quantile` was interned as it stands because their type was not known yet.
    var untypedFamilies: Set<String> = []

    /// Number of the current scrape, from 1.
    private(set) var scrape: UInt32 = 0
    private var defaultTimeMs: Int64?
    /// Slots of the series without explicit times in this scrape, each once.
    var seenSlots: [Int32] = []
    /// A sample whose label value runs on in the next line.
    var pending = PendingLines()
    /// Of the current scrape.
    public internal(set) var counts = PrometheusTextCounts()

    public init(options: Options = Options()) { self.options = options }

    /// Distinct series seen so far, over all scrapes.
    public var seriesCount: Int { interner.seriesCount }

    /// Reads all of one scrape.
    /// - Parameters:
    ///   - bytes: the scrape, decompressed.
    ///   - timeMs: Unix ms, for samples without a time of their own. With nil such samples are rejects.
    /// - Returns: the counts of this scrape.
    /// - Throws: what the sink throws.
    @discardableResult
    public mutating func parse<Sink: MetricSink>(
        scrape bytes: Bytes, timeMs: Int64?, into sink: inout Sink
    ) throws -> PrometheusTextCounts {
        beginScrape(timeMs: timeMs)
        var reader = LineReader()
        try reader.feed(bytes) { line in try parse(line: line, into: &sink) }
        try reader.finish { line in try parse(line: line, into: &sink) }
        try finishScrape(into: &sink)
        return counts
    }

    /// Starts a scrape that is fed line by line.
    public mutating func beginScrape(timeMs: Int64?) {
        scrape &+= 1
        defaultTimeMs = timeMs
        lastEntry = -1
        lastMetadata = -1
        seenSlots.removeAll(keepingCapacity: true)
        pending = PendingLines()
        counts = PrometheusTextCounts()
    }

    /// Ends a scrape that was fed line by line.
    public mutating func finishScrape<Sink: MetricSink>(into sink: inout Sink) throws {
        while !pending.isEmpty { try replayPending(into: &sink) }
    }

    /// Reads the next line of the scrape.
    public mutating func parse<Sink: MetricSink>(line: borrowing Line, into sink: inout Sink) throws {
        if !pending.isEmpty { return try resume(with: line, into: &sink) }
        counts.lines += 1
        var bytes = line.bytes
        if line.number == 1, bytes.has("\u{FEFF}") { bytes = bytes.slice(3, bytes.count) }
        if let last = bytes.last, last == 13 { bytes = bytes.slice(0, bytes.count - 1) }
        let at = SeriesText.skipBlanks(bytes, 0)
        guard at < bytes.count else {
            counts.blankLines += 1
            return
        }
        guard line.omitted == 0 else { return try reject(line, "the line is too long", into: &sink) }
        if bytes[at] == 35 { return try comment(bytes.slice(at, bytes.count), line, into: &sink) }
        guard line.terminated else {
            return try reject(line, "no line feed: the last line may be cut off", into: &sink)
        }
        do {
            if try sample(bytes, from: at, into: &sink) == .unfinished { pending.start(with: line) }
        } catch let error as SeriesText.Malformed {
            try reject(line, error.reason, into: &sink)
        }
    }

    mutating func reject<Sink: MetricSink>(
        _ line: borrowing Line, _ reason: String, into sink: inout Sink
    ) throws {
        counts.rejectedLines += 1
        try sink.reject(FormatReject(line, reason))
    }

    enum Outcome { case done, unfinished }

    /// Reads the sample that begins at `start`. `unfinished`: the bytes end inside a quoted label value.
    mutating func sample<Sink: MetricSink>(
        _ bytes: Bytes, from start: Int, into sink: inout Sink
    ) throws -> Outcome {
        var entry = interner.table.predicted(after: lastEntry, in: bytes, at: start)
        if entry >= 0, !endsSeries(bytes, start + interner.table.length(entry)) { entry = -1 }
        let end: Int
        if entry >= 0 {
            end = start + interner.table.length(entry)
        } else {
            switch SeriesText.end(bytes, from: start) {
            case .at(let found): end = found
            case .insideQuotes: return .unfinished
            case .malformed(let reason): throw SeriesText.Malformed(reason)
            }
            let text = bytes.slice(start, end)
            entry = interner.table.find(text)
            // Only texts that end in a readable value and time are announced, so look at those first.
            if entry < 0 {
                _ = try SampleTail(bytes, from: end, dialect: options.dialect)
                entry = interner.insert(text, handle: try sink.series(try labels(of: text)))
            }
            interner.table.link(lastEntry, entry)
        }
        lastEntry = entry
        let tail = try SampleTail(bytes, from: end, dialect: options.dialect)
        guard let timeMs = tail.timeMs ?? defaultTimeMs else {
            throw SeriesText.Malformed("the sample has no time, and none is known for the scrape")
        }
        counts.sampleLines += 1
        let index = Int(interner.table.value(entry))
        if interner.slots[index].lastScrape == scrape {
            if interner.slots[index].lastTimeMs == timeMs {
                counts.duplicates += 1
                return .done
            }
        } else {
            interner.slots[index].lastScrape = scrape
            if tail.timeMs == nil { seenSlots.append(Int32(index)) }
        }
        interner.slots[index].lastTimeMs = timeMs
        counts.samples += 1
        try sink.append(series: interner.slots[index].handle, timeMs: timeMs, value: tail.value)
        if let at = tail.exemplarAt, let exemplar = SampleTail.exemplar(bytes, at: at, sampleTimeMs: timeMs) {
            counts.exemplars += 1
            try sink.exemplar(series: interner.slots[index].handle, exemplar)
        }
        return .done
    }

    /// Whether a known series text that ends at `end` is all of the series that stands there.
    @inline(__always) private func endsSeries(_ bytes: Bytes, _ end: Int) -> Bool {
        if bytes[end - 1] == 125 { return true }
        guard end < bytes.count, bytes[end] == 32 || bytes[end] == 9 else { return false }
        let next = SeriesText.skipBlanks(bytes, end)
        return next < bytes.count && bytes[next] != 123
    }
}
