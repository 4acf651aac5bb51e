import TidemarkBase
import TidemarkPromQL

/// A Prometheus rule file.
public struct RuleFile: Sendable {
    public var groups: [RuleGroup] = []

    public init() {}

    public var ruleCount: Int { groups.reduce(0) { $0 + $1.rules.count } }
}

/// Rules that are evaluated together, one after the other.
public struct RuleGroup: Sendable {
    public var name = ""
    /// Time between evaluations in seconds; nil: the server's default.
    public var intervalSeconds: Double?
    /// How far evaluations look back behind their time, in seconds; nil: the server's default.
    public var queryOffsetSeconds: Double?
    /// Most series or alerts that a rule may give; 0: any number.
    public var limit = 0
    /// Labels for all rules of the group.
    public var labels: [RuleText] = []
    public var rules: [Rule] = []
    /// 1-based line.
    public var line = 0
}

/// One rule.
public struct Rule: Sendable {
    public enum Kind: String, Sendable { case record, alert }

    public var kind = Kind.record
    /// The metric's or the alert's name.
    public var name = ""
    /// The expression as written.
    public var expr = ""
    /// The expression parsed; nil when it does not parse.
    public var parsed: Expr?
    /// How long the expression must hold before the alert fires, in seconds.
    public var forSeconds = 0.0
    /// How long an alert goes on firing when the expression no longer holds, in seconds.
    public var keepFiringForSeconds = 0.0
    /// In the order of the file.
    public var labels: [RuleText] = []
    /// In the order of the file.
    public var annotations: [RuleText] = []
    /// 1-based line.
    public var line = 0
}

/// A label or annotation of a rule; of an alert, its text is a template.
public struct RuleText: Sendable, Hashable {
    public var name: String
    public var text: String
}

/// A rule file and what is wrong with it.
public struct RuleFileReading: Sendable {
    /// What could be read; rules with errors are in it.
    public var file = RuleFile()
    public var findings = FindingList()
}
