import TidemarkBase

/// Grammars of structured output hold up the engine's steps.
enum StructuredOutput: Cause {
    static let id = "structured_output"
    static let title: Message = "Structured output slowed every step"
    static let level = CauseLevel.fault
    static let help = CauseHelp(
        what:
            "Requests with a JSON schema, grammar or regex came, and compiling their grammars and masking every token on the CPU slowed the steps of all.",
        signs:
            "Required: requests with structured output became more (request log), or requests deferred for their grammar while GPUs were less busy (without a request log: while steps were slower than their work); and latency up by 15 %. Supporting: the request log; deferred requests; GPUs less busy; the API server's CPU as usual. Counter: the host's CPU was taken by others; SM clocks fell.",
        why:
            "A schema that compiles slowly, one schema a request so that no cache helps, a backend that masks on one core.",
        remedy:
            "Reuse schemas, try another --structured-outputs-config backend, send such traffic to replicas of its own.",
        sources: "vLLM docs/features/structured_outputs.md")

    static func judge(_ scene: Scene) throws -> Judgement? {
        let share = try scene.change("structured_output_ratio")
        let deferred = try scene.change("deferred_requests")
        guard share != nil || deferred != nil else {
            return Judgement(
                required: [
                    .unseen("which requests ask for structured output: log requests (--enable-log-requests)"),
                    try scene.slowerAtEqualWork(),
                ], summary: "")
        }
        let more = share.map { $0.during >= 0.05 && $0.during >= 2 * ($0.before ?? 0) } ?? false
        let held = deferred.map { $0.during >= 0.2 && $0.during >= 4 * ($0.before ?? 0) } ?? false
        let idle = try scene.gpuLessBusy()
        let slow = try scene.latencyRose(1.15)
        let residual = try scene.residual()
        let process = try scene.change("process_cpu_cores")
        let pressure = try scene.change("host_cpu_pressure_ratio")
        let burns = process.map { $0.during >= 0.1 + ($0.before ?? 0) && $0.during >= 3 * ($0.before ?? 0) } ?? false
        let hungry = pressure.map { $0.during >= 0.15 && $0.during >= 3 * ($0.before ?? 0) } ?? false
        var judgement = Judgement(
            required: [
                scene.sign(
                    more || (held && idle.isPresent)
                        || (held && share == nil && scene.measuresSteps && (residual ?? 0) >= 1.1),
                    share.map {
                        "requests with structured output were \(percent($0.during))"
                            + ($0.before.map { ", usually \(percent($0))" } ?? "")
                    }
                        ?? "no request was held back for a grammar",
                    evidence: share.map {
                        EvidenceDraft(
                            "structured_output_ratio", value: $0.during, baseline: $0.before, unit: "ratio",
                            "share of requests with structured output")
                    }),
                slow,
            ],
            summary: more
                ? "\(percent(share?.during ?? 0)) of the requests at \(scene.replica) asked for structured output, and every step took longer"
                : "Requests at \(scene.replica) were held for their grammars, and every step took longer")
        judgement.supporting = [
            scene.sign(more, "structured output became more"),
            scene.sign(
                deferred == nil ? nil : held, "requests held back",
                capture: "deferred requests: vLLM 0.20.2 or newer exports them",
                evidence: deferred.map {
                    EvidenceDraft(
                        "deferred_requests", value: $0.during, baseline: $0.before, unit: "requests",
                        "requests whose admission is deferred")
                }),
            idle.state == .unseen
                ? scene.sign(residual.map { $0 > 1.1 } ?? false, "steps longer than their work") : idle,
            scene.sign(!burns && process != nil, "the API server's CPU as usual"),
        ]
        judgement.counter = [
            scene.sign(burns || hungry, "the host's CPU was taken"),
            scene.sign((try scene.clocks()?.loss ?? 0) >= 0.1, "SM clocks fell"),
        ]
        judgement.recommendations = [
            (
                "--structured-outputs-config.backend",
                "Try another grammar backend (--structured-outputs-config.backend; --guided-decoding-backend before 0.11)."
            ),
            (
                nil,
                "Reuse schemas across requests so that compiled grammars are found again, or send such traffic to replicas of its own."
            ),
        ]
        return judgement
    }
}
