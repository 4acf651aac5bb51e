import TidemarkBase
import TidemarkSeries

/// The files of a TSDB folder, without saying how they are read.
public struct TSDBFileSet {
    /// Paths of all files below the folder, with `/` and without a leading one.
    public var names: [String]
    /// The bytes of a file. They must stay valid as long as the directory that is made of them.
    public var open: (String) throws -> Bytes

    public init(names: [String], open: @escaping (String) throws -> Bytes) {
        self.names = names
        self.open = open
    }
}

/// A part of a TSDB that could not be read.
public struct TSDBProblem: Sendable, CustomStringConvertible {
    public let file: String
    public let message: String

    public var description: String { "\(file): \(message)" }
}

/// A Prometheus data directory or snapshot: blocks, and the head from `wal`, `wbl` and `chunks_head`, as one source.
///
/// Indexes and the head are held in memory, chunks of blocks are decoded when they are asked for. What is damaged is
/// left out and told in ``problems``.
public struct TSDBDirectory: SeriesSource {
    /// One series in all parts of the directory.
    struct Entry {
        var labels: Labels
        /// Block, number of the series in it, chunks.
        var parts: [(block: Int, id: UInt64, chunks: [TSDBChunkMeta])] = []
        var head: Int?
    }

    struct Block {
        var name: String
        var meta: TSDBBlockMeta
        var segments: [Bytes]
        var tombstones: TSDBTombstones
    }

    public private(set) var problems: [TSDBProblem] = []
    private(set) var blocks: [Block] = []
    private(set) var entries: [Entry] = []
    private(set) var head: TSDBHead

    /// Reads indexes and logs.
    /// - Throws: what `files.open` throws; damage is no error.
    public init(_ files: TSDBFileSet) throws {
        var reader = TSDBDirectoryReader(files)
        try reader.readBlocks()
        try reader.readHead()
        blocks = reader.blocks
        head = reader.head
        problems = reader.problems
        entries = reader.entries.sorted { $0.labels < $1.labels }
    }

    public var seriesCount: Int { entries.count }

    public var blockNames: [String] { blocks.map(\.name) }

    public func select(
        _ matchers: [LabelMatcher], startMs: Int64, endMs: Int64, _ body: (borrowing SeriesSamples) throws -> Void
    ) throws {
        var samples = SeriesSamples(labels: Labels())
        for entry in entries where matchers.allSatisfy({ $0.matches(entry.labels) }) {
            samples.labels = entry.labels
            samples.timesMs.removeAll(keepingCapacity: true)
            samples.values.removeAll(keepingCapacity: true)
            samples.histogramTimesMs.removeAll(keepingCapacity: true)
            samples.histograms.removeAll(keepingCapacity: true)
            try read(entry, startMs, endMs, &samples)
            try readHistograms(entry, startMs, endMs, &samples.histogramTimesMs, &samples.histograms)
            if !samples.isEmpty { try body(samples) }
        }
    }

    /// The native histograms of matching series, in ascending order of labels and time.
    public func selectHistograms(
        _ matchers: [LabelMatcher], startMs: Int64, endMs: Int64,
        _ body: (Labels, [Int64], [NativeHistogram]) throws -> Void
    ) throws {
        for entry in entries where matchers.allSatisfy({ $0.matches(entry.labels) }) {
            var times: [Int64] = []
            var histograms: [NativeHistogram] = []
            try readHistograms(entry, startMs, endMs, &times, &histograms)
            if !times.isEmpty { try body(entry.labels, times, histograms) }
        }
    }

    /// The native histograms of a series in a range, merged over blocks and head.
    private func readHistograms(
        _ entry: Entry, _ startMs: Int64, _ endMs: Int64, _ times: inout [Int64], _ histograms: inout [NativeHistogram]
    ) throws {
        var found: [(time: Int64, histogram: NativeHistogram)] = []
        for part in entry.parts {
            let block = blocks[part.block]
            for meta in part.chunks where meta.maxMs >= startMs && meta.minMs <= endMs {
                let chunk = try chunk(meta, block)
                guard chunk.encoding == HistogramChunk.encoding || chunk.encoding == HistogramChunk.floatEncoding
                else { continue }
                var times: [Int64] = []
                var histograms: [NativeHistogram] = []
                try HistogramChunk.decode(
                    chunk.data, isFloat: chunk.encoding == HistogramChunk.floatEncoding, timesMs: &times,
                    histograms: &histograms)
                for (time, histogram) in zip(times, histograms)
                where !block.tombstones.hides(series: part.id, timeMs: time) { found.append((time, histogram)) }
            }
        }
        if let index = entry.head {
            found += zip(head.series[index].histogramTimesMs, head.series[index].histograms).map { ($0, $1) }
        }
        guard !found.isEmpty else { return }
        for (_, sample) in found.enumerated().sorted(by: {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }) where times.last != sample.time && (startMs...max(startMs, endMs)).contains(sample.time) {
            times.append(sample.time)
            histograms.append(sample.histogram)
        }
    }

    private func chunk(_ meta: TSDBChunkMeta, _ block: Block) throws -> TSDBChunk {
        guard block.segments.indices.contains(meta.segment) else {
            throw TSDBError(offset: 0, expected: "segment \(meta.segment + 1) of block \(block.name)")
        }
        return try TSDBChunkSegment.chunk(block.segments[meta.segment], at: meta.offset)
    }

    /// The float samples of a series in a range, merged over blocks and head.
    private func read(_ entry: Entry, _ startMs: Int64, _ endMs: Int64, _ samples: inout SeriesSamples) throws {
        for part in entry.parts {
            let block = blocks[part.block]
            let first = samples.count
            for meta in part.chunks where meta.maxMs >= startMs && meta.minMs <= endMs {
                let chunk = try chunk(meta, block)
                guard chunk.encoding == XORChunk.encoding else { continue }
                try XORChunk.decode(chunk.data, timesMs: &samples.timesMs, values: &samples.values)
            }
            if block.tombstones.ranges[part.id] != nil {
                var kept = first
                for index in first..<samples.count
                where !block.tombstones.hides(series: part.id, timeMs: samples.timesMs[index]) {
                    samples.timesMs[kept] = samples.timesMs[index]
                    samples.values[kept] = samples.values[index]
                    kept += 1
                }
                samples.timesMs.removeLast(samples.count - kept)
                samples.values.removeLast(samples.values.count - kept)
            }
        }
        if let index = entry.head {
            samples.timesMs += head.series[index].timesMs + head.series[index].lateTimesMs
            samples.values += head.series[index].values + head.series[index].lateValues
        }
        samples.putInOrder()
    }
}

extension SeriesSamples {
    /// Sorts by time and keeps the first of equal times. Linear when already in order.
    public mutating func putInOrder() {
        var sorted = true
        for index in 1..<max(count, 1) where timesMs[index] <= timesMs[index - 1] {
            sorted = false
            break
        }
        guard !sorted else { return }
        let order = timesMs.indices.sorted { (timesMs[$0], $0) < (timesMs[$1], $1) }
        var newTimes: [Int64] = []
        var newValues: [Double] = []
        for index in order where newTimes.last != timesMs[index] {
            newTimes.append(timesMs[index])
            newValues.append(values[index])
        }
        timesMs = newTimes
        values = newValues
    }
}
