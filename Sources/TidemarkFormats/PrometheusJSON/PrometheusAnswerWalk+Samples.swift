import TidemarkBase
import TidemarkSeries

/// The members of results that hold samples.
extension PrometheusAnswerWalk {
    /// `{"metric":{…},"values":[[s,"v"],…]}` or `"value":[s,"v"]`, or an object of VictoriaMetrics' export.
    /// - Parameter alone: the object is the document.
    mutating func series<Sink: MetricSink>(
        _ reader: inout JSONReader, alone: Bool, into sink: inout Sink
    ) throws {
        guard try reader.peek() == .object else {
            throw AnswerError(offset: reader.offset, expected: "a series")
        }
        var handle: Int?
        // Members that came before the labels, or that belong together, are read at the end.
        var valuesAt: Int?
        var timestampsAt: Int?
        var valueAt: Int?
        try reader.object { key, reader in
            let kind = try reader.peek()
            if key.equals("metric"), kind == .object {
                handle = try announce(try labels(&reader), into: &sink)
            } else if key.equals("values"), kind == .array {
                if let handle, !Self.isPlainList(bytes, reader.offset) {
                    try pairs(&reader, handle, into: &sink)
                } else {
                    valuesAt = reader.offset
                    try reader.skip()
                }
            } else if key.equals("value"), kind == .array {
                valueAt = reader.offset
                try reader.skip()
            } else if key.equals("timestamps"), kind == .array {
                timestampsAt = reader.offset
                try reader.skip()
            } else if key.equals("histograms"), kind == .array {
                try reader.array { reader in
                    summary.histograms += 1
                    try reader.skip()
                }
            } else if key.equals("histogram") {
                summary.histograms += 1
                try reader.skip()
            } else {
                try reader.skip()
            }
        }
        let series = try handle ?? announce(Labels(), into: &sink)
        if let valueAt {
            var late = JSONReader(bytes, from: valueAt)
            try pair(&late, series, into: &sink)
        }
        if let valuesAt {
            if let timestampsAt {
                try columns(valuesAt, timestampsAt, series, into: &sink)
            } else {
                var late = JSONReader(bytes, from: valuesAt)
                try pairs(&late, series, into: &sink)
            }
        }
        if alone { count(timestampsAt != nil ? .victoriaMetrics : valueAt != nil ? .vector : .matrix) }
    }

    /// A `result` of the form `[s, "v"]`.
    mutating func scalar<Sink: MetricSink>(_ reader: inout JSONReader, into sink: inout Sink) throws {
        let start = reader.offset
        guard let found = try readPair(&reader), let value = found.value else {
            // A text that is no number: the result of a string expression.
            return count(.string)
        }
        guard let timeMs = found.timeMs else {
            throw AnswerError(offset: start, expected: "a time in seconds")
        }
        count(.scalar)
        let handle = try announce(Labels(), into: &sink)
        summary.samples += 1
        try sink.append(series: handle, timeMs: timeMs, value: value)
    }

    mutating func announce<Sink: MetricSink>(_ labels: Labels, into sink: inout Sink) throws -> Int {
        summary.series += 1
        guard labels.name.isEmpty else { return try sink.series(labels) }
        summary.namelessSeries += 1
        return try sink.series(missingName.isEmpty ? labels : labels.with(Labels.metricName, missingName))
    }

    /// `{"seriesLabels":{…},"exemplars":[{"labels":{…},"value":"6","timestamp":1600096945.479},…]}`
    mutating func exemplars<Sink: MetricSink>(_ reader: inout JSONReader, into sink: inout Sink) throws {
        guard try reader.peek() == .object else { return try reader.skip() }
        var series = Labels()
        var found: [MetricExemplar] = []
        try reader.object { key, reader in
            let kind = try reader.peek()
            if key.equals("seriesLabels"), kind == .object {
                series = try labels(&reader)
            } else if key.equals("exemplars"), kind == .array {
                try reader.array { reader in
                    if let exemplar = try exemplar(&reader) { found.append(exemplar) }
                }
            } else {
                try reader.skip()
            }
        }
        guard !series.pairs.isEmpty, !found.isEmpty else { return }
        let handle = try announce(series, into: &sink)
        summary.exemplars += found.count
        for exemplar in found { try sink.exemplar(series: handle, exemplar) }
    }

    private func exemplar(_ reader: inout JSONReader) throws -> MetricExemplar? {
        guard try reader.peek() == .object else {
            try reader.skip()
            return nil
        }
        var found = MetricExemplar(labels: Labels(), timeMs: 0, value: .nan)
        var timeMs: Int64?
        var value: Double?
        try reader.object { key, reader in
            let kind = try reader.peek()
            if key.equals("labels"), kind == .object {
                found.labels = try labels(&reader)
            } else if key.equals("value"), let text = try reader.scalarText() {
                value = withBytes(of: text) { Decimal.parseAny($0) }
            } else if key.equals("timestamp"), kind == .number {
                timeMs = SecondsText.millis(try reader.numberBytes())
            } else if !key.equals("value") {
                try reader.skip()
            }
        }
        guard let timeMs, let value else { return nil }
        (found.timeMs, found.value) = (timeMs, value)
        return found
    }

