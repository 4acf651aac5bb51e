/// Names made safe for anchors, files and columns.
enum Slug {
    /// Lower-case ASCII letters and digits, runs of anything else as one `separator`; `x` when nothing is left.
    static func make(_ text: String, separator: UInt8) -> String {
        var bytes: [UInt8] = []
        var pending = false
        for byte in text.utf8 {
            let lower = byte >= 65 && byte <= 90 ? byte + 32 : byte
            guard (lower >= 97 && lower <= 122) || (lower >= 48 && lower <= 57) else {
                pending = true
                continue
            }
            if pending, !bytes.isEmpty { bytes.append(separator) }
            pending = false
            bytes.append(lower)
        }
        return bytes.isEmpty ? "x" : String(decoding: bytes, as: UTF8.self)
    }

    /// For columns: `ttft_p95`.
    static func snake(_ text: String) -> String { make(text, separator: 95) }

    /// For anchors and files: `ttft-p95`.
    static func kebab(_ text: String) -> String { make(text, separator: 45) }
}

/// Gives out anchors, each once.
struct Anchors {
    private var used: Set<String> = []

    init() {}

    static func name(_ prefix: String, _ name: String) -> String {
        name.isEmpty ? prefix : prefix + "-" + Slug.kebab(name)
    }

    /// `prefix-name`, with a number behind it when it is taken already.
    mutating func take(_ prefix: String, _ name: String) -> String {
        let base = Self.name(prefix, name)
        var candidate = base
        var number = 2
        while !used.insert(candidate).inserted {
            candidate = base + "-" + String(number)
            number += 1
        }
        return candidate
    }
}
