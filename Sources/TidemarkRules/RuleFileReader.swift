import TidemarkBase
import TidemarkPromQL
import Yams

/// Reads Prometheus rule files as the server does, and says everything that is wrong with one.
///
/// Source: Prometheus 3.14 `model/rulefmt/rulefmt.go`; the character set of names is that of the releases before
/// UTF-8 names, which every server accepts.
public struct RuleFileReader {
    /// Most nodes that are looked at: aliases can make few lines stand for very many.
    static let mostNodes = 2_000_000

    static let groupKeys = ["name", "interval", "query_offset", "limit", "labels", "rules"]
    static let ruleKeys = [
        "record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations",
    ]

    private var reading = RuleFileReading()
    private let source: YAMLSource
    private var nodes = 0

    /// Reads a whole file.
    public static func read(_ bytes: [UInt8]) -> RuleFileReading {
        do {
            let document = try YAMLDocument(bytes)
            var reader = RuleFileReader(source: document.source)
            reader.document(document)
            return reader.reading
        } catch {
            var failed = RuleFileReading()
            failed.findings.add(error.line, error.reason)
            return failed
        }
    }

    private init(source: YAMLSource) { self.source = source }

    private mutating func document(_ document: YAMLDocument) {
        if document.hasMore {
            reading.findings.add(
                source.count, "a second YAML document begins in this file: Prometheus reads only the first",
                isAdvice: true)
        }
        let root = YAMLMapping(document.root, known: ["groups"], place: "rule file", findings: &reading.findings)
        var names: [String: Int] = [:]
        for (index, node) in root.list("groups", &reading.findings).enumerated() {
            guard let group = group(node, index) else { return }
            if !group.name.isEmpty, let first = names.updateValue(group.line, forKey: group.name) {
                reading.findings.add(
                    group.line, "group name \"\(group.name)\" is repeated: the first is in line \(first)")
            }
            reading.file.groups.append(group)
        }
    }

    /// Counts what is looked at; false, with a finding, when it is too much.
    private mutating func counts(_ more: Int, _ line: Int) -> Bool {
        guard nodes <= Self.mostNodes else { return false }
        nodes += more
        if nodes > Self.mostNodes {
            reading.findings.add(line, "too many entries: YAML aliases repeat them without end")
        }
        return nodes <= Self.mostNodes
    }

    private mutating func group(_ node: Node, _ index: Int) -> RuleGroup? {
        var place = "group \(index + 1)"
        if case .mapping(let mapping) = node, let name = mapping["name"]?.scalar?.string, !name.isEmpty {
            place = "group \"\(name)\""
        }
        let mapping = YAMLMapping(node, known: Self.groupKeys, place: place, findings: &reading.findings)
        var group = RuleGroup(line: mapping.has("name") ? mapping.line(of: "name") : mapping.line)
        group.name = mapping.scalar("name", &reading.findings)?.string ?? ""
        if group.name.isEmpty { reading.findings.add(group.line, "\(place): the name must not be empty") }
        group.intervalSeconds = mapping.duration("interval", &reading.findings)
        group.queryOffsetSeconds = mapping.duration("query_offset", &reading.findings)
        group.limit = mapping.integer("limit", &reading.findings) ?? 0
        group.labels = labels(mapping, isTemplate: false)
        let rules = mapping.list("rules", &reading.findings)
        for (number, node) in rules.enumerated() {
            guard counts(1, mapping.line), let rule = rule(node, number, place) else { return nil }
            group.rules.append(rule)
        }
        return counts(1, mapping.line) ? group : nil
    }

    private mutating func rule(_ node: Node, _ index: Int, _ group: String) -> Rule? {
        var place = "\(group), rule \(index + 1)"
        if case .mapping(let fields) = node {
            for key in ["alert", "record"] {
                if let name = fields[key]?.scalar?.string, !name.isEmpty {
                    place = "\(group), rule \(index + 1) (\(name))"
                }
            }
        }
        let fields = YAMLMapping(node, known: Self.ruleKeys, place: place, findings: &reading.findings)
        var rule = Rule(line: fields.line)
        let record = fields.scalar("record", &reading.findings)?.string ?? ""
        let alert = fields.scalar("alert", &reading.findings)?.string ?? ""
        if record.isEmpty, alert.isEmpty {
            reading.findings.add(fields.line, "\(place): one of record and alert must be set")
        } else if !record.isEmpty, !alert.isEmpty {
            let line = max(fields.line(of: "record"), fields.line(of: "alert"))
            reading.findings.add(line, "\(place): only one of record and alert may be set")
        }
        rule.kind = alert.isEmpty ? .record : .alert
        rule.name = alert.isEmpty ? record : alert
        expression(fields, &rule)
        rule.forSeconds = fields.duration("for", &reading.findings) ?? 0
        rule.keepFiringForSeconds = fields.duration("keep_firing_for", &reading.findings) ?? 0
        if !record.isEmpty { checkRecording(fields, record, alert.isEmpty, rule) }
        rule.labels = labels(fields, isTemplate: rule.kind == .alert)
        rule.annotations = annotations(fields, isTemplate: rule.kind == .alert)
        return counts(rule.labels.count + rule.annotations.count, fields.line) ? rule : nil
    }

