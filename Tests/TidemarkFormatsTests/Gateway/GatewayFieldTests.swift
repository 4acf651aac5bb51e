import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

@Suite("Gateway logs: forms from the field")
struct GatewayFieldTests {
    /// 2026-11-23T17:31:50Z
    private static let base: Int64 = 1_795_455_110_000
    private static let combined =
        #"203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] "POST /v1/completions HTTP/1.1" 200 5120 "-" "ua""#

    private func only(_ text: String) throws -> GatewayFacts {
        let found = GatewayCollector.parse(text + "\n")
        #expect(found.rejects == [] && found.events == [])
        return try #require(found.accesses.first)
    }

    private func sniff(_ text: String) -> FormatGuess? {
        withBytes(of: text) { GatewayFormat.sniff(head: $0, fileName: "x.log") }
    }

    @Test("LiteLLM's colours, uvicorn's and Traefik's are no part of a line")
    func colours() throws {
        let log =
            "\u{1B}[92m17:31:50 - LiteLLM Proxy:INFO\u{1B}[0m: proxy_server.py:4120 - Loaded\n"
            + "\u{1B}[32mINFO\u{1B}[0m:     172.18.0.1:33824 - \"\u{1B}[1mPOST /v1/completions HTTP/1.1\u{1B}[0m\" \u{1B}[32m200 OK\u{1B}[0m\n"
        #expect(sniff(log)?.detail == "a log of LiteLLM")
        let found = GatewayCollector.parse(log)
        #expect(found.events == ["1+1 INFO -1 LiteLLM Proxy:INFO: proxy_server.py:4120 - Loaded"])
        #expect(found.accesses.map(\.route) == ["/v1/completions"] && found.accesses.map(\.status) == [200])
        let traefik = GatewayCollector.parse(
            "\u{1B}[90m2026-11-23T17:31:50Z\u{1B}[0m \u{1B}[32mINF\u{1B}[0m Starting\n")
        #expect(traefik.events == ["1+1 INFO \(Self.base) Starting"])
    }

    @Test("Envoy Gateway's path; a connection that failed early has none")
    func envoyGateway() throws {
        let one = try only(
            #"{"start_time":"2026-11-23T17:31:50Z","method":"POST","x-envoy-origin-path":"/v1/completions","response_code":"200","response_flags":"-","duration":"2417","genai_model_name":"m","genai_tokens_input":400,"genai_tokens_output":124}"#
        )
        #expect(one.route == "/v1/completions" && one.duration == 2_417_000 && one.startMs == Self.base)
        #expect(one.model == "m" && one.tokens == [400, 124])
        let early = try only(
            #"{"start_time":"2026-11-23T17:31:50Z","method":null,"x-envoy-origin-path":null,"response_code":0,"response_flags":"NR","duration":0}"#
        )
        #expect(early.end == .noUpstream && early.status == nil && early.route == "")
    }

    @Test("Azure's Application Gateway: version 2 counts seconds, version 1 milliseconds; a list of records")
    func azure() throws {
        let second =
            #"{"timeStamp":"2026-11-23T17:31:50+00:00","category":"ApplicationGatewayAccessLog","properties":{"clientIP":"203.0.113.7","httpMethod":"POST","requestUri":"\/v1\/completions","requestQuery":"key=hush","httpStatus":200,"receivedBytes":184,"sentBytes":466,"timeTaken":2,"transactionId":"592d1649f75a8d480a3c4dc6a975309d","serverRouted":"10.0.0.1:8000","serverStatus":"200","serverResponseLatency":"1.998"}}"#
        let one = try only(second)
        #expect(one.startMs == Self.base - 2000 && one.duration == 2_000_000 && one.upstreamTime == 1_998_000)
        #expect(one.method == "POST" && one.route == "/v1/completions" && one.client == "203.0.113.7")
        #expect(one.status == 200 && one.upstreamStatus == 200 && one.upstream == "10.0.0.1:8000")
        #expect(one.bytes == [184, 466] && one.requestID == "592d1649f75a8d480a3c4dc6a975309d")
        let first = try only(
            #"{"time":"2026-11-23T17:31:50Z","category":"ApplicationGatewayAccessLog","properties":{"clientIP":"203.0.113.7","httpMethod":"GET","requestUri":"/x","httpStatus":502,"timeTaken":205}}"#
        )
        #expect(first.duration == 205_000 && first.end == .upstreamFailure && first.upstreamTime == nil)
        let list = GatewayCollector.parse("{\"records\": [\(second),\(second)]}\n")
        #expect(list.accesses.count == 2 && list.rejects == [] && list.events == [])
    }

