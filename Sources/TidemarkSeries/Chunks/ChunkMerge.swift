/// Chunks of one series put in order, so that none overlaps another and each time occurs once.
public enum ChunkMerge {
    /// The same samples in chunks that follow each other; chunks that overlap nothing stay as they are.
    ///
    /// Of samples at equal times that of the earlier chunk in `chunks` counts.
    public static func disjoint(_ chunks: [SeriesChunk]) throws(ChunkError) -> [SeriesChunk] {
        guard !isDisjoint(chunks) else { return chunks }
        let sorted = chunks.enumerated().sorted {
            ($0.element.startMs, $0.offset) < ($1.element.startMs, $1.offset)
        }
        var result: [SeriesChunk] = []
        var at = 0
        while at < sorted.count {
            var end = at + 1
            var last = sorted[at].element.endMs
            while end < sorted.count, sorted[end].element.startMs <= last {
                last = max(last, sorted[end].element.endMs)
                end += 1
            }
            if end == at + 1 {
                result.append(sorted[at].element)
            } else {
                // Back in the order of `chunks`, which says whose sample counts.
                result += try merged(sorted[at..<end].sorted { $0.offset < $1.offset }.map(\.element)) { _ in true }
            }
            at = end
        }
        return result
    }

    private static func isDisjoint(_ chunks: [SeriesChunk]) -> Bool {
        for index in 1..<max(chunks.count, 1) where chunks[index].startMs <= chunks[index - 1].endMs { return false }
        return true
    }

    /// The samples of some chunks whose times satisfy `isKept`, encoded anew in the order of time.
    public static func merged(
        _ chunks: [SeriesChunk], where isKept: (Int64) -> Bool
    ) throws(ChunkError) -> [SeriesChunk] {
        guard let part = chunks.first?.part else { return [] }
        var all = SeriesSamples(labels: Labels())
        for chunk in chunks {
            try chunk.decode(into: &all)
        }
        all.putInOrder()
        all.keep(where: isKept)
        return SeriesChunk.chunks(of: all, part: part)
    }

    /// The chunks cut at the multiples of a length of time.
    public static func split(_ chunks: [SeriesChunk], everyMs length: Int64) throws(ChunkError) -> [SeriesChunk] {
        var result: [SeriesChunk] = []
        for chunk in chunks {
            var window = window(chunk.startMs, length)
            guard chunk.endMs >= window + length else {
                result.append(chunk)
                continue
            }
            while window <= chunk.endMs {
                let range = window..<window + length
                result += try merged([chunk]) { range.contains($0) }
                window += length
            }
        }
        return result
    }

    /// The multiple of `length` at or before a time.
    public static func window(_ timeMs: Int64, _ length: Int64) -> Int64 {
        let rest = timeMs % length
        return rest < 0 ? timeMs - rest - length : timeMs - rest
    }
}

extension SeriesChunk {
    /// Whether it holds floats; otherwise native histograms.
    public var isFloats: Bool { encoding == XORChunk.encoding }

    /// Appends the samples, floats or native histograms.
    public func decode(into samples: inout SeriesSamples) throws(ChunkError) {
        try withData { (data) throws(ChunkError) in
            if isFloats {
                try XORChunk.decode(data, timesMs: &samples.timesMs, values: &samples.values)
            } else if HistogramChunk.isKnown(encoding) {
                try HistogramChunk.decode(
                    data, isFloat: encoding == HistogramChunk.floatEncoding, timesMs: &samples.histogramTimesMs,
                    histograms: &samples.histograms)
            } else {
                throw ChunkError(offset: 0, expected: "encoding 1, 2 or 3, not \(encoding)")
            }
        }
    }
}
