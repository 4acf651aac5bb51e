import TidemarkBase
import TidemarkEvidence

/// Decides what a message says.
enum Classifier {
    enum Outcome {
        case payload(LogPayload)
        /// A line of a known kind whose fields can't be read; the text says what was expected.
        case reject(StaticString)
    }

    /// The kinds that fill a log: statistics, requests. They are single lines and need no copy.
    enum Hot {
        /// `tail`: index from which another record may be glued on; nil when nothing can follow.
        case payload(LogPayload, tail: Int?, singleLine: Bool)
        case reject(StaticString)
        case other
    }

    /// Looks at the first bytes of a logger's message only.
    static func hot(_ message: Bytes) -> Hot {
        // ` [repeated 3x across cluster]`, which Ray puts behind the line of a worker; behind the first such line it
        // explains itself in parentheses.
        if message.last == 93 || message.last == 41 {
            let from = max(0, message.count - (message.last == 93 ? 40 : 320))
            if let mark = message.range(of: " [repeated ", from: from) { return line(message.slice(0, mark)) }
        }
        return line(message)
    }

    private static func line(_ message: Bytes) -> Hot {
        guard let first = message.first else { return .other }
        switch first {
        case 65:
            if message.has("Avg ") { return statistics(message, 0, nil, nil) }
        case 82:
            if message.has("Running: ") { return statistics(message, 0, nil, nil) }
            if message.has("RUNNING: "), let counts = StatisticsLine.counts(message) {
                return .payload(.stats(counts), tail: nil, singleLine: true)
            }
        case 69:
            guard message.has("Engine ") else {
                if message.has("EC Transfer") { return companion(message, 0, nil) }
                return .other
            }
            var scan = FieldScanner(message, from: 7)
            guard let engine = scan.integer(), scan.skip(": "), !scan.atEnd else { return .other }
            switch message[scan.at] {
            case 65 where message.has("Avg ", at: scan.at): return statistics(message, scan.at, engine, nil)
            case 82 where message.has("Running: ", at: scan.at): return statistics(message, scan.at, engine, nil)
            case 73 where message.has("Iteration(", at: scan.at): return iteration(message, scan.at, engine)
            default: return companion(message, scan.at, engine)
            }
        case 73:
            if message.has("Iteration(") { return iteration(message, 0, nil) }
            return .other
        case 48...57:
            var scan = FieldScanner(message)
            guard let engines = scan.integer(), scan.skip(" Engines Aggregated: ") else { return .other }
            return statistics(message, scan.at, nil, engines)
        case 83, 68, 75, 80, 77, 42: return companion(message, 0, nil)
        default: break
        }
        switch RequestLine.parse(message) {
        case .request(let event, let tail):
            return .payload(
                .request(event), tail: tail < message.count ? tail : nil, singleLine: event.phase != .failed)
        case .details: return .payload(.event(.requestDetails, nil), tail: nil, singleLine: true)
        case .broken(let reason): return .reject(reason)
        case .notRequest: return .other
        }
    }

    private static func statistics(_ message: Bytes, _ start: Int, _ engine: Int?, _ aggregated: Int?) -> Hot {
        guard var statistics = StatisticsLine.parse(message, from: start) else {
            return .reject("a statistics line of `key: value` pieces with their units")
        }
        statistics.engine = engine
        statistics.aggregatedEngines = aggregated
        return .payload(.stats(statistics), tail: nil, singleLine: true)
    }

    private static func iteration(_ message: Bytes, _ start: Int, _ engine: Int?) -> Hot {
        guard let details = IterationLine.parse(message, from: start, engine: engine) else {
            return .reject("the request and token counts of an iteration")
        }
        return .payload(.iteration(details), tail: start, singleLine: true)
    }

    private static func companion(_ message: Bytes, _ start: Int, _ engine: Int?) -> Hot {
        guard let family = CompanionLine.family(message, from: start) else { return .other }
        guard let companion = CompanionLine.parse(message, family: family, engine: engine) else {
            return .reject("named quantities of a companion line")
        }
        return .payload(.companion(companion), tail: start, singleLine: family.name != "cudagraph")
    }

