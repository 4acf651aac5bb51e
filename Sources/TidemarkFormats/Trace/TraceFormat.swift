import TidemarkBase

/// Recognises exports of traces. All of them are read by ``TraceParser``.
public enum TraceFormat {
    /// OTLP/JSON: an `ExportTraceServiceRequest` a line, a document or an array; also SDKs' console exporters.
    public static let otlp = "otlp-json"
    /// Jaeger: the UI's download and the HTTP API, documents of its Elasticsearch storage.
    public static let jaeger = "jaeger-json"
    /// Zipkin v2: a list of spans or of traces.
    public static let zipkin = "zipkin-json"
    /// Grafana Tempo: answers of its API, Grafana's download.
    public static let tempo = "tempo-json"

    /// A collector's file of messages with their lengths, in protobuf or compressed: see ``OTLPFrames``.
    public static let otlpFrames = "otlp-frames"

    public static let identifiers = [otlp, jaeger, zipkin, tempo, otlpFrames]

    /// - Parameters: as ``PrometheusTextFormat/sniff(head:fileName:)``.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? {
        if let guess = framed(head) { return guess }
        var other: FormatGuess?
        // A first line may be cut off by a rotation.
        for line in head.headLines(limit: 5) {
            let guess = PrometheusJSONFormat.compact(line, limit: 4096).withUnsafeBytes { object($0) }
            if let guess, guess.isReadable { return guess }
            other = other ?? guess
        }
        let whole = PrometheusJSONFormat.compact(head, limit: 4096).withUnsafeBytes { object($0) }
        return whole ?? other
    }

    private static func object(_ bytes: Bytes) -> FormatGuess? {
        var at = 0
        while at < bytes.count, bytes[at] == 91 { at += 1 }
        let start = bytes.slice(at, bytes.count)
        guard start.has("{\"") else { return nil }
        func contains(_ text: StaticString) -> Bool { start.range(of: text) != nil }
        func guess(_ format: String, _ detail: String, _ score: Double = 0.95) -> FormatGuess {
            FormatGuess(format: format, score: score, detail: detail)
        }
        if start.has("{\"batches\":[") { return guess(tempo, "an answer of Tempo's API") }
        if start.has("{\"trace\":{") || start.has("{\"status\":\"PARTIAL\"") && contains("\"trace\":{") {
            return contains("pans\":[") || contains("_spans\":[") ? guess(tempo, "an answer of Tempo's API, v2") : nil
        }
        if start.has("{\"result\":{\"resourceSpans\":") { return guess(jaeger, "an answer of Jaeger's API, v3") }
        let isOTLP =
            contains("\"resourceSpans\":[") || contains("\"resource_spans\":[") || contains("\"scopeSpans\":[")
            || contains("\"scope_spans\":[") || contains("\"instrumentationLibrarySpans\":[")
        if isOTLP { return guess(otlp, "OpenTelemetry spans") }
        if start.has("{\"resourceMetrics\":") || start.has("{\"resource_metrics\":") {
            return FormatGuess(format: "otlp-metrics", score: 0.9, isReadable: false, detail: "OpenTelemetry metrics")
        }
        if start.has("{\"resourceLogs\":") || start.has("{\"resource_logs\":") {
            return FormatGuess(format: "otlp-logs", score: 0.9, isReadable: false, detail: "OpenTelemetry logs")
        }
        if start.has("{\"traces\":[{\"traceID\":") && !contains("\"spans\":[") {
            return FormatGuess(
                format: "tempo-search", score: 0.9, isReadable: false, detail: "a list of traces without their spans")
        }
        if contains("\"traceID\":\"") {
            if contains("\"spans\":[") { return guess(jaeger, "traces of Jaeger") }
            if contains("\"spanID\":\"") { return guess(jaeger, "spans of Jaeger's storage") }
        }
        if start.has("{\"data\":[{\"traceID\":") { return guess(jaeger, "traces of Jaeger") }
        if contains("\"traceId\":\""), contains("\"id\":\"") { return guess(zipkin, "spans of Zipkin") }
        if contains("\"SpanContext\":{\"TraceID\":\"") { return guess(otlp, "spans of Go's stdouttrace", 0.9) }
        if contains("\"context\":{\"trace_id\":\"") { return guess(otlp, "spans of a console exporter", 0.9) }
        if contains("\"traceId\":\""), contains("\"spanId\":\"") { return guess(otlp, "spans, one by one", 0.9) }
        return nil
    }

    /// The collector's file exporter with protobuf or compression: four bytes of length, then a message.
    private static func framed(_ head: Bytes) -> FormatGuess? {
        guard head.count > 16, head[0] == 0, head[1] < 8 else { return nil }
        let length = Int(head[1]) << 16 | Int(head[2]) << 8 | Int(head[3])
        guard length > 8 else { return nil }
        if head[4] == 0x28, head[5] == 0xB5, head[6] == 0x2F, head[7] == 0xFD {
            return FormatGuess(format: otlpFrames, score: 0.9, detail: "a collector's compressed file")
        }
        // Field 1 of a request, a message, whose first field is a resource.
        guard head[4] == 0x0A, head.slice(4, min(head.count, 600)).range(of: "service.name") != nil else { return nil }
        return FormatGuess(format: otlpFrames, score: 0.9, detail: "a collector's file in protobuf")
    }
}
