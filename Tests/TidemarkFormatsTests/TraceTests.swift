import Testing
import TidemarkBase
import TidemarkEvidence

@testable import TidemarkFormats

@Suite struct TraceTests {
    private static let trace = "463ac35c9f6413ad48485a3953bb6124"

    /// One OTLP request with one span, whose members are given.
    private static func request(_ members: String) -> String {
        #"{"resourceSpans":[{"scopeSpans":[{"spans":[{\#(members)}]}]}]}"#
    }

    private static func span(_ more: String = "", id: String = "00000000000000a1", start: String = "\"5\"") -> String {
        #""traceId":"\#(trace)","spanId":"\#(id)","name":"n","startTimeUnixNano":\#(start)\#(more)"#
    }

    @Test("vLLM 0.33 through an OTLP receiver: every field")
    func vllm033() throws {
        let (sink, counts) = try TraceFixture.read(TraceFixture.bytes("otlp_vllm_0.33.jsonl"))
        #expect(sink.rejects == [] && counts.spans == 13 && counts.recordLines == 4 && counts.lines == 4)
        let span = try #require(sink.spans.first { $0.nameText == "llm_request" })
        #expect(span.line == 3 && span.kind == .server && span.parentID == 0 && span.status == nil)
        #expect(span.traceID == TraceID(high: 0x68f1_c493_6977_cea0, low: 0x6a93_1843_a1bb_dd8f))
        #expect(span.spanID == 0x6b1f_2eda_0ced_557c)
        #expect(span.startNs == 1_795_454_745_030_159_104 && span.endNs == 1_795_454_746_023_668_370)
        #expect(span.requestText == "chatcmpl-lg-000002")
        #expect(span.promptTokens == 400 && span.completionTokens == 24 && span.maxTokens == 134)
        #expect(span.latency.queue == 4.52069998573279e-05)
        #expect(span.latency.timeToFirstToken == 0.17393136024475098)
        #expect(span.latency.endToEnd == 0.9928872585296631)
        #expect(span.latency.prefill == 0.13971321700000772 && span.latency.decode == 0.8199346119999973)
        #expect(span.latency.inference == 0.959647829000005 && span.latency.scheduler == nil)
        #expect(String(decoding: span.scope, as: UTF8.self) == "vllm.tracing.otel")
        #expect(
            String(decoding: span.attributes, as: UTF8.self)
                == #"{"gen_ai.request.top_p":1.0,"gen_ai.request.temperature":1.0,"gen_ai.request.n":1}"#)
        let resource = try #require(sink.resources[span.resource])
        #expect(resource.service == "vllm-acme" && resource.instance == "f5b86e7c-a977-4f4e-afbb-cc5023a55fb7")
        #expect(sink.resources.count == 2)
    }

    @Test("vLLM 0.6.6 in an array of requests: the V0 engine's names")
    func vllm066() throws {
        let (sink, _) = try TraceFixture.read(TraceFixture.bytes("otlp_vllm_0.6.6_array.json"))
        #expect(sink.rejects == [] && sink.spans.count == 6)
        #expect(sink.spans.allSatisfy { $0.latency.scheduler != nil && $0.latency.prefill == nil })
        #expect(String(decoding: sink.spans[0].model, as: UTF8.self) == "models/acme-8b")
        #expect(sink.spans[0].latency.scheduler == 0.04234220800344701)
    }

    @Test(
        "Tempo and Jaeger tell of the same spans as OTLP",
        arguments: ["tempo_batches.json", "tempo_v2_partial.json", "jaeger_vllm.json"])
    func sameSpans(name: String) throws {
        let isJaeger = name.hasPrefix("jaeger")
        let (plain, _) = try TraceFixture.read(TraceFixture.bytes("otlp_vllm_0.33.jsonl"))
        let (other, counts) = try TraceFixture.read(TraceFixture.bytes(name))
        #expect(other.rejects == [])
        #expect(counts.partialAnswers == (name.contains("partial") ? 1 : 0))
        func facts(_ sink: TraceRecorder) -> [String] {
            sink.spans.indices.map { index in
                let span = sink.spans[index]
                // Jaeger has microseconds, and duration instead of end.
                let time = isJaeger ? "\(span.startNs / 1000)" : "\(span.startNs) \(span.endNs ?? -1)"
                let ids = "\(span.traceID) \(span.spanID) \(span.parentID) \(span.nameText) \(span.scope)"
                let rest = "\(span.kind as Any) \(span.latency) \(span.requestText) \(span.promptTokens as Any)"
                return [ids, rest, time, sink.service(index) ?? "", sink.attributes(index)].joined(separator: " ")
            }.sorted()
        }
        #expect(facts(other) == facts(plain))
    }

