import TidemarkBase

/// The router sends one replica far more than its share.
enum ReplicaImbalance: Cause {
    static let id = "replica_imbalance"
    static let title: Message = "Load was spread unevenly"
    static let level = CauseLevel.demand
    static let help = CauseHelp(
        what:
            "One replica got far more requests than before while the fleet as a whole did not, and only its users suffered.",
        signs:
            "Required: at least two replicas; this one's arrivals up by 25 % more than the fleet's, which grew by less than a quarter (or this one by twice as much); no replica away. Supporting: another replica with less than before; a fleet that got no more; 40 % beyond the fleet's. Counter: SM clocks that fell.",
        why: "A router that hashes too few keys, sticky sessions, a replica that joined late, a broken health check.",
        remedy: "Route by least outstanding requests; look at the router's view of the replicas.",
        sources: "methods: dispersion max/mean over replicas")

    static func isPossible(_ situation: Situation) -> Bool { situation.replicas.count >= 2 }

    static func judge(_ scene: Scene) throws -> Judgement? {
        let replicas = scene.situation.replicas
        guard replicas.count >= 2 else { return nil }
        guard let arrivals = try scene.loadFactor(), let own = arrivals.ratio, let fleet = try scene.fleetLoadFactor()
        else {
            return Judgement(
                required: [.unseen("arrivals of each replica: scrape /metrics or log requests")], summary: "")
        }
        var shares: [(String, Double)] = []
        for other in replicas where other != scene.replica {
            if let track = try scene.situation.track("arrival_rate_requests_per_second", other),
                let ratio = scene.change(track)?.ratio
            {
                shares.append((other, ratio))
            }
        }
        let away = scene.episode.symptoms.contains { $0.kind == .down || $0.kind == .silent }
        let lost = shares.contains { $0.1 < 0.85 }
        var judgement = Judgement(
            required: [
                scene.sign(
                    own >= 1.25 * fleet && own >= 1.2 && (fleet < 1.25 || own >= 2 * fleet) && !away,
                    "its arrivals changed by a factor of \(Scene.round3(own)), the fleet's by \(Scene.round3(fleet))",
                    evidence: EvidenceDraft(
                        "arrival_rate_requests_per_second", value: arrivals.during, baseline: arrivals.before,
                        unit: "requests/s",
                        "requests arriving at \(scene.replica)"))
            ],
            summary:
                "\(scene.replica) got \(Scene.round3(own)) times its usual requests while the fleet got \(Scene.round3(fleet)) times"
        )
        judgement.supporting = [
            scene.sign(lost, "another replica got less than before"),
            scene.sign(fleet < 1.2, "the fleet as a whole got no more"),
            scene.sign(own >= 1.4 * fleet, "by far more than its share"),
        ]
        judgement.counter = [scene.sign((try scene.clocks()?.loss ?? 0) >= 0.1, "SM clocks fell")]
        judgement.recommendations = [
            (
                nil,
                "Let the router choose by least outstanding requests, and look at its sticky sessions, hash keys and health checks."
            )
        ]
        return judgement
    }
}