    @Test("a logger's time and name before a common line are no client")
    func loggers() throws {
        let one = try only(
            #"2026-11-23 17:31:50,300 INFO aiohttp.access: 203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] "POST /v1/completions HTTP/1.1" 502 802"#
        )
        #expect(one.client == "203.0.113.7" && one.status == 502 && one.startMs == Self.base)
    }

    @Test("a list of statuses in an object is a list of tries")
    func statuses() throws {
        let one = try only(
            #"{"time":"2026-11-23T17:31:50Z","request_time":0.527,"status":404,"path":"/","method":"GET","duration":"0.518 : 0.009","upstream_status":"500 : 404","upstream_addr":"10.0.0.1:80 : 10.0.0.2:80"}"#
        )
        #expect(one.retries == 1 && one.upstreamStatus == 404 && one.upstream == "10.0.0.2:80")
        #expect(one.duration == 527_000)
    }

    @Test("AWS' Classic Load Balancer logs the start; a listener of TCP knows no request")
    func classicLoadBalancer() throws {
        let line =
            #"2026-11-23T17:31:50.250000Z my-lb 203.0.113.7:2817 10.0.0.1:8000 0.000073 2.416 0.000057 200 200 1463 5120 "POST http://llm.example:80/v1/completions?key=hush HTTP/1.1" "curl/8" - -"#
        let one = try only(line)
        #expect(one.startMs == Self.base + 250 && one.duration == 2_416_130 && one.headers == 2_416_000)
        #expect(one.route == "/v1/completions" && one.upstream == "10.0.0.1:8000" && one.bytes == [1463, 5120])
        #expect(sniff(line + "\n" + line + "\n")?.detail == "access lines of elb")
        let none = try only(
            #"2026-11-23T17:31:50Z my-lb 203.0.113.7:2817 - -1 -1 -1 503 0 0 0 "POST http://h:80/v1/completions HTTP/1.1" "x" - -"#
        )
        #expect(none.duration == nil && none.headers == nil && none.end == .noUpstream && none.upstream == "")
        let tcp = try only(
            #"2026-11-23T17:31:50Z my-lb 203.0.113.7:2817 10.0.0.1:80 0.001069 0.000028 0.000041 - - 82 305 "- - - " "-" - -"#
        )
        #expect(tcp.status == nil && tcp.connect == 28 && tcp.headers == nil && tcp.duration == 1138)
        let cut = GatewayCollector.parse(line + "\n" + String(line.prefix(120)) + "\n")
        #expect(cut.accesses.count == 1 && cut.rejects.count == 1)
    }

    @Test("a page of LiteLLM's spend logs")
    func spendPage() throws {
        let row =
            #"{"request_id":"chatcmpl-1","startTime":"2026-11-23T17:31:50Z","endTime":"2026-11-23T17:31:52.417Z","completionStartTime":"2026-11-23T17:31:50.312Z","model":"acme","status":"success","prompt_tokens":400,"completion_tokens":124}"#
        let page = "{\"data\":[\(row),\(row.replacing("success", with: "failure"))],\"total\":2,\"page\":1}\n"
        let found = GatewayCollector.parse(page)
        #expect(found.rejects == [] && found.accesses.map(\.duration) == [2_417_000, 2_417_000])
        #expect(found.accesses.map(\.end) == [nil, .failure] && found.accesses[0].tokens == [400, 124])
        #expect(sniff(page)?.format == "gateway-access")
        #expect(GatewayCollector.parse("{\"data\":[],\"total\":0}\n").rejects == [])
    }

