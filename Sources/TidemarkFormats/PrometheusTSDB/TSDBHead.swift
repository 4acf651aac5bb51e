import TidemarkBase
import TidemarkSeries

/// The samples of the head: what `wal`, `wbl` and `chunks_head` hold and no block does yet.
///
/// Samples are kept as chunks, about two bytes each: a busy server's write-ahead log holds hours of all its series.
struct TSDBHead: TSDBLogSink {
    /// One series; several references of the log may mean it.
    struct Series {
        /// The series' number in the directory.
        var entry: Int
        /// Full chunks of the log's samples, then the one being filled.
        var chunks: [SeriesChunk] = []
        var open = XORChunk.Encoder()
        var openStartMs: Int64 = 0
        var lastMs = Int64.min
        /// Chunks of `chunks_head`, in order and out of order.
        var mapped: [SeriesChunk] = []
        var mappedLate: [SeriesChunk] = []
        /// Samples that came out of order, in order of arrival.
        var late: [Sample] = []
        var histogramTimesMs: [Int64] = []
        var histograms: [NativeHistogram] = []
        /// Deleted ranges of time, both ends included.
        var deleted: [ClosedRange<Int64>] = []
    }

    private(set) var series: [Series] = []
    private var byReference: [UInt64: Int] = [:]
    private var byEntry: [Int: Int] = [:]
    /// In-order samples before this belong to blocks.
    let validFromMs: Int64
    /// Number of this part of the directory.
    let part: Int
    /// Gives a series' number in the directory.
    private let entryOf: (Labels) -> Int
    /// Whether samples now come from the log of out-of-order samples.
    var readsLate = false
    /// Samples whose series no record has named.
    private(set) var orphans = 0

    init(validFromMs: Int64, part: Int, entryOf: @escaping (Labels) -> Int) {
        (self.validFromMs, self.part, self.entryOf) = (validFromMs, part, entryOf)
    }

    mutating func series(_ reference: UInt64, _ labels: Labels) {
        let entry = entryOf(labels)
        let index = byEntry[entry] ?? series.count
        if index == series.count {
            series.append(Series(entry: entry))
            byEntry[entry] = index
        }
        byReference[reference] = index
    }

    mutating func sample(_ reference: UInt64, timeMs: Int64, value: Double) {
        guard let index = byReference[reference] else {
            orphans += 1
            return
        }
        if readsLate {
            series[index].late.append(Sample(timeMs: timeMs, value: value))
        } else if timeMs >= validFromMs {
            series[index].append(timeMs, value, part: part)
        }
    }

    mutating func histogram(_ reference: UInt64, timeMs: Int64, _ histogram: NativeHistogram) {
        guard let index = byReference[reference] else {
            orphans += 1
            return
        }
        guard readsLate || timeMs >= validFromMs else { return }
        series[index].histogramTimesMs.append(timeMs)
        series[index].histograms.append(histogram)
    }

    mutating func tombstone(_ reference: UInt64, _ lowMs: Int64, _ highMs: Int64) {
        guard let index = byReference[reference], lowMs <= highMs else { return }
        series[index].deleted.append(lowMs...highMs)
    }

    /// Adds a chunk of `chunks_head`.
    mutating func add(_ entry: TSDBHeadChunks.Entry) {
        guard let index = byReference[entry.series] else {
            orphans += 1
            return
        }
        let chunk = SeriesChunk(
            startMs: entry.minMs, endMs: entry.maxMs, encoding: entry.chunk.encoding, part: part,
            data: entry.chunk.data)
        if entry.isOutOfOrder {
            series[index].mappedLate.append(chunk)
        } else if entry.maxMs >= validFromMs {
            series[index].mapped.append(chunk)
        }
    }
}

extension TSDBHead.Series {
    fileprivate mutating func append(_ timeMs: Int64, _ value: Double, part: Int) {
        guard timeMs > lastMs else {
            late.append(Sample(timeMs: timeMs, value: value))
            return
        }
        if open.count == XORChunk.usualSamples {
            chunks.append(openChunk(part))
            open.removeAll()
        }
        if open.count == 0 { openStartMs = timeMs }
        open.append(timeMs: timeMs, value: value)
        lastMs = timeMs
    }

    func openChunk(_ part: Int) -> SeriesChunk {
        SeriesChunk(startMs: openStartMs, endMs: lastMs, encoding: XORChunk.encoding, part: part, owned: open.data)
    }

    /// All chunks, in the order in which the first of equal times counts: in order before out of order.
    func allChunks(_ part: Int) -> [SeriesChunk] {
        var all = chunks
        if open.count > 0 { all.append(openChunk(part)) }
        all += mapped
        if !late.isEmpty {
            var samples = SeriesSamples(
                labels: Labels(), timesMs: late.map(\.timeMs), values: late.map(\.value))
            samples.putInOrder()
            all += SeriesChunk.chunks(of: samples, part: part)
        }
        all += mappedLate
        if !histograms.isEmpty {
            all += HistogramChunk.chunks(timesMs: histogramTimesMs, histograms: histograms, part: part)
        }
        return all
    }
}
