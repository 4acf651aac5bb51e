import TidemarkBase
import TidemarkEvidence

/// Whole entries of systemd's journal: JSON objects and the export format.
enum JournalEntry {
    struct Times {
        var arrival: Int?
        var sent: Int?

        var millis: Int64? { (sent ?? arrival).map { Int64($0 / 1000) } }

        mutating func take(_ key: Bytes, _ value: Bytes) {
            if key.equals("__REALTIME_TIMESTAMP") { arrival = Decimal.parseInt(value) }
            if key.equals("_SOURCE_REALTIME_TIMESTAMP") { sent = Decimal.parseInt(value) }
        }
    }

    static func json(_ line: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        // `json-seq` begins a record with RS, `json-sse` with a field's name.
        let start = line.first == 30 ? 1 : line.has("data: {") ? 6 : 0
        guard line.count > start, line[start] == 123, line.range(of: "\"__REALTIME_TIMESTAMP\"") != nil else {
            return nil
        }
        var frame = FramedLine()
        frame.textStart = -1
        var times = Times()
        var hasMessage = false
        var reader = JSONReader(line, from: start)
        func range(_ text: Bytes) -> Range<Int> {
            let offset = text.baseAddress.flatMap { base in line.baseAddress.map { base - $0 } } ?? 0
            return offset..<offset + text.count
        }
        do {
            try reader.object { key, reader in
                let kind = try reader.peek()
                if key.equals("MESSAGE") {
                    hasMessage = true
                    if kind == .string {
                        try reader.string().decode(into: &scratch)
                    } else if kind == .array {
                        // Text with control characters comes as an array of byte values.
                        try reader.array { element in
                            guard try element.peek() == .number else { return try element.skip() }
                            if let byte = Decimal.parseInt(try element.numberBytes()), byte >= 0, byte < 256 {
                                scratch.append(UInt8(byte))
                            }
                        }
                    } else {
                        // null: the journal left out what was too large.
                        scratch.append(contentsOf: "[message left out by the journal]".utf8)
                        try reader.skip()
                    }
                } else if kind == .string {
                    let value = try reader.string().bytes
                    if key.equals("_PID") {
                        frame.info.pid = Decimal.parseInt(value)
                    } else if key.equals("_HOSTNAME") {
                        frame.source = range(value)
                    } else if key.equals("CONTAINER_NAME") {
                        frame.container = range(value)
                    } else if key.equals("CONTAINER_PARTIAL_MESSAGE") {
                        frame.partial = value.equals("true")
                    } else {
                        times.take(key.bytes, value)
                    }
                } else {
                    try reader.skip()
                }
            }
        } catch { return nil }
        guard hasMessage, let time = times.millis else { return nil }
        frame.info.timeMs = time
        return frame
    }

    /// Any field but the message: its place in the entry and its bytes.
    static func take(
        _ name: Bytes, _ value: Range<Int>, _ bytes: Bytes, into frame: inout FramedLine, _ times: inout Times
    ) {
        if name.equals("_PID") {
            frame.info.pid = Decimal.parseInt(bytes)
        } else if name.equals("_HOSTNAME") {
            frame.source = value
        } else if name.equals("CONTAINER_NAME") {
            frame.container = value
        } else if name.equals("CONTAINER_PARTIAL_MESSAGE") {
            frame.partial = bytes.equals("true")
        } else {
            times.take(name, bytes)
        }
    }

