import TidemarkBase

/// What web pages and mail programs do to a pasted log: quote marks before the lines, HTML entities in them, links made of
/// file names.
enum PasteMarks {
    /// Without `> ` marks at the beginning.
    static func withoutQuotes(_ line: Bytes) -> Bytes {
        var at = 0
        while line.has("> ", at: at) { at += 2 }
        return at == 0 ? line : line.slice(at, line.count)
    }

    /// Whether the line went through an editor of web pages: an entity stands where a log has quotes, or the place in the
    /// code is a link, `[[loggers.py:259](http://loggers.py:259/)]`.
    static func hasEntities(_ line: Bytes) -> Bool {
        if let link = line.range(of: "[["), line.range(of: "](http", from: link) != nil { return true }
        guard line.firstIndex(of: 38) != nil else { return false }
        return line.has("&gt; ") || line.range(of: "&quot;") != nil
    }

    static func decoded(_ line: Bytes) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(line.count)
        var at = 0
        while at < line.count {
            if line[at] == 38, let (byte, length) = entity(line, at) {
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
