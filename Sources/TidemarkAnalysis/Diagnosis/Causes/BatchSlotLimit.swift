import TidemarkBase

/// Requests wait because all batch slots (`max_num_seqs`) are taken, although the KV cache has room.
enum BatchSlotLimit: Cause {
    static let id = "batch_slot_limit"
    static let title: Message = "All batch slots were taken"
    static let level = CauseLevel.limit
    static let help = CauseHelp(
        what: "Requests waited because max_num_seqs requests ran already, although the KV cache had room.",
        signs:
            "Required: requests waiting, running requests at 97 % of max_num_seqs (where that isn't known: of a number that is never exceeded and held while requests wait) in a third of the episode, KV usage below 97 %, the queue a good part of what users lost, steps not far slower than their work. Supporting: KV usage below 90 %, no preemptions, time to first token at twice the usual. Counter: a machine that a larger batch would make no faster.",
        why: "A limit set low for latency's sake, or a default that is below what the memory would hold.",
        remedy:
            "Raise --max-num-seqs while the KV cache has room; add a replica when inter-token latency allows no larger batch.",
        sources: "vLLM docs/configuration/optimization.md")
    static let telltale: Telltale? = Telltale(
        signal: "running_requests", words: ("at most", " ran at once, below max_num_seqs"),
        capture: "running and waiting requests: keep the statistics lines, or scrape /metrics")

    static func judge(_ scene: Scene) throws -> Judgement? {
        guard let running = try scene.change("running_requests"), let waiting = try scene.waitingForCapacity() else {
            return Judgement(required: [.unseen(telltale!.capture)], summary: "")
        }
        guard let (slots, isConfigured) = try scene.slots() else {
            return Judgement(
                required: [
                    .unseen(
                        "max_num_seqs of \(scene.replica): keep the start-up lines of the server log, or set --max-num-seqs so that they show it"
                    )
                ], summary: "")
        }
        let full = try scene.share("running_requests") { $0 >= 0.97 * slots - 0.01 } ?? 0
        let usage = try scene.change("kv_cache_usage_ratio")
        var judgement = Judgement(
            required: [
                scene.sign(
                    full >= 0.3,
                    "\(Scene.round3(running.during)) requests ran in \(Int(slots)) batch slots, all taken in \(percent(full)) of the time",
                    evidence: EvidenceDraft(
                        "running_requests", value: running.during, baseline: running.before, unit: "requests",
                        "requests running, of \(Int(slots)) batch slots"
                            + (isConfigured ? "" : " (seen, not configured)"))),
                try scene.sign("waiting_requests", "requests waiting") { _ in
                    waiting.during >= 0.5 && waiting.during >= 2 * (waiting.before ?? 0)
                },
                scene.sign((usage?.during ?? 0) < 0.97, "the KV cache was full"),
                try scene.machineAsUsual(), try scene.queueIsFelt(),
            ],
            summary:
                "\(scene.replica) ran its \(Int(slots)) batch slots full in \(percent(full)) of the time while \(Scene.round3(waiting.during)) requests waited"
        )
        judgement.supporting = [
            try scene.sign("kv_cache_usage_ratio", "mean KV-cache usage") { $0.during < 0.9 },
            try scene.sign("preemptions_per_second", "preemptions") { $0.during < 0.01 },
            try scene.firstTokenRose(2),
        ]
        judgement.counter = [scene.sign((try scene.gainOfDoubling() ?? 2) < 1.08, "a larger batch would bring nothing")]
        judgement.recommendations = [
            (
                "--max-num-seqs",
                "Raise --max-num-seqs above \(Int(slots)) while KV-cache usage stays below 90 %; inter-token latency grows with the batch.\(try scene.effectOfLargerBatch())"
            ),
            (
                nil,
                "If the inter-token latency allows no larger batch, add a replica.\(try scene.effectOfAnotherReplica())"
            ),
        ]
        return judgement
    }
}
