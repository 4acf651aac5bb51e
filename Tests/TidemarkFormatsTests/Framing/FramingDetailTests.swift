import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

@Suite("Log framings: details")
struct FramingDetailTests {
    static let ms = FramingTests.ms

    /// The lines that come out, with what the framing says of them.
    static func unwrap(_ text: String, heldLimit: Int = LogFraming.heldLimit) -> (
        framing: LogFraming, lines: [(text: String, info: FrameInfo)], unframer: LogUnframer
    ) {
        let bytes = Array(text.utf8)
        let framing = bytes.withUnsafeBytes { LogFraming.detect(head: $0) }
        var out: [(text: String, info: FrameInfo)] = []
        var unframer = LogUnframer(framing, heldLimit: heldLimit)
        var reader = LineReader(limit: framing.lineLimit)
        bytes.withUnsafeBytes { reader.feed($0) { unframer.feed($0) { out.append(($0.bytes.text, $1)) } } }
        reader.finish { unframer.feed($0) { out.append(($0.bytes.text, $1)) } }
        unframer.finish { out.append(($0.bytes.text, $1)) }
        return (framing, out, unframer)
    }

    /// An application's own JSON logging is no shipper, whatever keys it uses.
    @Test(arguments: [
        #"{"timestamp": "2026-03-04T09:08:07Z", "level": "INFO", "name": "vllm.x", "message": "Engine started"}"#,
        #"{"asctime": "2026-03-04 09:08:07", "levelname": "INFO", "name": "vllm", "message": "x", "process": 31}"#,
        #"{"@timestamp":"2026-03-04T09:08:07Z","log.level":"info","message":"x","ecs":{"version":"1.6.0"}}"#,
        #"{"@timestamp":"2026-03-04T09:08:07Z","@version":"1","message":"x","host":"h","level":"INFO"}"#,
        #"{"time":1772615287.1,"severity":"INFO","message":"x","host":"h","stream":"stdout"}"#,
        #"{"ts":1772615287.1,"level":"info","msg":"x","source":"a.go:1"}"#,
        #"{"timestamp":"2026-03-04T09:08:07Z","level":"INFO","message":"x","attributes":{"a":1}}"#,
        #"{"date":"2026-03-04T09:08:07Z","level":"INFO","message":"x"}"#,
    ])
    func structuredLogging(line: String) {
        #expect(FramingTests.detect(line + "\n" + line + "\n") == .plain)
    }

    /// Forms that a logger writes too are no framing where the server's lines don't follow.
    @Test(arguments: [
        "2026-11-23 17:40:00.123 | INFO     | server:log:12 - INFO:     x", "2026-11-23 17:40:00 starting the launcher",
        "[2026-11-23 17:40:00] INFO loader: 12 files",
        "Nov 23 17:40:00 waiting for the network", "12: a line", "0: rank is up", "models/acme-8b loaded in 12 s",
        "vllm-server vllm is up", "vllm.log:12 lines", "vllm: loading", "<13>vllm: loading", "INFO: a",
        "RuntimeError: x", "2026-11-23 17:40:00,123 INFO 11-23 17:40:00 [a.py:1] x",
        #"{"TimeStamp":"2026-11-23T17:40:00","Log":"INFO server is up"}"#,
        #"{"level":"info","ts":1795455600.1,"msg":"info: x"}"#,
    ])
    func noFraming(line: String) {
        #expect(FramingTests.detect(line + "\n" + line + "\n") == .plain)
    }

    @Test("a level beside a message is the collector's where only a collector knows the rest")
    func levels() {
        func kinds(_ tail: String) -> [String] {
            let head = #"{"@timestamp":"2026-11-23T17:40:00Z",\#(tail),"message":"#
            let lines = ["INFO:     Started server process [1]", "RuntimeError: x"].map {
                head + Wrapping.json($0) + "}\n"
            }
            return Self.unwrap(lines.joined()).lines.map { String($0.text.prefix(5)) }
        }
        #expect(kinds(#""kubernetes":{"pod_name":"a"},"level":"default""#) == ["INFO:", "Runti"])
        #expect(kinds(#""log":{"level":"info","offset":1},"agent":{"type":"filebeat"}"#) == ["INFO:", "Runti"])
        #expect(kinds(#""@version":"1","host":"h","level":6"#) == ["INFO:", "Runti"])
        // A logger that names itself wrote the second object.
        #expect(kinds(#""kubernetes":{"pod_name":"a"},"level":"INFO","logger":"vllm""#) == ["INFO:", "{\"@ti"])
    }

