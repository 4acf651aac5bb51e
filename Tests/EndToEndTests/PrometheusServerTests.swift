import Foundation
import Testing
import TidemarkTestSupport

private let server = URL(fileURLWithPath: "/usr/bin/prometheus")

/// A real Prometheus on loopback over blocks that `export tsdb` wrote, asked the same as `query`.
@Suite(
    .enabled(
        if: FileManager.default.isExecutableFile(atPath: server.path),
        "needs Debian's package prometheus (scripts/peers.sh installs it)"))
struct PrometheusServerTests {
    private static let queries = [
        "up", "sum by (job) (up)", "rate(vllm:e2e_request_latency_seconds_count[30s])",
        "histogram_quantile(0.9, sum by (le, instance) (rate(vllm:e2e_request_latency_seconds_bucket[30s])))",
        "avg_over_time(vllm:kv_cache_usage_perc[20s])", "max_over_time(sum(vllm:num_requests_running)[30s:5s])",
        "topk(2, vllm:num_requests_running)", "absent(nothing)", "demo_odd",
        "label_replace(up, \"x\", \"$1\", \"job\", \"(.).*\")",
        "vllm:num_requests_running / on (instance) group_left (job) vllm:kv_cache_usage_perc",
        "count_values(\"v\", up)", "quantile(0.3, vllm:kv_cache_usage_perc)", "changes(up[1m])",
        "resets(vllm:e2e_request_latency_seconds_count[1m])",
        "deriv(vllm:kv_cache_usage_perc[30s])", "predict_linear(vllm:kv_cache_usage_perc[30s], 60)",
        "stddev(vllm:num_requests_running)",
        "irate(vllm:e2e_request_latency_seconds_sum[30s])", "up offset 20s", "sum(up @ 1795453500)",
        "sort_desc(vllm:num_requests_running)",
        "demo_native_hist", "histogram_quantile(0.5, demo_native_hist)", "up + on () up", "sum(up",
    ]

    /// A folder of blocks that were read into a database and written again.
    private func exported(_ evidence: String, in folder: TemporaryFolder) throws -> (data: String, db: String) {
        let (data, db) = (folder.path("data"), folder.path("t.sqlite"))
        #expect(try runTidemark(["ingest", evidence, "--db", db, "--quiet"]).status == 0)
        let result = try runTidemark(["export", "tsdb", "--db", db, "--out", data])
        #expect(result.status == 0, "\(result.errors)")
        return (data, db)
    }

    @Test("the server opens our blocks and gives the answers that `query` gives")
    func answers() async throws {
        let folder = try TemporaryFolder()
        let raw = sharedFolder?.appendingPathComponent("specimens/prometheus/raw-data-dir-ooo").path
        let (data, db) = try exported(raw ?? fixture("prometheus-tsdb").path, in: folder)
        let port = Int.random(in: 20_000..<30_000)
        let process = Process()
        process.executableURL = server
        process.arguments = [
            "--config.file=/dev/null", "--storage.tsdb.path=\(data)", "--storage.tsdb.retention.time=100y",
            "--web.listen-address=127.0.0.1:\(port)", "--enable-feature=native-histograms",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        func ask(_ path: String) throws -> String? {
            let result = try runProgram(
                URL(fileURLWithPath: "/usr/bin/env"), ["curl", "-s", "http://127.0.0.1:\(port)\(path)"])
            return result.status == 0 && !result.output.isEmpty ? result.output : nil
        }
        var isReady = false
        for _ in 0..<150 where !isReady {
            isReady = try ask("/-/ready")?.contains("Ready") == true
            if !isReady { try await Task.sleep(for: .milliseconds(200)) }
        }
        try #require(isReady, "prometheus did not start")
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-_.")
        for query in Self.queries {
            let encoded = query.addingPercentEncoding(withAllowedCharacters: allowed)!
            for (path, times) in [
                ("/api/v1/query?time=1795453520&query=", ["--time", "1795453520"]),
                (
                    "/api/v1/query_range?start=1795453460&end=1795453550&step=10&query=",
                    ["--start", "1795453460", "--end", "1795453550", "--step", "10"]
                ),
            ] {
                let theirs = try #require(try ask(path + encoded), "no answer to \(query)")
                let mine = try runTidemark(
                    ["query", query, "--db", db, "--promql-compat", "2", "--format", "json", "--quiet"] + times)
                #expect(
                    Answer(theirs).agrees(Answer(mine.output)),
                    "\(query): \(mine.output.prefix(300)) \(theirs.prefix(300))")
            }
        }
    }
}

/// An envelope of the HTTP API, compared by meaning: series in any order, values to 1e-9.
private struct Answer {
    private let json: [String: Any]

    init(_ text: String) {
        json = (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
    }

    func agrees(_ other: Answer) -> Bool {
        guard let status = json["status"] as? String, status == other.json["status"] as? String else { return false }
        if status == "error" { return json["errorType"] as? String == other.json["errorType"] as? String }
        return Self.same(Self.ordered(json["data"] ?? 0), Self.ordered(other.json["data"] ?? 1))
    }

    private static func ordered(_ data: Any) -> Any {
        guard var data = data as? [String: Any], let result = data["result"] as? [[String: Any]] else { return data }
        func key(_ series: [String: Any]) -> String {
            ((series["metric"] as? [String: String]) ?? [:]).sorted { $0.key < $1.key }.map { "\($0)" }.joined()
        }
        data["result"] = result.sorted { key($0) < key($1) }
        return data
    }

    private static func same(_ a: Any, _ b: Any) -> Bool {
        switch (a, b) {
        case (let a as [String: Any], let b as [String: Any]):
            return a.count == b.count && a.allSatisfy { key, value in b[key].map { same(value, $0) } ?? false }
        case (let a as [Any], let b as [Any]): return a.count == b.count && zip(a, b).allSatisfy { same($0, $1) }
        case (let a as String, let b as String):
            guard a != b else { return true }
            guard let x = Double(a), let y = Double(b) else { return false }
            return x.isNaN && y.isNaN || abs(x - y) <= 1e-9 * max(abs(x), abs(y))
        case (let a as NSNumber, let b as NSNumber): return a == b
        default: return false
        }
    }
}
