import TidemarkBase
import TidemarkFormats
import TidemarkSeries

/// Files of a TSDB block.
enum BlockFuzz {
    static func index(_ bytes: Bytes) {
        var copy = [UInt8](bytes)
        read(copy)
        Checksums.sealIndex(&copy)
        read(copy)
        _ = try? TSDBBlockMeta(bytes)
        _ = try? TSDBTombstones(bytes)
        if bytes.count >= 9 {
            copy = [0x01, 0x30, 0xBA, 0x30, 1] + bytes
            Checksums.seal(&copy, 5, copy.count - 4)
            _ = try? copy.withUnsafeBytes { try TSDBTombstones($0) }
        }
    }

    private static func read(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            do {
                let index = try TSDBIndex(bytes)
                var damages = 0
                try index.forEachSeries(damaged: { _ in damages += 1 }) { series in
                    for symbol in series.symbols where !index.symbols.indices.contains(symbol) {
                        broken("a symbol that isn't there")
                    }
                    for chunk in series.chunks where chunk.segment < 0 || chunk.offset < 0 {
                        broken("a negative place")
                    }
                }
                if damages > bytes.count { broken("a damage takes a byte at least") }
            } catch {}
        }
    }

    /// The first byte says what the rest is.
    static func chunk(_ bytes: Bytes) {
        guard bytes.count > 1 else { return }
        let rest = bytes.slice(1, bytes.count)
        switch bytes[0] % 5 {
        case 0: xor(rest)
        case 1: histogram(rest, isFloat: false)
        case 2: histogram(rest, isFloat: true)
        case 3:
            var copy = [UInt8](rest)
            Checksums.sealChunks(&copy, head: false)
            copy.withUnsafeBytes { bytes in
                try? TSDBChunkSegment.check(bytes)
                var at = 8
                while at < bytes.count, let found = try? TSDBChunkSegment.chunk(bytes, at: at) {
                    decode(found)
                    at += found.data.count + 6
                }
            }
        default:
            var copy = [UInt8](rest)
            Checksums.sealChunks(&copy, head: true)
            copy.withUnsafeBytes { bytes in try? TSDBHeadChunks.forEach(bytes) { decode($0.chunk) } }
        }
    }

    private static func decode(_ chunk: TSDBChunk) {
        switch chunk.encoding {
        case XORChunk.encoding: xor(chunk.data)
        case HistogramChunk.encoding: histogram(chunk.data, isFloat: false)
        case HistogramChunk.floatEncoding: histogram(chunk.data, isFloat: true)
        default: break
        }
    }

    private static func xor(_ data: Bytes) {
        var times: [Int64] = []
        var values: [Double] = []
        let complete = (try? XORChunk.decode(data, timesMs: &times, values: &values)) != nil
        if times.count != values.count { broken("as many times as values") }
        let summary = try? XORChunk.summary(data)
        if (summary != nil) != complete || complete && summary?.samples != times.count { broken("a summary agrees") }
        guard complete, !times.isEmpty else { return }
        // What was decoded survives being encoded again, bit by bit.
        let encoded = XORChunk.encode(timesMs: times[...], values: values[...])
        var times2: [Int64] = []
        var values2: [Double] = []
        encoded.withUnsafeBytes { try? XORChunk.decode($0, timesMs: &times2, values: &values2) }
        if times2 != times || values2.map(\.bitPattern) != values.map(\.bitPattern) { broken("a round trip of XOR") }
    }

    private static func histogram(_ data: Bytes, isFloat: Bool) {
        var times: [Int64] = []
        var histograms: [NativeHistogram] = []
        try? HistogramChunk.decode(data, isFloat: isFloat, timesMs: &times, histograms: &histograms)
        if times.count != histograms.count { broken("as many times as histograms") }
        HistogramFuzz.roundTrip(times, histograms)
    }
}

/// What was read of native histograms is stored again as chunks.
enum HistogramFuzz {
    /// Encodes, and decodes again; counts of buckets need not fit the layout, as hostile logs have them.
    static func roundTrip(_ times: [Int64], _ histograms: [NativeHistogram]) {
        var times2: [Int64] = []
        var sums2: [UInt64] = []
        for chunk in HistogramChunk.chunks(timesMs: times, histograms: histograms, part: 0) {
            var decoded: [NativeHistogram] = []
            let isFloat = chunk.encoding == HistogramChunk.floatEncoding
            chunk.withData { data in
                try? HistogramChunk.decode(data, isFloat: isFloat, timesMs: &times2, histograms: &decoded)
            }
            sums2 += decoded.map(\.sum.bitPattern)
        }
        if times2 != times || sums2 != histograms.map(\.sum.bitPattern) { broken("a round trip of histograms") }
    }
}