    @Test("Zipkin: shared spans, short ids, tags as text, missing durations")
    func zipkin() throws {
        let (sink, _) = try TraceFixture.read(TraceFixture.bytes("zipkin.json"))
        #expect(sink.rejects == [] && sink.spans.count == 3)
        #expect(sink.spans.map(\.isShared) == [false, true, false])
        #expect(sink.spans[0].spanID == sink.spans[1].spanID)
        #expect(sink.spans[0].kind == .client && sink.spans[1].kind == .server && sink.spans[2].kind == nil)
        #expect(sink.spans[1].status == .error && sink.spans[1].promptTokens == 12)
        #expect(sink.spans[1].latency.timeToFirstToken == 0.25)
        #expect(sink.spans[0].httpStatus == 200 && sink.spans[0].httpRoute == Array("/v1/chat/completions".utf8))
        #expect(sink.spans[0].endNs == 1_795_454_746_030_000_000 && sink.spans[2].endNs == nil)
        #expect(sink.spans[2].traceID == TraceID(low: 0x4848_5a39_53bb_6125) && sink.spans[2].parentID == 10)
        #expect((0..<3).map { sink.service($0) } == ["gateway", "vllm", "gateway"])
        #expect(sink.resources[sink.spans[0].resource]?.host == "10.0.0.7")
    }

