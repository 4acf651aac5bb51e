import TidemarkBase
import TidemarkEvidence

/// Collects the scalars of load-test documents in JSON, and makes points of them with the tool's own reader.
struct LoadTestWalk<Sink: LoadTestSink>: JSONSplitHandler {
    private enum Role: UInt8 {
        case document, list, object, points, point, array, numbers
    }

    /// Points that wait for what the rest of the document says about all of them.
    private static var mostWaiting: Int { 4096 }

    var sink: Sink
    let tool: LoadTestTool

    private var document = LoadTestFields()
    private var element = LoadTestFields()
    private var isInElement = false
    private var waiting: [LoadPoint] = []
    private var documentPoints = 0
    private var place = (line: 1, offset: 0)
    private var elementPlace = (line: 1, offset: 0)

    /// Where the walk is: the names of the containers that are open, and numbers of the next element where those are lists.
    private var path: [(name: String, next: Int)] = []
    private var pendingName = ""
    private var key = ""

    init(sink: Sink, tool: LoadTestTool) {
        self.sink = sink
        self.tool = tool
    }

    // MARK: Structure

    mutating func action(key: Bytes?, kind: JSONReader.Kind, in role: UInt8) throws -> JSONSplitAction {
        guard let key else { return element(kind, in: Role(rawValue: role) ?? .document) }
        let name = key.text(limit: 120)
        switch kind {
        case .object:
            guard path.count < 24, tool.descends(into: name, path.last?.name) else { return .skip }
            pendingName = name
            return .descend(Role.object.rawValue)
        case .array:
            if tool.pointList == name, !isInElement {
                pendingName = ""
                return .descend(Role.points.rawValue)
            }
            if tool.numberLists.contains(name) {
                self.key = joined(name)
                pendingName = ""
                return .descend(Role.numbers.rawValue)
            }
            guard LoadTestTool.shortLists.contains(name), path.count < 24 else { return .skip }
            pendingName = name
            return .descend(Role.array.rawValue)
        default:
            self.key = joined(name)
            return .collect(0)
        }
    }

    private mutating func element(_ kind: JSONReader.Kind, in role: Role) -> JSONSplitAction {
        switch (role, kind) {
        case (.document, .object):
            pendingName = ""
            return .descend(Role.object.rawValue)
        case (.document, .array):
            pendingName = ""
            return .descend(Role.list.rawValue)
        case (.list, .object), (.points, .object):
            pendingName = ""
            return .descend(Role.point.rawValue)
        case (.array, _):
            guard let last = path.indices.last, path[last].next < 64 else { return .skip }
            let name = String(path[last].next)
            path[last].next += 1
            guard kind == .object else {
                guard kind != .array else { return .skip }
                key = joined(name)
                return .collect(0)
            }
            pendingName = name
            return .descend(Role.object.rawValue)
        case (.numbers, .number): return .collect(1)
        default: return .skip
        }
    }

    mutating func container(key: Bytes) -> UInt8? { nil }

    mutating func opened(_ role: UInt8, line: Int, offset: Int) {
        switch Role(rawValue: role) {
        case .point:
            isInElement = true
            element.removeAll()
            elementPlace = (line, offset)
        case .object where path.isEmpty && !isInElement: place = (line, offset)
        default: break
        }
        path.append((pendingName, 0))
    }

    mutating func closed(_ role: UInt8) throws {
        if !path.isEmpty { path.removeLast() }
        guard Role(rawValue: role) == .point else { return }
        isInElement = false
        guard var point = tool.point(element) else { return }
        (point.line, point.offset) = elementPlace
        element.removeAll()
        waiting.append(point)
        if waiting.count >= Self.mostWaiting { try deliver() }
    }

    mutating func documentEnded(failed: Bool) throws -> Bool {
        path.removeAll()
        isInElement = false
        element.removeAll()
        if !failed, waiting.isEmpty, documentPoints == 0, var point = tool.point(document) {
            (point.line, point.offset) = place
            waiting.append(point)
        }
        try deliver()
        document.removeAll()
        defer { documentPoints = 0 }
        return documentPoints > 0
    }

    private mutating func deliver() throws {
        for var point in waiting {
            tool.complete(&point, document)
            documentPoints += 1
            try sink.point(point)
        }
        waiting.removeAll()
    }

    private func joined(_ name: String) -> String {
        var text = ""
        for part in path where !part.name.isEmpty { text += part.name + "/" }
        return text + name
    }

    // MARK: Values

    mutating func collected(_ tag: UInt8, _ bytes: Bytes, line: Int, offset: Int) throws -> String? {
        if tag == 1 {
            guard let number = Decimal.parse(bytes) else { return nil }
            if isInElement { element.append(number, to: key) } else { document.append(number, to: key) }
            return nil
        }
        guard let value = Self.value(bytes) else { return nil }
        if isInElement { element.set(key, value) } else { document.set(key, value) }
        return nil
    }

    /// nil for `null`, and for what is no number (`NaN`).
    private static func value(_ bytes: Bytes) -> LoadTestFields.Value? {
        guard bytes.count > 0 else { return nil }
        switch bytes[0] {
        case 34:
            var reader = JSONReader(bytes)
            guard let raw = try? reader.string() else { return nil }
            guard raw.escaped else { return .text(raw.bytes.text(limit: LoadTestFields.longestText)) }
            var out: [UInt8] = []
            raw.decode(into: &out)
            return .text(out.withUnsafeBytes { $0.text(limit: LoadTestFields.longestText) })
        case 116: return bytes.equals("true") ? .flag(true) : nil
        case 102: return bytes.equals("false") ? .flag(false) : nil
        case 110: return nil
        default: return Decimal.parseAny(bytes).flatMap { $0.isNaN ? nil : .number($0) }
        }
    }

    mutating func reject(_ reject: FormatReject) throws {
        try sink.reject(reject)
    }
}
