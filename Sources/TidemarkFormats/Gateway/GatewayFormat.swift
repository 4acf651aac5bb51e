import TidemarkBase
import TidemarkEvidence

/// Recognises logs of gateways and routers in front of vLLM by their lines, in any framing.
public enum GatewayFormat {
    public static let identifier = "gateway-access"

    /// - Parameters: as ``PrometheusTextFormat/sniff(head:fileName:)``.
    public static func sniff(head: Bytes, fileName: String) -> FormatGuess? {
        let framing = framing(head: head)
        let tally = Tally(head: head, framing: framing)
        guard let detail = tally.verdict(head) else { return nil }
        // The words that tell a router stand in names of pods and models, too, and one file may hold the lines of both.
        if detail == Tally.router || tally.liteLLM == 0 && tally.liteLLMObjects > 0 {
            let inner = framing.unframe(head: head)
            if inner.withUnsafeBytes({ VLLMLog.hasOwnRecords(head: Bytes(rebasing: $0[...])) }) { return nil }
        }
        // A server that TorchServe runs: its answers to probes stand between the server's lines.
        if tally.isTorchServe, head.range(of: " MODEL_LOG - ") != nil { return nil }
        if !OtherPrograms(head: head, framing: framing).isEmpty { return nil }
        let words = framing == .plain ? detail : "\(detail), in \(framing.rawValue)"
        return FormatGuess(format: identifier, score: 0.93, detail: words)
    }

    /// Whether unwrapped text is a gateway's log.
    static func claims(_ text: Bytes) -> Bool { Tally(head: text, framing: .plain).verdict(text) != nil }

    /// What wraps the lines. Lines that begin with a time themselves (Envoy's, the messages of llm-d and Traefik) or are
    /// objects or rows of a table wear no framing, even if they look as if they did; the others may be found behind one, too.
    public static func framing(head: Bytes) -> LogFraming {
        if Tally(head: head, framing: .plain).beginsByItself { return .plain }
        var framing = LogFraming.detect(head: head)
        // The same inside of another framing.
        if framing.wrappers.count > 1, framing.wrappers.last == .timestamps {
            var outer = framing
            outer.wrappers.removeLast()
            if Tally(head: head, framing: outer).beginsByItself { framing = outer }
        }
        return framing
    }

    /// The beginning of the content without its framing, as ``GatewayParser/init(head:)`` wants it.
    public static func parser(head: Bytes, framing: LogFraming, keepsPrompts: Bool = false) -> GatewayParser {
        if framing == .plain { return GatewayParser(head: head, keepsPrompts: keepsPrompts) }
        let inner = framing.unframe(head: head)
        return inner.withUnsafeBytes { GatewayParser(head: Bytes(rebasing: $0[...]), keepsPrompts: keepsPrompts) }
    }

    /// What the beginning of a file holds.
    private struct Tally: GatewaySink {
        /// Access lines that only gateways write, and uvicorn's, which vLLM writes too.
        var strong = 0
        var uvicorn = 0
        var events = 0
        var liteLLM = 0
        /// Objects of its JSON logger, which names itself in fields that a message doesn't have.
        var liteLLMObjects = 0
        /// Lines of nginx' error log.
        var nginxErrors = 0
        /// Messages of the production stack's router, and lines of text of any program that begin with their own time and
        /// level.
        var routed = 0
        var dated = 0
        private var isObject = false
        var dialects: [GatewayDialect: Int] = [:]
        /// Lines that begin with a bracket, as Envoy's do unless something stands in front.
        var bracketed = 0
        var total = 0

        /// Whether most lines are of dialects that look as if something wrapped them.
        var beginsByItself: Bool {
            let own: [GatewayDialect] = [
                .json, .spendCSV, .litellm, .uvicorn, .torchServe, .haproxy, .elb, .agentgateway, .router,
            ]
            let count = own.reduce(dated + min(bracketed, dialects[.envoy] ?? 0)) { $0 + (dialects[$1] ?? 0) }
            return strong + dated > 0 && count * 2 >= total
        }

