import TidemarkBase
import TidemarkSeries

/// Takes what the records of a write-ahead log say.
public protocol TSDBLogSink {
    /// The series that later records name by `reference`.
    mutating func series(_ reference: UInt64, _ labels: Labels)
    mutating func sample(_ reference: UInt64, timeMs: Int64, value: Double)
    mutating func histogram(_ reference: UInt64, timeMs: Int64, _ histogram: NativeHistogram)
    /// Deletes the samples of a series in a range of time, both ends included.
    mutating func tombstone(_ reference: UInt64, _ lowMs: Int64, _ highMs: Int64)
}

/// Segments of `wal/`, `wal/checkpoint.N/` and `wbl/`: records in pages of 32 KiB.
public enum TSDBLog {
    private static let page = 32_768

    /// Calls `body` for each record, put together from its fragments and decompressed.
    /// - Throws: ``TSDBError`` at the first damaged record; what comes after it cannot be trusted.
    public static func forEachRecord(_ segment: Bytes, _ body: (Bytes) throws -> Void) throws {
        var cursor = TSDBCursor(segment)
        var parts: [UInt8] = []
        var isInside = false
        while !cursor.isAtEnd {
            let leftInPage = page - cursor.at % page
            let start = cursor.at
            let kind = try cursor.byte()
            if kind & 7 == 0 {
                // Nothing but padding until the next page.
                try cursor.skip(min(leftInPage - 1, cursor.left))
                continue
            }
            guard leftInPage >= 7 else { throw TSDBError(offset: start, expected: "padding at the end of a page") }
            let length = try cursor.uint16()
            let sum = try cursor.uint32()
            guard length <= leftInPage - 7 else {
                throw TSDBError(offset: start, expected: "a fragment that ends in its page")
            }
            let data = try cursor.slice(length)
            guard sum == CRC32C.checksum(data) else {
                throw TSDBError(offset: start, expected: "a fragment with the right checksum")
            }
            let place = kind & 7
            guard place <= 4, isInside == (place == 3 || place == 4) else {
                throw TSDBError(offset: start, expected: "fragments in order")
            }
            if place == 1 {
                try decompressed(data, kind, body)
                continue
            }
            parts.append(contentsOf: data)
            isInside = place != 4
            if place == 4 {
                try parts.withUnsafeBytes { try decompressed($0, kind, body) }
                parts.removeAll(keepingCapacity: true)
            }
        }
        if isInside { throw TSDBError(offset: segment.count, expected: "the end of a record") }
    }

    private static func decompressed(_ data: Bytes, _ kind: UInt8, _ body: (Bytes) throws -> Void) throws {
        if kind & 0x08 != 0 {
            try Snappy.decompress(data).withUnsafeBytes(body)
        } else if kind & 0x10 != 0 {
            try Zstandard.decompress(data).withUnsafeBytes(body)
        } else {
            try body(data)
        }
    }

    /// Hands the content of a record to `sink`. Exemplars, metadata, m-map markers and unknown records are passed over.
    public static func decode<Sink: TSDBLogSink>(_ record: Bytes, into sink: inout Sink) throws {
        var cursor = TSDBCursor(record)
        guard !cursor.isAtEnd else { return }
        switch try cursor.byte() {
        case 1:
            while !cursor.isAtEnd {
                let reference = try cursor.uint64()
                var pairs: [Labels.Label] = []
                for _ in 0..<(try cursor.count("labels")) {
                    let name = try cursor.string()
                    pairs.append(.init(name, try cursor.string()))
                }
                sink.series(reference, Labels(pairs))
            }
        case 2:
            guard !cursor.isAtEnd else { return }
            let (reference, time) = (try cursor.uint64(), Int64(bitPattern: try cursor.uint64()))
            while !cursor.isAtEnd {
                let series = reference &+ UInt64(bitPattern: try cursor.varint())
                let at = time &+ (try cursor.varint())
                sink.sample(series, timeMs: at, value: Double(bitPattern: try cursor.uint64()))
            }
        case 3:
            while !cursor.isAtEnd {
                let reference = try cursor.uint64()
                let low = try cursor.varint()
                sink.tombstone(reference, low, try cursor.varint())
            }
        case 7, 9: try histograms(&cursor, isFloat: false, &sink)
        case 8, 10: try histograms(&cursor, isFloat: true, &sink)
        case 11: try samplesWithStartTimes(&cursor, &sink)
        default: return
        }
    }

