import Testing
import TidemarkBase
import TidemarkFormats

/// What stands around a server's lines in pastes, journals and other programs' logs.
@Suite("vLLM log: pastes, loggers around it, crash loops")
struct PasteTests {
    private func score(_ text: String) -> Double {
        withBytes(of: text) { VLLMLogFormat.sniff(head: $0, fileName: "paste.txt")?.score ?? 0 }
    }

    private static let exits = [
        "Mar 10 18:12:51 gpu1 systemd[1]: llm.service: Main process exited, code=exited, status=1/FAILURE",
        "Mar 10 18:12:51 gpu1 systemd[1]: llm.service: Failed with result 'exit-code'.",
        "Mar 10 18:12:51 gpu1 systemd[1]: llm.service: Consumed 40.360s CPU time.",
        "Mar 10 18:12:56 gpu1 systemd[1]: llm.service: Scheduled restart job, restart counter is at 7.",
        "Mar 10 18:12:56 gpu1 systemd[1]: Started llm.service - An API server.",
    ]

    @Test("the service manager's words don't outvote the end of a traceback")
    func crashLoop() {
        let head = "Mar 10 18:12:50 gpu1 python3[31]: "
        let own = head + "(APIServer pid=31) RuntimeError: Engine core initialization failed. See root cause above."
        #expect(score(([own] + Self.exits).joined(separator: "\n") + "\n") > 0.45)
        let bare = [
            head + "Traceback (most recent call last):", head + #"  File "/opt/app/main.py", line 8, in <module>"#,
            head + "RuntimeError: Engine core initialization failed. See root cause above.",
        ]
        #expect(score((bare + Self.exits).joined(separator: "\n") + "\n") > 0.45)
        // Whose unit it is must be told.
        #expect(score(Self.exits.joined(separator: "\n") + "\n") == 0)
        let named = Self.exits.map { $0.replacing("llm.service", with: "vllm.service") }
        #expect(score(named.joined(separator: "\n") + "\n") > 0.3)
        let other = [head + "ValueError: x", head + "one", head + "two", head + "three"]
        #expect(score((other + Self.exits).joined(separator: "\n") + "\n") == 0)
    }

    @Test("a logger's prefix on every line of a traceback")
    func loggedTraceback() {
        func lines(_ level: String, _ time: String = "12:57:51,690") -> [String] {
            let head = "2026-06-27 \(time) - launcher - \(level) - "
            return [
                head + "Traceback (most recent call last):", head + #"  File "/a/v1/utils.py", line 494, in wait"#,
                head + #"    raise RuntimeError("Engine core initialization failed. ""#, head + "    ^^^^^^^^^",
                head + "RuntimeError: Engine core initialization failed. See root cause above.",
            ]
        }
        for level in ["INFO", "ERROR"] {
            for skipped in 0..<2 {
                let log = Array(lines(level).dropFirst(skipped)) + ["2026-06-27 12:57:52,690 - launcher - INFO - ended"]
                let found = LogCollector.parse(log.joined(separator: "\n") + "\n")
                #expect(found.lineCounts == [5 - skipped, 1])
                #expect(found.records[0].contains(#""level":"\#(level)","event":"engine_dead""#))
                #expect(found.records[0].contains(#""exception_type":"RuntimeError""#))
                #expect(found.records[0].contains(#""innermost_frame":"utils.py:494 in wait""#))
                #expect(!found.records[0].contains("launcher"))
            }
        }
        // Another logger's line ends it, and so does the next traceback.
        let cut = LogCollector.parse(
            (lines("INFO").prefix(2) + ["2026-06-27 12:57:51,691 - launcher - WARNING - gone"] + lines("INFO"))
                .joined(separator: "\n") + "\n")
        #expect(cut.lineCounts == [2, 1, 5])
    }