    /// All lines of one entry, as ``EntryAssembler`` collects them.
    static func export(_ entry: Bytes, _ scratch: inout [UInt8]) -> FramedLine? {
        var frame = FramedLine()
        frame.textStart = -1
        var times = Times()
        var hasMessage = false
        var at = 0
        while at < entry.count {
            let end = entry.firstIndex(of: 10, from: at) ?? entry.count
            let line = entry.slice(at, end)
            var value: Range<Int>
            var name = line
            if let equals = line.firstIndex(of: 61) {
                name = line.slice(0, equals)
                value = at + equals + 1..<end
                at = end + 1
            } else {
                guard let length = ExportValue.length(entry, at: end + 1) else { break }
                value = end + 9..<end + 9 + length
                at = value.upperBound + 1
            }
            let bytes = entry.slice(value.lowerBound, value.upperBound)
            if name.equals("MESSAGE") {
                hasMessage = true
                scratch.append(contentsOf: bytes)
            } else {
                take(name, value, bytes, into: &frame, &times)
            }
        }
        guard hasMessage, let time = times.millis else { return nil }
        frame.info.timeMs = time
        return frame
    }
}

/// A value of the export format that is given by its length: 64 bits, little-endian, then so many bytes.
enum ExportValue {
    /// The length that stands at `at`, when the value is there as a whole.
    static func length(_ bytes: Bytes, at: Int) -> Int? {
        guard at >= 0, at + 8 <= bytes.count else { return nil }
        let length = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        guard length <= UInt64(bytes.count - at - 8) else { return nil }
        return Int(length)
    }
}

/// Collects the physical lines of one entry where an entry fills several: journald's `json-pretty`, `export`, `verbose`.
struct EntryAssembler: Sendable {
    /// `foreign`: the line begins no entry, and none is open. `endedBefore`: the line was not taken, the open entry ends
    /// before it.
    enum Step { case incomplete, complete, foreign, endedBefore }

    private let wrapper: LogWrapper
    private(set) var bytes: [UInt8] = []
    private(set) var lines = 0
    private(set) var number = 0
    private(set) var offset = 0
    private(set) var omitted = 0
    /// Where the next field begins in `bytes`; a value by length may contain line feeds.
    private var field = 0

    /// A larger entry ends here.
    static let mostBytes = 4 << 20

    init(_ wrapper: LogWrapper) { self.wrapper = wrapper }

    private(set) var isEmpty = true

    /// Takes the next line, which stands for `count` physical ones.
    mutating func take(_ line: borrowing Line, count: Int) -> Step {
        let text = line.bytes
        if isEmpty {
            if wrapper == .journaldPretty {
                guard text.trimmed.first == 123 else { return .foreign }
            } else if wrapper == .journaldVerbose {
                guard JournalVerbose.isHead(text) else { return .foreign }
            } else {
                guard let first = text.first, first == 95 || first &- 65 < 26, text.count < 65 || isField(text) else {
                    return .foreign
                }
            }
            (number, offset) = (line.number, line.offset)
        } else if wrapper == .journaldVerbose, !text.has("    ") {
            return .endedBefore
        }
        isEmpty = false
        lines += count
        omitted += line.omitted
        bytes.append(contentsOf: text)
        if line.terminated { bytes.append(10) }
        if bytes.count > Self.mostBytes { return .complete }
        if wrapper == .journaldPretty { return text.trimmed.last == 125 ? .complete : .incomplete }
        if wrapper == .journaldVerbose { return .incomplete }
        return bytes.withUnsafeBytes { advance($0) } ? .complete : .incomplete
    }

    private func isField(_ text: Bytes) -> Bool { text.firstIndex(of: 61) ?? 65 < 65 }

    /// Steps over complete fields; true at the empty line behind the last.
    private mutating func advance(_ all: Bytes) -> Bool {
        while field < all.count {
            guard let end = all.firstIndex(of: 10, from: field) else { return false }
            if end == field { return true }
            if all.slice(field, end).firstIndex(of: 61) != nil {
                field = end + 1
                continue
            }
            guard let length = ExportValue.length(all, at: end + 1) else { return false }
            // The line feed behind the value.
            guard end + 9 + length < all.count else { return false }
            field = end + 10 + length
        }
        return false
    }

    mutating func reset() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 16)
        (lines, field, omitted, isEmpty) = (0, 0, 0, true)
    }
}
