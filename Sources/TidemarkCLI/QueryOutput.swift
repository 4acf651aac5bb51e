import TidemarkBase
import TidemarkPromQL
import TidemarkSeries

/// Answers as text, as CSV, and as the envelope of Prometheus' HTTP API.
enum QueryOutput {
    // MARK: JSON

    /// The envelope that `/api/v1/query` and `/api/v1/query_range` send, one line.
    static func json(_ answer: PromQLAnswer) -> [UInt8] {
        var out = ByteWriter(capacity: 1 << 16)
        out.write("{\"status\":\"success\",\"data\":{\"resultType\":\"")
        switch answer.value {
        case .scalar(let sample):
            out.write("scalar\",\"result\":")
            write(sample.timeMs, sample.value, &out)
        case .string(let timeMs, let text):
            out.write("string\",\"result\":[")
            write(timeMs, &out)
            out.write(",")
            out.writeJSONString(text)
            out.write("]")
        case .vector(let samples):
            out.write("vector\",\"result\":[")
            for (index, sample) in samples.enumerated() {
                out.write(index == 0 ? "{\"metric\":" : ",{\"metric\":")
                write(sample.labels, &out)
                if let histogram = sample.histogram {
                    out.write(",\"histogram\":")
                    write(sample.timeMs, histogram, &out)
                } else {
                    out.write(",\"value\":")
                    write(sample.timeMs, sample.value, &out)
                }
                out.write("}")
            }
            out.write("]")
        case .matrix(let series):
            out.write("matrix\",\"result\":[")
            for (index, one) in series.enumerated() {
                out.write(index == 0 ? "{\"metric\":" : ",{\"metric\":")
                write(one.labels, &out)
                if one.count > 0 || one.histograms.isEmpty {
                    out.write(",\"values\":[")
                    for at in 0..<one.count {
                        if at > 0 { out.write(byte: 44) }
                        write(one.timesMs[at], one.values[at], &out)
                    }
                    out.write("]")
                }
                if !one.histograms.isEmpty {
                    out.write(",\"histograms\":[")
                    for at in one.histograms.indices {
                        if at > 0 { out.write(byte: 44) }
                        write(one.histogramTimesMs[at], one.histograms[at], &out)
                    }
                    out.write("]")
                }
                out.write("}")
            }
            out.write("]")
        }
        out.write("}")
        remarks("warnings", answer.warnings, &out)
        remarks("infos", answer.infos, &out)
        out.write("}\n")
        return out.bytes
    }

    static func json(_ error: PromQLError) -> [UInt8] {
        var out = ByteWriter(capacity: 256)
        out.write("{\"status\":\"error\",\"errorType\":")
        out.writeJSONString(error.kind.rawValue)
        out.write(",\"error\":")
        out.writeJSONString("\(error)")
        out.write("}\n")
        return out.bytes
    }

    private static func remarks(_ key: String, _ texts: [String], _ out: inout ByteWriter) {
        guard !texts.isEmpty else { return }
        out.write(",\"\(key)\":")
        out.writeJSON(texts)
    }

    private static func write(_ labels: Labels, _ out: inout ByteWriter) {
        out.write("{")
        for (index, label) in labels.pairs.enumerated() {
            if index > 0 { out.write(",") }
            out.writeJSONString(label.name)
            out.write(":")
            out.writeJSONString(label.value)
        }
        out.write("}")
    }

    private static func write(_ timeMs: Int64, _ value: Double, _ out: inout ByteWriter) {
        out.write("[")
        write(timeMs, &out)
        out.write(",\"")
        out.write(PromQLNumber.json(value))
        out.write("\"]")
    }

    private static func write(_ timeMs: Int64, _ histogram: NativeHistogram, _ out: inout ByteWriter) {
        out.write("[")
        write(timeMs, &out)
        out.write(",{\"count\":\"" + PromQLNumber.json(histogram.count))
        out.write("\",\"sum\":\"" + PromQLNumber.json(histogram.sum) + "\"")
        let buckets = histogram.answerBuckets
        if !buckets.isEmpty {
            let texts = buckets.map { bucket in
                let numbers = [bucket.lower, bucket.upper, bucket.count].map { "\"\(PromQLNumber.json($0))\"" }
                return "[\(bucket.rule),\(numbers.joined(separator: ","))]"
            }
            out.write(",\"buckets\":[\(texts.joined(separator: ","))]")
        }
        out.write("}]")
    }

