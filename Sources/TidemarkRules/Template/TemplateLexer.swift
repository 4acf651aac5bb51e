/// Cuts a template into tokens by the rules of Go's `text/template/parse/lex.go`.
struct TemplateLexer {
    static let keywords: Set<String> = [
        "block", "break", "continue", "define", "else", "end", "if", "range", "template", "with",
    ]

    private let bytes: [UInt8]
    private var at = 0
    private var parentheses = 0
    private var tokens: [TemplateToken] = []

    /// All tokens; the last one is `.end` or a failure.
    static func tokens(of text: String) -> [TemplateToken] {
        var lexer = TemplateLexer(bytes: Array(text.utf8))
        while lexer.text() {}
        return lexer.tokens
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func push(_ kind: TemplateToken.Kind, _ start: Int) {
        tokens.append(
            TemplateToken(kind: kind, text: String(decoding: bytes[start..<at], as: UTF8.self), start: start))
    }

    private mutating func fail(_ reason: String, _ start: Int) -> Bool {
        tokens.append(TemplateToken(kind: .failure(reason), text: "", start: start))
        return false
    }

    private func has(_ text: StaticString, at index: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard index >= 0, index + length <= bytes.count else { return false }
        return (0..<length).allSatisfy { bytes[index + $0] == text.utf8Start[$0] }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 || byte == 10 }

    /// Letters outside of ASCII count as letters; the few other characters there cannot occur in a known name anyway.
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte == 95 || byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 || byte >= 128
    }

    // MARK: outside of actions

    /// Reads text, the delimiter behind it and the action behind that. False at the end.
    private mutating func text() -> Bool {
        let start = at
        while at < bytes.count, !has("{{", at: at) { at += 1 }
        if at > start { push(.text, start) }
        guard at < bytes.count else {
            push(.end, at)
            return false
        }
        let open = at
        let trims = at + 3 < bytes.count && bytes[at + 2] == 45 && Self.isSpace(bytes[at + 3])
        at += trims ? 3 : 2
        let comment = trims ? at + 1 : at
        if has("/*", at: comment) { return self.comment(comment, open) }
        push(.leftDelimiter, open)
        parentheses = 0
        return action(open)
    }

    private mutating func comment(_ start: Int, _ open: Int) -> Bool {
        at = start + 2
        while at < bytes.count, !has("*/", at: at) { at += 1 }
        guard at < bytes.count else { return fail("unclosed comment", open) }
        at += 2
        guard let end = rightDelimiter(at) else { return fail("comment ends before closing delimiter", open) }
        at = end
        return true
    }

    /// The index behind the closing delimiter at `index`, its trim marker included.
    private func rightDelimiter(_ index: Int) -> Int? {
        if has("}}", at: index) { return index + 2 }
        if index < bytes.count, Self.isSpace(bytes[index]), has("-}}", at: index + 1) { return index + 4 }
        return nil
    }

    // MARK: inside of actions

    private mutating func action(_ open: Int) -> Bool {
        while true {
            let start = at
            if let end = rightDelimiter(at) {
                guard parentheses == 0 else { return fail("unclosed left paren", start) }
                at = end
                push(.rightDelimiter, start)
                return true
            }
            guard at < bytes.count else { return fail("unclosed action", open) }
            guard token(start) else { return false }
        }
    }

    private mutating func token(_ start: Int) -> Bool {
        let byte = bytes[at]
        at += 1
        switch byte {
        case 32, 9, 10, 13:
            // A space before a closing trim marker belongs to the marker.
            while at < bytes.count, Self.isSpace(bytes[at]), rightDelimiter(at) == nil { at += 1 }
            push(.space, start)
        case UInt8(ascii: "="): push(.assign, start)
        case UInt8(ascii: ":"):
            guard has("=", at: at) else { return fail("expected :=", start) }
            at += 1
            push(.declare, start)
        case UInt8(ascii: "|"): push(.pipe, start)
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return quoted(byte, start)
        case UInt8(ascii: "`"):
            while at < bytes.count, bytes[at] != 96 { at += 1 }
            guard at < bytes.count else { return fail("unterminated raw quoted string", start) }
            at += 1
            push(.string, start)
        case UInt8(ascii: "$"): return name(.variable, start)
        case UInt8(ascii: ".") where at >= bytes.count || bytes[at] &- 48 >= 10: return name(.field, start)
        case UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"), 48...57:
            at = start
            return number(start)
        case UInt8(ascii: "("):
            parentheses += 1
            push(.leftParenthesis, start)
        case UInt8(ascii: ")"):
            parentheses -= 1
            guard parentheses >= 0 else { return fail("unexpected right paren", start) }
            push(.rightParenthesis, start)
        case _ where Self.isAlphanumeric(byte): return name(.identifier, start)
        case 33..<127: push(.character, start)
        default: return fail("unrecognized character in action", start)
        }
        return true
    }

    private mutating func name(_ kind: TemplateToken.Kind, _ start: Int) -> Bool {
        while at < bytes.count, Self.isAlphanumeric(bytes[at]) { at += 1 }
        if kind == .field, at == start + 1 {
            guard isTerminated else { return badCharacter() }
            push(.dot, start)
            return true
        }
        guard isTerminated else { return badCharacter() }
        guard kind == .identifier else {
            push(kind, start)
            return true
        }
        let word = String(decoding: bytes[start..<at], as: UTF8.self)
        switch word {
        case "true", "false": push(.boolean, start)
        case "nil": push(.nothing, start)
        default: push(Self.keywords.contains(word) ? .keyword : .identifier, start)
        }
        return true
    }

    /// Whether what stands here can follow a name.
    private var isTerminated: Bool {
        guard at < bytes.count else { return true }
        if Self.isSpace(bytes[at]) || has("}}", at: at) { return true }
        return [46, 44, 124, 58, 41, 40].contains(bytes[at])
    }

    private mutating func badCharacter() -> Bool {
        fail("bad character '\(Character(Unicode.Scalar(bytes[at])))' in a name", at)
    }

    private mutating func quoted(_ quote: UInt8, _ start: Int) -> Bool {
        while at < bytes.count, bytes[at] != quote, bytes[at] != 10 { at += bytes[at] == 92 ? 2 : 1 }
        guard at < bytes.count, bytes[at] == quote else {
            at = bytes.count
            return fail("unterminated \(quote == 34 ? "quoted string" : "character constant")", start)
        }
        at += 1
        guard TemplateLiteral.isQuoted(bytes[(start + 1)..<(at - 1)], quote: quote) else {
            return fail("invalid \(quote == 34 ? "escape in a string" : "character constant")", start)
        }
        push(quote == 34 ? .string : .number, start)
        return true
    }

    private mutating func number(_ start: Int) -> Bool {
        while at < bytes.count {
            let byte = bytes[at]
            let isSign = byte == 43 || byte == 45
            guard Self.isAlphanumeric(byte) || byte == 46 || isSign && (at == start || isExponent(at - 1, start)) else {
                break
            }
            at += 1
        }
        guard TemplateLiteral.isNumber(bytes[start..<at]) else {
            let text = String(decoding: bytes[start..<at], as: UTF8.self)
            return fail("bad number syntax: \"\(text)\"", start)
        }
        push(.number, start)
        return true
    }

    /// Whether the letter at `index` of the number that begins at `start` calls for an exponent.
    private func isExponent(_ index: Int, _ start: Int) -> Bool {
        let isHexadecimal = bytes[start..<index].contains { $0 | 0x20 == 120 }
        return bytes[index] | 0x20 == (isHexadecimal ? 112 : 101)
    }
}
