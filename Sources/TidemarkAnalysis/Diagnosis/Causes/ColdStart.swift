import TidemarkBase

/// A server was started anew: it was away, and then had an empty cache and a backlog.
enum ColdStart: Cause {
    static let id = "cold_start"
    static let title: Message = "A restart left the server cold"
    static let level = CauseLevel.availability
    static let help = CauseHelp(
        what:
            "A server was restarted in order, or started anew, while traffic went on: requests waited for the start-up and then met empty caches.",
        signs:
            "Required: a start of the server inside the episode after it had served, with no crash and no hang before it, told by the server's log. Supporting: time to first token at twice the usual; a queue; the prefix-cache hit rate lower than before.",
        why: "Start-up takes minutes (weights, compilation, CUDA graphs), and the prefix cache begins empty.",
        remedy:
            "Drain before a restart and route traffic back only after warm-up requests; keep the compilation cache on a disk that survives; restart replicas one after another.",
        sources: "vLLM docs/design/torch_compile.md; docs/usage")

    static func judge(_ scene: Scene) throws -> Judgement? {
        let start = try scene.startInside()
        let crashed = scene.stop?.reason == "crash"
        let isHung = scene.episode.symptoms.contains {
            $0.kind == .silent && $0.replica == scene.replica
                && $0.range.lowerBound < scene.range.lowerBound + max(1, scene.range.count / 2)
        }
        guard let start else {
            return Judgement(required: [scene.sign(false, "no server started in the incident")], summary: "")
        }
        guard scene.hasLog else {
            return Judgement(
                required: [
                    scene.sign(true, "the server started anew"),
                    .unseen("whether a crash or an orderly stop came before the start: keep the server's log"),
                ], summary: "")
        }
        let away = scene.stop.map { durationText(start.readyMs - $0.startMs) }
        var judgement = Judgement(
            required: [
                scene.sign(
                    !crashed && !isHung, "the start followed a crash or a hang",
                    evidence: EvidenceDraft(
                        "server_start", value: 1, unit: "starts", source: start.path, line: start.line,
                        "the server started anew"))
            ],
            summary: "\(scene.replica) was restarted" + (away.map { ", was away for \($0)" } ?? "")
                + " and worked off its backlog with cold caches")
        judgement.supporting = [
            try scene.firstTokenRose(2),
            try scene.sign("waiting_requests", "requests waiting") { $0.during > ($0.before ?? 0) + 1 },
            try scene.sign("prefix_cache_hit_ratio", "prefix-cache hits") { ($0.difference ?? 0) <= -0.02 },
        ].filter { $0.state != .unseen }
        judgement.recommendations = [
            (
                nil,
                "Drain a replica before its restart and give it traffic only after warm-up requests; restart one replica at a time."
            ),
            (nil, "Keep the compilation cache (VLLM_CACHE_ROOT) on a disk that survives the restart."),
        ]
        return judgement
    }
}
