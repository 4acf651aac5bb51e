import TidemarkBase

/// More answers at once than memory bandwidth serves at the usual pace.
enum DecodeBandwidth: Cause {
    static let id = "decode_bandwidth"
    static let title: Message = "Decoding reached the memory's bandwidth"
    static let level = CauseLevel.load
    static let help = CauseHelp(
        what: "The load rose, and with more answers at once every step read more KV cache and took longer.",
        signs:
            "Required: arrivals up by an eighth, steps a tenth slower and no more than 30 % beyond what their work explains; prompt tokens less than 60 % of a step's tokens (where the fit tells, of its rise as well); latency near or beyond its objective, without one a fifth above the usual. Supporting: residual about 1; the objective; a clear share. Counter: steps slower than their work.",
        why: "Decoding reads all weights and the KV cache of every request in each step.",
        remedy:
            "Fewer requests a replica (a lower --max-num-seqs keeps the pace and queues instead), more tensor parallelism, fp8 weights or KV cache, another replica.",
        sources: "roofline of decoding: bytes over bandwidth")

    static func judge(_ scene: Scene) throws -> Judgement? { try LoadRise.judge(scene, prefill: false) }
}
