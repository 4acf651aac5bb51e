import TidemarkBase

/// Compressed chunks of the series that were read last, so that an analysis that asks for the same series in many ways
/// fetches each from the database once. Two to three bytes a sample; when it is full it starts anew, so memory stays flat
/// however large the database is.
struct ChunkCache {
    /// The chunks of a row of `series` that touch a stretch of time, in the order of their starts.
    struct Entry {
        struct Chunk {
            var startMs: Int64
            var endMs: Int64
            var encoding: Int
            /// Where in ``Entry/data`` it lies.
            var place: Range<Int>
        }

        /// What was asked for, Unix ms.
        var coverage: ClosedRange<Int64>
        var chunks: [Chunk] = []
        var data: [UInt8] = []

        mutating func append(startMs: Int64, endMs: Int64, encoding: Int, _ bytes: Bytes) {
            let place = data.count..<data.count + bytes.count
            chunks.append(Chunk(startMs: startMs, endMs: endMs, encoding: encoding, place: place))
            data.append(contentsOf: bytes)
        }
    }

    private var entries: [Int: Entry] = [:]
    private var bytes = 0
    private static let mostBytes = 32 << 20

    func entry(_ id: Int, covering range: ClosedRange<Int64>) -> Entry? {
        guard let entry = entries[id], entry.coverage.lowerBound <= range.lowerBound,
            entry.coverage.upperBound >= range.upperBound
        else { return nil }
        return entry
    }

    mutating func keep(_ id: Int, _ entry: Entry) {
        guard entry.data.count < Self.mostBytes / 4 else { return }
        if bytes + entry.data.count > Self.mostBytes {
            entries.removeAll()
            bytes = 0
        }
        bytes += entry.data.count - (entries[id]?.data.count ?? 0)
        entries[id] = entry
    }

    /// A range of time widened to full hours, so that windows that differ by little are one.
    static func widened(_ startMs: Int64, _ endMs: Int64) -> ClosedRange<Int64> {
        let hour: Int64 = 3_600_000
        let low = startMs < .min + 2 * hour ? Int64.min : startMs - ((startMs % hour) + hour) % hour
        let high = endMs > .max - 2 * hour ? Int64.max : endMs - ((endMs % hour) + hour) % hour + hour
        return low...max(low, high)
    }
}
