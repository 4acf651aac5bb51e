import Foundation
import Testing
import TidemarkAnalysis
import TidemarkIntake
import TidemarkPromQL
import TidemarkSeries
import TidemarkStore
import TidemarkTestSupport

/// Runs of real servers with known incidents.
private let runs: [String] = {
    guard let shared = sharedFolder else { return [] }
    let real = shared.appendingPathComponent("corpora/real")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: real.path)) ?? []
    return names.filter { FileManager.default.fileExists(atPath: real.path + "/\($0)/truth.json") }.sorted()
}()

@Suite(.enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderHint)), .serialized)
struct CorpusTests {
    private static func folder(_ run: String) -> URL { sharedFolder!.appendingPathComponent("corpora/real/\(run)") }

    private static func content(_ run: String, _ name: String) throws -> Data {
        for candidate in [name, name + ".gz"] {
            let path = folder(run).appendingPathComponent(candidate).path
            guard FileManager.default.fileExists(atPath: path) else { continue }
            return Data(try InputStream(path: path).readAll(limit: 1 << 30))
        }
        throw CocoaError(.fileNoSuchFile)
    }

    /// A store of a run, read from a copy without the answers.
    private static func store(_ run: String, in temporary: TemporaryFolder) throws -> (Store, Int) {
        let copy = temporary.url.appendingPathComponent(run)
        try FileManager.default.copyItem(at: folder(run), to: copy)
        for name in ["query_range.json", "query_range.json.gz"] {
            try? FileManager.default.removeItem(at: copy.appendingPathComponent(name))
        }
        let store = try Store.create(path: temporary.path(run + ".sqlite"))
        let ingestor = Ingestor(store, options: IngestOptions())
        try ingestor.ingest([copy.path])
        #expect(!ingestor.outcomes.contains { $0.action == .failed })
        return (store, try store.periods()[0].id)
    }

