import TidemarkBase

/// The CPU holds up the server: its API process, or the engine core's host work.
enum CPUBound: Cause {
    static let id = "cpu_bound"
    static let title: Message = "The CPU held up the server"
    static let level = CauseLevel.fault
    static let help = CauseHelp(
        what: "GPUs waited for the host: the API server (tokenisation, JSON, streaming) or the engine core had no CPU.",
        signs:
            "Required: time to first token beyond queue and prefill (the front end's) three times the usual and 50 ms more, and half of its rise at least, with a busy API process or host; or slower steps with either of them. Supporting: CPU of the API process far above the usual; the host's CPU taken or tasks waiting for it; the front end's time; GPUs less busy. Counter: SM clocks that fell.",
        why:
            "A neighbour on the host, too few cores for the API servers, large images or long prompts to tokenise, a debug log level.",
        remedy:
            "Give the pod cores of its own (requests = limits, CPU pinning), raise --api-server-count, move neighbours away.",
        sources: "vLLM docs/configuration/optimization.md; kernel pressure stall information")

    static func judge(_ scene: Scene) throws -> Judgement? {
        let front = try scene.frontend()
        let pressure = try scene.change("host_cpu_pressure_ratio")
        let busy = try scene.change("host_cpu_busy_ratio")
        let process = try scene.change("process_cpu_cores")
        guard front != nil || pressure != nil || busy != nil else {
            return Judgement(
                required: [.unseen("the host's CPU: scrape the node exporter"), try scene.slowerAtEqualWork()],
                summary: "")
        }
        // Queue and prefill are observed when requests finish, the first token when it comes: behind a growing queue the
        // difference means nothing, so it must be most of the rise.
        let rise = try scene.change("ttft_mean_seconds")?.difference ?? 0
        let isFront = front.map { $0.during >= 0.05 + 3 * max(0, $0.before ?? 0) && $0.during >= 0.5 * rise } ?? false
        let hungry =
            (pressure.map { $0.during >= 0.15 && $0.during >= 3 * ($0.before ?? 0) } ?? false)
            || (busy.map { ($0.difference ?? 0) >= 0.2 && $0.during >= 0.6 } ?? false)
        let burns = process.map { $0.during >= 0.1 + ($0.before ?? 0) && $0.during >= 3 * ($0.before ?? 0) } ?? false
        let slow = try scene.latencyRose(1.1).isPresent
        var judgement = Judgement(
            required: [
                scene.sign(
                    (isFront && (burns || hungry)) || (hungry && slow) || (burns && slow),
                    front.map {
                        "the front end took \(Scene.text(max(0, $0.during), .seconds)) of the time to first token"
                    }
                        ?? "the host's CPU had room",
                    evidence: front.map {
                        EvidenceDraft(
                            "frontend_seconds", value: $0.during, baseline: $0.before, unit: "seconds",
                            "time to first token beyond queue and prefill")
                    })
            ],
            summary: isFront && !hungry
                ? "The API server of \(scene.replica) took \(Scene.text(front!.during, .seconds)) of each request's time to first token"
                : "The host of \(scene.replica) had no CPU to spare, and its engine waited for it")
        judgement.supporting = [
            scene.sign(
                process == nil ? nil : burns, "CPU of the API server",
                capture: "CPU of the API server: scrape its /metrics",
                evidence: process.map {
                    EvidenceDraft(
                        "process_cpu_cores", value: $0.during, baseline: $0.before, unit: "cores",
                        "CPU of the API server process")
                }),
            scene.sign(
                pressure == nil && busy == nil ? nil : hungry, "the host's CPU",
                capture: "the host's CPU: scrape the node exporter",
                evidence: pressure.map {
                    EvidenceDraft(
                        "host_cpu_pressure_ratio", value: $0.during, baseline: $0.before, unit: "ratio",
                        "share of time in which a task waited for a CPU")
                }),
            scene.sign(isFront, "the front end"),
            try scene.gpuLessBusy(),
        ]
        let clocks = try scene.clocks()
        judgement.counter = [scene.sign((clocks?.loss ?? 0) >= 0.1, "SM clocks fell")]
        judgement.recommendations = [
            (
                "--api-server-count",
                "Raise --api-server-count when one API process uses a core, and give the server cores of its own."
            ),
            (nil, "Move neighbours off the host, or pin the server's cores (CPU manager policy static)."),
        ]
        return judgement
    }
}

extension Scene {
    /// GPUs were less busy although requests were there.
    func gpuLessBusy() throws -> Sign {
        let changes = try situation.gpus(of: replica).compactMap { try change(gpu: $0, "gpu_utilization_ratio") }
        guard let most = changes.max(by: { $0.during < $1.during }), let before = most.before, before > 0 else {
            return .unseen("GPU utilisation: capture nvidia-smi, or scrape the DCGM exporter")
        }
        return sign(
            most.during < 0.92 * before, "GPU utilisation",
            evidence: EvidenceDraft(
                "gpu_utilization_ratio", value: most.during, baseline: before, unit: "ratio",
                "utilisation of the busiest GPU"))
    }
}