    /// A native histogram in words: count, sum, and the buckets that hold something.
    static func text(_ histogram: NativeHistogram) -> String {
        var parts = ["count:\(PromQLNumber.json(histogram.count))", "sum:\(PromQLNumber.json(histogram.sum))"]
        parts += histogram.answerBuckets.map { bucket in
            (bucket.rule & 1 == 1 ? "[" : "(") + PromQLNumber.json(bucket.lower) + "," + PromQLNumber.json(bucket.upper)
                + (bucket.rule == 0 || bucket.rule == 3 ? "]" : ")") + ":" + PromQLNumber.json(bucket.count)
        }
        return "{" + parts.joined(separator: ", ") + "}"
    }

    /// Seconds, with three decimals unless they are whole.
    private static func write(_ timeMs: Int64, _ out: inout ByteWriter) {
        let magnitude = timeMs.magnitude
        if timeMs < 0 { out.write("-") }
        out.write(String(magnitude / 1000))
        let rest = magnitude % 1000
        if rest > 0 { out.write("." + String(1000 + rest).dropFirst()) }
    }

    // MARK: Text and CSV

    static func text(_ answer: PromQLAnswer) -> [UInt8] {
        var out = ByteWriter(capacity: 1 << 16)
        switch answer.value {
        case .scalar(let sample): out.write("\(PromQLNumber.json(sample.value)) @\(CivilTime.rfc3339(sample.timeMs))\n")
        case .string(_, let text): out.write(Console.visible(text) + "\n")
        case .vector(let samples):
            for sample in samples {
                out.write(Console.visible("\(sample.labels)") + " => ")
                out.write(sample.histogram.map(text) ?? PromQLNumber.json(sample.value))
                out.write(" @\(CivilTime.rfc3339(sample.timeMs))\n")
            }
        case .matrix(let series):
            for one in series {
                out.write(Console.visible("\(one.labels)") + " =>\n")
                for at in 0..<one.count {
                    out.write("  \(CivilTime.rfc3339(one.timesMs[at]))  \(PromQLNumber.json(one.values[at]))\n")
                }
                for (timeMs, histogram) in zip(one.histogramTimesMs, one.histograms) {
                    out.write("  \(CivilTime.rfc3339(timeMs))  \(text(histogram))\n")
                }
            }
        }
        return out.bytes
    }

    /// A row a value: time (RFC 3339), Unix seconds, value, then a column for each label that occurs.
    static func csv(_ answer: PromQLAnswer) -> [UInt8] {
        var series: [SeriesSamples] = []
        switch answer.value {
        case .scalar(let sample):
            series = [SeriesSamples(labels: Labels(), timesMs: [sample.timeMs], values: [sample.value])]
        case .string(_, let text): return Array(("value\r\n" + CSVCell.quoted(text) + "\r\n").utf8)
        case .vector(let samples):
            series = samples.map { sample in
                var one = SeriesSamples(labels: sample.labels)
                if let histogram = sample.histogram {
                    (one.histogramTimesMs, one.histograms) = ([sample.timeMs], [histogram])
                } else {
                    (one.timesMs, one.values) = ([sample.timeMs], [sample.value])
                }
                return one
            }
        case .matrix(let matrix): series = matrix
        }
        let names = Set(series.flatMap { $0.labels.pairs.map(\.name) }).sorted()
        var out = ByteWriter(capacity: 1 << 16)
        out.write((["time", "unix_seconds", "value"] + names).map(CSVCell.quoted).joined(separator: ",") + "\r\n")
        for one in series {
            let labels = names.map { "," + CSVCell.quoted(one.labels[$0] ?? "") }.joined()
            for at in 0..<one.count {
                out.write(CivilTime.rfc3339(one.timesMs[at]) + ",")
                write(one.timesMs[at], &out)
                out.write("," + PromQLNumber.json(one.values[at]) + labels + "\r\n")
            }
            for (timeMs, histogram) in zip(one.histogramTimesMs, one.histograms) {
                out.write(CivilTime.rfc3339(timeMs) + ",")
                write(timeMs, &out)
                out.write("," + CSVCell.quoted(text(histogram)) + labels + "\r\n")
            }
        }
        return out.bytes
    }
}
