extension ReportModel {
    /// What follows from the evidence beyond the incident: how much the fleet can take, what will be asked of it, whether it
    /// became slower. A heading, sentences that answer, then what they rest on.
    public struct OutlookSection: Sendable, Equatable {
        public enum Block: Sendable, Equatable {
            /// A chart over time with an axis of its own.
            case strip(Strip, over: TimeSpan)
            case scatter(Scatter)
            case waterfall(Waterfall)
            case table(QuantityTable)
        }

        public var title: String
        /// The answer first.
        public var sentences: [String]
        public var blocks: [Block]

        public init(title: String, sentences: [String], blocks: [Block] = []) {
            self.title = title
            self.sentences = sentences
            self.blocks = blocks
        }
    }

    /// Measured points, the line fitted through them, and how sure it is.
    public struct Scatter: Sendable, Equatable {
        public struct Point: Sendable, Equatable {
            public var x: Double
            public var y: Double

            public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
        }

        /// A point of the line with its interval; ascending in x.
        public struct Fit: Sendable, Equatable {
            public var x: Double
            public var y: Double
            public var low: Double
            public var high: Double

            public init(x: Double, y: Double, low: Double, high: Double) {
                (self.x, self.y, self.low, self.high) = (x, y, low, high)
            }
        }

        public var id: String
        public var title: String
        public var subtitle: String
        /// What runs along the foot, in words.
        public var xTitle: String
        public var xUnit: DisplayUnit
        public var yUnit: DisplayUnit
        public var points: [Point]
        public var fit: [Fit]
        public var csv: FileLink?

        public init(
            id: String, title: String, subtitle: String, xTitle: String, xUnit: DisplayUnit, yUnit: DisplayUnit,
            points: [Point], fit: [Fit] = [], csv: FileLink? = nil
        ) {
            self.id = id
            self.title = title
            self.subtitle = subtitle
            self.xTitle = xTitle
            self.xUnit = xUnit
            self.yUnit = yUnit
            self.points = points
            self.fit = fit
            self.csv = csv
        }
    }

    /// How a number came from one value to another, part by part.
    public struct Waterfall: Sendable, Equatable {
        public struct Part: Sendable, Equatable {
            public var label: String
            public var change: Double
            /// The part that matters: drawn in the colour of harm when it rises.
            public var isKey: Bool

            public init(label: String, change: Double, isKey: Bool = false) {
                (self.label, self.change, self.isKey) = (label, change, isKey)
            }
        }

        public var id: String
        public var title: String
        public var subtitle: String
        public var unit: DisplayUnit
        public var fromLabel: String
        /// In `unit`, as the changes are.
        public var fromValue: Double
        public var parts: [Part]
        public var toLabel: String
        public var csv: FileLink?

        /// Where each part begins and ends, from ``fromValue`` on.
        var steps: [(from: Double, to: Double)] {
            var at = fromValue
            return parts.map { part in
                defer { at += part.change }
                return (at, at + part.change)
            }
        }

        /// The value at the end.
        var end: Double { steps.last?.to ?? fromValue }

        public init(
            id: String, title: String, subtitle: String, unit: DisplayUnit, fromLabel: String, fromValue: Double,
            parts: [Part], toLabel: String, csv: FileLink? = nil
        ) {
            self.id = id
            self.title = title
            self.subtitle = subtitle
            self.unit = unit
            self.fromLabel = fromLabel
            self.fromValue = fromValue
            self.parts = parts
            self.toLabel = toLabel
            self.csv = csv
        }
    }

    /// Rows of texts and quantities; in a column the unit may change from row to row.
    public struct QuantityTable: Sendable, Equatable {
        public enum Cell: Sendable, Equatable {
            case text(String)
            /// Leads to a page beside this one.
            case link(String, path: String)
            /// Nil: missing.
            case quantity(Double?, DisplayUnit)
        }

        public struct Column: Sendable, Equatable {
            public var title: String
            public var isNumber: Bool
            /// In the CSV, with its unit where it has one; nil: made from the title, with a column for the units.
            public var csvName: String?
            /// Short texts that stay on one line.
            public var isShort: Bool

            public init(_ title: String, isNumber: Bool = false, csv: String? = nil, isShort: Bool = false) {
                (self.title, self.isNumber, csvName, self.isShort) = (title, isNumber, csv, isShort)
            }
        }

        public var caption: String
        public var columns: [Column]
        public var rows: [[Cell]]
        public var csv: FileLink?

        public init(caption: String, columns: [Column], rows: [[Cell]], csv: FileLink? = nil) {
            self.caption = caption
            self.columns = columns
            self.rows = rows
            self.csv = csv
        }
    }
}
