import TidemarkBase

/// One attribute of an element. Names are fixed; values are escaped when they are written.
struct Attribute: Sendable {
    enum Name: String, Sendable {
        case ariaHidden = "aria-hidden"
        case ariaLabel = "aria-label"
        case ariaLabelledby = "aria-labelledby"
        case alt, charset, content, height, href, id, lang, name, patternTransform, patternUnits
        case className = "class"
        case colspan, cx, cy, d, dataEnd, dataName, dataPoints, dataStart, dataUnit, dataWords, datetime, dx, fill
        case httpEquiv = "http-equiv"
        case preserveAspectRatio, r, role, scope, src, tabindex, viewBox, width
        case x, x1, x2, y, y1, y2

        var markup: String {
            switch self {
            case .dataEnd: "data-end"
            case .dataName: "data-name"
            case .dataPoints: "data-points"
            case .dataStart: "data-start"
            case .dataUnit: "data-unit"
            case .dataWords: "data-words"
            default: rawValue
            }
        }
    }

    let name: Name
    let value: String

    init(_ name: Name, _ value: String) {
        self.name = name
        self.value = value
    }

    /// A length in user units, rounded to 0.1.
    init(_ name: Name, _ value: Double) { self.init(name, Coordinate.text(value)) }

    init(_ name: Name, _ value: Int) { self.init(name, String(value)) }

    static func id(_ value: String) -> Attribute { Attribute(.id, value) }
    static func css(_ value: String) -> Attribute { Attribute(.className, value) }
    static func label(_ value: String) -> Attribute { Attribute(.ariaLabel, value) }
    static var hidden: Attribute { Attribute(.ariaHidden, "true") }

    /// A share of the width, `0…1`, rounded to a ten-thousandth.
    static func share(_ name: Name, _ fraction: Double) -> Attribute {
        Attribute(name, Coordinate.percent(fraction))
    }

    /// A link inside the page.
    static func anchor(_ id: String) -> Attribute { Attribute(.href, "#" + id) }

    /// A link to another page of the same folder of reports, upwards too; nil when `path` is anything else.
    static func page(_ path: String) -> Attribute? {
        var rest = Substring(path)
        var up = ""
        while rest.hasPrefix("../") {
            rest = rest.dropFirst(3)
            up += "../"
        }
        return file(String(rest)).map { Attribute(.href, up + $0.value) }
    }

    /// A link to a file beside the report; nil when `path` is anything else (a scheme, a root, a way upwards).
    static func file(_ path: String) -> Attribute? {
        guard !path.isEmpty, !path.hasPrefix("/") else { return nil }
        var encoded = ByteWriter()
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in path.utf8 {
            switch byte {
            case 45, 46, 47, 95, 126, 48...57, 65...90, 97...122: encoded.write(byte: byte)
            case 0..<32, 127, 58, 92: return nil
            default:
                encoded.write(byte: 37)
                encoded.write(byte: digits[Int(byte >> 4)])
                encoded.write(byte: digits[Int(byte & 15)])
            }
        }
        guard !path.utf8.split(separator: 47).contains(where: { $0.elementsEqual("..".utf8) }) else { return nil }
        return Attribute(.href, encoded.text)
    }
}

/// Numbers in drawings.
enum Coordinate {
    /// Rounded to 0.1, without a trailing `.0`.
    static func text(_ value: Double) -> String {
        let text = ByteWriter.fixed(value, decimals: 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// `0.1234` as `12.34%`.
    static func percent(_ fraction: Double) -> String {
        var bytes = Array(ByteWriter.fixed(fraction * 100, decimals: 2).utf8)
        while bytes.last == 48 { bytes.removeLast() }
        if bytes.last == 46 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self) + "%"
    }
}
