import TidemarkBase

/// Far more requests came than before.
enum LoadGrowth: Cause {
    static let id = "load_growth"
    static let title: Message = "Load grew beyond what the replicas hold"
    static let level = CauseLevel.load
    static let help = CauseHelp(
        what: "Requests at least doubled, and the machine was as slow as that load says.",
        signs:
            "Required: arrivals up by a quarter, over the whole fleet by a fifth; inter-token latency up by 15 % or time to first token by half; latency near or beyond its objective, without one a fifth above the usual; steps no more than 30 % beyond what their work explains (twice, where arrivals more than doubled). Supporting: arrivals at 2.2 times the usual (below, the resource that gave way goes first); residual below 1.15; the objective.",
        why: "A launch, a batch job, a retry storm, another region's traffic.",
        remedy: "Add replicas (see capacity), shed or queue at the gateway, find who sends the surplus.",
        sources: "methods: load-adjusted comparison")
    static let telltale: Telltale? = Telltale(
        signal: "arrival_rate_requests_per_second", words: ("arrivals reached at most", " without hurting anyone"),
        capture: "arrivals: log requests, keep access lines or scrape /metrics")

    static func judge(_ scene: Scene) throws -> Judgement? {
        guard let load = try scene.loadFactor(), let ratio = load.ratio else {
            return Judgement(required: [.unseen(telltale!.capture)], summary: "")
        }
        let fleet = try scene.fleetLoadFactor() ?? ratio
        var judgement = Judgement(
            required: [
                scene.sign(
                    ratio >= 1.25 && fleet >= 1.2, "arrivals changed by a factor of \(Scene.round3(ratio))",
                    evidence: EvidenceDraft(
                        "arrival_rate_requests_per_second", value: load.during, baseline: load.before,
                        unit: "requests/s",
                        "requests arriving")),
                try scene.slower(1.15, firstToken: 1.5),
                try LoadRise.hurts(scene),
                // Far beyond the loads that the model has seen it is off by more.
                try LoadRise.explains(scene, most: ratio >= 2.2 ? 2 : 1.3),
            ],
            summary:
                "\(scene.replica) got \(Scene.round3(ratio)) times its usual requests (\(Scene.round3(load.during)) a second)"
        )
        let residual = try scene.residual()
        judgement.supporting = [
            scene.sign(ratio >= 2.2, "they more than doubled"),
            scene.sign(
                residual.map { $0 < 1.15 }, "steps as long as their work says",
                capture: "steps and their tokens: scrape /metrics"),
            try LoadRise.objective(scene),
        ].filter { $0.state != .unseen }
        // Below a doubling it is the resource that gave way that a reader wants named.
        judgement.bias = ratio >= 2.2 ? 0.1 : -0.2
        judgement.recommendations = [
            (
                nil,
                "Add replicas, or shed and queue at the gateway, until the surplus is understood.\(try scene.effectOfAnotherReplica())"
            ),
            (nil, "Find who sends the surplus: clients and routes in the access log, a retry storm, a batch job."),
        ]
        return judgement
    }
}

