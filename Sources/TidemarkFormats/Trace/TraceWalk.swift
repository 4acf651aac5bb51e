import TidemarkBase
import TidemarkEvidence

/// Knows the containers of all dialects and what they say about the spans in them.
struct TraceWalk<Sink: TraceSink>: JSONSplitHandler {
    /// What a container is. Anything may stand in a `list`; `root` is a request, an answer or a trace, the holders are
    /// elements of `resourceSpans` and of `scopeSpans`.
    private enum Role: UInt8 {
        case document, list, root, resourceHolders, resourceHolder, scopeHolders, scopeHolder, spans
    }

    private enum Tag: UInt8 { case span, maybeSpan, resource, scope, processes, status }

    var sink: Sink
    private(set) var counts = TraceCounts()
    /// Spans of the document that is being read.
    private(set) var documentSpans = 0

    private var spans: SpanReader
    private var resources: ResourceReader
    /// Numbers of the resources that were met, by their bytes.
    private var known = ByteInterner(limit: 4096)
    private var knownNumbers: [Int] = []
    private var nextNumber = 0
    private var nobody: Int?

    // What the containers around a span say.
    private var scope: [UInt8] = []
    private var isInHolder = false
    /// `isExplained`: false while a producer's words about it are still to come.
    private typealias Source = (number: Int, isExplained: Bool)
    private var resource: Source?
    /// Jaeger: the processes of a trace by their ids.
    private var processes: [[UInt8]: Source] = [:]

    // Of the object that is probed.
    private var seenKeys = 0
    private var seenSpanKey = false

    init(sink: Sink, keepsContent: Bool) {
        self.sink = sink
        spans = SpanReader(keepsContent: keepsContent)
        resources = ResourceReader(keepsContent: keepsContent)
    }

    // MARK: Structure

    mutating func action(key: Bytes?, kind: JSONReader.Kind, in role: UInt8) throws -> JSONSplitAction {
        guard let key else {
            switch (Role(rawValue: role), kind) {
            case (.resourceHolders, .object): return .descend(Role.resourceHolder.rawValue)
            case (.scopeHolders, .object): return .descend(Role.scopeHolder.rawValue)
            case (.spans, .object): return .collect(Tag.span.rawValue)
            case (.document, .object), (.list, .object):
                (seenKeys, seenSpanKey) = (0, false)
                return .probe(Tag.maybeSpan.rawValue)
            case (.document, .array), (.list, .array): return .descend(Role.list.rawValue)
            default: return .skip
            }
        }
        switch (TraceKey.find(key), kind) {
        case (.resourceHolders, .array): return .descend(Role.resourceHolders.rawValue)
        case (.scopeHolders, .array): return .descend(Role.scopeHolders.rawValue)
        case (.spans, .array): return .descend(Role.spans.rawValue)
        case (.wrapper, .object): return .descend(Role.root.rawValue)
        case (.document, .object): return .collect(Tag.maybeSpan.rawValue)
        case (.wrapper, .array): return .descend(Role.list.rawValue)
        case (.resource, .object): return .collect(Tag.resource.rawValue)
        case (.scope, .object): return .collect(Tag.scope.rawValue)
        case (.processes, .object): return .collect(Tag.processes.rawValue)
        case (.status, .string): return .collect(Tag.status.rawValue)
        case (.otherSignal, .array): counts.otherSignals += 1
        case (.searchResults, .array): counts.searchResults += 1
        default: break
        }
        return .skip
    }

    mutating func container(key: Bytes) -> UInt8? {
        seenKeys += 1
        switch TraceKey.find(key) {
        case .resourceHolders, .scopeHolders, .spans, .processes, .otherSignal, .searchResults:
            return Role.root.rawValue
        // Words that a span's object uses too.
        case .resource, .scope, .wrapper, .document: return seenSpanKey ? nil : Role.root.rawValue
        case .status: return seenKeys == 1 ? Role.root.rawValue : nil
        case .other:
            if SpanKey.find(key) != .other { seenSpanKey = true }
            return nil
        }
    }

    mutating func opened(_ role: UInt8, line: Int, offset: Int) {
        switch Role(rawValue: role) {
        case .root, .resourceHolder:
            scope.removeAll(keepingCapacity: true)
            isInHolder = true
        case .scopeHolder: scope.removeAll(keepingCapacity: true)
        default: break
        }
    }

    mutating func closed(_ role: UInt8) throws {
        switch Role(rawValue: role) {
        case .root, .resourceHolder: try forget()
        case .scopeHolder: scope.removeAll(keepingCapacity: true)
        default: break
        }
    }

    mutating func documentEnded(failed: Bool) throws -> Bool {
        try forget()
        defer { documentSpans = 0 }
        return documentSpans > 0
    }

    mutating func reject(_ reject: FormatReject) throws {
        counts.rejects += 1
        try sink.reject(reject)
    }

    /// Leaves a batch or trace. Who was never explained is nobody known.
    private mutating func forget() throws {
        scope.removeAll(keepingCapacity: true)
        isInHolder = false
        if let resource, !resource.isExplained { try sink.resource(TraceResource(), number: resource.number) }
        resource = nil
        guard !processes.isEmpty else { return }
        for process in processes.values.sorted(by: { $0.number < $1.number }) where !process.isExplained {
            try sink.resource(TraceResource(), number: process.number)
        }
        processes.removeAll(keepingCapacity: true)
    }