    @Test("a console exporter's documents: one after the other, over many lines")
    func console() throws {
        let (sink, counts) = try TraceFixture.read(TraceFixture.bytes("otlp_console_python.json"))
        #expect(sink.rejects == [] && counts.recordLines == counts.lines)
        #expect(sink.spans.map(\.nameText) == ["llm_request", "tokenize"])
        #expect(sink.spans[1].parentID == sink.spans[0].spanID && sink.spans[0].kind == .server)
        #expect(sink.spans[0].startNs == 1_795_454_745_030_159_000 && sink.service(0) == "vllm-acme")
        #expect(sink.spans[0].latency.endToEnd == 0.9928)
        #expect(
            String(decoding: sink.spans[0].events, as: UTF8.self)
                == #"[{"time_ns":1795454745500000000,"name":"exception","attributes":{"exception.type":"ValueError"}}]"#
        )
    }

    @Test("Go's stdouttrace: names with capitals, a list as the resource, a parent as an object")
    func goConsole() throws {
        let span = """
            {
            	"Name": "epp.scheduling",
            	"SpanContext": {"TraceID": "4bf92f3577b34da6a3ce929d0e0e4736", "SpanID": "00f067aa0ba902b7", "TraceFlags": "01", "Remote": false},
            	"Parent": {"TraceID": "4bf92f3577b34da6a3ce929d0e0e4736", "SpanID": "00f067aa0ba902b6", "Remote": true},
            	"SpanKind": 2,
            	"StartTime": "2026-11-23T17:31:50.123456789Z",
            	"EndTime": "2026-11-23T18:31:50.223456789+01:00",
            	"Attributes": [{"Key": "gen_ai.usage.input_tokens", "Value": {"Type": "INT64", "Value": 400}},
            		{"Key": "api_key", "Value": {"Type": "STRING", "Value": "hush"}}],
            	"Events": [{"Name": "exception", "Attributes": [{"Key": "exception.type", "Value": {"Type": "STRING", "Value": "E"}}], "Time": "2026-11-23T17:31:50.2Z"}],
            	"Links": null,
            	"Status": {"Code": "Error", "Description": "too large"},
            	"Resource": [{"Key": "service.name", "Value": {"Type": "STRING", "Value": "epp"}}],
            	"InstrumentationScope": {"Name": "llm-d", "Version": "", "SchemaURL": ""}
            }

            """
        let root = span.replacing("\"SpanID\": \"00f067aa0ba902b6\"", with: "\"SpanID\": \"0000000000000000\"")
        let (sink, counts) = try TraceFixture.read(span + root.replacing("02b7", with: "02b8"))
        #expect(sink.rejects == [] && sink.spans.count == 2 && counts.recordLines == counts.lines)
        let one = try #require(sink.spans.first)
        #expect(one.nameText == "epp.scheduling" && one.kind == .server && one.status == .error)
        #expect(one.startNs == 1_795_455_110_123_456_789 && one.endNs == 1_795_455_110_223_456_789)
        #expect(one.parentID == 0x00f0_67aa_0ba9_02b6 && sink.spans[1].parentID == 0)
        #expect(one.promptTokens == 400 && sink.attributes(0) == #"{"api_key":"***"}"#)
        #expect(String(decoding: one.scope, as: UTF8.self) == "llm-d" && sink.service(0) == "epp")
        #expect(
            String(decoding: one.events, as: UTF8.self)
                == #"[{"time_ns":1795455110200000000,"name":"exception","attributes":{"exception.type":"E"}}]"#)
        let guess = withBytes(of: span) { TraceFormat.sniff(head: $0, fileName: "x.json") }
        #expect(guess?.format == TraceFormat.otlp)
    }

    @Test("snake case, every form of a value; neither prompts nor secrets get through")
    func values() throws {
        let bytes = try TraceFixture.bytes("otlp_gateway_snake.json")
        let (sink, _) = try TraceFixture.read(bytes)
        let span = sink.spans[0]
        #expect(sink.rejects == [])
        #expect(span.traceID.high == 0x463a_c35c_9f64_13ad && span.parentID == 0 && span.kind == .client)
        #expect(span.startNs == 1_795_454_745_030_000_001 && span.status == .error)
        #expect(span.statusMessage == Array("rate limited".utf8) && span.model == Array("llama-8b".utf8))
        #expect(span.promptTokens == 12 && span.completionTokens == 34 && span.httpStatus == 429)
        #expect(span.latency.firstChunk == 0.125 && span.latency.timeToFirstToken == nil)
        #expect(span.httpRoute == Array("/v1/chat/completions".utf8))
        let attributes = sink.attributes(0)
        for part in [
            #""flag":true,"whole":9007199254740993,"part":0.5,"nan":"NaN","nothing":null,"list":["a",2,[]]"#,
            #""map":{"x":"y","password":"***"},"go":"wrapped""#, #""url.full":"https://***@host/v1?…""#,
            #""gen_ai.input.messages":"(14 bytes not stored)""#, #""http.request.header.authorization":"***""#,
        ] {
            #expect(attributes.contains(part), "\(part)")
        }
        #expect(String(decoding: span.links, as: UTF8.self).contains(Self.trace))
        let everything = [attributes, String(decoding: span.events, as: UTF8.self), "\(sink.resources)"].joined()
        #expect(!everything.contains("hush") && !everything.contains("a user's words"))
        let (kept, _) = try TraceFixture.read(bytes, keepPrompts: true)
        #expect(kept.attributes(0).contains(#""gen_ai.input.messages":"a user's words""#))
        #expect(String(decoding: kept.spans[0].events, as: UTF8.self).contains("a user's words"))
        #expect(!"\(kept.attributes(0)) \(kept.resources)".contains("hush"))
    }

    @Test(
        "ids: either case, base64, dropped zeros",
        arguments: [
            ("W47/95gDgQPSabYzgT/HAA==", 0x5b8e_fff7_9803_8103, 0xd269_b633_813f_c700 as UInt64),
            ("W47_95gDgQPSabYzgT_HAA", 0x5b8e_fff7_9803_8103, 0xd269_b633_813f_c700),
            ("5B8EFFF798038103D269B633813FC700", 0x5b8e_fff7_9803_8103, 0xd269_b633_813f_c700), ("a", 0, 10),
            ("0x1f", 0, 31),
        ] as [(String, UInt64, UInt64)])
    func ids(text: String, high: UInt64, low: UInt64) {
        #expect(withBytes(of: text) { SpanText.traceID($0) } == TraceID(high: high, low: low))
    }

    @Test("ids of spans, and what is none")
    func spanIDs() {
        func id(_ text: String) -> UInt64? { withBytes(of: text) { SpanText.spanID($0) } }
        #expect(id("7uGbfsPBsXM=") == 0xeee1_9b7e_c3c1_b173 && id("EEE19B7EC3C1B173") == 0xeee1_9b7e_c3c1_b173)
        for text in ["", "xyz", "7uGbfsPBsXM==x", "123456789012345678", "é"] { #expect(id(text) == nil, "\(text)") }
    }

    @Test("times: exact to the nanosecond, as number and text, in the units of each format")
    func times() {
        func nanos(_ text: String, _ unit: Int64) -> Int64? {
            withBytes(of: text) { SpanText.nanoseconds($0, unit: unit) }
        }
        #expect(nanos("1795454745030159105", 1) == 1_795_454_745_030_159_105)
        #expect(nanos("1795454745030159", 1000) == 1_795_454_745_030_159_000)
        #expect(nanos("12.3456", 1000) == 12_345 && nanos("1e3", 1000) == 1_000_000)
        for text in ["", "-1", "9223372036854775808", "1.x", "soon"] { #expect(nanos(text, 1) == nil, "\(text)") }
        #expect(nanos("9223372036854775", 1_000_000) == nil)
        #expect(withBytes(of: "2026-11-23T17:25:45.030159001Z") { SpanText.timestamp($0) } == 1_795_454_745_030_159_001)
    }

    @Test("members in any order: a resource behind its spans, old names")
    func order() throws {
        let late =
            #"{"resourceSpans":[{"instrumentationLibrarySpans":[{"instrumentationLibrary":{"name":"old"},"spans":[{"#
            + Self.span() + #"}]}],"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"late"}}]}},"#
            + #"{"scopeSpans":[{"spans":[{"# + Self.span(id: "00000000000000a2") + #"}]}]}]}"#
        let (sink, _) = try TraceFixture.read(late)
        #expect(sink.rejects == [] && sink.spans.count == 2)
        #expect(sink.service(0) == "late" && sink.service(1) == nil)
        #expect(sink.spans[0].scope == Array("old".utf8) && sink.spans[1].scope == [])
    }

    @Test(
        "a span that can't be used is one reject; its neighbours are read",
        arguments: [
            #""spanId":"00000000000000a1","startTimeUnixNano":"5""#, #""traceId":"zz","spanId":"a1""#,
            span(start: "0"), span(start: "\"soon\""), span(start: "12345678901234567890"),
            span(id: "0000000000000000"),
            span() + #","attributes":[{"key":}]"#, #""a":tru"#, "",
        ])
    func badSpan(members: String) throws {
        let text =
            #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"# + Self.span() + "},{" + members + "},{"
            + Self.span(id: "00000000000000a3") + "}]}]}]}\n"
        let (sink, counts) = try TraceFixture.read(text + Self.request(Self.span(id: "b1")))
        #expect(sink.spans.map(\.spanID) == [0xa1, 0xa3, 0xb1])
        #expect(sink.rejects.count == 1 && sink.rejects[0].line == 1)
        #expect(counts.lines == 2 && counts.rejectedLines == 1 && counts.recordLines == 1)
    }

    @Test("damaged lines: cut off, rubbish, other signals; each line is counted once")
    func corrupt() throws {
        let (sink, counts) = try TraceFixture.read(TraceFixture.bytes("otlp_corrupt.jsonl"))
        #expect(sink.rejects.map(\.line) == [2, 3, 5] && counts.spans == 9)
        #expect(counts.otherSignals == 1 && counts.blankLines == 1 && counts.emptyLines == 1)
        #expect(counts.lines == 7 && counts.rejectedLines == 3 && counts.recordLines == 2)
        let (whole, _) = try TraceFixture.read(TraceFixture.bytes("otlp_vllm_0.33.jsonl"))
        let cut = try TraceFixture.read(TraceFixture.bytes("otlp_truncated.jsonl")).sink
        #expect(cut.rejects.count == 1 && cut.rejects[0].line == 3)
        #expect(cut.spans.map(\.spanID) == whole.spans.prefix(cut.spans.count).map(\.spanID))
    }

    @Test("lines that were cut off between two values don't swallow the next line")
    func cutBetween() throws {
        let line = Self.request(Self.span())
        for end in 1..<line.utf8.count {
            let text = line + "\n" + String(line.prefix(end)) + "\n" + line + "\n"
            let (sink, counts) = try TraceFixture.read(text)
            #expect(sink.rejects.count == 1, "cut at \(end)")
            #expect(sink.rejects.first?.line == 2, "cut at \(end)")
            #expect(sink.spans.last?.line == 3, "cut at \(end)")
            #expect(counts.lines == 3 && counts.rejectedLines == 1 && counts.recordLines == 2, "cut at \(end)")
        }
    }

    @Test("hostile documents end in rejects")
    func hostile() throws {
        let deep = String(repeating: "[", count: 5000)
        let nested = Self.request(Self.span(#","attributes":[{"key":"a","value":"# + deep + "}]"))
        for text in [
            deep, String(repeating: #"{"data":"#, count: 5000), nested, "}{", "[}", "\u{0}", "{\"a\":\n\"b\n\"}",
        ] {
            let (sink, counts) = try TraceFixture.read(text)
            #expect(!sink.rejects.isEmpty)
            #expect(counts.lines == TraceFixture.sum(counts))
        }
        let large = String(repeating: "x", count: JSONSplitter.valueLimit)
        let (sink, _) = try TraceFixture.read(
            Self.request(Self.span(#","x":"\#(large)""#)) + "\n" + Self.request(Self.span()))
        #expect(sink.spans.count == 1 && sink.rejects.count == 1 && sink.rejects[0].reason.contains("16 MiB"))
    }

    // MARK: Properties

    @Test("any split of the reads gives the same records", arguments: TraceFixture.names)
    func splits(name: String) throws {
        let bytes = try TraceFixture.bytes(name)
        let whole = try TraceFixture.read(bytes)
        #expect(whole.counts.lines == TraceFixture.sum(whole.counts))
        var random = SeededRandom(seed: 7)
        for round in 0..<24 {
            let cuts =
                round == 0
                ? Array(1..<bytes.count)
                : (0..<Int.random(in: 1...60, using: &random)).map { _ in
                    Int.random(in: 0...bytes.count, using: &random)
                }
                .sorted()
            let cut = try TraceFixture.read(bytes, cuts: cuts)
            #expect(cut.sink.spans == whole.sink.spans && cut.sink.rejects == whole.sink.rejects)
            #expect(cut.counts == whole.counts && cut.sink.resources == whole.sink.resources)
        }
    }

    @Test(
        "a truncation gives a prefix and at most one reject",
        arguments: TraceFixture.names.filter { !$0.contains("corrupt") && !$0.contains("truncated") })
    func truncation(name: String) throws {
        let bytes = try TraceFixture.bytes(name)
        let whole = try TraceFixture.read(bytes).sink.spans
        var random = SeededRandom(seed: 3)
        for _ in 0..<60 {
            let end = Int.random(in: 0...bytes.count, using: &random)
            let (sink, counts) = try TraceFixture.read(Array(bytes[..<end]))
            #expect(sink.rejects.count <= 1)
            #expect(sink.spans.map(\.spanID) == whole.prefix(sink.spans.count).map(\.spanID))
            #expect(counts.lines == TraceFixture.sum(counts))
        }
    }

    @Test("damage anywhere breaks nothing", arguments: TraceFixture.names)
    func damage(name: String) throws {
        let bytes = try TraceFixture.bytes(name)
        var random = SeededRandom(seed: 11)
        for _ in 0..<60 {
            var copy = bytes
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                copy[Int.random(in: 0..<copy.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let (sink, counts) = try TraceFixture.read(copy)
            #expect(counts.lines == TraceFixture.sum(counts))
            #expect(counts.spans == sink.spans.count && counts.rejects == sink.rejects.count)
        }
    }

    @Test("Jaeger's documents as Elasticsearch gives them: hits of a search, lines of a dump")
    func elasticsearch() throws {
        let document =
            #"{"_index":"jaeger-span-2025-03-04","_id":"x","_score":1,"_source":{"#
            + #""traceID":"4bf92f3577b34da6a3ce929d0e0e4736","spanID":"00f067aa0ba902b7","operationName":"llm_request","#
            + #""references":[],"startTime":1741079286123456,"duration":1000000,"tags":[],"logs":[],"#
            + #""process":{"serviceName":"vllm-server","tags":[]}}}"#
        let search =
            #"{"took":3,"timed_out":false,"hits":{"total":{"value":2},"hits":["# + document + "," + document + "]}}"
        for (text, count) in [(document + "\n" + document + "\n", 2), (search, 2)] {
            let guess = withBytes(of: text) { TraceFormat.sniff(head: $0, fileName: "x") }
            #expect(guess?.format == TraceFormat.jaeger)
            let (sink, counts) = try TraceFixture.read(text)
            #expect(counts.spans == count && counts.rejects == 0)
            #expect(sink.spans.first?.startNs == 1_741_079_286_123_456_000 && sink.service(1) == "vllm-server")
        }
    }

    // MARK: Recognition

    @Test("recognised by content")
    func sniffs() throws {
        for name in TraceFixture.names {
            let guess = try TraceFixture.bytes(name).withUnsafeBytes { TraceFormat.sniff(head: $0, fileName: "x") }
            let family = name.split(separator: "_")[0].split(separator: ".")[0]
            #expect(guess?.format == family + "-json" && guess?.isReadable == true, "\(name)")
        }
        func format(_ text: String) -> String? {
            withBytes(of: text) { TraceFormat.sniff(head: $0, fileName: "traces.json")?.format }
        }
        #expect(format(#"{"resourceMetrics":[]}"#) == "otlp-metrics")
        #expect(format(#"{"traces":[{"traceID":"1","rootServiceName":"a"}]}"#) == "tempo-search")
        #expect(format(#"{"result":{"resourceSpans":[{"#) == TraceFormat.jaeger)
        #expect(format(#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#) == nil)
        #expect(format("INFO 11-23 17:25:45 x") == nil && format("") == nil && format("[1,2]") == nil)
    }
}
