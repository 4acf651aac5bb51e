import Foundation
import Testing
import TidemarkTestSupport

/// `tidemark forecast` as a user types it.
@Suite struct ForecastCommandTests {
    /// Four weeks of hourly range-query answers of two replicas: by day 40 and by night 20 requests a second, 1 % more each day.
    private func evidence(_ folder: TemporaryFolder, weeks: Int = 4, capture: Bool = true) throws -> String {
        let start = 1_773_014_400  // 2026-03-09T00:00:00Z, a Monday
        func answer(_ metric: String, _ scale: Double) -> String {
            let series = (0..<2).map { replica in
                var total = 0.0
                let points = (0...(weeks * 168)).map { hour in
                    let point = "[\(start + hour * 3600),\"\(Int(total))\"]"
                    let growth = pow(1.01, Double(hour) / 24)
                    total += scale * growth * (15 + 5 * sin(Double(hour % 24 - 6) * .pi / 12)) * 3600
                    return point
                }
                return
                    "{\"metric\":{\"__name__\":\"\(metric)\",\"instance\":\"10.0.0.\(replica + 1):8000\",\"job\":\"vllm\",\"model_name\":\"m\"},\"values\":[\(points.joined(separator: ","))]}"
            }
            return
                "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[\(series.joined(separator: ","))]}}"
        }
        try folder.write(answer("vllm:request_success_total", 1), to: "in/prometheus/success.json")
        try folder.write(answer("vllm:generation_tokens_total", 200), to: "in/prometheus/generation.json")
        if capture {
            try folder.write(
                """
                {"replicas":[{"name":"a","instance":"10.0.0.1:8000"},{"name":"b","instance":"10.0.0.2:8000"}],"gpus_per_replica":4}
                """, to: "in/capture.json")
        }
        return folder.path("in")
    }

    private func object(_ text: String) throws -> [String: Any] {
        let root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return try #require(root?["forecast"] as? [String: Any])
    }

    @Test("the shape, the numbers, exhaustion, replicas and money; kept in the database")
    func command() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("t.sqlite")
        #expect(try runTidemark(["ingest", try evidence(folder), "--db", path, "--quiet"]).status == 0)
        let config = try folder.write(
            "prices:\n  currency: EUR\n  gpu_hour: 2\nheadroom: 0.25\nspare_replicas: 2\n", to: "tidemark.yaml")
        let plain = try object(try runTidemark(["forecast", "--db", path, "--format", "json"]).output)
        #expect(plain["exhausted_at"] is NSNull && plain["capacity"] is NSNull && plain["cost"] is NSNull)
        #expect((plain["notes"] as? [String])?.contains { $0.contains("capacity") } == true)
        let run = try runTidemark(
            ["forecast", "--db", path, "--format", "json", "--capacity", "60", "--config", config])
        #expect(run.status == 0)
        let forecast = try object(run.output)
        #expect(forecast["step_s"] as? Int == 3600 && forecast["start"] as? String == "2026-04-06T00:00:00Z")
        let rates = try #require(forecast["rps"] as? [Double])
        let (low, high) = (try #require(forecast["low"] as? [Double]), try #require(forecast["high"] as? [Double]))
        #expect(rates.count == 168 && low.count == 168 && high.count == 168)
        for hour in 0..<168 {
            let growth = pow(1.01, Double(672 + hour) / 24)
            let expected = 2 * growth * (15 + 5 * sin(Double(hour % 24 - 6) * .pi / 12))
            #expect(abs(rates[hour] / expected - 1) < 0.02, "hour \(hour): \(rates[hour]) for \(expected)")
            #expect(low[hour] <= rates[hour] && rates[hour] <= high[hour])
        }
        // 40 · 1.01^d at noon reaches 60 after 40.75 days: on the 13th day behind the four weeks.
        let at = try #require(forecast["exhausted_at"] as? String)
        #expect(["2026-04-17", "2026-04-18", "2026-04-19"].contains(String(at.prefix(10))), "\(at)")
        let replicas = try #require(forecast["replicas"] as? [String: Any])
        // A peak of about 56 over 30 · 0.75, and two to spare.
        #expect(replicas["needed"] as? Int == 5 && replicas["present"] as? Int == 2)
        let cost = try #require(forecast["cost"] as? [String: Any])
        #expect(cost["gpus"] as? Int == 8 && cost["per_hour"] as? Double == 16 && cost["currency"] as? String == "EUR")
        let perRequest = try #require(cost["per_request"] as? Double)
        let mean = (0..<672).reduce(0.0) { $0 + 30 * pow(1.01, Double($1) / 24) } / 672
        #expect(abs(perRequest / (16 / (mean * 3600)) - 1) < 0.01)
        let million = try #require(cost["per_million_output_tokens"] as? Double)
        #expect(abs(million / (perRequest / 200 * 1e6) - 1) < 1e-3)

        let rows = try runTidemark(
            [
                "sql",
                "SELECT (SELECT count(*) FROM forecast), (SELECT count(*) FROM demand_hour), (SELECT replicas_needed FROM forecast_summary)",
                "--db", path, "--format", "csv",
            ])
        #expect(rows.output.contains("168,672,5"), "\(rows.output)")
        let text = try runTidemark(["forecast", "--db", path, "--capacity", "60"])
        for words in ["Next week", "Runs out", "Replicas      5", "EUR a request", "MASE"] {
            #expect(text.output.contains(words), "\(words) in \(text.output)")
        }
        let csv = try runTidemark(["forecast", "--db", path, "--format", "csv"])
        #expect(csv.output.hasPrefix("time,kind,rps,low,high\r\n2026-03-09T00:00:00Z,observed,"))
        #expect(csv.output.split(separator: "\r\n").count == 1 + 672 + 168)
        // A verdict asked for meanwhile leaves the forecast where it is.
        #expect(try runTidemark(["diagnose", "--db", path]).status == 0)
        let kept = try runTidemark(["sql", "--db", path, "SELECT count(*) FROM forecast", "--format", "csv"])
        #expect(kept.output.contains("168"))
    }

