import TidemarkBase

/// A piece of an input that no record could be made of. Parsing goes on behind it.
public struct FormatReject: Sendable, Equatable {
    /// 1-based number of the first line concerned.
    public var line: Int
    /// How many lines are concerned; 0: it shares its line with what was read before it, as two lines of a server do that a
    /// runtime put into one.
    public var lineCount: Int
    /// Offset (decompressed) of the first byte concerned.
    public var offset: Int
    /// What was expected or what is wrong, in words.
    public var reason: String
    /// The beginning of the text, at most ``textLimit`` bytes.
    public var text: String

    public static let textLimit = 240

    public init(line: Int, offset: Int, reason: String, text: String, lineCount: Int = 1) {
        self.line = line
        self.lineCount = lineCount
        self.offset = offset
        self.reason = reason
        self.text = text
    }

    init(_ line: borrowing Line, _ reason: String) {
        self.init(
            line: line.number, offset: line.offset, reason: reason, text: line.bytes.text(limit: Self.textLimit))
    }
}
