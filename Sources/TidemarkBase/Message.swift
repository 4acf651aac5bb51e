/// A sentence that keeps what was filled into it apart, so that it can be said in another language.
///
/// It is written like a string: `"\(name) waited \(percent(share)) of the time"` is the pattern `{0} waited {1} of the time`
/// with two arguments, of which the second is a message itself. ``text`` is the English sentence.
public struct Message: Sendable, Hashable {
    public indirect enum Argument: Sendable, Hashable {
        /// The same in every language: a number, a name, a line of a log.
        case verbatim(String)
        case message(Message)
    }

    /// `{0}`, `{1}`… stand for the arguments; a translation may change their order.
    public var pattern: String
    public var arguments: [Argument]

    public init(pattern: String, arguments: [Argument] = []) {
        self.pattern = pattern
        self.arguments = arguments
    }

    /// What no language changes.
    public init(verbatim text: some StringProtocol) {
        self.init(pattern: "{0}", arguments: [.verbatim(String(text))])
    }

    public var isEmpty: Bool { text.isEmpty }

    /// In English.
    public var text: String {
        Self.fill(
            pattern,
            arguments.map {
                switch $0 {
                case .verbatim(let text): text
                case .message(let message): message.text
                }
            })
    }

    /// `pattern` with `{0}`, `{1}`… replaced. What is filled in is not looked into again.
    public static func fill(_ pattern: String, _ values: [String]) -> String {
        guard !values.isEmpty else { return pattern }
        var out: [UInt8] = []
        let bytes = Array(pattern.utf8)
        var at = 0
        while at < bytes.count {
            if let (number, end) = placeholder(bytes, at), number < values.count {
                out.append(contentsOf: values[number].utf8)
                at = end
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The number of the placeholder that begins at `start`, and where it ends.
    private static func placeholder(_ bytes: [UInt8], _ start: Int) -> (number: Int, end: Int)? {
        guard bytes[start] == UInt8(ascii: "{") else { return nil }
        var number = 0
        var at = start + 1
        while at < bytes.count, at < start + 4, (48...57).contains(bytes[at]) {
            number = number * 10 + Int(bytes[at] - 48)
            at += 1
        }
        guard at > start + 1, at < bytes.count, bytes[at] == UInt8(ascii: "}") else { return nil }
        return (number, at + 1)
    }

    public static func + (a: Message, b: Message) -> Message { "\(a)\(b)" }

    /// `a, b, c`.
    public static func list(_ items: [Message]) -> Message { joined(items, by: ", ") }
    public static func list(_ items: some Sequence<String>) -> Message { list(items.map { Message(verbatim: $0) }) }

    /// One behind the other.
    public static func sentences(_ items: [Message]) -> Message {
        items.dropFirst().reduce(items.first ?? "") { "\($0) \($1)" }
    }

    /// With a text between two of them; the text is translated too.
    public static func joined(_ items: [Message], by separator: Message) -> Message {
        // By halves, so that a long list is not a deep one.
        guard items.count > 1 else { return items.first ?? "" }
        let half = items.count / 2
        return
            "\(joined(Array(items[..<half]), by: separator))\(separator)\(joined(Array(items[half...]), by: separator))"
    }
}

extension Message: ExpressibleByStringInterpolation, CustomStringConvertible {
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var pattern = ""
        fileprivate var arguments: [Argument] = []

        public init(literalCapacity: Int, interpolationCount: Int) {}

        public mutating func appendLiteral(_ literal: String) { pattern += literal }

        public mutating func appendInterpolation(_ message: Message) { append(.message(message)) }
        public mutating func appendInterpolation(_ text: some StringProtocol) { append(.verbatim(String(text))) }
        public mutating func appendInterpolation(_ number: some BinaryInteger) { append(.verbatim(String(number))) }

        private mutating func append(_ argument: Argument) {
            pattern += "{\(arguments.count)}"
            arguments.append(argument)
        }
    }

    public init(stringLiteral value: String) { self.init(pattern: value) }

    public init(stringInterpolation: StringInterpolation) {
        self.init(pattern: stringInterpolation.pattern, arguments: stringInterpolation.arguments)
    }

    public var description: String { text }
}

// MARK: - As JSON

extension Message {
    /// `["pattern", "argument", ["pattern of a message", …], …]`.
    public var json: String {
        var out = ByteWriter()
        write(to: &out)
        return out.text
    }

    private func write(to out: inout ByteWriter) {
        out.write("[")
        out.writeJSONString(pattern)
        for argument in arguments {
            out.write(",")
            switch argument {
            case .verbatim(let text): out.writeJSONString(text)
            case .message(let message): message.write(to: &out)
            }
        }
        out.write("]")
    }

    /// - Throws: `JSONReader.JSONError` for anything but the form of ``json``.
    public init(json bytes: Bytes) throws {
        var reader = JSONReader(bytes)
        self = try Message(&reader)
        guard try reader.peek() == .end else {
            throw JSONReader.JSONError(offset: reader.offset, expected: "the end")
        }
    }

    private init(_ reader: inout JSONReader) throws {
        var pattern: String?
        var arguments: [Argument] = []
        try reader.array { reader in
            if pattern == nil {
                pattern = try reader.string().text
            } else if try reader.peek() == .array {
                arguments.append(.message(try Message(&reader)))
            } else {
                arguments.append(.verbatim(try reader.string().text))
            }
        }
        self.init(pattern: pattern ?? "", arguments: arguments)
    }
}