    @Test("rsyslog's repeated messages are as many records as there were messages, and one line of the account")
    func repetitions() {
        let access = "INFO:     10.0.0.1:5 - \"GET /health HTTP/1.1\" 200 OK"
        let text =
            "Mar  4 09:08:07 gpu-1 vllm[31]: \(access)\n"
            + "Mar  4 09:08:27 gpu-1 vllm[31]: message repeated 3 times: [ \(access)]\n"
            + "Mar  4 09:08:28 gpu-1 vllm[31]: INFO 03-04 09:08:28 [loggers.py:1] message repeated 3 times: [ x]\n"
        let result = Self.unwrap(text)
        #expect(result.lines.map(\.text).prefix(4) == [access, access, access, access])
        #expect(result.lines.map(\.info.lines) == [1, 1, 0, 0, 1])
        let (_, log) = WrappingTests.read(text)
        #expect(log.kinds == ["access", "access", "access", "access", "other"])
        #expect(log.accounted == 3)
        // More than rsyslog would wait for, and a text that it may have cut, are events in its words.
        for message in [
            "message repeated 99999999 times: [ x]",
            "message repeated 2 times: [ \(String(repeating: "x", count: 799))]",
        ] {
            let line = "Mar  4 09:08:27 gpu-1 vllm[31]: \(message)\n"
            #expect(Self.unwrap(line).lines.map(\.text) == [message])
        }
    }

    @Test("journalctl -o verbose: values of several lines, times of the sender, foreign lines")
    func verbose() {
        let head = "Wed 2026-03-04 10:08:07.123456 CET [s=a;i=1;b=2;m=3;t=64c2f05f3d480;x=9]\n"
        let text =
            "-- Journal begins at Mon 2026-03-02 11:22:33 CET. --\n" + head + "    _HOSTNAME=gpu-1\n    MESSAGE=one\n"
            + "            two\n              three\n    _PID=31\n" + head
            + "    MESSAGE=four\n    _SOURCE_REALTIME_TIMESTAMP=1772615287123456\n-- Boot 5d3f --\n" + head
            + "    PRIORITY=6\n"
        let result = Self.unwrap(text)
        #expect(result.framing.rawValue == "journald_verbose")
        #expect(result.lines.map(\.text).dropFirst().prefix(5) == ["one", "two", "  three", "four", "-- Boot 5d3f --"])
        #expect(result.lines.map(\.info.lines).reduce(0, +) == 13)
        #expect(result.lines[1].info.timeMs == 1_772_614_707_303)
        #expect(result.lines[1].info.source == "gpu-1")
        #expect(result.lines[1].info.pid == 31)
        #expect(result.lines[4].info.timeMs == Self.ms)
    }