    /// What a whole item says. `message` is at most ``LogRecord/messageLimit`` long for rare kinds.
    static func classify(_ item: LineItem, whole: Bytes) -> Outcome {
        switch item.form {
        case .record, .json:
            switch hot(whole) {
            case .payload(let payload, _, _): return .payload(payload)
            case .reject(let reason): return .reject(reason)
            case .other: break
            }
            if case .access(let access, _, _) = AccessLine.parse(whole) { return .payload(.access(access)) }
        case .uvicorn:
            switch AccessLine.parse(whole) {
            case .access(let access, _, _): return .payload(.access(access))
            case .broken: return .reject("an access line: CLIENT - \"METHOD PATH HTTP/x.y\" STATUS")
            case .notAccess: break
            }
        case .logged:
            switch hot(whole) {
            case .payload(let payload, _, _): return .payload(payload)
            case .reject, .other: break
            }
            if case .access(let access, _, _) = AccessLine.parse(whole) { return .payload(.access(access)) }
        case .raw:
            // Quoted without any prefix.
            switch hot(whole) {
            case .payload(let payload, _, _):
                switch payload {
                case .stats, .companion, .iteration: return .payload(payload)
                default: break
                }
            default: break
            }
            if let access = AccessLine.bare(whole) { return .payload(.access(access)) }
        }
        return .payload(rare(item, whole))
    }

    /// Where the text of vLLM or uvicorn begins in a line of a logger with a format of its own, at or behind `start`: behind
    /// the level, the logger's name, a file or a process id. nil when it isn't theirs.
    static func ownText(in line: Bytes, from start: Int) -> Int? {
        var at = start
        var words = 0
        while at < line.count, at < start + 200 {
            let before = at > 0 ? line[at - 1] : 32
            defer { at += 1 }
            guard before == 32 || before == 9 || before == 58 || before == 93 || before == 124 else { continue }
            switch line[at] {
            case 32, 9, 45, 58, 93, 124: continue
            default: break
            }
            let text = line.slice(at, line.count)
            if case .payload = hot(text) { return at }
            if text[0] &- 48 <= 9 || text[0] == 91, case .access = AccessLine.parse(text) { return at }
            // Behind the level, or behind the logger's name.
            let begins = words == 0 || at > 2 && line.has(" - ", at: at - 3) || words == 1 && line.has(": ", at: at - 2)
            if begins, !StartupFacts.parse(text).isEmpty { return at }
            words += 1
        }
        return nil
    }

    /// An exception behind the prefix of a launcher's logger, which passes on at INFO whatever its server prints. Only the
    /// engine's own failures count: a logger may speak of any exception.
    private static func failure(_ item: LineItem, _ message: Bytes, _ start: Int) -> LogPayload? {
        guard start < message.count else { return nil }
        let text = message.slice(start, message.count)
        guard let exception = TracebackText.lone(text) else { return nil }
        let kind = EventKinds.kind(of: text, level: .error)
        switch kind {
        case .engineDead, .workerDied, .startupMemory, .gpuOutOfMemory, .outOfHostMemory, .cudaError, .ncclError:
            return .event(kind, exception)
        default: return nil
        }
    }

    private static func rare(_ item: LineItem, _ message: Bytes) -> LogPayload {
        if let exception = TracebackText.exception(in: message) {
            let head = message.slice(0, message.firstIndex(of: 10) ?? message.count)
            return .event(EventKinds.kind(head: head, exception: exception), exception)
        }
        let limited = message.slice(0, min(message.count, LogRecord.messageLimit))
        // The last line of a traceback alone, as grep leaves it. Other programs' logs have such lines, too.
        if item.form == .raw, item.pid != nil, let exception = TracebackText.lone(limited) {
            return .event(EventKinds.kind(of: limited, level: .error), exception)
        }
        if let start = item.logged?.upperBound, item.level == .info, let exception = failure(item, limited, start) {
            return exception
        }
        switch item.level {
        case .info, .debug, .trace,
            nil where item.level != nil || item.form == .record:
            let facts = StartupFacts.parse(limited)
            if !facts.isEmpty { return .startup(facts) }
        // Source code of a traceback whose beginning is missing says the same as the line behind it.
        case nil where item.form == .raw && limited.trimmed.has("raise "): return .event(.other, nil)
        case nil: if let preemption = EventKinds.preemption(limited) { return .preemption(preemption) }
        default:
            if let preemption = EventKinds.preemption(limited) { return .preemption(preemption) }
        }
        let kind = EventKinds.kind(of: limited, level: item.level)
        return .event(kind, nil)
    }
}
