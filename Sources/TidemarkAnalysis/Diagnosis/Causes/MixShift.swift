import TidemarkBase

/// Requests became another kind: longer prompts or answers at about the same rate.
enum MixShift: Cause {
    static let id = "mix_shift"
    static let title: Message = "The mix of requests changed"
    static let level = CauseLevel.limit
    static let help = CauseHelp(
        what: "As many requests came as before, but each cost more: longer prompts or longer answers.",
        signs:
            "Required: mean prompt or answer length up by 30 % or more, and by more than chance at that number of requests, with arrivals within a third of the usual and no server away; latency that rose. Supporting: arrivals within a quarter of the usual; lengths up by half.",
        why: "A new client or feature, another prompt template, documents attached, reasoning turned on.",
        remedy: "Find the client, bound max_tokens, route long requests to replicas of their own.",
        sources: "methods: population stability of length histograms")

    static func judge(_ scene: Scene) throws -> Judgement? {
        let prompt = try scene.change("prompt_length_mean_tokens")
        let answer = try scene.change("generation_length_mean_tokens")
        guard prompt != nil || answer != nil else {
            return Judgement(
                required: [.unseen("lengths of prompts and answers: scrape /metrics, or trace requests")], summary: "")
        }
        let load = try scene.loadFactor()?.ratio ?? 1
        let away = scene.episode.symptoms.contains { $0.kind == .down || $0.kind == .silent }
        let enough = (prompt?.weight ?? answer?.weight ?? 0) >= 20
        let grown = max(prompt?.ratio ?? 1, answer?.ratio ?? 1)
        // With few requests a mean length says little: twice their spread at least (lengths vary about as much as their mean).
        let chance = 1 + 2.5 / max(1, prompt?.weight ?? answer?.weight ?? 1).squareRoot()
        let first = (prompt?.ratio ?? 1) >= (answer?.ratio ?? 1)
        let change = first ? prompt! : answer!
        let what: Message = first ? "prompts" : "answers"
        var judgement = Judgement(
            required: [
                scene.sign(
                    grown >= max(1.3, chance) && enough && !away && load < 1.5 && load > 0.67,
                    "prompts \(Scene.round3(prompt?.ratio ?? 1)) and answers \(Scene.round3(answer?.ratio ?? 1)) times as long as usual, arrivals \(Scene.round3(load)) times",
                    evidence: EvidenceDraft(
                        first ? "prompt_length_mean_tokens" : "generation_length_mean_tokens", value: change.during,
                        baseline: change.before, unit: "tokens", first ? "mean prompt length" : "mean answer length")),
                scene.sign(
                    try scene.exceedsHabit(first ? "prompt_length_mean_tokens" : "generation_length_mean_tokens"),
                    "requests were as long as those of other hours"),
                try scene.slower(1.07),
            ],
            summary:
                "Requests at \(scene.replica) became longer: \(what) of \(Scene.round3(change.during)) tokens, usually \(Scene.round3(change.before ?? 0)), at about the same rate"
        )
        judgement.supporting = [
            scene.sign(load < 1.25, "arrivals as usual"),
            scene.sign(grown >= 1.5, "by half or more"),
        ]
        // Where a full cache makes users queue it is that which a reader wants named, and the mix as what brought it.
        if try scene.share("kv_cache_usage_ratio", { $0 >= 0.9 }) ?? 0 >= 0.3 { judgement.bias = -0.2 }
        judgement.recommendations = [
            (
                nil,
                "Find out which client or feature sends the longer requests; bound max_tokens, or route them to replicas of their own."
            )
        ]
        return judgement
    }
}
