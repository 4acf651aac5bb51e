import TidemarkBase
import TidemarkFormats
import TidemarkSeries

/// The write-ahead logs of a TSDB.
enum LogFuzz {
    private struct Sink: TSDBLogSink {
        var records = 0
        var times: [Int64] = []
        var histograms: [NativeHistogram] = []

        mutating func series(_ reference: UInt64, _ labels: Labels) { records += 1 }
        mutating func sample(_ reference: UInt64, timeMs: Int64, value: Double) { records += 1 }
        mutating func histogram(_ reference: UInt64, timeMs: Int64, _ histogram: NativeHistogram) {
            records += 1
            times.append(timeMs)
            histograms.append(histogram)
        }
        mutating func tombstone(_ reference: UInt64, _ lowMs: Int64, _ highMs: Int64) { records += 1 }
    }

    /// The first byte says what the rest is.
    static func run(_ bytes: Bytes) {
        guard bytes.count > 1 else { return }
        var sink = Sink()
        let rest = bytes.slice(1, bytes.count)
        switch bytes[0] % 4 {
        case 0: try? TSDBLog.decode(rest, into: &sink)
        case 1:
            if let output = try? Snappy.decompress(rest), output.count > rest.count * 64 { broken("Snappy's bound") }
        case 2: _ = try? Zstandard.decompress(rest)
        default:
            var copy = [UInt8](rest)
            Checksums.sealLog(&copy)
            copy.withUnsafeBytes { segment in
                try? TSDBLog.forEachRecord(segment) { try TSDBLog.decode($0, into: &sink) }
            }
        }
        HistogramFuzz.roundTrip(sink.times, sink.histograms)
    }
}
