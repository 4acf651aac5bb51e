import TidemarkStatistics
import TidemarkStore

/// Replicas for the forecast peak: R = ⌈upper peak · imbalance / (capacity of one · (1 − headroom))⌉ + spares.
public struct ReplicaPlan: Sendable, Equatable {
    public var needed: Int
    public var present: Int
    /// Upper end (90 %) of the forecast week's busiest hour, requests per second.
    public var peak: Double
    public var perReplica: Double
    public var headroom: Double
    public var spares: Int
    /// Busiest over mean replica; 1 where replicas aren't told apart.
    public var imbalance: Double
    /// Whether the fleet as it is takes the peak with one replica less.
    public var survivesLoss: Bool

    /// nil when the number of replicas isn't known.
    init?(_ forecast: HourlyForecast, _ capacity: FleetCapacity, _ plan: Configuration.Plan, imbalance: Double?) {
        guard let present = capacity.replicas, present > 0, capacity.rps > 0, let peak = forecast.high.max() else {
            return nil
        }
        self.present = present
        self.peak = peak
        perReplica = capacity.rps / Double(present)
        headroom = plan.headroom
        spares = plan.spareReplicas
        // A replica that was there for a part of the week only makes no imbalance of several times.
        self.imbalance = min(2, max(1, imbalance ?? 1))
        let demand = peak * self.imbalance
        let wanted = (demand / (perReplica * (1 - headroom))).rounded(.up)
        guard wanted.isFinite, wanted < 1e6 else { return nil }
        needed = Int(wanted) + spares
        survivesLoss = present > 1 && demand <= perReplica * Double(present - 1)
    }
}
