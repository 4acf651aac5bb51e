import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

@Suite("Gateway logs: properties")
struct GatewayPropertyTests {
    @Test(
        "any split of the input gives the same records; every line is accounted for",
        arguments: GatewayCollector.fixtures)
    func splits(name: String) {
        let bytes = GatewayCollector.load(name)
        let whole = GatewayCollector.parse(bytes)
        #expect(whole.counts.accesses + whole.counts.events > 0)
        #expect(whole.counts.lines == whole.counts.recordLines + whole.counts.noiseLines + whole.counts.rejectedLines)
        #expect(whole.counts.lines == bytes.count { $0 == 10 } + (bytes.last == 10 ? 0 : 1))
        var random = SeededRandom(seed: 5)
        for _ in 0..<3 {
            let reads = (0..<200).map { _ in 1 + Int(random.next() % 300) }
            #expect(GatewayCollector.parse(bytes, reads: reads) == whole)
        }
        #expect(GatewayCollector.parse(bytes, reads: [1]) == whole)
    }

    @Test("a truncated log gives a prefix and at most one reject", arguments: GatewayCollector.fixtures)
    func truncations(name: String) {
        let bytes = GatewayCollector.load(name)
        let whole = GatewayCollector.parse(bytes)
        let head = bytes.firstIndex(of: 10) ?? 0
        for length in stride(from: head + 1, to: bytes.count, by: 7) {
            let part = GatewayCollector.parse(Array(bytes.prefix(length)), isCut: true)
            let before = whole.rejects.count { $0.offset + 1 < length }
            // A short beginning may look like another framing; the whole one decides.
            guard part.accesses.first == whole.accesses.first || part.accesses.isEmpty else { continue }
            #expect(part.accesses == Array(whole.accesses.prefix(part.accesses.count)), "cut at \(length)")
            #expect(part.rejects.count <= before + 1, "cut at \(length)")
            #expect(part.counts.lines == part.counts.recordLines + part.counts.noiseLines + part.counts.rejectedLines)
        }
    }

    @Test("changed bytes break nothing, and every line is still accounted for", arguments: GatewayCollector.fixtures)
    func damaged(name: String) {
        let bytes = GatewayCollector.load(name)
        var random = SeededRandom(seed: 17)
        for _ in 0..<60 {
            var copy = bytes
            for _ in 0..<8 { copy[Int(random.next() % UInt64(copy.count))] = UInt8(truncatingIfNeeded: random.next()) }
            let found = GatewayCollector.parse(copy)
            #expect(
                found.counts.lines == found.counts.recordLines + found.counts.noiseLines + found.counts.rejectedLines)
            #expect(found.accesses.allSatisfy { ($0.duration ?? 0) >= 0 && ($0.status ?? 200) < 1000 })
        }
    }

    @Test(
        "any framing gives the same requests as none",
        arguments: ["nginx_timed.log", "traefik.log", "envoy.log", "caddy.log", "alb.log", "litellm_json.log"])
    func framings(name: String) {
        let lines = String(decoding: GatewayCollector.load(name), as: UTF8.self).split(separator: "\n")
        let plain = GatewayCollector.parse(GatewayCollector.load(name)).accesses
        func json(_ line: Substring) -> String {
            var out = ByteWriter()
            out.writeJSONString(String(line) + "\n")
            return out.text
        }
        let time = "2026-11-23T17:31:59.123456789Z"
        let framings: [(LogFraming, (Substring) -> String)] = [
            (.timestamps, { "\(time) \($0)" }), (.cri, { "\(time) stdout F \($0)" }),
            (.compose, { "edge-1  | \($0)\r" }), (.kubectlPrefix, { "[pod/edge/main] \($0)" }),
            (.dockerJSON, { "{\"log\":\(json($0)),\"stream\":\"stdout\",\"time\":\"\(time)\"}" }),
            (.journaldShort, { "Nov 23 17:31:59 edge gateway[12]: \($0)" }),
        ]
        for (framing, wrap) in framings {
            let text = lines.map { wrap($0) + "\n" }.joined()
            #expect(withBytes(of: text) { GatewayFormat.framing(head: $0) } == framing, "\(framing)")
            let found = GatewayCollector.parse(text)
            #expect(found.accesses == plain, "\(framing)")
        }
    }

    @Test("hostile lines: endless ones, numbers without bounds, open quotes, deep JSON")
    func hostile() {
        let long = String(repeating: "a", count: 3 << 20)
        let digits = String(repeating: "9", count: 400)
        let lines: [String] = [
            "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] \"GET /\(long) HTTP/1.1\" 200 1",
            "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] \"GET / HTTP/1.1\" 200 \(digits) \"-\" \"-\" rt=\(digits).\(digits)",
            "203.0.113.7 - - [99/Nov/9999:99:99:99 +9999] \"GET / HTTP/1.1\" 200 1",
            "203.0.113.7 - - [23/Nov/2026:17:31:50 +0000] \"\\\\\\\"",
            "[2026-11-23T17:31:50.250Z] \"GET / HTTP/2\" 200 - \(digits) \(digits) \(digits) \(digits) \"\" \"\" \"\" \"\" \"\"",
            "1:2 [23/Nov/2026:17:31:50.\(digits)] f b/s \(digits)/-\(digits)/0/0/0 200 0 - - ---- 0/0/0/0/0 0/0 \"GET /\"",
            "1:2 [23/Nov/2026:17:31:50.1] f b/s 9223372036854775807/0/0/0/9223372036854775807 200 0 - - ---- 0/0/0/0/9223372036854775807 0/0 \"GET /\"",
            String(repeating: "{\"request\":", count: 5000),
            #"{"status":200,"method":"GET","path":"/","time":1e308,"request_time":1e308}"#,
            #"{"status":200,"method":"GET","path":"\ud800","time":9223372036854775807,"duration":"-1"}"#,
            #"{"status":200,"method":"GET","path":"/","StartUTC":"2026-11-23T17:31:50Z","Duration":9223372036854775807}"#,
            "http 9999-12-31T23:59:60.999999Z a b:1 c:2 -1 -1 -1 999 - 1 1 \"GET / H\" \"\" - - - \"Root=\" - - - 0001-01-01T00:00:00Z",
            "<9999999999>", "<1>", "<134>Nov 99 99:99:99 h h: x", "I9999 99:99:99.999999       1 f.go:1] x",
            "[", "]", "{", "}", "[{", "\u{FEFF}", "[]]", ",,,", "\u{0}\u{0}",
            "99:99:99 - LiteLLM:INFO: x", "time=\"", "INFO:     1:2 - \"",
        ]
        for line in lines {
            for text in [line, line + "\n", line + "\n" + line] {
                let found = GatewayCollector.parse(text)
                #expect(
                    found.counts.lines == found.counts.recordLines + found.counts.noiseLines
                        + found.counts.rejectedLines)
            }
        }
    }

    @Test("the header of a table of spend rows alone cuts nothing off")
    func header() {
        let bytes = GatewayCollector.load("litellm_spend.csv")
        let found = GatewayCollector.parse(bytes)
        #expect(found.counts.noiseLines == 1 && found.counts.accesses == 2)
    }
}
