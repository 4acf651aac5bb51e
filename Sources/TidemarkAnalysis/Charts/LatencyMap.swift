/// Observations of a latency by time and bucket in all replicas: from the exact increases of its histogram's buckets, without a
/// histogram from the traced requests.
struct LatencyMap {
    /// `ttft_seconds`, `itl_seconds`.
    let name: String
    /// Upper bounds of the buckets, ascending; the last is +Inf.
    let bounds: [Double]
    /// Stretches of time with observations, each with a count a bucket.
    private(set) var columns: [(startMs: Int64, endMs: Int64, counts: [Double])] = []
    /// Inside and outside of the findings.
    private(set) var incident: [Double]
    private(set) var rest: [Double]

    /// Columns that a chart has room for.
    static let mostColumns = 120

    static func all(_ situation: Situation, _ diagnosis: Diagnosis) throws -> [LatencyMap] {
        let findings = diagnosis.findings.map { situation.grid.range($0.startMs, $0.endMs) }
        return try [
            ("ttft_seconds", ["vllm:time_to_first_token_seconds"], SpanMeasure.timeToFirstToken),
            (
                "itl_seconds", ["vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"],
                SpanMeasure.interToken
            ),
        ].compactMap { name, metrics, measure in
            for metric in metrics {
                let tables = try situation.replicas.map { try situation.histogram(metric, $0) }.filter(\.isUsable)
                if let map = LatencyMap(name, tables, situation.grid, findings) { return map }
            }
            let traced = try situation.builder.evaluator.spans.histogram(measure)
            return LatencyMap(name, [traced].compactMap { $0 }, situation.grid, findings)
        }
    }

    /// nil without observations, or where replicas count in different buckets: their counts can't be added.
    init?(_ name: String, _ tables: [HistogramTable], _ grid: TimeGrid, _ findings: [Range<Int>]) {
        guard let bounds = tables.first?.bounds, tables.allSatisfy({ $0.bounds == bounds }) else { return nil }
        self.name = name
        self.bounds = bounds
        incident = [Double](repeating: 0, count: bounds.count)
        rest = incident
        func counts(_ low: Int, _ high: Int) -> [Double] {
            var sum = [Double](repeating: 0, count: bounds.count)
            for table in tables {
                for (index, bucket) in table.buckets(low, high).enumerated() { sum[index] += bucket.count }
            }
            return sum
        }
        let width = max(1, (grid.count + Self.mostColumns - 1) / Self.mostColumns)
        for low in stride(from: 0, to: grid.count, by: width) {
            let high = min(low + width, grid.count)
            let column = counts(low, high)
            guard column.contains(where: { $0 > 0 }) else { continue }
            columns.append((grid.startMs + Int64(low) * grid.stepMs, grid.startMs + Int64(high) * grid.stepMs, column))
        }
        guard !columns.isEmpty else { return nil }
        // Findings overlap: each step counts once.
        var isIncident = [Bool](repeating: false, count: grid.count)
        for range in findings { for step in range { isIncident[step] = true } }
        var from = 0
        while from < grid.count {
            var to = from + 1
            while to < grid.count, isIncident[to] == isIncident[from] { to += 1 }
            for (index, count) in counts(from, to).enumerated() {
                if isIncident[from] { incident[index] += count } else { rest[index] += count }
            }
            from = to
        }
    }

    /// Above this the bucket's observations lie; zero for the first.
    func lowerBound(_ index: Int) -> Double { index == 0 ? min(0, bounds[0]) : bounds[index - 1] }
}
