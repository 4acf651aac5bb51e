import TidemarkStore

/// How many requests per second the fleet can take within its SLO.
public struct FleetCapacity: Sendable, Equatable {
    /// Sum of the replica groups' estimates.
    public var rps: Double
    /// 80 % interval.
    public var low: Double
    public var high: Double
    /// Replicas that it holds for; nil when not known.
    public var replicas: Int?
    public var source: String

    /// - Parameter given: by the user; else the sum over the period's `capacity_estimate`. nil without either.
    static func read(_ store: Store, period: Int, given: Double?) throws -> FleetCapacity? {
        let replicas = try store.database.int(
            """
            SELECT max((SELECT count(*) FROM instance WHERE period_id = ?1 AND kind = 'engine'),
                (SELECT count(DISTINCT l.value) FROM series_label l JOIN series s USING (series_id)
                    WHERE s.period_id = ?1 AND s.name = 'vllm:num_requests_running' AND l.name = 'instance'))
            """, period)
        let known = replicas.flatMap { $0 > 0 ? $0 : nil }
        if let given { return FleetCapacity(rps: given, low: given, high: given, replicas: known, source: "given") }
        let row = try store.database.prepare(
            """
            SELECT sum(max_rps), sum(low), sum(high), count(*), sum(replicas) FROM capacity_estimate
            WHERE analysis_id IN (SELECT analysis_id FROM analysis WHERE period_id = ?) AND max_rps > 0
            """)
        row.bind(1, period)
        guard try row.step(), row.int(3) > 0 else { return nil }
        return FleetCapacity(
            rps: row.double(0), low: row.double(1), high: row.double(2), replicas: row.int(4), source: "estimated")
    }
}
