import TidemarkBase

/// More prompt tokens than the GPU can compute beside its answers.
enum PrefillCompute: Cause {
    static let id = "prefill_compute"
    static let title: Message = "Prefill took the GPU's time"
    static let level = CauseLevel.load
    static let help = CauseHelp(
        what: "The load rose, and computing prompts made the steps of all longer.",
        signs:
            "Required: arrivals up by an eighth, steps a tenth slower and no more than 30 % beyond what their work explains; prompt tokens 60 % of a step's tokens or more (where the fit tells, of its rise as well); latency near or beyond its objective, without one a fifth above the usual. Supporting: residual about 1; the objective; a clear share. Counter: steps slower than their work.",
        why: "Long prompts with short answers, few cache hits, a budget that lets prefill crowd out decode.",
        remedy:
            "Lower --max-num-batched-tokens for steadier answers, raise it for throughput; serve prefill apart; improve the hit rate; add a replica.",
        sources: "vLLM docs/configuration/optimization.md (chunked prefill)")

    static func judge(_ scene: Scene) throws -> Judgement? { try LoadRise.judge(scene, prefill: true) }
}