    @Test("an exception that a logger passes on at INFO counts where only an engine raises it")
    func loggedException() {
        func record(_ text: String) -> String {
            let found = LogCollector.parse("2026-06-27 12:57:51,690 - launcher - INFO - \(text)\n")
            return found.records.first ?? ""
        }
        let dead = record("RuntimeError: Engine core initialization failed. See root cause above.")
        #expect(dead.contains(#""event":"engine_dead","exception_type":"RuntimeError""#))
        for text in [
            "HTTPError: 404", "TimeoutError: no answer from the queue", "retrying after RuntimeError: CUDA error: x",
            "ValueError: This model's maximum context length is 5", "    indented text",
        ] {
            let record = record(text)
            #expect(record.contains(#""kind":"other""#) && !record.contains("event") && !record.contains("exception"))
            #expect(record.contains("launcher"))
        }
        let loguru = LogCollector.parse(
            "2026-06-27 12:57:51.690 | INFO     | server:log:12 - torch.OutOfMemoryError: CUDA out of memory.\n")
        #expect(loguru.records[0].contains(#""exception_type":"torch.OutOfMemoryError""#))
    }

    @Test("the last line of a traceback alone, behind a process")
    func loneException() {
        let found = LogCollector.parse("(EngineCore pid=9) ValueError: No available memory for the cache blocks. Try\n")
        #expect(found.records[0].contains(#""kind":"error""#))
        #expect(found.records[0].contains(#""event":"startup_memory","exception_type":"ValueError""#))
    }

    @Test("NULs in front of a line")
    func zeros() {
        let line = "INFO 01-31 09:15:00 [a.py:1] x\n"
        let nuls = String(repeating: "\0", count: 7)
        #expect(LogCollector.parse(nuls + line).records == LogCollector.parse(line).records)
        #expect(LogCollector.parse(nuls + "\n" + line).noiseLines == 1)
        let docker =
            #"{"log":"INFO 01-31 09:15:00 [a.py:1] x\n","stream":"stdout","time":"2026-01-31T09:15:00Z"}"# + "\n"
        #expect(WrappingTests.read(docker + docker + nuls + docker).log.records.count == 3)
        #expect(WrappingTests.read(nuls + docker).framing == .dockerJSON)
    }

    @Test("forms that other programs and pastes make of a line")
    func forms() {
        func record(_ line: String) -> String { LogCollector.parse(line + "\n").records.first ?? "" }
        let framed = record("│INFO 05-29 23:32:19 [a.py:58] text    │")
        #expect(framed.contains(#""source_file":"a.py","source_line":58,"message":"text""#))
        #expect(record("│ /a/b.py:12 in main │").contains("│ /a/b.py"))
        #expect(
            record("INFO platform.py:83] text").contains(
                #""source_file":"platform.py","source_line":83,"message":"text""#))
        #expect(record("INFO platform.py:83 text").contains(#""message":"platform.py"#))
        let kserve = record("2026-06-10 11:36:24.900 2697 kserve INFO [__main__.py:load_model():284] Loading")
        #expect(kserve.contains(#""source_file":"__main__.py","source_line":284"#))
        let jupyter = record("[I 2026-08-27 15:33:39.976 ServerApp] Jupyter Server is running at:")
        #expect(jupyter.contains(#""time":"2026-08-27T15:33:39.976Z","time_source":"own","level":"INFO""#))
        let socket = record(#"INFO:     ('127.0.0.1', 52376) - "WebSocket /v1/responses" 403"#)
        #expect(socket.contains(#""client":"127.0.0.1","method":"WebSocket","path":"/v1/responses","status":403"#))
        let rust =
            #"{"time":"2026-10-31T20:52:07.707164Z","level":"INFO","file":"/opt/lib/runtime/src/logging.rs","line":806,"target":"dynamo_runtime::logging","message":"on"}"#
        #expect(record(rust).contains(#""source_file":"logging.rs","source_line":806"#))
        #expect(score(rust + "\n") > 0.45)
        #expect(score(rust.replacing("dynamo_", with: "other_") + "\n") == 0)
    }
}
