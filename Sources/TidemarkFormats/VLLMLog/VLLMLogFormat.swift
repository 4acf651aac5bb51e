import TidemarkBase

/// The format of vLLM's server logs, in any framing, as the registry lists it.
public enum VLLMLogFormat {
    public static let identifier = "vllm-log"

    /// - Parameters: as ``PrometheusTextFormat/sniff(head:fileName:)``.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? {
        if isMetricQuery(head) {
            return FormatGuess(
                format: "loki-metric-query", score: 0.9, isReadable: false,
                detail: "Loki's answer to a metric query (a matrix): numbers, no log lines; query the lines themselves")
        }
        let framing = LogFraming.detect(head: head)
        let others = OtherPrograms(head: head, framing: framing)
        if !others.isEmpty {
            return FormatGuess(
                format: identifier, score: 0.95,
                detail: "server log in \(framing.rawValue), beside \(others.names.joined(separator: ", "))")
        }
        let inner = framing.unframe(head: head)
        let score = inner.withUnsafeBytes { VLLMLog.sniff(head: Bytes(rebasing: $0[...])) }
        guard score > 0 else { return nil }
        return FormatGuess(
            format: identifier, score: score * 0.95 + (fileName.contains("log") ? 0.05 : 0),
            detail: framing == .plain ? "server log" : "server log in \(framing.rawValue)")
    }

    /// Loki's answers to metric queries have Prometheus' envelope and Loki's statistics.
    private static func isMetricQuery(_ head: Bytes) -> Bool {
        guard head.first == 123, head.range(of: "\"bytesProcessedPerSecond\"") != nil else { return false }
        return head.range(of: "\"resultType\":\"matrix\"") != nil || head.range(of: "\"resultType\":\"vector\"") != nil
    }
}
