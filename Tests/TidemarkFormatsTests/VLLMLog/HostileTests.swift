import Testing
import TidemarkBase
import TidemarkFormats

@Suite("vLLM log: hostile lines")
struct HostileTests {
    static let prefix = "INFO 01-31 09:15:00 [x.py:1] "

    static func cases() -> [(String, [UInt8])] {
        func many(_ text: String, _ count: Int) -> [UInt8] {
            Array(repeatElement(Array(text.utf8), count: count).joined())
        }
        let size = 1 << 18
        var all: [(String, [UInt8])] = [
            ("nothing but one byte", many("a", 10 << 20)), ("NULs", [UInt8](repeating: 0, count: size)),
            ("invalid UTF-8", [UInt8](repeating: 0xFF, count: size)), ("escapes", many("\u{1b}[", size / 2)),
            ("parentheses", many("(", size)), ("half a process prefix", many("(a pid=", size / 8)),
            ("process prefixes", many("(a pid=1) ", size / 10)), ("carriage returns", many("\r", size)),
            ("colons", many(".py:1", size / 5)), ("uvicorn heads", many("INFO:     ", size / 10)),
            ("headers", many(prefix, size / prefix.utf8.count)), ("braces", many("{", size)),
            ("nested JSON", Array("{\"message\":".utf8) + many("[", size)),
        ]
        for message in [
            "args: Namespace(", "non-default args: {", "Initializing a V1 LLM engine (v1) with config: ", "Avg ",
            "Engine 000: Avg prompt throughput: ", "Received request a: prompt: '", "SpecDecoding metrics: ",
            "KV Transfer metrics: ", "**CUDAGraph ", "Request a details: ",
        ] {
            for filler in ["(", "[{(", "'", "\\'", ",", ", ", "a=", "1", ": ", "a: 1, ", "api_key=", "messages=["] {
                all.append(
                    (message + filler, Array((prefix + message).utf8) + many(filler, size / 8 / filler.utf8.count)))
            }
        }
        // What the search for records, the text of users and secrets looks at.
        for filler in [
            "messages=[", "prompt: '", "text='", "token_ids=[", "body: {", "INFO: ", "Bearer ", "sk-", "&quot;", "> ",
            "File \"a\", line 1, in f ", "Traceback (most recent call last): File \"", "://a:", "password=",
        ] {
            all.append((filler, many(filler, size / filler.utf8.count)))
            all.append(("event " + filler, Array(prefix.utf8) + many(filler, size / filler.utf8.count)))
        }
        return all
    }

    @Test func linesOfAMegabyteArePlainWork() {
        for (name, line) in Self.cases() {
            let bytes = Array("\(Self.prefix)first\n".utf8) + line + Array("\n\(Self.prefix)last\n".utf8)
            let clock = ContinuousClock()
            let time = clock.measure {
                let result = LogCollector.parse(bytes)
                #expect(result.accounted == 3, "\(name)")
            }
            #expect(time < .seconds(20), "\(name): \(time)")
        }
    }

    @Test func endlessTracebacksAreBounded() {
        let head = "(W pid=1) ERROR 01-31 09:15:00 [x.py:1] Traceback (most recent call last):\r\n"
        let frame = "(W pid=1) ERROR 01-31 09:15:00 [x.py:1]   File \"/a.py\", line 1, in f\r\n"
        let text = head + String(repeating: frame, count: 20_000)
        let result = LogCollector.parse(text)
        #expect(result.accounted == 20_001)
    }

    @Test func openRecordsOfManyProcessesAreBounded() {
        var text = ""
        for index in 0..<5000 {
            text +=
                "(W\(index % 900) pid=\(index % 900)) ERROR 01-31 09:15:00 [x.py:\(index)] Traceback (most recent call last):\r\n"
        }
        let result = LogCollector.parse(text)
        #expect(result.accounted == 5000)
        #expect(result.lines == result.lines.sorted())
    }

    @Test func unfinishedPartsAreBounded() {
        let part = #"{"log":"aaaaaaaaaaaaaaaa","stream":"stdout","time":"2026-03-04T09:08:07.123Z"}"# + "\n"
        let bytes = Array(String(repeating: part, count: 3000).utf8)
        #expect(LogCollector.parse(bytes, framing: .dockerJSON).accounted == 3000)
    }
}