    @Test("parts that Docker's journald and fluentd drivers cut are joined")
    func dockerParts() {
        let head = #"{"__REALTIME_TIMESTAMP":"1795455600040000","CONTAINER_NAME":"v","#
        let journal = Self.unwrap(
            head + #""CONTAINER_PARTIAL_MESSAGE":"true","MESSAGE":"a"}"# + "\n" + head + #""MESSAGE":"b"}"# + "\n")
        #expect(journal.lines.map(\.text) == ["ab"])
        #expect(journal.lines.map(\.info.lines) == [2])
        let export = Self.unwrap(
            "__CURSOR=1\n__REALTIME_TIMESTAMP=1795455600040000\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=a\n\n"
                + "__CURSOR=2\n__REALTIME_TIMESTAMP=1795455600040001\nMESSAGE=b\n\n")
        #expect(export.lines.map(\.text) == ["ab"])
        func fluentd(_ text: String, _ last: Bool) -> String {
            "{\"time\":\"2026-11-23T17:40:00Z\",\"container_name\":\"v\",\"log\":\"\(text)\",\"partial_message\":\"true\","
                + "\"partial_id\":\"1\",\"partial_last\":\"\(last)\"}\n"
        }
        let parts = Self.unwrap(fluentd("a", false) + fluentd("b", false) + fluentd("c", true))
        #expect(parts.lines.map(\.text) == ["abc"])
    }

    @Test("scalars of YAML")
    func yaml() {
        func entry(_ value: String) -> String {
            "---\ninsertId: a\ntextPayload: \(value)\ntimestamp: '2026-11-23T17:40:00Z'\n"
        }
        let values = [
            "'it''s ''x'''", #""a \"b\"\tc \u00e9 \x41""#, "plain: text", "|-\n  one\n    two", ">-\n  one\n  two",
            "'folded\n  text'", "\"in \\\n  two\"",
        ]
        let result = Self.unwrap(values.map(entry).joined())
        #expect(result.framing.rawValue == "yaml")
        #expect(
            result.lines.map(\.text) == [
                "it's 'x'", "a \"b\"\tc é A", "plain: text", "one", "  two", "one two", "folded text", "in two",
            ])
        #expect(result.lines.map(\.info.lines).reduce(0, +) == 34)
        #expect(result.unframer.rejects.isEmpty)
        let damaged = Self.unwrap(entry("a") + "---\ninsertId: b\nseverity: INFO\n")
        #expect(damaged.lines.map(\.text) == ["a"])
        #expect(damaged.unframer.rejects.map(\.line) == [5])
        #expect(damaged.unframer.rejects.map(\.lineCount) == [3])
    }

    @Test("tracebacks of two pods that write at the same time are two records")
    func pods() {
        let trace = [
            "Traceback (most recent call last):", "  File \"a.py\", line 1, in f", "    raise X()", "ValueError: NAME",
        ]
        var text = ""
        for (index, line) in trace.enumerated() {
            for pod in ["vllm-0", "vllm-1"] {
                text += "[pod/\(pod)/vllm] 2026-03-04T09:08:0\(index)Z " + line.replacing("NAME", with: pod) + "\n"
            }
        }
        let (framing, log) = WrappingTests.read(text)
        #expect(framing.rawValue == "kubectl_prefix")
        #expect(log.kinds == ["traceback", "traceback"])
        #expect(log.lineCounts == [4, 4])
        #expect(log.records[1].contains("\"exception_message\":\"vllm-1\""))
    }

    @Test("journald: a service manager's line does not end up in a traceback")
    func processes() {
        let text = """
            Mar  4 09:08:07 gpu-1 vllm[31]: Traceback (most recent call last):
            Mar  4 09:08:07 gpu-1 vllm[31]:   File "a.py", line 1, in f
            Mar  4 09:08:07 gpu-1 systemd[1]: vllm.service: Main process exited, code=killed, status=9/KILL
            Mar  4 09:08:07 gpu-1 systemd[1]: vllm.service: Failed with result 'oom-kill'.
            Mar  4 09:08:07 gpu-1 vllm[31]: [1.2K blob data]
            -- Boot 5d3f --
            Mar  4 09:08:08 gpu-1 systemd-journald[9]: Suppressed 120 messages from vllm.service

            """
        let (_, log) = WrappingTests.read(text)
        #expect(log.kinds.first == "traceback")
        let events = log.records.compactMap { record in
            record.split(separator: "\"event\":\"").dropFirst().first?.prefix { $0 != "\"" }
        }
        #expect(events.contains("service_exit"))
        #expect(events.contains("out_of_host_memory"))
        #expect(events.contains("host_boot"))
        #expect(events.filter { $0 == "log_gap" }.count >= 1)
        #expect(log.accounted == 7)
    }

