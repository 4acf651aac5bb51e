import TidemarkBase
import TidemarkSeries

/// Why a line of an exposition is refused.
struct ExpositionFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// A sample line, taken apart.
struct ExpositionSample {
    var name: String
    /// In the order of the line.
    var labels: [Labels.Label] = []
    var value = 0.0
    /// As written: seconds in OpenMetrics, milliseconds in the text format.
    var time: DecimalText?
    var hasExemplar = false

    func label(_ name: String) -> String? { labels.first { $0.name == name }?.value }

    /// The labels without `name`, sorted: what tells one metric of a family from another.
    func key(without name: String? = nil) -> [Labels.Label] {
        labels.filter { $0.name != name }.sorted { $0.name < $1.name }
    }
}

/// A finite decimal number as its digits, compared exactly: two times that differ by a nanosecond are the same double.
struct DecimalText: Comparable, Hashable {
    private let negative: Bool
    /// Position of the decimal point relative to the first digit.
    private let scale: Int
    /// Without leading and trailing zeros; empty for zero.
    private let digits: [UInt8]

    /// - Parameter bytes: what ``Decimal/parse(_:)`` accepts.
    init(_ bytes: Bytes) {
        var digits: [UInt8] = []
        var scale = 0
        var isFraction = false
        var at = 0
        let signed = bytes.first == 45
        if signed || bytes.first == 43 { at = 1 }
        while at < bytes.count, bytes[at] | 0x20 != 101 {
            if bytes[at] == 46 {
                isFraction = true
            } else if bytes[at] != 48 || !digits.isEmpty {
                digits.append(bytes[at])
                if !isFraction { scale += 1 }
            } else if isFraction {
                scale -= 1
            }
            at += 1
        }
        while digits.last == 48 { digits.removeLast() }
        // An exponent beyond the range of Int belongs to no finite double.
        if at < bytes.count { scale &+= Decimal.parseInt(bytes.slice(at + 1, bytes.count)) ?? 0 }
        self.digits = digits
        self.scale = digits.isEmpty ? 0 : scale
        negative = signed && !digits.isEmpty
    }

    static func < (a: DecimalText, b: DecimalText) -> Bool {
        if a.negative != b.negative { return a.negative }
        return a.negative ? b.isSmallerInSize(than: a) : a.isSmallerInSize(than: b)
    }

    private func isSmallerInSize(than other: DecimalText) -> Bool {
        if digits.isEmpty || other.digits.isEmpty { return digits.isEmpty && !other.digits.isEmpty }
        if scale != other.scale { return scale < other.scale }
        return digits.lexicographicallyPrecedes(other.digits)
    }
}

/// Names and quotations that both formats share.
enum ExpositionText {
    static func isName(_ bytes: Bytes) -> Bool {
        guard let first = bytes.first, SeriesText.isNameStart(first) else { return false }
        return bytes.allSatisfy { SeriesText.isName($0) }
    }

    static func isLabelName(_ bytes: Bytes) -> Bool { isName(bytes) && !bytes.contains(58) }

    /// Index of the quote that closes the string that begins at `start` (behind its opening quote); nil when none does.
    static func closingQuote(_ bytes: Bytes, from start: Int) -> Int? {
        var at = start
        while at < bytes.count {
            if bytes[at] == 34 { return at }
            at += bytes[at] == 92 ? 2 : 1
        }
        return nil
    }

    static func isUTF8(_ bytes: Bytes) -> Bool {
        bytes.isPlainASCII || String(validating: bytes, as: UTF8.self) != nil
    }

    static func checkLength(_ bytes: Bytes, _ omitted: Int) throws(ExpositionFault) {
        guard omitted == 0 else {
            throw ExpositionFault("the line has \(bytes.count + omitted) bytes: it is too long to be one of metrics")
        }
    }

    /// A piece of a line for a message.
    static func quoted(_ bytes: Bytes) -> String { "'\(bytes.text(limit: 80))'" }
}
