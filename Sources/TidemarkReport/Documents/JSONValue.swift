import TidemarkBase

/// A value of a JSON document; objects keep the order of their members.
indirect enum JSONValue {
    case null
    case flag(Bool)
    /// What isn't finite is null.
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([(String, JSONValue)])

    /// Nil and NaN are null: missing is missing.
    static func optional(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    static func optional(_ value: Int?) -> JSONValue { value.map { .number(Double($0)) } ?? .null }
    /// RFC 3339.
    static func time(_ timeMs: Int64?) -> JSONValue { timeMs.map { .text(CivilTime.rfc3339($0)) } ?? .null }
    static func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .text($0) }) }

    func write(to out: inout ByteWriter) {
        switch self {
        case .null: out.write("null")
        case .flag(let flag): out.write(flag ? "true" : "false")
        case .number(let number):
            // Whole numbers without a fraction, as far as doubles count them.
            if let whole = Int(exactly: number), abs(whole) < 1 << 53 {
                out.write(whole)
            } else {
                out.write(number.isFinite ? ByteWriter.shortest(number) : "null")
            }
        case .text(let text): out.writeJSONString(text)
        case .array(let items):
            out.write("[")
            for (place, item) in items.enumerated() {
                if place > 0 { out.write(",") }
                item.write(to: &out)
            }
            out.write("]")
        case .object(let members):
            out.write("{")
            for (place, member) in members.enumerated() {
                if place > 0 { out.write(",") }
                out.writeJSONString(member.0)
                out.write(":")
                member.1.write(to: &out)
            }
            out.write("}")
        }
    }
}
