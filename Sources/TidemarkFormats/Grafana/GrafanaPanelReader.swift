import TidemarkBase
import TidemarkSeries

/// What was found in a panel's JSON.
public struct GrafanaPanelSummary: Sendable, Equatable {
    public var frames = 0
    public var samples = 0
    public var rejects = 0
}

/// Reads data frames as Grafana's panel inspector shows them (Inspect > JSON > Panel data, or DataFrame JSON) and as its
/// query API answers: frames with `schema` and `data`, or with values in their fields, at any depth of the document.
///
/// Each number field of a frame is a series, named by its labels, its legend or its own name; text fields of a long frame
/// are labels. Times are Unix ms or RFC 3339. A damaged document is one reject; frames before it count.
/// Time: linear; memory: the columns of one frame.
public enum GrafanaPanelReader {
    /// - Parameters:
    ///   - bytes: all of the document.
    ///   - missingName: the metric of series whose field names none.
    public static func read<Sink: MetricSink>(
        _ bytes: Bytes, missingName: String = "", into sink: inout Sink
    ) throws -> GrafanaPanelSummary {
        var walk = FrameWalk(bytes: bytes, legend: GrafanaLegend(missingName: missingName))
        var reader = JSONReader(bytes, from: bytes.has("\u{FEFF}") ? 3 : 0)
        do {
            try walk.value(&reader, into: &sink)
        } catch let error as JSONReader.JSONError {
            walk.summary.rejects += 1
            let at = min(error.offset, bytes.count)
            let line = 1 + bytes.slice(0, at).reduce(0) { $0 + ($1 == 10 ? 1 : 0) }
            try sink.reject(
                FormatReject(
                    line: line, offset: at, reason: "\(error.expected) is expected",
                    text: bytes.slice(at, min(at + FormatReject.textLimit, bytes.count)).text))
        }
        return walk.summary
    }
}

/// One column of a frame.
private struct FrameField {
    var name = ""
    var labels: [Labels.Label] = []
    var displayName = ""
    var isTime = false
    var values: [Cell] = []

    enum Cell {
        case number(Double)
        case text(String)
        case missing
    }

    var hasText: Bool { values.contains { if case .text = $0 { true } else { false } } }
}

private struct FrameWalk {
    let bytes: Bytes
    let legend: GrafanaLegend
    var summary = GrafanaPanelSummary()

    init(bytes: Bytes, legend: GrafanaLegend) {
        self.bytes = bytes
        self.legend = legend
    }

    /// Looks for frames in a value.
    mutating func value<Sink: MetricSink>(_ reader: inout JSONReader, into sink: inout Sink) throws {
        switch try reader.peek() {
        case .array: try reader.array { try value(&$0, into: &sink) }
        case .object: try object(&reader, into: &sink)
        default: try reader.skip()
        }
    }

    private mutating func object<Sink: MetricSink>(_ reader: inout JSONReader, into sink: inout Sink) throws {
        var fields: [FrameField] = []
        var columns: [[FrameField.Cell]] = []
        try reader.object { key, reader in
            let kind = try reader.peek()
            if key.equals("schema"), kind == .object {
                try reader.object { key, reader in
                    guard key.equals("fields"), try reader.peek() == .array else { return try reader.skip() }
                    fields = try readFields(&reader)
                }
            } else if key.equals("fields"), kind == .array {
                fields = try readFields(&reader)
            } else if key.equals("data"), kind == .object {
                columns = try readData(&reader)
            } else {
                try value(&reader, into: &sink)
            }
        }
        guard !fields.isEmpty else { return }
        for index in fields.indices where index < columns.count { fields[index].values = columns[index] }
        try deliver(fields, into: &sink)
    }

    private func readFields(_ reader: inout JSONReader) throws -> [FrameField] {
        var fields: [FrameField] = []
        try reader.array { reader in
            guard try reader.peek() == .object else { return try reader.skip() }
            var field = FrameField()
            try reader.object { key, reader in
                let kind = try reader.peek()
                if key.equals("name") {
                    field.name = try reader.scalarText() ?? ""
                } else if key.equals("type") {
                    field.isTime = try reader.scalarText() == "time"
                } else if key.equals("labels"), kind == .object {
                    try reader.object { name, reader in
                        if let text = try reader.scalarText() { field.labels.append(.init(name.text, text)) }
                    }
                } else if key.equals("config"), kind == .object {
                    try reader.object { key, reader in
                        guard key.equals("displayNameFromDS") || key.equals("displayName") else {
                            return try reader.skip()
                        }
                        field.displayName = try reader.scalarText() ?? ""
                    }
                } else if key.equals("values"), kind == .array {
                    field.values = try cells(&reader)
                } else {
                    try reader.skip()
                }
            }
            fields.append(field)
        }
        return fields
    }