        init(head: Bytes, framing: LogFraming) {
            var parser = GatewayFormat.parser(head: head, framing: framing)
            var unframer = LogUnframer(framing)
            var reader = LineReader()
            var seen = 0
            reader.feed(head) { line in
                // Enough to judge by.
                guard seen < 200 else { return }
                seen += 1
                if line.bytes.first == 91 { bracketed += 1 }
                // A shipper's object may have a time and a level, too.
                isObject = line.bytes.first == 123
                unframer.feed(line) { inner, frame in
                    note(inner.bytes)
                    try? parser.parse(line: inner, frame: frame, into: &self)
                }
            }
            if seen == 0 {
                reader.finish { line in
                    unframer.feed(line) { inner, frame in try? parser.parse(line: inner, frame: frame, into: &self) }
                }
            }
            unframer.finish { inner, frame in try? parser.parse(line: inner, frame: frame, into: &self) }
            try? parser.finish(into: &self)
            total = parser.counts.accesses + parser.counts.events + parser.counts.rejects
        }

        /// What a line says about who wrote it besides what it becomes.
        private mutating func note(_ line: Bytes) {
            if line.first == 123 {
                if line.range(of: "\"LiteLLM") != nil || line.range(of: "\"litellm.") != nil
                    || line.range(of: "/litellm/") != nil
                {
                    liteLLMObjects += 1
                }
            } else if let time = SlashTime.parse(line), line.has(" [", at: time.length),
                let close = line.firstIndex(of: 93, from: time.length), close - time.length < 12
            {
                // `2026/08/22 05:14:15 [error] 31#31: `
                var scan = FieldScanner(line, from: close + 1)
                if scan.skip(" "), scan.integer() != nil, scan.skip("#"), scan.integer() != nil, scan.skip(": ") {
                    nginxErrors += 1
                }
            }
        }

        var isTorchServe: Bool { dialects[.torchServe, default: 0] * 2 > strong }

        mutating func access(_ access: borrowing GatewayAccess) {
            if access.dialect == .uvicorn || access.dialect == .litellm && access.timeMs == nil {
                uvicorn += 1
            } else {
                strong += 1
            }
            dialects[access.dialect, default: 0] += 1
        }

        mutating func event(_ event: borrowing GatewayEvent) {
            events += 1
            if event.timeMs != nil, event.level != nil, !isObject { dated += 1 }
            event.message.withUnsafeBytes {
                let message = Bytes(rebasing: $0[...])
                if message.has("LiteLLM") || message.has("litellm.") { liteLLM += 1 }
                if message.range(of: ":vllm_router.") != nil { routed += 1 }
            }
        }

        mutating func reject(_ reject: FormatReject) {}

        static let router = "a log of a router"

        /// In words what it is; nil: no gateway's log.
        func verdict(_ head: Bytes) -> String? {
            guard total > 0 else { return nil }
            if strong > 0, strong * 2 >= total || strong > 2 && (strong + events) * 10 > total * 9 {
                let dialect = dialects.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
                return "access lines of \(dialect?.key.rawValue ?? "a gateway")"
            }
            // Ollama and others log more than Gin does.
            if dialects[.gin, default: 0] > 0, strong + dated == total { return "access lines of gin" }
            if events * 2 > total, head.range(of: "\"logger\":\"http.") != nil { return "a log of Caddy" }
            if nginxErrors * 2 > total { return "an error log of nginx" }
            if liteLLM + liteLLMObjects > 0, (uvicorn + events) * 2 > total { return "a log of LiteLLM" }
            // Its uvicorn answers requests and probes more often than it logs.
            if routed > 0, (uvicorn + events) * 2 > total { return Self.router }
            if events * 2 > total, uvicorn * 2 <= total, Self.namesRouter(head) { return Self.router }
            return nil
        }

        /// Logs of any program may look like a router's: these words stand in those of vLLM's router and of llm-d.
        private static func namesRouter(_ head: Bytes) -> Bool {
            let words: [StaticString] = [
                "vllm_router", "sglang_router", " smg::", "InferencePool", "endpoint-picker", "llm-d",
                "inference-scheduler",
                "EPP received", "EPP sent",
            ]
            if words.contains(where: { head.range(of: $0) != nil }) { return true }
            // Objects of zap about requests.
            return head.headLines(limit: 200).contains {
                $0.range(of: "{\"") != nil && $0.range(of: "\"x-request-id\":") != nil
                    && $0.range(of: "\"msg\":") != nil
            }
        }
    }
}
