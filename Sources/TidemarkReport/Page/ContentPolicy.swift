import TidemarkBase

/// The page's content security policy: nothing is loaded, and no script or style runs but the two that were written
/// with the page. Escaping keeps foreign markup out; this is the second lock.
enum ContentPolicy {
    /// - Parameter pictures: whether the page holds a picture, as an address that is the picture itself.
    static func text(script: String? = nil, style: String, pictures: Bool = false) -> String {
        let script = script.map { "script-src '\(hash($0))'; " } ?? ""
        let images = pictures ? "; img-src data:" : ""
        return "default-src 'none'; \(script)style-src '\(hash(style))'; base-uri 'none'; form-action 'none'\(images)"
    }

    /// `sha256-` and the digest of `source` in base 64.
    static func hash(_ source: String) -> String { "sha256-" + base64(withBytes(of: source) { SHA256.digest($0) }) }

    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var out: [UInt8] = []
        for at in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[at..<min(at + 3, bytes.count)]
            var bits: UInt32 = 0
            for index in 0..<3 { bits = bits << 8 | UInt32(index < group.count ? group[at + index] : 0) }
            for index in 0..<4 {
                out.append(index <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)] : 61)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
