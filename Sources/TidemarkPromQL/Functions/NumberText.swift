import TidemarkBase

/// A double as Go's `strconv.FormatFloat(x, 'f', -1, 64)` writes it: the shortest digits, never an exponent.
func plainText(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
    let text = ByteWriter.shortest(value)
    guard let mark = text.firstIndex(where: { $0 == "e" }), let exponent = Int(text[text.index(after: mark)...]) else {
        return text
    }
    var mantissa = text[..<mark]
    let sign = mantissa.hasPrefix("-") ? "-" : ""
    if !sign.isEmpty { mantissa = mantissa.dropFirst() }
    let parts = mantissa.split(separator: ".")
    let whole = String(parts[0])
    let fraction = parts.count > 1 && parts[1] != "0" ? String(parts[1]) : ""
    let digits = whole + fraction
    let point = whole.count + exponent
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
    return sign + digits.prefix(point) + "." + digits.dropFirst(point)
}

/// A double as Go's `%g` with the shortest digits: with an exponent below 1e-4 and from 1e6 on.
func goText(_ value: Double) -> String {
    let size = abs(value)
    guard value.isFinite, size != 0, size < 1e-4 || size >= 1e6 else { return plainText(value) }
    let plain = plainText(size)
    let whole = plain.prefix { $0 != "." }
    var digits = plain.filter { $0 != "." }.drop { $0 == "0" }
    while digits.last == "0" { digits.removeLast() }
    let exponent =
        size >= 1 ? whole.count - 1 : -(plain.dropFirst(2).prefix { $0 == "0" }.count + 1)
    let mantissa = String(digits.prefix(1)) + (digits.count > 1 ? "." + digits.dropFirst() : "")
    let power = String(abs(exponent))
    return (value < 0 ? "-" : "") + mantissa + (exponent < 0 ? "e-" : "e+") + (power.count < 2 ? "0" + power : power)
}

/// A double as Go's `%f` writes it: six decimals.
func fixedText(_ value: Double) -> String {
    guard value.isFinite else { return plainText(value) }
    guard abs(value) < 1e12 else { return plainText(value) }
    let millionths = Int64((abs(value) * 1e6).rounded())
    let fraction = String(millionths % 1_000_000)
    let sign = value.sign == .minus ? "-" : ""
    return sign + "\(millionths / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
}

/// A double as a label value: as `%g`, and with a decimal point.
func labelText(_ value: Double) -> String {
    let text = goText(value)
    return value.isFinite && !text.contains(".") && !text.contains("e") ? text + ".0" : text
}

/// The shortest digits with an exponent of at least two, as Go's `%e`. `value` is finite and not zero.
private func exponentText(_ value: Double) -> String {
    let text = ByteWriter.shortest(value)
    guard let mark = text.firstIndex(where: { $0 == "e" }), let exponent = Int(text[text.index(after: mark)...]) else {
        return withoutPoint(text)
    }
    var mantissa = String(text[..<mark])
    if mantissa.hasSuffix(".0") { mantissa.removeLast(2) }
    let digits = String(abs(exponent))
    return mantissa + (exponent < 0 ? "e-" : "e+") + (digits.count < 2 ? "0" + digits : digits)
}

/// `0.000012` as `1.2e-05`: Swift writes small numbers without an exponent down to 1e-4 only, but stays exact.
private func withoutPoint(_ text: String) -> String {
    let sign = text.hasPrefix("-") ? "-" : ""
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    let fraction = parts.count > 1 ? parts[1] : ""
    let zeros = fraction.prefix { $0 == "0" }.count
    let digits = fraction.dropFirst(zeros)
    guard parts[0] == "0", let first = digits.first else { return text }
    let rest = digits.dropFirst()
    let exponent = String(zeros + 1)
    return sign + String(first) + (rest.isEmpty ? "" : "." + rest) + "e-" + (exponent.count < 2 ? "0" : "") + exponent
}

/// Numbers as Prometheus prints them.
public enum PromQLNumber {
    /// A value of the HTTP API: Go's `strconv.FormatFloat` with the shortest digits, an exponent below 1e-6 and from
    /// 1e21 on.
    public static func json(_ value: Double) -> String {
        let size = abs(value)
        guard value.isFinite, size != 0, size < 1e-6 || size >= 1e21 else { return plainText(value) }
        return exponentText(value)
    }
}
