extension ReportModel {
    /// The key figures of the fleet or of one replica.
    public struct KeyFigureTable: Sendable, Equatable {
        /// `Fleet`, or the replica's name.
        public var scope: String
        public var rows: [KeyFigure]
        public var csv: FileLink?

        public init(scope: String, rows: [KeyFigure], csv: FileLink? = nil) {
            self.scope = scope
            self.rows = rows
            self.csv = csv
        }
    }

    /// A number as far as it is known.
    public enum Reading: Sendable, Equatable {
        /// Nil: missing.
        case known(Double?)
        /// In a histogram's first bucket: anything up to its bound.
        case below(Double)
        /// Beyond the last finite bound of a histogram.
        case above(Double)
        /// A tail's quantile of so few observations that it says nothing.
        case tooFew(Double)

        /// A value with the borders of the bucket that holds it, if one does.
        public init(_ value: Double?, low: Double?, high: Double?) {
            switch (low, high) {
            case (let low?, let high?) where high.isFinite && low <= 0: self = .below(high)
            case (let low?, let high?) where !high.isFinite: self = .above(low)
            default: self = .known(value)
            }
        }

        /// The number, if it is one.
        public var value: Double? { if case .known(let value) = self { value } else { nil } }

        /// The number itself, or the bound.
        public var number: Double? {
            switch self {
            case .known(let value): value
            case .below(let bound), .above(let bound): bound
            case .tooFew: nil
            }
        }
    }

    /// One signal over the whole window and in its worst five minutes, both in `unit`.
    public struct KeyFigure: Sendable, Equatable {
        public var signal: String
        public var unit: DisplayUnit
        public var wholeWindow: Reading
        public var worst: Reading
        /// Start of the worst five minutes.
        public var worstStartMs: Int64?
        /// Borders of the histogram bucket that holds the whole window's value: how exact it is.
        public var bucketLow: Double?
        /// Infinity: the open last bucket.
        public var bucketHigh: Double?
        /// What a dashboard's PromQL says of the whole window's quantile.
        public var promQL: Double?
        /// Observations behind a quantile or a mean.
        public var count: Double?

        public init(
            signal: String, unit: DisplayUnit, wholeWindow: Reading, worst: Reading = .known(nil),
            worstStartMs: Int64? = nil, bucketLow: Double? = nil, bucketHigh: Double? = nil, promQL: Double? = nil,
            count: Double? = nil
        ) {
            self.signal = signal
            self.unit = unit
            self.wholeWindow = wholeWindow
            self.worst = worst
            self.worstStartMs = worstStartMs
            self.bucketLow = bucketLow
            self.bucketHigh = bucketHigh
            self.promQL = promQL
            self.count = count
        }
    }

    /// Named rows of numbers in columns of one unit each.
    public struct FigureTable: Sendable, Equatable {
        public var columns: [Column]
        public var rows: [Row]
        public var csv: FileLink?

        public init(columns: [Column] = [], rows: [Row] = [], csv: FileLink? = nil) {
            self.columns = columns
            self.rows = rows
            self.csv = csv
        }

        public struct Column: Sendable, Equatable {
            public var title: String
            public var unit: DisplayUnit

            public init(_ title: String, _ unit: DisplayUnit) {
                self.title = title
                self.unit = unit
            }
        }

        public struct Row: Sendable, Equatable {
            public var name: String
            /// As long as the table's columns, in their units; nil: missing.
            public var values: [Double?]
            /// What strikes in this row; empty: nothing.
            public var note: String

            public init(name: String, values: [Double?], note: String = "") {
                self.name = name
                self.values = values
                self.note = note
            }
        }
    }

    /// A log message, or many of the same kind.
    public struct LogEvent: Sendable, Equatable {
        /// First occurrence; nil: unknown.
        public var timeMs: Int64?
        /// `ERROR`, `WARNING`, `INFO`…
        public var level: String
        /// How often in the window.
        public var count: Int
        public var text: String
        public var source: String
        /// 1-based line of the first occurrence.
        public var line: Int?

        public init(timeMs: Int64?, level: String, count: Int, text: String, source: String, line: Int? = nil) {
            self.timeMs = timeMs
            self.level = level
            self.count = count
            self.text = text
            self.source = source
            self.line = line
        }
    }

    /// One of the busiest clients.
    public struct Client: Sendable, Equatable {
        public var name: String
        public var requests: Int
        /// Share of all requests, 0…1.
        public var share: Double
        /// Answers with status 4xx or 5xx.
        public var errors: Int
        /// Requests a second in the client's busiest minute; nil: unknown.
        public var peakRequestsPerSecond: Double?
        public var note: String

        public init(
            name: String, requests: Int, share: Double, errors: Int, peakRequestsPerSecond: Double? = nil,
            note: String = ""
        ) {
            self.name = name
            self.requests = requests
            self.share = share
            self.errors = errors
            self.peakRequestsPerSecond = peakRequestsPerSecond
            self.note = note
        }
    }

    /// Counts in buckets or classes.
    public struct Distribution: Sendable, Equatable {
        public enum Kind: String, Sendable {
            /// Buckets along a quantity: prompt length.
            case ordered
            /// Classes without order: finish reasons, status codes.
            case categorical
        }

        public var id: String
        public var title: String
        public var subtitle: String
        public var kind: Kind
        public var bars: [Bar]
        public var csv: FileLink?

        public init(
            id: String, title: String, subtitle: String = "", kind: Kind, bars: [Bar], csv: FileLink? = nil
        ) {
            self.id = id
            self.title = title
            self.subtitle = subtitle
            self.kind = kind
            self.bars = bars
            self.csv = csv
        }

        public struct Bar: Sendable, Equatable {
            /// Bucket or class: `1–2 k`, `length`, `503`.
            public var label: String
            public var count: Double
            /// Count in the period to compare with; nil: none.
            public var baseline: Double?
            /// Drawn as harm: errors.
            public var isBad: Bool

            public init(label: String, count: Double, baseline: Double? = nil, isBad: Bool = false) {
                self.label = label
                self.count = count
                self.baseline = baseline
                self.isBad = isBad
            }
        }
    }

    /// One process life of an engine. Runs that agree in all but replica and times share a column.
    public struct EngineRun: Sendable, Equatable {
        public var replica: String
        /// Nil: began before the evidence.
        public var startMs: Int64?
        /// Nil: still ran at its end.
        public var endMs: Int64?
        /// How it ended, in words; empty: it did not.
        public var ending: String
        public var version: String
        public var model: String
        /// Command-line arguments, as given.
        public var arguments: [Fact]
        /// What the engine said about its capacity: KV cache tokens, maximum concurrency, graph sizes.
        public var capacity: [Fact]

        public init(
            replica: String, startMs: Int64?, endMs: Int64? = nil, ending: String = "", version: String,
            model: String, arguments: [Fact] = [], capacity: [Fact] = []
        ) {
            self.replica = replica
            self.startMs = startMs
            self.endMs = endMs
            self.ending = ending
            self.version = version
            self.model = model
            self.arguments = arguments
            self.capacity = capacity
        }
    }
}
