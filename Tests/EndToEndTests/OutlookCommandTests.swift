import Foundation
import TidemarkTestSupport
import Testing

/// `run` over two periods: capacity, demand and comparison in the page, beside it as CSV, and in report.json.
@Suite struct OutlookCommandTests {
    /// A replica whose steps take `slowness` (20 ms + 40 µs a prompt token + 0.2 ms a sequence), scraped every 15 seconds for
    /// forty minutes of load that swings threefold; by Little's law. As `promtool tsdb dump` prints it.
    private func dump(slowness: Double, startMs: Int) -> String {
        var lines: [String] = []
        var counters: [String: Double] = [:]
        let (prompt, answer) = (600.0, 150.0)
        for scrape in 0..<160 {
            let time = startMs + scrape * 15_000
            let rate = 2 + Foundation.sin(Double(scrape) / 12)
            let step = slowness * 0.02 / (1 - slowness * rate * (40e-6 * prompt + 0.2e-3 * answer))
            let finished = rate * 15
            func line(_ name: String, _ value: Double, _ labels: String = "") {
                lines.append(
                    "{__name__=\"\(name)\", \(labels)instance=\"a:8000\", job=\"vllm\", model_name=\"m\"} \(value) \(time)"
                )
            }
            func count(_ name: String, _ more: Double, _ labels: String = "") {
                counters[name + labels, default: 0] += scrape == 0 ? 0 : more
                line(name, counters[name + labels]!, labels)
            }
            func histogram(_ name: String, _ mean: Double, _ number: Double, _ bounds: [Double]) {
                count(name + "_sum", mean * number)
                count(name + "_count", number)
                for bound in bounds {
                    let share = 1 / (1 + exp(-6 * log(bound / mean)))
                    count(name + "_bucket", number * share, "le=\"\(bound)\", ")
                }
                count(name + "_bucket", number, "le=\"+Inf\", ")
            }
            line("up", 1)
            line("vllm:num_requests_running", (rate * answer * step).rounded())
            line("vllm:num_requests_waiting", 0)
            line("vllm:kv_cache_usage_perc", rate * answer * step * 675 / 400_000)
            count("vllm:request_success_total", finished, "finished_reason=\"stop\", ")
            count("vllm:prompt_tokens_total", finished * prompt)
            count("vllm:generation_tokens_total", finished * answer)
            histogram("vllm:time_to_first_token_seconds", step + 0.03, finished, [0.02, 0.04, 0.06, 0.1, 0.25, 1])
            histogram("vllm:inter_token_latency_seconds", step, finished * answer, [0.01, 0.025, 0.05, 0.1, 0.2])
            histogram("vllm:request_prompt_tokens", prompt, finished, [200, 500, 1000, 2000])
            histogram("vllm:request_generation_tokens", answer, finished, [50, 100, 200, 500])
            count("vllm:iteration_tokens_total_count", 15 / step)
            count("vllm:iteration_tokens_total_sum", finished * (prompt + answer))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test("load tests alone have an answer without a page: text, report.json, status 0; again the same")
    func loadTestsAlone() throws {
        let folder = try TemporaryFolder()
        let out = folder.path("report")
        let test = fixture("load-test/guidellm_0.7.json").path
        let first = try runTidemark(["run", test, "--out", out])
        #expect(first.status == 0, "\(first.errors)")
        #expect(
            first.output.hasPrefix("load test guidellm_0.7.json (guidellm)") && first.output.contains("report.json"))
        let json = try String(contentsOfFile: out + "/report.json", encoding: .utf8)
        #expect(json.contains(#""tool":"guidellm""#))
        #expect(try runTidemark(["run", test, "--out", out]).output == first.output)
        #expect(try String(contentsOfFile: out + "/report.json", encoding: .utf8) == json)
        #expect(!FileManager.default.fileExists(atPath: out + "/index.html"))
    }

    @Test("two periods, the second a tenth slower: the answers are in the page, the CSV files and report.json")
    func run() throws {
        let folder = try TemporaryFolder()
        let start = 1_777_885_200_000
        for (name, slowness, ms) in [("before", 1.0, start), ("now", 1.1, start + 86_400_000)] {
            try FileManager.default.createDirectory(atPath: folder.path("e/" + name), withIntermediateDirectories: true)
            _ = try folder.write(dump(slowness: slowness, startMs: ms), to: "e/\(name)/tsdb-dump.txt")
            _ = try folder.write(
                "{\"replicas\":[{\"name\":\"r0\",\"instance\":\"a:8000\"}],\"slo\":{\"ttft_p95_s\":2,\"itl_p95_s\":0.1}}",
                to: "e/\(name)/capture.json")
        }
        let out = folder.path("report")
        let made = try runTidemark(["run", folder.path("e"), "--out", out, "--quiet"])
        #expect(made.status == 0, Comment(rawValue: made.errors))
        let json = try Data(contentsOf: URL(fileURLWithPath: out + "/report.json"))
        let report = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        #expect(report["findings"] is [Any] && report["forecast"] is [String: Any])
        let comparison = try #require(report["comparison"] as? [String: Any])
        #expect(comparison["verdict"] as? String == "slower")
        let capacity = try #require((report["capacity"] as? [[String: Any]])?.first)
        let rate = try #require(capacity["max_rps"] as? Double)
        // Slots (256) would allow more; at 1 / (600 · 40 µs + 150 · 0.2 ms) / 1.1 no step ends.
        #expect(rate > 3 && rate < 17)
        #expect(["itl", "ttft_prefill"].contains(capacity["binding_limit"] as? String ?? ""))

        let page = try String(contentsOfFile: out + "/now/index.html", encoding: .utf8)
        #expect(page.contains(">now against before</h2>") && page.contains(">Capacity</h2>"))
        for file in ["capacity.csv", "capacity_0.csv", "comparison_1_0.csv", "comparison_1_signals.csv"] {
            #expect(page.contains("csv/" + file), Comment(rawValue: file))
            #expect(FileManager.default.fileExists(atPath: out + "/now/csv/" + file), Comment(rawValue: file))
        }
        // Nothing is new: the same bytes.
        #expect(try runTidemark(["run", folder.path("e"), "--out", out, "--quiet"]).status == 0)
        #expect(try String(contentsOfFile: out + "/now/index.html", encoding: .utf8) == page)
        #expect(try Data(contentsOf: URL(fileURLWithPath: out + "/report.json")) == json)
        // And from the database alone.
        #expect(
            try runTidemark(["report", "--db", out + "/tidemark.sqlite", "--out", folder.path("again"), "--quiet"])
                .status == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("again") + "/report.json")) == json)
    }
}
