import TidemarkBase

/// Collective communication between GPUs or nodes slows every step.
enum Interconnect: Cause {
    static let id = "interconnect"
    static let title: Message = "The GPUs waited for each other's data"
    static let level = CauseLevel.fault
    static let help = CauseHelp(
        what:
            "With tensor, pipeline or expert parallelism every step exchanges data; over a slow link that takes most of the step.",
        signs:
            "Required: more than one GPU a replica; NCCL warnings, or power below 90 % of the usual on all GPUs at unchanged utilisation; steps 15 % longer than their work; no SM clock that fell. Supporting: NCCL warnings; clocks as usual.",
        why:
            "PCIe instead of NVLink, a link that fell back to fewer lanes, RDMA that is not used, a changed NCCL setting.",
        remedy: "nvidia-smi topo -m, nvlink -s, NCCL_DEBUG=INFO; a smaller tensor-parallel size with more replicas.",
        sources: "NCCL environment; vLLM docs/serving/parallelism_scaling.md")

    static func isPossible(_ situation: Situation) -> Bool {
        situation.replicas.contains { replica in
            situation.gpus(of: replica).count > 1
                || ["tensor_parallel_size", "pipeline_parallel_size"].contains {
                    situation.configured($0, replica) ?? 1 > 1
                }
        }
    }

    static func judge(_ scene: Scene) throws -> Judgement? {
        let parallel =
            ["tensor_parallel_size", "pipeline_parallel_size"].compactMap {
                scene.situation.configured($0, scene.replica)
            }.max() ?? Double(scene.situation.gpus(of: scene.replica).count)
        guard parallel > 1 else { return nil }
        let span = scene.situation.span(scene.range)
        let warnings = try scene.situation.events(
            ["nccl_error", "rpc_timeout"], scene.replica, span.startMs - 60_000, span.endMs)
        let residual = try scene.residual()
        let gpus = scene.situation.gpus(of: scene.replica)
        let power = try gpus.compactMap { try scene.change(gpu: $0, "gpu_power_watts")?.ratio }.sorted()
        let busy = try gpus.compactMap { try scene.change(gpu: $0, "gpu_utilization_ratio")?.ratio }.sorted()
        // All GPUs wait alike: power falls, utilisation (a kernel spins) does not, and no clock fell.
        let waits = !power.isEmpty && !busy.isEmpty && power[power.count - 1] < 0.9 && busy[busy.count / 2] >= 0.97
        let clocks = try scene.clocks()
        var judgement = Judgement(
            required: [
                scene.sign(
                    waits || !warnings.isEmpty, "no NCCL warnings, and power went with utilisation",
                    evidence: power.isEmpty
                        ? warnings.first
                        : EvidenceDraft(
                            "gpu_power_watts", value: power[power.count / 2], baseline: 1, unit: "ratio",
                            "power of the GPUs over the usual, at utilisation \(percent(busy.isEmpty ? 1 : busy[busy.count / 2])) of the usual"
                        )),
                scene.sign(
                    residual.map { $0 >= 1.15 }, "steps as long as their work says",
                    capture: "steps and their tokens: scrape /metrics",
                    evidence: residual.map {
                        EvidenceDraft(
                            "step_time_residual", value: $0, baseline: 1, unit: "ratio",
                            "step time over that of the cost model")
                    }),
                scene.sign((clocks?.slowed.isEmpty ?? true), "an SM clock fell"),
            ],
            summary:
                "The \(gpus.count) GPUs of \(scene.replica) drew less power at the same utilisation while steps took \(Scene.round3(residual ?? 1)) times what their work says: they waited for each other"
        )
        judgement.supporting = [
            scene.sign(!warnings.isEmpty, "NCCL warnings", evidence: warnings.first),
            scene.sign(clocks.map { $0.loss < 0.04 }, "SM clocks as usual", capture: "SM clocks: capture nvidia-smi"),
        ].filter { $0.state != .unseen }
        judgement.recommendations = [
            (
                nil,
                "Look at the links: nvidia-smi topo -m, nvidia-smi nvlink -s, PCIe width, NCCL_DEBUG=INFO at the next start."
            ),
            ("--tensor-parallel-size", "A smaller tensor-parallel size with more replicas needs less exchange."),
        ]
        return judgement
    }
}
