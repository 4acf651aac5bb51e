import TidemarkBase

/// Native-histogram chunks in the layout of Prometheus (`tsdb/chunkenc/histogram.go`, `float_histogram.go`).
public enum HistogramChunk {
    /// The encodings' numbers in chunk files.
    public static let encoding: UInt8 = 2
    public static let floatEncoding: UInt8 = 3

    /// Whether chunks of this encoding hold native histograms.
    public static func isKnown(_ encoding: UInt8) -> Bool { encoding == Self.encoding || encoding == floatEncoding }

    /// More buckets than any histogram has; a damaged chunk must not reserve memory without end.
    private static let mostBuckets = 1 << 16

    /// Appends the samples to the columns. On error the samples before it have been appended.
    public static func decode(
        _ data: Bytes, isFloat: Bool, timesMs: inout [Int64], histograms: inout [NativeHistogram]
    ) throws(ChunkError) {
        guard data.count >= 3 else { throw ChunkError(offset: 0, expected: "a histogram chunk's header") }
        let count = Int(data[0]) << 8 | Int(data[1])
        guard count > 0 else { return }
        var reader = BitReader(data, from: 3)
        var layout = try layout(&reader, data)
        layout.isFloat = isFloat
        let hints: [NativeHistogram.ResetHint] = [.unknown, .notReset, .reset, .gauge]
        let hint = hints[Int(data[2] >> 6)]
        var state = State(layout, isFloat: isFloat)
        for index in 0..<count {
            state.next(&reader, isFirst: index == 0)
            if reader.overrun { throw ChunkError(offset: data.count, expected: "sample \(index + 1) of \(count)") }
            var histogram = state.histogram
            // The chunk's flag speaks of its first sample; inside a chunk counters don't reset.
            histogram.resetHint = hint == .gauge || index == 0 ? hint : .notReset
            timesMs.append(state.time)
            histograms.append(histogram)
        }
    }

    /// The header: schema, zero threshold, spans, bounds; counts are empty.
    private static func layout(_ reader: inout BitReader, _ data: Bytes) throws(ChunkError) -> NativeHistogram {
        var layout = NativeHistogram()
        let threshold = reader.short(8)
        switch threshold {
        case 0: break
        case 255: layout.zeroThreshold = Double(bitPattern: reader.read(64))
        default: layout.zeroThreshold = Double(sign: .plus, exponent: Int(threshold) - 244, significand: 1)
        }
        layout.schema = Int(truncatingIfNeeded: varbit(&reader))
        layout.positiveSpans = try spans(&reader)
        layout.negativeSpans = try spans(&reader)
        if layout.schema == NativeHistogram.customSchema {
            let count = varbitUnsigned(&reader)
            guard count <= UInt64(mostBuckets) else {
                throw ChunkError(offset: reader.offset, expected: "a believable number of bounds")
            }
            for _ in 0..<Int(count) {
                let coded = varbitUnsigned(&reader)
                layout.customBounds.append(
                    coded > 0 ? Double(coded - 1) / 1000 : Double(bitPattern: reader.read(64)))
            }
        }
        if reader.overrun { throw ChunkError(offset: data.count, expected: "a histogram layout") }
        return layout
    }

    private static func spans(_ reader: inout BitReader) throws(ChunkError) -> [NativeHistogram.Span] {
        let count = varbitUnsigned(&reader)
        var spans: [NativeHistogram.Span] = []
        var total: UInt64 = 0
        for _ in 0..<min(count, UInt64(mostBuckets)) where !reader.overrun {
            let length = varbitUnsigned(&reader)
            total &+= min(length, 1 << 32)
            guard total <= UInt64(mostBuckets) else { break }
            spans.append(.init(offset: Int32(truncatingIfNeeded: varbit(&reader)), length: UInt32(length)))
        }
        guard count <= UInt64(mostBuckets), total <= UInt64(mostBuckets) else {
            throw ChunkError(offset: reader.offset, expected: "a believable number of buckets")
        }
        return spans
    }

    /// Prometheus' variable bit code for signed numbers.
    static func varbit(_ reader: inout BitReader) -> Int64 {
        switch reader.ones(limit: 8) {
        case 0: 0
        case 1: reader.signed(3)
        case 2: reader.signed(6)
        case 3: reader.signed(9)
        case 4: reader.signed(12)
        case 5: reader.signed(18)
        case 6: reader.signed(25)
        case 7: reader.signed(56)
        default: reader.signed(64)
        }
    }

