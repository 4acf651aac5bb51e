import TidemarkBase

/// Walks a list of values and a list of times side by side.
struct ValueListWalk {
    struct Fault {
        let offset: Int
        let expected: String
    }

    private let bytes: Bytes
    private var valueAt: Int
    private var timeAt: Int
    private var isFirst = true
    /// Set when the lists turned out not to be what they should; ``next()`` gives nil from then on.
    private(set) var fault: Fault?
    /// Values that were `null`, in any spelling.
    private(set) var nullValues = 0

    /// - Parameters: where the brackets of the lists are.
    init(_ bytes: Bytes, valuesAt: Int, timestampsAt: Int) {
        self.bytes = bytes
        valueAt = valuesAt + 1
        timeAt = timestampsAt + 1
    }

    /// The next pair; nil at the end of both lists, or at a ``fault``.
    mutating func next() -> (timeMs: Int64, value: Double)? {
        guard fault == nil else { return nil }
        valueAt = skipSpace(valueAt)
        timeAt = skipSpace(timeAt)
        let valuesEnd = valueAt < bytes.count && bytes[valueAt] == 93
        let timesEnd = timeAt < bytes.count && bytes[timeAt] == 93
        if valuesEnd || timesEnd {
            return valuesEnd == timesEnd ? nil : fail(valuesEnd ? timeAt : valueAt, "as many times as values")
        }
        if !isFirst {
            guard valueAt < bytes.count, bytes[valueAt] == 44 else { return fail(valueAt, "',' or ']'") }
            guard timeAt < bytes.count, bytes[timeAt] == 44 else { return fail(timeAt, "',' or ']'") }
            valueAt = skipSpace(valueAt + 1)
            timeAt = skipSpace(timeAt + 1)
        }
        isFirst = false
        guard let value = readValue() else { return fail(valueAt, "a value") }
        guard let timeMs = readTime() else { return fail(timeAt, "a time in milliseconds") }
        return (timeMs, value)
    }

    private mutating func fail(_ offset: Int, _ expected: String) -> (timeMs: Int64, value: Double)? {
        fault = Fault(offset: offset, expected: expected)
        return nil
    }

    @inline(__always) private func skipSpace(_ start: Int) -> Int {
        var at = start
        while at < bytes.count, bytes[at] <= 32 { at += 1 }
        return at
    }

    @inline(__always) private func tokenEnd(_ start: Int) -> Int {
        var at = start
        while at < bytes.count, bytes[at] > 32, bytes[at] != 44, bytes[at] != 93 { at += 1 }
        return at
    }

    @inline(__always) private mutating func readValue() -> Double? {
        let end = tokenEnd(valueAt)
        if let value = Decimal.parse(bytes.slice(valueAt, end)) {
            valueAt = end
            return value
        }
        return readWord()
    }

    /// `null`, or a quoted word or number.
    private mutating func readWord() -> Double? {
        guard valueAt < bytes.count else { return nil }
        if bytes.has("null", at: valueAt) {
            valueAt += 4
            return null()
        }
        guard bytes[valueAt] == 34, let quote = bytes.firstIndex(of: 34, from: valueAt + 1) else { return nil }
        let word = bytes.slice(valueAt + 1, quote)
        if let value = Decimal.parseAny(word) {
            valueAt = quote + 1
            return value
        }
        guard word.count == 4, word.text.lowercased() == "null" else { return nil }
        valueAt = quote + 1
        return null()
    }

    private mutating func null() -> Double {
        nullValues += 1
        return Double(bitPattern: 0x7ff8_0000_0000_0001)
    }

    @inline(__always) private mutating func readTime() -> Int64? {
        let start = timeAt
        var at = start
        let negative = at < bytes.count && bytes[at] == 45
        if negative { at += 1 }
        let first = at
        var value: Int64 = 0
        while at < bytes.count {
            let digit = bytes[at] &- 48
            if digit > 9 { break }
            value = value &* 10 &+ Int64(digit)
            at += 1
        }
        // 18 digits of milliseconds are 30 million years: more cannot be a time, and would not fit.
        guard at > first, at - first <= 18 else { return nil }
        timeAt = at
        return negative ? -value : value
    }
}
