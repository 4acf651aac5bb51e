import TidemarkBase
import TidemarkFormats

/// The formats that are recognised: one line each. The best guess over the beginning of the content wins.
public enum FormatRegistry {
    typealias Sniffer = @Sendable (_ head: Bytes, _ fileName: String) -> FormatGuess?

    static let sniffers: [Sniffer] = [
        // Before exposition text, which it also is.
        OpenMetricsDumpFormat.sniff,
        PrometheusTextFormat.sniff,
        PromtoolDumpFormat.sniff,
        PrometheusJSONFormat.sniff,
        VictoriaMetricsFormat.sniff,
        GrafanaFormat.sniff,
        LoadTestFormat.sniff,
        TraceFormat.sniff,
        NvidiaSMIFormat.sniff,
        KernelLogFormat.sniff,
        GatewayFormat.sniff,
        VLLMLogFormat.sniff,
    ]

    /// Below this nothing is believed.
    static let threshold = 0.3

    /// What an input is, judged by the first bytes of its (decompressed) content; nil when no format claims it.
    /// - Parameter columns: of GPU captures without a header, which content alone does not tell.
    public static func detect(head: Bytes, fileName: String, columns: [String]? = nil) -> FormatGuess? {
        var best: FormatGuess?
        for sniff in sniffers {
            guard let guess = sniff(head, fileName), guess.score > best?.score ?? threshold else { continue }
            best = guess
            // Nothing else looks like that; the last sniffer parses the whole head.
            if guess.score >= 0.9 { break }
        }
        return best ?? columns.flatMap { NvidiaSMIFormat.sniff(head: head, columns: $0) }
    }

    public static let emptyFile = "the file is empty"

    /// Why something is not evidence, in words, for what is recognised without being read.
    static func reasonUnknown(head: Bytes) -> String {
        guard head.count > 0 else { return emptyFile }
        if head.has("PK\u{03}\u{04}") { return "a zip archive: unpack it first" }
        if head.count >= 4, head[0] == 0x28, head[1] == 0xB5, head[2] == 0x2F, head[3] == 0xFD {
            return "zstd-compressed: decompress it with `zstd -d` first"
        }
        if head.has("BZh") { return "bzip2-compressed: decompress it first" }
        let sample = head.slice(0, min(head.count, 4096))
        let odd = sample.reduce(0) { $0 + ($1 < 9 || $1 > 13 && $1 < 27 ? 1 : 0) }
        return odd * 20 > sample.count ? "binary data of no known format" : "no known format"
    }
}
