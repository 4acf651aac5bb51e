import TidemarkBase
import TidemarkEvidence

/// Reads the JSON of `amd-smi metric` and `monitor` (a list of GPUs, or `gpu_data`) and of `rocm-smi` (`{"card0": {…}}`), also
/// several documents behind one another, on a line each or on many. One sample a GPU and document.
struct AMDJSONParser: Sendable {
    private var splitter = JSONSplitter()
    private var walk = AMDWalk()
    private var samples = 0
    private var untimed = 0

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        // A command before a document counts as a blank line; no line of a document looks like one.
        if ShellLine.matches(line.bytes) {
            try [UInt8](repeating: 32, count: line.bytes.count).withUnsafeBytes { try splitter.feed($0, &walk) }
        } else {
            try splitter.feed(line.bytes, &walk)
        }
        if line.terminated { try withBytes(of: "\n") { try splitter.feed($0, &walk) } }
        try deliver(into: &sink)
    }

    mutating func finish<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        try splitter.finish(&walk)
        try deliver(into: &sink)
    }

    var counts: GPUCaptureCounts {
        var counts = GPUCaptureCounts()
        counts.lines = splitter.counts.lines
        counts.recordLines = splitter.counts.contentLines
        counts.noiseLines = splitter.counts.blankLines + splitter.counts.emptyLines
        counts.rejectedLines = splitter.counts.rejectedLines
        (counts.samples, counts.untimed) = (samples, untimed)
        return counts
    }

    private mutating func deliver<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        for (sample, line) in walk.samples {
            samples += 1
            if sample.wallMs == nil { untimed += 1 }
            try sink.gpu(sample, line: line)
        }
        for reject in walk.rejects { try sink.reject(reject) }
        walk.samples.removeAll(keepingCapacity: true)
        walk.rejects.removeAll(keepingCapacity: true)
    }
}

/// Finds the objects of GPUs in a document.
private struct AMDWalk: JSONSplitHandler, Sendable {
    private enum Role: UInt8 { case document, list, root, cards }
    private enum Tag: UInt8 { case gpu, card }

    var samples: [(GPUSample, line: Int)] = []
    var rejects: [FormatReject] = []
    private var listing = AMDListing()
    private var found = 0
    /// Number of the card whose object comes next.
    private var card: Int?
    private var path: [UInt8] = []

    mutating func action(key: Bytes?, kind: JSONReader.Kind, in role: UInt8) throws -> JSONSplitAction {
        switch (Role(rawValue: role), kind) {
        case (.document, .array): return .descend(Role.list.rawValue)
        case (.document, .object): return .probe(Tag.gpu.rawValue)
        case (.list, .object): return .collect(Tag.gpu.rawValue)
        case (.root, .array) where key?.equals("gpu_data") == true: return .descend(Role.list.rawValue)
        case (.cards, .object):
            card = key.flatMap { $0.has("card") ? Decimal.parseInt($0.slice(4, $0.count)) : nil }
            return card == nil ? .skip : .collect(Tag.card.rawValue)
        default: return .skip
        }
    }

    func container(key: Bytes) -> UInt8? {
        if key.equals("gpu_data") { return Role.root.rawValue }
        return key.has("card") || key.equals("system") ? Role.cards.rawValue : nil
    }

    func opened(_ role: UInt8, line: Int, offset: Int) {}
    func closed(_ role: UInt8) {}

    mutating func collected(_ tag: UInt8, _ bytes: Bytes, line: Int, offset: Int) throws -> String? {
        listing.begin(index: tag == Tag.card.rawValue ? card : nil, clock: nil)
        var reader = JSONReader(bytes)
        do {
            if tag == Tag.card.rawValue {
                try reader.object { key, reader in
                    guard let value = try scalar(&reader) else { return }
                    listing.set(rocm: key.bytes, value)
                }
            } else {
                path.removeAll(keepingCapacity: true)
                try walk(&reader, depth: 0)
            }
        } catch let error as JSONReader.JSONError {
            return "\(error.expected) is expected at byte \(error.offset) of the GPU"
        }
        guard listing.sample.index != nil else { return "a GPU with its number is expected" }
        found += 1
        samples.append((listing.sample, line))
        return nil
    }

    /// The members of an object: a value may be one, or have its unit beside it.
    private mutating func walk(_ reader: inout JSONReader, depth: Int) throws {
        try reader.object { key, reader in
            if try reader.peek() == .object, depth < 6 {
                let start = push(key)
                try walk(&reader, depth: depth + 1)
                return path.removeSubrange(start...)
            }
            guard let value = try scalar(&reader) else { return }
            if depth > 0, key.equals("value") {
                return path.withUnsafeBytes { listing.set(Bytes(rebasing: $0[...]), value) }
            }
            let start = push(key)
            path.withUnsafeBytes { listing.set(Bytes(rebasing: $0[...]), value) }
            path.removeSubrange(start...)
        }
    }

    /// Puts a name behind the path: where it began to.
    private mutating func push(_ key: JSONReader.RawString) -> Int {
        let start = path.count
        if start > 0 { path.append(47) }
        for byte in key.bytes.prefix(80) { path.append(byte &- 65 < 26 ? byte | 0x20 : byte) }
        return start
    }

    /// A number, or the text of a string; nil for anything else.
    private mutating func scalar(_ reader: inout JSONReader) throws -> Bytes? {
        switch try reader.peek() {
        case .number: return try reader.numberBytes()
        case .string:
            let string = try reader.string()
            return string.escaped ? nil : string.bytes
        default:
            try reader.skip()
            return nil
        }
    }

    mutating func documentEnded(failed: Bool) throws -> Bool {
        defer { found = 0 }
        return found > 0
    }

    mutating func reject(_ reject: FormatReject) throws { rejects.append(reject) }
}
