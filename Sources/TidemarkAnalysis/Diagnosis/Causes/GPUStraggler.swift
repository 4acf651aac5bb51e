import TidemarkBase

/// One GPU of several holds up the others of its replica.
enum GPUStraggler: Cause {
    static let id = "gpu_straggler"
    static let title: Message = "One GPU held up the others"
    static let level = CauseLevel.fault
    static let help = CauseHelp(
        what: "With tensor parallelism a step is as slow as its slowest GPU; one of them was slow.",
        signs:
            "Required: among at least two GPUs of the replica one whose SM clock fell by 8 % or more while most others kept theirs (or an Xid of a GPU), and latency that rose. Supporting: a loss of 15 %; steps longer than the cost model says; an Xid; the others draw less power because they wait.",
        why: "A GPU that is hotter than its neighbours, a power cable, a link that retrains, ECC or NVLink replays.",
        remedy:
            "Drain the node and look at that GPU: nvidia-smi -q, dcgmi diag, NVLink and PCIe replay counters, Xid lines.",
        sources: "NVIDIA Xid catalogue; DCGM diagnostics")

    static func isPossible(_ situation: Situation) -> Bool {
        situation.replicas.contains { replica in
            situation.gpus(of: replica).count > 1
                || ["tensor_parallel_size", "pipeline_parallel_size"].contains {
                    situation.configured($0, replica) ?? 1 > 1
                }
        }
    }

    static func judge(_ scene: Scene) throws -> Judgement? {
        guard let clocks = try scene.clocks() else {
            guard isPossible(scene.situation) else { return nil }
            return Judgement(
                required: [
                    .unseen("SM clocks of each GPU: capture nvidia-smi, or scrape the DCGM exporter"),
                    try scene.slowerAtEqualWork(),
                ], summary: "")
        }
        // Without knowing whose the GPUs are, half of them may be all of one replica's.
        guard clocks.all.count >= 2, scene.situation.knowsGPUs(of: scene.replica) || clocks.slowed.count == 1 else {
            return nil
        }
        let isOne = clocks.slowed.count >= 1 && clocks.slowed.count * 2 <= clocks.all.count
        let xid = try scene.gpuEvents()
        let worst = clocks.all.max { $0.loss < $1.loss }!
        let others = clocks.all.filter { $0.gpu != worst.gpu }.map(\.loss).sorted()
        let rest = others[others.count / 2]
        var judgement = Judgement(
            required: [
                scene.sign(
                    (isOne && worst.loss >= 0.08 && worst.loss >= 2 * rest + 0.04) || xid != nil,
                    "the SM clocks of all GPUs moved alike (\(percent(worst.loss)) at most)",
                    evidence: EvidenceDraft(
                        "gpu_sm_clock_hertz", value: worst.during, baseline: worst.before, unit: "Hz",
                        "SM clock of \(worst.gpu); the others' changed by \(percent(-rest))")),
                try scene.slower(),
            ],
            summary:
                "\(worst.gpu) of \(scene.replica) ran \(percent(worst.loss)) below its usual SM clock while the others kept theirs"
        )
        judgement.supporting = [
            scene.sign(worst.loss >= 0.15, "it lost \(percent(worst.loss))"),
            try scene.workSign(),
            scene.sign(xid != nil, "an Xid of a GPU", evidence: xid),
            try scene.othersWait(worst.gpu, clocks.all.map(\.gpu)),
        ].filter { $0.state != .unseen }
        judgement.recommendations = [
            (
                nil,
                "Drain the node and look at \(worst.gpu): nvidia-smi -q, dcgmi diag -r 3, NVLink and PCIe replay counters, Xid lines in the kernel log."
            )
        ]
        return judgement
    }
}