    private mutating func expression(_ fields: YAMLMapping, _ rule: inout Rule) {
        guard let scalar = fields.scalar("expr", &reading.findings), !scalar.string.isEmpty else {
            if fields.node("expr")?.scalar != nil || !fields.has("expr") {
                reading.findings.add(fields.line(of: "expr"), "\(fields.place): expr must be set")
            }
            return
        }
        rule.expr = scalar.string
        do {
            rule.parsed = try PromQLParser.parse(scalar.string)
        } catch {
            let line = source.line(of: Self.offset(of: error, in: scalar.string), in: scalar)
            reading.findings.add(line, "\(fields.place): expr does not parse: \(error.description)")
        }
    }

    private static func offset(of error: PromQLError, in text: String) -> Int {
        var line = 1
        for (index, byte) in text.utf8.enumerated() {
            if line == error.line ?? 1 { return index + (error.column ?? 1) - 1 }
            if byte == 10 { line += 1 }
        }
        return text.utf8.count
    }

    /// - Parameter isOnly: whether the rule is a recording rule and nothing else.
    private mutating func checkRecording(_ fields: YAMLMapping, _ record: String, _ isOnly: Bool, _ rule: Rule) {
        if record.utf8.contains(UInt8(ascii: "{")) || record.utf8.contains(UInt8(ascii: "}")) {
            reading.findings.add(
                fields.line(of: "record"),
                "\(fields.place): braces in the name of a recording rule: a selector belongs into expr, labels into labels"
            )
        } else if !RuleNames.isMetricName(record) {
            reading.findings.add(
                fields.line(of: "record"), "\(fields.place): '\(record)' is not a metric name: [a-zA-Z_:][a-zA-Z0-9_:]*"
            )
        }
        guard isOnly else { return }
        for (key, isSet) in [
            ("for", rule.forSeconds != 0), ("keep_firing_for", rule.keepFiringForSeconds != 0),
            ("annotations", !(fields.node("annotations").map { YAMLMapping.pairs($0) } ?? []).isEmpty),
        ] where isSet {
            reading.findings.add(fields.line(of: key), "\(fields.place): a recording rule has no \(key)")
        }
    }

    // MARK: labels, annotations

    private mutating func labels(_ fields: YAMLMapping, isTemplate: Bool) -> [RuleText] {
        fields.texts("labels", &reading.findings).map { key, value in
            if !RuleNames.isLabelName(key.string) || key.string == "__name__" {
                let why =
                    key.string == "__name__" ? "the metric's name cannot be a label here" : "[a-zA-Z_][a-zA-Z0-9_]*"
                reading.findings.add(
                    key.mark?.line ?? fields.line, "\(fields.place): invalid label name '\(key.string)': \(why)")
            }
            if isTemplate { check(value, "label \(key.string)", fields.place) }
            return RuleText(name: key.string, text: Self.text(value))
        }
    }

    private mutating func annotations(_ fields: YAMLMapping, isTemplate: Bool) -> [RuleText] {
        fields.texts("annotations", &reading.findings).map { key, value in
            if !RuleNames.isLabelName(key.string) {
                reading.findings.add(
                    key.mark?.line ?? fields.line,
                    "\(fields.place): invalid annotation name '\(key.string)': [a-zA-Z_][a-zA-Z0-9_]*")
            }
            if isTemplate { check(value, "annotation \(key.string)", fields.place) }
            return RuleText(name: key.string, text: Self.text(value))
        }
    }

    private static func text(_ scalar: Node.Scalar) -> String { Node.scalar(scalar).isNull ? "" : scalar.string }

    private mutating func check(_ scalar: Node.Scalar, _ what: String, _ place: String) {
        do {
            try TemplateParser.check(scalar.string)
        } catch {
            let line = source.line(of: error.offset, in: scalar)
            reading.findings.add(line, "\(place): \(what): the template does not parse: \(error.message)")
        }
    }
}

/// What names of rules may hold.
enum RuleNames {
    static func isLabelName(_ name: String) -> Bool { isMetricName(name) && !name.utf8.contains(58) }

    static func isMetricName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(first &- 48 < 10) else { return false }
        return name.utf8.allSatisfy { ($0 | 0x20) &- 97 < 26 || $0 &- 48 < 10 || $0 == 95 || $0 == 58 }
    }
}
