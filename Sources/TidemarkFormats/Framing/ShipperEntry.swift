import TidemarkBase
import TidemarkEvidence

/// What one object of a shipper or of an export says, whatever its dialect: keys are taken by their names, and those that
/// a dialect alone has tell which it is. All slices point into the document.
struct ShipperEntry {
    var signs: Signs = []
    var message: JSONReader.RawString?
    /// A payload that is an object: the application's own JSON.
    var object: Bytes?
    var time: FrameTime?
    private var timeRank = 0
    var stream = ""
    var isPartial = false
    /// The last part of a message that Docker's fluentd driver cut.
    private var isLastPart = false
    var pod: Bytes?
    var container: Bytes?
    private var podRank = 0
    var pid: Int?
    /// Position in its file, where the shipper says it: orders entries of the same time.
    var sequence = 0

    /// Where the walk stands.
    private enum Place { case root, kubernetes, named, log, logFile, labels, resource, payload }

    /// Reads the object at the reader.
    init(_ reader: inout JSONReader) throws { try walk(&reader, .root, depth: 0) }

    init() {}

    /// The dialect; nil: no shipper's entry.
    var shape: LogWrapper? {
        guard message != nil || object != nil, time != nil else { return nil }
        if signs.contains(.payload) { return .gcp }
        if signs.contains(.raw) { return .splunk }
        if signs.contains(.line) { return .loki }
        if signs.contains([.timeGenerated, .azureMessage]) { return .azure }
        guard isText else { return nil }
        if signs.contains(.datadog) { return .datadog }
        if signs.contains([.message, .cloudWatch, .numericTimestamp]) { return .cloudWatch }
        if signs.contains([.message, .timestamp, .sourceType]) { return .vector }
        guard !signs.isDisjoint(with: [.log, .message]) else { return nil }
        if signs.contains(.atTimestamp), !signs.isDisjoint(with: [.collector, .kubernetes, .wrapped]) {
            return .elastic
        }
        if signs.contains(.date) { return .fluentBit }
        return signs.contains(.log) && !signs.isDisjoint(with: [.kubernetes, .collector, .tag]) ? .fluentBit : nil
    }

    /// An application's own JSON logging may look like a shipper's line. It names a level, and its message is no line of
    /// text with one. Collectors guess levels too (OpenShift, Filebeat, GELF), but they know neither logger nor file.
    var isText: Bool {
        guard signs.contains(.level) else { return true }
        guard let text = message?.bytes else { return false }
        let start = ProcessPrefix.parseChain(text).end
        if RecordHeader.level(text, at: start) != nil { return true }
        return !signs.contains(.logger) && !signs.isDisjoint(with: [.kubernetes, .shipped])
    }

    private mutating func walk(_ reader: inout JSONReader, _ place: Place, depth: Int) throws {
        guard depth < 6 else { return try reader.skip() }
        try reader.object { key, reader in
            let kind = try reader.peek()
            switch place {
            case .root: try root(key, kind, &reader, depth)
            case .kubernetes: try kubernetes(key, kind, &reader, depth)
            case .named:
                if kind == .string, key.equals("name") {
                    name(try reader.string().bytes, rank: 2)
                } else {
                    try reader.skip()
                }
            case .log:
                if kind == .object, key.equals("file") {
                    signs.formUnion([.collector, .shipped])
                    try walk(&reader, .logFile, depth: depth + 1)
                } else if kind == .number, key.equals("offset") {
                    signs.formUnion([.collector, .shipped])
                    sequence = Decimal.parseInt(try reader.numberBytes()) ?? 0
                } else {
                    if key.equals("level") { signs.insert(.level) }
                    try reader.skip()
                }
            case .logFile:
                if kind == .string, key.equals("path") {
                    name(try reader.string().bytes, rank: 1)
                } else {
                    try reader.skip()
                }
            case .labels: try label(key, kind, &reader)
            case .resource:
                if kind == .object, key.equals("labels") {
                    try walk(&reader, .labels, depth: depth + 1)
                } else {
                    try reader.skip()
                }
            case .payload: try payload(key, kind, &reader)
            }
        }
    }

