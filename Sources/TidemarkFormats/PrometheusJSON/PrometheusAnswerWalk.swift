import TidemarkBase
import TidemarkSeries

/// JSON that is well-formed but not what an answer holds there.
struct AnswerError: Error {
    let offset: Int
    let expected: String
}

/// Walks one document after the other and tells the kinds of answers apart by their shape.
struct PrometheusAnswerWalk {
    let bytes: Bytes
    var summary = PrometheusJSONSummary()
    let missingName: String

    init(bytes: Bytes, missingName: String = "") {
        self.bytes = bytes
        self.missingName = missingName
    }

    mutating func count(_ kind: PrometheusAnswerKind) { summary.kinds[kind, default: 0] += 1 }

    mutating func document<Sink: MetricSink>(_ reader: inout JSONReader, into sink: inout Sink) throws {
        switch try reader.peek() {
        case .array: try list(&reader, alone: true, into: &sink)
        case .object:
            guard let key = firstKey(reader.offset) else {
                count(.unknown)
                return try reader.skip()
            }
            if Self.isSeriesKey(key) {
                try series(&reader, alone: true, into: &sink)
            } else if Self.isEnvelopeKey(key) {
                try envelope(&reader, into: &sink)
            } else {
                count(.unknown)
                throw AnswerError(offset: reader.offset, expected: "an answer of the Prometheus HTTP API")
            }
        default:
            throw AnswerError(offset: reader.offset, expected: "an answer of the Prometheus HTTP API")
        }
    }

    /// The first key of the object that begins at `offset`; nil when it has none.
    private func firstKey(_ offset: Int) -> JSONReader.RawString? {
        var probe = JSONReader(bytes, from: offset + 1)
        return try? probe.string()
    }

    static func isSeriesKey(_ key: JSONReader.RawString) -> Bool {
        key.equals("metric") || key.equals("values") || key.equals("value") || key.equals("timestamps")
            || key.equals("histogram") || key.equals("histograms")
    }

    static func isEnvelopeKey(_ key: JSONReader.RawString) -> Bool {
        key.equals("status") || key.equals("data") || key.equals("resultType") || key.equals("result")
            || key.equals("errorType") || key.equals("error") || key.equals("warnings") || key.equals("infos")
            || key.equals("isPartial")
    }

    /// `{"status":…,"data":…}`, or the content of `data` alone.
    private mutating func envelope<Sink: MetricSink>(_ reader: inout JSONReader, into sink: inout Sink) throws {
        var failed = false
        var errorType = ""
        var message = ""
        try reader.object { key, reader in
            if key.equals("data") {
                try data(&reader, into: &sink)
            } else if key.equals("result") {
                try result(&reader, into: &sink)
            } else if key.equals("status") {
                failed = try reader.scalarText() == "error"
            } else if key.equals("errorType") {
                errorType = try reader.scalarText() ?? ""
            } else if key.equals("error") {
                message = try reader.scalarText() ?? ""
            } else if key.equals("warnings") || key.equals("infos") {
                try texts(&reader)
            } else {
                try reader.skip()
            }
        }
        guard failed || !errorType.isEmpty else { return }
        count(.error)
        if summary.errors.count < PrometheusJSONSummary.listLimit {
            summary.errors.append(PrometheusAPIError(errorType: errorType, message: message))
        }
    }

    private mutating func texts(_ reader: inout JSONReader) throws {
        guard try reader.peek() == .array else { return try reader.skip() }
        try reader.array { reader in
            guard let text = try reader.scalarText() else { return }
            if summary.warnings.count < PrometheusJSONSummary.listLimit { summary.warnings.append(text) }
        }
    }

    private mutating func data<Sink: MetricSink>(_ reader: inout JSONReader, into sink: inout Sink) throws {
        switch try reader.peek() {
        case .array: return try list(&reader, alone: false, into: &sink)
        case .object: break
        default: return try reader.skip()
        }
        guard let key = firstKey(reader.offset) else {
            count(.empty)
            return try reader.skip()
        }
        if key.equals("result") || key.equals("resultType") || key.equals("stats") {
            try reader.object { key, reader in
                if key.equals("result") { return try result(&reader, into: &sink) }
                try reader.skip()
            }
        } else if key.equals("activeTargets") || key.equals("droppedTargets") || key.equals("droppedTargetCounts") {
            count(.targets)
            try reader.skip()
        } else if key.equals("groups") || key.equals("groupNextToken") {
            count(.rules)
            try reader.skip()
        } else if key.equals("alerts") {
            count(.alerts)
            try reader.skip()
        } else {
            try metadataOrStatus(&reader, into: &sink)
        }
    }

