import TidemarkBase
import TidemarkEvidence

/// Lines about one request: `entrypoints/logger.py` (0.5.3+), `engine/async_llm_engine.py` (V0), `v1/engine/async_llm.py`.
///
/// A prompt is printed as a Python repr and may hold anything, also text that looks like log records. So its end is
/// found by its quotes, and only what follows may hold the start of another record.
enum RequestLine {
    enum Outcome {
        /// `tail`: index from which on another record may be glued to the line.
        case request(RequestEvent, tail: Int)
        /// Prompts, outputs or bodies of a request, printed at DEBUG. No other record is searched in them.
        case details
        case notRequest
        case broken(StaticString)
    }

    static func parse(_ message: Bytes) -> Outcome {
        guard let first = message.first else { return .notRequest }
        switch first {
        case 82:
            if message.has("Received request ") { return received(message) }
            if message.has("Request ") { return request(message) }
        case 65:
            if message.has("Added request ") { return short(message, 14, .added) }
            if message.has("Aborted request ") { return short(message, 16, .aborted) }
            if message.has("Aborted request(s) ") { return short(message, 19, .aborted) }
        case 70 where message.has("Finished request "): return short(message, 17, .finished)
        case 71 where message.has("Generated response "): return generated(message)
        default: break
        }
        return .notRequest
    }

    /// The two lines that a server with request logging writes most: `Received request …` and `Added request …`.
    /// - Parameter parameters: the sampling parameters of late.
    @inline(__always)
    static func parseCommon(
        _ message: Bytes, _ parameters: inout RecentParameters
    ) -> (event: RequestEvent, tail: Int)? {
        guard message.count > 14 else { return nil }
        let outcome: Outcome
        switch message[0] {
        case 82 where message.has("Received request "):
            if let event = parameters.parse(message, from: 17) { return (event, message.count) }
            outcome = received(message)
            if case .request(let event, _) = outcome { parameters.remember(message, event) }
        case 65 where message.has("Added request "): outcome = short(message, 14, .added)
        default: return nil
        }
        guard case .request(let event, let tail) = outcome else { return nil }
        return (event, tail)
    }

    /// Whether a message is about the text of a request, so that nothing in it may be taken for a record.
    static func holdsUserText(_ message: Bytes) -> Bool {
        message.has("Received request ") || message.has("Generated response ") || message.has("Request ")
    }

    /// `Added request ID.`, `Aborted request(s) ID,ID.`
    private static func short(_ message: Bytes, _ start: Int, _ phase: RequestEvent.Phase) -> Outcome {
        var end = message.count
        while end > start, message[end - 1] == 32 || message[end - 1] == 13 { end -= 1 }
        guard end > start + 1, message[end - 1] == 46 else { return .broken("the dot that ends the line") }
        let id = message.slice(start, end - 1)
        guard id.firstIndex(of: 32) == nil else { return .broken("one request id") }
        return .request(RequestEvent(phase: phase, requestID: id, reason: message.slice(0, 0)), tail: end)
    }

    private static func received(_ message: Bytes) -> Outcome {
        let start = 17
        guard let idEnd = message.range(of: ": ", from: start), idEnd > start, idEnd - start <= 1024 else {
            return .broken("a request id and its parameters")
        }
        var event = RequestEvent(
            phase: .received, requestID: message.slice(start, idEnd), reason: message.slice(0, 0))
        var at = idEnd + 2
        if message.has("prompt: ", at: at) {
            guard let after = afterLiteral(message, at + 8) else { return .request(event, tail: message.count) }
            at = after
        }
        if let parameters = message.range(of: "max_tokens=", rarest: 2, from: at) {
            var scan = FieldScanner(message, from: parameters + 11)
            if let value = scan.numberBytes() { event.maxTokens = Decimal.parseInt(value) }
            at = scan.at
            event.isStructured = asksForStructure(message, from: at)
        }
        if let list = tokenList(message, from: at) {
            event.promptTokens = list.count
            at = list.end
        }
        return .request(event, tail: at)
    }