    private mutating func root(
        _ key: JSONReader.RawString, _ kind: JSONReader.Kind, _ reader: inout JSONReader, _ depth: Int
    ) throws {
        switch key.bytes.first {
        case 64:
            if key.equals("@timestamp") { return try readTime(kind, &reader, rank: 2, [.atTimestamp]) }
            if key.equals("@message"), kind == .string { return try readMessage(&reader, .message) }
            if key.equals("@version") || key.equals("@metadata") { signs.insert(.collector) }
        case 95:
            if key.equals("_source"), kind == .object {
                signs.insert(.wrapped)
                return try walk(&reader, .root, depth: depth + 1)
            }
            if key.equals("_raw"), kind == .string { return try readMessage(&reader, .raw) }
            if key.equals("_time") { return try readTime(kind, &reader, rank: 3, []) }
            if key.equals("_p"), kind == .string { isPartial = try reader.string().equals("P"); return }
            if key.equals("_partial"), kind == .literal { isPartial = try reader.literal() ?? false; return }
            if key.equals("_PID"), kind == .string { pid = Decimal.parseInt(try reader.string().bytes); return }
            if key.equals("_HOSTNAME"), kind == .string { name(try reader.string().bytes, rank: 1); return }
        case 97:
            if key.equals("attributes"), kind == .object {
                signs.insert(.datadog)
                return try walk(&reader, .root, depth: depth + 1)
            }
            if key.equals("agent") { signs.insert(.collector) }
            if key.equals("asctime") { signs.insert(.logger) }
        case 99:
            if key.equals("content"), kind == .object {
                signs.insert(.datadog)
                return try walk(&reader, .root, depth: depth + 1)
            }
            if key.equals("container"), kind == .object {
                signs.insert(.collector)
                return try walk(&reader, .named, depth: depth + 1)
            }
            if key.equals("containerName"), kind == .string {
                container = try reader.string().bytes
                return
            }
            if key.equals("container_name") || key.equals("container.name"), kind == .string {
                signs.insert(.collector)
                container = try reader.string().bytes
                return
            }
            if key.equals("container_id") || key.equals("container.id") { signs.insert(.collector) }
        case 100:
            if key.equals("date") { return try readTime(kind, &reader, rank: 2, [.date]) }
            if key.equals("docker") { signs.insert(.kubernetes) }
            if key.equals("ddsource") || key.equals("ddtags") { signs.insert(.datadog) }
        case 101:
            if key.equals("eventId") { signs.insert(.cloudWatch) }
            if key.equals("ecs") || key.equals("ecs.version") || key.equals("event") || key.equals("event.original")
                || key.equals("event.dataset")
            {
                signs.insert(.collector)
            }
        case 104:
            if key.equals("host"), kind == .object {
                signs.insert(.collector)
                return try walk(&reader, .named, depth: depth + 1)
            }
            if key.equals("host") || key.equals("host.name") || key.equals("hostname"), kind == .string {
                signs.insert(.collector)
                name(try reader.string().bytes, rank: 1)
                return
            }
        case 105:
            if key.equals("ingestionTime") { signs.insert(.cloudWatch) }
            if key.equals("id"), kind == .string { signs.insert(.cloudWatch) }
            if key.equals("input") || key.equals("input.type") { signs.insert(.collector) }
        case 106:
            if key.equals("jsonPayload"), kind == .object { return try readPayload(&reader) }
        case 107:
            if key.equals("kubernetes"), kind == .object {
                signs.insert(.kubernetes)
                return try walk(&reader, .kubernetes, depth: depth + 1)
            }
            if key.bytes.has("kubernetes."), kind == .string {
                signs.insert(.kubernetes)
                let value = try reader.string().bytes
                if key.equals("kubernetes.pod.name") || key.equals("kubernetes.pod_name") { name(value, rank: 4) }
                if key.equals("kubernetes.container.name") || key.equals("kubernetes.container_name") {
                    container = value
                }
                return
            }
        default: return try laterRoot(key, kind, &reader, depth)
        }
        try reader.skip()
    }

