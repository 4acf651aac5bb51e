import TidemarkBase
import TidemarkEvidence

/// Takes the framing off the physical lines of a log: all layers, the outermost first.
///
/// Lines are passed on as they come, unless the framing ``LogFraming/isHeld``: then all come out of ``finish(_:)``, in the
/// order of time. After that ``noiseLines`` and ``rejects`` say where the physical lines went that hold no entry.
/// Memory: the parts of lines that wait; the file, where it is held, up to ``LogFraming/heldLimit``.
public struct LogUnframer: Sendable {
    public let framing: LogFraming
    /// Physical lines of a held file that belong to no entry: brackets, headers, metadata.
    public private(set) var noiseLines = 0
    /// What could not be read of a held file.
    public private(set) var rejects: [FormatReject] = []
    /// What is known to be missing: further pages of an export, entries beyond its limit.
    public private(set) var remark: String?

    private var layers: [LinePeeler]
    private var file: HeldFile?
    private let isPlain: Bool
    private let heldLimit: Int

    /// - Parameter heldLimit: most bytes of a file that has to be held.
    public init(_ framing: LogFraming, heldLimit: Int = LogFraming.heldLimit) {
        self.framing = framing
        self.heldLimit = heldLimit
        layers = framing.wrappers.map { LinePeeler($0, key: framing.key) }
        switch framing.container {
        case .lines: break
        case .newestFirst: file = HeldFile()
        case .document, .yaml, .table:
            file = HeldFile()
            layers.insert(LinePeeler(nil), at: 0)
        }
        isPlain = layers.isEmpty
    }

    /// First physical line that is not yet passed on; nil when all are.
    public var pendingStart: (line: Int, offset: Int)? {
        if let file, file.lines > 0 { return (file.firstLine, file.firstOffset) }
        return layers.lazy.compactMap(\.pendingStart).min { $0.line < $1.line }
    }

    /// What a run that resumes must know of the lines before: three fields a layer; empty where nothing was said.
    public var context: [String] {
        get {
            let fields = layers.flatMap(\.context)
            return fields.allSatisfy(\.isEmpty) ? [] : fields
        }
        set {
            guard newValue.count == layers.count * 3 else { return }
            for index in layers.indices { layers[index].context = Array(newValue[index * 3..<index * 3 + 3]) }
        }
    }

    /// Takes one physical line; `body` gets the lines that are complete.
    @inline(__always)
    public mutating func feed(
        _ line: borrowing Line, _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        if isPlain, line.number > 1 { return try body(line, FrameInfo()) }
        try feedFramed(line, body)
    }

    private mutating func feedFramed(
        _ line: borrowing Line, _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        if file != nil {
            file?.take(line, limit: heldLimit)
            return
        }
        if line.number == 1, line.offset == 0, line.bytes.has("\u{FEFF}") {
            let plain = Line(
                bytes: line.bytes.slice(3, line.bytes.count), number: 1, offset: 0, terminated: line.terminated,
                omitted: line.omitted)
            return try Self.pass(plain, FrameInfo(), through: &layers, body)
        }
        try Self.pass(line, FrameInfo(), through: &layers, body)
    }

    /// Passes on what still waits: parts of lines that didn't come, and all of a held file.
    public mutating func finish(_ body: (borrowing Line, FrameInfo) throws -> Void) rethrows {
        if let file {
            self.file = nil
            try release(file, body)
            self.file = HeldFile()
        }
        try Self.finish(&layers, body)
    }

    // MARK: Layers

    /// Passes a line through the layers. They leave the array while they are in use, so that none is copied.
    private static func pass(
        _ line: borrowing Line, _ info: FrameInfo, through layers: inout [LinePeeler],
        _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        switch layers.count {
        case 0: try body(line, info)
        case 1: try layers[0].feed(line, info, body)
        default:
            var outer = layers.removeFirst()
            defer { layers.insert(outer, at: 0) }
            try outer.feed(line, info) { try pass($0, $1, through: &layers, body) }
        }
    }

    private static func finish(
        _ layers: inout [LinePeeler], _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        guard !layers.isEmpty else { return }
        var outer = layers.removeFirst()
        defer { layers.insert(outer, at: 0) }
        try outer.finish { try pass($0, $1, through: &layers, body) }
        try finish(&layers, body)
    }

    // MARK: Held files

    private mutating func release(
        _ file: HeldFile, _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        guard file.lines > 0 else { return }
        guard !file.isTooLarge else {
            rejects.append(
                FormatReject(
                    line: file.firstLine, offset: file.firstOffset,
                    reason: "a document, or a log with the newest lines first, of more than "
                        + "\(heldLimit >> 20) MiB is not held in memory: export it in parts, or sort its lines",
                    text: "", lineCount: file.lines))
            return
        }
        try file.bytes.withUnsafeBytes { bytes in
            switch framing.container {
            case .lines: break
            case .newestFirst: try releaseLines(bytes, file, body)
            case .document:
                let document = LogDocument.read(
                    bytes, key: framing.key, firstLine: file.firstLine, firstOffset: file.firstOffset)
                try releaseEntries(document.found, bytes, file, body)
            case .yaml:
                let found = CloudYAML.read(bytes, firstLine: file.firstLine, firstOffset: file.firstOffset)
                try releaseEntries(found, bytes, file, body)
            case .table(let columns):
                let found = LogTable.read(bytes, columns, firstLine: file.firstLine, firstOffset: file.firstOffset)
                try releaseEntries(found, bytes, file, body)
            }
        }
    }

