extension HistogramChunk {
    /// Samples in time order as chunks; a chunk ends where the layout of buckets changes.
    public static func chunks(timesMs: [Int64], histograms: [NativeHistogram], part: Int) -> [SeriesChunk] {
        var chunks: [SeriesChunk] = []
        var at = 0
        while at < histograms.count {
            let first = histograms[at]
            var end = at + 1
            while end < histograms.count, end - at < XORChunk.usualSamples,
                continues(histograms[end - 1], histograms[end])
            {
                end += 1
            }
            chunks.append(
                SeriesChunk(
                    startMs: timesMs[at], endMs: timesMs[end - 1],
                    encoding: first.isFloat ? floatEncoding : encoding, part: part,
                    owned: encode(timesMs: timesMs[at..<end], histograms: histograms[at..<end])))
            at = end
        }
        return chunks
    }

    /// Whether a sample can stand in the same chunk as the one before it.
    private static func continues(_ before: NativeHistogram, _ next: NativeHistogram) -> Bool {
        guard !before.isStale, next.resetHint != .reset, (before.resetHint == .gauge) == (next.resetHint == .gauge)
        else { return false }
        return next.isStale
            || before.isFloat == next.isFloat && before.schema == next.schema
                && before.zeroThreshold == next.zeroThreshold && before.positiveSpans == next.positiveSpans
                && before.negativeSpans == next.negativeSpans && before.customBounds == next.customBounds
                && before.positive.count == next.positive.count && before.negative.count == next.negative.count
    }

    /// One chunk of samples of one layout; the last one may be a stale marker.
    private static func encode(timesMs: ArraySlice<Int64>, histograms: ArraySlice<NativeHistogram>) -> [UInt8] {
        var writer = BitWriter()
        guard let first = histograms.first else { return [0, 0, 0] }
        writer.write(UInt64(histograms.count), 16)
        let flags: UInt64 =
            switch first.resetHint {
            case .unknown: 0
            case .notReset: 1
            case .reset: 2
            case .gauge: 3
            }
        writer.write(flags << 6, 8)
        layout(first, &writer)
        var state = EncoderState(first)
        for (time, histogram) in zip(timesMs, histograms) { state.append(time, histogram, &writer) }
        return writer.bytes
    }

    private static func layout(_ layout: NativeHistogram, _ writer: inout BitWriter) {
        let threshold = layout.zeroThreshold
        if threshold == 0 {
            writer.write(0, 8)
        } else if threshold > 0, threshold.significand == 1, (-243...10).contains(threshold.exponent) {
            writer.write(UInt64(threshold.exponent + 244), 8)
        } else {
            writer.write(255, 8)
            writer.write(threshold.bitPattern, 64)
        }
        varbit(Int64(layout.schema), &writer)
        for spans in [layout.positiveSpans, layout.negativeSpans] {
            varbitUnsigned(UInt64(spans.count), &writer)
            for span in spans {
                varbitUnsigned(UInt64(span.length), &writer)
                varbit(Int64(span.offset), &writer)
            }
        }
        guard layout.schema == NativeHistogram.customSchema else { return }
        varbitUnsigned(UInt64(layout.customBounds.count), &writer)
        for bound in layout.customBounds {
            let thousandths = bound * 1000
            if bound >= 0, bound <= 33_554.43, thousandths == thousandths.rounded(),
                Double(UInt64(thousandths)) / 1000 == bound
            {
                varbitUnsigned(UInt64(thousandths) + 1, &writer)
            } else {
                varbitUnsigned(0, &writer)
                writer.write(bound.bitPattern, 64)
            }
        }
    }

    /// Prometheus' variable bit code for signed numbers; the inverse of ``varbit(_:)``.
    static func varbit(_ value: Int64, _ writer: inout BitWriter) {
        let sizes = [3, 6, 9, 12, 18, 25, 56]
        guard value != 0 else { return writer.write(0, 1) }
        for (index, size) in sizes.enumerated() {
            let most = Int64(1) << Int64(size - 1)
            if value > -most, value <= most {
                // As many ones as the code's number, then a zero.
                writer.write((1 << UInt64(index + 2)) - 2, index + 2)
                return writer.write(UInt64(bitPattern: value), size)
            }
        }
        writer.write(255, 8)
        writer.write(UInt64(bitPattern: value), 64)
    }

