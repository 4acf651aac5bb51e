extension ReportModel {
    /// A stretch of trouble, shaded in every strip.
    public struct IncidentBand: Sendable, Equatable {
        public var span: TimeSpan
        public var label: String

        public init(span: TimeSpan, label: String) {
            self.span = span
            self.label = label
        }
    }

    /// Something that happened at one instant.
    public struct EventMark: Sendable, Equatable {
        public enum Kind: String, Sendable, CaseIterable {
            case restart, crash, errorBurst, deployment, throttle, note
        }

        public var timeMs: Int64
        public var kind: Kind
        public var label: String

        public init(timeMs: Int64, kind: Kind, label: String) {
            self.timeMs = timeMs
            self.kind = kind
            self.label = label
        }
    }

    /// Strips under one heading: service, inference, system.
    public struct StripSection: Sendable, Equatable {
        public var title: String
        /// What the reader learns here, in a sentence.
        public var introduction: String
        public var strips: [Strip]

        public init(title: String, introduction: String = "", strips: [Strip]) {
            self.title = title
            self.introduction = introduction
            self.strips = strips
        }
    }

    /// One chart over the report's time axis.
    public struct Strip: Sendable, Equatable {
        public enum YScale: String, Sendable {
            /// From zero.
            case linear
            /// Decades. Values of zero and below stand at the foot of the axis.
            case log
        }

        /// Stable name; becomes the anchor in the page.
        public var id: String
        /// Names of the signals that it shows: what a finding's number links to.
        public var signals: [String]
        /// What is seen, in words.
        public var title: String
        /// Quantity and aggregation; the unit and `log scale` are added.
        public var subtitle: String
        public var unit: DisplayUnit
        public var yScale: YScale
        /// Highest value of the axis in `unit` (1 for shares); nil: from the data.
        public var yMaximum: Double?
        /// Drawn in this order, the last on top.
        public var series: [Series]
        /// What the CSV says instead, step by step, where `series` are the extremes of longer steps.
        public var steps: [Series] = []
        public var limits: [LimitLine]
        /// Where evidence is missing, shown hatched. Nil: wherever no observed series has a value between two that do.
        public var missing: [TimeSpan]?
        /// The chart's numbers beside the report; nil: none.
        public var csv: FileLink?

        public init(
            id: String, signals: [String] = [], title: String, subtitle: String = "", unit: DisplayUnit,
            yScale: YScale = .linear, yMaximum: Double? = nil, series: [Series], limits: [LimitLine] = [],
            missing: [TimeSpan]? = nil,
            csv: FileLink? = nil
        ) {
            self.id = id
            self.signals = signals
            self.title = title
            self.subtitle = subtitle
            self.unit = unit
            self.yScale = yScale
            self.yMaximum = yMaximum
            self.series = series
            self.limits = limits
            self.missing = missing
            self.csv = csv
        }
    }

    /// Values over time.
    public struct Series: Sendable, Equatable {
        public enum Role: String, Sendable {
            /// The series that the title speaks of.
            case observed
            /// Last week, or another fleet: grey.
            case context
            /// A limit or capacity that changes over time.
            case limit
            /// One of several percentiles, lower ones first: the last is drawn strongest.
            case percentile
            /// One replica among several.
            case replica
            /// Errors and other harm.
            case bad
        }

        /// Short: it stands at the end of the line.
        public var name: String
        public var role: Role
        /// Ascending.
        public var timesMs: [Int64]
        /// As long as `timesMs`, in the strip's unit; nil or NaN: missing, the line is broken there.
        public var values: [Double?]
        /// An uncertainty band around the line.
        public var band: Band?
        /// The line is broken where two points lie further apart, in milliseconds. Nil: 2.5 times the median distance.
        public var maximumGapMs: Int64?

        public init(
            name: String, role: Role = .observed, timesMs: [Int64], values: [Double?], band: Band? = nil,
            maximumGapMs: Int64? = nil
        ) {
            self.name = name
            self.role = role
            self.timesMs = timesMs
            self.values = values
            self.band = band
            self.maximumGapMs = maximumGapMs
        }
    }

    /// The two borders of an uncertainty band, as long as the series' `timesMs` and in the strip's unit.
    public struct Band: Sendable, Equatable {
        public var low: [Double?]
        public var high: [Double?]

        public init(low: [Double?], high: [Double?]) {
            self.low = low
            self.high = high
        }
    }

    /// A labelled horizontal line.
    public struct LimitLine: Sendable, Equatable {
        /// In the strip's unit.
        public var value: Double
        /// Short: `SLO 2 s`.
        public var label: String

        public init(value: Double, label: String) {
            self.value = value
            self.label = label
        }
    }
}