    private mutating func releaseEntries(
        _ found: HeldEntries, _ bytes: Bytes, _ file: HeldFile, _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        var found = found
        found.order()
        remark = found.remark ?? Self.limitRemark(found.entries.count)
        noiseLines += file.lines
        for reject in found.rejects {
            noiseLines -= reject.lines
            rejects.append(
                FormatReject(
                    line: reject.line, offset: reject.offset, reason: reject.reason, text: reject.text,
                    lineCount: reject.lines))
        }
        var decoded: [UInt8] = []
        var outer = layers.removeFirst()
        defer { layers.insert(outer, at: 0) }
        for entry in found.entries {
            noiseLines -= entry.lines
            decoded.removeAll(keepingCapacity: decoded.capacity <= 1 << 20)
            entry.decode(bytes, into: &decoded)
            // A CR is kept: vLLM writes it inside of records.
            if decoded.last == 10 { decoded.removeLast() }
            var info = FrameInfo(timeMs: entry.timeMs)
            info.isHeld = true
            info.zoneless = entry.zoneless
            info.lines = entry.lines
            info.pid = entry.pid
            if entry.source >= 0 { info.source = found.names[entry.source] }
            if let isStderr = entry.isStderr { info.stream = isStderr ? "stderr" : "stdout" }
            try decoded.withUnsafeBytes { text in
                let line = Line(bytes: text, number: entry.line, offset: entry.offset)
                try outer.passAll(text, info, partial: entry.isPartial, line) {
                    try Self.pass($0, $1, through: &layers, body)
                }
            }
        }
        noiseLines = max(0, noiseLines)
    }

    /// Exports stop at a limit that is a round number, and then the oldest or the newest entries are missing.
    private static func limitRemark(_ count: Int) -> String? {
        switch count {
        case 30, 100, 1000, 5000, 10_000:
            return "exactly \(count) entries: if that is the export's limit, others are missing"
        default: return nil
        }
    }

    /// Lines of a file that has the newest first; those that don't wear the framing stay behind the line before them.
    private mutating func releaseLines(
        _ bytes: Bytes, _ file: HeldFile, _ body: (borrowing Line, FrameInfo) throws -> Void
    ) rethrows {
        guard let wrapper = framing.wrappers.first else { return }
        var groups = HeldEntries(bytes, firstLine: file.firstLine, firstOffset: file.firstOffset)
        var scratch: [UInt8] = []
        var at = 0
        var number = file.firstLine
        while at < bytes.count {
            let end = bytes.firstIndex(of: 10, from: at) ?? bytes.count
            scratch.removeAll(keepingCapacity: true)
            let frame = FrameReader.read(bytes.slice(at, end), as: wrapper, key: framing.key, into: &scratch)
            if frame == nil, !groups.entries.isEmpty {
                groups.entries[groups.entries.count - 1].text =
                    groups.entries[groups.entries.count - 1].text.lowerBound..<end
            } else {
                var entry = HeldEntry()
                entry.timeMs = frame?.info.timeMs ?? frame?.info.stamp?.wallMs(year: 2000)
                entry.text = at..<end
                entry.line = number
                groups.entries.append(entry)
            }
            at = end + 1
            number += 1
        }
        groups.order()
        for group in groups.entries {
            var at = group.text.lowerBound
            var number = group.line
            while at <= group.text.upperBound, at < bytes.count {
                let end = bytes.firstIndex(of: 10, from: at) ?? bytes.count
                let line = Line(bytes: bytes.slice(at, end), number: number, offset: file.firstOffset + at)
                try Self.pass(line, FrameInfo(), through: &layers, body)
                at = end + 1
                number += 1
            }
        }
        remark = Self.limitRemark(groups.entries.count)
    }
}

/// A file that is kept until its end.
private struct HeldFile: Sendable {
    var bytes: [UInt8] = []
    var lines = 0
    var firstLine = 1
    var firstOffset = 0
    var isTooLarge = false

    mutating func take(_ line: borrowing Line, limit: Int) {
        if lines == 0 { (firstLine, firstOffset) = (line.number, line.offset) }
        lines += 1
        guard !isTooLarge else { return }
        let length = line.bytes.count + line.omitted
        if bytes.count + length > limit {
            isTooLarge = true
            bytes = []
            return
        }
        bytes.append(contentsOf: line.bytes)
        if line.terminated { bytes.append(10) }
    }
}