    static func varbitUnsigned(_ reader: inout BitReader) -> UInt64 {
        switch reader.ones(limit: 8) {
        case 0: 0
        case 1: reader.read(3)
        case 2: reader.read(6)
        case 3: reader.read(9)
        case 4: reader.read(12)
        case 5: reader.read(18)
        case 6: reader.read(25)
        case 7: reader.read(56)
        default: reader.read(64)
        }
    }

    /// A float with the window of its own XOR stream.
    private struct Stream {
        var bits: UInt64 = 0
        var window = XORWindow()

        mutating func next(_ reader: inout BitReader, isFirst: Bool) -> Double {
            bits = isFirst ? reader.read(64) : window.read(&reader, bits)
            return Double(bitPattern: bits)
        }
    }

    /// A number coded by the change of its change.
    private struct Counter {
        var value: Int64 = 0
        var delta: Int64 = 0

        mutating func next(_ reader: inout BitReader) {
            delta &+= HistogramChunk.varbit(&reader)
            value &+= delta
        }
    }

    /// What decoding carries from sample to sample.
    private struct State {
        let layout: NativeHistogram
        let isFloat: Bool
        private(set) var histogram: NativeHistogram
        private var timeCounter = Counter()
        private var count = Counter()
        private var zeroCount = Counter()
        private var sum = Stream()
        private var countStream = Stream()
        private var zeroStream = Stream()
        /// Changes between neighbouring buckets, positive ones first.
        private var buckets: [Counter]
        private var bucketStreams: [Stream]
        private let positiveCount: Int

        init(_ layout: NativeHistogram, isFloat: Bool) {
            self.layout = layout
            self.isFloat = isFloat
            histogram = layout
            positiveCount = layout.positiveSpans.reduce(0) { $0 + Int($1.length) }
            let total = positiveCount + layout.negativeSpans.reduce(0) { $0 + Int($1.length) }
            buckets = [Counter](repeating: Counter(), count: isFloat ? 0 : total)
            bucketStreams = [Stream](repeating: Stream(), count: isFloat ? total : 0)
        }

        var time: Int64 { timeCounter.value }

        mutating func next(_ reader: inout BitReader, isFirst: Bool) {
            histogram = layout
            if isFirst {
                timeCounter.value = HistogramChunk.varbit(&reader)
            } else {
                timeCounter.next(&reader)
            }
            if isFloat { nextFloat(&reader, isFirst) } else { nextInteger(&reader, isFirst) }
        }

        private mutating func nextFloat(_ reader: inout BitReader, _ isFirst: Bool) {
            histogram.count = countStream.next(&reader, isFirst: isFirst)
            histogram.zeroCount = zeroStream.next(&reader, isFirst: isFirst)
            histogram.sum = sum.next(&reader, isFirst: isFirst)
            if StaleMarker.matches(histogram.sum), !isFirst { return }
            for index in bucketStreams.indices {
                let value = bucketStreams[index].next(&reader, isFirst: isFirst)
                if index < positiveCount { histogram.positive.append(value) } else { histogram.negative.append(value) }
            }
        }

        private mutating func nextInteger(_ reader: inout BitReader, _ isFirst: Bool) {
            if isFirst {
                count.value = Int64(bitPattern: HistogramChunk.varbitUnsigned(&reader))
                zeroCount.value = Int64(bitPattern: HistogramChunk.varbitUnsigned(&reader))
            } else {
                count.next(&reader)
                zeroCount.next(&reader)
            }
            histogram.count = Double(UInt64(bitPattern: count.value))
            histogram.zeroCount = Double(UInt64(bitPattern: zeroCount.value))
            histogram.sum = sum.next(&reader, isFirst: isFirst)
            if StaleMarker.matches(histogram.sum), !isFirst { return }
            var running: Int64 = 0
            for index in buckets.indices {
                if isFirst {
                    buckets[index].value = HistogramChunk.varbit(&reader)
                } else {
                    buckets[index].next(&reader)
                }
                if index == positiveCount { running = 0 }
                running &+= buckets[index].value
                if index < positiveCount {
                    histogram.positive.append(Double(running))
                } else {
                    histogram.negative.append(Double(running))
                }
            }
        }
    }
}
