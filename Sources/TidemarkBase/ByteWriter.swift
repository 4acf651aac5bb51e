/// Appends text and numbers to a byte array. The one way in which results become bytes: no formatter, no locale.
public struct ByteWriter: Sendable {
    public var bytes: [UInt8] = []

    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    public mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    @inlinable public mutating func write(byte: UInt8) { bytes.append(byte) }

    public mutating func write(_ slice: Bytes) { bytes.append(contentsOf: slice) }

    public mutating func write(_ value: Int) { write(String(value)) }

    /// `value` with exactly `decimals` digits after the point, rounded half away from zero; `NaN`, `+Inf`, `-Inf` else.
    public mutating func write(_ value: Double, decimals: Int) { write(Self.fixed(value, decimals: decimals)) }

    /// As ``write(_:decimals:)``, as text.
    public static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (abs(value) * scale).rounded(.toNearestOrAwayFromZero)
        guard scaled < 9e15 else { return "\(value)" }
        let units = UInt64(scaled)
        let sign = value < 0 && units > 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(units) }
        let whole = units / UInt64(scale)
        let fraction = String(units % UInt64(scale))
        return sign + String(whole) + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// The shortest text that reads back as the same double, without a trailing `.0`.
    public static func shortest(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// `text` as a JSON string, quotes included. Control characters are escaped; the rest stays UTF-8.
    public mutating func writeJSONString(_ text: String) {
        bytes.append(34)
        for byte in text.utf8 {
            switch byte {
            case 34: write("\\\"")
            case 92: write("\\\\")
            case 10: write("\\n")
            case 13: write("\\r")
            case 9: write("\\t")
            case 0..<32, 127:
                let digits = Array("0123456789abcdef".utf8)
                write("\\u00")
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(34)
    }

    /// A JSON array of strings.
    public mutating func writeJSON(_ texts: [String]) {
        write("[")
        for (index, text) in texts.enumerated() {
            if index > 0 { write(",") }
            writeJSONString(text)
        }
        write("]")
    }

    /// A JSON object of strings, in the order given.
    public mutating func writeJSON(_ pairs: [(key: String, value: String)]) {
        write("{")
        for (index, pair) in pairs.enumerated() {
            if index > 0 { write(",") }
            writeJSONString(pair.key)
            write(":")
            writeJSONString(pair.value)
        }
        write("}")
    }

    /// `texts` as the text of a JSON array.
    public static func json(_ texts: [String]) -> String {
        var out = ByteWriter()
        out.writeJSON(texts)
        return out.text
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }
}
