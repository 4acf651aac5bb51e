/// Text made fit for Markdown: whatever stands in a log line, it stays one piece of text where it was put.
///
/// Signs of Markdown and HTML are escaped, control characters and those that turn the reading direction are made visible, line
/// breaks become blanks, addresses don't become links and `@name` calls nobody.
enum MarkdownText {
    static func escaped(_ text: String) -> String {
        var out = ""
        let scalars = Array(text.unicodeScalars)
        for (place, scalar) in scalars.enumerated() {
            switch scalar {
            case "\\", "`", "*", "_", "[", "]", "|", "#", "~", "$", "!": out += "\\" + String(scalar)
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "&": out += "&amp;"
            case "@": out += "&#64;"
            // http:// and www. would become links by themselves.
            case ":" where place + 1 < scalars.count && scalars[place + 1] == "/": out += "\\:"
            case "." where place >= 3 && scalars[place - 3..<place].allSatisfy({ $0 == "w" || $0 == "W" }): out += "\\."
            // At the start of a line they would make a list, a heading or a quotation.
            case "-" where place == 0, "+" where place == 0, "=" where place == 0: out += "\\" + String(scalar)
            case "." where endsNumber(scalars, place), ")" where endsNumber(scalars, place):
                out += "\\" + String(scalar)
            default: out += visible(scalar)
            }
        }
        return out
    }

    /// `1.` and `1)` at the start of a line begin a list.
    private static func endsNumber(_ scalars: [Unicode.Scalar], _ place: Int) -> Bool {
        guard place > 0, place < 10, place + 1 == scalars.count || scalars[place + 1] == " " else { return false }
        return scalars[..<place].allSatisfy { ("0"..."9").contains($0) }
    }

    /// As code: in its own signs, longer than any run of them inside. A bar would end a table's cell even there.
    static func code(_ text: String) -> String {
        var body = ""
        var run = 0
        var longest = 0
        for scalar in text.unicodeScalars {
            run = scalar == "`" ? run + 1 : 0
            longest = max(longest, run)
            body += scalar == "|" ? "\\|" : visible(scalar)
        }
        guard !body.isEmpty else { return "" }
        let fence = String(repeating: "`", count: longest + 1)
        let pad = body.hasPrefix("`") || body.hasSuffix("`") || body.hasPrefix(" ") && body.hasSuffix(" ") ? " " : ""
        return fence + pad + body + pad + fence
    }

    private static func visible(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 9, 10, 13: return " "
        case 0..<32: return String(Unicode.Scalar(0x2400 + scalar.value)!)
        case 127: return "\u{2421}"
        case 0x80...0x9F, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
            0xFFF9...0xFFFB,
            0xE0000...0xE007F:
            return "⟨U+" + String(scalar.value, radix: 16, uppercase: true) + "⟩"
        default: return String(scalar)
        }
    }
}
