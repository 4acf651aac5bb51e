import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

@Suite("Gateway logs: lines of each dialect")
struct GatewayLineTests {
    /// 2026-11-23T17:31:50Z
    private static let base: Int64 = 1_795_455_110_000

    private func only(_ text: String) throws -> GatewayFacts {
        let found = GatewayCollector.parse(text + "\n")
        #expect(found.rejects == [] && found.events == [])
        return try #require(found.accesses.first)
    }

    private static let combined =
        #"203.0.113.7 - - [23/Nov/2026:18:31:50 +0100] "POST /v1/completions?key=hush#x HTTP/1.1" 200 5120 "-" "a [b] \"c""#

    @Test("nginx logs the end, with a zone; the query is left out; combined has no duration")
    func combined() throws {
        let one = try only(Self.combined)
        #expect(one.startMs == Self.base && !one.zoneless && one.duration == nil && one.retries == nil)
        #expect(one.method == "POST" && one.route == "/v1/completions" && one.client == "203.0.113.7")
        #expect(one.status == 200 && one.bytes == [nil, 5120] && one.end == nil)
    }

    @Test("named times: the start is the end less the duration; lists are tries; a dash is missing, not zero")
    func named() throws {
        let one = try only(
            Self.combined + #" rt=3.208 uct="0.001, 0.002" uht="0.004, 1.203" urt="0.004, 3.203" us="502, 200""#)
        #expect(one.startMs == Self.base - 3208 && one.duration == 3_208_000)
        #expect(one.connect == 2000 && one.headers == 1_203_000 && one.upstreamTime == 3_207_000 && one.retries == 1)
        #expect(one.upstreamStatus == 200)
        let two = try only(Self.combined + " rt=0.001, uct=-, uht=-, urt=0.004 : 0.002, request_id=ab-1")
        #expect(two.duration == 1000 && two.connect == nil && two.headers == nil)
        #expect(two.upstreamTime == 6000 && two.retries == 1 && two.requestID == "ab-1")
    }

    @Test("times without names: two are request and upstream, four all of them, three of no known order")
    func positional() throws {
        let two = try only(Self.combined + " 2.417 2.416")
        #expect(two.duration == 2_417_000 && two.upstreamTime == 2_416_000 && two.connect == nil)
        let four = try only(Self.combined + #" "198.51.100.4" "1.500" "0.001" "0.250" "1.499""#)
        #expect(four.duration == 1_500_000 && four.connect == 1000 && four.headers == 250_000)
        #expect(four.upstreamTime == 1_499_000 && four.upstream == "")
        let three = try only(Self.combined + " 1.500 0.001 1.499")
        #expect(three.duration == 1_500_000 && three.connect == nil && three.upstreamTime == nil)
        let none = try only(Self.combined + " 17 gzip")
        #expect(none.duration == nil)
    }

    @Test("Envoy logs the start in UTC, and milliseconds; flags say who ended it")
    func envoy() throws {
        let one = try only(
            #"[2026-11-23T17:31:50.250Z] "POST /v1/completions?x HTTP/2" 0 DC 14 15 15004 - "203.0.113.7,10.1.1.1" "ua" "id" "h" "10.0.0.1:8000""#
        )
        #expect(one.startMs == Self.base + 250 && one.duration == 15_004_000 && one.headers == nil)
        #expect(one.status == nil && one.end == .clientDisconnect && one.flags == "DC" && one.client == "203.0.113.7")
        #expect(one.bytes == [14, 15] && one.upstream == "10.0.0.1:8000" && one.requestID == "id")
    }

    @Test(
        "Envoy's flags",
        arguments: [
            ("UT", GatewayEnd.upstreamTimeout), ("UF,URX", .upstreamFailure), ("NR", .noUpstream), ("UO", .overload),
            ("URX,UC", .upstreamFailure),
        ])
    func flags(flags: String, end: GatewayEnd) throws {
        let one = try only(
            #"[2026-11-23T17:31:50.250Z] "GET / HTTP/2" 503 \#(flags) details_here - "-" 0 81 1 - "-" "-" "-" "-" "-""#)
        #expect(one.end == end && one.duration == 1000 && one.upstream == "")
    }

    @Test("HAProxy logs the start on a local clock; -1 is missing; queue time, retries and state are read")
    func haproxy() throws {
        let one = try only(
            #"2001:db8::9:33318 [23/Nov/2026:17:31:50.500] in~ vllm/r1 0/4120/1/-1/+5000 504 194 - - sH-- 40/38/36/8/+1 12/3 {a "b"|sk-x} {} "POST /v1/x?u=1 HTTP/1.1""#
        )
        #expect(one.startMs == Self.base + 500 && one.zoneless && one.client == "2001:db8::9" && one.upstream == "r1")
        #expect(one.queue == 4_120_000 && one.connect == 1000 && one.headers == nil && one.duration == 5_000_000)
        #expect(one.retries == 1 && one.end == .upstreamTimeout && one.flags == "sH--" && one.route == "/v1/x")
    }

    @Test("Traefik's text has the start; its JSON has nanoseconds")
    func traefik() throws {
        let text = try only(
            #"203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] "GET /v1/x HTTP/1.1" 499 21 "-" "-" 42 "r@docker" "http://10.0.0.1:8000/a" 15004ms"#
        )
        #expect(text.dialect == .traefik && text.startMs == Self.base && text.duration == 15_004_000)
        #expect(text.upstream == "10.0.0.1:8000" && text.end == .clientDisconnect)
        let json = try only(
            #"{"ClientHost":"203.0.113.7","DownstreamStatus":200,"Duration":2417000600,"OriginDuration":2416000000,"RequestMethod":"GET","RequestPath":"/a\u0026b?c","RetryAttempts":2,"StartUTC":"2026-11-23T17:31:50.25Z","time":"2026-11-23T17:31:52Z"}"#
        )
        #expect(json.startMs == Self.base + 250 && json.duration == 2_417_001 && json.upstreamTime == 2_416_000)
        #expect(json.route == "/a&b" && json.retries == 2)
    }

    @Test("a duration's unit is its writer's; without a sign it is unknown")
    func units() throws {
        let caddy = try only(
            #"{"ts":1795455110.5,"request":{"remote_ip":"10.0.0.1","client_ip":"203.0.113.7","method":"GET","uri":"/x?y"},"duration":0.25,"status":200}"#
        )
        #expect(caddy.startMs == Self.base + 250 && caddy.duration == 250_000 && caddy.client == "203.0.113.7")
        let envoy = try only(
            #"{"start_time":"2026-11-23T17:31:50Z","method":"GET","path":"/x","response_code":200,"response_flags":"-","duration":"63","upstream_service_time":"60"}"#
        )
        #expect(envoy.duration == 63_000 && envoy.headers == 60_000 && envoy.startMs == Self.base)
        let unknown = try only(
            #"{"time":"2026-11-23T17:31:50Z","method":"GET","path":"/x","status":200,"duration":63}"#)
        #expect(unknown.duration == nil && unknown.startMs == Self.base)
        let named = try only(#"{"time":1795455110000,"method":"GET","path":"/x","status":200,"latency_ms":63}"#)
        #expect(named.duration == 63_000 && named.startMs == Self.base - 63)
    }

    @Test("ALB logs the end and, further behind, the start; 460 is the client's")
    func alb() throws {
        let found = GatewayCollector.parse(GatewayCollector.load("alb.log"))
        #expect(found.accesses.map(\.duration) == [2_417_000, 0, 60_001_000])
        #expect(found.accesses.map(\.end) == [nil, .noUpstream, .clientDisconnect])
        #expect(found.accesses[0].headers == 312_000 && found.accesses[0].startMs == Self.base - 877)
        #expect(found.accesses[1].headers == nil && found.accesses[1].upstream == "")
        #expect(found.accesses[0].traceID == "1-58337262-36d228ad5d99923122bbe354")
    }

    @Test("LiteLLM: spend rows have a time to first token unless it is the end; uvicorn's lines have no time")
    func liteLLM() throws {
        for name in ["litellm_json.log", "litellm_spend.csv"] {
            let found = GatewayCollector.parse(GatewayCollector.load(name))
            #expect(found.rejects == [] && found.accesses.count == 2)
            let one = found.accesses[0]
            #expect(one.firstToken == 312_000 && one.tokens == [400, 124] && one.model == "acme-8b")
            #expect(one.requestID == "chatcmpl-a1" && one.upstream == "10.0.0.1:8000" && one.status == nil)
            #expect(found.accesses[1].firstToken == nil)
        }
        let log = GatewayCollector.parse(GatewayCollector.load("litellm.log"))
        #expect(log.accesses.map(\.status) == [200, 408] && log.accesses.allSatisfy { $0.startMs == nil })
        // The traceback belongs to its error.
        #expect(log.events.count == 3 && log.events[2].hasPrefix("4+4 ERROR") && log.counts.rejects == 0)
        #expect(log.events[1].contains("***") && !log.events[1].contains("sk-abc"))
    }

    @Test("lists of spend rows: on one line, or an object a line")
    func lists() {
        let row = #"{"request_id":"a","startTime":"2026-11-23T17:31:50Z","endTime":"2026-11-23T17:31:51Z","model":"m"}"#
        let one = GatewayCollector.parse("[\(row), \(row)]\n")
        #expect(one.accesses.count == 2 && one.counts.recordLines == 1 && one.counts.lines == 1)
        let many = GatewayCollector.parse("[\n\(row),\n\(row)\n]\n")
        #expect(many.accesses.map(\.line) == [2, 3] && many.counts.noiseLines == 2 && many.rejects == [])
    }

    @Test("rejects have line, offset and reason")
    func rejects() {
        let found = GatewayCollector.parse(GatewayCollector.load("corrupt.log"))
        #expect(found.rejects.map(\.line) == [2, 4, 5, 7] && found.rejects.map(\.offset) == [157, 239, 335, 485])
        #expect(found.rejects.allSatisfy { !$0.reason.isEmpty })
        #expect(found.counts.noiseLines == 1)
        // Absurd numbers are missing, and the line stays.
        #expect(found.accesses[1].line == 6 && found.accesses[1].duration == nil && found.accesses[1].connect == nil)
    }

    @Test("neither vLLM's own log nor other JSON is taken for a gateway's")
    func others() {
        for text in [
            "INFO 11-23 17:31:50 [loggers.py:127] Engine 000: Avg prompt throughput: 1.0 tokens/s\nINFO:     10.0.0.1:1 - \"POST /v1/completions HTTP/1.1\" 200 OK\n",
            #"{"status":"success","data":{"resultType":"vector","result":[]}}"# + "\n",
            #"{"timestamp":"2026-11-23T17:31:50Z","level":"INFO","message":"Application startup complete."}"# + "\n",
            "I1123 17:31:40.125728       7 kubelet.go:190] \"Starting\"\n",
        ] {
            withBytes(of: text) { #expect(GatewayFormat.sniff(head: $0, fileName: "access.log") == nil) }
        }
    }
}
