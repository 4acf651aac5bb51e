import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

@Suite("Gateway logs: spread objects, pastes, other writers")
struct GatewayPasteTests {
    /// 2026-11-23T17:31:50Z
    private static let base: Int64 = 1_795_455_110_000

    private func sniff(_ text: String) -> String {
        withBytes(of: text) { GatewayFormat.sniff(head: $0, fileName: "x.log")?.detail ?? "" }
    }

    /// Wherever a run stops, nothing is counted twice or left out.
    private func check(_ text: String, _ found: GatewayCollector) {
        let counts = found.counts
        #expect(counts.lines == LogCollector.lineCount(Array(text.utf8)))
        #expect(counts.lines == counts.recordLines + counts.noiseLines + counts.rejectedLines)
        #expect(found == GatewayCollector.parse(Array(text.utf8), reads: [1, 7, 3]))
    }

    private func object(_ status: Int, _ margin: String = "  ") -> String {
        let lines = [
            "{", "  \"time\": \"2026-11-23T17:31:50+00:00\",", "  \"request\": {", "    \"method\": \"POST\"", "  },",
            "  \"request_uri\": \"/v1/x{[\\\"\",", "  \"status\": \(status),", "  \"request_time\": 0.012", "}",
        ]
        return lines.map { margin + $0 }.joined(separator: "\n")
    }

    @Test("objects spread over lines: arrays, jq's, with the next one behind the bracket")
    func spread() {
        let texts = [
            "[\n\(object(200)),\n\(object(504))\n]\n", object(200, "") + "\n" + object(504, "") + "\n",
            "[" + object(200, "") + ", " + object(504, "") + "]\n",
        ]
        for text in texts {
            let found = GatewayCollector.parse(text)
            #expect(found.accesses.map(\.status) == [200, 504] && found.rejects == [])
            #expect(found.accesses.first?.duration == 12_000)
            #expect(sniff(text) == "access lines of json")
            check(text, found)
        }
        #expect(GatewayCollector.parse(texts[0]).accesses.map(\.line) == [2, 11])
        // A page of a list inside an object.
        let page = "{\n  \"records\": [\n\(object(200)),\n\(object(504))\n  ],\n  \"page\": 1\n}\n"
        let found = GatewayCollector.parse(page)
        #expect(found.accesses.map(\.status) == [200, 504])
        check(page, found)
    }

    @Test("an object that doesn't end is one reject, and the lines behind it are read")
    func unfinished() {
        let line = #"10.0.0.1 - - [23/Nov/2026:17:31:50 +0000] "GET /x HTTP/1.1" 200 5"#
        let text = "{\n  \"messages\": \"secret words\",\n" + line + "\n" + "{\n  \"a\": 1,\n"
        let found = GatewayCollector.parse(text)
        #expect(found.accesses.count == 1 && found.rejects.map(\.lineCount) == [2, 2])
        #expect(!found.rejects.contains { $0.text.contains("secret") })
        check(text, found)
        let far = "{\n" + String(repeating: "  \"a\": 1,\n", count: 10_050) + line + "\n"
        check(far, GatewayCollector.parse(far))
    }