    /// Record 11: samples with start times, which are passed over.
    private static func samplesWithStartTimes<Sink: TSDBLogSink>(
        _ cursor: inout TSDBCursor, _ sink: inout Sink
    ) throws(TSDBError) {
        guard !cursor.isAtEnd else { return }
        var series = try cursor.varint()
        let firstTime = try cursor.varint()
        _ = try cursor.varint()
        sink.sample(
            UInt64(bitPattern: series), timeMs: firstTime, value: Double(bitPattern: try cursor.uint64()))
        while !cursor.isAtEnd {
            series &+= try cursor.varint()
            let time = firstTime &+ (try cursor.varint())
            if try cursor.byte() > 1 { _ = try cursor.varint() }
            sink.sample(UInt64(bitPattern: series), timeMs: time, value: Double(bitPattern: try cursor.uint64()))
        }
    }

    private static func histograms<Sink: TSDBLogSink>(
        _ cursor: inout TSDBCursor, isFloat: Bool, _ sink: inout Sink
    ) throws(TSDBError) {
        guard !cursor.isAtEnd else { return }
        let (reference, time) = (try cursor.uint64(), Int64(bitPattern: try cursor.uint64()))
        while !cursor.isAtEnd {
            let series = reference &+ UInt64(bitPattern: try cursor.varint())
            let at = time &+ (try cursor.varint())
            var histogram = NativeHistogram()
            histogram.isFloat = isFloat
            histogram.resetHint = NativeHistogram.ResetHint(rawValue: try cursor.byte()) ?? .unknown
            let schema = try cursor.varint()
            guard (-53...52).contains(schema) else { throw cursor.failure("a schema from -53 to 52") }
            histogram.schema = Int(schema)
            histogram.zeroThreshold = Double(bitPattern: try cursor.uint64())
            if isFloat {
                histogram.zeroCount = Double(bitPattern: try cursor.uint64())
                histogram.count = Double(bitPattern: try cursor.uint64())
            } else {
                histogram.zeroCount = Double(try cursor.uvarint())
                histogram.count = Double(try cursor.uvarint())
            }
            histogram.sum = Double(bitPattern: try cursor.uint64())
            histogram.positiveSpans = try spans(&cursor)
            histogram.negativeSpans = try spans(&cursor)
            histogram.positive = try buckets(&cursor, isFloat)
            histogram.negative = try buckets(&cursor, isFloat)
            // Encoders and queries go by the spans: counts that don't fit them would lead past the end.
            guard fits(histogram.positive, histogram.positiveSpans), fits(histogram.negative, histogram.negativeSpans)
            else { throw cursor.failure("as many buckets as the spans name") }
            if histogram.schema == NativeHistogram.customSchema {
                for _ in 0..<(try cursor.count("bounds")) {
                    histogram.customBounds.append(Double(bitPattern: try cursor.uint64()))
                }
            }
            sink.histogram(series, timeMs: at, histogram)
        }
    }

    private static func fits(_ counts: [Double], _ spans: [NativeHistogram.Span]) -> Bool {
        counts.count <= 1 << 16 && spans.reduce(0 as UInt64) { $0 &+ UInt64($1.length) } == UInt64(counts.count)
    }

    private static func spans(_ cursor: inout TSDBCursor) throws(TSDBError) -> [NativeHistogram.Span] {
        var spans: [NativeHistogram.Span] = []
        for _ in 0..<(try cursor.count("spans")) {
            let offset = Int32(truncatingIfNeeded: try cursor.varint())
            spans.append(.init(offset: offset, length: UInt32(truncatingIfNeeded: try cursor.uvarint())))
        }
        return spans
    }

    private static func buckets(_ cursor: inout TSDBCursor, _ isFloat: Bool) throws(TSDBError) -> [Double] {
        var counts: [Double] = []
        var running: Int64 = 0
        for _ in 0..<(try cursor.count("buckets")) {
            if isFloat {
                counts.append(Double(bitPattern: try cursor.uint64()))
            } else {
                running &+= try cursor.varint()
                counts.append(Double(running))
            }
        }
        return counts
    }
}
