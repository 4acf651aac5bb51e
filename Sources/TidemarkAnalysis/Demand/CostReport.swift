import TidemarkBase
import TidemarkStore

/// What the fleet costs, by the prices of the configuration. Amounts are in its currency.
public struct CostReport: Sendable, Equatable {
    public var currency: String
    public var gpus: Int
    /// Of the present fleet, an hour.
    public var perHour: Double
    /// Of the fleet that the forecast peak needs, a month of 730 hours; nil when that isn't known.
    public var neededPerMonth: Double?
    /// All costs of the observed hours over all requests in them; nil without requests.
    public var perRequest: Double?
    /// Per million; all costs are the tokens', split by what they cost the engines (cached prompt tokens cost nothing). nil where tokens weren't counted.
    public var perMillionPromptTokens: Double?
    public var perMillionGeneratedTokens: Double?
    /// All costs over the generated tokens alone.
    public var perMillionOutput: Double?
    /// Share of the capacity that wasn't used, and its cost in an hour; nil without a capacity.
    public var idleShare: Double?
    public var idlePerHour: Double?

    /// nil without a price, or when nothing tells the number of GPUs; a note says which.
    init?(
        _ use: FleetUse, _ plan: Configuration.Plan, capacity: FleetCapacity?, energy: EnergyReport?,
        replicas: ReplicaPlan?, notes: inout [Message]
    ) {
        let prices = plan.prices
        guard prices.isSet else {
            notes.append("no prices are given: `prices:` with `gpu_hour:` in tidemark.yaml adds what it costs")
            return nil
        }
        guard use.gpuCount > 0 else {
            notes.append(
                "how many GPUs there are is not known (no GPU capture, no start-up log): costs are left open; gpus_per_replica in capture.json says it"
            )
            return nil
        }
        var sum = 0.0
        for gpu in use.gpus {
            guard let price = prices.price(gpu.name) else {
                notes.append(
                    gpu.name.isEmpty
                        ? "no price is given for the GPUs, whose name is not known"
                        : "no price is given for \(gpu.name)")
                return nil
            }
            sum += price * Double(gpu.count)
        }
        if prices.kilowattHour != nil, energy?.pricePerHour == nil {
            notes.append("electricity is not in the costs: the power of all GPUs was not measured")
        }
        currency = prices.currency
        gpus = use.gpuCount
        perHour = sum + (energy?.pricePerHour ?? 0)
        neededPerMonth = replicas.map { perHour / Double($0.present) * Double($0.needed) * 730 }
        let total = perHour * Double(use.hours)
        if use.requests > 0 { perRequest = total / use.requests }
        if let generated = use.generationTokens, generated > 0 {
            perMillionOutput = total / generated * 1e6
            if let cost = use.tokenCost, let computed = use.computedTokens, let prompt = use.promptTokens, prompt > 0 {
                let all = cost.prompt * computed + cost.generated * generated
                perMillionPromptTokens = total * cost.prompt * computed / all / prompt * 1e6
                perMillionGeneratedTokens = total * cost.generated / all * 1e6
            }
        }
        if let capacity, use.hours > 0 {
            idleShare = max(0, 1 - use.requests / (Double(use.hours) * 3600) / capacity.rps)
            idlePerHour = idleShare.map { $0 * perHour }
        }
    }
}
