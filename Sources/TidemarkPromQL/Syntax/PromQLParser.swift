import TidemarkSeries

/// Reads PromQL as Prometheus 3.x does (`promql/parser/generated_parser.y`, `parse.go`).
///
/// Recursion and the height of the tree are limited, so that no input can exhaust the stack.
public struct PromQLParser {
    /// Levels of parentheses, calls and the like.
    static let deepest = 150
    /// Levels of the tree, long chains of operators included.
    static let highest = 600

    let text: String
    let tokens: [Token]
    let experimental: Bool
    var at = 0
    private var depth = 0
    /// Whether a selector may match series without any of its labels: the second argument of `info`.
    var allowsEmptyMatchers = false

    private init(_ text: String, experimental: Bool) {
        self.text = text
        self.experimental = experimental
        tokens = Lexer.tokens(of: text)
    }

    /// Parses and type-checks a query.
    /// - Parameter experimental: accept what Prometheus 3.x hides behind its experimental parser options.
    /// - Throws: a `bad_data` error with the place.
    public static func parse(_ text: String, experimental: Bool = false) throws(PromQLError) -> Expr {
        var parser = PromQLParser(text, experimental: experimental)
        if case .end = parser.token.kind { throw parser.failure("no expression found in input", at: 0) }
        let expr = try parser.expression(0)
        guard case .end = parser.token.kind else { throw parser.unexpected() }
        return expr
    }

    /// Parses a series as test scripts and alert tests write it, `name{label="value"}`, at the start of `text`.
    /// - Returns: the labels, and the number of bytes read.
    static func series(_ text: String) throws(PromQLError) -> (labels: Labels, length: Int) {
        // The values behind the labels follow other rules: only the labels are read.
        let head = String(decoding: Array(text.utf8).prefix(seriesLength(text)), as: UTF8.self)
        var parser = PromQLParser(head, experimental: true)
        parser.allowsEmptyMatchers = true
        let selector = try parser.selector()
        guard case .end = parser.token.kind else { throw parser.unexpected("series description") }
        var labels: [Labels.Label] = []
        for matcher in selector.matchers {
            guard matcher.operation == .equal else {
                throw parser.failure("unexpected \(matcher.operation.rawValue) in a series description", at: 0)
            }
            labels.append(.init(matcher.name, matcher.value))
        }
        return (Labels(labels), parser.previousEnd)
    }

    /// The bytes of a name and of labels in braces at the start of `text`; two braces begin a histogram.
    private static func seriesLength(_ text: String) -> Int {
        let bytes = Array(text.utf8)
        var at = bytes.firstIndex { $0 == 32 || $0 == 9 || $0 == 123 } ?? bytes.count
        var brace = at
        while brace < bytes.count, bytes[brace] == 32 || bytes[brace] == 9 { brace += 1 }
        guard brace < bytes.count, bytes[brace] == 123 else { return at }
        if brace + 1 < bytes.count, bytes[brace + 1] == 123 { return at }
        at = brace + 1
        var quote: UInt8?
        while at < bytes.count {
            if let open = quote {
                if bytes[at] == 92, open != 96 { at += 1 } else if bytes[at] == open { quote = nil }
            } else if bytes[at] == 34 || bytes[at] == 39 || bytes[at] == 96 {
                quote = bytes[at]
            } else if bytes[at] == 125 {
                return at + 1
            }
            at += 1
        }
        return bytes.count
    }

    // MARK: tokens

    var token: Token { tokens[at] }

    var previousEnd: Int { at > 0 ? tokens[at - 1].end : 0 }

    func failure(_ message: String, at offset: Int) -> PromQLError {
        let place = linePosition(of: offset, in: text)
        return PromQLError(.badData, message, line: place.line, column: place.column)
    }

    func unexpected(_ context: String = "", expected: String = "") -> PromQLError {
        if case .failure(let reason) = token.kind { return failure(reason, at: token.start) }
        let place = context.isEmpty ? "" : " in \(context)"
        return failure(
            "unexpected \(token.described)\(place)\(expected.isEmpty ? "" : ", expected \(expected)")", at: token.start)
    }

    mutating func advance() { at = min(at + 1, tokens.count - 1) }

    func sees(_ sign: String, ahead: Int = 0) -> Bool {
        at + ahead < tokens.count && tokens[at + ahead].kind == .sign && tokens[at + ahead].text == sign
    }

    /// Whether the current token is the keyword, in any letter case.
    func seesWord(_ word: String, ahead: Int = 0) -> Bool {
        guard at + ahead < tokens.count, tokens[at + ahead].kind == .identifier else { return false }
        return tokens[at + ahead].text.lowercased() == word
    }

    mutating func take(_ sign: String) -> Bool {
        guard sees(sign) else { return false }
        advance()
        return true
    }

    mutating func takeWord(_ word: String) -> Bool {
        guard seesWord(word) else { return false }
        advance()
        return true
    }

    mutating func expect(_ sign: String, _ context: String) throws(PromQLError) {
        guard take(sign) else { throw unexpected(context, expected: "\"\(sign)\"") }
    }

