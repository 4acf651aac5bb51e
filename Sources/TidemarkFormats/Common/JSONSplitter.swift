import TidemarkBase

/// Cuts a stream of JSON documents, one a line or spread over many, into the values that a handler asks for. The stream
/// comes in buffers of any size; the memory is the largest collected value, however large a document is.
///
/// The structure is checked as far as it is walked: brackets, commas, keys and the ends of strings. A fault of the
/// structure is one reject; reading goes on at the next line that begins as a document does. Time: linear.
struct JSONSplitter {
    /// Values beyond this are rejected, not collected.
    static let valueLimit = 16 << 20
    static let deepest = 200
    static let keyLimit = 256
    /// Bytes of a document's beginning in a reject. Ids stand there; what users wrote comes later.
    static let headLimit = 100

    enum Mode { case structure, key, value, resync }
    /// What may come next in `structure`.
    enum Expected { case document, value, valueOrClose, keyOrClose, key, colon, commaOrClose }

    struct Frame {
        var role: UInt8
        var isArray: Bool
    }

    var counts = JSONSplitCounts()
    /// Line of the next byte, 1-based, and its offset.
    var line: Int
    var offset: Int
    /// Whether documents were seen to be lines.
    var isLines: Bool

    var mode = Mode.structure
    var expected = Expected.document
    var stack: [Frame] = []
    var key: [UInt8] = []
    var isEscaped = false

    // The value that is being passed.
    var nest: [UInt8] = []
    var keeps = false
    var isProbed = false
    var inString = false
    var isKey = false
    var isBare = false
    var isOversize = false
    var tag: UInt8 = 0
    var valueLine = 0
    var valueOffset = 0
    var carry: [UInt8] = []

    // The document, and the line.
    var documentLine = 0
    var documentOffset = 0
    /// The document's first bytes, for the text of a reject.
    var head: [UInt8] = []
    /// Lines of the document before this one that are not rejected.
    var documentLines = 0
    var lineOffset: Int
    var hasContent = false
    var hasRecord = false
    var isRejected = false
    var lastRejected = 0
    var pending: FormatReject?
    var afterFault = false

    /// - Parameters: where the stream begins, and whether its documents are known to be lines.
    init(line: Int = 1, offset: Int = 0, isLines: Bool = false) {
        self.line = line
        self.offset = offset
        self.isLines = isLines
        lineOffset = offset
    }

    /// The unfinished document that waits for more: its line and offset; nil between documents.
    var unfinished: (line: Int, offset: Int)? {
        guard mode != .resync, !stack.isEmpty || mode != .structure else { return nil }
        return (documentLine, documentOffset)
    }

    // MARK: Feeding

    mutating func feed<Handler: JSONSplitHandler>(_ bytes: Bytes, _ handler: inout Handler) throws {
        var at = 0
        if offset == 0, bytes.has("\u{FEFF}") { at = 3 }
        while at < bytes.count {
            switch mode {
            case .structure: at = try structure(bytes, at, &handler)
            case .key: at = try readKey(bytes, at, &handler)
            case .value: at = try value(bytes, at, &handler)
            case .resync: at = try resync(bytes, at, &handler)
            }
        }
        if unfinished != nil { fillHead(bytes, bytes.count) }
        offset += bytes.count
    }

    /// The stream is over. What is unfinished is a reject.
    mutating func finish<Handler: JSONSplitHandler>(_ handler: inout Handler) throws {
        if unfinished != nil { try fail("more input is expected: the document is cut off", at: offset, &handler) }
        try emit(through: offset > lineOffset ? line : line - 1, &handler)
        if offset > lineOffset { endLine() }
    }

    // MARK: Between values

