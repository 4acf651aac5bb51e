import TidemarkBase
import TidemarkEvidence

/// One entry of a file that is held as a whole. Its text stays where it stands in the file.
struct HeldEntry: Sendable {
    enum Coding: UInt8 {
        case plain
        /// A JSON string with escapes.
        case json
        /// A quoted cell in which `""` stands for a quote.
        case quoted
        /// A JSON object: the application's own line.
        case object
        /// A scalar of YAML.
        case yaml
    }

    /// Unix ms; nil: that of the entry before it.
    var timeMs: Int64?
    var zoneless = false
    var isPartial = false
    var coding = Coding.plain
    var isStderr: Bool?
    /// Orders entries of the same time and source where the shipper numbers them.
    var sequence = 0
    var text = 0..<0
    /// Index into the names of the file; -1: none.
    var source = -1
    var pid: Int?
    /// 1-based physical line where it begins, how many it counts, and the offset of its first byte.
    var line = 0
    var lines = 1
    var offset = 0

    /// Appends the text as the application wrote it.
    func decode(_ all: Bytes, into out: inout [UInt8]) {
        let raw = all.slice(text.lowerBound, text.upperBound)
        switch coding {
        case .plain: out.append(contentsOf: raw)
        case .json: JSONReader.RawString(bytes: raw, escaped: true).decode(into: &out)
        case .quoted:
            var at = 0
            while let quote = raw.firstIndex(of: 34, from: at) {
                out.append(contentsOf: raw.slice(at, quote + 1))
                at = raw.has("\"", at: quote + 1) ? quote + 2 : quote + 1
            }
            out.append(contentsOf: raw.slice(min(at, raw.count), raw.count))
        case .yaml: CloudYAML.decode(raw, into: &out)
        case .object:
            // Inside of a JSON document a line feed is white space.
            for byte in raw { out.append(byte == 10 || byte == 13 ? 32 : byte) }
        }
    }
}

/// The entries of a file as its reader finds them, in the order of the file.
struct HeldEntries {
    struct Reject {
        var line: Int
        var lines: Int
        var offset: Int
        var reason: String
        var text: String
    }

    var entries: [HeldEntry] = []
    var names: [String] = []
    var rejects: [Reject] = []
    /// What the reader of the report should know: pages that are missing.
    var remark: String?

    private let bytes: Bytes
    private let firstLine: Int
    private let firstOffset: Int
    private var scannedTo = 0
    private var scannedLine: Int
    private var countedLine: Int

    init(_ bytes: Bytes, firstLine: Int, firstOffset: Int) {
        self.bytes = bytes
        self.firstLine = firstLine
        self.firstOffset = firstOffset
        scannedLine = firstLine
        countedLine = firstLine - 1
    }

    /// Line of a byte; call it with growing offsets.
    private mutating func line(of offset: Int) -> Int {
        while let feed = bytes.firstIndex(of: 10, from: scannedTo), feed < offset {
            scannedTo = feed + 1
            scannedLine += 1
        }
        return scannedLine
    }

    /// The lines from `start` to `end` that nothing has counted yet.
    private mutating func claim(_ start: Int, _ end: Int) -> (line: Int, lines: Int) {
        // What is missing at the end belongs to the last line.
        let start = min(start, max(0, bytes.count - 1))
        let first = line(of: start)
        let last = line(of: max(start, end - 1))
        let lines = max(0, last - max(first - 1, countedLine))
        countedLine = max(countedLine, last)
        return (first, lines)
    }

    /// Adds an entry that fills the bytes from `start` to `end`.
    mutating func add(_ entry: HeldEntry, from start: Int, to end: Int) {
        var entry = entry
        (entry.line, entry.lines) = claim(start, end)
        entry.offset = firstOffset + start
        entries.append(entry)
    }

    mutating func reject(from start: Int, to end: Int, _ reason: String) {
        let (line, lines) = claim(start, end)
        rejects.append(
            Reject(
                line: line, lines: lines, offset: firstOffset + start, reason: reason,
                text: bytes.slice(min(start, bytes.count), min(end, bytes.count)).text(limit: FormatReject.textLimit)))
    }

    /// Number of a name; -1 for an empty one.
    mutating func name(_ pod: Bytes?, _ container: Bytes? = nil) -> Int {
        guard let first = pod ?? container, !first.isEmpty else { return -1 }
        var text = first.text(limit: 200)
        if pod != nil, let container, !container.isEmpty { text += "/" + container.text(limit: 100) }
        if let known = names.lastIndex(of: text) { return known }
        guard names.count < 1024 else { return -1 }
        names.append(text)
        return names.count - 1
    }

    /// Puts the entries in the order of time. A file that has the newest first is read backwards, so that entries of equal
    /// times come out as they happened, unless tracebacks show that those stand forwards.
    mutating func order() {
        guard !entries.isEmpty else { return }
        var last: Int64?
        for index in entries.indices {
            if entries[index].timeMs == nil { entries[index].timeMs = last }
            last = entries[index].timeMs
        }
        if isNewestFirst, !tiesStandForwards { entries.reverse() }
        guard !isOrdered else { return }
        // Sorting indexes keeps the sort stable.
        let keys = entries.indices.sorted { a, b in
            let (x, y) = (entries[a].timeMs ?? .min, entries[b].timeMs ?? .min)
            if x != y { return x < y }
            return entries[a].sequence != entries[b].sequence ? entries[a].sequence < entries[b].sequence : a < b
        }
        entries = keys.map { entries[$0] }
    }

    private var isOrdered: Bool {
        zip(entries, entries.dropFirst()).allSatisfy { a, b in
            let (x, y) = (a.timeMs ?? .min, b.timeMs ?? .min)
            return x < y || x == y && a.sequence <= b.sequence
        }
    }

    /// By neighbours of the same source.
    private var isNewestFirst: Bool {
        var forwards = 0
        var backwards = 0
        for (a, b) in zip(entries, entries.dropFirst()) where a.source == b.source {
            guard let x = a.timeMs, let y = b.timeMs, x != y else { continue }
            if x < y { forwards += 1 } else { backwards += 1 }
        }
        return backwards > forwards
    }

    /// Whether, among entries of one time, the heads of tracebacks stand before their frames.
    private var tiesStandForwards: Bool {
        var votes = 0
        var start = 0
        while start < entries.count {
            var end = start + 1
            while end < entries.count, entries[end].timeMs == entries[start].timeMs,
                entries[end].source == entries[start].source
            { end += 1 }
            if end > start + 1 {
                var head: Int?
                var frame: Int?
                for index in start..<min(end, start + 200) {
                    let text = bytes.slice(entries[index].text.lowerBound, entries[index].text.upperBound)
                    if head == nil, text.range(of: "Traceback (most recent call last)") != nil { head = index }
                    if frame == nil, text.range(of: "  File ") != nil { frame = index }
                }
                if let head, let frame, head != frame { votes += head < frame ? 1 : -1 }
            }
            start = end
        }
        return votes > 0
    }
}
