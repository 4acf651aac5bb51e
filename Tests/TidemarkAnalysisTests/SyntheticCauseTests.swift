import Glibc
import Testing
import TidemarkBase
import TidemarkStatistics
import TidemarkTestSupport

@testable import TidemarkAnalysis

/// Causes on fleets that obey the fluid law, with machines unlike each other: a step of 6, 20 and 60 ms.
@Suite struct SyntheticCauseTests {
    typealias State = SyntheticFleet.State
    /// Fixed cost of a step, per prompt token, per running request; arrivals that load the machine about half.
    static let machines: [(fixed: Double, prompt: Double, request: Double, arrivals: Double)] = [
        (0.006, 15e-6, 0.05e-3, 20), (0.02, 40e-6, 0.2e-3, 6), (0.06, 180e-6, 0.9e-3, 1.3),
    ]

    private func fleet(_ machine: Int, replicas: Int = 1) -> SyntheticFleet {
        let m = Self.machines[machine]
        var fleet = SyntheticFleet(replicas: replicas)
        fleet.cost = (m.fixed, m.prompt, m.request)
        return fleet
    }

    /// The verdict when from the 90th to the 140th scrape something differs.
    private func verdict(_ machine: Int, replicas: Int = 1, log: String? = nil, _ change: (inout State, Int) -> Void)
        throws -> Verdict
    {
        var fleet = fleet(machine, replicas: replicas)
        fleet.log = log
        return try fleet.verdict { replica, scrape in
            var state = State()
            state.arrivals = Self.machines[machine].arrivals
            if (90..<140).contains(scrape) { change(&state, replica) }
            return state
        }
    }