    func labels(_ reader: inout JSONReader) throws -> Labels {
        var pairs: [Labels.Label] = []
        try reader.object { key, reader in
            if let value = try reader.scalarText() { pairs.append(.init(key.text, value)) }
        }
        return Labels(pairs)
    }

    /// Whether the array at `offset` holds numbers, as VictoriaMetrics writes them, and not pairs.
    private static func isPlainList(_ bytes: Bytes, _ offset: Int) -> Bool {
        var at = offset + 1
        while at < bytes.count, bytes[at] <= 32 { at += 1 }
        return at < bytes.count && bytes[at] != 91 && bytes[at] != 93
    }

    /// `[[s,"v"],…]`. The usual spelling is read straight from the bytes.
    private mutating func pairs<Sink: MetricSink>(
        _ reader: inout JSONReader, _ handle: Int, into sink: inout Sink
    ) throws {
        var at = reader.offset + 1
        while at < bytes.count, let found = FastPair(bytes, at) {
            summary.samples += 1
            try sink.append(series: handle, timeMs: found.timeMs, value: found.value)
            at = found.end
            if at < bytes.count, bytes[at] == 93 {
                reader = JSONReader(bytes, from: at + 1)
                return
            }
            guard at < bytes.count, bytes[at] == 44 else {
                throw AnswerError(offset: at, expected: "',' or ']'")
            }
            at += 1
            if at < bytes.count, bytes[at] == 32 { at += 1 }
        }
        // An unusual spelling (or the end): the general reader takes over at this element.
        var rest = JSONReader(bytes, from: at)
        while true {
            while at < bytes.count, bytes[at] <= 32 { at += 1 }
            guard at < bytes.count else { throw AnswerError(offset: at, expected: "more input") }
            if bytes[at] == 93 {
                reader = JSONReader(bytes, from: at + 1)
                return
            }
            if bytes[at] == 44 { at += 1 }
            rest = JSONReader(bytes, from: at)
            try pair(&rest, handle, into: &sink)
            at = rest.offset
        }
    }

    private mutating func pair<Sink: MetricSink>(
        _ reader: inout JSONReader, _ handle: Int, into sink: inout Sink
    ) throws {
        let start = reader.offset
        let found = try readPair(&reader)
        guard let timeMs = found?.timeMs, let value = found?.value else {
            throw AnswerError(offset: start, expected: "a pair of seconds and value")
        }
        summary.samples += 1
        try sink.append(series: handle, timeMs: timeMs, value: value)
    }

    /// A pair in any spelling; nil when it is none, parts nil when they cannot be read.
    private func readPair(_ reader: inout JSONReader) throws -> (timeMs: Int64?, value: Double?)? {
        var timeMs: Int64?
        var value: Double?
        var index = 0
        guard try reader.peek() == .array else { return nil }
        try reader.array { reader in
            switch (index, try reader.peek()) {
            case (0, .number): timeMs = SecondsText.millis(try reader.numberBytes())
            case (1, .string): value = Decimal.parseAny(try reader.string().bytes)
            case (1, .number): value = try reader.number()
            default: try reader.skip()
            }
            index += 1
        }
        return index == 2 ? (timeMs, value) : nil
    }

    /// VictoriaMetrics: values and times (Unix ms) in two lists.
    private mutating func columns<Sink: MetricSink>(
        _ valuesAt: Int, _ timestampsAt: Int, _ handle: Int, into sink: inout Sink
    ) throws {
        var walk = ValueListWalk(bytes, valuesAt: valuesAt, timestampsAt: timestampsAt)
        while let sample = walk.next() {
            summary.samples += 1
            try sink.append(series: handle, timeMs: sample.timeMs, value: sample.value)
        }
        summary.nullValues += walk.nullValues
        if let fault = walk.fault { throw AnswerError(offset: fault.offset, expected: fault.expected) }
    }
}

/// `[1795453746.980,"0.5"]` in the spelling of a server, one blank allowed behind the comma.
private struct FastPair {
    let timeMs: Int64
    let value: Double
    let end: Int

    init?(_ bytes: Bytes, _ start: Int) {
        guard start < bytes.count, bytes[start] == 91 else { return nil }
        var at = start + 1
        while at < bytes.count, bytes[at] &- 48 <= 9 || bytes[at] == 46 { at += 1 }
        guard at < bytes.count, bytes[at] == 44, let timeMs = SecondsText.millis(bytes.slice(start + 1, at)) else {
            return nil
        }
        at += 1
        if at < bytes.count, bytes[at] == 32 { at += 1 }
        guard at < bytes.count, bytes[at] == 34 else { return nil }
        let valueStart = at + 1
        at = valueStart
        while at < bytes.count, bytes[at] != 34 { at += 1 }
        guard at + 1 < bytes.count, bytes[at + 1] == 93, let value = Decimal.parseAny(bytes.slice(valueStart, at))
        else { return nil }
        self.timeMs = timeMs
        self.value = value
        end = at + 2
    }
}