    @Test("LiteLLM's requests at DEBUG: one event, the prompt by its length")
    func prompts() {
        let body = [
            "{", #"    "model": "m","#, #"    "messages": ["#, #"        {"content": "what { are you"}"#, "    ]", "}",
        ]
        for compose in ["", "litellm-1  | "] {
            let lines =
                ["08:56:49 - LiteLLM Proxy:DEBUG: x.py:213 - Request received by LiteLLM:"] + body
                + [#"INFO:     172.18.0.1:41000 - "POST /v1/chat/completions HTTP/1.1" 200 OK"#]
            let text = lines.map { compose + $0 + "\n" }.joined()
            let found = GatewayCollector.parse(text)
            #expect(found.rejects == [] && found.accesses.count == 1 && found.events.count == 1)
            #expect(found.events.first?.hasPrefix("1+7 DEBUG") == true)
            #expect(found.events.first?.contains("what") == false)
            #expect(found.events.first?.contains("characters>") == true)
            check(text, found)
        }
    }

    @Test("LiteLLM's JSON logger is known by its module, its component and its stack")
    func liteLLM() {
        let uvicorn =
            #"{"message": "10.0.0.1:54321 - \"POST /chat/completions HTTP/1.1\" 429", "level": "INFO", "timestamp": "2026-11-23T17:31:50"}"#
        let own = [
            #"{"message": "litellm.proxy.x(): Exception occured", "level": "ERROR", "timestamp": "2026-11-23T17:31:50"}"#,
            #"{"message": "x", "level": "ERROR", "timestamp": "2026-11-23T17:31:50", "component": "LiteLLM Proxy"}"#,
            #"{"message": "x", "level": "ERROR", "timestamp": "2026-11-23T17:31:50", "stacktrace": "File \"/app/litellm/main.py\""}"#,
        ]
        for line in own {
            let text = line + "\n" + uvicorn + "\n"
            #expect(sniff(text) == "a log of LiteLLM")
            let found = GatewayCollector.parse(text)
            #expect(found.accesses.first?.status == 429 && found.accesses.first?.startMs == Self.base)
            #expect(found.accesses.first?.client == "10.0.0.1" && found.accesses.first?.dialect == .uvicorn)
        }
        // vLLM logs JSON, too.
        #expect(sniff(uvicorn + "\n") == "")
        let engine =
            #"{"message": "Engine 000: Avg prompt throughput: 1.0 tokens/s, Avg generation throughput: 1.0 tokens/s, Running: 1 reqs, Waiting: 0 reqs, GPU KV cache usage: 0.0%", "level": "INFO", "timestamp": "2026-11-23T17:31:50"}"#
        #expect(sniff([own[2], engine, uvicorn].joined(separator: "\n") + "\n") == "")
    }

    @Test("nginx' error log alone; other programs have its time, too")
    func nginxErrors() {
        let text = """
            2026/11/23 17:31:50 [warn] 31#0: duplicate MIME type
            2026/11/23 17:31:50 [error] 31#31: *8666 upstream prematurely closed connection, client: 10.0.0.1

            """
        #expect(sniff(text) == "an error log of nginx")
        #expect(GatewayCollector.parse(text).events.count == 2)
        #expect(sniff("2026/11/23 17:31:50 [error] 31: x\n2026/11/23 17:31:50 text\n") == "")
    }

    @Test("fences, tail's names of files and a command are no rejects")
    func paste() {
        let line = #"10.0.0.1 - - [23/Nov/2026:17:31:50 +0000] "GET /x HTTP/1.1" 200 5"#
        let text =
            "$ kubectl logs deploy/x\n```text\n==> /var/log/nginx/access.log <==\n" + line + "\n```\n"
            + "2026/11/23 17:31:50 [error] 31#31: x\n```\n" + line + "\n"
        let found = GatewayCollector.parse(text)
        #expect(found.accesses.count == 2 && found.rejects == [] && found.events.count == 2)
        #expect(found.counts.noiseLines == 4)
        check(text, found)
        let zeros = "\0\0\0" + line + "\n\0\0\n" + line + "\n"
        #expect(GatewayCollector.parse(zeros).accesses.count == 2 && GatewayCollector.parse(zeros).rejects == [])
    }

    private func only(_ text: String) throws -> GatewayFacts {
        let found = GatewayCollector.parse(text + "\n")
        #expect(found.rejects == [] && found.events == [])
        return try #require(found.accesses.first)
    }

    @Test("Envoy's whole milliseconds under nginx' names")
    func apigee() throws {
        let line =
            #"{"start_time":"2026-11-23T17:31:50.000Z","request":"POST /v1/x HTTP/1.1","request_time":"1234","status":"200","upstream_response_time":"1230","response_flags":"-"}"#
        let one = try only(line)
        #expect(one.duration == 1_234_000 && one.upstreamTime == 1_230_000)
        let seconds = try only(line.replacing("1234", with: "1.234").replacing("1230", with: "1.230"))
        #expect(seconds.duration == 1_234_000 && seconds.upstreamTime == 1_230_000)
        let nginx = try only(line.replacing(",\"response_flags\":\"-\"", with: ""))
        #expect(nginx.duration == 1_234_000_000)
    }

    @Test("gateways for models: tokens, queue, first token")
    func models() throws {
        let kong =
            #"{"request":{"method":"POST","uri":"/x"},"response":{"status":200},"latencies":{"request":2674},"started_at":1795455110000,"ai":{"proxy":{"usage":{"prompt_tokens":28,"completion_tokens":20,"time_to_first_token":210},"meta":{"request_model":"m"}}}}"#
        let one = try only(kong)
        #expect(one.tokens == [28, 20] && one.firstToken == 210_000 && one.model == "m")
        #expect(try only(kong.replacing("_tokens", with: "_token")).tokens == [28, 20])
        let higress =
            #"{"ai_log":"{\"llm_first_token_duration\":54,\"input_token\":\"12\",\"output_token\":34,\"model\":\"m\\\"x\"}","method":"POST","path":"/x","response_code":"200","response_flags":"-","duration":"463","start_time":"2026-11-23T17:31:50Z"}"#
        let two = try only(higress)
        #expect(two.tokens == [12, 34] && two.firstToken == 54_000 && two.model == "m\"x" && two.duration == 463_000)
        #expect(try only(higress.replacing(#""{\"llm"#, with: #""x{\"llm"#)).tokens == [nil, nil])
        let proxy = try only(
            #"{"started_at":"2026-11-23T17:31:50Z","duration_ms":652,"time_to_first_byte_ms":256,"method":"POST","uri":"/x","proxy_queue_ms":3,"status":200,"input_tokens":480,"output_tokens":12}"#
        )
        #expect(proxy.tokens == [480, 12] && proxy.queue == 3000 && proxy.headers == 256_000)
        let kgateway = try only(
            #"{"start_time":"2026-11-23T17:31:50Z","method":"POST","path":"/x","response_code":200,"response_flags":"-","total_duration":3456,"resp_upstream_service_time":"3400"}"#
        )
        #expect(kgateway.duration == 3_456_000 && kgateway.headers == 3_400_000)
    }

    @Test("Cloudflare, Rust's tower-http, TorchServe, aiohttp, the router's uvicorn, Envoy without a time")
    func others() throws {
        let edge = try only(
            #"{"ClientIP":"203.0.113.9","ClientRequestMethod":"POST","ClientRequestURI":"/x?k=1","EdgeEndTimestamp":"2026-11-23T17:31:52.500Z","EdgeResponseBytes":18,"EdgeResponseStatus":200,"EdgeStartTimestamp":"2026-11-23T17:31:50.000Z","RayID":"87c1","OriginResponseStatus":200,"OriginResponseTime":1800000000}"#
        )
        #expect(edge.startMs == Self.base && edge.duration == 2_500_000 && edge.upstreamTime == 1_800_000)
        #expect(
            edge.requestID == "87c1" && edge.client == "203.0.113.9" && edge.route == "/x" && edge.upstreamStatus == 200
        )
        let whole = try only(
            #"{"ClientRequestMethod":"POST","ClientRequestURI":"/x","EdgeEndTimestamp":"2026-11-23T17:31:52Z","EdgeResponseStatus":200,"EdgeStartTimestamp":"2026-11-23T17:31:50Z","OriginResponseStatus":0}"#
        )
        #expect(whole.startMs == Self.base && whole.duration == nil && whole.upstreamStatus == nil)
        let tower = try only(
            #"{"timestamp":"2026-11-23T17:31:52Z","level":"DEBUG","fields":{"message":"finished processing request","latency":"2000 ms","status":200},"target":"tower_http::trace::on_response","span":{"method":"POST","uri":"/x","name":"request"}}"#
        )
        #expect(
            tower.startMs == Self.base && tower.duration == 2_000_000 && tower.method == "POST" && tower.status == 200)
        let torch =
            #"2026-11-23 17:31:52,000 [INFO ] pool-1-thread-3 ACCESS_LOG - /10.0.0.1:328 "POST /invocations HTTP/1.1" 200 2000"#
        let served = try only(torch)
        #expect(
            served.dialect == .torchServe && served.startMs == Self.base && served.client == "10.0.0.1"
                && served.zoneless)
        #expect(sniff(torch + "\n") == "access lines of torchserve")
        let wrapped =
            "2026-11-23 17:31:52,000 [INFO ] W-9000-llm_1.0-stdout MODEL_LOG - INFO 11-23 17:31:52 [a.py:1] x\n"
        #expect(sniff(torch + "\n" + torch + "\n" + wrapped) == "")
        let aiohttp = try only(
            #"2026-11-23 17:31:50,300 INFO aiohttp.access: 127.0.0.1 - - [23/Nov/2026:17:31:50 +0000] "POST /x HTTP/1.1" 502 80"#
        )
        #expect(aiohttp.dialect == .aiohttp && aiohttp.client == "127.0.0.1")
        let router = GatewayCollector.parse(
            "[2026-11-23 17:31:50,808] INFO: Routing x (request.py:303:vllm_router.services.request)\n"
                + #"INFO:     10.0.0.1:396 - "POST /x HTTP/1.1" 200 OK"# + "\n")
        #expect(router.accesses.map(\.dialect) == [.uvicorn])
        let envoy = try only(
            #""GET /x HTTP/1.1" 503 UC upstream_reset{termination} - "-" 0 95 7 - "10.0.0.2" "agent" "3a7c" "h.com" "10.0.0.3:81" outbound|80||h 10.0.0.4:37 10.0.0.4:80 10.0.0.5:59 - -"#
        )
        #expect(envoy.dialect == .envoy && envoy.startMs == nil && envoy.duration == 7000 && envoy.client == "10.0.0.2")
        #expect(sniff("\"GET /x HTTP/1.1\" 200 12\n") == "")
    }
}
