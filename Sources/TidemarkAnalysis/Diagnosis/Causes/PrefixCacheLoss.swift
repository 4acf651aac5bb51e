import TidemarkBase

/// The prefix cache finds less, so that the same prompts cost more computation.
enum PrefixCacheLoss: Cause {
    static let id = "prefix_cache_loss"
    static let title: Message = "The prefix cache lost its hits"
    static let level = CauseLevel.fault
    static let help = CauseHelp(
        what: "Prompts that used to be found in the prefix cache were computed anew.",
        signs:
            "Required: the hit rate fell by 10 points and by 40 %, while prompts stayed as long as they were and the KV cache had room (a full cache evicts: a consequence); latency that rose. Supporting: arrivals as usual; more prompt tokens computed, more tokens a step (without either it is a hint only). Counter: a restart (cold start).",
        why:
            "A prompt template whose beginning changes (a date, a request id), a router that no longer keeps conversations together, another tenant that fills the cache.",
        remedy: "Put what varies at the end of the prompt; route by prefix or session; give the cache more room.",
        sources: "vLLM docs/design/prefix_caching.md")
    static let telltale: Telltale? = Telltale(
        signal: "prefix_cache_hit_ratio", words: ("the prefix cache found", " or more"),
        capture: "prefix-cache hits: scrape /metrics, or keep the statistics lines")

    static func judge(_ scene: Scene) throws -> Judgement? {
        guard let hits = try scene.change("prefix_cache_hit_ratio"), let before = hits.before else {
            return Judgement(required: [.unseen(telltale!.capture)], summary: "")
        }
        let load = try scene.loadFactor()?.ratio ?? 1
        let length = try scene.change("prompt_length_mean_tokens")?.ratio ?? 1
        let full = try scene.share("kv_cache_usage_ratio") { $0 >= 0.9 } ?? 0
        var judgement = Judgement(
            required: [
                try scene.sign("prefix_cache_hit_ratio", "prefix-cache hits") {
                    $0.during <= before - 0.1 && $0.during <= 0.6 * before
                },
                scene.sign(
                    length < 1.3 && full <= 0.3,
                    full > 0.3
                        ? "the KV cache was full and evicted: a consequence"
                        : "prompts became \(Scene.round3(length)) times as long"),
                try scene.slower(1.07),
            ],
            summary:
                "At \(scene.replica) the prefix cache found \(percent(hits.during)) of the prompt tokens, usually \(percent(before))"
        )
        let restarted = try scene.startInside() != nil
        judgement.supporting = [
            scene.sign(load < 1.25 && length < 1.25, "arrivals and prompts as usual"),
            try scene.sign("computed_prompt_tokens_per_second", "prompt tokens computed") { ($0.ratio ?? 1) >= 1.2 },
            try scene.sign("step_tokens_mean_tokens", "tokens of a step") { ($0.ratio ?? 1) >= 1.2 },
        ].filter { $0.state != .unseen }
        // A log's hit rate is one over the last thousand requests: alone, without more work a step, it is a hint.
        if !judgement.supporting.dropFirst().contains(where: \.isPresent) { judgement.bias = -0.35 }
        judgement.counter = [
            scene.sign(restarted, "a restart emptied the cache")
        ]
        judgement.recommendations = [
            (
                nil,
                "Look at what changed in front of the prompts (a date, an id, a new template) or in the router: what varies belongs at the end."
            ),
            (nil, "Route by session or prefix, so that a conversation meets the replica that knows it."),
        ]
        return judgement
    }
}
