import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

@Suite("Log framings")
struct FramingTests {
    struct Unwrapped: Equatable {
        var text: String
        var timeMs: Int64?
        var stream = ""
        var source = ""
        var pid: Int?
        var lines = 1
        var number = 0
    }

    static func unwrap(_ text: String, _ framing: LogFraming) -> [Unwrapped] {
        var out: [Unwrapped] = []
        var unframer = LogUnframer(framing)
        var reader = LineReader()
        let keep: (borrowing Line, FrameInfo) -> Void = { line, info in
            out.append(
                Unwrapped(
                    text: line.bytes.text, timeMs: info.timeMs, stream: info.stream, source: info.source, pid: info.pid,
                    lines: info.lines, number: line.number))
        }
        Array(text.utf8).withUnsafeBytes { reader.feed($0) { unframer.feed($0, keep) } }
        reader.finish { unframer.feed($0, keep) }
        unframer.finish(keep)
        return out
    }

    static func detect(_ text: String) -> LogFraming {
        Array(text.utf8).withUnsafeBytes { LogFraming.detect(head: $0) }
    }

    static let ms: Int64 = CivilTime.millis(year: 2026, month: 3, day: 4, hour: 9, minute: 8, second: 7, milli: 123)

    @Test func docker() {
        let text =
            #"{"log":"a \"b\" \u00e9\\n\r\n","stream":"stdout","time":"2026-03-04T09:08:07.123456789Z"}"# + "\n"
            + #"{"time":"2026-03-04T09:08:07.123456789Z","stream":"stderr","log":"c\n","attrs":{"x":"y"}}"# + "\n"
            + "foreign\n"
        #expect(Self.detect(text) == .dockerJSON)
        let lines = Self.unwrap(text, .dockerJSON)
        #expect(lines.map(\.text) == ["a \"b\" é\\n\r", "c", "foreign"])
        #expect(lines.map(\.timeMs) == [Self.ms, Self.ms, nil])
        #expect(lines.map(\.stream) == ["stdout", "stderr", "stderr"])
    }

    @Test func dockerPartsAreJoinedByStream() {
        let tail = #""time":"2026-03-04T09:08:07.123Z"}"# + "\n"
        let text =
            #"{"log":"aaa","stream":"stdout","# + tail + #"{"log":"xxx\n","stream":"stderr","# + tail
            + #"{"log":"bbb","stream":"stdout","# + tail + #"{"log":"ccc\n","stream":"stdout","# + tail
            + #"{"log":"end","stream":"stdout","# + tail
        let lines = Self.unwrap(text, .dockerJSON)
        #expect(lines.map(\.text) == ["aaabbbccc", "xxx", "end"])
        #expect(lines.map(\.lines) == [3, 1, 1])
        #expect(lines.map(\.number) == [1, 2, 5])
    }

    @Test func timestamps() {
        let text =
            "2026-03-04T09:08:07.123456789Z INFO:     x\n2026-03-04T10:08:07.123+01:00 \n[2026-03-04T09:08:07.123Z] y\n"
            + "2026-03-04 09:08:07.123 | z\n"
        #expect(Self.detect(text) == .timestamps)
        let lines = Self.unwrap(text, .timestamps)
        #expect(lines.map(\.text) == ["INFO:     x", "", "y", "z"])
        #expect(lines.map(\.timeMs) == [Self.ms, Self.ms, Self.ms, Self.ms])
    }

    @Test func cri() {
        let text =
            "2026-03-04T09:08:07.123456789Z stdout P aaa\n2026-03-04T09:08:07.2Z stderr F xxx\n"
            + "2026-03-04T09:08:07.3Z stdout F bbb\n2026-03-04T18:08:07.1234567+09:00 stdout F c\n"
        #expect(Self.detect(text) == .cri)
        let lines = Self.unwrap(text, .cri)
        #expect(lines.map(\.text) == ["aaabbb", "xxx", "c"])
        #expect(lines[0].timeMs == Self.ms)
        #expect(lines[2].timeMs == Self.ms)
        #expect(lines.map(\.lines) == [2, 1, 1])
    }

