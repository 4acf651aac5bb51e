import TidemarkStatistics
import TidemarkStore

/// What tokens cost an engine: seconds of a replica for a computed prompt token and for a generated one, at the load that was usual.
///
/// Steps take T = a + b · prompt tokens + k · running requests (``StepCost``); a prompt token costs b, a generated one its share of
/// the rest, (T − b · prompt tokens) / running requests.
struct TokenCost: Equatable {
    var prompt: Double
    var generated: Double

    /// From the signals of the period's analysis, all replicas together; nil when they don't tell both costs apart.
    init?(_ store: Store, period: Int) throws {
        let rows = try store.database.prepare(
            """
            SELECT t.value, r.value, coalesce(c.value, p.value * (1 - coalesce(h.value, 0))) / s.value
            FROM analysis JOIN signal t USING (analysis_id)
            JOIN signal r USING (analysis_id, instance, time_ms) JOIN signal s USING (analysis_id, instance, time_ms)
            JOIN signal p USING (analysis_id, instance, time_ms)
            LEFT JOIN signal c ON c.analysis_id = t.analysis_id AND c.instance = t.instance AND c.time_ms = t.time_ms
                AND c.name = 'computed_prompt_tokens_per_second'
            LEFT JOIN signal h ON h.analysis_id = t.analysis_id AND h.instance = t.instance AND h.time_ms = t.time_ms
                AND h.name = 'prefix_cache_hit_ratio'
            WHERE period_id = ? AND t.instance <> 'fleet' AND t.name = 'itl_mean_seconds' AND r.name = 'running_requests'
                AND s.name = 'engine_steps_per_second' AND p.name = 'prompt_tokens_per_second' AND s.value > 0
                AND t.value > 0 AND r.value > 0
            """)
        rows.bind(1, period)
        var data: [StepCost.Work] = []
        while try rows.step() {
            data.append(.init(step: rows.double(0), promptTokens: rows.double(2), requests: rows.double(1)))
        }
        // A cost that the data cannot tell from zero is not known.
        guard let cost = StepCost(data), cost.perPromptToken > 0 else { return nil }
        let rest = data.reduce(0) { $0 + max(0, $1.step - cost.perPromptToken * $1.promptTokens) }
        let requests = data.reduce(0) { $0 + $1.requests }
        guard rest > 0, requests > 0 else { return nil }
        prompt = cost.perPromptToken
        generated = rest / requests
    }
}