    // MARK: expressions

    func node(_ kind: Expr.Kind, _ start: Int, _ children: [Expr] = []) throws(PromQLError) -> Expr {
        let height = (children.map(\.height).max() ?? 0) + 1
        guard height <= Self.highest else { throw failure("expression is nested too deeply", at: start) }
        return Expr(kind: kind, start: start, end: previousEnd, height: height)
    }

    /// Counts a level of recursion; `leave()` when done.
    mutating func enter() throws(PromQLError) {
        depth += 1
        guard depth <= Self.deepest else { throw failure("expression is nested too deeply", at: token.start) }
    }

    mutating func leave() { depth -= 1 }

    mutating func expression(_ least: Int) throws(PromQLError) -> Expr {
        try enter()
        defer { leave() }
        var left = try signed()
        while let operation = binaryOperator(), operation.precedence >= least {
            let operatorStart = token.start
            advance()
            var binary = BinaryExpr(operation: operation, left: left, right: left)
            try modifiers(of: &binary)
            // Power is the only operator that groups from the right.
            binary.right = try expression(operation.precedence + (operation == .power ? 0 : 1))
            try check(binary, operatorStart)
            left = try node(.binary(binary), left.start, [left, binary.right])
        }
        return left
    }

    private func binaryOperator() -> BinaryOperator? {
        switch token.kind {
        case .sign: return token.text == "=" ? nil : BinaryOperator(rawValue: token.text)
        case .identifier:
            switch token.text.lowercased() {
            case "and": return .and
            case "or": return .or
            case "unless": return .unless
            case "atan2": return .atan2
            default: return nil
            }
        default: return nil
        }
    }

    private mutating func signed() throws(PromQLError) -> Expr {
        let start = token.start
        let minus = sees("-")
        guard minus || sees("+") else { return try postfixed() }
        advance()
        let inner = try expression(BinaryOperator.power.precedence)
        if case .number(let value) = inner.kind { return try node(.number(minus ? -value : value), start) }
        guard inner.type == .scalar || inner.type == .instantVector else {
            throw failure(
                "unary expression only allowed on expressions of type scalar or instant vector, got \"\(inner.type.rawValue)\"",
                at: start)
        }
        return try node(minus ? .negation(inner) : .parentheses(inner), start, [inner])
    }

    private mutating func primary() throws(PromQLError) -> Expr {
        let start = token.start
        switch token.kind {
        case .number(let value), .duration(let value):
            advance()
            return try node(.number(value), start)
        case .string(let value):
            advance()
            return try node(.string(value), start)
        case .sign where token.text == "(":
            advance()
            let inner = try expression(0)
            try expect(")", "parentheses")
            return try node(.parentheses(inner), start, [inner])
        case .sign where token.text == "{": return try node(.selector(try selector()), start)
        case .identifier:
            let next = at + 1 < tokens.count ? tokens[at + 1] : token
            let opens = next.kind == .sign && next.text == "("
            if let operation = AggregationOperator(rawValue: token.text.lowercased()),
                opens || seesWord("by", ahead: 1) || seesWord("without", ahead: 1)
            {
                return try aggregation(operation)
            }
            if opens { return try call() }
            return try node(.selector(try selector()), start)
        case .metricIdentifier: return try node(.selector(try selector()), start)
        default: throw unexpected()
        }
    }

    private mutating func call() throws(PromQLError) -> Expr {
        let name = token
        guard let function = FunctionSignature.all[name.text] else {
            throw failure("unknown function with name \"\(name.text)\"", at: name.start)
        }
        guard experimental || !function.isExperimental else {
            throw failure("function \"\(name.text)\" is not enabled", at: name.start)
        }
        advance()
        let outer = allowsEmptyMatchers
        allowsEmptyMatchers = function.name == "info"
        let arguments = try arguments(of: "function call")
        allowsEmptyMatchers = outer
        try check(function, arguments, name.start)
        return try node(.call(function, arguments), name.start, arguments)
    }

    /// `(a, b, …)`, the current token being the parenthesis.
    private mutating func arguments(of context: String) throws(PromQLError) -> [Expr] {
        try expect("(", context)
        var arguments: [Expr] = []
        if take(")") { return [] }
        while true {
            arguments.append(try expression(0))
            if take(")") { return arguments }
            try expect(",", context)
            if sees(")") { throw failure("trailing commas not allowed in function call args", at: token.start) }
        }
    }

