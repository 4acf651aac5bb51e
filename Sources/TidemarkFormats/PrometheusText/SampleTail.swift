import TidemarkBase
import TidemarkSeries

/// What follows the series in a line of exposition text: a value, perhaps a time, perhaps an exemplar.
struct SampleTail {
    var value: Double
    /// Unix ms; nil when the line has no time of its own.
    var timeMs: Int64?
    /// Where the exemplar's labels begin; nil when the line has none.
    var exemplarAt: Int?

    /// - Parameter start: index behind the series.
    init(_ bytes: Bytes, from start: Int, dialect: PrometheusTextParser.Dialect) throws(SeriesText.Malformed) {
        var at = SeriesText.skipBlanks(bytes, start)
        guard at > start || (start > 0 && bytes[start - 1] == 125) else {
            throw SeriesText.Malformed("a blank is expected behind the metric name")
        }
        guard let value = Decimal.parseAny(Self.token(bytes, &at)) else {
            throw SeriesText.Malformed("the value is missing or not a number")
        }
        self.value = value
        at = SeriesText.skipBlanks(bytes, at)
        if at == bytes.count { return }
        if bytes[at] != 35 {
            guard let timeMs = Self.millis(Self.token(bytes, &at), dialect) else {
                throw SeriesText.Malformed("the timestamp is not one")
            }
            self.timeMs = timeMs
            at = SeriesText.skipBlanks(bytes, at)
            if at == bytes.count { return }
        }
        exemplarAt = try Self.exemplar(bytes, from: at)
    }

    /// The exemplar whose labels begin at ``exemplarAt``; nil when its labels are malformed. Allocates.
    static func exemplar(_ bytes: Bytes, at start: Int, sampleTimeMs: Int64) -> MetricExemplar? {
        guard case .at(let end) = SeriesText.end(bytes, from: start),
            let labels = try? SeriesText.labels(bytes.slice(start, end))
        else { return nil }
        var at = SeriesText.skipBlanks(bytes, end)
        guard let value = Decimal.parseAny(token(bytes, &at)) else { return nil }
        at = SeriesText.skipBlanks(bytes, at)
        let timeMs = SecondsText.millis(token(bytes, &at)) ?? sampleTimeMs
        return MetricExemplar(labels: Labels(labels), timeMs: timeMs, value: value)
    }

    /// The bytes up to the next blank.
    @inline(__always) private static func token(_ bytes: Bytes, _ at: inout Int) -> Bytes {
        let start = at
        while at < bytes.count, bytes[at] != 32, bytes[at] != 9 { at += 1 }
        return bytes.slice(start, at)
    }

    /// Text format: digits, milliseconds. OpenMetrics: decimal seconds. See `PrometheusTextParser.Dialect`.
    private static func millis(_ token: Bytes, _ dialect: PrometheusTextParser.Dialect) -> Int64? {
        if dialect == .openMetrics { return SecondsText.millis(token) }
        var value: Int64 = 0
        for byte in token {
            let digit = byte &- 48
            if digit > 9 { return dialect == .text ? nil : SecondsText.millis(token) }
            guard value < 100_000_000_000_000_000 else { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        guard !token.isEmpty else { return nil }
        return dialect == .automatic && value < 100_000_000_000 ? value * 1000 : value
    }

    /// Checks `# {labels} value [time]` and tells where the labels begin.
    private static func exemplar(_ bytes: Bytes, from start: Int) throws(SeriesText.Malformed) -> Int {
        var at = start
        guard bytes[at] == 35 else { throw SeriesText.Malformed("the line goes on behind the timestamp") }
        at = SeriesText.skipBlanks(bytes, at + 1)
        let labels = at
        guard at < bytes.count, bytes[at] == 123, case .at(let end) = SeriesText.end(bytes, from: at) else {
            throw SeriesText.Malformed("the labels of the exemplar are malformed")
        }
        at = SeriesText.skipBlanks(bytes, end)
        guard Decimal.parseAny(token(bytes, &at)) != nil else {
            throw SeriesText.Malformed("the value of the exemplar is not a number")
        }
        at = SeriesText.skipBlanks(bytes, at)
        if at == bytes.count { return labels }
        guard SecondsText.millis(token(bytes, &at)) != nil, SeriesText.skipBlanks(bytes, at) == bytes.count else {
            throw SeriesText.Malformed("the timestamp of the exemplar is not one")
        }
        return labels
    }
}