    private mutating func laterRoot(
        _ key: JSONReader.RawString, _ kind: JSONReader.Kind, _ reader: inout JSONReader, _ depth: Int
    ) throws {
        switch key.bytes.first {
        case 108:
            if key.equals("log") {
                if kind == .string { return try readMessage(&reader, .log) }
                if kind == .object { return try walk(&reader, .log, depth: depth + 1) }
            }
            if key.equals("line"), kind == .string { return try readMessage(&reader, .line) }
            if key.equals("labels"), kind == .object { return try walk(&reader, .labels, depth: depth + 1) }
            if key.equals("logtag"), kind == .string {
                signs.insert(.tag)
                isPartial = try reader.string().equals("P")
                return
            }
            if key.equals("logStreamName") || key.equals("logStream"), kind == .string {
                signs.insert(.cloudWatch)
                name(try reader.string().bytes, rank: 4)
                return
            }
            if key.equals("log.offset"), kind == .number {
                signs.formUnion([.collector, .shipped])
                sequence = Decimal.parseInt(try reader.numberBytes()) ?? 0
                return
            }
            if key.equals("log.file.path"), kind == .string {
                signs.formUnion([.collector, .shipped])
                name(try reader.string().bytes, rank: 1)
                return
            }
            if key.equals("level"), kind == .number {
                // Syslog's severities; loggers count in tens.
                if let severity = Decimal.parseInt(try reader.numberBytes()), severity < 8 { signs.insert(.shipped) }
                signs.insert(.level)
                return
            }
            if key.equals("level") || key.equals("levelname") || key.equals("log.level") { signs.insert(.level) }
            if key.equals("levelname") || key.equals("lineno") || key.equals("logger") { signs.insert(.logger) }
        case 109:
            if key.equals("message"), kind == .string { return try readMessage(&reader, .message) }
            if key.equals("msg"), kind == .string, signs.contains(.wrapped) {
                return try readMessage(&reader, .message)
            }
        case 112:
            if key.equals("pod") || key.equals("pod_name") || key.equals("podName"), kind == .string {
                name(try reader.string().bytes, rank: 4)
                return
            }
            if key.equals("partial_message"), kind == .string {
                isPartial = try reader.string().equals("true") && !isLastPart
                return
            }
            if key.equals("partial_last"), kind == .string {
                isLastPart = try reader.string().equals("true")
                if isLastPart { isPartial = false }
                return
            }
            if key.equals("pathname") { signs.insert(.logger) }
            if key.equals("pid"), kind == .number { pid = Decimal.parseInt(try reader.numberBytes()); return }
        case 114:
            if key.equals("result"), kind == .object { return try walk(&reader, .root, depth: depth + 1) }
            if key.equals("resource"), kind == .object { return try walk(&reader, .resource, depth: depth + 1) }
            if key.equals("receiveTimestamp") { return try readTime(kind, &reader, rank: 1, []) }
        case 115:
            if key.equals("stream"), kind == .string {
                signs.insert(.collector)
                stream = try reader.string().bytes.equals("stderr") ? "stderr" : "stdout"
                return
            }
            if key.equals("source_type") { signs.insert(.sourceType) }
            if key.equals("service") || key.equals("status") || key.equals("source"), kind == .string {
                // Datadog's archives: `date`, `message`, and all three of these.
                signs.insert(.tag)
            }
            if key.equals("severity") { signs.insert(.level) }
        case 116:
            if key.equals("timestamp") {
                return try readTime(kind, &reader, rank: 3, kind == .number ? [.numericTimestamp] : [.timestamp])
            }
            if key.equals("time") { return try readTime(kind, &reader, rank: 3, [.time]) }
            if key.equals("ts") { return try readTime(kind, &reader, rank: 2, []) }
            if key.equals("textPayload"), kind == .string { return try readMessage(&reader, .payload) }
            if key.equals("tag"), kind == .string { signs.insert(.tag) }
        case 102:
            if key.equals("filename") || key.equals("funcName") { signs.insert(.logger) }
        case 110:
            if key.equals("name") { signs.insert(.logger) }
        case 67:
            if key.equals("ContainerName") || key.equals("ContainerName_s"), kind == .string {
                container = try reader.string().bytes
                return
            }
        case 76:
            if key.equals("LogMessage") || key.equals("LogEntry") || key.equals("Log_s") {
                if kind == .object { return try readPayload(&reader, .azureMessage) }
                if kind == .string { return try readMessage(&reader, .azureMessage) }
            }
            if key.equals("LogSource") || key.equals("LogEntrySource"), kind == .string {
                stream = try reader.string().bytes.equals("stderr") ? "stderr" : "stdout"
                return
            }
        case 77:
            if key.equals("MESSAGE"), kind == .string { return try readMessage(&reader, .message) }
            if key.equals("Message"), kind == .string { return try readMessage(&reader, .azureMessage) }
        case 80:
            if key.equals("PodName"), kind == .string { name(try reader.string().bytes, rank: 4); return }
        case 84:
            if key.equals("TimeGenerated") { return try readTime(kind, &reader, rank: 3, [.timeGenerated]) }
        default: break
        }
        try reader.skip()
    }

