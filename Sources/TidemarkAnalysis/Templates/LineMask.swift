import TidemarkBase

/// Replaces what varies in a message by the name of its kind: numbers, identifiers, addresses, paths, lists, long quotes.
///
/// The masking is fixed, so a message's mask depends on nothing but the message. It also keeps what users wrote out of
/// templates: quoted text of more than ``quotedLimit`` bytes, everything behind a quote that is never closed, and all
/// lines but the first. Linear in the message's length.
struct LineMask {
    /// Longest quoted text that is kept, in bytes.
    static let quotedLimit = 24
    /// A mask ends after this many words or bytes, with an ellipsis.
    static let maxWords = 40
    static let maxBytes = 400

    /// The masked message: words with one blank between them, no line breaks.
    private(set) var text: [UInt8] = []
    private var words = 0

    /// Identifiers that vLLM and its clients give to requests.
    private static let idPrefixes: [StaticString] = [
        "chatcmpl-", "cmpl-", "embd-", "score-", "rerank-", "classify-", "pool-", "resp_", "req-", "req_", "call_",
    ]
    private static let durations: Set<String> = ["ns", "us", "ms", "s", "sec", "secs", "min", "h", "d"]
    private static let sizes: Set<String> = [
        "B", "K", "M", "G", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "bytes",
    ]

    /// Masks the first line of `message` that isn't blank into ``text``.
    mutating func mask(_ message: Bytes) {
        text.removeAll(keepingCapacity: true)
        words = 0
        var start = 0
        while start < message.count {
            let end = message.firstIndex(of: 10, from: start) ?? message.count
            let line = message.slice(start, end).trimmed
            if line.count > 0 { return maskLine(line) }
            start = end + 1
        }
        append("<empty>")
    }

    private mutating func maskLine(_ line: Bytes) {
        var at = 0
        // Where a quote that is kept ends: its closing mark opens nothing.
        var closing = -1
        while at < line.count {
            guard words < Self.maxWords, text.count < Self.maxBytes else { return append("…") }
            let byte = line[at]
            switch byte {
            case 0...32:
                if text.last != 32 {
                    text.append(32)
                    words += 1
                }
                at += 1
            case 34, 39, 96:
                guard at > closing, at == 0 || !Self.isWord(line[at - 1]) else {
                    text.append(byte)
                    at += 1
                    continue
                }
                guard let end = Self.closingQuote(line, at) else {
                    guard line.count - at <= Self.quotedLimit else { return append("<text>") }
                    text.append(byte)
                    at += 1
                    continue
                }
                if end - at - 1 > Self.quotedLimit {
                    append("<text>")
                    at = end + 1
                } else {
                    text.append(byte)
                    closing = end
                    at += 1
                }
            case 91, 123:
                guard let end = Self.closingBracket(line, at) else {
                    guard line.count - at <= Self.quotedLimit else { return append("<list>") }
                    text.append(byte)
                    at += 1
                    continue
                }
                if Self.isList(line.slice(at + 1, end)) {
                    text.append(byte)
                    append("<list>")
                    text.append(line[end])
                    at = end + 1
                } else {
                    text.append(byte)
                    at += 1
                }
            default:
                let end = Self.wordEnd(line, at)
                if end == at {
                    text.append(byte)
                    at += 1
                } else {
                    maskWord(line.slice(at, end))
                    at = end
                }
            }
        }
        if text.last == 32 { text.removeLast() }
    }

