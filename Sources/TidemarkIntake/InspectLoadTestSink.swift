import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Prints load points, one JSON object each; what the tool doesn't say is left out.
struct InspectLoadTestSink: LoadTestSink {
    private var lines: JSONLines
    private let zone: LocalZone?

    static func inspect(
        _ stream: InputStream, format: String, zone: LocalZone?, emit: @escaping ([UInt8]) -> Void,
        _ summary: inout Inspector.Summary
    ) throws {
        let sink = InspectLoadTestSink(lines: JSONLines(emit: emit), zone: zone)
        var parser = LoadTestParser(format: format, sink: sink)
        try stream.read { bytes in
            try parser.feed(bytes)
            return true
        }
        try parser.finish()
        parser.sink.lines.flush()
        summary.records = parser.counts.points
        summary.rejects = parser.counts.rejects
    }

    mutating func point(_ point: LoadPoint) {
        var out = ByteWriter(capacity: 1024)
        out.write("{\"line\":\(point.line),\"kind\":\"load_point\",\"time\":")
        let time = point.startedUTC(zone)
        out.write(time.map { "\"\(CivilTime.rfc3339($0))\",\"time_source\":\"own\"" } ?? "null,\"time_source\":null")
        func text(_ key: String, _ value: String?) {
            guard let value else { return }
            out.write(",\"\(key)\":")
            out.writeJSONString(value)
        }
        func number(_ key: String, _ value: Double?) {
            if let value, value.isFinite { out.write(",\"\(key)\":\(ByteWriter.shortest(value))") }
        }
        text("tool", point.tool)
        text("tool_version", point.toolVersion)
        text("name", point.name)
        text("model", point.model)
        if !point.configuration.isEmpty {
            out.write(",\"configuration\":")
            out.writeJSON(point.configuration.map { (key: $0.key, value: $0.value) })
        }
        if point.isTotal { out.write(",\"is_total\":true") }
        number("duration_seconds", point.durationSeconds)
        number("send_seconds", point.sendSeconds)
        text("offered_kind", point.offered?.kind.rawValue)
        number("offered_value", point.offered?.value)
        number("concurrency_limit", point.concurrencyLimit)
        number("sent_rps", point.sentRPS)
        number("achieved_rps", point.achievedRPS)
        number("steady_rps", point.steadyRPS)
        number("goodput_rps", point.goodputRPS)
        number("mean_concurrency", point.meanConcurrency)
        number("ok", point.succeeded.map(Double.init))
        number("failed", point.failed.map(Double.init))
        number("incomplete", point.incomplete.map(Double.init))
        number("prompt_tokens_mean", point.promptTokensMean)
        number("output_tokens_mean", point.outputTokensMean)
        number("output_tokens_per_second", point.outputTokensPerSecond)
        number("total_tokens_per_second", point.totalTokensPerSecond)
        for (name, latency) in [("ttft", point.ttft), ("itl", point.itl), ("tpot", point.tpot), ("e2e", point.e2e)] {
            guard !latency.isEmpty else { continue }
            number("\(name)_mean_ms", latency.mean)
            number("\(name)_sd_ms", latency.deviation)
            number("\(name)_p50_ms", latency.p50)
            number("\(name)_p90_ms", latency.p90)
            number("\(name)_p95_ms", latency.p95)
            number("\(name)_p99_ms", latency.p99)
        }
        if !point.notes.isEmpty {
            out.write(",\"notes\":")
            out.writeJSON(point.notes)
        }
        out.write("}")
        out.bytes.withUnsafeBytes { lines.out.write($0) }
        lines.end()
    }

    mutating func reject(_ reject: FormatReject) {
        lines.reject(line: reject.line, offset: reject.offset, reason: reject.reason, text: reject.text)
    }
}
