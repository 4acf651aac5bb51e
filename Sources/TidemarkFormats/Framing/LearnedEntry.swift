import TidemarkBase
import TidemarkEvidence

/// Under which key the objects of a file hold the server's lines, where no dialect says it: the key `name`, inside of the
/// object `outer` unless that is empty.
public struct TextKey: Sendable, Hashable {
    var outer: [UInt8]
    var name: [UInt8]
}

/// An object of any shipper: one of its strings is the line, one of its values the time. Which string it is, the first
/// object tells in which one begins as the server's lines do (``ServerText``).
struct LearnedEntry {
    private(set) var key: TextKey?
    private(set) var text: JSONReader.RawString?
    private(set) var time: FrameTime?
    private var timeRank = 0

    /// Reads the object at `reader`; without a key it looks for one.
    init(_ reader: inout JSONReader, key: TextKey? = nil) throws {
        self.key = key
        try reader.object { name, reader in
            try self.member(name, &reader, outer: nil)
        }
    }

    private mutating func member(_ name: JSONReader.RawString, _ reader: inout JSONReader, outer: Bytes?) throws {
        switch try reader.peek() {
        case .string: take(name.bytes, try reader.string(), outer)
        case .number: takeTime(name.bytes, FrameTime(number: try reader.numberBytes()), isPlain: false)
        case .object:
            guard outer == nil else { return try reader.skip() }
            try reader.object { inner, reader in try self.member(inner, &reader, outer: name.bytes) }
        case .array:
            // Elasticsearch's `fields`: an array of one.
            try reader.array { element in
                guard try element.peek() == .string else { return try element.skip() }
                self.take(name.bytes, try element.string(), outer)
            }
        default: try reader.skip()
        }
    }

    private mutating func take(_ name: Bytes, _ value: JSONReader.RawString, _ outer: Bytes?) {
        if let first = value.bytes.first, first &- 48 <= 9 || first | 0x20 &- 97 < 26,
            let time = FrameTime(text: value.bytes)
        {
            return takeTime(name, time, isPlain: !value.bytes.allSatisfy { $0 &- 48 <= 9 || $0 == 46 })
        }
        guard text == nil else { return }
        if let key {
            if key.name.elementsEqual(name), key.outer.elementsEqual(outer ?? name.slice(0, 0)) { text = value }
        } else if Self.isServerText(value) {
            key = TextKey(outer: outer.map { Array($0) } ?? [], name: Array(name))
            text = value
        }
    }

    /// Whether a string begins as the server's lines do.
    static func isServerText(_ value: JSONReader.RawString) -> Bool {
        guard value.escaped else { return ServerText.follows(in: value.bytes) }
        var decoded: [UInt8] = []
        value.decode(into: &decoded)
        return decoded.withUnsafeBytes { ServerText.follows(in: $0) }
    }

    /// A number is a time only under a name that says so; when it was collected, received or created is another time.
    private mutating func takeTime(_ name: Bytes, _ found: FrameTime?, isPlain: Bool) {
        guard let found else { return }
        var rank = isPlain ? 2 : 0
        for word in ["ime", "ts", "date", "stamp"] as [StaticString] where name.range(of: word) != nil { rank = 3 }
        for word in ["ngest", "eceiv", "bserved", "reat", "tart", "uild"] as [StaticString]
        where name.range(of: word) != nil { rank = min(rank, 1) }
        if rank > timeRank { (time, timeRank) = (found, rank) }
    }
}

extension ShipperEntry {
    /// Whether the object may be an entry with the text that was found in it: it must tell when, or from where.
    func canTake(_ found: LearnedEntry) -> Bool {
        time != nil || found.time != nil || pod != nil && container != nil
    }

    /// Takes the text of an object of an unknown tool; false when there is none, or the object is the application's own.
    mutating func take(_ found: LearnedEntry) -> Bool {
        guard let text = found.text, canTake(found) else { return false }
        if signs.contains([.level, .logger]), !LearnedEntry.isServerText(text) { return false }
        (message, object) = (text, nil)
        if time == nil { time = found.time }
        return true
    }
}