    @Test("figures, counts and verdict of a real run", arguments: runs)
    func run(_ run: String) throws {
        let temporary = try TemporaryFolder()
        let (store, period) = try Self.store(run, in: temporary)
        #expect(try store.database.int("SELECT coalesce(sum(reject_lines), 0) FROM source") == 0)
        #expect(
            try store.database.int(
                "SELECT count(*) FROM source WHERE lines != record_lines + noise_lines + reject_lines") == 0)
        try counts(run, store)
        try answers(run, store, period)
        try verdict(run, store, period)
    }

    /// Against counts taken from the text by plain search.
    private func counts(_ run: String, _ store: Store) throws {
        let text = String(decoding: try Self.content(run, "server.log"), as: UTF8.self)
        let lines = text.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" })
        let access = lines.filter { $0.contains(" HTTP/1.1\" ") || $0.contains(" HTTP/1.1\\\" ") }.count
        #expect(try store.database.int("SELECT coalesce(sum(requests), 0) FROM http_access") == access)
        let bad = lines.filter { line in
            guard let quote = line.range(of: " HTTP/1.1\" ") ?? line.range(of: " HTTP/1.1\\\" ") else { return false }
            return line[quote.upperBound...].hasPrefix("4")
        }.count
        #expect(try store.database.int("SELECT count(*) FROM http_error WHERE status BETWEEN 400 AND 499") == bad)
        let statistics = lines.filter { $0.contains("Avg prompt throughput:") }.count
        #expect(try store.database.int("SELECT count(*) FROM engine_stat") == statistics)
    }

    /// Against the answers of the Prometheus that scraped the server.
    private func answers(_ run: String, _ store: Store, _ period: Int) throws {
        let json = try JSONSerialization.jsonObject(with: try Self.content(run, "query_range.json")) as! [String: Any]
        let source = try StoreSeries(store, period: period)
        var options = PromQLOptions()
        options.compat = .v2
        let engine = PromQLEngine(source: source, options: options)
        var compared = 0
        var wrong = 0
        for (expression, answer) in json.sorted(by: { $0.key < $1.key }) {
            let data = (answer as! [String: Any])["data"] as! [String: Any]
            let result = data["result"] as! [[String: Any]]
            let times = result.flatMap { ($0["values"] as! [[Any]]).map { ($0[0] as! NSNumber).doubleValue } }
            guard let first = times.min(), let last = times.max() else { continue }
            let mine = try engine.range(
                expression, startMs: Int64((first * 1000).rounded()), endMs: Int64((last * 1000).rounded()),
                stepMs: 5000)
            guard case .matrix(let matrix) = mine.value else {
                Issue.record("\(expression) is no matrix")
                continue
            }
            for series in result {
                let labels = (series["metric"] as! [String: String]).mapValues { $0 }
                let found = matrix.first { one in
                    one.labels.without(Labels.metricName).pairs.count == labels.filter { $0.key != "__name__" }.count
                        && one.labels.without(Labels.metricName).pairs.allSatisfy { labels[$0.name] == $0.value }
                }
                for pair in series["values"] as! [[Any]] {
                    let time = Int64((pair[0] as! NSNumber).doubleValue * 1000 + 0.5)
                    let value = Double(pair[1] as! String) ?? .nan
                    compared += 1
                    guard let found, let index = found.timesMs.firstIndex(of: time) else {
                        wrong += 1
                        continue
                    }
                    let other = found.values[index]
                    let same = value.isNaN ? other.isNaN : abs(other - value) <= 1e-9 * max(1, abs(value))
                    if !same { wrong += 1 }
                }
            }
        }
        #expect(compared > 500)
        #expect(wrong == 0, "\(wrong) of \(compared) points differ")
    }

    /// What a scrape file says lies between the snapshot's samples before and after it, and each counter's growth agrees.
    @Test("the snapshot of a run and its scrapes tell the same", arguments: runs)
    func snapshotAgainstScrapes(_ run: String) throws {
        let temporary = try TemporaryFolder()
        func store(_ part: String) throws -> StoreSeries {
            let store = try Store.create(path: temporary.path(part + ".sqlite"))
            try Ingestor(store, options: IngestOptions()).ingest([Self.folder(run).appendingPathComponent(part).path])
            return try StoreSeries(store, period: nil)
        }
        guard FileManager.default.fileExists(atPath: Self.folder(run).path + "/metrics-scrapes") else { return }
        let (snapshot, scrapes) = (try store("prometheus-snapshot"), try store("metrics-scrapes"))
        var compared = 0
        for name in [
            "vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:request_success_total",
            "vllm:time_to_first_token_seconds_count", "vllm:e2e_request_latency_seconds_sum",
        ] {
            func keyed(_ source: StoreSeries) throws -> [Labels: SeriesSamples] {
                var found: [Labels: SeriesSamples] = [:]
                let series = try source.select(
                    [LabelMatcher(Labels.metricName, equals: name)], startMs: .min, endMs: .max)
                for one in series { found[one.labels.without("instance").without("job")] = one }
                return found
            }
            let exact = try keyed(snapshot)
            for (labels, scrape) in try keyed(scrapes) {
                guard let samples = exact[labels] else { continue }
                for index in 0..<scrape.count where !StaleMarker.matches(scrape.values[index]) {
                    let time = scrape.timesMs[index]
                    let before = samples.timesMs.lastIndex { $0 <= time - 50 }
                    let after = samples.timesMs.firstIndex { $0 >= time + 50 }
                    guard let before, let after, samples.timesMs[after] - samples.timesMs[before] < 4000 else {
                        continue
                    }
                    let bounds = [samples.values[before], samples.values[after]]
                    guard !bounds.contains(where: StaleMarker.matches), bounds[0] <= bounds[1] else { continue }
                    compared += 1
                    #expect(
                        scrape.values[index] >= bounds[0] - 1e-9 && scrape.values[index] <= bounds[1] + 1e-9,
                        "\(name)\(labels) at \(time): \(scrape.values[index]) not in \(bounds)")
                }
            }
        }
        #expect(compared > 20)
    }

    private func verdict(_ run: String, _ store: Store, _ period: Int) throws {
        try Analysis(store: store, period: period).refresh()
        let verdict = try Verdict(store, period: period, name: run)
        let truth = try JSONSerialization.jsonObject(with: try Self.content(run, "truth.json")) as! [String: Any]
        let cause = truth["cause_code"] as! String
        if cause == "load_sweep" { return }
        if cause == "healthy" || cause.hasPrefix("regression") {
            #expect(verdict.findings.isEmpty, "\(verdict.findings.map(\.summary))")
            return
        }
        let first = try #require(verdict.findings.first)
        #expect(first.cause == cause)
        let start = (truth["incident_start"] as! NSNumber).doubleValue * 1000
        let end = (truth["incident_end"] as! NSNumber).doubleValue * 1000
        let both = max(0, min(end, Double(first.endMs)) - max(start, Double(first.startMs)))
        let either = max(end, Double(first.endMs)) - min(start, Double(first.startMs))
        // The truth's end is that of the fault; the queue behind it is the users' as well.
        #expect(both / (end - start) >= 0.75, "share of the incident that is covered")
        #expect(both / either >= 0.4, "intersection over union \(both / either)")
    }
}
