import TidemarkBase

/// Takes what users wrote and got out of a message: prompts, answers, bodies, token ids. Only their lengths stay.
///
/// vLLM prints them as Python literals: `prompt: '…'` and `output: "…"` of the request log, `prompt_token_ids=[…]` and
/// `messages=[{…}]` of object dumps, JSON bodies at DEBUG. A literal is left at its own end, found by quotes and
/// brackets, so that nothing inside it can pretend to be the rest of the line.
public enum UserText {
    /// Whether a message may hold text of users. One look at the words that stand before it.
    public static func mayOccur(in message: Bytes) -> Bool {
        for word in ["prompt", "output", "token_ids", "messages", "content", "body", "text=", "input", "delta_text"]
            as [StaticString]
        where message.range(of: word) != nil { return true }
        return false
    }

    /// Appends `message` with the text of users replaced by lengths; false, and nothing appended, when it holds none.
    public static func mask(_ message: Bytes, into out: inout [UInt8]) -> Bool {
        var at = 0
        var copied = 0
        while let found = next(in: message, from: at) {
            at = max(found.value.upperBound, at + 1)
            guard !found.value.isEmpty else { continue }
            out.append(contentsOf: message.slice(copied, found.value.lowerBound))
            out.append(contentsOf: "<\(found.count) \(found.unit)>".utf8)
            copied = found.value.upperBound
        }
        guard copied > 0 else { return false }
        out.append(contentsOf: message.slice(copied, message.count))
        return true
    }

    private struct Found {
        var value: Range<Int>
        /// Negative: nothing of a user.
        var count: Int
        var unit: String
    }

    /// The first value at or after `from` that belongs to a user; an empty one is none.
    private static func next(in message: Bytes, from: Int) -> Found? {
        var at = from
        while at < message.count {
            let byte = message[at]
            guard byte == 58 || byte == 61 else {
                at += 1
                continue
            }
            var end = at
            if end > from, message[end - 1] == 39 || message[end - 1] == 34 { end -= 1 }
            var start = end
            while start > from, end - start < 32, isWord(message[start - 1]) { start -= 1 }
            let key = message.slice(start, end)
            var value = at + 1
            while value < message.count, message[value] == 32 { value += 1 }
            at += 1
            guard value < message.count, let kind = kind(of: key, in: message, at: start) else { continue }
            guard let found = read(kind, in: message, at: value) else { continue }
            if found.count >= 0 { return found }
            at = found.value.upperBound
        }
        return nil
    }

    private enum Kind {
        /// A string literal, or a list or dictionary of them.
        case text
        case tokenIDs
        /// All that follows.
        case body
        /// The same in no form: what a model said, printed as it is.
        case rest
    }

    private static func kind(of key: Bytes, in message: Bytes, at start: Int) -> Kind? {
        guard let last = key.last else { return nil }
        switch last {
        case 116:  // prompt output content text input
            if key.equals("prompt") || key.equals("output") || key.equals("content") || key.equals("text")
                || key.equals("input") || key.equals("negative_prompt") || key.equals("prompt_text")
                || key.equals("encoder_prompt") || key.equals("decoder_prompt") || key.equals("reasoning_content")
            {
                return .text
            }
            if key.equals("delta_text") { return .rest }
        case 115:  // token_ids messages prompts inputs arguments
            if StatisticsLine.hasSuffix(key, "token_ids") || key.equals("ids") && message.has("token ", at: start - 6) {
                // These are settings, not what was said.
                return StatisticsLine.hasSuffix(key, "stop_token_ids")
                    || StatisticsLine.hasSuffix(key, "allowed_token_ids")
                    ? nil : .tokenIDs
            }
            if key.equals("messages") || key.equals("prompts") || key.equals("arguments") {
                return .text
            }
        case 101: if key.equals("input_value") || key.equals("full_text_value") { return .text }
        case 121: if key.equals("body") { return .body }
        default: break
        }
        return nil
    }

    private static func read(_ kind: Kind, in message: Bytes, at start: Int) -> Found? {
        switch kind {
        case .rest:
            // Its length, when it was taken out already.
            var scan = FieldScanner(message, from: start)
            if scan.skip("<"), scan.integer() != nil, scan.skip(" characters>"), scan.atEnd { return nil }
            return Found(
                value: start..<message.count, count: characters(message.slice(start, message.count)),
                unit: "characters")
        case .body:
            switch message[start] {
            case 123, 91, 39, 34, 98: break
            default: return nil
            }
            return Found(
                value: start..<message.count, count: characters(message.slice(start, message.count)), unit: "characters"
            )
        case .tokenIDs:
            guard message[start] == 91 || message[start] == 40 else { return nil }
            let end = bracketEnd(message, start)
            var numbers = 0
            var inNumber = false
            for byte in message.slice(start, end) {
                let isDigit = byte &- 48 <= 9
                if isDigit, !inNumber { numbers += 1 }
                inNumber = isDigit
            }
            return Found(value: start..<end, count: numbers, unit: "ids")
        case .text:
            switch message[start] {
            case 39, 34: return literal(message, start)
            case 98, 102, 114, 117:
                if start + 1 < message.count, message[start + 1] == 39 || message[start + 1] == 34 {
                    return literal(message, start)
                }
            case 91, 123:
                let end = bracketEnd(message, start)
                // `[]` and lists of numbers say nothing; they are stepped over as a whole.
                let inside = message.slice(start, end)
                guard inside.contains(where: { $0 == 39 || $0 == 34 }) || inside.range(of: "token_ids") != nil else {
                    return Found(value: start..<end, count: -1, unit: "")
                }
                return Found(value: start..<end, count: characters(inside), unit: "characters")
            case 38:
                // Quotes that a web page rewrote: up to the parameters, whatever stands in between.
                let end =
                    message.range(of: ", params: ", from: start) ?? message.range(of: ", sampling", from: start)
                    ?? message.count
                return Found(
                    value: start..<end, count: characters(message.slice(start, end)), unit: "characters")
            default: break
            }
            return nil
        }
    }

    /// A string literal; one that isn't terminated goes on to the end.
    private static func literal(_ message: Bytes, _ start: Int) -> Found {
        let quote = message[start] == 39 || message[start] == 34 ? start : start + 1
        let end = RequestLine.afterLiteral(message, quote)
        let inside = message.slice(quote + 1, max(quote + 1, end.map { $0 - 1 } ?? message.count))
        return Found(value: start..<(end ?? message.count), count: characters(inside), unit: "characters")
    }

    /// Index after the bracket that closes the one at `start`; quoted brackets don't count.
    private static func bracketEnd(_ message: Bytes, _ start: Int) -> Int {
        var at = start
        var depth = 0
        while at < message.count {
            switch message[at] {
            case 91, 123, 40: depth += 1
            case 93, 125, 41:
                depth -= 1
                if depth == 0 { return at + 1 }
            case 39, 34:
                guard let after = RequestLine.afterLiteral(message, at) else { return message.count }
                at = after
                continue
            default: break
            }
            at += 1
        }
        return message.count
    }

    /// Characters of a Python literal: an escape is one, and so is a character of several bytes.
    static func characters(_ text: Bytes) -> Int {
        var count = 0
        var at = 0
        while at < text.count {
            let byte = text[at]
            if byte == 92, at + 1 < text.count {
                switch text[at + 1] {
                case 120: at += 4
                case 117: at += 6
                case 85: at += 10
                default: at += 2
                }
            } else {
                at += 1
                if byte & 0xC0 == 0x80 { continue }
            }
            count += 1
        }
        return count
    }

    private static func isWord(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 || byte == 95 }
}
