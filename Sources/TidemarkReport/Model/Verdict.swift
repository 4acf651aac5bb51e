extension ReportModel {
    /// The answer, before all evidence.
    public struct Verdict: Sendable, Equatable {
        public enum Severity: String, Sendable, CaseIterable {
            /// Users had what they should have.
            case healthy
            /// Worth an action, no user suffered yet.
            case notice
            /// Users suffered.
            case incident
            /// The evidence does not decide.
            case unknown
        }

        public var severity: Severity
        /// One to three sentences; the first is set large.
        public var sentences: [String]
        /// What to do first; nil: nothing is to be done.
        public var action: Recommendation?
        /// Up to five.
        public var keyNumbers: [KeyNumber]

        public init(
            severity: Severity, sentences: [String], action: Recommendation? = nil, keyNumbers: [KeyNumber] = []
        ) {
            self.severity = severity
            self.action = action
            self.sentences = sentences
            self.keyNumbers = keyNumbers
        }
    }

    /// One of the large numbers under the verdict.
    public struct KeyNumber: Sendable, Equatable {
        /// What is counted: `Worst P95 TTFT`.
        public var label: String
        /// The number as it is shown: `41.2`. Empty: missing.
        public var value: String
        /// Its unit as it is shown: `s`, `k requests`.
        public var unit: String
        /// What to compare it with: `normally 0.13 s`.
        public var comparison: String

        public init(label: String, value: String, unit: String = "", comparison: String = "") {
            self.label = label
            self.value = value
            self.unit = unit
            self.comparison = comparison
        }

        /// The value written with three significant figures and a prefix; `–` when nil.
        public init(label: String, value: Double?, unit: DisplayUnit, comparison: String = "") {
            let parts = NumberText.parts(value, unit)
            self.init(label: label, value: parts.number, unit: parts.unit, comparison: comparison)
        }
    }

    /// Whether the evidence can carry the verdict.
    public struct DataQuality: Sendable, Equatable {
        public enum Level: String, Sendable, CaseIterable {
            case good, fair, poor
        }

        public var level: Level
        public var reasons: [String]

        public init(level: Level, reasons: [String] = []) {
            self.level = level
            self.reasons = reasons
        }
    }
}
