import Foundation
import Testing
import TidemarkTestSupport

@Suite struct GatewayReportTests {
    /// The bundled incident with an access log of a gateway in front of it, whose requests have the engine's ids.
    @Test("the report shows gateways beside the engines, and nothing of them without a gateway's log")
    func report() throws {
        let folder = try TemporaryFolder()
        let input = folder.path("evidence")
        try FileManager.default.copyItem(at: fixture("incident"), to: URL(fileURLWithPath: input))
        try FileManager.default.copyItem(
            at: fixture("traces/otlp_vllm_0.33.jsonl"), to: URL(fileURLWithPath: input + "/traces.jsonl"))
        let plain = try runTidemark(["run", input, "--out", folder.path("plain"), "--quiet"])
        #expect(plain.status == 0, "\(plain.errors)")
        let before = try String(contentsOfFile: folder.path("plain/index.html"), encoding: .utf8)
        #expect(!before.contains("At the gateway"))
        #expect(!FileManager.default.fileExists(atPath: folder.path("plain/csv/gateways.csv")))

        var log = ""
        for number in 1...60 {
            let time = "17:31:\(String(format: "%02d", number % 60))"
            let id = "lg-\(String(format: "%06d", number))"
            log += "203.0.113.7 - - [23/Nov/2026:\(time) +0000] \"POST /v1/chat/completions?key=hush HTTP/1.1\" "
            log += "\(number % 10 == 0 ? 499 : 200) 9 \"-\" \"-\" rt=\(number).500 request_id=\(id)\n"
        }
        try Data(log.utf8).write(to: URL(fileURLWithPath: input + "/edge.log"))
        let run = try runTidemark(["run", input, "--out", folder.path("out"), "--quiet"])
        #expect(run.status == 0, "\(run.errors)")
        let page = try String(contentsOfFile: folder.path("out/index.html"), encoding: .utf8)
        #expect(page.contains("At the gateway") && page.contains("Duration at the gateway") && !page.contains("hush"))
        let gateways = try String(contentsOfFile: folder.path("out/csv/gateways.csv"), encoding: .utf8)
            .split(whereSeparator: \.isNewline)
        #expect(gateways.count == 3 && gateways[1].hasPrefix("edge,") && gateways[2].hasPrefix("Engines,"))
        let slowest = try String(contentsOfFile: folder.path("out/csv/gateway_slowest_requests.csv"), encoding: .utf8)
            .split(whereSeparator: \.isNewline)
        #expect(slowest.count == 21)
        #expect(slowest[1].contains("edge,POST /v1/chat/completions,499,60.5,"))
        #expect(slowest[1].hasSuffix("client_disconnect"))
        let joined = try runTidemark([
            "sql",
            """
            SELECT engine_e2e_seconds FROM gateway_join
            WHERE evidence = 'span' AND request_id = 'chatcmpl-lg-000002'
            """, "--db", folder.path("out/tidemark.sqlite"),
        ])
        #expect(joined.status == 0 && joined.output.contains("0.99288"))
    }
}
