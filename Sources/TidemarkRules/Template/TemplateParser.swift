/// Checks templates by the grammar of Go's `text/template`, with the functions and variables that Prometheus gives to
/// the labels and annotations of alerts. Nothing is executed.
///
/// Source: Go `text/template/parse/parse.go`; Prometheus 3.14 `template/template.go`, `rules/alerting.go`.
public struct TemplateParser {
    /// The variables that Prometheus defines in front of every template.
    public static let alertVariables = ["$", "$labels", "$externalLabels", "$externalURL", "$value"]

    /// The functions of Go's templates and those of Prometheus.
    public static let functions: Set<String> = [
        "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf",
        "println", "slice", "urlquery",
        "args", "externalURL", "first", "graphLink", "humanize", "humanize1024", "humanizeDuration",
        "humanizePercentage", "humanizeTimestamp", "label", "match", "now", "parseDuration", "parseDurationTime",
        "pathPrefix", "query", "reReplaceAll", "safeHtml", "sortByLabel", "stripDomain", "stripPort", "strvalue",
        "tableLink", "title", "tmpl", "toDuration", "toLower", "toTime", "toUpper", "urlQueryEscape", "value",
    ]

    /// Levels of control structures and parentheses: enough for any template, few enough for any stack.
    static let deepest = 200

    private let tokens: [TemplateToken]
    private var at = 0
    private var variables: [String]
    private var ranges = 0
    private var depth = 0

    /// Checks the template of a label or an annotation.
    /// - Throws: the first error, with its place.
    public static func check(_ text: String) throws(TemplateError) {
        var parser = TemplateParser(tokens: TemplateLexer.tokens(of: text), variables: alertVariables)
        try parser.document()
    }

    private init(tokens: [TemplateToken], variables: [String]) {
        self.tokens = tokens
        self.variables = variables
    }

    // MARK: tokens

    private var token: TemplateToken { tokens[at] }

    private mutating func next() -> TemplateToken {
        defer { at = min(at + 1, tokens.count - 1) }
        return tokens[at]
    }

    private mutating func skipSpace() { while token.kind == .space { at += 1 } }

    private mutating func nextNonSpace() -> TemplateToken {
        skipSpace()
        return next()
    }

    private func failure(_ message: String, _ token: TemplateToken) -> TemplateError {
        TemplateError(message: message, offset: token.start)
    }

    private func unexpected(_ token: TemplateToken, _ context: String) -> TemplateError {
        if case .failure(let reason) = token.kind { return failure(reason, token) }
        return failure("unexpected \(token.described) in \(context)", token)
    }

    private mutating func expectClose(_ context: String) throws(TemplateError) {
        let token = nextNonSpace()
        guard token.kind == .rightDelimiter else { throw unexpected(token, context) }
    }

    private mutating func enter() throws(TemplateError) {
        depth += 1
        guard depth <= Self.deepest else { throw failure("nested too deeply", token) }
    }

    // MARK: lists

    private enum ListEnd { case end, elseBranch, elseIf(String) }

    private mutating func document() throws(TemplateError) {
        while token.kind != .end {
            if token.kind == .leftDelimiter {
                let open = at
                at += 1
                skipSpace()
                if token.kind == .keyword, token.text == "define" {
                    at += 1
                    try definition()
                    continue
                }
                at = open
            }
            let start = token
            if let end = try textOrAction() {
                if case .end = end { throw failure("unexpected {{end}}", start) }
                throw failure("unexpected {{else}}", start)
            }
        }
    }

    /// `{{define "name"}} … {{end}}`, from the name on. Inside only `$` is known.
    private mutating func definition() throws(TemplateError) {
        try templateName("define clause")
        try expectClose("define clause")
        try separate("define clause")
    }

    /// A list that is a template of its own, up to its `{{end}}`.
    private mutating func separate(_ context: String) throws(TemplateError) {
        let outer = (variables, ranges)
        variables = ["$"]
        ranges = 0
        let start = token
        guard case .end = try list() else { throw failure("unexpected {{else}} in \(context)", start) }
        (variables, ranges) = outer
    }

    private mutating func list() throws(TemplateError) -> ListEnd {
        try enter()
        defer { depth -= 1 }
        while token.kind != .end {
            if let end = try textOrAction() { return end }
        }
        throw failure("unexpected EOF: an {{end}} is missing", token)
    }

    private mutating func textOrAction() throws(TemplateError) -> ListEnd? {
        let token = next()
        switch token.kind {
        case .text: return nil
        case .leftDelimiter: return try action()
        default: throw unexpected(token, "input")
        }
    }

