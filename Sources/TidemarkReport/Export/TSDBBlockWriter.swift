import TidemarkBase
import TidemarkSeries

/// Writes one block of a Prometheus TSDB: chunk segments as they fill, then index, tombstones and `meta.json`.
///
/// Give the series in the order of their labels and each series' chunks in the order of time, none overlapping. Memory:
/// the index (some 30 bytes a series and 6 a chunk) and a buffer.
struct TSDBBlockWriter {
    /// Appends bytes to a file of the block's folder.
    typealias Sink = (_ file: String, _ bytes: [UInt8]) throws -> Void

    /// A segment is closed before it reaches this size, as Prometheus does.
    private static let segmentLimit = 512 << 20
    private static let bufferLimit = 1 << 20

    private let sink: Sink
    private let symbols: [String: UInt32]
    private var index = TSDBBytes()
    private var seriesStart = 0
    /// Numbers of the series that have a label, by name and value.
    private var postings: [Labels.Label: [UInt32]] = [:]
    private var everything: [UInt32] = []
    private var segment = 0
    private var segmentBytes = 0
    private var buffer = TSDBBytes()
    private(set) var samples = 0
    private(set) var chunks = 0
    private(set) var minMs = Int64.max
    private(set) var maxMs = Int64.min

    var isEmpty: Bool { everything.isEmpty }

