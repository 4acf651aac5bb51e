import TidemarkBase
import TidemarkEvidence

/// Cloud Logging's entries in YAML, which `gcloud logging read` writes unless told otherwise: documents separated by
/// `---`, in each `textPayload` (or `jsonPayload.message`), `timestamp` and the labels of the resource.
enum CloudYAML {
    static func isLog(_ head: Bytes) -> Bool {
        guard head.has("---") || head.has("insertId: ") || head.has("jsonPayload:") else { return false }
        return head.range(of: "\ntimestamp: ") != nil && head.range(of: "insertId: ") != nil
            && (head.range(of: "\ntextPayload: ") != nil || head.range(of: "jsonPayload:\n") != nil)
    }

    /// What is known of the entry that is being read.
    private struct Entry {
        enum Section { case none, payload, resource }

        var section = Section.none
        var isEmpty = true
        var text: Range<Int>?
        /// Indentation of the key whose text may go on in the next line.
        var openIndent: Int?
        var time: FrameTime?
        var received: FrameTime?
        var pod: Bytes?
        var container: Bytes?
    }

    static func read(_ bytes: Bytes, firstLine: Int = 1, firstOffset: Int = 0) -> HeldEntries {
        var found = HeldEntries(bytes, firstLine: firstLine, firstOffset: firstOffset)
        var at = bytes.has("\u{FEFF}") ? 3 : 0
        var start = at
        var entry = Entry()
        while true {
            let end = bytes.firstIndex(of: 10, from: at) ?? bytes.count
            if at >= bytes.count || bytes.slice(at, end).trimmed.equals("---") {
                add(entry, from: start, to: at, &found)
                if at >= bytes.count { return found }
                start = at
                entry = Entry()
            } else {
                take(bytes, at, end, &entry)
            }
            at = min(end + 1, bytes.count)
        }
    }

    private static func add(_ entry: Entry, from start: Int, to end: Int, _ found: inout HeldEntries) {
        guard !entry.isEmpty else { return }
        guard let text = entry.text, let time = entry.time ?? entry.received else {
            return found.reject(from: start, to: end, "expected an entry with a payload of text and a timestamp")
        }
        var held = HeldEntry()
        held.timeMs = time.millis
        held.zoneless = time.zoneless
        held.coding = .yaml
        held.text = text
        held.source = found.name(entry.pod, entry.container)
        found.add(held, from: start, to: end)
    }

    private static func take(_ bytes: Bytes, _ start: Int, _ end: Int, _ entry: inout Entry) {
        let line = bytes.slice(start, end)
        var indent = 0
        while indent < line.count, line[indent] == 32 { indent += 1 }
        let isBlank = line.trimmed.isEmpty
        if let open = entry.openIndent, let text = entry.text, isBlank || indent > open {
            entry.text = text.lowerBound..<end
            return
        }
        guard !isBlank else { return }
        entry.isEmpty = false
        entry.openIndent = nil
        guard let colon = line.firstIndex(of: 58, from: indent) else { return }
        let key = line.slice(indent, colon)
        let value = line.slice(min(colon + 1, line.count), line.count)
        switch indent {
        case 0:
            entry.section = key.equals("jsonPayload") ? .payload : key.equals("resource") ? .resource : .none
            if key.equals("textPayload") {
                entry.text = start + colon + 1..<end
                entry.openIndent = 0
            } else if key.equals("timestamp") {
                entry.time = FrameTime(text: scalar(value))
            } else if key.equals("receiveTimestamp") {
                entry.received = FrameTime(text: scalar(value))
            }
        case 2 where entry.section == .payload && entry.text == nil:
            guard key.equals("message") || key.equals("log") || key.equals("msg") || key.equals("MESSAGE") else {
                return
            }
            entry.text = start + colon + 1..<end
            entry.openIndent = 2
        case 4 where entry.section == .resource:
            if key.equals("pod_name") || key.equals("instance_id") { entry.pod = scalar(value) }
            if key.equals("container_name") { entry.container = scalar(value) }
        default: break
        }
    }