    @Test("nginx' names with a colon; a unit behind a number")
    func names() throws {
        let one = try only(
            Self.combined
                + " upstream: 10.0.0.1:8000 upstream_status: 502, 200 request_time: 2.417 upstream_response_time: 0.004, 2.410 upstream_connect_time: 0.001 upstream_header_time: 0.312"
        )
        #expect(one.duration == 2_417_000 && one.upstreamTime == 2_414_000 && one.retries == 1)
        #expect(one.connect == 1000 && one.headers == 312_000 && one.upstreamStatus == 200)
        #expect(one.upstream == "10.0.0.1:8000")
        let two = try only(Self.combined + " rt:2.417 urt:2.416 vllm-0:8000 other:1")
        #expect(two.duration == 2_417_000 && two.upstreamTime == 2_416_000 && two.upstream == "vllm-0:8000")
        let unit = try only(Self.combined + " request_time=2.417s upstream_response_time=2.416s")
        #expect(unit.duration == 2_417_000 && unit.upstreamTime == 2_416_000)
        let kong = try only(Self.combined + #" kong_request_id: "0af7651916cd43dd""#)
        #expect(kong.requestID == "0af7651916cd43dd")
    }

    @Test("times without names in an order that can't be are not taken")
    func order() throws {
        // request, response, connect, head
        let second = try only(Self.combined + " 2.417 2.416 0.001 0.312")
        #expect(second.duration == 2_417_000 && second.upstreamTime == 2_416_000)
        #expect(second.connect == 1000 && second.headers == 312_000)
        let none = try only(Self.combined + " 0.001 2.410")
        #expect(none.duration == nil && none.upstreamTime == nil)
        let other = try only(Self.combined + " 2.417 0.312 2.416 0.001")
        #expect(
            other.duration == 2_417_000 && other.upstreamTime == nil && other.connect == nil && other.headers == nil)
        // nginx' clocks may be a millisecond apart.
        let tick = try only(Self.combined + " 2.416 2.417")
        #expect(tick.duration == 2_416_000 && tick.upstreamTime == 2_417_000)
        let dashes = try only(
            #"203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] "POST / HTTP/1.1" 200 5 2.417 2.416 "-" "-""#)
        #expect(dashes.connect == nil && dashes.upstreamTime == 2_416_000)
    }

    @Test("Envoy behind a word is Envoy; nginx with a time in ISO form stays nginx")
    func prefixed() throws {
        let envoy =
            #"ACCESS [2026-11-23T17:31:50.123Z] "POST /v1/completions HTTP/1.1" 200 - 1463 5120 2417 312 "203.0.113.7" "x" "f65c" "h" "10.0.0.1:8000""#
        let nginx =
            #"203.0.113.8 - - [2026-11-23T17:31:52+00:00] "POST /v1/completions HTTP/1.1" 200 5120 "-" "x" 2.000"#
        let found = GatewayCollector.parse(envoy + "\n" + nginx + "\n" + envoy + "\n")
        #expect(found.rejects == [] && found.accesses.map(\.dialect) == [.envoy, .nginx, .envoy])
        #expect(found.accesses.map(\.startMs) == [Self.base + 123, Self.base, Self.base + 123])
        #expect(found.accesses.map(\.client) == ["203.0.113.7", "203.0.113.8", "203.0.113.7"])
        #expect(found.accesses.map(\.duration) == [2_417_000, 2_000_000, 2_417_000])
    }

    @Test("llm-d's endpoint picker: objects and zap's console, an event a line")
    func picker() {
        let json =
            #"{"level":"info","ts":"2026-11-23T17:31:50Z","caller":"handlers/server.go:217","msg":"EPP received request","x-request-id":"bench-1"}"#
            + "\n"
        #expect(sniff(json)?.detail == "a log of a router")
        #expect(
            GatewayCollector.parse(json).events == ["1+1 INFO \(Self.base) EPP received request request_id=bench-1"])
        let lines = [
            "2026-11-23T17:31:50Z\tINFO\tsetup\trunner/runner.go:150\tInferencePool ready\t{\"commit-sha\": \"a\"}",
            "2026-11-23T17:31:51Z\tLEVEL(-4)\thandlers/request.go:45\tsent\t{}",
            "2026-11-23T17:31:52Z\tERROR\thandlers/request.go:45\tboom\t{}", "goroutine 1 [running]:",
        ]
        let text = lines.map { $0 + "\n" }.joined()
        #expect(sniff(text)?.detail == "a log of a router")
        let expected = [
            "1+1 INFO \(Self.base) setup\trunner/runner.go:150\tInferencePool ready\t{\"commit-sha\": \"a\"}",
            "2+1 DEBUG \(Self.base + 1000) handlers/request.go:45\tsent\t{}",
            "3+2 ERROR \(Self.base + 2000) handlers/request.go:45\tboom\t{}\ngoroutine 1 [running]:",
        ]
        #expect(GatewayCollector.parse(text).events == expected)
        // The same under a prefix.
        let prefixed = lines.map { "[pod/epp-0/epp] \($0)\n" }.joined()
        #expect(GatewayCollector.parse(prefixed).events == expected)
    }

