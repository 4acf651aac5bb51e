import Testing
import TidemarkBase
import TidemarkEvidence

@testable import TidemarkFormats

@Suite struct OTLPFramesTests {
    /// What the messages say, in pieces of `size` bytes.
    private func read(_ bytes: [UInt8], size: Int = .max) throws -> (TraceRecorder, rejects: [FormatReject], Int) {
        var frames = OTLPFrames()
        var parser = TraceParser(sink: TraceRecorder())
        var rejects: [FormatReject] = []
        var at = 0
        while at < bytes.count {
            let end = size == .max ? bytes.count : min(at + size, bytes.count)
            try bytes.withUnsafeBytes { raw in
                try frames.feed(raw.slice(at, end)) {
                    try parser.feed($0)
                } reject: {
                    rejects.append($0)
                }
            }
            at = end
        }
        try frames.finish {
            try parser.feed($0)
        } reject: {
            rejects.append($0)
        }
        try parser.finish()
        #expect(parser.counts.lines == frames.messages)
        #expect(parser.counts.blankLines == frames.damaged)
        return (parser.sink, rejects, frames.messages)
    }

    private func same(_ a: SpanRecord, _ b: SpanRecord) -> Bool {
        var (a, b) = (a, b)
        // The number 1.0 of JSON is 1 of protobuf.
        for field in [\SpanRecord.attributes, \.events] {
            a[keyPath: field] = Array(
                String(decoding: a[keyPath: field], as: UTF8.self).replacing(".0,", with: ",").utf8)
            b[keyPath: field] = Array(
                String(decoding: b[keyPath: field], as: UTF8.self).replacing(".0,", with: ",").utf8)
        }
        (a.offset, b.offset, a.resource, b.resource) = (0, 0, 0, 0)
        return a == b
    }

    @Test("protobuf and compressed messages say what their JSON says", arguments: ["protobuf.pb", "mixed_zstd.pb"])
    func equal(name: String) throws {
        let bytes = try MetricFixture.bytes("traces-frames/" + name)
        let guess = bytes.withUnsafeBytes { TraceFormat.sniff(head: $0, fileName: "") }
        #expect(guess?.format == TraceFormat.otlpFrames && guess?.isReadable == true)
        let (json, _) = try TraceFixture.read(TraceFixture.bytes("otlp_vllm_0.33.jsonl"))
        for size in [Int.max, 1, 7, 1000] {
            let (sink, rejects, messages) = try read(bytes, size: size)
            #expect(rejects == [] && messages == 4 && sink.spans.count == json.spans.count)
            #expect(zip(sink.spans, json.spans).allSatisfy { same($0, $1) })
        }
    }

    @Test("a message that is cut off or damaged is one reject with its offset; those behind it are read")
    func damage() throws {
        let bytes = try MetricFixture.bytes("traces-frames/protobuf.pb")
        let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[$1]) }
        var (sink, rejects, _) = try read(Array(bytes.dropLast(5)))
        #expect(rejects.count == 1 && rejects[0].line == 4 && rejects[0].reason.contains("the rest of a message"))
        // A field longer than its message.
        var copy = bytes
        copy[5] = 0xFF
        copy[6] = 0x7F
        (sink, rejects, _) = try read(copy)
        #expect(rejects.map(\.offset) == [0] && !sink.spans.isEmpty)
        copy = bytes
        copy[4 + length] = 0xFF
        (sink, rejects, _) = try read(copy)
        #expect(rejects.map(\.offset) == [4 + length] && rejects[0].reason.contains("length"))
        for cut in stride(from: 0, to: bytes.count, by: 61) {
            #expect(try read(Array(bytes.prefix(cut))).rejects.count <= 1)
        }
    }
}
