import TidemarkBase

/// The way between the server and its users is slow or breaks; the server is not.
enum NetworkClient: Cause {
    static let id = "network_client"
    static let title: Message = "The network or the clients were at fault"
    static let level = CauseLevel.availability
    static let help = CauseHelp(
        what: "Clients waited longer, or gave up, while the server's own times stayed as they were.",
        signs:
            "Required: more requests aborted by clients, or a gateway or client that saw more time beyond the engine's; the server's own latencies and its queue unchanged. Supporting: TCP segments sent again; both of the former together; the time beyond the engine itself.",
        why:
            "Packet loss, a saturated link, a proxy that buffers streams or cuts them off, clients with short timeouts.",
        remedy:
            "Look at the path: retransmissions by interface, the proxy's buffering and timeouts, the clients' deadlines.",
        sources: "methods: RED at the gateway against the engine's own spans")

    static func judge(_ scene: Scene) throws -> Judgement? {
        let aborted = scene.episode.symptoms.first { $0.kind == .aborted && $0.replica == scene.replica }
        let beyond = scene.episode.symptoms.first { $0.kind == .beyondEngine && $0.replica == scene.replica }
        let aborts = try scene.change("abort_requests_per_second")
        let outside = try scene.change("beyond_engine_mean_seconds")
        guard aborts != nil || outside != nil else {
            return Judgement(
                required: [.unseen("what clients saw: keep the gateway's access log or its spans, or log requests")],
                summary: "")
        }
        let itl = try scene.change("itl_mean_seconds")?.ratio
        let ttft = try scene.change("ttft_mean_seconds")?.ratio
        // Who waits in the server's queue gives up for that.
        let waiting = try scene.change("waiting_requests")
        let isQueued = waiting.map { $0.during >= 0.5 && $0.during >= 2 * ($0.before ?? 0) } ?? false
        let isFlat = (itl ?? 1) < 1.12 && (ttft ?? 1) < 1.3 && !isQueued
        var words: [Message] = []
        if let aborted {
            words.append(
                "clients gave up \(percent(aborted.during)) of their requests, usually \(percent(aborted.before))")
        }
        if let beyond {
            words.append(
                "they waited \(Scene.text(beyond.during, .seconds)) beyond the engine, usually \(Scene.text(beyond.before, .seconds))"
            )
        }
        var judgement = Judgement(
            required: [
                scene.sign(
                    aborted != nil || beyond != nil, "requests given up and the time beyond the engine did not change",
                    evidence: aborts.map {
                        EvidenceDraft(
                            "abort_requests_per_second", value: $0.during, baseline: $0.before, unit: "requests/s",
                            "requests aborted by clients")
                    }),
                try scene.sign("itl_mean_seconds", "the server's own inter-token latency") { _ in isFlat },
            ],
            summary: "At \(scene.replica) \(Message.joined(words, by: " and ")), while the server was as fast as ever",
            range: (aborted ?? beyond)?.range)
        judgement.supporting = [
            try scene.sign("host_tcp_retransmits_segments_per_second", "TCP segments sent again") {
                $0.during > 3 * max($0.before ?? 0, 0.3)
            },
            scene.sign(aborted != nil && beyond != nil, "both rose"),
            scene.sign(
                outside.map { ($0.difference ?? 0) > 0.05 }, "time beyond the engine",
                capture: "what clients saw: keep the gateway's access log or its spans",
                evidence: outside.map {
                    EvidenceDraft(
                        "beyond_engine_mean_seconds", value: $0.during, baseline: $0.before, unit: "seconds",
                        "mean time at the gateway beyond the engine's")
                }),
        ]
        judgement.recommendations = [
            (
                nil,
                "Look at the path between clients and server: retransmissions by interface, the proxy's buffering and timeouts, the clients' deadlines."
            )
        ]
        return judgement
    }
}
