import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

@Suite("Gateway logs: who wrote an object, and so its units")
struct GatewayWriterTests {
    /// 2026-11-23T17:31:50Z
    private static let base: Int64 = 1_795_455_110_000

    private func only(_ text: String) throws -> GatewayFacts {
        let found = GatewayCollector.parse(text + "\n")
        #expect(found.rejects == [] && found.events == [])
        return try #require(found.accesses.first)
    }

    private func sniff(_ text: String) -> FormatGuess? {
        withBytes(of: text) { GatewayFormat.sniff(head: $0, fileName: "x.log") }
    }

    @Test("APISIX' loggers: milliseconds beside an object of the request, which Caddy has, too")
    func apisix() throws {
        let one = try only(
            #"{"upstream":"10.0.0.1:8000","start_time":1795455110000,"client_ip":"203.0.113.7","response":{"status":200,"size":617},"latency":1200.0000476837,"upstream_latency":1133,"apisix_latency":67.000047683716,"request":{"url":"http://h/x","method":"POST","uri":"/v1/x","size":85},"route_id":"1"}"#
        )
        #expect(one.startMs == Self.base && one.duration == 1_200_000 && one.upstreamTime == 1_133_000)
        #expect(one.upstream == "10.0.0.1:8000" && one.status == 200 && one.route == "/v1/x")
        #expect(one.client == "203.0.113.7" && one.bytes == [85, 617])
    }

