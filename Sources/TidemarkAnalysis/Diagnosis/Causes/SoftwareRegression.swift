import TidemarkBase

/// From a restart with another version or other arguments on, the same work takes longer.
enum SoftwareRegression: Cause {
    static let id = "software_regression"
    static let title: Message = "A change of version or arguments made steps slower"
    static let level = CauseLevel.fault
    static let help = CauseHelp(
        what: "After a restart with another version or other arguments the same work took longer, and stayed so.",
        signs:
            "Required: a restart at the episode's beginning whose version, model or arguments differ from before; steps at least 5 % longer than the cost model of before says, to the end of the evidence. Supporting: SM clocks as usual; 10 % or more.",
        why: "Another attention backend, lost CUDA graphs (--enforce-eager), a changed default, a slower kernel.",
        remedy:
            "Compare the start-up lines (attention backend, graphs, quantisation); go back, and report it with both versions.",
        sources: "methods: load-adjusted comparison")

    static func judge(_ scene: Scene) throws -> Judgement? {
        let situation = scene.situation
        let span = situation.span(scene.range)
        let runs = situation.runs.filter { $0.replica == scene.replica }
        guard
            let place = runs.indices.dropFirst().first(where: { index in
                (runs[index].startMs).map { $0 >= span.startMs - 300_000 && $0 <= span.startMs + 300_000 } ?? false
            })
        else {
            return Judgement(
                required: [scene.sign(false, "no restart with another version or other arguments")], summary: "")
        }
        let changes = EngineRun.differences(runs[place - 1], runs[place])
        let lasts = scene.range.upperBound >= situation.grid.count - situation.steps(120)
        let residual = try scene.residual()
        var judgement = Judgement(
            required: [
                scene.sign(!changes.isEmpty, "the restart changed nothing that was printed"),
                scene.sign(
                    residual.map { $0 >= 1.05 }, "steps as long as before at equal work",
                    capture: "steps and their tokens: scrape /metrics",
                    evidence: residual.map {
                        EvidenceDraft(
                            "step_time_residual", value: $0, baseline: 1, unit: "ratio",
                            "step time over that of the cost model of before")
                    }),
                scene.sign(lasts, "it did not last"),
            ],
            summary:
                "Since its restart (\(Message.list(Array(changes.prefix(3))))) the steps of \(scene.replica) take \(percent((residual ?? 1) - 1)) longer at equal work"
        )
        judgement.supporting = [
            scene.sign(
                (try scene.clocks()?.loss).map { $0 < 0.04 }, "SM clocks as usual",
                capture: "SM clocks: capture nvidia-smi"),
            scene.sign((residual ?? 1) >= 1.1, "by a tenth or more"),
        ]
        judgement.recommendations = [
            (
                nil,
                "Compare the start-up lines of both runs (attention backend, CUDA graphs, quantisation), go back to the former, and report it with both versions."
            )
        ]
        return judgement
    }
}

extension EngineRun {
    /// Version, model and arguments that differ, `name: before → after`.
    static func differences(_ a: EngineRun, _ b: EngineRun) -> [Message] {
        var changes: [Message] = []
        if let x = a.version, let y = b.version, x != y { changes.append("version \(x) → \(y)") }
        if let x = a.model, let y = b.model, x != y { changes.append("model \(x) → \(y)") }
        let names = Set(a.facts.keys).union(b.facts.keys).filter { $0.hasPrefix("arg.") }.sorted()
        for name in names where a.facts[name] != b.facts[name] {
            // A piece of a log may lack what the other printed.
            guard let y = b.facts[name] else { continue }
            changes.append("\(name.dropFirst(4)): \(a.facts[name] ?? "–") → \(y)")
        }
        return changes
    }
}
