import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Adds up requests.
private struct AddingGatewaySink: GatewaySink {
    var requests = 0
    var micros: Int64 = 0

    mutating func access(_ access: borrowing GatewayAccess) {
        requests += 1
        micros &+= (access.durationMicros ?? 0) &+ (access.startMs ?? 0)
    }
    mutating func event(_ event: borrowing GatewayEvent) {}
    mutating func reject(_ reject: FormatReject) { fatalError("a reject: \(reject.reason) at \(reject.offset)") }
}

/// Lines of each dialect through its parser, the best of five runs.
func measureGateways(lines count: Int) throws {
    let base: Int64 = 1_795_455_110_000
    func pad(_ value: Int, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - String(value).count)) + String(value)
    }
    func clock(_ index: Int) -> String { "17:\(pad(index / 3000 % 60, 2)):\(pad(index / 50 % 60, 2))" }
    let dialects: [(name: String, line: (Int) -> String)] = [
        (
            "nginx combined",
            {
                "203.0.113.\($0 % 200) - - [23/Nov/2026:\(clock($0)) +0000] \"POST /v1/chat/completions HTTP/1.1\" 200 \(5000 + $0 % 977) \"-\" \"OpenAI/Python 1.99.1\"\n"
            }
        ),
        (
            "nginx with times",
            {
                "203.0.113.\($0 % 200) - - [23/Nov/2026:\(clock($0)) +0000] \"POST /v1/chat/completions HTTP/1.1\" 200 \(5000 + $0 % 977) \"-\" \"OpenAI/Python 1.99.1\" rt=2.\(pad($0 % 1000, 3)) uct=0.001 uht=0.312 urt=2.\(pad($0 % 1000, 3))\n"
            }
        ),
        (
            "Envoy",
            {
                "[2026-11-23T\(clock($0)).123Z] \"POST /v1/chat/completions HTTP/1.1\" 200 - 1463 5120 \(2000 + $0 % 977) 312 \"203.0.113.7\" \"OpenAI/Python 1.99.1\" \"f65c68d3-619a-44c7-a9c1-44384b305\(pad($0 % 1000, 3))\" \"llm.example\" \"10.0.0.1:8000\"\n"
            }
        ),
        (
            "HAProxy",
            {
                "203.0.113.7:33317 [23/Nov/2026:\(clock($0)).655] llm-in~ vllm/replica-0 10/0/1/312/\(2000 + $0 % 977) 200 5120 - - ---- 9/7/5/3/0 0/0 {llm.example} {} \"POST /v1/chat/completions HTTP/1.1\"\n"
            }
        ),
        (
            "Traefik JSON",
            {
                "{\"ClientAddr\":\"203.0.113.7:49152\",\"ClientHost\":\"203.0.113.7\",\"ClientPort\":\"49152\",\"ClientUsername\":\"-\",\"DownstreamContentSize\":5120,\"DownstreamStatus\":200,\"Duration\":2417000\(pad($0 % 1000, 3)),\"OriginContentSize\":5120,\"OriginDuration\":2416000999,\"OriginStatus\":200,\"Overhead\":999124,\"RequestAddr\":\"llm.example\",\"RequestCount\":\($0),\"RequestMethod\":\"POST\",\"RequestPath\":\"/v1/chat/completions\",\"RetryAttempts\":0,\"RouterName\":\"vllm@docker\",\"ServiceAddr\":\"10.0.0.1:8000\",\"StartUTC\":\"2026-11-23T\(clock($0)).123456789Z\",\"entryPointName\":\"websecure\",\"level\":\"info\",\"msg\":\"\",\"time\":\"2026-11-23T17:31:51Z\"}\n"
            }
        ),
    ]
    for (name, line) in dialects {
        var text = ByteWriter(capacity: count * 250)
        for index in 0..<count { text.write(line(index)) }
        var best = Double.infinity
        var sum = base
        for _ in 0..<5 {
            var sink = AddingGatewaySink()
            let start = cpuSeconds()
            try text.bytes.withUnsafeBytes { bytes in
                var parser = GatewayParser(head: bytes.slice(0, min(bytes.count, 1 << 16)))
                var reader = LineReader()
                try reader.feed(bytes) { try parser.parse(line: $0, frame: FrameInfo(), into: &sink) }
                try parser.finish(into: &sink)
            }
            best = min(best, cpuSeconds() - start)
            guard sink.requests == count else { fatalError("\(sink.requests) of \(count) lines") }
            sum &+= sink.micros
        }
        let bytes = Double(text.bytes.count) / best / 1e6
        print("\(name): \(count) lines, \(rounded(bytes)) MB/s of CPU (\(sum & 1))")
    }
}
