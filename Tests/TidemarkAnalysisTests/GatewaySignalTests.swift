import Foundation
import Testing
import TidemarkBase
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport

@testable import TidemarkAnalysis

@Suite struct GatewaySignalTests {
    private let folder: TemporaryFolder
    private let store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try Store.create(path: folder.path("t.sqlite"))
    }

    private func figure(_ name: String, _ instance: String = SignalSeries.fleet) throws -> Double? {
        let row = try store.database.prepare("SELECT value FROM figure WHERE name = ? AND instance = ?")
        row.bind(1, name)
        row.bind(2, instance)
        return try row.step() ? row.optionalDouble(0) : nil
    }

    /// One request a second for 100 s, the n-th of n/10 s; the even ones end badly as given.
    private func log(_ status: Int, path: String = "/v1/chat/completions") -> String {
        (1...100).map { number in
            let time = "17:\(31 + number / 60):\(String(format: "%02d", number % 60))"
            let code = number % 2 == 0 ? status : 200
            return "203.0.113.7 - - [23/Nov/2026:\(time) +0000] \"POST \(path) HTTP/1.1\" \(code) 9 \"-\" \"-\" "
                + "rt=\(number / 10).\(number % 10)00 uht=0.\(String(format: "%03d", number)) urt=1.000\n"
        }.joined()
    }

    private func analyse(_ files: [String: String]) throws {
        for (name, text) in files { try folder.write(text, to: "in/" + name) }
        var options = IngestOptions()
        options.period = "p"
        try Ingestor(store, options: options).ingest([folder.path("in")])
        try Analysis(store: store, period: 1).refresh()
    }

    private func isNear(_ name: String, _ expected: Double, _ instance: String = SignalSeries.fleet) throws {
        let value = try #require(try figure(name, instance), "\(name)")
        #expect(abs(value - expected) < 1e-5, "\(name): \(value)")
    }

    @Test("quantiles, shares and rates of one gateway; probes don't count")
    func one() throws {
        try analyse(["edge.log": log(504) + log(500, path: "/health")])
        for instance in ["edge", SignalSeries.fleet] {
            try isNear("gateway_duration_p50_seconds", 5.05, instance)
            try isNear("gateway_duration_p95_seconds", 9.505, instance)
            try isNear("gateway_duration_p99_seconds", 9.901, instance)
            try isNear("gateway_time_to_headers_p95_seconds", 0.09505, instance)
            try isNear("gateway_error_ratio", 0.5, instance)
        }
        #expect(try figure("gateway_queue_p95_seconds") == nil && figure("gateway_first_token_p95_seconds") == nil)
        let timeouts = try #require(try figure("gateway_upstream_timeout_requests_per_second"))
        #expect(timeouts > 0.4 && timeouts < 0.6)
        #expect(try figure("gateway_disconnect_requests_per_second") == 0)
        let rate = try #require(try figure("gateway_request_rate_requests_per_second"))
        #expect(rate > 0.9 && rate < 1.1)
    }

    @Test("of two gateways the fleet's quantiles are over all requests")
    func two() throws {
        let fast = log(499).replacingOccurrences(of: " rt=", with: " rt=0.0 x=")
        try analyse(["a.log": log(200), "b.log": fast])
        try isNear("gateway_duration_p50_seconds", 5.05, "a")
        try isNear("gateway_duration_p50_seconds", 0, "b")
        try isNear("gateway_duration_p50_seconds", 0.05)
        try isNear("gateway_error_ratio", 0)
        let left = try #require(try figure("gateway_disconnect_requests_per_second", "b"))
        #expect(left > 0.4 && left < 0.6)
        #expect(try figure("gateway_disconnect_requests_per_second", "a") == 0)
    }

    @Test("without a gateway's log there is no signal of it")
    func none() throws {
        var options = IngestOptions()
        options.period = "p"
        try Ingestor(store, options: options).ingest([fixture("incident").path])
        try Analysis(store: store, period: 1).refresh()
        #expect(try store.database.int("SELECT count(*) FROM figure WHERE name LIKE 'gateway%'") == 0)
        #expect(try store.database.int("SELECT count(*) FROM signal WHERE name LIKE 'gateway%'") == 0)
    }
}
