import TidemarkSeries

/// Runs test scripts in the format of Prometheus' own (`promql/promqltest`) and says which of their cases fail.
///
/// Every instant case is also evaluated with its selectors pinned by `@` at other times, and as the middle of a range
/// query; every answer must agree.
public struct ScriptRunner {
    /// A case, or a line outside of cases, that went wrong.
    public struct Failure: Sendable, CustomStringConvertible {
        public let file: String
        public let line: Int
        /// The expression; empty for a line outside of cases.
        public let query: String
        public let reason: String

        public var description: String { "\(file):\(line): \(query.isEmpty ? "" : query + ": ")\(reason)" }
    }

    public private(set) var passed = 0
    /// Failed cases in the order of the scripts.
    public private(set) var failures: [Failure] = []
    /// Lines outside of cases that could not be read; they fail nothing by themselves.
    public private(set) var mistakes: [Failure] = []

    public init() {}

    private static var options: PromQLOptions {
        var options = PromQLOptions()
        options.lookbackMs = 300_000
        options.defaultSubqueryStepMs = 60_000
        options.delayedNameRemoval = true
        options.experimental = true
        return options
    }

    /// Runs one script.
    /// - Parameter file: its name, for failures.
    public mutating func run(_ text: String, file: String) {
        let script = ScriptParser(text)
        for mistake in script.mistakes {
            mistakes.append(Failure(file: file, line: mistake.line, query: "", reason: mistake.reason))
        }
        var storage = ScriptStorage()
        for command in script.commands {
            switch command {
            case .clear: storage = ScriptStorage()
            case .load(let lines, let stepMs, let classicToo):
                storage.load(lines, stepMs: stepMs, classicToo: classicToo)
            case .evaluate(let one):
                let engine = PromQLEngine(source: storage.series, options: Self.options)
                if let reason = Self.check(one, engine) {
                    failures.append(Failure(file: file, line: one.line, query: one.query, reason: reason))
                } else {
                    passed += 1
                }
            }
        }
    }

    /// What is wrong with a case; nil when it passes.
    private static func check(_ one: ScriptCase, _ engine: PromQLEngine) -> String? {
        if let mistake = one.mistake { return mistake }
        let expr: Expr
        do {
            expr = try PromQLParser.parse(one.query, experimental: true)
        } catch {
            return one.has(.fail) ? ScriptComparison.failure(one, error) : "\(error)"
        }
        if one.isRange {
            return answer(one) {
                try engine.range(
                    expr, text: one.query, startMs: one.startMs, endMs: one.endMs, stepMs: one.stepMs)
            }
        }
        let time = one.isMatrix ? one.endMs : one.startMs
        if let reason = instant(one, expr, time, engine) { return reason }
        guard let pinned = expr.pinned(atMs: time) else { return nil }
        let others = time == 0 ? [-1000, 0, 1000] : [-10 * time, 0, time / 5, time, 10 * time]
        for other in others {
            if let reason = instant(one, pinned, other, engine) {
                return "with selectors pinned to \(time) ms, at \(other) ms: \(reason)"
            }
        }
        return nil
    }

    private static func instant(
        _ one: ScriptCase, _ expr: Expr, _ time: Int64, _ engine: PromQLEngine
    ) -> String? {
        if let reason = answer(one, { try engine.instant(expr, text: one.query, timeMs: time) }) { return reason }
        guard !one.has(.fail), !one.isMatrix, one.string == nil, !one.has(.ordered), !dependsOnQuery(one.query) else {
            return nil
        }
        do {
            let range = try engine.range(
                expr, text: one.query, startMs: time - 60_000, endMs: time + 60_000, stepMs: 60_000)
            guard let reason = ScriptComparison.middle(one, range.value, time) else { return nil }
            return "as the middle of a range query: \(reason)"
        } catch {
            return "as a range query: \(error)"
        }
    }

    private static func answer(_ one: ScriptCase, _ body: () throws -> PromQLAnswer) -> String? {
        let answer: PromQLAnswer
        do {
            answer = try body()
        } catch {
            return one.has(.fail) ? ScriptComparison.failure(one, error) : "\(error)"
        }
        guard !one.has(.fail) else { return "expected to fail, but gave a result" }
        return ScriptComparison.remarks(one, answer) ?? ScriptComparison.value(one, answer.value)
    }

    /// Whether functions of the query's own bounds or step occur, whose values differ in a range query.
    private static func dependsOnQuery(_ query: String) -> Bool {
        ["start()", "end()", "range()", "step()"].contains { query.contains($0) }
    }
}
