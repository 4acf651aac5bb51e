import TidemarkBase
import TidemarkSeries

/// One value of a series in a test script.
enum ScriptValue {
    case omitted
    case float(Double)
    /// `hintGiven`: the script says what is known about counter resets, so it is compared.
    case histogram(NativeHistogram, hintGiven: Bool)
}

/// A line that a script may not have.
struct ScriptError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Reads the value notation of test scripts: `1 2+3x4 _x2 stale NaN {{schema:0 buckets:[1 2]}}x3`.
struct ScriptValueReader {
    private let bytes: [UInt8]
    private var at = 0
    /// More values than this are taken for a mistake.
    private static let mostValues = 100_000

    static func values(_ text: Substring) throws -> [ScriptValue] {
        var reader = ScriptValueReader(bytes: Array(text.utf8))
        var values: [ScriptValue] = []
        reader.skipBlanks()
        while reader.at < reader.bytes.count {
            values += try reader.item()
            guard values.count <= mostValues else { throw ScriptError("too many values") }
            guard reader.at == reader.bytes.count || reader.isBlank else { throw reader.unexpected() }
            reader.skipBlanks()
        }
        return values
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var isBlank: Bool { at < bytes.count && (bytes[at] == 32 || bytes[at] == 9) }

    private mutating func skipBlanks() { while isBlank { at += 1 } }

    private func sees(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        return at + wanted.count <= bytes.count && Array(bytes[at..<(at + wanted.count)]) == wanted
    }

    private func unexpected() -> ScriptError {
        let rest = String(decoding: bytes[min(at, bytes.count)...].prefix(20), as: UTF8.self)
        return ScriptError("unexpected \"\(rest)\" in series values")
    }

    private mutating func item() throws -> [ScriptValue] {
        if sees("_") {
            at += 1
            return [ScriptValue](repeating: .omitted, count: try times() ?? 1)
        }
        if sees("{{") { return try histograms() }
        let first = try number(signed: true)
        let isStale = StaleMarker.matches(first)
        var step = 0.0
        if !isStale, sees("+") || sees("-") { step = try number(signed: true) }
        guard let count = try times() else {
            guard step == 0 else { throw unexpected() }
            return [.float(first)]
        }
        var values: [ScriptValue] = []
        var value = first
        for _ in 0...count {
            values.append(.float(value))
            if !isStale { value += step }
        }
        return values
    }

    /// The count behind an `x`; nil without one.
    private mutating func times() throws -> Int? {
        guard sees("x") else { return nil }
        at += 1
        let start = at
        while at < bytes.count, bytes[at] &- 48 < 10 { at += 1 }
        guard let count = Int(String(decoding: bytes[start..<at], as: UTF8.self)), count <= Self.mostValues else {
            throw ScriptError("invalid repeat count in series values")
        }
        return count
    }

    private mutating func number(signed: Bool) throws -> Double {
        var negative = false
        if signed, sees("+") || sees("-") {
            negative = sees("-")
            at += 1
        }
        for (word, value) in [("stale", StaleMarker.value), ("inf", Double.infinity), ("nan", Double.nan)]
        where String(decoding: bytes[at...].prefix(word.utf8.count), as: UTF8.self).lowercased() == word {
            at += word.utf8.count
            return StaleMarker.matches(value) ? value : negative ? -value : value
        }
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            let isExponentSign = (byte == 43 || byte == 45) && at > start && bytes[at - 1] | 0x20 == 101
            guard byte &- 48 < 10 || byte == 46 || byte | 0x20 == 101 || isExponentSign else { break }
            at += 1
        }
        guard at > start, let value = Array(bytes[start..<at]).withUnsafeBytes({ Decimal.parse($0) }) else {
            at = start
            throw unexpected()
        }
        return negative ? -value : value
    }

    // MARK: histograms

    private mutating func histograms() throws -> [ScriptValue] {
        let (first, hintGiven) = try histogram()
        var subtracts = false
        var step: NativeHistogram?
        if sees("+{{") || sees("-{{") {
            subtracts = sees("-")
            at += 1
            step = try histogram().histogram
        }
        guard let count = try times() else {
            guard step == nil else { throw unexpected() }
            return [.histogram(first, hintGiven: hintGiven)]
        }
        var values: [ScriptValue] = [.histogram(first, hintGiven: hintGiven)]
        var current = first
        for _ in 0..<count {
            if let step {
                var sum = HistogramSum(current)
                do { try sum.add(step, subtracting: subtracts) } catch { throw ScriptError("incompatible histograms") }
                current = sum.total
            }
            values.append(.histogram(current, hintGiven: hintGiven && step == nil))
        }
        return values
    }

    private mutating func histogram() throws -> (histogram: NativeHistogram, hintGiven: Bool) {
        at += 2
        var histogram = NativeHistogram()
        var (offset, negativeOffset) = (0, 0)
        var hintGiven = false
        while true {
            skipBlanks()
            if sees("}}") { break }
            let start = at
            while at < bytes.count, bytes[at] != 58, bytes[at] != 125 { at += 1 }
            let key = String(decoding: bytes[start..<at], as: UTF8.self)
            guard sees(":") else { throw unexpected() }
            at += 1
            switch key {
            case "schema": histogram.schema = try integer()
            case "count": histogram.count = try number(signed: true)
            case "sum": histogram.sum = try number(signed: true)
            case "z_bucket": histogram.zeroCount = try number(signed: true)
            case "z_bucket_w": histogram.zeroThreshold = try number(signed: true)
            case "offset": offset = try integer()
            case "n_offset": negativeOffset = try integer()
            case "buckets": histogram.positive = try list()
            case "n_buckets": histogram.negative = try list()
            case "custom_values": histogram.customBounds = try list()
            case "counter_reset_hint":
                let start = at
                while at < bytes.count, !isBlank, bytes[at] != 125 { at += 1 }
                hintGiven = true
                switch String(decoding: bytes[start..<at], as: UTF8.self) {
                case "unknown": histogram.resetHint = .unknown
                case "reset": histogram.resetHint = .reset
                case "not_reset": histogram.resetHint = .notReset
                case "gauge": histogram.resetHint = .gauge
                default: throw ScriptError("unknown counter_reset_hint")
                }
            default: throw ScriptError("unknown key \"\(key)\" in a histogram")
            }
        }
        at += 2
        func span(_ offset: Int, _ counts: [Double]) -> [NativeHistogram.Span] {
            counts.isEmpty
                ? [] : [NativeHistogram.Span(offset: Int32(clamping: offset), length: UInt32(clamping: counts.count))]
        }
        histogram.positiveSpans = span(offset, histogram.positive)
        histogram.negativeSpans = span(negativeOffset, histogram.negative)
        return (histogram, hintGiven)
    }

    private mutating func integer() throws -> Int {
        let value = try number(signed: true)
        guard let whole = Int(exactly: value), abs(whole) < 1 << 30 else {
            throw ScriptError("a whole number expected")
        }
        return whole
    }

    private mutating func list() throws -> [Double] {
        guard sees("[") else { throw unexpected() }
        at += 1
        var values: [Double] = []
        while true {
            skipBlanks()
            if sees("]") { break }
            values.append(try number(signed: true))
        }
        at += 1
        return values
    }
}