    @Test("nothing wrong: silence, also when a third more requests come for a while", arguments: 0..<3)
    func healthy(machine: Int) throws {
        #expect(try verdict(machine) { _, _ in }.findings.isEmpty)
        #expect(try verdict(machine) { state, _ in state.arrivals *= 1.1 }.findings.isEmpty)
        // Clocks that fall by a twentieth are of no consequence.
        #expect(
            try verdict(machine) { state, _ in
                state.clocks = [0.95, 0.95, 0.95, 0.95]
                state.slowness = 1.03
            }.findings.isEmpty)
    }

    @Test("the same work takes longer and the clocks fell: throttled, all or one of them", arguments: 0..<3)
    func clocks(machine: Int) throws {
        let all = try verdict(machine) { state, _ in
            state.clocks = [0.7, 0.71, 0.7, 0.69]
            state.slowness = 1.4
        }
        #expect(all.findings.first?.cause == "gpu_throttling")
        #expect(all.findings.first?.shares.first { $0.factor == "machine" }.map { $0.share > 0.6 } ?? true)
        let one = try verdict(machine) { state, _ in
            state.clocks = [1, 1, 0.6, 1]
            state.slowness = 1.5
        }
        #expect(one.findings.first?.cause == "gpu_straggler")
        #expect(one.findings.first?.evidence.contains { $0.text.contains("GPU 2") } == true)
    }

    @Test("all GPUs draw less at the same utilisation and clocks: they wait for each other", arguments: 0..<3)
    func interconnect(machine: Int) throws {
        let verdict = try verdict(machine) { state, _ in
            state.power = 0.7
            state.slowness = 1.5
        }
        #expect(verdict.findings.first?.cause == "interconnect")
    }

    @Test("the same work takes longer and nothing says why: no certainty, and what would have shown it")
    func unexplained() throws {
        var fleet = fleet(1)
        fleet.gpus = 0
        let verdict = try fleet.verdict { _, scrape in
            var state = State()
            state.arrivals = 6
            if (90..<140).contains(scrape) { state.slowness = 1.6 }
            return state
        }
        let first = try #require(verdict.findings.first)
        #expect(first.cause == "unknown")
        #expect(first.confidence <= 0.5)
        #expect(verdict.findings.dropFirst().contains { $0.cause == "gpu_throttling" && !$0.missing.isEmpty })
    }

    @Test("after a restart with another version the same work takes longer to the end", arguments: 0..<3)
    func regression(machine: Int) throws {
        func start(_ minute: Int, _ version: String) -> String {
            let clock = CivilTime.clock(Int64(9 * 3600 + minute * 60) * 1000)
            return "INFO 05-04 \(clock) [api_server.py:1] vLLM API server version \(version)\n"
                + "INFO 05-04 \(clock) [utils.py:1] non-default args: {'model': 'm', 'max_num_seqs': 256}\n"
                + "INFO:     Started server process [\(minute + 7)]\nINFO:     Application startup complete.\n"
        }
        func stats(_ minutes: Range<Int>) -> String {
            minutes.map { minute in
                let clock = CivilTime.clock(Int64(9 * 3600 + minute * 60) * 1000)
                return "INFO 05-04 \(clock) [loggers.py:1] Engine 000: Avg prompt throughput: 100.0 tokens/s, "
                    + "Avg generation throughput: 200.0 tokens/s, Running: 4 reqs, Waiting: 0 reqs, "
                    + "GPU KV cache usage: 5.0%, Prefix cache hit rate: 30.0%\n"
            }.joined()
        }
        var fleet = fleet(machine)
        fleet.log =
            start(0, "0.10.0") + stats(1..<24) + "INFO:     Shutting down\n" + start(25, "0.11.0") + stats(26..<50)
        let verdict = try fleet.verdict { _, scrape in
            var state = State()
            state.arrivals = Self.machines[machine].arrivals
            if scrape >= 100 { state.slowness = 1.15 }
            return state
        }
        #expect(verdict.findings.map(\.cause).prefix(2).contains("software_regression"))
    }

    @Test("more requests, longer requests, fewer cache hits: told apart", arguments: 0..<3)
    func work(machine: Int) throws {
        let mix = try verdict(machine) { state, _ in state.prompt *= 2 }
        #expect(mix.findings.first?.cause == "mix_shift")
        let cache = try verdict(machine) { state, _ in state.hits = 0.02 }
        #expect(cache.findings.isEmpty || cache.findings[0].cause == "prefix_cache_loss")
        let load = try fleet(machine).verdict { _, scrape in
            var state = State()
            state.arrivals = Self.machines[machine].arrivals * ((90..<140).contains(scrape) ? 1 : 0.4)
            return state
        }
        #expect(load.findings.first?.cause == "load_growth")
    }

    @Test("days and nights are no incidents; an hour on one day that is unlike that of the others is")
    func days() throws {
        var fleet = fleet(1)
        (fleet.gpus, fleet.scrapes, fleet.intervalMs) = (0, 3 * 288, 300_000)
        func state(_ scrape: Int) -> State {
            var state = State()
            // From 9:00 on, the fleet's first sample: 2 to 8 requests a second over the day.
            state.arrivals = 5 - 3 * cos(2 * Double.pi * Double(scrape % 288) / 288)
            return state
        }
        #expect(try fleet.verdict { _, scrape in state(scrape) }.findings.isEmpty)
        let slow = try fleet.verdict { _, scrape in
            var state = state(scrape)
            if (400..<412).contains(scrape) { state.slowness = 1.6 }
            return state
        }
        let first = try #require(slow.findings.first)
        #expect(first.cause == "unknown")
        #expect(abs(first.startMs - SyntheticFleet.startMs - 400 * 300_000) <= 900_000)
        #expect(abs(first.endMs - SyntheticFleet.startMs - 412 * 300_000) <= 1_500_000)
    }

    @Test(
        "eight days of scrapes a minute, more points than a Prometheus answers: an hour of them is found all the same")
    func longPeriods() throws {
        var fleet = fleet(1)
        (fleet.gpus, fleet.scrapes, fleet.intervalMs) = (0, 8 * 1440, 60_000)
        let verdict = try fleet.verdict { _, scrape in
            var state = State()
            if (7000..<7060).contains(scrape) { state.slowness = 1.6 }
            return state
        }
        let first = try #require(verdict.findings.first)
        #expect(abs(first.startMs - SyntheticFleet.startMs - 7000 * 60_000) <= 300_000)
        #expect(abs(first.endMs - SyntheticFleet.startMs - 7060 * 60_000) <= 600_000)
    }

    @Test("seasons are no changes of level, and hide none", arguments: [1.0, 1.25])
    func levelsBehindSeasons(factor: Double) throws {
        var random = SeededRandom(seed: 3)
        let times = (0..<384).map { Int64($0) * 3_600_000 }
        let values = times.indices.map { hour in
            (10 - 4 * cos(2 * Double.pi * Double(hour % 24) / 24)) * (hour >= 270 ? factor : 1)
                * (1 + 0.04 * (random.uniform() - 0.5))
        }
        let points = ChangePoints.find(SignalChanges.withoutSeason(values, times))?.points ?? []
        if factor == 1 {
            #expect(points.isEmpty)
        } else {
            #expect(points.count == 1 && abs((points.first?.index ?? 0) - 270) <= 2)
            #expect(abs((points.first?.relativeChange ?? 0) - 0.25) < 0.03)
        }
        // Three days have no season yet.
        #expect(SignalChanges.withoutSeason(Array(values[..<72]), Array(times[..<72])) == Array(values[..<72]))
    }

    @Test("one replica gets more and the other less: imbalance, on the one that suffers", arguments: 0..<3)
    func imbalance(machine: Int) throws {
        let verdict = try verdict(machine, replicas: 2) { state, replica in state.arrivals *= replica == 0 ? 1.55 : 0.45
        }
        #expect(verdict.findings.first?.cause == "replica_imbalance")
        #expect(verdict.findings.first?.instances == ["10.0.0.1:8000"])
    }
}