    @Test("journalctl indents the further lines of a message; they have no prefix of their own")
    func continuations() {
        let text =
            "2026-03-04T09:08:07Z INFO a\n2026-03-04T09:08:08Z Traceback (most recent call last):\n"
            + "  File \"a.py\", line 1, in f\nValueError: x\n2026-03-04T09:08:09Z INFO b\n2026-03-04T09:08:09Z INFO c\n"
        let (framing, log) = WrappingTests.read(text)
        #expect(framing.rawValue == "timestamps")
        #expect(log.lineCounts == [1, 3, 1, 1])
    }

    @Test func names() {
        let loki = Self.unwrap(
            #"{"status":"success","data":{"resultType":"streams","result":["#
                + #"{"stream":{"pod":"a","container":"vllm"},"values":[["1772615287123000000","two"],["1772615286000000000","one"]]},"#
                + #"{"values":[["1772615286500000000","between",{"trace":"x"}]],"stream":{"app":"b","stream":"stderr"}}]}}"#
        )
        #expect(loki.framing.rawValue == "loki_document")
        #expect(loki.lines.map(\.text) == ["one", "between", "two"])
        #expect(loki.lines.map(\.info.source) == ["a/vllm", #"{"app":"b","stream":"stderr"}"#, "a/vllm"])
        #expect(loki.lines.map(\.info.stream) == ["", "stderr", ""])
        #expect(loki.lines.last?.info.timeMs == Self.ms)
        #expect(loki.lines.map(\.info.lines).reduce(0, +) == 1)
        let stern = Self.unwrap("vllm-0 main 2026-03-04T09:08:07.123Z a\nvllm-0 side 2026-03-04T09:08:07.123Z b\n")
        #expect(stern.lines.map(\.text) == ["a", "b"])
        #expect(stern.lines.map(\.info.source) == ["vllm-0/main", "vllm-0/side"])
        #expect(stern.lines.allSatisfy { $0.info.timeMs == Self.ms })
    }

    @Test("entries of one time: backwards in a file that has the newest first, unless tracebacks say otherwise")
    func ties() {
        func answer(_ lines: [(Int, String)]) -> [String] {
            let entries = lines.map {
                #"{"timestamp":177261528\#($0.0)000,"message":\#(Wrapping.json($0.1)),"eventId":"1"}"#
            }
            return Self.unwrap("{\"events\":[" + entries.joined(separator: ",") + "]}").lines.map(\.text)
        }
        #expect(answer([(9, "d"), (8, "c"), (8, "b"), (7, "a")]) == ["a", "b", "c", "d"])
        #expect(answer([(7, "a"), (8, "b"), (8, "c"), (9, "d")]) == ["a", "b", "c", "d"])
        let head = "Traceback (most recent call last):"
        let frame = "  File \"a.py\", line 1"
        #expect(answer([(9, "d"), (8, head), (8, frame), (7, "a")]) == ["a", head, frame, "d"])
        #expect(answer([(9, "d"), (8, frame), (8, head), (7, "a")]) == ["a", head, frame, "d"])
    }

    @Test("what is damaged or missing is said")
    func faults() {
        let cut = #"{"events":[{"timestamp":1772615287123,"message":"a","eventId":"1"},{"timestamp":17726"#
        let result = Self.unwrap(cut)
        #expect(result.lines.map(\.text) == ["a"])
        #expect(result.unframer.rejects.count == 1)
        #expect(result.unframer.rejects.first?.lineCount == 0)
        let pages = Self.unwrap(
            "{\n\"events\":[\n{\"timestamp\":1772615287123,\"message\":\"a\",\"eventId\":\"1\"},\n{\"x\":1}\n],\n\"nextToken\":\"t\"}\n"
        )
        #expect(pages.unframer.remark?.contains("nextToken") == true)
        #expect(pages.unframer.rejects.map(\.line) == [4])
        #expect(pages.unframer.noiseLines == 4)
        let large = Self.unwrap(cut + "}]}\n", heldLimit: 50)
        #expect(large.lines.isEmpty)
        #expect(large.unframer.rejects.first?.reason.contains("not held in memory") == true)
        #expect(large.unframer.rejects.first?.lineCount == 1)
    }

