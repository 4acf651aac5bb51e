import TidemarkBase

/// Finds rules of the same name with the same labels in a set of files: their results would overwrite each other.
public struct DuplicateRules {
    private struct Key: Hashable {
        var kind: Rule.Kind
        var name: String
        var labels: [RuleText]
    }

    private var seen: [Key: (file: String, line: Int)] = [:]

    public init() {}

    /// Adds a file's rules; returns advice for those that stood before, in this file or in an earlier one.
    public mutating func add(_ file: RuleFile, named fileName: String) -> [CheckFinding] {
        var found: [CheckFinding] = []
        for group in file.groups {
            for rule in group.rules where !rule.name.isEmpty {
                let own = Set(rule.labels.map(\.name))
                let labels = rule.labels + group.labels.filter { !own.contains($0.name) }
                let key = Key(kind: rule.kind, name: rule.name, labels: labels.sorted { $0.name < $1.name })
                guard let first = seen[key] else {
                    seen[key] = (fileName, rule.line)
                    continue
                }
                found.append(
                    CheckFinding(
                        line: rule.line,
                        reason:
                            "\(rule.kind.rawValue) \(rule.name) has the same labels as the rule at \(first.file):\(first.line)",
                        isAdvice: true))
            }
        }
        return found
    }
}