    @Test("local days, another capacity, and what is refused")
    func options() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("t.sqlite")
        #expect(try runTidemark(["ingest", try evidence(folder, capture: false), "--db", path, "--quiet"]).status == 0)
        let far = try object(
            try runTidemark(
                ["forecast", "--db", path, "--format", "json", "--capacity", "100000", "--timezone", "+05:30"]
            ).output)
        #expect(far["exhausted_at"] is NSNull && far["zone"] as? String == "+05:30")
        #expect((far["rps"] as? [Double])?.count == 168)
        let full = try object(
            try runTidemark(["forecast", "--db", path, "--format", "json", "--capacity", "10"]).output)
        #expect(full["exhausted_at"] as? String == "2026-04-06T00:00:00Z")
        #expect(try runTidemark(["forecast", "--db", path, "--capacity", "-1"]).status == 64)
        #expect(try runTidemark(["forecast", "--db", path, "--timezone", "Mars/Base"]).status == 64)
        #expect(try runTidemark(["forecast", "--db", path, "--period", "none"]).status == 64)
        #expect(try runTidemark(["forecast", "--db", folder.path("none.sqlite")]).status == 66)
        let wrong = try folder.write("prices:\n  gpu_hours: 2\nheadrom: 1\n", to: "wrong.yaml")
        let refused = try runTidemark(["forecast", "--db", path, "--config", wrong])
        #expect(refused.status == 64 && refused.errors.contains("wrong.yaml:2") && refused.errors.contains("gpu_hour?"))
        #expect(refused.errors.contains("wrong.yaml:3") && refused.errors.contains("headroom?"))
        let help = try runTidemark(["forecast", "--help"])
        #expect(help.status == 0 && help.output.contains("Example:"))
    }

    @Test("minutes of evidence say that they are too few")
    func short() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("t.sqlite")
        #expect(try runTidemark(["ingest", fixture("incident").path, "--db", path, "--quiet"]).status == 0)
        let forecast = try object(try runTidemark(["forecast", "--db", path, "--format", "json"]).output)
        #expect((forecast["rps"] as? [Double])?.isEmpty == true && forecast["exhausted_at"] is NSNull)
        #expect((forecast["notes"] as? [String])?.contains { $0.contains("too few") } == true)
        #expect(try runTidemark(["forecast", "--db", path]).output.contains("No forecast."))
    }
}
