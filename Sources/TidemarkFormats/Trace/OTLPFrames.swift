import TidemarkBase

/// Takes apart what a collector's file exporter writes in protobuf or with compression: four bytes of length, big-endian,
/// and a message; each message a Zstandard frame of its own, or plain; in protobuf or JSON. Every message becomes a line of
/// OTLP/JSON.
public struct OTLPFrames: ~Copyable {
    private var pending: [UInt8] = []
    private var offset = 0
    /// Messages begun so far.
    public private(set) var messages = 0
    public private(set) var damaged = 0
    /// No length was to be found any more.
    private var isLost = false

    /// A longer message is none.
    private static let longest = 64 << 20

    public init() {}

    /// Takes the next bytes; `line` gets the lines, `reject` the messages that can't be read (each stands for an empty
    /// line, so that lines and messages have the same numbers).
    public mutating func feed(
        _ bytes: Bytes, line: (Bytes) throws -> Void, reject: (FormatReject) throws -> Void
    ) throws {
        guard !isLost else { return }
        pending.append(contentsOf: bytes)
        var at = 0
        while pending.count - at >= 4 {
            let length = (0..<4).reduce(0) { $0 << 8 | Int(pending[at + $1]) }
            guard length > 0, length <= Self.longest else {
                isLost = true
                try damage("the length of a message", line, reject)
                break
            }
            guard pending.count - at - 4 >= length else { break }
            messages += 1
            var out = ByteWriter(capacity: length * 2)
            let failure = pending.withUnsafeBytes { Self.convert($0.slice(at + 4, at + 4 + length), &out) }
            if let failure {
                damaged += 1
                try reject(FormatReject(line: messages, offset: offset, reason: "expected \(failure)", text: ""))
                out = ByteWriter()
            }
            out.write("\n")
            try out.bytes.withUnsafeBytes { try line($0) }
            at += 4 + length
            offset += 4 + length
        }
        if at > 0 { pending.removeFirst(at) }
    }

    /// The stream is over: a message that is cut off is a reject.
    public mutating func finish(line: (Bytes) throws -> Void, reject: (FormatReject) throws -> Void) throws {
        guard !isLost, !pending.isEmpty else { return }
        try damage("the rest of a message", line, reject)
    }

    private mutating func damage(
        _ expected: String, _ line: (Bytes) throws -> Void, _ reject: (FormatReject) throws -> Void
    ) throws {
        messages += 1
        damaged += 1
        try reject(FormatReject(line: messages, offset: offset, reason: "expected \(expected)", text: ""))
        try withBytes(of: "\n") { try line($0) }
    }

    /// - Returns: what was expected and not found; nil when all is well.
    private static func convert(_ message: Bytes, _ out: inout ByteWriter) -> String? {
        if message.count >= 4, message[0] == 0x28, message[1] == 0xB5, message[2] == 0x2F, message[3] == 0xFD {
            do {
                let plain = try Zstandard.decompress(message)
                return plain.withUnsafeBytes { convertPlain($0, &out) }
            } catch {
                return "a whole Zstandard frame (\(error.expected) at byte \(error.offset))"
            }
        }
        return convertPlain(message, &out)
    }

    private static func convertPlain(_ message: Bytes, _ out: inout ByteWriter) -> String? {
        if message.first == 123 {
            // JSON: its line breaks, if any, stand between values.
            for byte in message { out.write(byte: byte == 10 || byte == 13 ? 32 : byte) }
            return nil
        }
        do {
            try OTLPMessage.json(message, into: &out)
            return nil
        } catch {
            return "a request in protobuf (byte \(error.offset) of a part)"
        }
    }
}
