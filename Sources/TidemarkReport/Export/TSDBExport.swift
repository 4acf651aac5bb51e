import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// Writes what a database holds as Prometheus blocks.
public enum TSDBExport {
    /// A block that was written.
    public struct Block: Sendable {
        public var ulid: String
        public var minMs: Int64
        /// The last sample's time.
        public var maxMs: Int64
        public var series: Int
        public var samples: Int
        public var chunks: Int
    }

    /// Blocks of Prometheus cover 2 hours times a power of three, from a multiple of their length.
    private static let shortestMs: Int64 = 7_200_000
    private static let mostBlocks: Int64 = 12

    /// Writes blocks in the order of time. Chunks that are already in Prometheus' encodings are copied.
    ///
    /// - Parameters:
    ///   - sink: appends bytes to a file; the path begins with a working name of the block's folder.
    ///   - finished: told a block's working name and what it holds, when all of it is written.
    public static func write(
        _ stored: StoredSeries, sink: @escaping (_ file: String, _ bytes: [UInt8]) throws -> Void,
        finished: (_ folder: String, Block) throws -> Void
    ) throws {
        var symbols: Set<String> = []
        for entry in stored.entries {
            for pair in entry.labels.pairs {
                symbols.insert(pair.name)
                symbols.insert(pair.value)
            }
        }
        let length = blockLength(stored)
        var writers: [Int64: (writer: TSDBBlockWriter, series: Int)] = [:]
        for entry in stored.entries {
            let chunks = try ChunkMerge.split(try stored.chunks(entry), everyMs: length)
            for (window, part) in Dictionary(grouping: chunks, by: { ChunkMerge.window($0.startMs, length) }) {
                if writers[window] == nil {
                    let folder = folder(window)
                    writers[window] = (TSDBBlockWriter(symbols: symbols) { try sink(folder + "/" + $0, $1) }, 0)
                }
                try writers[window]!.writer.add(entry.labels, part)
                writers[window]!.series += 1
            }
        }
        for window in writers.keys.sorted() {
            var (writer, series) = writers[window]!
            writers[window] = nil
            let seed = "\(writer.minMs) \(writer.maxMs) \(series) \(writer.chunks) \(writer.samples)"
            let ulid = TSDBBlockWriter.ulid(timeMs: writer.maxMs, seed: seed)
            try writer.finish(ulid: ulid)
            try finished(
                folder(window),
                Block(
                    ulid: ulid, minMs: writer.minMs, maxMs: writer.maxMs, series: series, samples: writer.samples,
                    chunks: writer.chunks))
        }
    }

    /// What a block's folder is called before it is complete; Prometheus ignores the ending.
    private static func folder(_ window: Int64) -> String { "\(window).tmp-for-creation" }

    /// The shortest length that needs no more than a dozen blocks.
    private static func blockLength(_ stored: StoredSeries) -> Int64 {
        var length = shortestMs
        guard let range = stored.rangeMs else { return length }
        while (range.upperBound - range.lowerBound) / length >= mostBlocks { length *= 3 }
        return length
    }
}
