import TidemarkBase

/// What web pages and mail programs do to a pasted log: quote marks before the lines, HTML entities and the tags of web
/// consoles in them, links made of file names.
enum PasteMarks {
    /// Without `> ` marks at the beginning, and without the frame that a terminal's window drew around it.
    static func withoutQuotes(_ line: Bytes) -> Bytes {
        var at = 0
        while line.has("> ", at: at) { at += 2 }
        if line.has("\u{2502}", at: at) { return withoutFrame(line.slice(at, line.count)) }
        return at == 0 ? line : line.slice(at, line.count)
    }

    /// `│INFO 05-29 23:32:19 [core.py:58] text │`: rich draws the same bars around tracebacks, so what stands between them
    /// must begin with a level or a date.
    private static func withoutFrame(_ line: Bytes) -> Bytes {
        let text = line.slice(3, line.count)
        guard RecordHeader.level(text, at: 0) != nil || ForeignLine.datedStamp(text) != nil else { return line }
        var end = text.count
        if end >= 3, text.has("\u{2502}", at: end - 3) { end -= 3 }
        while end > 0, text[end - 1] == 32 { end -= 1 }
        return text.slice(0, end)
    }

    /// Length of the backtick or the 4 to 15 blanks before a line that was pasted as code.
    static func margin(_ line: Bytes) -> Int {
        if line.first == 96 { return line.count > 1 && line[1] != 96 ? 1 : 0 }
        var blanks = 0
        while blanks < line.count, line[blanks] == 32 { blanks += 1 }
        return blanks >= 4 && blanks < 16 && blanks < line.count ? blanks : 0
    }

    /// Whether a line is the number of another one, as some viewers copy it.
    static func isNumber(_ line: Bytes) -> Bool {
        !line.isEmpty && line.count < 7 && line.allSatisfy { $0 &- 48 <= 9 }
    }

    /// Length of the `  | ` that Compose puts before the lines of a service whose name the paste lost.
    static func bar(_ line: Bytes) -> Int {
        var at = 0
        while at < line.count, line[at] == 32 { at += 1 }
        return at > 0 && at < 40 && line.has("| ", at: at) ? at + 2 : 0
    }

    /// Whether the line went through an editor of web pages: an entity stands where a log has quotes, the place in the
    /// code is a link, `[[loggers.py:259](http://loggers.py:259/)]`, or tags stand around the text.
    static func hasEntities(_ line: Bytes) -> Bool {
        if hasTags(line) { return true }
        if let link = line.range(of: "[["), line.range(of: "](http", from: link) != nil { return true }
        guard line.firstIndex(of: 38) != nil else { return false }
        return line.has("&gt; ") || line.range(of: "&quot;") != nil
    }

    /// Whether the line begins or ends with a tag of a web console: `<span class="line"><span>text</span></span>`.
    private static func hasTags(_ line: Bytes) -> Bool {
        let text = line.trimmed
        guard let first = text.first, first == 60 || text.last == 62 else { return false }
        if first == 60, tag(text, 0) != nil { return true }
        guard text.last == 62, let open = text.lastIndex(of: 60) else { return false }
        return text.has("</", at: open) && tag(text, open) == text.count - open
    }

    /// Length of the tag at `at`, of those that stand around text without being part of it.
    private static func tag(_ line: Bytes, _ at: Int) -> Int? {
        let name = line.has("</", at: at) ? at + 2 : at + 1
        var end = name
        while end < line.count, end - name < 8, (line[end] | 0x20) &- 97 < 26 { end += 1 }
        let names: [StaticString] = ["span", "div", "pre", "code", "p", "td", "tr", "li", "font", "br", "b", "mark"]
        let word = line.slice(name, end)
        guard names.contains(where: { word.equals($0) }), end < line.count,
            line[end] == 62 || line[end] == 32 || line[end] == 47,
            let close = line.firstIndex(of: 62, from: end), close - at < 300
        else { return nil }
        return close + 1 - at
    }

    static func decoded(_ line: Bytes) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(line.count)
        let hasTags = hasTags(line)
        var at = 0
        while at < line.count {
            if hasTags, line[at] == 60, let length = tag(line, at) {
                at += length
            } else if line[at] == 38, let (byte, length) = entity(line, at) {
                out.append(byte)
                at += length
            } else if line.has("[[", at: at), let close = line.range(of: "](http", from: at), close - at < 200,
                let end = line.firstIndex(of: 41, from: close)
            {
                out.append(contentsOf: line.slice(at, at + 1))
                out.append(contentsOf: line.slice(at + 2, close))
                at = end + 1
            } else {
                out.append(line[at])
                at += 1
            }
        }
        return out
    }

    private static func entity(_ line: Bytes, _ at: Int) -> (UInt8, Int)? {
        if line.has("&quot;", at: at) { return (34, 6) }
        if line.has("&gt;", at: at) { return (62, 4) }
        if line.has("&lt;", at: at) { return (60, 4) }
        if line.has("&amp;", at: at) { return (38, 5) }
        if line.has("&#39;", at: at) || line.has("&#x27;", at: at) { return (39, line[at + 2] == 51 ? 5 : 6) }
        return nil
    }
}
