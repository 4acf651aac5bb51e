/// A piece of a template, as Go's `text/template/parse` cuts it.
struct TemplateToken: Equatable {
    enum Kind: Equatable {
        /// Text outside of actions.
        case text
        /// `{{` and `}}`, with or without trim markers.
        case leftDelimiter, rightDelimiter
        case space
        case identifier, keyword, variable, field, dot, boolean, nothing, number, string
        case leftParenthesis, rightParenthesis, pipe, declare, assign
        /// Any other printable ASCII character.
        case character
        case end
        /// What the lexer could not read; the reason.
        case failure(String)
    }

    var kind: Kind
    var text: String
    /// Offset in bytes.
    var start: Int

    /// The token in a message.
    var described: String {
        switch kind {
        case .end: "the end of the text"
        case .leftDelimiter: "\"{{\""
        case .rightDelimiter: "\"}}\""
        case .space: "a space"
        case .keyword: "{{\(text)}}"
        default: "\"\(text)\""
        }
    }
}

/// A template that does not parse.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    public let message: String
    /// Offset in the template, in bytes.
    public let offset: Int

    public var description: String { message }
}
