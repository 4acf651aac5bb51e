import TidemarkBase

/// Requests wait because the KV cache has no free blocks, although the batch has free slots.
enum KVCacheLimit: Cause {
    static let id = "kv_cache_limit"
    static let title: Message = "The KV cache was full"
    static let level = CauseLevel.limit
    static let help = CauseHelp(
        what: "Requests waited because the KV cache had no free blocks, although the batch had free slots.",
        signs:
            "Required: requests waiting and KV usage of 90 % or more in a third of the episode, running requests below max_num_seqs, the queue a good part of what users lost, steps not far slower than their work, and a machine that a larger batch would still make faster (X(2N)/X(N) ≥ 1.12 where it can be told). Supporting: preemptions, time to first token at twice the usual, slots known to be free.",
        why: "Long contexts, more requests at once than their tokens fit, little memory left to the cache.",
        remedy:
            "Raise --gpu-memory-utilization, --kv-cache-dtype fp8, lower --max-model-len or route long prompts elsewhere, add a replica.",
        sources: "vLLM docs/configuration/optimization.md")
    static let telltale: Telltale? = Telltale(
        signal: "kv_cache_usage_ratio", words: ("KV-cache usage reached at most", ""),
        capture: "KV-cache usage and waiting requests: keep vLLM's statistics lines, or scrape its /metrics")

    static func judge(_ scene: Scene) throws -> Judgement? {
        guard let full = try scene.share("kv_cache_usage_ratio", { $0 >= 0.9 }),
            let waiting = try scene.waitingForCapacity()
        else { return Judgement(required: [.unseen(telltale!.capture)], summary: "") }
        let usage = try scene.change("kv_cache_usage_ratio")!
        let running = try scene.change("running_requests")
        let slots = try scene.slots()
        let isSlots = slots.flatMap { slots in running.map { $0.during >= 0.97 * slots.count } } ?? false
        let gain = try scene.gainOfDoubling()
        var judgement = Judgement(
            required: [
                try scene.sign("kv_cache_usage_ratio", "mean KV-cache usage") { _ in full >= 0.3 || usage.during >= 0.88
                },
                try scene.sign("waiting_requests", "requests waiting") { _ in
                    waiting.during >= 0.5 && waiting.during >= 2 * (waiting.before ?? 0)
                },
                scene.sign(!isSlots, "all batch slots were taken"),
                try scene.machineAsUsual(), try scene.queueIsFelt(),
                scene.sign(
                    gain.map { $0 >= 1.12 } ?? true,
                    "twice the batch would bring only \(percent((gain ?? 1) - 1)) more tokens: the machine was saturated"
                ),
            ],
            summary:
                "The KV cache of \(scene.replica) was \(percent(usage.during)) full while \(Scene.round3(waiting.during)) requests waited"
        )
        judgement.supporting = [
            try scene.sign("preemptions_per_second", "preemptions") { $0.during > 0 },
            try scene.firstTokenRose(2),
            scene.sign(
                slots != nil && running != nil ? true : nil, "slots were free",
                capture: "max_num_seqs: keep the start-up lines of the server log",
                evidence: running.map {
                    EvidenceDraft(
                        "running_requests", value: $0.during, baseline: $0.before, unit: "requests",
                        "requests running" + (slots.map { ", of \(Int($0.count)) batch slots" } ?? ""))
                }),
        ]
        let version: Message = scene.situation.version(scene.replica).map { " (vLLM \($0))" } ?? ""
        judgement.recommendations = [
            (
                "--gpu-memory-utilization",
                "Raise --gpu-memory-utilization if the GPU has memory to spare: more KV blocks."
            ),
            (
                "--kv-cache-dtype",
                "Try --kv-cache-dtype fp8: it about doubles the tokens that fit.\(try scene.effectOfLargerBatch())"
            ),
            (
                "--max-model-len",
                "Lower --max-model-len or route long prompts elsewhere; else add a replica\(version)."
            ),
        ]
        return judgement
    }
}