    // MARK: Values

    mutating func collected(_ tag: UInt8, _ bytes: Bytes, line: Int, offset: Int) throws -> String? {
        switch Tag(rawValue: tag) {
        case .span, .maybeSpan:
            switch spans.read(bytes) {
            case .fault(let reason): return reason
            case .nothing: return tag == Tag.span.rawValue ? "a span with an id is expected" : nil
            case .span: try deliver(bytes, line: line, offset: offset)
            }
        case .resource:
            if let open = resource, !open.isExplained {
                try sink.resource(resources.read(bytes), number: open.number)
                resource?.isExplained = true
            } else {
                resource = (try number(of: bytes), true)
            }
        case .scope: readScope(bytes)
        case .processes: return try readProcesses(bytes)
        case .status: if bytes.range(of: "PARTIAL") != nil { counts.partialAnswers += 1 }
        case nil: break
        }
        return nil
    }

    private mutating func deliver(_ bytes: Bytes, line: Int, offset: Int) throws {
        spans.record.line = line
        spans.record.offset = offset
        if spans.record.scope.isEmpty { spans.record.scope.append(contentsOf: scope) }
        spans.record.resource = try source(of: bytes)
        counts.spans += 1
        documentSpans += 1
        try sink.span(spans.record)
    }

    /// Number of the resource of the span that was just read.
    private mutating func source(of bytes: Bytes) throws -> Int {
        if let range = spans.inlineResource { return try number(of: bytes.slice(range.lowerBound, range.upperBound)) }
        if !spans.processID.isEmpty {
            if let process = processes[spans.processID] { return process.number }
            let number = take()
            processes[spans.processID] = (number, false)
            return number
        }
        if let resource { return resource.number }
        if isInHolder {
            let number = take()
            resource = (number, false)
            return number
        }
        if let nobody { return nobody }
        let number = take()
        try sink.resource(TraceResource(), number: number)
        nobody = number
        return number
    }

    private mutating func take() -> Int {
        nextNumber += 1
        return nextNumber - 1
    }

    /// Number of the resource that these bytes describe.
    private mutating func number(of bytes: Bytes) throws -> Int {
        let id = known.intern(bytes)
        if let id, id < knownNumbers.count { return knownNumbers[id] }
        let number = take()
        if id != nil { knownNumbers.append(number) }
        try sink.resource(resources.read(bytes), number: number)
        return number
    }

    private mutating func readScope(_ bytes: Bytes) {
        scope.removeAll(keepingCapacity: true)
        var reader = JSONReader(bytes)
        try? reader.object { key, reader in
            if key.equals("name") {
                try AttributeValue.plain(&reader).text(into: &scope, limit: 256)
            } else {
                try reader.skip()
            }
        }
    }

    private mutating func readProcesses(_ bytes: Bytes) throws -> String? {
        var reader = JSONReader(bytes)
        do {
            try reader.object { key, reader in
                let start = try reader.peek() == .object ? reader.offset : nil
                try reader.skip()
                guard let start else { return }
                let process = bytes.slice(start, reader.offset)
                let id = Array(key.text.utf8)
                if let open = processes[id], !open.isExplained {
                    try sink.resource(resources.read(process), number: open.number)
                    processes[id]?.isExplained = true
                } else {
                    processes[id] = (try number(of: process), true)
                }
            }
        } catch let error as JSONReader.JSONError {
            return "\(error.expected) is expected at byte \(error.offset) of the processes"
        }
        return nil
    }
}

/// The keys of the containers, in all dialects.
enum TraceKey {
    case resourceHolders, scopeHolders, spans, resource, scope, processes, wrapper, status, otherSignal, searchResults
    /// What a store of documents puts around each.
    case document
    case other

    static func find(_ key: Bytes) -> TraceKey {
        switch key.count {
        case 4: if key.equals("data") || key.equals("hits") { return .wrapper }
        case 5:
            if key.equals("spans") { return .spans }
            if key.equals("scope") { return .scope }
            if key.equals("trace") { return .wrapper }
        case 6:
            if key.equals("result") { return .wrapper }
            if key.equals("status") { return .status }
            if key.equals("traces") { return .searchResults }
        case 7:
            if key.equals("_source") { return .document }
            if key.equals("batches") { return .resourceHolders }
        case 8: if key.equals("resource") { return .resource }
        case 9: if key.equals("processes") { return .processes }
        case 10: if key.equals("scopeSpans") { return .scopeHolders }
        case 11: if key.equals("scope_spans") { return .scopeHolders }
        case 12: if key.equals("resourceLogs") { return .otherSignal }
        case 13:
            if key.equals("resourceSpans") { return .resourceHolders }
            if key.equals("resource_logs") { return .otherSignal }
        case 14: if key.equals("resource_spans") { return .resourceHolders }
        case 15: if key.equals("resourceMetrics") { return .otherSignal }
        case 16: if key.equals("resource_metrics") { return .otherSignal }
        // Before the conventions' 0.19.
        case 22: if key.equals("instrumentationLibrary") { return .scope }
        case 23: if key.equals("instrumentation_library") { return .scope }
        case 27: if key.equals("instrumentationLibrarySpans") { return .scopeHolders }
        case 29: if key.equals("instrumentation_library_spans") { return .scopeHolders }
        default: break
        }
        return .other
    }
}