    @Test func kubectlPrefixAndCompose() {
        let pods = "[pod/vllm-0/main] a\n[pod/vllm-1/main] 2026-03-04T09:08:07.123Z b\n"
        #expect(Self.detect(pods) == .kubectlPrefix)
        let lines = Self.unwrap(pods, .kubectlPrefix)
        #expect(lines.map(\.text) == ["a", "b"])
        #expect(lines.map(\.source) == ["vllm-0/main", "vllm-1/main"])
        #expect(lines[1].timeMs == Self.ms)
        let compose =
            "Attaching to vllm-1\nvllm-1  | a | b\nvllm-1  | \nvllm-1  | 2026-03-04T09:08:07.123Z c\n 50%|██ | 1/2\n"
        #expect(Self.detect(compose) == .compose)
        let services = Self.unwrap(compose, .compose)
        #expect(services.map(\.text) == ["Attaching to vllm-1", "a | b", "", "c", " 50%|██ | 1/2"])
        #expect(services.map(\.source) == ["", "vllm-1", "vllm-1", "vllm-1", "vllm-1"])
    }

    @Test func journald() {
        let iso =
            "2026-03-04T09:08:07.123+0000 gpu-1 vllm[31]: a: b\n2026-03-04T10:08:07.123+01:00 gpu-1 systemd[1]: vllm.service: x\n"
            + "-- Boot 5d --\n2026-03-04T09:08:07+0000 gpu-1 my-model.v2.sh: c\n"
        #expect(Self.detect(iso) == .journaldShortISO)
        let lines = Self.unwrap(iso, .journaldShortISO)
        #expect(lines.map(\.text) == ["a: b", "vllm.service: x", "-- Boot 5d --", "c"])
        #expect(lines.map(\.pid) == [31, 1, nil, nil])
        #expect(lines[0].timeMs == Self.ms && lines[1].timeMs == Self.ms)
        let short = "Mar  4 09:08:07 gpu-1 vllm[31]: a\nMar 14 09:08:07.123456 gpu-1 vllm[31]: b\n"
        #expect(Self.detect(short) == .journaldShort)
        #expect(Self.unwrap(short, .journaldShort).map(\.text) == ["a", "b"])
        let json =
            #"{"__REALTIME_TIMESTAMP":"1772615287123456","MESSAGE":"a\nb","_PID":"31","PRIORITY":"6"}"# + "\n"
            + #"{"MESSAGE":[97,27,98],"__REALTIME_TIMESTAMP":"1772615287123456","X":["a","b"]}"# + "\n"
        #expect(Self.detect(json) == .journaldJSON)
        let entries = Self.unwrap(json, .journaldJSON)
        #expect(entries.map(\.text) == ["a", "b", "a\u{1b}b"])
        #expect(entries.map(\.lines) == [1, 0, 1])
        #expect(entries.map(\.timeMs) == [Self.ms, Self.ms, Self.ms])
    }

    @Test(arguments: [
        GlueTests.stats, GlueTests.access, "", "{\"message\": \"x\"}", "2026-01-31 09:15:00,123 - INFO - x.py:1 - y: z",
        "2025-01-31 09:15:00,123\tINFO worker.py:1841 -- Started a local Ray instance.",
    ])
    func plain(line: String) { #expect(Self.detect(line + "\n" + line + "\n") == .plain) }

    @Test(arguments: ["docker-json-file.log", "kubectl-timestamps.log", "journalctl-short-iso.log"])
    func realWrappingsGiveEqualRecords(name: String) throws {
        let folder = CorpusTests.shared + "/corpora/real/log-wrappings/"
        guard let bytes = TestFiles.read(folder + name), let other = TestFiles.read(folder + "kubectl-timestamps.log")
        else {
            return print("skipped: no corpus at \(folder)")
        }
        let framing = bytes.withUnsafeBytes { LogFraming.detect(head: $0) }
        let result = LogCollector.parse(bytes, framing: framing)
        let reference = LogCollector.parse(other, framing: .timestamps)
        #expect(result.kinds == reference.kinds)
        #expect(result.lines == reference.lines)
        #expect(result.lineCounts == reference.lineCounts)
        #expect(result.accounted == LogCollector.lineCount(bytes))
    }
}
