import TidemarkBase

/// What becomes of a value that a ``JSONSplitter`` meets.
enum JSONSplitAction {
    /// Its members are met one by one; the number comes back with them.
    case descend(UInt8)
    /// It is delivered as a whole; the number comes back with it.
    case collect(UInt8)
    /// As `collect`, but a key of it may still turn it into a container, see ``JSONSplitHandler/container(key:)``.
    case probe(UInt8)
    case skip
}

/// Decides about the values that a ``JSONSplitter`` meets, and takes them.
protocol JSONSplitHandler {
    /// - Parameters:
    ///   - key: of a member; nil for an element, and for a document.
    ///   - role: of the container that was descended into; 0 for a document.
    mutating func action(key: Bytes?, kind: JSONReader.Kind, in role: UInt8) throws -> JSONSplitAction
    /// Role of the probed object when this key of it shows that it is a container; nil: not yet.
    mutating func container(key: Bytes) -> UInt8?
    /// A container is entered.
    mutating func opened(_ role: UInt8)
    mutating func closed(_ role: UInt8) throws
    /// Takes a collected value. `line` and `offset` are those of its first byte.
    /// - Returns: why it can't be used; nil when it can.
    mutating func collected(_ tag: UInt8, _ bytes: Bytes, line: Int, offset: Int) throws -> String?
    /// A document is over, completely or (`failed`) not.
    /// - Returns: whether a record came out of it.
    mutating func documentEnded(failed: Bool) throws -> Bool
    mutating func reject(_ reject: FormatReject) throws
}

/// Where lines went. `lines` = content + empty documents + blank + rejected.
struct JSONSplitCounts: Sendable, Equatable {
    var lines = 0
    /// Lines of documents with records.
    var contentLines = 0
    /// Lines of documents without any.
    var emptyLines = 0
    var blankLines = 0
    var rejectedLines = 0
}

/// Cuts a stream of JSON documents, one a line or spread over many, into the values that a handler asks for. The stream
/// comes in buffers of any size; the memory is the largest collected value, however large a document is.
///
/// The structure is checked as far as it is walked: brackets, commas, keys and the ends of strings. A fault of the
/// structure is one reject; reading goes on at the next line that begins as a document does. Time: linear.
struct JSONSplitter {
    /// Values beyond this are rejected, not collected.
    static let valueLimit = 16 << 20
    private static let deepest = 200
    private static let keyLimit = 256
    /// Bytes of a document's beginning in a reject. Ids stand there; what users wrote comes later.
    private static let headLimit = 100

    private enum Mode { case structure, key, value, resync }
    /// What may come next in `structure`.
    private enum Expected { case document, value, valueOrClose, keyOrClose, key, colon, commaOrClose }

    private struct Frame {
        var role: UInt8
        var isArray: Bool
    }

    private(set) var counts = JSONSplitCounts()
    /// Line of the next byte, 1-based, and its offset.
    private(set) var line: Int
    private(set) var offset: Int
    /// Whether documents were seen to be lines.
    private(set) var isLines: Bool

    private var mode = Mode.structure
    private var expected = Expected.document
    private var stack: [Frame] = []
    private var key: [UInt8] = []
    private var isEscaped = false

    // The value that is being passed.
    private var nest: [UInt8] = []
    private var keeps = false
    private var isProbed = false
    private var inString = false
    private var isKey = false
    private var isBare = false
    private var isOversize = false
    private var tag: UInt8 = 0
    private var valueLine = 0
    private var valueOffset = 0
    private var carry: [UInt8] = []

    // The document, and the line.
    private var documentLine = 0
    private var documentOffset = 0
    /// The document's first bytes, for the text of a reject.
    private var head: [UInt8] = []
    /// Lines of the document before this one that are not rejected.
    private var documentLines = 0
    private var lineOffset: Int
    private var hasContent = false
    private var hasRecord = false
    private var isRejected = false
    private var lastRejected = 0
    private var pending: FormatReject?
    private var afterFault = false

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

