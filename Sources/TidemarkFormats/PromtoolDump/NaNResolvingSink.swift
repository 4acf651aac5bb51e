import TidemarkSeries

/// Stands before the sink of a dump and decides which `NaN` was a stale marker, which dumps print as `NaN`: one that comes
/// right after a number and before no other NaN of its series, as in ``PromtoolDumpParser``.
///
/// It owns the other sink while it is used. Series must come one after the other.
public struct NaNResolvingSink<Base: MetricSink>: MetricSink {
    public var base: Base
    private var current = -1
    private var afterNumber = false
    /// Time of the NaN that waits for its successor.
    private var heldMs: Int64?
    /// Samples delivered as stale markers.
    public private(set) var staleMarkers = 0

    public init(_ base: Base) { self.base = base }

    public mutating func series(_ labels: Labels) throws -> Int { try base.series(labels) }
    public mutating func metadata(_ metadata: MetricMetadata) throws { try base.metadata(metadata) }
    public mutating func reject(_ reject: FormatReject) throws { try base.reject(reject) }

    public mutating func exemplar(series: Int, _ exemplar: MetricExemplar) throws {
        try base.exemplar(series: series, exemplar)
    }

    public mutating func append(series: Int, timeMs: Int64, value: Double) throws {
        if series != current {
            try release(followedByNaN: false)
            current = series
            afterNumber = false
        }
        guard value.isNaN else {
            try release(followedByNaN: false)
            afterNumber = true
            return try base.append(series: series, timeMs: timeMs, value: value)
        }
        let waiting = heldMs != nil
        try release(followedByNaN: true)
        if afterNumber, !waiting {
            heldMs = timeMs
            return
        }
        afterNumber = false
        try base.append(series: series, timeMs: timeMs, value: value)
    }

    /// Ends the dump: a NaN may still wait.
    public mutating func finish() throws { try release(followedByNaN: false) }

    private mutating func release(followedByNaN: Bool) throws {
        guard let timeMs = heldMs else { return }
        heldMs = nil
        if !followedByNaN { staleMarkers += 1 }
        let ordinary = Double(bitPattern: 0x7ff8_0000_0000_0001)
        try base.append(series: current, timeMs: timeMs, value: followedByNaN ? ordinary : StaleMarker.value)
    }
}
