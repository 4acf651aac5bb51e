import TidemarkBase

extension Scene {
    /// A sign over a signal's change: present when `test` says so, unseen without evidence.
    /// - Parameters:
    ///   - words: what the number is: `mean KV-cache usage`.
    ///   - capture: what would have shown it.
    func sign(
        _ signal: String, _ words: Message, capture: Message? = nil, when test: (Change) throws -> Bool
    ) throws -> Sign {
        try sign(signal, words, of: try change(signal), capture: capture, when: test)
    }

    func sign(
        _ signal: String, _ words: Message, of change: Change?, capture: Message? = nil,
        when test: (Change) throws -> Bool
    ) throws -> Sign {
        guard let change else { return .unseen(capture ?? "\(words): \(Self.capture(signal))") }
        let unit = SignalCatalogue.signal(signal)?.unit ?? .ratio
        let text: Message =
            "\(words) \(Self.text(change.during, unit))"
            + (change.before.map { ", usually \(Self.text($0, unit))" } ?? "")
        return Sign(
            state: try test(change) ? .present : .absent, text: text,
            evidence: EvidenceDraft(
                signal, value: change.during, baseline: change.before, unit: Self.unit(unit), words))
    }

    /// A sign that is a statement of its own.
    func sign(_ state: Bool?, _ text: Message, capture: Message = "", evidence: EvidenceDraft? = nil) -> Sign {
        guard let state else { return .unseen(capture) }
        return Sign(state: state ? .present : .absent, text: text, evidence: evidence)
    }

    /// Latency grew for users of this replica.
    func latencyRose(_ ratio: Double = 1.12) throws -> Sign {
        let itl = try change("itl_mean_seconds")
        let tpot = try change("tpot_mean_seconds")
        let best = (tpot?.ratio ?? 0) > (itl?.ratio ?? 0) ? ("tpot_mean_seconds", tpot) : ("itl_mean_seconds", itl)
        return try sign(
            best.0, best.0 == "itl_mean_seconds" ? "mean inter-token latency" : "mean time per output token", of: best.1
        ) { ($0.ratio ?? 1) >= ratio }
    }

    func firstTokenRose(_ ratio: Double = 1.3) throws -> Sign {
        try sign("ttft_mean_seconds", "mean time to first token") { ($0.ratio ?? 1) >= ratio }
    }

    /// Steps are not far slower than their work: otherwise a full resource is the consequence of a slow machine.
    func machineAsUsual() throws -> Sign {
        sign(
            try residual().map { $0 <= 1.6 } ?? true,
            "steps took far longer than their work: something else slowed the machine")
    }

    /// Waiting in the queue is a good part of what users lost.
    func queueIsFelt() throws -> Sign {
        sign(
            try queueShare().map { $0 >= 0.3 } ?? true, "users lost their time to longer steps, not to the queue")
    }

    /// `12 requests/s`, `34 ms`, `93 %`.
    static func text(_ value: Double, _ unit: SignalUnit) -> Message {
        switch unit {
        case .ratio: return percent(value)
        case .seconds:
            if abs(value) < 1 { return "\(round3(value * 1000)) ms" }
            return "\(round3(value)) s"
        case .hertz: return "\(round3(value / 1e6)) MHz"
        default: return "\(round3(value)) \(Message(pattern: unit.symbol))"
        }
    }

    /// Three significant digits, no exponent.
    static func round3(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let size = abs(value)
        if size >= 100 || size == 0 { return ByteWriter.fixed(value, decimals: 0) }
        return ByteWriter.fixed(value, decimals: size >= 10 ? 1 : size >= 1 ? 2 : 3)
    }

    static func unit(_ unit: SignalUnit) -> String {
        switch unit {
        case .ratio: "ratio"
        case .seconds: "seconds"
        default: unit.symbol
        }
    }

    /// Which capture holds a signal.
    static func capture(_ signal: String) -> Message {
        let section = SignalCatalogue.signal(signal)
        switch section?.scope {
        case .gpu: return "capture nvidia-smi --query-gpu=… --format=csv -l 1, or scrape the DCGM exporter"
        case .host: return "scrape the node exporter"
        case .gateway: return "keep the gateway's access log"
        default: return "scrape the server's /metrics"
        }
    }
}
