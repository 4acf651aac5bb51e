/// More answers at once than memory bandwidth serves at the usual pace.
enum DecodeBandwidth: Cause {
    static let id = "decode_bandwidth"
    static let title = "Decoding reached the memory's bandwidth"
    static let level = CauseLevel.load
    static let help = CauseHelp(
        what: "The load rose, and with more answers at once every step read more KV cache and took longer.",
        signs:
            "Required: steps slower with more running requests, as the cost model explains; answers are most of a step's work or of its rise; no queue to speak of. Supporting: memory interface busy; latency near or beyond its objective; residual about 1. Counter: steps slower than their work.",
        why: "Decoding reads all weights and the KV cache of every request in each step.",
        remedy:
            "Fewer requests a replica (a lower --max-num-seqs keeps the pace and queues instead), more tensor parallelism, fp8 weights or KV cache, another replica.",
        sources: "roofline of decoding: bytes over bandwidth")

    static func judge(_ scene: Scene) throws -> Judgement? { try LoadRise.judge(scene, prefill: false) }
}
