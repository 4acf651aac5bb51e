import TidemarkBase

/// The GPUs run below their clock, so that every step takes longer.
enum GPUThrottling: Cause {
    static let id = "gpu_throttling"
    static let title: Message = "GPUs were throttled"
    static let level = CauseLevel.fault
    static let help = CauseHelp(
        what:
            "The SM clock fell under load, by heat, power or hardware slowdown, and every step of the engine took longer.",
        signs:
            "Required: an SM clock at least 8 % below the GPU's own before, on most GPUs of the replica or on its only one, and latency that rose. Supporting: thermal, hardware-slowdown or power-brake reasons in a third of the samples; a loss of 15 %; 83 °C, or 5 °C more than usual; steps that take longer than the cost model says.",
        why:
            "Cooling (fans, dust, inlet temperature), a power limit or a failing supply, a clock setting left over. A software power cap alone is normal on capped cards.",
        remedy:
            "Look at temperature and power of the node, inlet air, fans, nvidia-smi -q -d PERFORMANCE; take traffic from the node meanwhile.",
        sources: "NVML nvmlClocksEventReasons; nvidia-smi manual")
    static let telltale: Telltale? = Telltale(
        signal: "gpu_throttled_ratio", words: ("slowdown reasons in at most", " of the samples of a minute"),
        capture:
            "SM clocks and throttle reasons: capture nvidia-smi --query-gpu=…,clocks.sm,clocks_event_reasons.active --format=csv -l 1, or scrape the DCGM exporter"
    )

    static func judge(_ scene: Scene) throws -> Judgement? {
        guard let clocks = try scene.clocks() else {
            return Judgement(required: [.unseen(telltale!.capture), try scene.slowerAtEqualWork()], summary: "")
        }
        let loss = clocks.loss
        let isAll =
            clocks.slowed.count * 2 > clocks.all.count || clocks.all.count == 1
            || clocks.slowed.count > 1 && !scene.situation.knowsGPUs(of: scene.replica)
        let worst = clocks.all.max { $0.loss < $1.loss }!
        let reasons = try clocks.slowed.compactMap { try scene.change(gpu: $0, "gpu_throttled_ratio")?.during }.max()
        var judgement = Judgement(
            required: [
                scene.sign(
                    loss >= 0.08 && isAll,
                    clocks.slowed.count > 0 && !isAll
                        ? "only \(Message.list(clocks.slowed)) ran below its clock"
                        : "the SM clock lost \(percent(max(0, loss))) of its usual",
                    evidence: EvidenceDraft(
                        "gpu_sm_clock_hertz", value: worst.during, baseline: worst.before, unit: "Hz",
                        "SM clock of \(worst.gpu) under load")),
                try scene.slower(),
            ],
            summary:
                "\(Message.list(clocks.slowed)) of \(scene.replica) ran \(percent(loss)) below the usual SM clock"
        )
        judgement.supporting = [
            scene.sign(
                reasons.map { $0 > 0.3 }, "slowdown reasons",
                capture: "throttle reasons: add clocks_event_reasons.active to the capture",
                evidence: reasons.map {
                    EvidenceDraft(
                        "gpu_throttled_ratio", value: $0, unit: "ratio", "share of samples with a slowdown reason")
                }),
            scene.sign(loss >= 0.15, "the clock fell by \(percent(loss))"),
            try scene.heat(clocks.slowed),
            try scene.workSign(),
        ]
        if loss < 0.12, !(reasons.map { $0 > 0.3 } ?? false) { judgement.bias -= 0.1 }
        judgement.recommendations = [
            (
                nil,
                "Look at cooling and power of the node (nvidia-smi -q -d PERFORMANCE,TEMPERATURE,POWER), and take traffic from it meanwhile."
            ),
            (nil, "Alert on slowdown reasons and on the SM clock under load, not on GPU utilisation."),
        ]
        return judgement
    }
}
