import TidemarkBase

/// The engine died: its process printed a fatal error, or vanished while it served.
enum EngineCrash: Cause {
    static let id = "engine_crash"
    static let title: Message = "The engine crashed"
    static let level = CauseLevel.availability
    static let help = CauseHelp(
        what:
            "The engine process died while it served; everything in flight failed, and nothing was served until the next start was ready.",
        signs:
            "Required: a server run that ended in a crash by its log, or a server that was away with fatal events (engine dead, worker died, CUDA, out of memory, NCCL, Xid, a process that the kernel killed for memory) around it. Supporting: two such events or more; requests that failed with it; a later start; token throughput below 70 %. Without a log a server that was away is left open.",
        why:
            "CUDA errors (an illegal access, a lost GPU), memory that ran out in a step, a worker that did not answer, or the host's out-of-memory killer.",
        remedy:
            "Read the first traceback: what follows it is an echo. Look for Xid lines of that minute in the kernel log. After an out-of-memory error lower --gpu-memory-utilization or --max-num-batched-tokens.",
        sources: "vLLM v1/engine/exceptions.py, v1/executor/multiproc_executor.py")

    static let fatal = [
        "xid", "cuda_error", "gpu_out_of_memory", "out_of_host_memory", "nccl_error", "rpc_timeout", "worker_died",
        "engine_dead", "service_exit",
    ]

    static func judge(_ scene: Scene) throws -> Judgement? {
        guard let stop = scene.stop else {
            return Judgement(
                required: [
                    scene.situation.runs.contains { $0.replica == scene.replica }
                        || scene.situation.fleet.replicas.contains { $0.name == scene.replica && $0.logInstance != nil }
                        ? scene.sign(false, "no server run ended in a crash, and every scrape was answered")
                        : .unseen("a crash's own words: keep the server's log (stdout and stderr)")
                ], summary: "")
        }
        let situation = scene.situation
        let kills = try situation.kills(stop.startMs - 90_000, stop.startMs + 30_000)
        guard scene.hasLog || stop.reason != nil || !kills.isEmpty else {
            return Judgement(
                required: [
                    scene.sign(true, "the server was away"),
                    .unseen("a crash's own words: keep the server's log (stdout and stderr)"),
                ], summary: "")
        }
        var events = try situation.events(fatal, scene.replica, stop.startMs - 90_000, stop.startMs + 30_000)
        // The journal of a whole host has said it already.
        if !events.contains(where: { $0.signal == "out_of_host_memory" }) { events = kills + events }
        let isCrash = stop.reason == "crash" || (stop.reason == nil && !events.isEmpty)
        let end = stop.readyMs ?? situation.grid.endMs
        let range = situation.grid.range(stop.startMs, max(end, stop.startMs + 1))
        let root = events.first?.text ?? "its process vanished"
        var judgement = Judgement(
            required: [
                scene.sign(
                    isCrash, isCrash ? "the engine died" : "the server stopped in order",
                    evidence: events.first)
            ],
            summary: "The engine of \(scene.replica) died (\(root))"
                + (stop.readyMs == nil
                    ? " and did not come back within the evidence"
                    : " and was ready again after \(durationText(end - stop.startMs))"),
            range: range.isEmpty ? nil : range)
        let failed =
            try situation.store.database.int(
                """
                SELECT count(*) FROM request JOIN instance USING (instance_id)
                WHERE period_id = ? AND name = ? AND failed_ms BETWEEN ? AND ?
                """, situation.period, scene.replica, stop.startMs - 5000, end) ?? 0
        judgement.supporting = [
            scene.sign(
                events.count >= 2, "\(events.count) fatal events around it", evidence: events.dropFirst().first),
            scene.sign(
                failed > 0, "\(failed) requests failed with it",
                evidence: EvidenceDraft(
                    "requests_failed", value: Double(failed), baseline: 0, unit: "requests",
                    "requests that failed with the engine")),
            scene.sign(
                stop.readyMs != nil, "a later start was ready",
                evidence: EvidenceDraft(
                    "downtime_seconds", value: Double(end - stop.startMs) / 1000, unit: "seconds",
                    "from the crash until the next server was ready")),
            try scene.sign("generation_tokens_per_second", "generated tokens") { ($0.ratio ?? 1) < 0.7 },
        ]
        judgement.recommendations = recommendations(root.text, isHost: events.first?.signal == "out_of_host_memory")
        return judgement
    }

    private static func recommendations(_ root: String, isHost: Bool) -> [(flag: String?, text: Message)] {
        if isHost {
            return [
                (
                    nil,
                    "The host's memory ran out, or the container's: give it more, or find out what else took it."
                )
            ]
        }
        if root.contains("out of memory") {
            return [
                (
                    "--gpu-memory-utilization",
                    "Lower --gpu-memory-utilization by 0.02 to 0.05: activations and graphs need the room."
                ),
                ("--max-num-batched-tokens", "Or lower --max-num-batched-tokens: it bounds the activations of a step."),
            ]
        }
        if root.contains("illegal memory access") || root.contains("CUDA error") {
            return [
                (
                    nil,
                    "Look for Xid lines of that minute in the kernel log (journalctl -k): they tell hardware from software."
                ),
                (
                    nil,
                    "Reproduce with CUDA_LAUNCH_BLOCKING=1 and report the stack of the engine core to vLLM with its version."
                ),
            ]
        }
        return [(nil, "Read the first traceback before the engine's death; what follows it is an echo.")]
    }
}
