/// A native histogram sample: bucket counts over exponential or custom bounds.
public struct NativeHistogram: Sendable, Equatable {
    /// What is known about a counter reset between the sample before and this one.
    public enum ResetHint: UInt8, Sendable {
        case unknown, reset, notReset, gauge
    }

    /// A run of buckets: `offset` is the gap to the run before (for the first run the index of its first bucket).
    public struct Span: Sendable, Equatable {
        public var offset: Int32
        public var length: UInt32

        public init(offset: Int32, length: UInt32) {
            self.offset = offset
            self.length = length
        }
    }

    /// The schema whose bounds are given one by one.
    public static let customSchema = -53

    /// Whether the counts are floating point numbers (a float histogram) rather than integers.
    public var isFloat = false
    public var schema = 0
    public var resetHint = ResetHint.unknown
    public var zeroThreshold = 0.0
    public var zeroCount = 0.0
    public var count = 0.0
    public var sum = 0.0
    public var positiveSpans: [Span] = []
    public var negativeSpans: [Span] = []
    /// Observations of each bucket that the spans name, not added up.
    public var positive: [Double] = []
    public var negative: [Double] = []
    /// Upper bounds of schema -53, without +Inf.
    public var customBounds: [Double] = []

    public init() {}

    public var isStale: Bool { StaleMarker.matches(sum) }
}