    mutating func structure<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ start: Int, _ handler: inout Handler
    ) throws -> Int {
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case 10:
                at += 1
                lineFeed(offset + at)
                continue
            case 32, 9, 13, 0x1E:
                at += 1
                continue
            default: break
            }
            hasContent = true
            switch (expected, byte) {
            case (.document, 123), (.document, 91):
                beginDocument(at)
                return try begin(bytes, at, nil, &handler)
            case (.document, 44), (.document, 93), (.document, 125):
                guard afterFault else { return try garbage(bytes, at, &handler) }
                // The rest of the container whose beginning was lost.
                isRejected = true
                at += 1
            case (.document, _): return try garbage(bytes, at, &handler)
            case (.valueOrClose, 93): at = try close(at, &handler)
            case (.value, 34), (.value, 45), (.value, 48...57), (.value, 116), (.value, 102), (.value, 110),
                (.value, 123), (.value, 91), (.value, 73), (.value, 78), (.valueOrClose, 34), (.valueOrClose, 45),
                (.valueOrClose, 48...57),
                (.valueOrClose, 116), (.valueOrClose, 102), (.valueOrClose, 110), (.valueOrClose, 123),
                (.valueOrClose, 91), (.valueOrClose, 73), (.valueOrClose, 78):
                // Python writes NaN and Infinity, which JSON does not know.
                if try beginsAnotherDocument(bytes, at, &handler) { return at }
                let isMember = !stack[stack.count - 1].isArray
                guard isMember else { return try begin(bytes, at, nil, &handler) }
                let name = key
                return try name.withUnsafeBytes { try begin(bytes, at, $0, &handler) }
            case (.keyOrClose, 34), (.key, 34):
                key.removeAll(keepingCapacity: true)
                mode = .key
                return at + 1
            case (.keyOrClose, 125): at = try close(at, &handler)
            case (.colon, 58):
                expected = .value
                at += 1
            case (.commaOrClose, 44):
                expected = stack[stack.count - 1].isArray ? .value : .key
                at += 1
            case (.commaOrClose, 93) where stack[stack.count - 1].isArray: at = try close(at, &handler)
            case (.commaOrClose, 125) where !stack[stack.count - 1].isArray: at = try close(at, &handler)
            default:
                if try beginsAnotherDocument(bytes, at, &handler) { return at }
                fillHead(bytes, at)
                try fail("\(Self.words(expected)) is expected", at: offset + at, &handler)
                return at
            }
            if mode != .structure { return at }
        }
        return at
    }

    static func words(_ expected: Expected) -> String {
        switch expected {
        case .document: "a document"
        case .value: "a value"
        case .valueOrClose: "a value or ']'"
        case .keyOrClose: "a key or '}'"
        case .key: "a key"
        case .colon: "':' after a key"
        case .commaOrClose: "',' or the end of the container"
        }
    }

    mutating func readKey<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ start: Int, _ handler: inout Handler
    ) throws -> Int {
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            if byte == 10 {
                fillHead(bytes, at)
                try fail("the end of a key is expected", at: offset + at, &handler)
                return at
            }
            at += 1
            if isEscaped {
                isEscaped = false
            } else if byte == 92 {
                isEscaped = true
            } else if byte == 34 {
                mode = .structure
                expected = .colon
                return at
            }
            if key.count < Self.keyLimit { key.append(byte) }
        }
        return at
    }

    mutating func beginDocument(_ at: Int) {
        documentLine = line
        documentOffset = offset + at
        head.removeAll(keepingCapacity: true)
        documentLines = 0
    }

    /// Keeps the beginning of the document, as far as `end` in the buffer.
    mutating func fillHead(_ bytes: Bytes, _ end: Int) {
        guard head.count < Self.headLimit else { return }
        let from = documentOffset + head.count - offset
        guard from >= 0, from < end else { return }
        head.append(contentsOf: bytes.slice(from, min(end, from + Self.headLimit - head.count)))
    }

    /// Where documents are lines, one that begins at the start of a line shows that the one before was cut off.
    mutating func beginsAnotherDocument<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ at: Int, _ handler: inout Handler
    ) throws -> Bool {
        let byte = bytes[at]
        guard isLines, byte == 123 || byte == 91, offset + at == lineOffset, !stack.isEmpty || !nest.isEmpty else {
            return false
        }
        fillHead(bytes, at)
        if documentLines > 0, lastRejected < line - 1 {
            documentLines -= 1
            counts.rejectedLines += 1
        }
        try fail("more input is expected: the line is cut off", at: offset + at, &handler)
        pending?.line = line - 1
        try emit(through: line - 1, &handler)
        (isRejected, lastRejected) = (false, line - 1)
        mode = .structure
        return true
    }

    /// A value begins at `at`.
    mutating func begin<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ at: Int, _ name: Bytes?, _ handler: inout Handler
    ) throws -> Int {
        let byte = bytes[at]
        let kind: JSONReader.Kind =
            switch byte {
            case 123: .object
            case 91: .array
            case 34: .string
            case 45, 48...57: .number
            default: .literal
            }
        (keeps, isProbed, isOversize, tag) = (false, false, false, 0)
        switch try handler.action(key: name, kind: kind, in: stack.last?.role ?? 0) {
        case .descend(let role) where byte == 123 || byte == 91:
            try push(role, isArray: byte == 91, &handler, at)
            return at + 1
        case .collect(let tag): (keeps, self.tag) = (true, tag)
        case .probe(let tag): (keeps, isProbed, self.tag) = (true, byte == 123, tag)
        default: break
        }
        mode = .value
        valueLine = line
        valueOffset = offset + at
        carry.removeAll(keepingCapacity: carry.capacity <= 1 << 20)
        nest.removeAll(keepingCapacity: true)
        (inString, isKey, isEscaped) = (byte == 34, false, false)
        isBare = kind == .number || kind == .literal
        if byte == 123 || byte == 91 { nest.append(byte == 123 ? 125 : 93) }
        isKey = isProbed
        return try value(bytes, at + 1, from: at, &handler)
    }

    mutating func push<Handler: JSONSplitHandler>(
        _ role: UInt8, isArray: Bool, _ handler: inout Handler, _ at: Int
    ) throws {
        guard stack.count < Self.deepest else {
            return try fail("fewer than \(Self.deepest) levels are expected", at: offset + at, &handler)
        }
        stack.append(Frame(role: role, isArray: isArray))
        mode = .structure
        expected = isArray ? .valueOrClose : .keyOrClose
        handler.opened(role, line: line, offset: offset + at)
    }

    mutating func close<Handler: JSONSplitHandler>(_ at: Int, _ handler: inout Handler) throws -> Int {
        try handler.closed(stack.removeLast().role)
        try ended(&handler)
        return at + 1
    }

    /// A value is over.
    mutating func ended<Handler: JSONSplitHandler>(_ handler: inout Handler) throws {
        mode = .structure
        expected = stack.isEmpty ? .document : .commaOrClose
        guard stack.isEmpty else { return }
        if try handler.documentEnded(failed: false) {
            counts.contentLines += documentLines
            hasRecord = true
        } else {
            counts.emptyLines += documentLines
        }
        documentLines = 0
        if documentLine == line { isLines = true }
    }
}
