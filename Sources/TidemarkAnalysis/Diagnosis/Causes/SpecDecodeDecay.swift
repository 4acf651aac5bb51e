import TidemarkBase

/// The draft model's tokens are accepted less often, so that each token needs more steps.
enum SpecDecodeDecay: Cause {
    static let id = "spec_decode_decay"
    static let title: Message = "Speculative decoding lost its acceptance"
    static let level = CauseLevel.fault
    static let help = CauseHelp(
        what: "Fewer draft tokens were accepted, so that a token took more steps; the steps themselves did not change.",
        signs:
            "Required: draft tokens accepted fell by 10 points and by a quarter. Supporting: time per output token up by 10 %; acceptance halved; arrivals as usual.",
        why:
            "Another kind of text (language, code, long reasoning) than the draft model knows, a draft that does not belong to the model, a changed sampling temperature.",
        remedy:
            "Turn speculation off for that traffic or lower num_speculative_tokens; train the draft on current traffic.",
        sources: "vLLM docs/features/spec_decode; v1/spec_decode/metrics.py")
    static let telltale: Telltale? = Telltale(
        signal: "spec_decode_acceptance_ratio", words: ("draft tokens were accepted at", " or more"),
        capture: "draft tokens accepted: only servers with speculative decoding export them")

    static func isPossible(_ situation: Situation) -> Bool {
        !situation.table.instances(of: "spec_decode_acceptance_ratio").isEmpty
            || situation.runs.contains {
                $0.facts["arg.speculative_config"].map { $0 != "None" && $0 != "null" } ?? false
            }
    }

    static func judge(_ scene: Scene) throws -> Judgement? {
        guard let accepted = try scene.change("spec_decode_acceptance_ratio"), let before = accepted.before else {
            return Judgement(required: [.unseen(telltale!.capture)], summary: "")
        }
        var judgement = Judgement(
            required: [
                try scene.sign("spec_decode_acceptance_ratio", "draft tokens accepted") {
                    $0.during <= before - 0.1 && $0.during <= 0.75 * before
                }
            ],
            summary:
                "At \(scene.replica) \(percent(accepted.during)) of the draft tokens were accepted, usually \(percent(before))"
        )
        judgement.supporting = [
            try scene.sign("tpot_mean_seconds", "mean time per output token") { ($0.ratio ?? 1) >= 1.1 },
            scene.sign(accepted.during <= 0.5 * before, "acceptance fell by more than half"),
            scene.sign((try scene.loadFactor()?.ratio ?? 1) < 1.5, "arrivals as usual"),
        ].filter { $0.state != .unseen }
        judgement.recommendations = [
            (
                "--speculative-config",
                "Lower num_speculative_tokens in --speculative-config, or turn it off, while acceptance is below \(percent(0.3)): drafts cost time and give little."
            ),
            (nil, "Find out which traffic changed: language, code or sampling temperature; retrain the draft on it."),
        ]
        return judgement
    }
}