    @Test("a damaged document of several is left out, the others are read")
    func resynchronisation() {
        let entry = #"{"logEvents":[{"id":"1","timestamp":1772615287123,"message":"a"}]}"# + "\n"
        let result = Self.unwrap(entry + #"{"logEvents":[{"id":"2",,}]}"# + "\n" + entry)
        #expect(result.lines.map(\.text) == ["a", "a"])
        #expect(result.unframer.rejects.map(\.line) == [2])
        #expect(result.unframer.noiseLines == 0)
    }

    @Test func messages() {
        // rsyslog escapes control characters.
        let syslog = Self.unwrap("<30>Mar  4 09:08:07 gpu-1 vllm[31]: #033[1;36ma#033[0;0m#011b #5 #012c\n")
        #expect(syslog.lines.map(\.text) == ["\u{1b}[1;36ma\u{1b}[0;0m\tb #5 ", "c"])
        #expect(syslog.lines.first?.info.stamp?.day == 4)
        // A message that the journal left out.
        let null = Self.unwrap(#"{"__REALTIME_TIMESTAMP":"1772615287123456","MESSAGE":null}"# + "\n")
        #expect(null.lines.map(\.text) == ["[message left out by the journal]"])
        // Application JSON as a payload stays JSON, on one line.
        let gcp = Self.unwrap(
            "[{\"jsonPayload\": {\n\"levelname\": \"INFO\",\n\"message\": \"a\"}, \"timestamp\": \"2026-03-04T09:08:07.123Z\"}]"
        )
        #expect(gcp.lines.map(\.text) == ["{ \"levelname\": \"INFO\", \"message\": \"a\"}"])
        // Fluent Bit's parts.
        let parts = Self.unwrap(
            #"{"date":1772615287.1,"logtag":"P","log":"a","stream":"stdout"}"# + "\n"
                + #"{"date":1772615287.2,"logtag":"F","log":"b","stream":"stdout"}"# + "\n")
        #expect(parts.lines.map(\.text) == ["ab"])
        #expect(parts.lines.first?.info.lines == 2)
        let kibana = Self.unwrap("\"@timestamp\",message\n\"Mar 4, 2026 @ 09:08:07.123\",\"a \"\"b\"\"\nc\"\n")
        #expect(kibana.lines.map(\.text) == ["a \"b\"", "c"])
        #expect(kibana.lines.map(\.info.lines) == [2, 0])
        #expect(kibana.lines.first?.info.timeMs == Self.ms)
        #expect(kibana.lines.first?.info.zoneless == true)
    }

    @Test(arguments: [
        #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"pod":"a"},"values":[[1,"2"]]}],"stats":{"summary":{"bytesProcessedPerSecond":1}}}}"#
    ])
    func lokiMetricQuery(text: String) {
        let guess = Array(text.utf8).withUnsafeBytes { VLLMLogFormat.sniff(head: $0, fileName: "x.json") }
        #expect(guess?.isReadable == false)
        let prometheus = Array(text.utf8).withUnsafeBytes { PrometheusJSONFormat.sniff(head: $0, fileName: "x.json") }
        #expect(prometheus == nil)
    }

    @Test(arguments: [
        ("2026-08-22T05:14:15.123+02:00", 1_787_368_455_123, false), ("1755839655.123", 1_755_839_655_123, false),
        ("1755839655123", 1_755_839_655_123, false), ("1755839655123456789", 1_755_839_655_123, false),
        ("Aug 22, 2026 @ 05:14:15.123", 1_787_375_655_123, true),
        ("8/22/2026, 5:14:15.123 PM", 1_787_418_855_123, true),
        ("2026-08-22 05:14:15.123", 1_787_375_655_123, true),
        ("2026-08-22 05:14:15.123 UTC", 1_787_375_655_123, false),
        ("8/22/2026 5:14:15.123 pm", 1_787_418_855_123, true),
    ])
    func times(text: String, millis: Int64, zoneless: Bool) throws {
        let entry = "{\"labels\":{},\"line\":\"x\",\"timestamp\":\"\(text)\"}\n"
        let line = try #require(Self.unwrap(entry + entry).lines.first)
        #expect(line.info.timeMs == millis)
        #expect(line.info.zoneless == zoneless)
    }
}
