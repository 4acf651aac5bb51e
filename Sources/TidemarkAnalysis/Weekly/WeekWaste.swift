import TidemarkBase
import TidemarkSeries
import TidemarkStore

/// GPU time that gave users nothing.
struct WeekWaste {
    /// idle, preempted, aborted, cache_miss.
    var kind: String
    var gpuHours: Double?
    /// Preemptions, aborts, prompt tokens that no cache held; nil where nothing counts them.
    var events: Double?
    /// What the GPU time can't be said without.
    var missing: Message?

    static func all(_ slice: Store, period: Int, use: FleetUse, facts: WeekFacts) throws -> [WeekWaste] {
        var found: [WeekWaste] = []
        let gpuHours = facts.value("gpu_hours")
        var idle = WeekWaste(kind: "idle")
        if let gpuHours, let share = facts.value("idle_ratio") {
            idle.gpuHours = gpuHours * share
        } else {
            idle.missing = gpuHours == nil ? "the number of GPUs is not known" : "no capacity is known"
        }
        found.append(idle)
        let series = try StoreSeries(slice, period: period)
        func total(_ name: String, _ more: [LabelMatcher] = []) throws -> Double? {
            let table = try HourlyCounters(
                series, slice, period: period, matchers: [LabelMatcher(Labels.metricName, equals: name)] + more)
            let rates = table.rates.compactMap { $0 }
            return rates.isEmpty ? nil : rates.reduce(0) { $0 + $1 * 3600 }
        }
        // GPUs of a replica, for seconds of a replica.
        let replicas = try Fleet(slice, period: period, series: series).replicas.count
        let gpusPerReplica = use.gpuCount > 0 && replicas > 0 ? Double(use.gpuCount) / Double(replicas) : nil
        let why: Message =
            gpusPerReplica == nil ? "the number of GPUs is not known" : "what a token costs the engines is not known"
        func hours(_ replicaSeconds: Double?) -> Double? {
            guard let replicaSeconds, let gpusPerReplica else { return nil }
            return replicaSeconds * gpusPerReplica / 3600
        }
        func perRequest(_ tokens: Double?) -> Double? { use.requests > 0 ? tokens.map { $0 / use.requests } : nil }
        let (prompt, generated) = (perRequest(use.promptTokens), perRequest(use.generationTokens))

        var preempted = WeekWaste(kind: "preempted", events: try total("vllm:num_preemptions_total"))
        if let events = preempted.events {
            // Recomputed: the prompt, and on the mean half of the answer.
            let seconds = use.tokenCost.flatMap { cost in
                prompt.flatMap { p in generated.map { events * cost.prompt * (p + $0 / 2) } }
            }
            preempted.gpuHours = events == 0 ? gpusPerReplica.map { _ in 0 } : hours(seconds)
            if preempted.gpuHours == nil { preempted.missing = why }
        } else {
            preempted.missing = "preemptions are not counted: scrape /metrics"
        }
        found.append(preempted)

        var aborted = WeekWaste(kind: "aborted")
        aborted.events =
            try total("vllm:request_success_total", [LabelMatcher("finished_reason", equals: "abort")])
            ?? slice.database.int(
                "SELECT count(*) FROM request JOIN source USING (source_id) WHERE aborted_ms IS NOT NULL HAVING count(*) > 0"
            )
            .map(Double.init)
        if let events = aborted.events {
            let seconds = use.tokenCost.flatMap { cost in
                prompt.flatMap { p in generated.map { events * (cost.prompt * p + cost.generated * $0) } }
            }
            aborted.gpuHours = events == 0 ? gpusPerReplica.map { _ in 0 } : hours(seconds)
            if aborted.gpuHours == nil { aborted.missing = why }
        } else {
            aborted.missing = "aborts are not counted: scrape /metrics"
        }
        found.append(aborted)

        var missed = WeekWaste(kind: "cache_miss")
        let queries = try total("vllm:prefix_cache_queries_total")
        if let queries, let hits = try total("vllm:prefix_cache_hits_total") {
            missed.events = max(0, queries - hits)
            missed.gpuHours = hours(use.tokenCost.map { $0.prompt * max(0, queries - hits) })
            if missed.gpuHours == nil { missed.missing = why }
        } else {
            missed.missing = "hits of the prefix cache are not counted, or it is off"
        }
        found.append(missed)
        return found
    }
}
