import TidemarkBase

/// The scheduler takes back memory from running requests so often that work is done over and over.
enum PreemptionThrash: Cause {
    static let id = "preemption_thrash"
    static let title: Message = "Preemptions made the engine repeat its work"
    static let level = CauseLevel.limit
    static let help = CauseHelp(
        what:
            "The KV cache was so short that running requests were preempted again and again, and what they had computed was computed anew.",
        signs:
            "Required: KV usage of 90 % or more in a third of the episode, three preemptions or more for ten finished requests, and an estimated tenth or more of the computed tokens repeated. Supporting: inter-token latency up, time to first token at twice the usual, a queue.",
        why:
            "The scheduler admits requests by their prompts and cannot know their answers; long answers outgrow the cache.",
        remedy: "Lower --max-num-seqs so that fewer requests share the cache, or give the cache more room.",
        sources: "vLLM docs/configuration/optimization.md (preemption); v1/core/sched/scheduler.py")
    static let telltale: Telltale? = Telltale(
        signal: "preemptions_per_second", words: ("preemptions reached at most", ""),
        capture: "preemptions: scrape /metrics (vllm:num_preemptions_total)")

    static func judge(_ scene: Scene) throws -> Judgement? {
        guard let preemptions = try scene.change("preemptions_per_second"),
            let finished = try scene.change("request_rate_requests_per_second")
        else {
            return Judgement(required: [.unseen(telltale!.capture)], summary: "")
        }
        let perRequest = preemptions.during / max(finished.during, 1e-9)
        let repeated = try repeatedShare(scene, preemptions.during)
        let full = try scene.share("kv_cache_usage_ratio") { $0 >= 0.9 } ?? 0
        var judgement = Judgement(
            required: [
                try scene.sign("preemptions_per_second", "preemptions") { _ in
                    perRequest >= 0.3 && (repeated ?? perRequest / 4) >= 0.1
                },
                try scene.sign("kv_cache_usage_ratio", "mean KV-cache usage") { $0.during >= 0.8 && full >= 0.3 },
            ],
            summary:
                "\(scene.replica) preempted \(Scene.round3(preemptions.during)) requests a second, \(Scene.round3(perRequest)) for each that finished"
                + (repeated.map { ", and computed about \(percent($0)) of its tokens again" } ?? ""))
        judgement.supporting = [
            try scene.latencyRose(1.1),
            try scene.firstTokenRose(2),
            try scene.sign("waiting_requests", "requests waiting") { $0.during > 1 },
        ]
        let below: Message = try scene.slots().map { " below \(Int($0.count))" } ?? ""
        judgement.recommendations = [
            (
                "--max-num-seqs",
                "Lower --max-num-seqs\(below): fewer requests share the cache, and none is computed twice."
            ),
            ("--gpu-memory-utilization", "Raise --gpu-memory-utilization or try --kv-cache-dtype fp8: more KV blocks."),
        ]
        return judgement
    }

    /// Tokens computed again over all computed ones: a preempted request comes back with its prompt and half of its answer,
    /// less what the prefix cache still holds (hits beyond the usual rate).
    static func repeatedShare(_ scene: Scene, _ preemptions: Double) throws -> Double? {
        guard let prompt = try scene.change("prompt_length_mean_tokens")?.during,
            let answer = try scene.change("generation_length_mean_tokens")?.during,
            let arrivals = try scene.change("request_rate_requests_per_second")?.during,
            let made = try scene.change("generation_tokens_per_second")?.during
        else { return nil }
        let again = preemptions * (prompt + answer / 2)
        let offered = arrivals * prompt
        var found = 0.0
        var usual = 0.0
        if let hits = try scene.change("prefix_cache_hit_ratio") {
            usual = hits.before ?? 0
            found = max(0, hits.during * (offered + again) - usual * offered)
        }
        let repeated = max(0, again - found)
        let all = offered * (1 - usual) + made + repeated
        return all > 0 ? repeated / all : nil
    }
}