    @Test("the production stack's router stays one when probes outnumber its messages; a server's log isn't one")
    func probes() {
        let message =
            "[2026-11-23 17:31:48,005] INFO: Scraping metrics (engine_stats.py:136:vllm_router.stats.engine_stats)\n"
        let probe = "INFO:     10.244.0.9:50234 - \"GET /health HTTP/1.1\" 200 OK\n"
        #expect(sniff(message + probe + probe + probe)?.detail == "a log of a router")
        #expect(
            sniff(
                message + probe
                    + "INFO 11-23 17:31:50 [loggers.py:127] Engine 000: Avg prompt throughput: 1.0 tokens/s, Avg generation throughput: 1.0 tokens/s, Running: 1 reqs, Waiting: 0 reqs, GPU KV cache usage: 1.0%, Prefix cache hit rate: 0.0%\n"
            ) == nil)
    }

    @Test("routers in Rust log when the answer's head is known: a time to it, no duration")
    func rust() throws {
        let log =
            #"2026-11-23 17:31:52  INFO http_request{method=POST uri=/v1/completions?k=1 version=HTTP/1.1 module="smg" request_id="chatcmpl-4q" status_code=200 latency=1523}: smg::response: src/logging.rs:138: finished processing request"#
        let one = try only(log)
        #expect(one.dialect == .router && one.headers == 1523 && one.duration == nil && one.startMs == Self.base + 1998)
        #expect(one.route == "/v1/completions" && one.method == "POST" && one.requestID == "chatcmpl-4q")
        #expect(one.status == 200 && one.zoneless)
        let old = try only(log.replacing("latency=1523", with: #"latency="12.5ms""#))
        #expect(old.headers == 12_500)
        let started = GatewayCollector.parse(
            "2026-11-23 17:31:52  INFO http_request{method=POST uri=/v1/completions}: smg::request: started processing request\n"
        )
        #expect(started.accesses == [] && started.events.count == 1)
    }

    @Test("agentgateway's requests")
    func agentgateway() throws {
        let one = try only(
            "2026-11-23T17:31:51.687Z\tinfo\trequest gateway=default/default listener=llm route=internal/model:* endpoint=10.0.0.1:8000 src.addr=203.0.113.7:54966 http.method=POST http.path=/v1/completions http.status=200 protocol=llm gen_ai.request.model=m gen_ai.usage.input_tokens=400 gen_ai.usage.output_tokens=124 duration=1687ms"
        )
        #expect(one.dialect == .agentgateway && one.startMs == Self.base && one.duration == 1_687_000)
        #expect(one.client == "203.0.113.7" && one.upstream == "10.0.0.1:8000" && one.route == "/v1/completions")
        #expect(one.model == "m" && one.tokens == [400, 124] && one.status == 200)
    }

    @Test(
        "units in values",
        arguments: [
            (#""latency":"2.417s""#, 2_417_000), (#""duration":"12.3ms""#, 12_300), (#""duration":"417µs""#, 417),
            (#""duration":"1m2.5s""#, 62_500_000), (#""latency":2417123456,"latency_human":"2.417123456s""#, 2_417_123),
            (#""latency":2417123456"#, nil), (#""duration":"2.4 apples""#, nil), (#""duration":"s""#, nil),
        ] as [(String, Int64?)])
    func units(text: String, micros: Int64?) throws {
        let one = try only(
            #"{"ts":"2026-11-23T17:31:50Z","method":"POST","path":"/x","status":200,"# + text + "}")
        #expect(one.duration == micros)
    }

    @Test("Caddy's other times, and its console")
    func caddy() throws {
        let request = #""request":{"client_ip":"203.0.113.7","method":"POST","uri":"/x"},"duration":0.5,"status":200}"#
        let wall = try only(#"{"ts":"2026/11/23 17:31:50.500","# + request)
        #expect(wall.startMs == Self.base && wall.zoneless && wall.duration == 500_000)
        let console = try only("2026/11/23 17:31:50.500\tINFO\thttp.log.access\thandled request\t{" + request)
        #expect(console.startMs == Self.base && console.zoneless && console.client == "203.0.113.7")
    }

    @Test("Google's load balancer: the start, and a latency in its own unit")
    func google() throws {
        let one = try only(
            #"{"httpRequest":{"latency":"2.417123s","remoteIp":"203.0.113.7","requestMethod":"POST","requestSize":"1463","requestUrl":"https://h/v1/x?k","responseSize":"5120","serverIp":"10.0.0.1","status":200},"severity":"INFO","timestamp":"2026-11-23T17:31:50Z"}"#
        )
        #expect(one.startMs == Self.base && one.duration == 2_417_123 && one.route == "/v1/x")
        #expect(one.client == "203.0.113.7" && one.upstream == "10.0.0.1" && one.bytes == [1463, 5120])
    }

    @Test("APISIX, Nginx Proxy Manager, Gin, llama-swap, keys and values")
    func others() throws {
        let apisix = try only(
            #"203.0.113.7 - - [23/Nov/2026:17:31:52 +0000] llm.example "POST /x HTTP/1.1" 200 5120 2.000 "-" "ua" 10.0.0.1:8000 200 1.999 "http://h""#
        )
        #expect(apisix.startMs == Self.base && apisix.duration == 2_000_000 && apisix.upstreamTime == 1_999_000)
        #expect(apisix.upstream == "10.0.0.1:8000" && apisix.upstreamStatus == 200 && apisix.client == "203.0.113.7")
        let manager = try only(
            #"[23/Nov/2026:17:31:50 +0000] - 502 499 - POST https llm.example "/x?k" [Client 203.0.113.7] [Length 5120] [Gzip -] [Sent-to vllm] "ua" "-""#
        )
        #expect(manager.startMs == Self.base && manager.duration == nil && manager.end == .clientDisconnect)
        #expect(manager.route == "/x" && manager.client == "203.0.113.7" && manager.upstream == "vllm")
        #expect(manager.upstreamStatus == 502 && manager.bytes == [nil, 5120] && manager.method == "POST")
        let gin = try only(#"[GIN] 2026/11/23 - 17:31:52 | 200 |  2.0000004s |      10.0.0.9 | POST     "/x?k""#)
        #expect(gin.startMs == Self.base && gin.zoneless && gin.duration == 2_000_000 && gin.route == "/x")
        #expect(gin.client == "10.0.0.9" && gin.method == "POST" && gin.status == 200)
        let api = try only("[GIN] 2026/11/23 - 17:31:52 | 20261123a | 504 | 2s | 10.0.0.9 |    POST /x")
        #expect(api.requestID == "20261123a" && api.status == 504 && api.end == .upstreamTimeout && api.route == "/x")
        let swap = try only(#"[INFO] Request 172.28.0.1 "POST /x HTTP/1.1" 200 781 "ua" 17.092465058s"#)
        #expect(swap.startMs == nil && swap.duration == 17_092_465 && swap.client == "172.28.0.1")
        let old = try only(#"[llama-swap] 172.28.0.1 [2026-11-23 17:31:50] "POST /x HTTP/1.1" 200 781 "ua" 500ms"#)
        #expect(old.startMs == Self.base - 500 && old.zoneless)
        let pairs = try only(
            #""23/Nov/2026:17:31:52 +0000" client=203.0.113.7 method=POST request="POST /x HTTP/1.1" status=200 user_agent="a status=500" upstream_addr=10.0.0.1:8000 request_time=2.000 upstream_response_time=1.999"#
        )
        #expect(pairs.dialect == .keyValue && pairs.startMs == Self.base && pairs.duration == 2_000_000)
        #expect(pairs.status == 200 && pairs.upstream == "10.0.0.1:8000" && pairs.upstreamTime == 1_999_000)
    }

    @Test("what stands around a container's log is an event, with its level")
    func surroundings() {
        let text = """
            /docker-entrypoint.sh: Configuration complete; ready for start up
            10-listen-on-ipv6-by-default.sh: info: Getting the checksum
            nginx: [warn] the "user" directive makes no sense
            [2026-11-23 18:31:50 +0100] [7] [ERROR] Worker failed
            [WARNING]  (1) : new worker
            [GIN-debug] Listening on :8080
            time=2026-11-23T17:31:50Z level=WARN msg=x
            2026/11/23 17:31:50 http: proxy error

            """
        let found = GatewayCollector.parse(text)
        #expect(found.rejects == [])
        #expect(
            found.events == [
                "1+1 - -1 /docker-entrypoint.sh: Configuration complete; ready for start up",
                "2+1 - -1 10-listen-on-ipv6-by-default.sh: info: Getting the checksum",
                "3+1 WARNING -1 the \"user\" directive makes no sense",
                "4+1 ERROR \(Self.base) Worker failed", "5+1 WARNING -1 (1) : new worker",
                "6+1 - -1 Listening on :8080", "7+1 WARNING \(Self.base) msg=x",
                "8+1 - \(Self.base) http: proxy error",
            ])
    }

    @Test("a shipper's time and level are not the line's own")
    func shipper() {
        let line =
            #"{"@timestamp":"2026-11-23T17:31:50.050Z","level":"info","kubernetes":{"pod_name":"edge-0","container_name":"c"},"message":"203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] \"POST /x HTTP/1.1\" 200 5 \"-\" \"ua\" rt=1.0"}"#
            + "\n"
        let found = GatewayCollector.parse(line + line)
        #expect(found.accesses.map(\.duration) == [1_000_000, 1_000_000] && found.events == [])
        #expect(found.accesses.map(\.startMs) == [Self.base - 1000, Self.base - 1000])
        // A message that looks like fields and is none stays whole.
        let event = GatewayCollector.parse(
            #"{"ts":"2026-11-23T17:31:50Z","level":"warn","msg":"uri=/x status is \"unknown\" and so on and so forth","x-request-id":"a"}"#
                + "\n")
        #expect(
            event.events == [
                "1+1 WARNING \(Self.base) uri=/x status is \"unknown\" and so on and so forth request_id=a"
            ])
    }

    @Test("cut and hostile lines of these forms")
    func hostile() {
        let digits = String(repeating: "9", count: 400)
        let lines: [String] = [
            "[GIN] 2026/11/23 - 17:31:52 |", "[GIN] 2026/11/23 - 17:31:52 | 200 | \(digits)s | a | b", "[GIN] ",
            "[GIN] 2026/11/23 - 17:31:52 | 200 |  2s | c | POST \"/x", "[INFO] Request ", "[llama-swap] a [2026-",
            "[INFO] Request a \"", "[INFO] Request a \"x\" 200 1 \"\" \(digits)h",
            "2026/11/23 17:31:50.\(digits)\tINFO\t{",
            "2026/11/23 17:31:50\tINFO\tx\t{\"request\":}", "\u{1B}[", "\u{1B}[92m", "\u{1B}[92m\u{1B}[0m\n\u{1B}",
            "\"23/Nov/2026:17:31:52 +0000\" a=\"", "\"23/Nov/2026:17:31:52 +0000\" status=200 method=\(digits) =",
            "2026-11-23 17:31:52  INFO http_request{status_code=200 uri=/ latency=\(digits)}: finished processing request",
            "2026-11-23T17:31:52Z\tinfo\trequest gateway=a http.path=/ http.status=200 duration=\(digits)h9h9h",
            "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] ", "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] \"",
            "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] h \"",
            "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] \"h\" \"",
            Self.combined + " a:", Self.combined + " rt:\"", Self.combined + " :::=== = : ua:",
            Self.combined + " \(digits).1 \(digits).1 \(digits).1 -", "[23/Nov/2026:17:31:50 +0000] \"",
            "[23/Nov/2026:17:31:50 +0000] 200 - POST https h \"/x\" [Client", "x.sh: ", "nginx: [", "Error #1",
            "[]] [] ",
            "[2026-11-23 17:31:48 +9999] [7] [INFO]", "time=", "time=2026-11-23T17:31:50Z", "a [2026-11-23T17:31:50",
        ]
        for line in lines {
            for text in [line, line + "\n", line + "\n" + line] {
                let counts = GatewayCollector.parse(text).counts
                #expect(counts.lines == counts.recordLines + counts.noiseLines + counts.rejectedLines, "\(line)")
                _ = sniff(text)
            }
        }
    }
}
