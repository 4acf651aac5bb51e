extension ReportModel {
    /// One cause of trouble, with what speaks for it.
    public struct Finding: Sendable, Equatable {
        public enum ConfidenceWord: String, Sendable, CaseIterable {
            case high, medium, low
        }

        /// 1 is the most important.
        public var rank: Int
        /// Stable identifier: `kv_cache_limit`.
        public var cause: String
        /// In words: `The KV cache was full`.
        public var title: String
        /// One or two sentences that explain the mechanism.
        public var summary: String
        public var span: TimeSpan
        /// 0…1.
        public var confidence: Double
        public var confidenceWord: ConfidenceWord
        /// Share of the user-visible excess that this cause explains, 0…1; nil: not apportioned.
        public var impactShare: Double?
        public var impact: String
        /// Names of the replicas concerned.
        public var replicas: [String]
        /// Most telling first: the first three stand beside the cause's share.
        public var evidence: [Evidence]
        public var ruledOut: [RuledOut]
        public var notChecked: [NotChecked]
        /// Most useful first.
        public var recommendations: [Recommendation]

        public init(
            rank: Int, cause: String, title: String, summary: String = "", span: TimeSpan, confidence: Double,
            confidenceWord: ConfidenceWord, impactShare: Double? = nil, impact: String = "", replicas: [String] = [],
            evidence: [Evidence] = [], ruledOut: [RuledOut] = [], notChecked: [NotChecked] = [],
            recommendations: [Recommendation] = []
        ) {
            self.rank = rank
            self.cause = cause
            self.title = title
            self.summary = summary
            self.span = span
            self.confidence = confidence
            self.confidenceWord = confidenceWord
            self.impactShare = impactShare
            self.impact = impact
            self.replicas = replicas
            self.evidence = evidence
            self.ruledOut = ruledOut
            self.notChecked = notChecked
            self.recommendations = recommendations
        }
    }

    /// A signal's value against what is normal, and where it was read.
    public struct Evidence: Sendable, Equatable {
        /// In words or as the signal's name.
        public var signal: String
        /// In `unit`; nil: missing.
        public var value: Double?
        /// Normal value in `unit`; nil: none known.
        public var baseline: Double?
        public var unit: DisplayUnit
        /// What the value had to be for this cause to be blamed: `≥ 95 %`. Empty: not stated.
        public var needed: String
        /// File or query. Empty: derived.
        public var source: String
        /// 1-based line in `source`.
        public var line: Int?
        /// ``Strip/id`` of the chart that shows it; nil: none does.
        public var chart: String?

        public init(
            signal: String, value: Double?, baseline: Double? = nil, unit: DisplayUnit, needed: String = "",
            source: String = "", line: Int? = nil, chart: String? = nil
        ) {
            self.signal = signal
            self.value = value
            self.baseline = baseline
            self.unit = unit
            self.needed = needed
            self.source = source
            self.line = line
            self.chart = chart
        }
    }

    /// A cause that the evidence speaks against.
    public struct RuledOut: Sendable, Equatable {
        /// Title of the cause in words.
        public var cause: String
        /// Why, with its number.
        public var reason: String

        public init(cause: String, reason: String) {
            self.cause = cause
            self.reason = reason
        }
    }

    /// A question that the evidence could not answer.
    public struct NotChecked: Sendable, Equatable {
        public var what: String
        /// The flag or capture that would have shown it.
        public var remedy: String

        public init(what: String, remedy: String) {
            self.what = what
            self.remedy = remedy
        }
    }

    /// Something to do.
    public struct Recommendation: Sendable, Equatable {
        public enum Urgency: String, Sendable, CaseIterable {
            case now, next
        }

        public var text: String
        /// Predicted effect with its interval. Empty: not estimated.
        public var effect: String
        public var urgency: Urgency

        public init(_ text: String, effect: String = "", urgency: Urgency = .now) {
            self.text = text
            self.effect = effect
            self.urgency = urgency
        }
    }
}
