import TidemarkBase
import TidemarkEvidence

/// Finds the entries in JSON documents: answers of Loki, Elasticsearch, CloudWatch, Log Analytics, arrays of entries as
/// gcloud, Grafana and Datadog write them; one document or several.
struct LogDocument {
    private(set) var found: HeldEntries
    /// The dialect of the first entry.
    private(set) var shape: LogWrapper?
    /// Where its objects hold the line, when that had to be learned.
    private(set) var key: TextKey?
    private let bytes: Bytes
    /// Containers in containers: each is looked at several times.
    private var depth = 0
    private static let deepest = 8

    /// Reads all of `bytes`; what is damaged becomes a reject, and reading goes on at the next line that begins a document.
    /// - Parameter key: what reading the head has learned; nil also there.
    static func read(
        _ bytes: Bytes, key: TextKey? = nil, firstLine: Int = 1, firstOffset: Int = 0
    ) -> LogDocument {
        var document = LogDocument(bytes, key, firstLine, firstOffset)
        document.readAll()
        return document
    }

    private init(_ bytes: Bytes, _ key: TextKey?, _ firstLine: Int, _ firstOffset: Int) {
        self.bytes = bytes
        self.key = key
        found = HeldEntries(bytes, firstLine: firstLine, firstOffset: firstOffset)
    }

    private mutating func readAll() {
        var at = bytes.has("\u{FEFF}") ? 3 : 0
        while true {
            var reader = JSONReader(bytes, from: at)
            var start = at
            do {
                while try reader.peek() != .end {
                    start = reader.offset
                    let kind = try reader.peek()
                    guard kind == .object || kind == .array else {
                        throw JSONReader.JSONError(offset: start, expected: "a JSON object or array")
                    }
                    depth = 0
                    if kind == .array { try list(&reader) } else { try object(&reader) }
                    // Documents may be separated by commas.
                    if reader.offset < bytes.count, bytes[reader.offset] == 44 { reader.move(to: reader.offset + 1) }
                }
                return
            } catch {
                let fault = error as? JSONReader.JSONError
                let from = min(max(fault?.offset ?? start, start), bytes.count)
                let next = resume(after: from)
                found.reject(from: from, to: next ?? bytes.count, "expected \(fault?.expected ?? "JSON")")
                guard let next else { return }
                at = next
            }
        }
    }

    /// The next line that begins as a document does.
    private func resume(after offset: Int) -> Int? {
        var from = offset
        while let feed = bytes.firstIndex(of: 10, from: from) {
            if bytes.has("{", at: feed + 1) || bytes.has("[", at: feed + 1) { return feed + 1 }
            from = feed + 1
        }
        return nil
    }

    // MARK: Containers

    private mutating func list(_ reader: inout JSONReader) throws {
        try reader.array { element in
            switch try element.peek() {
            case .object: try self.element(&element)
            case .array: try self.fieldRow(&element)
            default: try element.skip()
            }
        }
    }

    /// A document, or a container inside of one.
    private mutating func object(_ reader: inout JSONReader, isInner: Bool = false) throws {
        let start = reader
        if !isInner, bytes.slice(start.offset, min(bytes.count, start.offset + 4096)).range(of: "\"columns\"") != nil {
            if try table(&reader) { return }
            reader = start
        }
        let isContainer = try container(&reader)
        if !isContainer, !isInner {
            reader = start
            try element(&reader, isLine: true)
        }
    }

    private mutating func container(_ reader: inout JSONReader) throws -> Bool {
        guard depth < Self.deepest else {
            try reader.skip()
            return false
        }
        depth += 1
        defer { depth -= 1 }
        var isContainer = false
        try reader.object { key, reader in
            switch (try reader.peek(), key.bytes.first) {
            case (.array, _) where Self.isListKey(key):
                isContainer = true
                try self.list(&reader)
            case (.object, 104) where key.equals("hits"), (.object, 100) where key.equals("data"):
                isContainer = true
                try self.object(&reader, isInner: true)
            case (.string, 110) where key.equals("nextToken") || key.equals("nextPageToken"):
                if try reader.string().bytes.count > 0 {
                    self.found.remark = "the export says that more pages follow (\(key.bytes.text)): it is incomplete"
                }
            default: try reader.skip()
            }
        }
        return isContainer
    }

