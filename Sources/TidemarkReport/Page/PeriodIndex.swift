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
        page += "<meta http-equiv=\"Content-Security-Policy\" content=\"\(ContentPolicy.text(style: style))\">"
        page += "<title>\(heading)</title><style>\(style)</style></head><body><main><h1>\(heading)</h1>"
        if isRedacted { page += "<p class=\"redacted\">\(escaped(Phrases.redacted))</p>" }
        page += "<ul>\n"
        for entry in entries {
            page +=
                "<li><a href=\"\(escaped(entry.link))\">\(escaped(entry.name))</a><br>\(escaped(entry.verdict))</li>\n"
        }
        return Array((page + "</ul></main></body></html>\n").utf8)
    }

    private static let style =
        Stylesheet.colours + """
            body{background:var(--background);color:var(--text);font:15px/24px system-ui,-apple-system,"Segoe UI",Roboto,\
            "Noto Sans","PingFang TC","Noto Sans TC","Noto Sans CJK TC","Microsoft JhengHei",sans-serif;\
            overflow-wrap:break-word;max-width:60rem;margin:32px auto;padding:0 16px}
            h1{font-size:18px;line-height:24px}
            ul{list-style:none;padding:0}
            li{margin:12px 0;padding-top:12px;border-top:1px solid var(--rule)}
            a{color:var(--accent)}

            """

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