    @Test("Kong: the time to the head and the last try; a newer one says how long the rest took")
    func kong() throws {
        let log =
            #"{"request":{"id":"2f69","uri":"/v1/x","method":"POST","size":139},"response":{"status":200,"size":9982},"latencies":{"kong":1,"proxy":171,"request":173},"tries":[{"ip":"10.0.0.1","port":8000},{"balancer_latency":0,"ip":"10.0.0.2","port":8001}],"client_ip":"203.0.113.7","started_at":1795455110000}"#
        let one = try only(log)
        #expect(one.startMs == Self.base && one.duration == 173_000 && one.headers == 171_000)
        #expect(one.upstreamTime == nil && one.upstream == "10.0.0.2:8001" && one.retries == 1)
        let new = try only(log.replacing(#""proxy":171"#, with: #""proxy":100,"receive":70"#))
        #expect(new.headers == 100_000 && new.upstreamTime == 170_000)
        let none = try only(log.replacing(#""proxy":171"#, with: #""proxy":-1"#))
        #expect(none.headers == nil && none.upstreamTime == nil)
        for tries in ["[]", "[{}]", "[1,null]", #"[{"ip":"a"}]"#, #"[{"port":1}]"#] {
            let odd = try only(
                #"{"request":{"uri":"/x"},"response":{"status":200},"started_at":1795455110000,"tries":"# + tries + "}")
            #expect(odd.upstream == (tries.contains("ip") ? "a" : ""))
        }
    }

    @Test(
        "a duration without a unit is taken where it is known who wrote it",
        arguments: [
            // zerolog, Python's loggers: milliseconds or seconds.
            (#""time":"2026-11-23T17:31:50Z","status":200,"duration":0.5"#, nil),
            (#""time":"2026-11-23T17:31:50Z","status":200,"latency":28.34"#, nil),
            // zap and nginx write the time in seconds, too.
            (#""ts":1795455110.000,"status":200,"duration":0.5"#, 500_000),
            (#""time":"23/Nov/2026:17:31:50 +0000","status":200,"duration":0.5"#, 500_000),
            (#""time_iso8601":"2026-11-23T17:31:50+00:00","status":200,"latency":"0.500""#, 500_000),
            (#""time":"2026-11-23T17:31:50Z","status":200,"latency":0.5,"upstream_response_time":"0.4""#, 500_000),
            (#""time":"2026-11-23T17:31:50Z","status":200,"latency":0.5,"body_bytes_sent":5"#, 500_000),
            // Variables in quotes.
            (#""time":"2026-11-23T17:31:50Z","status":"200","latency":"0.500""#, 500_000),
            (#""time":"2026-11-23T17:31:50Z","status":200,"latency":"0.500""#, nil),
            // Rails.
            (
                #""@timestamp":"2026-11-23T17:31:50Z","status":200,"controller":"x","action":"y","duration":28.34,"view":25.96,"db":0.88"#,
                28_340
            ),
            (#""@timestamp":"2026-11-23T17:31:50Z","status":200,"controller":"x","duration":28.34"#, nil),
            (#""time":"2026-11-23T17:31:50Z","status":200,"dur":"5.32µs""#, 5),
        ] as [(String, Int64?)])
    func bare(fields: String, micros: Int64?) throws {
        let one = try only(#"{"method":"GET","path":"/x","# + fields + "}")
        #expect(one.duration == micros)
        #expect(one.startMs == Self.base - (micros.map { ($0 + 500) / 1000 } ?? 0))
    }

    @Test("key=value: an unknown writer's duration needs a unit, behind nginx' time it needs none")
    func pairs() throws {
        let slog = try only("time=2026-11-23T17:31:50Z level=INFO msg=http method=GET path=/x status=200 dur=5.32µs")
        #expect(slog.duration == 5 && slog.startMs == Self.base)
        let view = try only("time=2026-11-23T17:31:50Z method=GET path=/x status=200 view=home duration=0.5")
        #expect(view.duration == nil)
        let lograge = try only(
            "time=2026-11-23T17:31:50Z method=GET path=/x controller=x action=y status=200 duration=58.33 view=40.43")
        #expect(lograge.duration == 58_330)
        let grafana = try only(
            #"logger=context userId=1 t=2026-11-23T17:31:50Z level=info msg="Request Completed" method=GET path=/x status=200 remote_addr=203.0.113.7 time_ms=5 duration=5.034318ms size=106"#
        )
        #expect(grafana.duration == 5034 && grafana.startMs == Self.base - 5 && grafana.client == "203.0.113.7")
        let nginx = try only(
            #""23/Nov/2026:17:31:50 +0000" client=203.0.113.7 method=POST uri=/x status=200 latency=0.500"#)
        #expect(nginx.duration == 500_000)
    }

    @Test("Caddy: what its handlers say is no second request; a failed one counts once")
    func caddy() throws {
        let request =
            #""request":{"remote_addr":"203.0.113.7:57796","method":"GET","uri":"/x"},"duration":0.5,"status":502}"#
        let trip =
            #"{"level":"debug","ts":1795455110.5,"logger":"http.handlers.reverse_proxy","msg":"upstream roundtrip","#
            + request
        let error =
            #"{"level":"error","ts":1795455110.5,"logger":"http.log.error","msg":"dial tcp: refused","# + request
        let access =
            #"{"level":"error","ts":1795455110.5,"logger":"http.log.access.log0","msg":"handled request","# + request
        let both = GatewayCollector.parse([trip, error, access].map { $0 + "\n" }.joined())
        #expect(both.accesses.map(\.line) == [3] && both.rejects == [])
        #expect(
            both.events == [
                "1+1 DEBUG \(Self.base + 500) upstream roundtrip", "2+1 ERROR \(Self.base + 500) dial tcp: refused",
            ])
        // Without an access log the error is all there is.
        let alone = GatewayCollector.parse([trip, error].map { $0 + "\n" }.joined())
        #expect(alone.accesses.map(\.line) == [2] && alone.events.count == 1)
        #expect(alone.accesses.map(\.client) == ["203.0.113.7"] && alone.accesses.map(\.duration) == [500_000])
        let console = GatewayCollector.parse(
            "2026/11/23 17:31:50.500\tDEBUG\thttp.handlers.reverse_proxy\tupstream roundtrip\t{" + request + "\n")
        #expect(console.accesses == [] && console.events.count == 1)
        // A time is no sign of Caddy's.
        let stranger = try only(
            #"{"time":"2026-11-23T17:31:50Z","request":{"method":"GET","uri":"/x"},"duration":12.5,"status":200}"#)
        #expect(stranger.duration == nil)
    }

    @Test("ingress-nginx in Google's form logs the end; a host without a scheme, a blank before the unit")
    func googleForm() throws {
        let one = try only(
            #"{"timestamp": "2026-11-23T17:31:50+00:00", "requestID": "070e", "proxyUpstreamName": "a-80","upstreamStatus": "200", "upstreamAddr": "10.0.0.1:8000","httpRequest":{"requestMethod": "GET", "requestUrl": "llm.example/v1/x?k=hush", "status": 200, "requestSize": "498", "responseSize": "0", "remoteIp": "203.0.113.7", "latency": "0.500 s", "protocol":"HTTP/1.1"}}"#
        )
        #expect(one.duration == 500_000 && one.startMs == Self.base - 500 && one.route == "/v1/x")
        #expect(one.upstream == "10.0.0.1:8000" && one.upstreamStatus == 200 && one.client == "203.0.113.7")
        let object = try only(
            #"{"severity":"INFO","time":"2026-11-23T17:31:50Z","httpRequest":{"requestMethod":"GET","requestUrl":"/x","status":200,"remoteIp":"203.0.113.7","serverIp":"10.0.0.1","latency":{"nanos":417000000,"seconds":2}}}"#
        )
        #expect(object.duration == 2_417_000 && object.startMs == Self.base && object.upstream == "10.0.0.1")
    }

    @Test("pino's objects of request and response; a nested http; bytes and ip")
    func others() throws {
        let pino = try only(
            #"{"level":30,"time":1795455110000,"pid":1,"req":{"id":1,"method":"POST","url":"/v1/x?k=hush","remoteAddress":"203.0.113.7"},"res":{"statusCode":201},"responseTime":12,"msg":"request completed"}"#
        )
        #expect(pino.status == 201 && pino.route == "/v1/x" && pino.method == "POST" && pino.duration == 12_000)
        #expect(pino.startMs == Self.base - 12 && pino.client == "203.0.113.7" && pino.requestID == "1")
        let nested = try only(
            #"{"@timestamp":"2026-11-23T17:31:50Z","level":"ERROR","message":"upstream timeout","http":{"method":"DELETE","path":"/x","status":500,"duration_ms":179.8},"client_ip":"203.0.113.7"}"#
        )
        #expect(nested.duration == 179_800 && nested.status == 500 && nested.route == "/x")
        let small = try only(
            #"{"ts":"2026-11-23T17:31:50Z","ip":"203.0.113.7","method":"GET","path":"/","status":200,"duration_ms":45,"bytes":4213}"#
        )
        #expect(small.client == "203.0.113.7" && small.bytes == [nil, 4213])
    }

    @Test("Traefik answering by itself has no upstream")
    func traefik() throws {
        let ping = try only(
            #"{"ClientHost":"203.0.113.7","DownstreamStatus":200,"Duration":80879,"OriginDuration":0,"OriginStatus":0,"Overhead":80879,"RequestMethod":"GET","RequestPath":"/ping","StartUTC":"2026-11-23T17:31:50Z"}"#
        )
        #expect(ping.upstreamTime == nil && ping.upstreamStatus == nil && ping.duration == 81)
        let text = try only(
            #"203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] "GET /ping HTTP/1.1" 200 2 "-" "-" 1 "ping@internal" - 12ms"#
        )
        #expect(text.dialect == .traefik && text.startMs == Self.base && text.duration == 12_000)
        #expect(text.upstream == "")
        let none = try only(
            #"203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] "GET / HTTP/1.0" - - "-" "-" 746 - - 0ms"#)
        #expect(none.dialect == .traefik && none.status == nil && none.bytes == [nil, nil] && none.duration == 0)
    }

    @Test("nginx: name and value in the same quotes; ut is the upstream's time")
    func nginx() throws {
        let combined =
            #"203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] "POST /x HTTP/1.1" 200 5120 "-" "ua""#
        let quoted = try only(
            combined
                + #" "::1" "request_body:{\"a\":1}" "upstream_response_time:11.732" "upstream_addr:10.0.0.1:8000" "request_time=12.000""#
        )
        #expect(quoted.upstreamTime == 11_732_000 && quoted.upstream == "10.0.0.1:8000")
        #expect(quoted.duration == 12_000_000)
        let short = try only(combined + #" rt=0.151 ut="0.150" cs=MISS ua="10.0.0.1:8000" us="200""#)
        #expect(short.duration == 151_000 && short.upstreamTime == 150_000 && short.upstreamStatus == 200)
    }

    @Test("Heroku's router: milliseconds to connect and of the service; an app's lines are another program's")
    func heroku() throws {
        let log = """
            2026-11-23T17:31:50.000000+00:00 heroku[router]: at=info method=GET path="/x?k=hush" host=h request_id=34f2-51cb fwd="203.0.113.7" dyno=web.1 connect=1ms service=12ms status=200 bytes=150
            2026-11-23T17:31:51.000000+00:00 heroku[router]: at=error code=H12 desc="Request timeout" method=POST path="/x" host=h request_id=b fwd="203.0.113.7" dyno=web.1 connect=5ms service=30001ms status=503 bytes=0
            2026-11-23T17:31:51.126124+00:00 app[web.1]: Hello, world!

            """
        #expect(sniff(log)?.format == "gateway-access")
        let found = GatewayCollector.parse(log)
        #expect(found.rejects == [] && found.events.count == 1)
        let one = try #require(found.accesses.first)
        #expect(one.duration == 13_000 && one.connect == 1000 && one.upstreamTime == 12_000 && one.route == "/x")
        #expect(one.client == "203.0.113.7" && one.status == 200 && one.bytes == [nil, 150])
        #expect(one.startMs == Self.base - 13 && found.accesses.map(\.status) == [200, 503])
    }

    @Test("Envoy's fields may lack the time; other objects without one are rejects")
    func untimed() {
        let envoy = GatewayCollector.parse(
            #"{"path":"/","response_code":404,"response_flags":"NR","upstream_host":null,"route_name":null}"# + "\n")
        #expect(envoy.accesses.map(\.status) == [404] && envoy.accesses.map(\.startMs) == [nil])
        #expect(envoy.counts.untimed == 1 && envoy.rejects == [])
        #expect(GatewayCollector.parse(#"{"path":"/","method":"GET","status":404}"# + "\n").rejects.count == 1)
    }

    @Test("a program that logs with slog and answers with Gin; Caddy's log without requests")
    func recognised() {
        let gin = #"[GIN] 2026/11/23 - 17:31:50 | 200 |   82.98ms |   203.0.113.7 | POST     "/v1/completions""# + "\n"
        let slog = #"time=2026-11-23T17:31:50.412Z level=DEBUG source=sched.go:403 msg="context finished""# + "\n"
        #expect(sniff(gin + slog + slog)?.detail == "access lines of gin")
        #expect(sniff(slog + slog) == nil)
        let caddy =
            #"{"level":"debug","ts":1795455110.5,"logger":"http.handlers.reverse_proxy","msg":"selected upstream"}"#
            + "\n"
        #expect(sniff(caddy)?.detail == "a log of Caddy")
    }

    @Test("an entry of the journal is a message of its own; a traceback's entries belong together")
    func journal() {
        let log = """
            Nov 23 17:31:50 host ollama[7]: slot release
            Nov 23 17:31:50 host ollama[7]: srv update_slots: all idle
            Nov 23 17:31:51 host ollama[7]: [GIN] 2026/11/23 - 17:31:51 | 200 |  626.2ms |  203.0.113.7 | POST     "/x"
            Nov 23 17:31:52 host app[8]: Traceback (most recent call last):
            Nov 23 17:31:52 host app[8]:   File "a.py", line 1
            Nov 23 17:31:52 host app[8]: ValueError: x

            """
        let found = GatewayCollector.parse(log)
        #expect(found.rejects == [] && found.accesses.count == 1)
        #expect(
            found.events == [
                "1+1 - -1 slot release", "2+1 - -1 srv update_slots: all idle",
                "4+3 - -1 Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: x",
            ])
    }
}
