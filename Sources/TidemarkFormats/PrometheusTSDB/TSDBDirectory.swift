import TidemarkBase
import TidemarkSeries

/// The files of a TSDB folder, without saying how they are read.
public struct TSDBFileSet {
    /// Paths of all files below the folder, with `/` and without a leading one.
    public var names: [String]
    /// The bytes of a file. They must stay valid as long as the file set or a directory made of it.
    public var open: (String) throws -> Bytes
    /// Told that these bytes won't be needed soon, so that memory mapped for them can be given back.
    public var release: (Bytes) -> Void

    public init(
        names: [String], open: @escaping (String) throws -> Bytes, release: @escaping (Bytes) -> Void = { _ in }
    ) {
        (self.names, self.open, self.release) = (names, open, release)
    }
}

/// A place in a TSDB that could not be read.
public struct TSDBProblem: Sendable, CustomStringConvertible {
    /// Number of the block or head it is in; nil for what belongs to none.
    public let part: Int?
    public let file: String
    public let offset: Int
    public let expected: String

    public var description: String { "\(file): byte \(offset): expected \(expected)" }
}

/// A Prometheus data directory or snapshot: blocks, and the head from `wal`, `wbl` and `chunks_head`, as one source.
///
/// Indexes and the head are held in memory, chunks of blocks are decoded when they are asked for. What is damaged is
/// left out and told in ``problems``. Not thread-safe.
public final class TSDBDirectory: SeriesSource {
    /// One series in all parts of the directory.
    struct Entry {
        var labels: Labels
        /// Part, number of the series in it, chunks.
        var parts: [(part: Int, id: UInt64, chunks: [TSDBChunkMeta])] = []
        /// Its number in the head.
        var head: Int?
    }

    struct Segment {
        var file: String
        var bytes: Bytes
    }

    /// A block, or the head.
    public struct Part {
        /// The block's folder, or `head`.
        public internal(set) var name: String
        public internal(set) var meta: TSDBBlockMeta
        /// A text that is another one when the content is: names, sizes and a checksum.
        public internal(set) var identity = ""
        public let isHead: Bool
        var segments: [Segment?] = []
        var tombstones = TSDBTombstones()

        init(name: String, meta: TSDBBlockMeta, isHead: Bool = false) {
            (self.name, self.meta, self.isHead) = (name, meta, isHead)
        }
    }

    public private(set) var problems: [TSDBProblem]
    public let parts: [Part]
    private let entries: [Entry]
    private let byName: [String: [Int]]
    private let head: TSDBHead?
    /// Keeps the bytes alive.
    private let files: TSDBFileSet

    /// Reads indexes and logs.
    /// - Throws: what `files.open` throws; damage is no error.
    public init(_ files: TSDBFileSet) throws {
        let reader = TSDBDirectoryReader(files)
        try reader.readBlocks()
        try reader.readHead()
        self.files = files
        parts = reader.parts
        head = reader.head
        problems = reader.problems
        let order = reader.entries.indices.sorted { reader.entries[$0].labels < reader.entries[$1].labels }
        entries = order.map { reader.entries[$0] }
        byName = Dictionary(grouping: entries.indices) { [entries] in entries[$0].labels.name }
    }

    public var seriesCount: Int { entries.count }

    /// Time of the first and last sample as the indexes tell it, Unix ms; nil when there is none.
    public var rangeMs: ClosedRange<Int64>? {
        var (low, high) = (Int64.max, Int64.min)
        for entry in entries {
            for part in entry.parts {
                guard let first = part.chunks.first, let last = part.chunks.last else { continue }
                (low, high) = (min(low, first.minMs), max(high, last.maxMs))
            }
            guard let number = entry.head, let head else { continue }
            for chunk in head.series[number].allChunks(0) {
                (low, high) = (min(low, chunk.startMs), max(high, chunk.endMs))
            }
        }
        return low <= high ? low...high : nil
    }

    // MARK: Whole

    /// Calls `body` with the chunks of each series, in the order of labels: as they stand in the files, their checksums
    /// verified, and decoded anew only where samples in them were deleted. Chunks of different parts may overlap; of
    /// equal times the earlier chunk's sample counts.
    ///
    /// - Parameter isWanted: whether a part (by number) is asked for.
    public func forEachSeries(
        where isWanted: (Int) -> Bool = { _ in true }, _ body: (Labels, [SeriesChunk]) throws -> Void
    ) throws {
        var chunks: [SeriesChunk] = []
        var read = 0
        for entry in entries {
            chunks.removeAll(keepingCapacity: true)
            collect(entry, .min, .max, isWanted, &chunks)
            for chunk in chunks { chunk.withData { read += $0.count } }
            if !chunks.isEmpty { try body(entry.labels, chunks) }
            release(&read)
        }
    }

