/// A kind of evidence as one collects it: what is missing is told, and mended, by these.
public enum EvidenceKind: String, Sendable, CaseIterable {
    case metrics, gpu = "gpu_capture", log = "server_log", startup = "startup_lines", requests = "request_log"
    case host = "host_metrics", gateway = "gateway", objectives

    /// The kind that a cause's own words ask for: ``Telltale/capture`` and the texts of unseen signs, which name the capture
    /// behind the quantity. nil: none; a test keeps that from happening.
    static func of(_ capture: String) -> EvidenceKind? {
        let words: [(String, EvidenceKind)] = [
            ("gateway", .gateway), ("slo in capture.json", .objectives), ("nvidia-smi", .gpu), ("DCGM", .gpu),
            ("to the capture", .gpu), ("node exporter", .host), ("start-up lines", .startup),
            ("--enable-log-requests", .requests),
            ("/metrics", .metrics), ("http_requests_total", .metrics), ("export", .metrics), ("server's log", .log),
        ]
        return words.first { capture.contains($0.0) }?.1
    }

    /// Whether most incidents are decided without it: it costs something, or belongs to somebody else's machine.
    public var isOptional: Bool {
        switch self {
        case .metrics, .gpu, .log, .startup: false
        case .requests, .host, .gateway, .objectives: true
        }
    }

    /// What to do, and what it costs.
    public var remedy: String {
        switch self {
        case .metrics:
            "tidemark capture --metrics http://HOST:8000/metrics --every 15s --out DIR, or let a Prometheus server scrape it; vLLM exports its metrics unless --disable-log-stats is set"
        case .gpu: "tidemark capture --gpu --out DIR on the machine with the GPUs, or scrape the DCGM exporter"
        case .log:
            "tidemark capture --log PATH --out DIR; a server that logs to its terminal: vllm serve … >> PATH 2>&1"
        case .startup:
            "copy the log from before the server starts: tidemark capture --log PATH --out DIR stays and sees the next start; keep the first rotated piece"
        case .requests:
            "--enable-log-requests of vLLM (versions that log requests by themselves: leave out --disable-log-requests): a line or two a request, prompts are not kept by Tidemark; without it the causes below stay open, and users, sessions and lengths of single requests are unknown"
        case .host:
            "a node exporter on the server's machine: tidemark capture --metrics host=http://HOST:9100/metrics --out DIR"
        case .gateway: "the gateway's access log with times: tidemark capture --log PATH --out DIR, or its spans"
        case .objectives: "objectives: slo in capture.json, or in the file of --config"
        }
    }
}

/// Something that an incident would leave untold, and how to mend it.
public struct EvidenceGap: Sendable {
    /// `gpu_capture`, `scrape_interval`, …: stable.
    public var kind: String
    /// One sentence: what is missing, with its numbers.
    public var text: String
    /// Replicas concerned; empty: the whole fleet.
    public var replicas: [String] = []
    /// Causes that cannot be decided, each with what would decide it, in the cause's own words.
    public var undecided: [(cause: String, needs: String)] = []
    /// Causes that are decided with less confidence.
    public var weakened: [(cause: String, needs: String)] = []
    public var remedy: String
    /// Whether an incident can mostly be told without.
    public var isOptional = false
}
