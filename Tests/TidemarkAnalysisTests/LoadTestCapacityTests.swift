import Foundation
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport
import Testing

@testable import TidemarkAnalysis

@Suite("Capacity from load tests")
struct LoadTestCapacityTests {
    /// Estimates from a folder of result files.
    private static func estimates(
        _ folder: String, _ objectives: [(signal: String, seconds: Double)] = []
    ) throws -> [LoadTestCapacity] {
        let place = try TemporaryFolder()
        let store = try Store.create(path: place.path("t.sqlite"))
        try Ingestor(store, options: IngestOptions()).ingest([folder])
        return try LoadTestCapacity.estimates(store, objectives: objectives)
    }

    @Test(
        "a sweep of short runs: the capacity lies where a long one would put it", .enabled(if: sharedFolder != nil))
    func shortSweep() throws {
        let folder = try #require(sharedFolder).path + "/corpora/real/load-sweep-a/bench"
        for objectives in [[("ttft_p95_seconds", 2.0)], [("ttft_p95_seconds", 1.0), ("tpot_p95_seconds", 0.08)], [], [("itl_p95_seconds", 0.13)]] {
            for one in try Self.estimates(folder, objectives) { print(one.name, one.loop, one.maxRPS ?? -1, one.low ?? -1, one.high ?? -1, one.low95 ?? -1, one.high95 ?? -1, one.bindingLimit ?? "-", one.grade, one.sentence, one.remarks, one.knee ?? -1, one.scalability as Any, one.isSaturated, one.saturationInterval as Any) }
        }
        for objectives in [[("ttft_p95_seconds", 0.5)], []] {
            for one in try Self.estimates("/tmp/h/gpufix/kubecon-na-2025", objectives) { print(one.name, one.loop, one.maxRPS ?? -1, one.low ?? -1, one.high ?? -1, one.low95 ?? -1, one.high95 ?? -1, one.bindingLimit ?? "-", one.grade, one.sentence, one.remarks, one.knee ?? -1, one.scalability as Any, one.isSaturated, one.saturationInterval as Any) }
        }
    }
}
