import Foundation
import Testing
import TidemarkBase
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport

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

    private static func level(_ offered: Double, _ loop: LoadLevel.Loop = .open, achieved: Double) -> LoadLevel {
        LoadLevel(
            source: "s", line: 1, offered: offered, loop: loop, durationSeconds: 600, achievedRPS: achieved,
            succeeded: Int(achieved * 600), failed: 0, latencySeconds: [:])
    }

    /// A server that serves ten requests a second: below it the wait is 0.1 s ρ / (1 − ρ), above it the queue grows for as
    /// long as requests arrive.
    private static func open(_ loads: [Double]) -> LoadCurve {
        let levels = loads.map { load -> LoadLevel in
            let isOutrun = load >= 10
            let arrivals = 600.0
            let wait = isOutrun ? (load / 10 - 1) * arrivals / 2 : 0.1 * load / 10 / (1 - load / 10)
            let drain = isOutrun ? 2 * wait : 0
            var level = level(load, achieved: load * arrivals / (arrivals + drain + 2))
            level.durationSeconds = arrivals + drain + 2
            level.succeeded = Int(load * arrivals)
            level.sendSeconds = arrivals
            let first = 0.05 + wait
            level.latencySeconds = [
                "ttft_mean": first, "ttft_p50": first, "ttft_p90": first * 1.4, "ttft_p95": first * 1.6,
                "ttft_p99": first * 2, "e2e_mean": first + 2, "tpot_mean": 0.02 + 0.002 * min(load, 10),
                "tpot_p50": 0.02 + 0.002 * min(load, 10), "tpot_p90": 0.021 + 0.002 * min(load, 10),
                "tpot_p95": 0.021 + 0.002 * min(load, 10), "tpot_p99": 0.022 + 0.002 * min(load, 10),
            ]
            return level
        }
        return LoadCurve(
            name: "c", tool: "t", model: nil, configuration: "{}", loop: .open, levels: levels)
    }

    @Test("a queue: between a load that met its objective and one that outran the server, by the queue's own curve")
    func queue() throws {
        let one = LoadTestCapacity(Self.open([2, 4, 6, 8, 9, 12, 15]), [("ttft_p95_seconds", 1)])
        #expect(one.isSaturated == [false, false, false, false, false, true, true])
        // 1.6 (0.05 + 0.1 ρ / (1 − ρ)) = 1 at ρ = 5.75 / 6.75.
        let truth = 10 * 5.75 / 6.75
        let most = try #require(one.maxRPS)
        #expect(abs(most / truth - 1) < 0.03, "\(most)")
        let (low, high) = (try #require(one.low), try #require(one.high))
        #expect(low <= truth && truth <= high)
        #expect(one.bindingLimit == "ttft_p95" && one.lastMet == 8 && one.firstMissed == 9 && one.grade == "A")
        #expect(abs(try #require(one.saturationRPS) / 10 - 1) < 0.02)
        // Beyond the last steady load only the queue's curve knows.
        let far = LoadTestCapacity(Self.open([2, 4, 6, 8, 12, 15]), [("ttft_p95_seconds", 2)])
        let farTruth = 10 * 12.0 / 13
        #expect(far.lastMet == 8 && far.firstMissed == 12)
        #expect(abs(try #require(far.maxRPS) / farTruth - 1) < 0.04, "\(far.sentence)")
        #expect(far.sentence.text.contains("8 requests/s met") && far.sentence.text.contains("outran the server"))
    }

    @Test("time between tokens does not grow with the queue: what an outrun server shows is the worst")
    func tokens() throws {
        let curve = Self.open([2, 4, 6, 8, 9, 12])
        // p95 is 41 ms at saturation.
        let never = LoadTestCapacity(curve, [("tpot_p95_seconds", 0.06)])
        #expect(never.bindingLimit == "throughput")
        #expect(abs(try #require(never.maxRPS) / 10 - 1) < 0.02)
        let early = LoadTestCapacity(curve, [("tpot_p95_seconds", 0.031)])
        #expect(early.bindingLimit == "tpot_p95")
        #expect(abs(try #require(early.maxRPS) / 5 - 1) < 0.1)
    }

    @Test("without a load that was too much the answer is a lower bound; with nothing else, none at all")
    func bounds() throws {
        let low = LoadTestCapacity(Self.open([1, 2, 4]), [("ttft_p95_seconds", 1)])
        #expect(low.isLowerBound && low.maxRPS == 4 && low.grade == "C")
        #expect(low.sentence.text.hasPrefix("at least 4 requests/s"))
        let none = LoadTestCapacity(Self.open([8, 9]), [("ttft_p95_seconds", 0.05)])
        #expect(none.maxRPS == nil && none.high == 8 && none.sentence.text.contains("already missed"))
    }

    @Test("an objective that was not measured is named; a quantile that was not printed has the next higher one")
    func missing() throws {
        var curve = Self.open([2, 4, 6, 8, 9, 12])
        for index in curve.levels.indices { curve.levels[index].latencySeconds["ttft_p95"] = nil }
        let one = LoadTestCapacity(curve, [("ttft_p95_seconds", 1), ("itl_p95_seconds", 0.1)])
        #expect(one.remarks.contains { $0.text.contains("ttft_p99 stands for it") })
        #expect(one.remarks.contains { $0.text.contains("itl_p95 was not measured") })
        #expect(try #require(one.maxRPS) < 8.5)
    }

    @Test("requests that fail are no service, however fast the others were")
    func failures() throws {
        var curve = Self.open([2, 4, 6, 8])
        curve.levels[3].failed = 400
        let one = LoadTestCapacity(curve, [("ttft_p95_seconds", 5)])
        #expect(one.lastMet == 6 && one.firstMissed == 8 && one.bindingLimit == "throughput")
        #expect(one.sentence.text.contains("% failed"))
        #expect((6.0...8).contains(try #require(one.maxRPS)))
    }

    /// N clients at a server whose throughput is 20 N / (N + 10).
    private static func closed(_ clients: [Double], fall: Double = 0) -> LoadCurve {
        let levels = clients.map { n -> LoadLevel in
            let rate = 20 * n / (n + 10 + fall * n * n)
            var level = level(n, .closed, achieved: rate)
            level.latencySeconds = [
                "e2e_mean": n / rate, "e2e_p50": n / rate, "e2e_p90": n / rate * 1.2, "e2e_p95": n / rate * 1.3,
                "e2e_p99": n / rate * 1.5, "ttft_mean": 0.1,
            ]
            return level
        }
        return LoadCurve(name: "c", tool: "t", model: nil, configuration: "{}", loop: .closed, levels: levels)
    }

    @Test(
        "a closed loop: the objective limits the clients, and those their throughput; the law is the one that made it")
    func closedLoop() throws {
        let one = LoadTestCapacity(Self.closed([1, 2, 4, 8, 16, 32, 64]), [("e2e_p95_seconds", 2)])
        // 1.3 (N + 10) / 20 = 2 at N = 20.77, where X = 13.5.
        #expect(abs(try #require(one.maxRPS) / 13.5 - 1) < 0.05, "\(one.sentence)")
        #expect(one.bindingLimit == "e2e_p95" && one.lastMet == 16 && one.firstMissed == 32)
        #expect(one.remarks.contains { $0.text.hasPrefix("closed loop") })
        let law = try #require(one.scalability)
        // 20 N / (N + 10) is γ = 20 / 11 and σ = 1 / 11.
        #expect(abs(law.gamma - 20.0 / 11) < 1e-3 && abs(law.sigma - 1.0 / 11) < 1e-3 && law.kappa == 0)
        let fallen = LoadTestCapacity(Self.closed([1, 2, 4, 8, 16, 32, 64], fall: 0.01), [])
        #expect(try #require(fallen.scalability).kappa > 0)
        #expect(fallen.isSaturated.last == true)
    }

    @Test("Little's law: what doesn't fit it is said")
    func little() {
        var curve = Self.closed([1, 2, 4, 8, 16])
        #expect(LoadTestCapacity(curve, []).remarks.allSatisfy { !$0.text.contains("Little") })
        curve.levels[4].latencySeconds["e2e_mean"] = 0.5
        #expect(
            LoadTestCapacity(curve, []).remarks.contains {
                $0.text.contains("Little's law") && $0.text.contains("not 16")
            })
    }

    @Test("the knee is the place farthest above the diagonal")
    func knee() {
        #expect(KneePoint.find([0, 1, 2, 3, 4], [0, 4, 8, 8.5, 9]) == 2)
        #expect(KneePoint.find([0, 1, 2, 3], [0, 1, 2, 3]) == nil)
        #expect(KneePoint.find([0, 1, 2], [0, 2, 2]) == nil)
    }

    @Test("points that stand alone in their folders are one curve; a run and its summary count once")
    func grouping() throws {
        let folder = try TemporaryFolder()
        func result(_ rate: Double, _ model: String = "m") -> String {
            """
            {"date": "20260101-000000", "model_id": "\(model)", "tokenizer_id": "t", "num_prompts": 100, \
            "request_rate": \(rate), "max_concurrency": null, "duration": \(100 / rate + 1), "completed": 100, \
            "request_throughput": \(100 / (100 / rate + 1)), "mean_ttft_ms": \(100 + rate), "mean_e2el_ms": 1000}
            """
        }
        for rate in [1.0, 2, 4] {
            try folder.write(result(rate), to: "sweep/rate-\(Int(rate))/run=0.json")
            try folder.write("[\(result(rate))]", to: "sweep/rate-\(Int(rate))/summary.json")
        }
        try folder.write(result(8, "other"), to: "sweep/rate-8/run=0.json")
        let found = try Self.estimates(folder.url.path)
        #expect(found.map { $0.levels.compactMap(\.offered) } == [[1, 2, 4], [8]])
        #expect(found.map(\.model) == ["m", "other"])
    }

    // MARK: Measured data

    @Test(
        "a sweep of short runs: the capacity is that of a long one (7.0 to 7.6)",
        .enabled(if: sharedFolder != nil, "\(sharedFolderHint)"))
    func shortSweep() throws {
        let folder = try #require(sharedFolder).path + "/corpora/real/load-sweep-a/bench"
        let found = try Self.estimates(folder, [("ttft_p95_seconds", 2)])
        #expect(found.count == 1)
        let one = try #require(found.first)
        #expect((6.8...7.7).contains(try #require(one.maxRPS)), "\(one.sentence)")
        let (low, high) = (try #require(one.low), try #require(one.high))
        #expect(low < 7.3 && high > 7.3)
        #expect(one.lastMet == 6 && one.firstMissed == 8 && one.bindingLimit == "ttft_p95")
        #expect(one.isSaturated == [false, false, false, false, false, false, false, true])
    }

    @Test(
        "the same without the times of single requests, or without the load that was too much: wider, but there",
        .enabled(if: sharedFolder != nil, "\(sharedFolderHint)"))
    func poorerSweeps() throws {
        let bench = try #require(sharedFolder).path + "/corpora/real/load-sweep-a/bench"
        let names = try FileManager.default.contentsOfDirectory(atPath: bench).sorted()
        func copy(without keys: [String], _ isKept: (String) -> Bool) throws -> LoadTestCapacity {
            let folder = try TemporaryFolder()
            for name in names where isKept(name) {
                var bytes = try InputStream(path: bench + "/" + name).readAll(limit: 64 << 20)
                if !keys.isEmpty {
                    var object = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
                    for key in keys { object[key] = nil }
                    bytes = [UInt8](try JSONSerialization.data(withJSONObject: object, options: .sortedKeys))
                }
                try Data(bytes).write(to: folder.url.appendingPathComponent(name.replacing(".gz", with: "")))
            }
            return try #require(try Self.estimates(folder.url.path, [("ttft_p95_seconds", 2)]).first)
        }
        let blind = try copy(without: ["start_times", "latencies"]) { _ in true }
        let low = try copy(without: []) { !$0.contains("qps8") }
        for one in [blind, low] {
            #expect((6.3...8.1).contains(try #require(one.maxRPS)), "\(one.sentence)")
            let (bottom, top) = (try #require(one.low95), try #require(one.high95))
            #expect(bottom < 7.3 && top > 7.0, "\(one.sentence)")
            #expect(one.lastMet == 6)
        }
        #expect(low.firstMissed == nil && !low.isLowerBound)
    }

    @Test(
        "inference-perf's published stages: three configurations apart, each at the throughput where it levels off",
        .enabled(if: sharedFolder != nil, "\(sharedFolderHint)"))
    func publishedStages() throws {
        let folder = try TemporaryFolder()
        let archive = try #require(sharedFolder).path + "/datasets/inference-perf_kubecon2025_vllm_load_stages.tar.gz"
        let tar = URL(fileURLWithPath: "/bin/tar")
        #expect(try runProgram(tar, ["xzf", archive, "-C", folder.url.path]).status == 0)
        let found = try Self.estimates(folder.url.path)
        #expect(found.count == 3 && found.allSatisfy { $0.loop == .open && $0.levels.count == 7 })
        for (name, range) in [("vllm/", 100.5...103.5), ("batch_size", 112.5...115.5), ("v0_engine", 74.5...76.5)] {
            let one = try #require(found.first { $0.name.contains(name) })
            #expect(range.contains(try #require(one.maxRPS)), "\(one.name): \(one.sentence)")
            #expect(one.remarks.contains { $0.text.contains("could not send") })
        }
    }
}