    /// - Parameter symbols: every label name and value that will come; more are harmless.
    init(symbols: Set<String>, sink: @escaping Sink) {
        self.sink = sink
        let sorted = symbols.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        self.symbols = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, UInt32($0)) })
        index.uint32(0xBAAA_D700)
        index.byte(2)
        var table = TSDBBytes()
        table.uint32(UInt32(sorted.count))
        for symbol in sorted { table.string(symbol) }
        index.section(table)
    }

    /// - Precondition: labels ascend from call to call; all their texts are symbols.
    mutating func add(_ labels: Labels, _ chunks: [SeriesChunk]) throws {
        guard !chunks.isEmpty else { return }
        index.align(16)
        if everything.isEmpty { seriesStart = index.count }
        let number = UInt32(index.count / 16)
        var entry = TSDBBytes()
        entry.uvarint(UInt64(labels.pairs.count))
        for pair in labels.pairs {
            entry.uvarint(UInt64(symbols[pair.name]!))
            entry.uvarint(UInt64(symbols[pair.value]!))
            postings[pair, default: []].append(number)
        }
        everything.append(number)
        entry.uvarint(UInt64(chunks.count))
        var lastEnd: Int64 = 0
        var lastReference: Int64 = 0
        for (place, chunk) in chunks.enumerated() {
            let reference = Int64(try write(chunk))
            if place == 0 {
                entry.varint(chunk.startMs)
                entry.uvarint(UInt64(bitPattern: chunk.endMs &- chunk.startMs))
                entry.uvarint(UInt64(reference))
            } else {
                entry.uvarint(UInt64(bitPattern: chunk.startMs &- lastEnd))
                entry.uvarint(UInt64(bitPattern: chunk.endMs &- chunk.startMs))
                entry.varint(reference &- lastReference)
            }
            lastEnd = chunk.endMs
            lastReference = reference
        }
        minMs = min(minMs, chunks[0].startMs)
        maxMs = max(maxMs, lastEnd)
        self.chunks += chunks.count
        index.uvarint(UInt64(entry.count))
        index.checked(entry)
    }

    /// Appends a chunk to the segments; gives its reference.
    private mutating func write(_ chunk: SeriesChunk) throws -> UInt64 {
        var framed = TSDBBytes()
        chunk.withData { data in
            framed.uvarint(UInt64(data.count))
            var body = TSDBBytes()
            body.byte(chunk.encoding)
            body.append(data)
            framed.checked(body)
            samples += data.count >= 2 ? Int(data[0]) << 8 | Int(data[1]) : 0
        }
        if segment == 0 || segmentBytes + framed.count > Self.segmentLimit {
            try flush()
            segment += 1
            segmentBytes = 8
            buffer.uint32(0x85BD_40DD)
            buffer.uint32(0x0100_0000)
        }
        let reference = UInt64(segment - 1) << 32 | UInt64(segmentBytes)
        segmentBytes += framed.count
        buffer.append(framed)
        if buffer.count > Self.bufferLimit { try flush() }
        return reference
    }

    private mutating func flush() throws {
        guard buffer.count > 0 else { return }
        let number = String(segment)
        try sink("chunks/" + String(repeating: "0", count: 6 - number.count) + number, buffer.bytes)
        buffer = TSDBBytes()
    }

    /// Completes the block.
    /// - Parameter ulid: its name; see ``ulid(timeMs:seed:)``.
    mutating func finish(ulid: String) throws {
        try flush()
        let seriesEnd = index.count
        var table: [(label: Labels.Label, offset: Int)] = []
        func isBefore(_ a: Labels.Label, _ b: Labels.Label) -> Bool {
            a.name == b.name
                ? a.value.utf8.lexicographicallyPrecedes(b.value.utf8)
                : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
        }
        index.align(4)
        let postingsStart = index.count
        // The list of all series has neither name nor value.
        for label in [Labels.Label("", "")] + postings.keys.sorted(by: isBefore) {
            let list = label.name.isEmpty ? everything : postings[label]!
            index.align(4)
            table.append((label, index.count))
            var body = TSDBBytes()
            body.uint32(UInt32(list.count))
            for number in list { body.uint32(number) }
            index.section(body)
        }
        let tableStart = index.count
        var body = TSDBBytes()
        body.uint32(UInt32(table.count))
        for entry in table {
            body.byte(2)
            body.string(entry.label.name)
            body.string(entry.label.value)
            body.uvarint(UInt64(entry.offset))
        }
        index.section(body)
        var contents = TSDBBytes()
        // The two sections of label indices are obsolete: absent.
        for offset in [5, everything.isEmpty ? seriesEnd : seriesStart, 0, 0, postingsStart, tableStart] {
            contents.uint64(UInt64(offset))
        }
        index.checked(contents)
        try sink("index", index.bytes)
        try sink("tombstones", [0x01, 0x30, 0xBA, 0x30, 1, 0, 0, 0, 0])
        try sink("meta.json", Array(meta(ulid).utf8))
    }

    private func meta(_ ulid: String) -> String {
        """
        {
        \t"ulid": "\(ulid)",
        \t"minTime": \(minMs),
        \t"maxTime": \(maxMs + 1),
        \t"stats": {
        \t\t"numSamples": \(samples),
        \t\t"numSeries": \(everything.count),
        \t\t"numChunks": \(chunks)
        \t},
        \t"compaction": {
        \t\t"level": 1,
        \t\t"sources": [
        \t\t\t"\(ulid)"
        \t\t]
        \t},
        \t"version": 1
        }

        """
    }

    /// A block's name: 48 bits of time and 80 bits that depend on `seed`, in Crockford's base 32. The same content gets
    /// the same name.
    static func ulid(timeMs: Int64, seed: String) -> String {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        var text = ""
        for shift in stride(from: 45, through: 0, by: -5) { text.append(alphabet[Int(max(0, timeMs) >> shift) & 31]) }
        for byte in withBytes(of: seed, { SHA256.digest($0) }).prefix(16) { text.append(alphabet[Int(byte & 31)]) }
        return text
    }
}

/// Bytes in the ways of the TSDB: big-endian integers, base-128 numbers, sections with checksums.
struct TSDBBytes {
    private(set) var bytes: [UInt8] = []

    var count: Int { bytes.count }

    mutating func byte(_ value: UInt8) { bytes.append(value) }
    mutating func uint32(_ value: UInt32) { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) } }
    mutating func uint64(_ value: UInt64) { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) } }
    mutating func append(_ data: Bytes) { bytes.append(contentsOf: data) }
    mutating func append(_ other: TSDBBytes) { bytes.append(contentsOf: other.bytes) }

    mutating func uvarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func varint(_ value: Int64) { uvarint(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    mutating func string(_ text: String) {
        uvarint(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func align(_ size: Int) { while bytes.count % size != 0 { bytes.append(0) } }

    /// `body` and its CRC-32C.
    mutating func checked(_ body: TSDBBytes) {
        append(body)
        uint32(body.bytes.withUnsafeBytes { CRC32C.checksum($0) })
    }

    /// The length of `body`, `body`, its CRC-32C.
    mutating func section(_ body: TSDBBytes) {
        uint32(UInt32(body.count))
        checked(body)
    }
}
