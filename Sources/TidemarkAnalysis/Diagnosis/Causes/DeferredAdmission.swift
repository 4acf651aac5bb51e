import TidemarkBase

/// Requests wait for their admission (a LoRA slot, a KV transfer, a grammar) although slots and memory are free.
enum DeferredAdmission: Cause {
    static let id = "deferred_admission"
    static let title: Message = "Admission of requests was deferred"
    static let level = CauseLevel.fault
    static let help = CauseHelp(
        what:
            "Requests waited although batch slots and the KV cache were free: for a LoRA adapter's slot, a KV transfer or a grammar.",
        signs:
            "Required: deferred requests, or where vLLM doesn't count them a queue; slots and cache free; inter-token latency as ever; time to first token up by 30 %. Supporting: vLLM counted them as deferred; time to first token at twice the usual; LoRA adapters that share slots.",
        why: "More LoRA adapters than slots; a connector that is slow to deliver KV blocks.",
        remedy: "Raise --max-loras, spread adapters over replicas, look at the connector.",
        sources: "vLLM v1/core/sched/scheduler.py; docs/features/lora.md")
    static let telltale: Telltale? = Telltale(
        signal: "deferred_requests", words: ("deferred requests reached at most", ""),
        capture: "deferred requests: vLLM 0.20.2 or newer exports them")

    static func judge(_ scene: Scene) throws -> Judgement? {
        let deferred = try scene.change("deferred_requests")
        let usage = try scene.change("kv_cache_usage_ratio")
        let running = try scene.change("running_requests")
        let isFree =
            try (usage?.during ?? 1) < 0.8
            && (scene.slots().flatMap { slots in running.map { $0.during < 0.9 * slots.count } } ?? (usage != nil))
        let steady = (try scene.latencyRose(1.15)).state != .present
        guard let waiting = try scene.change("waiting_requests") else {
            return Judgement(
                required: [.unseen("requests waiting: scrape /metrics, or keep the statistics lines")], summary: "")
        }
        let isHeld = deferred.map {
            $0.during >= 0.2 && $0.during >= 4 * ($0.before ?? 0) && $0.during >= 0.5 * max(0.01, waiting.during)
        }
        let isQueue = deferred == nil && waiting.during >= 0.5 && waiting.during >= 4 * (waiting.before ?? 0)
        let adapters = scene.situation.configured("max_loras", scene.replica)
        var judgement = Judgement(
            required: [
                scene.sign(
                    (isHeld ?? isQueue) && isFree,
                    deferred.map { "\(Scene.round3($0.during)) requests were deferred" }
                        ?? (isFree
                            ? "\(Scene.round3(waiting.during)) requests waited with slots and cache free"
                            : "slots or cache were full"),
                    evidence: EvidenceDraft(
                        deferred == nil ? "waiting_requests" : "deferred_requests",
                        value: deferred?.during ?? waiting.during,
                        baseline: deferred?.before ?? waiting.before, unit: "requests",
                        "requests waiting for their admission")),
                scene.sign(steady, "steps became slower"),
                try scene.firstTokenRose(1.3),
            ],
            summary:
                "At \(scene.replica) \(Scene.round3(deferred?.during ?? waiting.during)) requests waited for their admission while slots and KV cache were free"
        )
        judgement.supporting = [
            scene.sign(isHeld ?? false, "vLLM counted them as deferred"),
            try scene.firstTokenRose(2),
            scene.sign(
                adapters.map { $0 > 0 } ?? false,
                adapters.map { "LoRA adapters share \(Scene.round3($0)) slots" } ?? "LoRA adapters share few slots"),
        ].filter { $0.state != .unseen }
        judgement.recommendations = [
            (
                "--max-loras",
                "Raise --max-loras (memory permitting) or spread the adapters over replicas, when adapters wait for a slot."
            ),
            (nil, "With a KV connector look at its transfer times and errors."),
        ]
        return judgement
    }
}