    private mutating func structure<Handler: JSONSplitHandler>(
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
                (.value, 123), (.value, 91), (.valueOrClose, 34), (.valueOrClose, 45), (.valueOrClose, 48...57),
                (.valueOrClose, 116), (.valueOrClose, 102), (.valueOrClose, 110), (.valueOrClose, 123),
                (.valueOrClose, 91):
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

    private static func words(_ expected: Expected) -> String {
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

    private mutating func readKey<Handler: JSONSplitHandler>(
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

    private mutating func beginDocument(_ at: Int) {
        documentLine = line
        documentOffset = offset + at
        head.removeAll(keepingCapacity: true)
        documentLines = 0
    }

    /// Keeps the beginning of the document, as far as `end` in the buffer.
    private mutating func fillHead(_ bytes: Bytes, _ end: Int) {
        guard head.count < Self.headLimit else { return }
        let from = documentOffset + head.count - offset
        guard from >= 0, from < end else { return }
        head.append(contentsOf: bytes.slice(from, min(end, from + Self.headLimit - head.count)))
    }

    /// Where documents are lines, one that begins at the start of a line shows that the one before was cut off.
    private mutating func beginsAnotherDocument<Handler: JSONSplitHandler>(
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
    private mutating func begin<Handler: JSONSplitHandler>(
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

    private mutating func push<Handler: JSONSplitHandler>(
        _ role: UInt8, isArray: Bool, _ handler: inout Handler, _ at: Int
    ) throws {
        guard stack.count < Self.deepest else {
            return try fail("fewer than \(Self.deepest) levels are expected", at: offset + at, &handler)
        }
        stack.append(Frame(role: role, isArray: isArray))
        mode = .structure
        expected = isArray ? .valueOrClose : .keyOrClose
        handler.opened(role)
    }

    private mutating func close<Handler: JSONSplitHandler>(_ at: Int, _ handler: inout Handler) throws -> Int {
        try handler.closed(stack.removeLast().role)
        try ended(&handler)
        return at + 1
    }

    /// A value is over.
    private mutating func ended<Handler: JSONSplitHandler>(_ handler: inout Handler) throws {
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

    // MARK: Inside a value

    private mutating func value<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ start: Int, _ handler: inout Handler
    ) throws -> Int {
        try value(bytes, start, from: start, &handler)
    }

    /// Passes over a value, or as much of it as the buffer holds. `from` is where what isn't in `carry` begins.
    private mutating func value<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ start: Int, from: Int, _ handler: inout Handler
    ) throws -> Int {
        var at = start
        while at < bytes.count {
            if inString {
                at = skipString(bytes, at)
                if inString, at < bytes.count, bytes[at] == 10 {
                    fillHead(bytes, at)
                    try fail("the end of a string is expected", at: offset + at, &handler)
                    return at
                }
                if inString { break }
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
                if isProbed, nest.count == 1, isKey {
                    isKey = false
                    let name = key
                    if let role = name.withUnsafeBytes({ handler.container(key: $0) }) {
                        carry.removeAll(keepingCapacity: true)
                        nest.removeAll(keepingCapacity: true)
                        try push(role, isArray: false, &handler, at)
                        expected = .colon
                        return at
                    }
                }
                continue
            }
            let byte = bytes[at]
            switch byte {
            case 34:
                guard !isBare else { return try mismatch(bytes, at, &handler) }
                inString = true
                if isProbed, nest.count == 1, isKey { key.removeAll(keepingCapacity: true) }
                at += 1
            case 123, 91:
                if try beginsAnotherDocument(bytes, at, &handler) { return at }
                guard !isBare, nest.count < Self.deepest else { return try mismatch(bytes, at, &handler) }
                nest.append(byte == 123 ? 125 : 93)
                at += 1
            case 125, 93:
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
                guard nest.removeLast() == byte else { return try mismatch(bytes, at, &handler) }
                at += 1
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
            case 44:
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
                if isProbed, nest.count == 1 { isKey = true }
                at += 1
            case 10:
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
                at += 1
                lineFeed(offset + at)
            case 32, 9, 13:
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
                at += 1
            default: at += 1
            }
        }
        keep(bytes, from, at)
        return at
    }

    private mutating func mismatch<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ at: Int, _ handler: inout Handler
    ) throws -> Int {
        fillHead(bytes, at)
        try fail("brackets that match are expected", at: offset + at, &handler)
        return at
    }

    /// The index behind the string's end, with `inString` false; or where the buffer or the line ends.
    @inline(__always) private mutating func skipString(_ bytes: Bytes, _ start: Int) -> Int {
        let takesKey = isProbed && isKey && nest.count == 1
        var at = start
        while at < bytes.count {
            if !isEscaped, !takesKey {
                // Eight bytes at a time, until one of them is a quote, a backslash or a line feed.
                while at + 8 <= bytes.count {
                    let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    if Self.has(word, 34) | Self.has(word, 92) | Self.has(word, 10) != 0 { break }
                    at += 8
                }
                guard at < bytes.count else { break }
            }
            let byte = bytes[at]
            if byte == 10 { return at }
            at += 1
            if isEscaped {
                isEscaped = false
            } else if byte == 92 {
                isEscaped = true
            } else if byte == 34 {
                inString = false
                return at
            }
            if takesKey, key.count < Self.keyLimit { key.append(byte) }
        }
        return at
    }

    /// Not zero when a byte of `word` is `byte` (and perhaps when a byte beside it nearly is).
    @inline(__always) private static func has(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }

    private mutating func keep(_ bytes: Bytes, _ from: Int, _ to: Int) {
        guard keeps, to > from else { return }
        guard carry.count + to - from <= Self.valueLimit else {
            (keeps, isOversize) = (false, true)
            carry = []
            return
        }
        carry.append(contentsOf: bytes.slice(from, to))
    }

    /// The value ends before `end`.
    private mutating func complete<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ from: Int, _ end: Int, _ handler: inout Handler
    ) throws -> Int {
        hasContent = true
        var reason: String?
        if keeps, carry.count + end - from > Self.valueLimit {
            (keeps, isOversize) = (false, true)
        }
        if keeps {
            if carry.isEmpty {
                reason = try handler.collected(tag, bytes.slice(from, end), line: valueLine, offset: valueOffset)
            } else {
                carry.append(contentsOf: bytes.slice(from, end))
                reason = try carry.withUnsafeBytes {
                    try handler.collected(tag, $0, line: valueLine, offset: valueOffset)
                }
            }
        } else if isOversize {
            reason = "it is larger than \(Self.valueLimit >> 20) MiB"
        }
        (keeps, isProbed) = (false, false)
        if let reason {
            let lines = markRejected(from: valueLine)
            // Not the value itself: it may hold what users wrote.
            try handler.reject(
                FormatReject(line: valueLine, offset: valueOffset, reason: reason, text: "", lineCount: lines))
        }
        try ended(&handler)
        return end
    }

    // MARK: Faults

    private mutating func garbage<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ at: Int, _ handler: inout Handler
    ) throws -> Int {
        beginDocument(at)
        try fail("a JSON object or array is expected", at: offset + at, &handler)
        return at
    }

    /// The structure is broken at `fault` (an offset of the stream): the document ends here.
    private mutating func fail<Handler: JSONSplitHandler>(
        _ reason: String, at fault: Int, _ handler: inout Handler
    ) throws {
        stack.removeAll(keepingCapacity: true)
        nest.removeAll(keepingCapacity: true)
        carry.removeAll(keepingCapacity: carry.capacity <= 1 << 20)
        (keeps, isProbed, inString, isEscaped, isBare) = (false, false, false, false, false)
        if try handler.documentEnded(failed: true) {
            counts.contentLines += documentLines
        } else {
            counts.rejectedLines += documentLines
        }
        documentLines = 0
        isRejected = true
        lastRejected = line
        afterFault = true
        mode = .resync
        expected = .document
        pending = FormatReject(line: line, offset: fault, reason: reason, text: "")
    }

    /// Passes on the reject that waits; it concerns the lines up to `last`.
    private mutating func emit<Handler: JSONSplitHandler>(through last: Int, _ handler: inout Handler) throws {
        guard var reject = pending else { return }
        pending = nil
        reject.lineCount = max(1, last - reject.line + 1)
        while let last = head.last, last <= 32 { head.removeLast() }
        reject.text = head.withUnsafeBytes { $0.text(limit: Self.headLimit) }
        try handler.reject(reject)
    }

    /// Looks for the next line that begins as a document does.
    private mutating func resync<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ start: Int, _ handler: inout Handler
    ) throws -> Int {
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            if offset + at == lineOffset, offset + at > documentOffset, byte == 123 || byte == 91 {
                try emit(through: line - 1, &handler)
                isRejected = false
                mode = .structure
                return at
            }
            hasContent = hasContent || byte > 32
            if byte == 10 {
                at += 1
                lineFeed(offset + at)
                isRejected = true
                lastRejected = line
            } else {
                let end = bytes.firstIndex(of: 10, from: at) ?? bytes.count
                if pending?.line == line { fillHead(bytes, end) }
                hasContent = true
                at = end
            }
        }
        return at
    }

    // MARK: Lines

    /// A line feed was passed; the next line begins at the offset `next`.
    private mutating func lineFeed(_ next: Int) {
        endLine()
        line += 1
        lineOffset = next
        (hasContent, hasRecord, isRejected) = (false, false, false)
    }

    private mutating func endLine() {
        counts.lines += 1
        if isRejected {
            counts.rejectedLines += 1
        } else if unfinished != nil {
            documentLines += 1
        } else if !hasContent {
            counts.blankLines += 1
        } else if hasRecord {
            counts.contentLines += 1
        } else {
            counts.emptyLines += 1
        }
    }

    /// The lines from `first` to this one hold something that can't be used.
    /// - Returns: how many they are.
    private mutating func markRejected(from first: Int) -> Int {
        let moved = max(0, line - max(first, lastRejected + 1))
        documentLines -= moved
        counts.rejectedLines += moved
        isRejected = true
        lastRejected = line
        return line - first + 1
    }
}