    static func varbitUnsigned(_ value: UInt64, _ writer: inout BitWriter) {
        let sizes = [3, 6, 9, 12, 18, 25, 56]
        guard value != 0 else { return writer.write(0, 1) }
        for (index, size) in sizes.enumerated() where value >> UInt64(size) == 0 {
            writer.write((1 << UInt64(index + 2)) - 2, index + 2)
            return writer.write(value, size)
        }
        writer.write(255, 8)
        writer.write(value, 64)
    }

    /// What encoding carries from sample to sample.
    private struct EncoderState {
        private struct Counter {
            var value: Int64 = 0
            var delta: Int64 = 0

            /// The change of the change.
            mutating func next(_ new: Int64) -> Int64 {
                let change = new &- value
                defer { (value, delta) = (new, change) }
                return change &- delta
            }
        }

        private struct Stream {
            var bits: UInt64 = 0
            var window = XORWindow()

            mutating func write(_ value: Double, isFirst: Bool, _ writer: inout BitWriter) {
                if isFirst { writer.write(value.bitPattern, 64) } else { window.write(&writer, bits, value.bitPattern) }
                bits = value.bitPattern
            }
        }

        private let isFloat: Bool
        private var isFirst = true
        private var time = Counter()
        private var counters: [Counter]
        private var streams: [Stream]

        init(_ layout: NativeHistogram) {
            isFloat = layout.isFloat
            let buckets = layout.positive.count + layout.negative.count
            counters = [Counter](repeating: Counter(), count: isFloat ? 0 : 2 + buckets)
            streams = [Stream](repeating: Stream(), count: isFloat ? 3 + buckets : 1)
        }

        mutating func append(_ timeMs: Int64, _ histogram: NativeHistogram, _ writer: inout BitWriter) {
            if isFirst {
                HistogramChunk.varbit(timeMs, &writer)
                time.value = timeMs
            } else {
                HistogramChunk.varbit(time.next(timeMs), &writer)
            }
            isFloat ? appendFloat(histogram, &writer) : appendInteger(histogram, &writer)
            isFirst = false
        }

        private mutating func appendFloat(_ histogram: NativeHistogram, _ writer: inout BitWriter) {
            for (index, value) in [histogram.count, histogram.zeroCount, histogram.sum].enumerated() {
                streams[index].write(value, isFirst: isFirst, &writer)
            }
            guard !histogram.isStale else { return }
            for (index, value) in (histogram.positive + histogram.negative).enumerated() {
                streams[3 + index].write(value, isFirst: isFirst, &writer)
            }
        }

        private mutating func appendInteger(_ histogram: NativeHistogram, _ writer: inout BitWriter) {
            for (index, value) in [histogram.count, histogram.zeroCount].enumerated() {
                let whole = Int64(bitPattern: UInt64(exactly: value) ?? 0)
                if isFirst {
                    HistogramChunk.varbitUnsigned(UInt64(bitPattern: whole), &writer)
                    counters[index].value = whole
                } else {
                    HistogramChunk.varbit(counters[index].next(whole), &writer)
                }
            }
            streams[0].write(histogram.sum, isFirst: isFirst, &writer)
            guard !histogram.isStale else { return }
            var index = 2
            for buckets in [histogram.positive, histogram.negative] {
                var before: Int64 = 0
                for bucket in buckets {
                    let whole = Int64(exactly: bucket) ?? 0
                    let step = whole &- before
                    before = whole
                    if isFirst {
                        HistogramChunk.varbit(step, &writer)
                        counters[index].value = step
                    } else {
                        HistogramChunk.varbit(counters[index].next(step), &writer)
                    }
                    index += 1
                }
            }
        }
    }
}