    /// `{"values":[[…],[…]],"entities":[{"NaN":[3],"Inf":[],"NegInf":[]},…]}`
    private func readData(_ reader: inout JSONReader) throws -> [[FrameField.Cell]] {
        var columns: [[FrameField.Cell]] = []
        var special: [(column: Int, row: Int, value: Double)] = []
        try reader.object { key, reader in
            if key.equals("values"), try reader.peek() == .array {
                try reader.array { reader in
                    guard try reader.peek() == .array else { return try reader.skip() }
                    columns.append(try cells(&reader))
                }
            } else if key.equals("entities"), try reader.peek() == .array {
                var column = 0
                try reader.array { reader in
                    defer { column += 1 }
                    guard try reader.peek() == .object else { return try reader.skip() }
                    try reader.object { name, reader in
                        guard try reader.peek() == .array else { return try reader.skip() }
                        let value =
                            name.equals("Inf") ? Double.infinity : name.equals("NegInf") ? -Double.infinity : .nan
                        try reader.array { reader in
                            guard try reader.peek() == .number else { return try reader.skip() }
                            if let row = Decimal.parseInt(try reader.numberBytes()) {
                                special.append((column, row, value))
                            }
                        }
                    }
                }
            } else {
                try reader.skip()
            }
        }
        for (column, row, value) in special where columns.indices.contains(column) {
            if columns[column].indices.contains(row) { columns[column][row] = .number(value) }
        }
        return columns
    }

    private func cells(_ reader: inout JSONReader) throws -> [FrameField.Cell] {
        var cells: [FrameField.Cell] = []
        try reader.array { reader in
            switch try reader.peek() {
            case .number: cells.append(.number(try reader.number()))
            case .string: cells.append(.text(try reader.string().text))
            case .literal: cells.append(try reader.literal().map { .number($0 ? 1 : 0) } ?? .missing)
            default:
                try reader.skip()
                cells.append(.missing)
            }
        }
        return cells
    }

    private mutating func deliver<Sink: MetricSink>(_ fields: [FrameField], into sink: inout Sink) throws {
        guard let time = fields.firstIndex(where: \.isTime) ?? fields.firstIndex(where: { $0.name == "Time" }) else {
            return
        }
        summary.frames += 1
        let times = fields[time].values.map(Self.millis)
        let texts = fields.indices.filter { $0 != time && fields[$0].hasText }
        for index in fields.indices where index != time && !texts.contains(index) && !fields[index].isTime {
            let base = labels(fields[index])
            var handles: [[String]: Int] = [:]
            for (row, cell) in fields[index].values.enumerated() {
                guard row < times.count, let timeMs = times[row], case .number(let value) = cell else { continue }
                let key = texts.map { column -> String in
                    guard row < fields[column].values.count, case .text(let text) = fields[column].values[row] else {
                        return ""
                    }
                    return text
                }
                if handles[key] == nil {
                    var labels = base
                    for (column, text) in zip(texts, key) { labels = labels.with(fields[column].name, text) }
                    handles[key] = try sink.series(labels)
                }
                summary.samples += 1
                try sink.append(series: handles[key]!, timeMs: timeMs, value: value)
            }
        }
    }

    private static func millis(_ cell: FrameField.Cell) -> Int64? {
        switch cell {
        case .number(let number): abs(number) < 1e15 ? Int64(number.rounded()) : nil
        case .text(let text): withBytes(of: text) { GrafanaTime($0)?.millis }
        case .missing: nil
        }
    }

    /// Labels of the field, its metric named by `__name__`, by the field's own name or by its legend.
    private func labels(_ field: FrameField) -> Labels {
        var labels = Labels(field.labels)
        guard labels.name.isEmpty else { return labels }
        var told = legend.labels(field.name)
        if told["legend"] != nil || told.name.isEmpty, !field.displayName.isEmpty {
            told = legend.labels(field.displayName)
        }
        for label in told.pairs where labels[label.name] == nil || labels[label.name] == "" {
            labels = labels.with(label.name, label.value)
        }
        return labels
    }
}
