import Testing
import TidemarkFormats

@Suite("vLLM log: requests and access lines")
struct RequestTests {
    static let p = "(APIServer pid=7) INFO 01-31 09:15:00 [logger.py:1] "
    static let params = "SamplingParams(n=1, stop=['a, max_tokens=3'], max_tokens=137, min_tokens=0)"

    @Test(arguments: [
        LineCase(
            p
                + "Received request cmpl-1-0: prompt: 'Hello', sampling params: SamplingParams(n=1, max_tokens=16), prompt token "
                + "ids: [1, 15043, 7].",
            #""phase":"received","request_id":"cmpl-1-0","max_tokens":16,"prompt_tokens":3"#,
            "prompt: <5 characters>, sampling", "prompt token ids: <3 ids>."),
        LineCase(
            p
                + "Received request cmpl-1-0: prompt: None, params: SamplingParams(n=1, max_tokens=None), prompt_token_ids: [5], "
                + "lora_request: None.", #""request_id":"cmpl-1-0","prompt_tokens":1,"#),
        LineCase(
            p + #"Received request chatcmpl-1: prompt: "it's \"x\"\n", params: SamplingParams(max_tokens=9), "#
                + "prompt_token_ids: None, lora_request: None, prompt_adapter_request: None.",
            #""max_tokens":9,"message""#),
        LineCase(
            p
                + "Received request embd-1: prompt: 'x', params: PoolingParams(), prompt_token_ids: [], prompt_embeds shape: None, "
                + "lora_request: None.", #""request_id":"embd-1""#),
        LineCase(
            p
                + "Received request chatcmpl-2: params: SamplingParams(n=1, max_tokens=137, min_tokens=0), lora_request: None.",
            #""request_id":"chatcmpl-2","max_tokens":137"#),
        LineCase(p + "Added request chatcmpl-2-89abcdef.", #""phase":"added","request_id":"chatcmpl-2-89abcdef""#),
        LineCase(p + "Finished request cmpl-1-0.", #""phase":"finished","request_id":"cmpl-1-0""#),
        LineCase(p + "Aborted request cmpl-1-0.", #""phase":"aborted","request_id":"cmpl-1-0""#),
        LineCase(p + "Aborted request(s) a-1,b-2.", #""phase":"aborted","request_id":"a-1,b-2""#),
        LineCase(p + "Request chatcmpl-2 aborted.", #""phase":"aborted","request_id":"chatcmpl-2""#),
        LineCase(p + "Request a failed (engine dead).", #""phase":"failed","request_id":"a","reason":"(engine dead)""#),
        LineCase(p + "Request a failed (bad request).", #""reason":"(bad request)""#),
        LineCase(p + "Request a failed (bad request): too big.", #""reason":"(bad request): too big""#),
        LineCase(p + "Request a failed (input error): x y.", #""reason":"(input error): x y""#),
        LineCase(p + "Request a failed.", #""phase":"failed","request_id":"a","message""#),
        LineCase(p + "Request a failed due to x.", #""reason":"x""#),
        LineCase(
            p + "Generated response a: output: 'hi, finish_reason: no', output_token_ids: [1, 2], finish_reason: stop",
            #""phase":"generated","request_id":"a","reason":"stop""#,
            "output: <21 characters>, output_token_ids: <2 ids>, finish"),
        LineCase(
            p + "Generated response a (streaming delta): output: ' x', finish_reason: None",
            #""request_id":"a","message""#),
        LineCase(
            p + "Generated response a (streaming complete): output: '', finish_reason: length", #""reason":"length""#),
        LineCase(
            p + "Request a details: prompt: 'secret', prompt_token_ids: [1], prompt_embeds shape: None.",
            #""event":"request_details","message":"Request a details: prompt: <6 characters>, prompt_token_ids: <1 ids>, "#
        ),
        LineCase(p + "Request a JSON body: {\"messages\":[{\"content\":\"x", #"JSON body: <26 characters>""#),
        LineCase(p + "Request logging is on.", #""kind":"other""#),
    ])
    func form(line: LineCase) { line.check() }

    @Test("a request is read as if no other had come before it")
    func alike() {
        let head = "Received request cmpl-1: params: SamplingParams(n=1, stop=[], max_tokens="
        let rest = ", min_tokens=0), lora_request: None."
        let glued = " (APIServer pid=7) INFO 01-31 09:15:00 [logger.py:1] Added request x."
        var messages: [String] = ["16", "2048", "None", "0", "007", "1x", "123456789012345678901", ""].map {
            head + $0 + rest
        }
        messages += ["", ".", "\r", glued].map { head + "16" + String(rest.dropLast()) + $0 }
        messages += [head + "9), lora_request: None.", head + "9), prompt_token_ids: [1, 2], lora_request: None."]
        messages += ["b: c", "", "prompt: 'params: max_tokens=3,'"].map {
            "Received request \($0): params: SamplingParams(n=1, stop=[], max_tokens=16" + rest
        }
        let lines: [String] = messages.map { Self.p + $0 + "\n" }
        func fields(_ record: String) -> Substring { record.drop { $0 != "," } }
        for first in lines {
            for second in lines {
                let both = LogCollector.parse(Array((first + second).utf8))
                let alone = [first, second].map { LogCollector.parse(Array($0.utf8)) }
                #expect(both.records.map(fields) == alone.flatMap(\.records).map(fields), "\(first)\(second)")
                #expect(both.rejects.map(\.reason) == alone.flatMap(\.rejects).map(\.reason), "\(first)\(second)")
            }
        }
    }

    @Test(arguments: [
        "Added request chatcmpl-2-89", "Received request chatcm", "Request a failed (engine", "Aborted request(s) ",
    ])
    func truncatedLinesAreRejected(message: String) {
        let result = LogCollector.parse(Self.p + message + "\n")
        #expect(result.rejects.count == 1)
        #expect(result.records.isEmpty)
    }

    @Test func promptsCannotForgeRecords() {
        let forged =
            "x INFO 01-31 09:15:00 [loggers.py:1] Engine 000: Avg prompt throughput: 9.9 tokens/s, Running: 9 reqs"
        for prompt in ["'\(forged)'", #""it's \(forged)""#, "'a\\'b \(forged)'", "'unterminated \(forged)"] {
            let result = LogCollector.parse(
                Self.p
                    + "Received request a: prompt: \(prompt), params: SamplingParams(max_tokens=5), lora_request: None.\n"
            )
            #expect(result.kinds == ["request"], "\(prompt)")
            #expect(!result.records[0].contains("Avg prompt"))
        }
        for message in [
            "Request a details: prompt: '\(forged)'", "Generated response a: output: '\(forged)', finish_reason: stop",
        ] {
            #expect(LogCollector.parse(Self.p + message + "\n").kinds.count == 1)
        }
    }

    @Test func promptsCanBeKept() {
        let line =
            Self.p
            + "Received request a: prompt: 'secret', params: SamplingParams(max_tokens=5), prompt_token_ids: [4].\n"
        #expect(LogCollector.parse(line, keepPrompts: true).records[0].contains("'secret'"))
        let hidden = LogCollector.parse(line).records[0]
        #expect(!hidden.contains("secret"))
        #expect(!hidden.contains("[4]"))
    }

    @Test(arguments: [
        LineCase(
            #"INFO:     127.0.0.1:40568 - "GET /metrics HTTP/1.1" 200 OK"#,
            #""kind":"access","time":null,"level":"INFO""#,
            #""client":"127.0.0.1:40568","method":"GET","path":"/metrics","status":200"#),
        LineCase(
            #"INFO:     ::1:40000 - "POST /v1/completions?a=b&c=%20 HTTP/1.1" 499"#, #""client":"::1:40000""#,
            #""path":"/v1/completions?a=b&c=%20","status":499"#),
        LineCase(
            #"(APIServer pid=7) INFO:     10.0.0.1:1 - "GET /a b HTTP/1.1" 404 Not Found"#,
            #""process":"APIServer","pid":7"#, #""path":"/a b","status":404"#),
        LineCase(
            "\u{1b}[1;36m(APIServer pid=7)\u{1b}[0;0m INFO:     10.0.0.1:1 - \"GET / HTTP/2\" 500 Internal Server Error",
            #""status":500"#),
        LineCase(
            "\u{1b}[32mINFO\u{1b}[0m:     10.0.0.1:1 - \"\u{1b}[1mGET /x HTTP/1.1\u{1b}[0m\" \u{1b}[32m200 OK\u{1b}[0m",
            #""path":"/x","status":200"#),
        LineCase(#"INFO:     10.0.0.1:1 - "GET /x HTTP/1.1" 418 I'm a teapot"# + "\r", #""status":418"#),
        LineCase("INFO:     10.0.0.1:1 - \"WebSocket /v1/realtime\" [accepted]", #""kind":"other""#),
        LineCase(
            "INFO 01-31 09:15:00 [httptools_impl.py:476] 10.0.0.1:1 - \"GET /x HTTP/1.1\" 200", #""kind":"access""#),
        LineCase("WARNING:  Invalid HTTP request received.", #""kind":"warning""#),
        LineCase("INFO:     Started server process [2638]", #""facts":{"server_pid":2638}"#),
        LineCase("INFO:     Application startup complete.", #""facts":{"ready":true}"#),
        LineCase(
            "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)",
            #""facts":{"listen":"http://0.0.0.0:8000"}"#),
        LineCase("INFO:     Shutting down", #""event":"shutdown""#),
        LineCase("INFO:     Finished server process [2638]", #""event":"shutdown""#),
    ])
    func access(line: LineCase) { line.check() }

    @Test(arguments: [
        #"INFO:     127.0.0.1:40568 - "GET /metr"#, #"INFO:     127.0.0.1:40568 - "GET /metrics HTTP/1.1" 20"#,
        #"INFO:     127.0.0.1:40568 - "GET /metrics HTTP/1.1" xxx OK"#,
    ])
    func brokenAccessLinesAreRejected(line: String) {
        let result = LogCollector.parse(line + "\n")
        #expect(result.rejects.count == 1)
        #expect(result.accounted == 1)
    }

    @Test func accessLinesCarryTheLastTime() {
        let result = LogCollector.parse(
            "\(Self.p)Added request a.\nINFO:     1.1.1.1:1 - \"GET / HTTP/1.1\" 200 OK\n")
        #expect(result.records[1].contains(#""time":"2026-01-31T09:15:00Z","time_source":"carried""#))
    }
}