    /// A value on one line without its quotes.
    private static func scalar(_ value: Bytes) -> Bytes {
        let text = value.trimmed
        guard text.count > 1, text[0] == 39 || text[0] == 34, text[text.count - 1] == text[0] else { return text }
        return text.slice(1, text.count - 1)
    }

    // MARK: Text

    /// Appends what the scalar says: plain, in quotes of either kind, or a block.
    static func decode(_ raw: Bytes, into out: inout [UInt8]) {
        var start = 0
        while start < raw.count, raw[start] == 32 || raw[start] == 9 { start += 1 }
        guard start < raw.count else { return }
        switch raw[start] {
        case 124, 62: block(raw, from: start, into: &out)
        case 39, 34: flow(raw, from: start + 1, quote: raw[start], into: &out)
        default: flow(raw, from: start, quote: 0, into: &out)
        }
    }

    /// Line feeds in the text of a plain or a quoted scalar stand for a blank, further ones for themselves.
    private static func flow(_ raw: Bytes, from start: Int, quote: UInt8, into out: inout [UInt8]) {
        var at = start
        var first = out.count
        while at < raw.count {
            let byte = raw[at]
            if byte == 10 {
                while out.count > first, out[out.count - 1] == 32 || out[out.count - 1] == 13 { out.removeLast() }
                var feeds = 0
                while at < raw.count, raw[at] == 10 || raw[at] == 32 || raw[at] == 13 || raw[at] == 9 {
                    if raw[at] == 10 { feeds += 1 }
                    at += 1
                }
                if at == raw.count { return }
                if feeds == 1 { out.append(32) } else { out.append(contentsOf: repeatElement(10, count: feeds - 1)) }
                continue
            }
            at += 1
            if byte == quote, quote != 0 {
                guard quote == 39, raw.has("'", at: at) else { return }
                at += 1
                out.append(39)
            } else if byte == 92, quote == 34, at < raw.count {
                if raw[at] == 10 {
                    at += 1
                    while at < raw.count, raw[at] == 32 { at += 1 }
                } else {
                    escape(raw, &at, into: &out)
                }
                // What is escaped isn't cut off before a line feed.
                first = out.count
            } else {
                out.append(byte)
            }
        }
        while out.count > first, out[out.count - 1] == 32 || out[out.count - 1] == 13 { out.removeLast() }
    }

    /// The escape whose letter stands at `at`.
    private static func escape(_ raw: Bytes, _ at: inout Int, into out: inout [UInt8]) {
        let letter = raw[at]
        at += 1
        var digits = 0
        switch letter {
        case 110: out.append(10)
        case 116: out.append(9)
        case 114: out.append(13)
        case 101: out.append(27)
        case 48: out.append(0)
        case 97: out.append(7)
        case 98: out.append(8)
        case 120: digits = 2
        case 117: digits = 4
        case 85: digits = 8
        default: out.append(letter)
        }
        guard digits > 0 else { return }
        var value: UInt32 = 0
        while digits > 0, at < raw.count {
            let byte = raw[at] | 0x20
            guard raw[at] &- 48 <= 9 || byte &- 97 < 6 else { break }
            value = value << 4 | UInt32(raw[at] &- 48 <= 9 ? raw[at] - 48 : byte - 87)
            at += 1
            digits -= 1
        }
        out.append(contentsOf: Array(String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8))
    }

    /// `|` keeps the lines, `>` joins them with blanks.
    private static func block(_ raw: Bytes, from start: Int, into out: inout [UInt8]) {
        let joint: UInt8 = raw[start] == 62 ? 32 : 10
        guard var at = raw.firstIndex(of: 10, from: start).map({ $0 + 1 }) else { return }
        var indent: Int?
        let first = out.count
        while at < raw.count {
            let end = raw.firstIndex(of: 10, from: at) ?? raw.count
            let line = raw.slice(at, end)
            var blanks = 0
            while blanks < line.count, line[blanks] == 32 { blanks += 1 }
            if indent == nil, blanks < line.count { indent = blanks }
            if at > start, out.count > first { out.append(joint) }
            out.append(contentsOf: line.slice(min(indent ?? 0, blanks), line.count))
            at = end + 1
        }
        while out.count > first, out[out.count - 1] == 10 { out.removeLast() }
    }
}