    private static func isListKey(_ key: JSONReader.RawString) -> Bool {
        switch key.bytes.first {
        case 100: return key.equals("data")
        case 101: return key.equals("events") || key.equals("entries")
        case 104: return key.equals("hits")
        case 108: return key.equals("logEvents") || key.equals("logs")
        case 114: return key.equals("results") || key.equals("result") || key.equals("responses") || key.equals("rows")
        case 115: return key.equals("streams") || key.equals("sessionResults")
        case 116: return key.equals("tables")
        default: return false
        }
    }

    // MARK: Entries

    /// - Parameter isLine: whether the object stands by itself, as those of JSON logging do.
    private mutating func element(_ reader: inout JSONReader, isLine: Bool = false) throws {
        _ = try reader.peek()
        let start = reader
        var entry = try ShipperEntry(&reader)
        if try learn(&entry, start, isLine: isLine) {
            return add(entry, from: start.offset, to: reader.offset, isText: true)
        }
        if (entry.message != nil || entry.object != nil), entry.time != nil {
            if shape == nil { shape = entry.shape ?? (isLine ? nil : .elastic) }
            return add(entry, from: start.offset, to: reader.offset)
        }
        var again = start
        if try stream(&again) || table(&again) {
            reader = again
            return
        }
        again = start
        if try container(&again) {
            reader = again
            return
        }
        found.reject(from: start.offset, to: reader.offset, "expected an entry with a message and a time")
    }

    /// Reads an object of an unknown tool, or one whose level may be the tool's (``TextKey``).
    private mutating func learn(_ entry: inout ShipperEntry, _ start: JSONReader, isLine: Bool) throws -> Bool {
        let isKnown = (entry.message != nil || entry.object != nil) && entry.time != nil
        if isKnown, key == nil || entry.shape != nil, !entry.signs.contains(.level) { return false }
        var reader = start
        let found = try LearnedEntry(&reader, key: key)
        if key == nil, found.text != nil, entry.canTake(found) { key = found.key }
        guard key != nil, entry.take(found) else { return false }
        if shape == nil { shape = entry.shape ?? .json }
        return true
    }

    private mutating func add(_ entry: ShipperEntry, from start: Int, to end: Int, isText: Bool = false) {
        var held = HeldEntry()
        held.timeMs = entry.time?.millis
        held.zoneless = entry.time?.zoneless ?? false
        if !entry.stream.isEmpty { held.isStderr = entry.stream == "stderr" }
        held.isPartial = entry.isPartial
        held.sequence = entry.sequence
        held.pid = entry.pid
        held.source = found.name(entry.pod, entry.container)
        if !isText, entry.shape == nil, !entry.isText {
            // The application's own JSON.
            (held.text, held.coding) = (start..<end, .object)
        } else if let message = entry.message {
            (held.text, held.coding) = (range(message.bytes), message.escaped ? .json : .plain)
        } else if let object = entry.object {
            (held.text, held.coding) = (range(object), .object)
        }
        found.add(held, from: start, to: end)
    }

    private func range(_ text: Bytes) -> Range<Int> {
        guard let start = text.baseAddress, let base = bytes.baseAddress else { return 0..<0 }
        return start - base..<start - base + text.count
    }

    /// Loki's `{"stream":{labels},"values":[["<ns>","line",{…}?],…]}`.
    private mutating func stream(_ reader: inout JSONReader) throws -> Bool {
        var labels = ShipperEntry()
        var whole: Bytes?
        var hasValues = false
        var probe = reader
        try probe.object { key, reader in
            let kind = try reader.peek()
            if key.equals("stream"), kind == .object {
                let from = reader.offset
                try reader.object { key, reader in try labels.label(key, try reader.peek(), &reader) }
                whole = reader.bytes.slice(from, reader.offset)
            } else {
                if key.equals("values"), kind == .array { hasValues = true }
                try reader.skip()
            }
        }
        guard let whole, hasValues else { return false }
        let source =
            labels.pod == nil && labels.container == nil
            ? found.name(whole) : found.name(labels.pod, labels.container)
        let isStderr: Bool? = labels.stream.isEmpty ? nil : labels.stream == "stderr"
        if shape == nil { shape = .loki }
        try reader.object { key, reader in
            guard key.equals("values") else { return try reader.skip() }
            try reader.array { value in
                _ = try value.peek()
                let start = value.offset
                var entry = HeldEntry()
                var position = 0
                try value.array { part in
                    let kind = try part.peek()
                    if position == 0, kind == .string {
                        entry.timeMs = FrameTime(number: try part.string().bytes)?.millis
                    } else if position == 1, kind == .string {
                        let text = try part.string()
                        (entry.text, entry.coding) = (self.range(text.bytes), text.escaped ? .json : .plain)
                    } else {
                        try part.skip()
                    }
                    position += 1
                }
                guard position >= 2, entry.timeMs != nil else {
                    return self.found.reject(from: start, to: value.offset, "expected [\"<ns>\", \"line\"]")
                }
                (entry.source, entry.isStderr) = (source, isStderr)
                self.found.add(entry, from: start, to: value.offset)
            }
        }
        return true
    }