    private mutating func aggregation(_ operation: AggregationOperator) throws(PromQLError) -> Expr {
        let start = token.start
        guard experimental || !operation.isExperimental else {
            throw failure("\(operation.rawValue)() is experimental and must be enabled", at: start)
        }
        advance()
        var grouping = try grouping()
        let arguments = try arguments(of: "aggregation")
        if grouping == nil { grouping = try self.grouping() }
        let wanted = operation.parameter == nil ? 1 : 2
        guard !arguments.isEmpty else {
            throw failure("no arguments for aggregate expression provided", at: start)
        }
        guard arguments.count == wanted else {
            throw failure(
                "wrong number of arguments for aggregate expression provided, expected \(wanted), got \(arguments.count)",
                at: start)
        }
        let inner = arguments[wanted - 1]
        try expect(.instantVector, inner, "aggregation expression")
        if let type = operation.parameter { try expect(type, arguments[0], "aggregation parameter") }
        let aggregation = Aggregation(
            operation: operation, parameter: wanted == 2 ? arguments[0] : nil, inner: inner,
            labels: grouping?.labels ?? [], without: grouping?.without ?? false)
        return try node(.aggregation(aggregation), start, arguments)
    }

    private mutating func grouping() throws(PromQLError) -> (labels: [String], without: Bool)? {
        if takeWord("by") { return (try labelList(), false) }
        if takeWord("without") { return (try labelList(), true) }
        return nil
    }

    /// `(a, "b", …)`; a trailing comma is allowed.
    mutating func labelList() throws(PromQLError) -> [String] {
        try expect("(", "grouping opts")
        var labels: [String] = []
        while !take(")") {
            switch token.kind {
            case .identifier: labels.append(token.text)
            case .string(let name) where !name.isEmpty: labels.append(name)
            default: throw unexpected("grouping opts", expected: "label")
            }
            advance()
            if !sees(")") {
                guard take(",") else { throw unexpected("grouping opts", expected: "\",\" or \")\"") }
            }
        }
        return labels
    }

    // MARK: what follows a primary

    private mutating func postfixed() throws(PromQLError) -> Expr {
        var expr = try primary()
        while true {
            let start = expr.start
            if sees("[") {
                expr = try ranged(expr)
            } else if seesWord("offset") || sees("@") {
                guard var modifiers = expr.modifiers else {
                    let what = sees("@") ? "@ modifier" : "offset modifier"
                    throw failure(
                        "\(what) must be preceded by an instant vector selector or range vector selector or a subquery",
                        at: start)
                }
                try timeModifier(&modifiers)
                expr = try node(expr.kind.with(modifiers), start, [expr])
            } else if experimental, seesWord("anchored") || seesWord("smoothed"), let edged = try edged(expr) {
                expr = edged
            } else {
                return expr
            }
        }
    }

    private mutating func edged(_ expr: Expr) throws(PromQLError) -> Expr? {
        let edges: RangeEdges = seesWord("anchored") ? .anchored : .smoothed
        switch expr.kind {
        case .selector(var selector):
            guard edges == .smoothed else {
                throw failure("anchored modifier can only be used with a range vector selector", at: expr.start)
            }
            selector.edges = edges
            advance()
            return try node(.selector(selector), expr.start)
        case .range(var selector, let duration):
            guard selector.edges == .plain else {
                throw failure("anchored and smoothed modifiers cannot be used together", at: expr.start)
            }
            selector.edges = edges
            advance()
            return try node(.range(selector, duration), expr.start)
        default:
            throw failure("anchored and smoothed modifiers are only allowed after a selector", at: expr.start)
        }
    }

    private mutating func ranged(_ expr: Expr) throws(PromQLError) -> Expr {
        let bracket = token.start
        advance()
        let range = try duration(0)
        try checkPositive(range, bracket)
        if take(":") {
            var step: RangeDuration?
            if !sees("]") {
                let duration = try duration(0)
                try checkPositive(duration, bracket)
                step = duration
            }
            try expect("]", "subquery selector")
            guard expr.type == .instantVector else {
                throw failure(
                    "subquery is only allowed on instant vector, got \(expr.type.rawValue) instead", at: expr.start)
            }
            return try node(.subquery(Subquery(inner: expr, range: range, step: step)), expr.start, [expr])
        }
        guard take("]") else { throw unexpected("range selector", expected: "\"]\"") }
        guard case .selector(let selector) = expr.kind else {
            throw failure("ranges only allowed for vector selectors", at: bracket)
        }
        guard selector.modifiers.offset == nil else {
            throw failure("no offset modifiers allowed before range", at: bracket)
        }
        guard selector.modifiers.at == nil else { throw failure("no @ modifiers allowed before range", at: bracket) }
        return try node(.range(selector, range), expr.start, [])
    }
}

extension Expr {
    /// The time modifiers, if the node is one that can have them.
    fileprivate var modifiers: TimeModifiers? {
        switch kind {
        case .selector(let selector), .range(let selector, _): selector.modifiers
        case .subquery(let subquery): subquery.modifiers
        default: nil
        }
    }
}

extension Expr.Kind {
    fileprivate func with(_ modifiers: TimeModifiers) -> Expr.Kind {
        switch self {
        case .selector(var selector):
            selector.modifiers = modifiers
            return .selector(selector)
        case .range(var selector, let range):
            selector.modifiers = modifiers
            return .range(selector, range)
        case .subquery(var subquery):
            subquery.modifiers = modifiers
            return .subquery(subquery)
        default: return self
        }
    }
}