    private mutating func append(_ literal: StaticString) {
        text.append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    // MARK: Borders

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 32) &- 97 < 26 }
    private static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 32) &- 97 < 6 }
    private static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) || byte >= 128 }

    /// The mark that closes the quote at `start`: not an apostrophe within a word, not an escaped one.
    private static func closingQuote(_ line: Bytes, _ start: Int) -> Int? {
        var at = start + 1
        while let hit = line.firstIndex(of: line[start], from: at) {
            let isInside = line[start] == 39 && hit + 1 < line.count && isWord(line[hit + 1])
            if !isInside, line[hit - 1] != 92 { return hit }
            at = hit + 1
        }
        return nil
    }

    private static func closingBracket(_ line: Bytes, _ start: Int) -> Int? {
        let (open, close) = (line[start], line[start] + 2)
        var depth = 0
        for at in start..<line.count {
            if line[at] == open { depth += 1 }
            if line[at] == close {
                depth -= 1
                if depth == 0 { return at }
            }
        }
        return nil
    }

    /// Whether what stands between brackets is a list or a mapping, and no short remark such as `[shutdown]`.
    private static func isList(_ inside: Bytes) -> Bool {
        inside.count > quotedLimit || inside.contains { $0 == 44 || $0 == 34 || $0 == 39 }
    }

    /// The end of the word at `start`; `start` itself for a mark that stands alone.
    private static func wordEnd(_ line: Bytes, _ start: Int) -> Int {
        var at = start
        while at < line.count {
            switch line[at] {
            // A path may have parameters: /v1/responses/{response_id}.
            case 123 where line[start] == 47, 125 where line[start] == 47: at += 1
            case 0...32, 34, 40, 41, 44, 59, 60, 61, 62, 91, 93, 96, 123, 124, 125: return at
            case 39 where at == start || at + 1 == line.count || !isWord(line[at + 1]): return at
            default: at += 1
            }
        }
        return at
    }

    // MARK: Words

    private mutating func maskWord(_ whole: Bytes) {
        var end = whole.count
        while end > 0, [33, 46, 58, 63].contains(whole[end - 1]) { end -= 1 }
        let word = whole.slice(0, end)
        maskBare(word)
        text.append(contentsOf: whole.slice(end, whole.count))
    }

    private mutating func maskBare(_ word: Bytes) {
        var digits = 0
        var letters = 0
        var slashes = 0
        var colons = 0
        var others = 0
        var turns = 0
        for (place, byte) in word.enumerated() {
            if Self.isDigit(byte) {
                digits += 1
                if place > 0, Self.isLetter(word[place - 1]) { turns += 1 }
            } else if Self.isLetter(byte) {
                letters += 1
            } else if byte == 47 {
                slashes += 1
            } else if byte == 58 {
                colons += 1
            } else if byte != 45, byte != 95 {
                others += 1
            }
        }
        if digits > 0, Self.idPrefixes.contains(where: { word.has($0) }) { return append("<id>") }
        if slashes > 0, letters > 0 {
            if word.range(of: "://") != nil { return append("<url>") }
            let isPath =
                slashes > 1 || word[0] == 47 || word[0] == 46 || word[0] == 126
                || word.contains { $0 == 46 || $0 == 45 || $0 == 95 }
            if isPath, word.count > 1, !word.has("HTTP/") { return append("<path>") }
        }
        guard digits > 0 || colons > 1 else { return text.append(contentsOf: word) }
        if Self.isUUID(word) { return append("<id>") }
        if Self.isAddress(word, letters: letters, colons: colons) { return append("<address>") }
        if Self.isHexNumber(word, letters: letters) { return append("<hex>") }
        if word.count >= 16, turns >= 4, others == 0, slashes == 0, colons == 0 { return append("<id>") }
        maskNumbers(word)
    }

    private static func isUUID(_ word: Bytes) -> Bool {
        guard word.count == 36 || word.count == 32 else { return false }
        for (place, byte) in word.enumerated() {
            let isDash = word.count == 36 && [8, 13, 18, 23].contains(place)
            if isDash ? byte != 45 : !isHex(byte) { return false }
        }
        return true
    }

    /// IPv4 or IPv6, a port behind it or not.
    private static func isAddress(_ word: Bytes, letters: Int, colons: Int) -> Bool {
        if letters == 0, colons <= 1 {
            var dots = 0
            for (place, byte) in word.enumerated() {
                if byte == 46 {
                    dots += 1
                } else if byte == 58 {
                    return dots == 3 && place > 6
                } else if !isDigit(byte) {
                    return false
                }
            }
            return dots == 3
        }
        guard colons > 1, letters > 0 || word.range(of: "::") != nil else { return false }
        return word.allSatisfy { isHex($0) || $0 == 58 || $0 == 46 }
    }

    private static func isHexNumber(_ word: Bytes, letters: Int) -> Bool {
        if word.has("0x"), word.count > 2 { return word.slice(2, word.count).allSatisfy(isHex) }
        return letters > 0 && word.count >= 8 && word.allSatisfy(isHex)
    }

    /// Each number of a word becomes `<n>`, with the unit of a duration or a size `<duration>` or `<size>`.
    private mutating func maskNumbers(_ word: Bytes) {
        var at = 0
        while at < word.count {
            let isSigned = at == 0 && (word[0] == 45 || word[0] == 43) && word.count > 1 && Self.isDigit(word[1])
            guard isSigned || Self.isDigit(word[at]) else {
                text.append(word[at])
                at += 1
                continue
            }
            let isWholeWord = at == 0
            if isSigned { at += 1 }
            at = Self.numberEnd(word, at)
            let unit = word.slice(at, word.count)
            if isWholeWord, unit.count > 0, unit.count <= 5 {
                let name = unit.text
                if Self.durations.contains(name) { return append("<duration>") }
                if Self.sizes.contains(name) { return append("<size>") }
            }
            append("<n>")
        }
    }

    /// Digits, points and commas between digits, an exponent.
    private static func numberEnd(_ word: Bytes, _ start: Int) -> Int {
        var at = start
        while at < word.count {
            if isDigit(word[at]) {
                at += 1
            } else if word[at] == 46, at + 1 < word.count, isDigit(word[at + 1]) {
                at += 2
            } else if word[at] | 32 == 101, at + 2 < word.count, word[at + 1] == 45 || word[at + 1] == 43,
                isDigit(word[at + 2])
            {
                at += 3
            } else {
                break
            }
        }
        return at
    }
}