    /// A row of Logs Insights: `[{"field":"@timestamp","value":"…"},…]`.
    private mutating func fieldRow(_ reader: inout JSONReader) throws {
        let start = reader.offset
        var entry = HeldEntry()
        var hasMessage = false
        try reader.array { cell in
            guard try cell.peek() == .object else { return try cell.skip() }
            var field: JSONReader.RawString?
            var value: JSONReader.RawString?
            try cell.object { key, reader in
                guard try reader.peek() == .string else { return try reader.skip() }
                if key.equals("field") {
                    field = try reader.string()
                } else if key.equals("value") {
                    value = try reader.string()
                } else {
                    try reader.skip()
                }
            }
            guard let field, let value else { return }
            if field.equals("@timestamp") {
                // UTC, though it doesn't say so.
                entry.timeMs = FrameTime(text: value.bytes)?.millis
            } else if field.equals("@message") {
                (entry.text, entry.coding) = (self.range(value.bytes), value.escaped ? .json : .plain)
                hasMessage = true
            } else if field.equals("@logStream") {
                entry.source = self.found.name(value.bytes)
            }
        }
        guard hasMessage, entry.timeMs != nil else {
            return found.reject(from: start, to: reader.offset, "expected a row with @timestamp and @message")
        }
        if shape == nil { shape = .cloudWatch }
        found.add(entry, from: start, to: reader.offset)
    }

    /// Log Analytics: `{"name":…,"columns":[{"name":…}],"rows":[[…]]}`.
    private mutating func table(_ reader: inout JSONReader) throws -> Bool {
        var columns: [Bytes] = []
        var probe = reader
        try probe.object { key, reader in
            guard key.equals("columns"), try reader.peek() == .array else { return try reader.skip() }
            try reader.array { column in
                guard try column.peek() == .object else { return try column.skip() }
                try column.object { key, reader in
                    guard key.equals("name"), try reader.peek() == .string else { return try reader.skip() }
                    columns.append(try reader.string().bytes)
                }
            }
        }
        guard columns.contains(where: { $0.equals("TimeGenerated") || $0.equals("@timestamp") }) else { return false }
        if shape == nil { shape = columns.contains { $0.equals("@timestamp") } ? .elastic : .azure }
        try reader.object { key, reader in
            guard key.equals("rows") || key.equals("values"), try reader.peek() == .array else {
                return try reader.skip()
            }
            try reader.array { row in
                _ = try row.peek()
                try self.tableRow(&row, columns)
            }
        }
        return true
    }

    private mutating func tableRow(_ reader: inout JSONReader, _ columns: [Bytes]) throws {
        let start = reader.offset
        var entry = HeldEntry()
        var hasText = false
        var pod: Bytes?
        var container: Bytes?
        var position = 0
        try reader.array { cell in
            let column = position < columns.count ? columns[position] : cell.bytes.slice(0, 0)
            position += 1
            let kind = try cell.peek()
            let from = cell.offset
            guard kind == .string else {
                try cell.skip()
                if kind == .object, column.equals("LogMessage") {
                    (entry.text, entry.coding, hasText) = (from..<cell.offset, .object, true)
                }
                return
            }
            let value = try cell.string()
            if column.equals("TimeGenerated") || column.equals("@timestamp") {
                entry.timeMs = FrameTime(text: value.bytes)?.millis
            } else if column.equals("LogMessage") || column.equals("LogEntry") || column.equals("Log_s")
                || column.equals("message")
            {
                (entry.text, entry.coding) = (self.range(value.bytes), value.escaped ? .json : .plain)
                hasText = true
            } else if column.equals("LogSource") || column.equals("LogEntrySource") {
                entry.isStderr = value.equals("stderr")
            } else if column.equals("PodName") {
                pod = value.bytes
            } else if column.equals("ContainerName") {
                container = value.bytes
            }
        }
        guard hasText, entry.timeMs != nil else {
            return found.reject(from: start, to: reader.offset, "expected a row with a time and a message")
        }
        entry.source = found.name(pod, container)
        found.add(entry, from: start, to: reader.offset)
    }
}
