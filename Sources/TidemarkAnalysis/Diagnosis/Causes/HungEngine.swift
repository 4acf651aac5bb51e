import TidemarkBase

/// The engine holds requests and makes no tokens, without having died.
enum HungEngine: Cause {
    static let id = "hung_engine"
    static let title: Message = "The engine stood still"
    static let level = CauseLevel.availability
    static let help = CauseHelp(
        what: "Requests were in the engine and no step finished for half a minute or more, although the process lived.",
        signs:
            "Required: running requests with no generated and no prompt tokens for at least 30 s (two hints of a hang in the log stand for it), no crash. Supporting: vLLM's own hints of a hang in the log; GPU power below 70 % of the usual; a queue; a restart that ended it.",
        why:
            "A collective that waits for a rank that is gone (NCCL), a lost GPU, a deadlock between processes, a kernel that never ends.",
        remedy:
            "Take stacks (py-spy dump of the engine core and the workers) before the restart; look for NCCL and Xid lines; set VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS so that a hang becomes a crash that a supervisor repairs.",
        sources: "vLLM distributed/device_communicators/shm_broadcast.py; docs/usage/troubleshooting.md")

    static func judge(_ scene: Scene) throws -> Judgement? {
        let situation = scene.situation
        let stops = scene.episode.symptoms.filter { $0.kind == .silent && $0.replica == scene.replica }
        let span = situation.span(scene.range)
        let hints = try situation.events(
            ["hang_hint", "watchdog", "rpc_timeout"], scene.replica, span.startMs - 60_000, span.endMs + 60_000)
        let steps = stops.map(\.range.count).max() ?? 0
        let held = Double(steps) * Double(situation.grid.stepMs) / 1000
        let crashed = scene.stop?.reason == "crash"
        let tokens = try scene.track("generation_tokens_per_second")
        guard tokens != nil || !hints.isEmpty else {
            return Judgement(
                required: [.unseen("generated tokens: scrape /metrics, or keep the statistics lines of the log")],
                summary: "")
        }
        let hinted = (hints.first?.value ?? 0) >= 2
        var judgement = Judgement(
            required: [
                scene.sign(
                    (held >= 30 || hinted) && !crashed,
                    held >= 30
                        ? "no tokens for \(durationText(Int64(held * 1000))) while requests ran"
                        : "tokens came without a pause of 30 s",
                    evidence: EvidenceDraft(
                        "generation_tokens_per_second", value: held >= 30 ? 0 : tokens?.value(scene.range),
                        baseline: tokens?.value(scene.baseline),
                        unit: "tokens/s",
                        "generated tokens while requests were running"))
            ],
            summary: "The engine of \(scene.replica) held requests and made no tokens"
                + (held > 0 ? " for \(durationText(Int64(held * 1000)))" : ""))
        judgement.supporting = [
            scene.sign(
                hints.isEmpty ? false : true, "the log hints at a hang", evidence: hints.first),
            try scene.gpuIdle(),
            try scene.sign("waiting_requests", "requests waiting") { $0.during > ($0.before ?? 0) + 1 },
            scene.sign(scene.stop != nil, "a restart ended it"),
        ].filter { $0.state != .unseen }
        judgement.recommendations = [
            (
                nil,
                "Before the next restart take stacks of the engine core and its workers (py-spy dump), and look for NCCL and Xid lines of that minute."
            ),
            (
                "VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS",
                "Set VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS so that a step that never ends becomes a crash, which a supervisor repairs."
            ),
        ]
        return judgement
    }
}

extension Scene {
    /// The GPUs did next to nothing while the engine stood still.
    func gpuIdle() throws -> Sign {
        let gpus = situation.gpus(of: replica)
        let changes = try gpus.compactMap { try change(gpu: $0, "gpu_power_watts") }
        guard let most = changes.max(by: { $0.during < $1.during }), let before = most.before, before > 0 else {
            return .unseen("GPU power: capture nvidia-smi, or scrape the DCGM exporter")
        }
        return sign(
            most.during < 0.7 * before, "GPU power fell to \(percent(most.during / before)) of the usual",
            evidence: EvidenceDraft(
                "gpu_power_watts", value: most.during, baseline: before, unit: "W", "power of the busiest GPU"))
    }
}
