extension ReportModel {
    /// Observations of a latency by time and bucket.
    public struct HeatMap: Sendable, Equatable {
        public var id: String
        /// What is seen, in words.
        public var title: String
        /// What is counted, and by which buckets.
        public var subtitle: String
        public var unit: DisplayUnit
        /// The buckets that have observations, from the lowest: above `low`, up to `high`; infinity: no upper bound.
        public var buckets: [Bucket]
        /// Ascending. Where nothing was observed there is none.
        public var columns: [Column]
        public var csv: FileLink?

        public init(
            id: String, title: String, subtitle: String = "", unit: DisplayUnit, buckets: [Bucket], columns: [Column],
            csv: FileLink? = nil
        ) {
            self.id = id
            self.title = title
            self.subtitle = subtitle
            self.unit = unit
            self.buckets = buckets
            self.columns = columns
            self.csv = csv
        }

        public struct Bucket: Sendable, Equatable {
            public var low: Double
            public var high: Double
            /// Observations inside and outside of the incidents.
            public var incident: Double
            public var rest: Double

            public init(low: Double, high: Double, incident: Double, rest: Double) {
                self.low = low
                self.high = high
                self.incident = incident
                self.rest = rest
            }
        }

        public struct Column: Sendable, Equatable {
            public var span: TimeSpan
            /// A count a bucket, as long as `buckets`.
            public var counts: [Double]

            public init(span: TimeSpan, counts: [Double]) {
                self.span = span
                self.counts = counts
            }
        }
    }

    /// One quantity of all replicas, side by side.
    public struct ReplicaPanel: Sendable, Equatable {
        public var id: String
        /// What is seen, in words.
        public var title: String
        public var subtitle: String
        public var unit: DisplayUnit
        public var points: [Point]
        /// Of all points.
        public var median: Double

        public init(
            id: String, title: String, subtitle: String = "", unit: DisplayUnit, points: [Point], median: Double
        ) {
            self.id = id
            self.title = title
            self.subtitle = subtitle
            self.unit = unit
            self.points = points
            self.median = median
        }

        public struct Point: Sendable, Equatable {
            public var name: String
            public var value: Double
            /// Stands out from the others.
            public var isOutlier: Bool

            public init(name: String, value: Double, isOutlier: Bool = false) {
                self.name = name
                self.value = value
                self.isOutlier = isOutlier
            }
        }
    }
}
