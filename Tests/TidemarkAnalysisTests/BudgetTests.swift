import TidemarkBase
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport
import Testing

@testable import TidemarkAnalysis

/// What an incident takes of an error budget, and quantiles as far as they are known, on a server whose requests are
/// counted by hand: four a scrape of 15 s; in minutes 20 to 25 each waits longer than two seconds for its first token.
struct BudgetTests {
    private static let startMs = CivilTime.millis(year: 2026, month: 5, day: 4, hour: 9, minute: 0, second: 0)
    private static let slow = 80..<100

    /// One line a scrape and bucket, as `promtool tsdb dump` writes.
    private func dump(perScrape: Double) -> String {
        let bounds: [(String, Double)] = [
            ("0.1", 0.1), ("0.5", 0.5), ("1.0", 1), ("2.5", 2.5), ("5.0", 5), ("+Inf", .infinity),
        ]
        var (fast, late) = (0.0, 0.0)
        var lines: [String] = []
        for scrape in 0..<200 {
            if Self.slow.contains(scrape) { late += perScrape } else if scrape > 0 { fast += perScrape }
            let time = Self.startMs + Int64(scrape) * 15_000
            func line(_ name: String, _ value: Double, _ label: String = "") {
                lines.append(
                    "{__name__=\"vllm:\(name)\", \(label)instance=\"a:8000\", job=\"vllm\", model_name=\"m\"} \(value) \(time)"
                )
            }
            // Fast ones lie in (0.1, 0.5], late ones in (2.5, 5].
            for (text, bound) in bounds {
                line(
                    "time_to_first_token_seconds_bucket", (bound >= 0.5 ? fast : 0) + (bound >= 5 ? late : 0),
                    "le=\"\(text)\", ")
            }
            line("time_to_first_token_seconds_sum", fast * 0.3 + late * 4)
            line("time_to_first_token_seconds_count", fast + late)
            line("request_success_total", fast + late, "finished_reason=\"stop\", ")
            line("num_requests_running", 2)
            line("num_requests_waiting", Self.slow.contains(scrape) ? 6 : 0)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func store(perScrape: Double, hasObjective: Bool = false, gpuHour: Double? = nil) throws -> (Store, Int) {
        let folder = try TemporaryFolder()
        _ = try folder.write(dump(perScrape: perScrape), to: "e/tsdb-dump.txt")
        _ = try folder.write(
            "{\"replicas\":[{\"name\":\"r0\",\"instance\":\"a:8000\"}],\"gpus_per_replica\":2}", to: "e/capture.json")
        let store = try Store.create(path: ":memory:")
        var options = IngestOptions()
        options.period = "p"
        try Ingestor(store, options: options).ingest([folder.path("e")])
        var configuration = Configuration()
        if hasObjective { configuration.objectives = [("ttft_p95_seconds", 1)] }
        configuration.plan.prices.gpuHour = gpuHour
        try store.configure(configuration)
        let period = try store.periods()[0].id
        try Analysis(store: store, period: period).refresh()
        return (store, period)
    }

    @Test("an incident in which every request is late burns a budget of one in twenty twentyfold")
    func budget() throws {
        let (store, period) = try store(perScrape: 40, hasObjective: true)
        let verdict = try Verdict(store, period: period, name: "p")
        let finding = try #require(verdict.findings.first)
        let budget = try #require(finding.budgets.first)
        #expect(budget.signal == "ttft_p95_seconds" && budget.objectiveSeconds == 1)
        // The objective is a bucket's bound: nothing is interpolated.
        #expect(budget.bad == budget.badLow && budget.bad == budget.badHigh)
        #expect(abs(budget.bad - 20 * 40) <= 2 * 40)
        #expect(abs(budget.burnRate - budget.bad / budget.observations / 0.05) < 1e-9)
        #expect(budget.burnRate > 14 && budget.burnRate <= 20.000001)
        // 800 late ones of the 5 % of what 30 days of 40 requests each 15 s are.
        let month = 30 * 86_400.0 / 15 * 40
        #expect(abs(budget.shareOfMonth - 800 / (0.05 * month)) < 0.1 * 800 / (0.05 * month))
        #expect(Verdict.json([verdict]).contains("\"error_budget\":[{\"signal\":\"ttft_p95_seconds\""))
    }

    @Test("with a price a finding states the GPU time of its replicas in money; without one it states none")
    func money() throws {
        let (store, period) = try store(perScrape: 40, gpuHour: 4)
        let finding = try #require(try Verdict(store, period: period, name: "p").findings.first)
        let hours = Double(finding.endMs - finding.startMs) / 3_600_000
        #expect(abs((finding.cost ?? 0) - 4 * 2 * hours) < 1e-9 && finding.currency != nil)
        #expect(finding.costText?.text.contains("GPU time") == true)
        let (other, same) = try self.store(perScrape: 40)
        #expect(try Verdict(other, period: same, name: "p").findings.first?.cost == nil)
    }

    @Test("without an objective there is no budget")
    func none() throws {
        let (store, period) = try store(perScrape: 40)
        let verdict = try Verdict(store, period: period, name: "p")
        #expect(verdict.findings.allSatisfy { $0.budgets.isEmpty })
        #expect(try store.database.int("SELECT count(*) FROM finding_budget") == 0)
    }

    @Test("a tail of few observations is called too small, and no worst five minutes is taken from a handful")
    func tooFew() throws {
        let (store, _) = try store(perScrape: 1)  // 199 in all
        func row(_ name: String) throws -> (note: String?, worst: Double?) {
            let rows = try store.database.prepare(
                "SELECT note, worst FROM figure WHERE name = '\(name)' AND instance = 'fleet'")
            try #require(try rows.step())
            return (rows.optionalText(0), rows.optionalDouble(1))
        }
        #expect(try row("ttft_p99_seconds").note == Figure.tooFew)
        #expect(try row("ttft_p95_seconds").note == nil)
        // Twenty in five minutes say something of the median, nothing of P95.
        #expect(try row("ttft_p95_seconds").worst == nil)
        #expect(try row("ttft_p50_seconds").worst != nil)
    }

    @Test("a quantile keeps to its bucket: refined inside, PromQL's beside it")
    func refined() throws {
        let (store, _) = try store(perScrape: 40)
        let rows = try store.database.prepare(
            "SELECT value, refined, low, high FROM figure WHERE name = 'ttft_p95_seconds' AND instance = 'fleet'")
        #expect(try rows.step())
        #expect(rows.double(2) == 2.5 && rows.double(3) == 5)
        #expect((2.5...5).contains(rows.double(0)))
        let refined = try #require(rows.optionalDouble(1))
        #expect((2.5...5).contains(refined))
    }
}