    /// `structured_outputs=StructuredOutputsParams(json=…`, `guided_decoding=GuidedDecodingParams(…` before 0.11; None without.
    private static func asksForStructure(_ message: Bytes, from start: Int) -> Bool {
        let place =
            message.range(of: "structured_outputs=", rarest: 6, from: start).map { $0 + 19 }
            ?? message.range(of: "guided_decoding=", rarest: 0, from: start).map { $0 + 16 }
        guard let place, place < message.count else { return false }
        return !message.has("None", at: place)
    }

    /// `prompt_token_ids: [1, 2]` (0.2.x: `prompt token ids`): how many, and the index after the list.
    private static func tokenList(_ message: Bytes, from start: Int) -> (count: Int, end: Int)? {
        let found =
            message.range(of: "prompt_token_ids: [", rarest: 18, from: start)
            ?? message.range(of: "prompt token ids: [", rarest: 18, from: start)
        guard let open = found else { return nil }
        let first = open + 19
        guard let close = message.firstIndex(of: 93, from: first) else { return nil }
        if close == first { return (0, close + 1) }
        var commas = 0
        let list = message.slice(first, close)
        for byte in list where byte == 44 { commas &+= 1 }
        // A list cut by --max-log-len still names its ids; a list of lists does not count.
        return list.firstIndex(of: 91) == nil ? (commas + 1, close + 1) : nil
    }

    /// Index after the Python literal at `start`: a quoted string with escapes, or a bare word. nil: not terminated.
    static func afterLiteral(_ message: Bytes, _ start: Int) -> Int? {
        var at = start
        if at < message.count, message[at] == 98 { at += 1 }
        guard at < message.count, message[at] == 39 || message[at] == 34 else {
            return message.firstIndex(of: 44, from: start) ?? message.count
        }
        let quote = message[at]
        at += 1
        while let end = message.firstIndex(of: quote, from: at) {
            var backslashes = 0
            while end - 1 - backslashes >= at, message[end - 1 - backslashes] == 92 { backslashes += 1 }
            if backslashes & 1 == 0 { return end + 1 }
            at = end + 1
        }
        return nil
    }

    private static func request(_ message: Bytes) -> Outcome {
        guard let idEnd = message.firstIndex(of: 32, from: 8), idEnd > 8 else { return .notRequest }
        let id = message.slice(8, idEnd)
        let empty = message.slice(0, 0)
        let rest = message.slice(idEnd + 1, message.count).trimmed
        if rest.has("details: ") || rest.has("JSON body: ") || rest.has("body: ") { return .details }
        if rest.equals("aborted.") {
            return .request(RequestEvent(phase: .aborted, requestID: id, reason: empty), tail: message.count)
        }
        guard rest.has("failed") else { return .notRequest }
        var event = RequestEvent(phase: .failed, requestID: id, reason: empty)
        var reason = rest.slice(6, rest.count).trimmed
        if reason.has("with ") {
            // `… failed with an internal error during generation`, at ERROR (0.20.2+).
            event.reason = reason
            return .request(event, tail: message.count)
        }
        guard reason.last == 46 else { return .broken("the dot that ends the line") }
        reason = reason.slice(0, reason.count - 1)
        if reason.has("due to ") { reason = reason.slice(7, reason.count) }
        event.reason = reason
        return .request(event, tail: idEnd)
    }

    /// `Generated response ID[ (streaming …)]: output: 'repr', …, finish_reason: stop` (0.10.1+, `--enable-log-outputs`).
    private static func generated(_ message: Bytes) -> Outcome {
        guard let idEnd = message.firstIndex(of: 32, from: 19), idEnd > 19 else { return .broken("a request id") }
        let id = message[idEnd - 1] == 58 ? message.slice(19, idEnd - 1) : message.slice(19, idEnd)
        guard let output = message.range(of: "output: ", from: idEnd - 1) else { return .details }
        var event = RequestEvent(phase: .generated, requestID: id, reason: message.slice(0, 0))
        guard let after = afterLiteral(message, output + 8) else { return .request(event, tail: message.count) }
        if let reason = message.range(of: "finish_reason: ", from: after) {
            var scan = FieldScanner(message, from: reason + 15)
            let text = scan.until(44).trimmed
            if !text.equals("None") { event.reason = text }
        }
        return .request(event, tail: after)
    }
}
