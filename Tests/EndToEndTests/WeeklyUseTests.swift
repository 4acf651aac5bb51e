import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

/// Users, sessions and tenants of a week, from each kind of evidence that names them.
@Suite struct WeeklyUseTests {
    /// Monday, 2026-11-16T00:00:00Z.
    private static let monday = CivilTime.millis(year: 2026, month: 11, day: 16)
    private static let minute: Int64 = 60_000

    /// Three sessions: of ada at 10:00 and, after a pause of two hours, at 12:10; of bob at 11:00. ada's requests are two minutes apart.
    private static let requests: [(timeMs: Int64, user: String, tenant: String)] =
        (0..<6).map { (monday + (600 + 2 * $0) * minute, "ada", "blue") }
        + (0..<4).map { (monday + (660 + 5 * $0) * minute, "bob", "red") }
        + (0..<5).map { (monday + (730 + 2 * $0) * minute, "ada", "blue") }

    /// Requests of somebody else at both ends: what touches the border of the evidence has no known length.
    private static let border = [monday + 60 * minute, monday + 20 * 60 * minute].map {
        (timeMs: $0, user: "eve", tenant: "red")
    }

    private func run(_ folder: TemporaryFolder) throws -> (_ sql: String) throws -> [String] {
        let config = try folder.write(
            "inputs: [in/]\noutput: {folder: out, database: fleet.sqlite}\n", to: "tidemark.yaml")
        let done = try runTidemark(["run", "--config", config, "--quiet", "--now", "2026-11-24T00:00:00Z"])
        #expect(done.status == 0, "\(done.errors)")
        return { sql in
            let rows = try runTidemark(["sql", sql, "--db", folder.path("fleet.sqlite"), "--format", "csv"])
            return rows.output.split(whereSeparator: \.isNewline).dropFirst().map(String.init)
        }
    }

    @Test("traces name users and tenants: sessions, their lengths, requests and tokens by tenant; names are hashed")
    func traces() throws {
        let folder = try TemporaryFolder()
        let spans = (Self.requests + Self.border).enumerated().map { place, one in
            let id = String(repeating: "0", count: 30) + String(place + 16, radix: 16)
            let attributes = [
                ("user.id", "{\"stringValue\":\"\(one.user)\"}"), ("tenant.id", "{\"stringValue\":\"\(one.tenant)\"}"),
                ("gen_ai.usage.prompt_tokens", "{\"intValue\":\"100\"}"),
                ("gen_ai.usage.completion_tokens", "{\"intValue\":\"\(one.tenant == "red" ? 30 : 10)\"}"),
                ("gen_ai.request.id", "{\"stringValue\":\"cmpl-\(place)\"}"),
            ].map { "{\"key\":\"\($0)\",\"value\":\($1)}" }.joined(separator: ",")
            return """
                {"traceId":"\(id)","spanId":"\(id.suffix(16))","name":"llm_request","kind":2,"startTimeUnixNano":"\(one.timeMs)000000",\
                "endTimeUnixNano":"\(one.timeMs + 900)000000","attributes":[\(attributes)]}
                """
        }
        try folder.write(
            "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"vllm\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"vllm.llm_engine\"},\"spans\":[\(spans.joined(separator: ","))]}]}]}\n",
            to: "in/traces.json")
        let sql = try run(folder)
        func value(_ name: String) throws -> Double? {
            try sql("SELECT value FROM week_value WHERE name = '\(name)'").first.flatMap(Double.init)
        }
        #expect(try value("active_users") == 3)
        #expect(try value("sessions") == 5)
        #expect(try value("sessions_cut_ratio") == 0.4)
        // Ten and eight minutes of ada, fifteen of bob.
        #expect(try value("session_median_seconds") == 600)
        let tenants = try sql(
            "SELECT requests, generated_tokens FROM week_usage WHERE kind = 'tenant' ORDER BY requests")
        #expect(tenants == ["6,180", "11,110"])
        #expect(
            try sql("SELECT text FROM week_text WHERE topic = 'users' AND scope = 'identity'") == [
                "users named in traces"
            ])
        let page = try String(contentsOfFile: folder.path("out/weeks/2026-W47/index.html"), encoding: .utf8)
        #expect(page.contains("3 active users, counted by users named in traces, in 5 sessions"))
        for name in ["ada", "bob", "eve"] {
            #expect(try sql("SELECT * FROM week_user WHERE user LIKE '%\(name)%'").isEmpty)
        }
    }

    @Test("the gateway with the most inference requests counts; health checks are nobody's")
    func gateways() throws {
        let folder = try TemporaryFolder()
        func line(_ timeMs: Int64, _ client: String, _ path: String) -> String {
            let day = Int((timeMs - Self.monday) / 86_400_000) + 16
            let stamp = "\(day)/Nov/2026:\(CivilTime.clock(timeMs, seconds: true)) +0000"
            return
                "\(client) - - [\(stamp)] \"\(path == "/health" ? "GET" : "POST") \(path) HTTP/1.1\" 200 812 \"-\" \"OpenAI/Python 1.99.1\" rt=0.900 uct=0.001 uht=0.312 urt=0.899\n"
        }
        let clients = ["ada": "203.0.113.7", "bob": "203.0.113.8", "eve": "203.0.113.9"]
        let all = (Self.requests + Self.border).sorted { $0.timeMs < $1.timeMs }
        try folder.write(
            all.map { line($0.timeMs, clients[$0.user]!, "/v1/chat/completions") }.joined(), to: "in/edge/access.log")
        // Another one, which only looks whether the servers live, much more often.
        try folder.write(
            (0..<600).map { line(Self.monday + Int64($0) * Self.minute, "10.0.0.1", "/health") }.joined(),
            to: "in/inner/access.log")
        let sql = try run(folder)
        #expect(try sql("SELECT value FROM week_value WHERE name = 'active_users'") == ["3"])
        #expect(try sql("SELECT value FROM week_value WHERE name = 'sessions'") == ["5"])
        #expect(
            try sql("SELECT text FROM week_text WHERE topic = 'users' AND scope = 'identity'") == ["client addresses"])
        #expect(
            try sql("SELECT requests FROM week_usage WHERE kind = 'route' AND name = '/v1/chat/completions'") == ["17"])
    }
}