/// What prefill and decode have in common: the load rose and steps became as long as that says.
enum LoadRise {
    static func judge(_ scene: Scene, prefill: Bool) throws -> Judgement? {
        guard let load = try scene.loadFactor(), let ratio = load.ratio, let step = try scene.change("itl_mean_seconds")
        else {
            return Judgement(required: [.unseen("arrivals and the time of steps: scrape /metrics")], summary: "")
        }
        let rise = try scene.prefillShareOfRise()
        let tokens = try scene.promptShare()
        // The fitted share decides where the fit tells; else the share of the tokens, for a token costs about the same
        // arithmetic whichever it is.
        let share = tokens.map { max(0, min(1, 0.75 * $0 + 0.25 * (rise ?? $0))) } ?? rise
        let isPrefill = (share ?? 0.5) >= 0.6
        let residual = try scene.residual()
        var judgement = Judgement(
            required: [
                scene.sign(
                    ratio >= 1.12, "arrivals changed by a factor of \(Scene.round3(ratio))",
                    evidence: EvidenceDraft(
                        "arrival_rate_requests_per_second", value: load.during, baseline: load.before,
                        unit: "requests/s",
                        "requests arriving")),
                try scene.sign("itl_mean_seconds", "mean inter-token latency") { ($0.ratio ?? 1) >= 1.1 },
                scene.sign(
                    share.map { _ in isPrefill == prefill },
                    "\(percent(share ?? 0)) of the rise is prompt tokens",
                    capture: "prompt and generated tokens: scrape /metrics",
                    evidence: share.map {
                        EvidenceDraft(
                            "prompt_share_of_step", value: $0, unit: "ratio",
                            "share of prompt tokens in the longer steps")
                    }),
                try hurts(scene),
                try explains(scene),
            ],
            summary: prefill
                ? "Prompts made the steps of \(scene.replica) longer: \(Scene.text(step.during, .seconds)), usually \(Scene.text(step.before ?? 0, .seconds))"
                : "More answers at once made the steps of \(scene.replica) longer: \(Scene.text(step.during, .seconds)), usually \(Scene.text(step.before ?? 0, .seconds))"
        )
        judgement.supporting = [
            scene.sign(
                residual.map { $0 > 0.8 && $0 < 1.2 }, "steps as long as their work says",
                capture: "steps and their tokens: scrape /metrics"),
            try objective(scene),
            scene.sign(share.map { abs($0 - 0.6) > 0.15 } ?? false, "clearly so"),
        ]
        judgement.counter = [scene.sign((residual ?? 1) > 1.3, "steps longer than their work")]
        judgement.bias = ratio >= 2.2 ? -0.1 : 0
        judgement.recommendations =
            prefill
            ? [
                (
                    "--max-num-batched-tokens",
                    "Lower --max-num-batched-tokens for steadier inter-token latency, or raise it for prompt throughput; serve prefill on replicas of its own when both are needed."
                ),
                (nil, "Add a replica, or raise the prefix cache's hits.\(try scene.effectOfAnotherReplica())"),
            ]
            : [
                (
                    "--max-num-seqs",
                    "A lower --max-num-seqs keeps the pace of answers and lets the surplus queue; more tensor parallelism or fp8 (weights, --kv-cache-dtype) makes steps shorter."
                ),
                (nil, "Add a replica.\(try scene.effectOfAnotherReplica())"),
            ]
        return judgement
    }

    /// Steps are about as long as their work says: otherwise something else slowed the machine.
    static func explains(_ scene: Scene, most: Double = 1.3) throws -> Sign {
        let residual = try scene.residual()
        return scene.sign(
            residual.map { $0 <= most } ?? true, "steps took \(Scene.round3(residual ?? 1)) times what their work says")
    }

    /// Load alone is no incident until it hurts, and for more than a few minutes: a percentile at 85 % of its objective or beyond, where objectives are known;
    /// else latency a fifth above the usual at least.
    static func hurts(_ scene: Scene) throws -> Sign {
        guard scene.situation.seconds(scene.range) >= min(240, scene.situation.grid.seconds / 8) else {
            return Sign(state: .absent, text: "it passed in less than four minutes")
        }
        guard try scene.exceedsHabit("arrival_rate_requests_per_second") else {
            return Sign(state: .absent, text: "arrivals were those of other hours")
        }
        let near = try objective(scene)
        if near.state != .unseen {
            return near.state == .present
                ? near : Sign(state: .absent, text: "latency stayed within its objectives", evidence: near.evidence)
        }
        let itl = try scene.change("itl_mean_seconds")?.ratio ?? 1
        let ttft = try scene.change("ttft_mean_seconds")?.ratio ?? 1
        return scene.sign(itl >= 1.2 || ttft >= 1.5, "latency rose by less than a fifth")
    }

    /// How near the latencies came to their objectives (`slo` of capture.json), when they are not always there.
    static func objective(_ scene: Scene) throws -> Sign {
        var nearest: (share: Double, signal: String, value: Double, limit: Double)?
        for (signal, limit) in scene.situation.objectives where limit > 0 {
            guard let value = try scene.quantile(signal, [scene.range]) else { continue }
            if let usual = try scene.quantile(signal, scene.baseline), value < 1.1 * usual { continue }
            if value / limit > nearest?.share ?? 0 { nearest = (value / limit, signal, value, limit) }
        }
        guard !scene.situation.objectives.isEmpty else { return .unseen("latency objectives: slo in capture.json") }
        return scene.sign(
            (nearest?.share ?? 0) >= 0.85, "latency near or beyond its objective",
            evidence: nearest.map {
                EvidenceDraft(
                    $0.signal, value: $0.value, baseline: $0.limit, unit: "seconds",
                    "percentile over the episode, against its objective")
            })
    }
}