    private mutating func action() throws(TemplateError) -> ListEnd? {
        skipSpace()
        guard token.kind == .keyword else {
            try pipeline("command", end: .rightDelimiter)
            return nil
        }
        let keyword = next()
        switch keyword.text {
        case "end":
            try expectClose("end")
            return .end
        case "else":
            skipSpace()
            if token.kind == .keyword, token.text == "if" || token.text == "with" { return .elseIf(next().text) }
            try expectClose("else")
            return .elseBranch
        case "if", "with", "range": try control(keyword.text)
        case "break", "continue":
            try expectClose("{{\(keyword.text)}}")
            guard ranges > 0 else { throw failure("{{\(keyword.text)}} outside {{range}}", keyword) }
        case "template":
            try templateName("template clause")
            skipSpace()
            if token.kind == .rightDelimiter { at += 1 } else { try pipeline("template clause", end: .rightDelimiter) }
        case "block":
            try templateName("block clause")
            try pipeline("block clause", end: .rightDelimiter)
            try separate("block clause")
        default: throw unexpected(keyword, "command")
        }
        return nil
    }

    private mutating func templateName(_ context: String) throws(TemplateError) {
        let token = nextNonSpace()
        guard token.kind == .string else { throw unexpected(token, context) }
    }

    private mutating func control(_ context: String) throws(TemplateError) {
        try enter()
        let known = variables
        defer {
            depth -= 1
            variables = known
        }
        try pipeline(context, end: .rightDelimiter)
        if context == "range" { ranges += 1 }
        let end = try list()
        if context == "range" { ranges -= 1 }
        switch end {
        case .end: return
        case .elseIf(let word):
            guard word == context else { throw failure("unexpected {{\(word)}} in else of {{\(context)}}", token) }
            // The inner structure takes the {{end}} of both.
            try control(word)
        case .elseBranch:
            let start = token
            guard case .end = try list() else { throw failure("expected end; found {{else}}", start) }
        }
    }

    // MARK: pipelines

    private mutating func pipeline(_ context: String, end: TemplateToken.Kind) throws(TemplateError) {
        try enter()
        defer { depth -= 1 }
        skipSpace()
        let start = token
        try declarations(context)
        var commands = 0
        while true {
            skipSpace()
            if token.kind == end {
                guard commands > 0 else { throw failure("missing value for \(context)", start) }
                at += 1
                return
            }
            switch token.kind {
            case .boolean, .dot, .field, .identifier, .number, .nothing, .string, .variable, .leftParenthesis:
                let first = token
                commands += 1
                try command()
                if commands > 1, [.boolean, .dot, .nothing, .number, .string].contains(first.kind) {
                    throw failure("non executable command in pipeline stage \(commands)", first)
                }
            default: throw unexpected(token, context)
            }
        }
    }

    /// `$x := `, `$x = `, and `$i, $x := ` in a range.
    private mutating func declarations(_ context: String) throws(TemplateError) {
        var names: [TemplateToken] = []
        while token.kind == .variable {
            let start = at
            let variable = next()
            skipSpace()
            switch token.kind {
            case .declare:
                at += 1
                variables += (names + [variable]).map(\.text)
                return
            case .assign:
                at += 1
                for name in names + [variable] where !variables.contains(name.text) {
                    throw failure("undefined variable \"\(name.text)\"", name)
                }
                return
            case .character where token.text == ",":
                at += 1
                names.append(variable)
                guard context == "range", names.count < 2 else {
                    throw failure("too many declarations in \(context)", variable)
                }
                skipSpace()
                guard token.kind == .variable else { throw failure("range can only initialize variables", token) }
            default:
                guard names.isEmpty else { throw failure("range can only initialize variables", token) }
                at = start
                return
            }
        }
    }

    private mutating func command() throws(TemplateError) {
        while true {
            skipSpace()
            try operand()
            let token = token
            switch token.kind {
            case .space: at += 1
            case .rightDelimiter, .rightParenthesis: return
            case .pipe:
                at += 1
                return
            default: throw unexpected(token, "operand")
            }
        }
    }

    private mutating func operand() throws(TemplateError) {
        let term = token
        switch term.kind {
        case .identifier:
            guard Self.functions.contains(term.text) else {
                throw failure("function \"\(term.text)\" not defined", term)
            }
            at += 1
        case .variable:
            guard variables.contains(term.text) else { throw failure("undefined variable \"\(term.text)\"", term) }
            at += 1
        case .leftParenthesis:
            at += 1
            try pipeline("parenthesized pipeline", end: .rightParenthesis)
        case .boolean, .dot, .field, .number, .nothing, .string: at += 1
        default: return
        }
        if token.kind == .field, [.boolean, .dot, .nothing, .number, .string].contains(term.kind) {
            throw failure("unexpected . after term \"\(term.text)\"", token)
        }
        while token.kind == .field { at += 1 }
    }
}
