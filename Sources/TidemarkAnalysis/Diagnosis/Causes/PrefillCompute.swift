/// More prompt tokens than the GPU can compute beside its answers.
enum PrefillCompute: Cause {
    static let id = "prefill_compute"
    static let title = "Prefill took the GPU's time"
    static let level = CauseLevel.load
    static let help = CauseHelp(
        what: "The load rose, and computing prompts made the steps of all longer.",
        signs:
            "Required: steps slower with more arrivals, as the cost model explains; prompt tokens are most of a step's tokens or of its rise. Supporting: latency near or beyond its objective; queue while the KV cache has room; residual about 1. Counter: steps slower than their work; memory or slots full.",
        why: "Long prompts with short answers, few cache hits, a budget that lets prefill crowd out decode.",
        remedy:
            "Lower --max-num-batched-tokens for steadier answers, raise it for throughput; serve prefill apart; improve the hit rate; add a replica.",
        sources: "vLLM docs/configuration/optimization.md (chunked prefill)")

    static func judge(_ scene: Scene) throws -> Judgement? { try LoadRise.judge(scene, prefill: true) }
}
