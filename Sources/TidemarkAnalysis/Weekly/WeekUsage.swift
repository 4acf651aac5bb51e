import TidemarkBase
import TidemarkStore

/// Who used what in a week, and how it was asked for (`docs/methods.md`, Business quantities).
struct WeekUsage {
    struct Row {
        /// model, tenant, route, adapter.
        var kind: String
        var name: String
        var requests: Double?
        var promptTokens: Double?
        var generatedTokens: Double?
        var sessions: Int?
        var cost: Double?
    }

    struct Bucket {
        var name: String
        var low: Double
        /// nil: no upper bound.
        var high: Double?
        var count: Double
    }

    var rows: [Row] = []
    var buckets: [Bucket] = []
    var users: [(hash: String, requests: Int, sessions: Int)] = []
    var values: [WeekFacts.Value] = []
    var texts: [(topic: String, scope: String, text: String)] = []

    init() {}

    init(
        _ slice: Store, period: Int, _ limits: ClosedRange<Int64>, facts: WeekFacts, keySource: Store
    ) throws {
        try addModels(slice, period)
    }

    private mutating func addModels(_ slice: Store, _ period: Int) throws {
        let series = try StoreSeries(slice, period: period)
        for model in try series.values(of: "model_name", where: { $0.hasPrefix("vllm:") }) {
            guard let demand = try ModelDemand(series, slice, period: period, model: model) else { continue }
            rows.append(
                Row(
                    kind: "model", name: model, requests: demand.requests, promptTokens: demand.prompt,
                    generatedTokens: demand.generated))
        }
    }
}