    /// The chunks of a series that overlap a range of time.
    private func collect(
        _ entry: Entry, _ startMs: Int64, _ endMs: Int64, _ isWanted: (Int) -> Bool, _ chunks: inout [SeriesChunk]
    ) {
        for part in entry.parts where isWanted(part.part) {
            let deleted = parts[part.part].tombstones.ranges[part.id] ?? []
            for meta in part.chunks where meta.maxMs >= startMs && meta.minMs <= endMs {
                guard let chunk = chunk(meta, part.part) else { continue }
                add(chunk, without: deleted, &chunks)
            }
        }
        guard let number = entry.head, let head, isWanted(head.part) else { return }
        let series = head.series[number]
        for chunk in series.allChunks(head.part) where chunk.endMs >= startMs && chunk.startMs <= endMs {
            add(chunk, without: series.deleted, &chunks)
        }
    }

    private func chunk(_ meta: TSDBChunkMeta, _ part: Int) -> SeriesChunk? {
        let segments = parts[part].segments
        guard segments.indices.contains(meta.segment), let segment = segments[meta.segment] else {
            note(part, parts[part].name + "/chunks", meta.offset, "segment \(meta.segment + 1)")
            return nil
        }
        do {
            let chunk = try TSDBChunkSegment.chunk(segment.bytes, at: meta.offset)
            return SeriesChunk(
                startMs: meta.minMs, endMs: meta.maxMs, encoding: chunk.encoding, part: part, offset: meta.offset,
                data: chunk.data)
        } catch {
            note(part, segment.file, error.offset, error.expected)
            return nil
        }
    }

    private func note(_ part: Int, _ file: String, _ offset: Int, _ expected: String) {
        problems.append(TSDBProblem(part: part, file: file, offset: offset, expected: expected))
    }

    /// Adds a chunk, or what is left of it without the deleted ranges.
    private func add(_ chunk: SeriesChunk, without deleted: [ClosedRange<Int64>], _ chunks: inout [SeriesChunk]) {
        guard deleted.contains(where: { $0.upperBound >= chunk.startMs && $0.lowerBound <= chunk.endMs }) else {
            chunks.append(chunk)
            return
        }
        do {
            chunks += try ChunkMerge.merged([chunk]) { time in !deleted.contains { $0.contains(time) } }
        } catch {
            note(chunk.part, parts[chunk.part].name, chunk.offset, error.expected)
        }
    }

    // MARK: Selected

    private func candidates(_ matchers: [LabelMatcher]) -> [Int] {
        let named = matchers.first { $0.name == Labels.metricName && $0.operation == .equal && !$0.value.isEmpty }
        let all = named.map { byName[$0.value] ?? [] } ?? Array(entries.indices)
        return all.filter { index in matchers.allSatisfy { $0.matches(entries[index].labels) } }
    }

    public func select(
        _ matchers: [LabelMatcher], startMs: Int64, endMs: Int64, _ body: (borrowing SeriesSamples) throws -> Void
    ) throws {
        var samples = SeriesSamples(labels: Labels())
        var chunks: [SeriesChunk] = []
        var read = 0
        for index in candidates(matchers) {
            samples.labels = entries[index].labels
            samples.timesMs.removeAll(keepingCapacity: true)
            samples.values.removeAll(keepingCapacity: true)
            samples.histogramTimesMs.removeAll(keepingCapacity: true)
            samples.histograms.removeAll(keepingCapacity: true)
            chunks.removeAll(keepingCapacity: true)
            collect(entries[index], startMs, endMs, { _ in true }, &chunks)
            for chunk in chunks { chunk.withData { read += $0.count } }
            for chunk in chunks {
                do throws(ChunkError) {
                    try chunk.decode(into: &samples)
                } catch {
                    note(chunk.part, parts[chunk.part].name, chunk.offset, error.expected)
                }
            }
            samples.putInOrder()
            if !samples.isEmpty { try body(samples) }
            release(&read)
        }
    }

    /// Gives mapped memory back once much of it was read.
    private func release(_ read: inout Int) {
        guard read > 8 << 20 else { return }
        read = 0
        for part in parts { for segment in part.segments { if let segment { files.release(segment.bytes) } } }
    }
}