    /// `{name: [{"type":…,"help":…,"unit":…}]}`, or any other object, which is one of the status answers.
    private mutating func metadataOrStatus<Sink: MetricSink>(
        _ reader: inout JSONReader, into sink: inout Sink
    ) throws {
        var isMetadata = false
        try reader.object { name, reader in
            guard try reader.peek() == .array else { return try reader.skip() }
            try reader.array { reader in
                guard try reader.peek() == .object else { return try reader.skip() }
                let found = try metadata(&reader)
                guard found.type != nil || found.help != nil else { return }
                isMetadata = true
                try sink.metadata(
                    MetricMetadata(name: name.text, type: found.type, help: found.help, unit: found.unit))
            }
        }
        count(isMetadata ? .metadata : .status)
    }

    /// An object with `type`, `help`, `unit` and perhaps `metric`.
    private func metadata(_ reader: inout JSONReader) throws -> MetricMetadata {
        var found = MetricMetadata(name: "")
        try reader.object { key, reader in
            if key.equals("metric") {
                found.name = try reader.scalarText() ?? ""
            } else if key.equals("type") {
                let word = try reader.scalarText()
                found.type = word.flatMap { MetricType(rawValue: $0) } ?? (word == nil ? nil : .unknown)
            } else if key.equals("help") {
                found.help = try reader.scalarText()
            } else if key.equals("unit") {
                found.unit = try reader.scalarText()
            } else {
                try reader.skip()
            }
        }
        return found
    }

    /// The value of `result`: an array of series, or the pair of a scalar or string.
    private mutating func result<Sink: MetricSink>(_ reader: inout JSONReader, into sink: inout Sink) throws {
        guard try reader.peek() == .array else { return try reader.skip() }
        try list(&reader, alone: false, into: &sink)
    }

    /// An array whose first element says what it is.
    /// - Parameter alone: the array is the document; then only results with samples are taken for an answer.
    private mutating func list<Sink: MetricSink>(
        _ reader: inout JSONReader, alone: Bool, into sink: inout Sink
    ) throws {
        var probe = JSONReader(bytes, from: reader.offset + 1)
        guard reader.offset + 1 < bytes.count else { return try reader.skip() }
        // An empty array: its bracket is no beginning of a value.
        let first = try? probe.peek()
        switch first {
        case .number: return try scalar(&reader, into: &sink)
        case .object: break
        case .string where !alone:
            count(.labels)
            return try reader.skip()
        case nil where !alone:
            count(.empty)
            return try reader.skip()
        default:
            count(.unknown)
            return try reader.skip()
        }
        let kind = try elementKind(&probe)
        if kind == .unknown || (alone && kind != .matrix && kind != .vector) {
            count(.unknown)
            throw AnswerError(offset: reader.offset, expected: "an array of series with values")
        }
        count(kind)
        try reader.array { reader in
            switch kind {
            case .matrix, .vector: try series(&reader, alone: false, into: &sink)
            case .metadata:
                let found = try metadata(&reader)
                if !found.name.isEmpty { try sink.metadata(found) }
            case .series:
                // A series without samples: that it was there is all that is known.
                let labels = try labels(&reader)
                if !labels.pairs.isEmpty { _ = try announce(labels, into: &sink) }
            case .exemplars: try exemplars(&reader, into: &sink)
            default: try reader.skip()
            }
        }
    }

    /// What the object at `probe` is an element of. Stops at the first member that decides.
    private func elementKind(_ probe: inout JSONReader) throws -> PrometheusAnswerKind {
        struct Decided: Error { var kind: PrometheusAnswerKind }
        var kind = PrometheusAnswerKind.series
        do {
            try probe.object { key, probe in
                let value = try probe.peek()
                if key.equals("values") || key.equals("histograms") { throw Decided(kind: .matrix) }
                if key.equals("value"), value == .array { throw Decided(kind: .vector) }
                if key.equals("histogram"), value == .array { throw Decided(kind: .vector) }
                if key.equals("metric"), value == .object { kind = .matrix }
                if key.equals("metric"), value == .string, kind == .metadata { throw Decided(kind: .metadata) }
                if key.equals("target"), value == .object { kind = .metadata }
                if key.equals("seriesLabels") { throw Decided(kind: .exemplars) }
                if kind == .series, value != .string { throw Decided(kind: .unknown) }
                try probe.skip()
            }
        } catch let decided as Decided {
            return decided.kind
        } catch is JSONReader.JSONError {
            // Cut off within the first element: what is known so far has to do.
        }
        return kind
    }
}