    private mutating func kubernetes(
        _ key: JSONReader.RawString, _ kind: JSONReader.Kind, _ reader: inout JSONReader, _ depth: Int
    ) throws {
        if kind == .string, key.equals("pod_name") { return name(try reader.string().bytes, rank: 4) }
        if kind == .string, key.equals("container_name") {
            container = try reader.string().bytes
            return
        }
        if kind == .object, key.equals("pod") || key.equals("container") {
            let isPod = key.equals("pod")
            return try reader.object { inner, reader in
                guard inner.equals("name"), try reader.peek() == .string else { return try reader.skip() }
                let value = try reader.string().bytes
                if isPod { name(value, rank: 4) } else { container = value }
            }
        }
        try reader.skip()
    }

    mutating func label(_ key: JSONReader.RawString, _ kind: JSONReader.Kind, _ reader: inout JSONReader) throws {
        guard kind == .string else { return try reader.skip() }
        let value = try reader.string().bytes
        if key.equals("pod") || key.equals("pod_name") {
            name(value, rank: 4)
        } else if key.equals("container") || key.equals("container_name") {
            container = value
        } else if key.equals("instance") || key.equals("instance_id") || key.equals("host") || key.equals("node_name") {
            name(value, rank: 2)
        } else if key.equals("filename") || key.equals("unit") || key.equals("job") {
            name(value, rank: 1)
        } else if key.equals("stream") {
            stream = value.equals("stderr") ? "stderr" : value.equals("stdout") ? "stdout" : stream
        }
    }

    /// `jsonPayload`: a message alone is the line; with more beside it, the application logged JSON.
    private mutating func readPayload(_ reader: inout JSONReader, _ sign: Signs = .payload) throws {
        signs.insert(sign)
        let start = reader.offset
        let before = signs
        let own = message
        message = nil
        try walk(&reader, .payload, depth: 5)
        if message == nil || signs.contains(.level) && !before.contains(.level) {
            object = reader.bytes.slice(start, reader.offset)
            message = own
        }
        signs = before
    }

    private mutating func payload(
        _ key: JSONReader.RawString, _ kind: JSONReader.Kind, _ reader: inout JSONReader
    ) throws {
        if kind == .string, key.equals("message") || key.equals("log") || key.equals("MESSAGE") || key.equals("msg") {
            if message == nil { message = try reader.string() } else { try reader.skip() }
            return
        }
        if key.equals("level") || key.equals("levelname") || key.equals("asctime") || key.equals("lineno") {
            signs.insert(.level)
        }
        try reader.skip()
    }

    private mutating func name(_ value: Bytes, rank: Int) {
        guard rank > podRank, !value.isEmpty else { return }
        (pod, podRank) = (value, rank)
    }

    private mutating func readMessage(_ reader: inout JSONReader, _ sign: Signs) throws {
        signs.insert(sign)
        if message == nil { message = try reader.string() } else { try reader.skip() }
    }

    private mutating func readTime(
        _ kind: JSONReader.Kind, _ reader: inout JSONReader, rank: Int, _ sign: Signs
    ) throws {
        var found: FrameTime?
        switch kind {
        case .string: found = FrameTime(text: try reader.string().bytes)
        case .number: found = FrameTime(number: try reader.numberBytes())
        default: try reader.skip()
        }
        guard let found else { return }
        signs.formUnion(sign)
        if rank > timeRank { (time, timeRank) = (found, rank) }
    }
}
