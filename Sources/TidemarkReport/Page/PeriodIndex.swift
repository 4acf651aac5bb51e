import TidemarkBase

/// The list of reports when the evidence holds several periods.
public enum PeriodIndex {
    public struct Entry: Sendable {
        public var name: String
        /// Relative to the list.
        public var link: String
        /// First sentence of the verdict.
        public var verdict: String

        public init(name: String, link: String, verdict: String) {
            self.name = name
            self.link = link
            self.verdict = verdict
        }
    }

    /// A period's name as a folder's: letters, digits, `-`, `_` and `.`; all else becomes `-`.
    public static func folderName(_ name: String) -> String {
        var text = ""
        for scalar in name.unicodeScalars {
            let plain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            text.unicodeScalars.append(plain || "-_".unicodeScalars.contains(scalar) ? scalar : "-")
        }
        return text.isEmpty ? "period" : text
    }

    public static func render(_ entries: [Entry], title: String?, isRedacted: Bool = false) -> [UInt8] {
        var page = "<!doctype html>\n<html lang=\"\(Language.current.tag)\"><head><meta charset=\"utf-8\">"
        page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        let heading = escaped(title ?? say("Periods of the evidence"))
        page += "<title>\(heading)</title><style>:root{color-scheme:light dark}"
        page += "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        page += "li{margin:.75rem 0}</style></head><body><main><h1>\(heading)</h1>"
        if isRedacted { page += "<p class=\"redacted\">\(escaped(Phrases.redacted))</p>" }
        page += "<ul>\n"
        for entry in entries {
            page +=
                "<li><a href=\"\(escaped(entry.link))\">\(escaped(entry.name))</a><br>\(escaped(entry.verdict))</li>\n"
        }
        return Array((page + "</ul></main></body></html>\n").utf8)
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "\u{0}"..<" ", "\u{7F}": out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
