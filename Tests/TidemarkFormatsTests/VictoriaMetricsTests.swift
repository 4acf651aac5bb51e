import Testing
import TidemarkBase
import TidemarkSeries

@testable import TidemarkFormats

@Suite struct VictoriaMetricsTests {
    private func read(_ bytes: [UInt8]) throws -> (sink: RecordingSink, counts: VictoriaMetricsCounts) {
        var sink = RecordingSink()
        var parser = VictoriaMetricsParser()
        let counts = try bytes.withUnsafeBytes { try parser.parse(export: $0, into: &sink) }
        #expect(counts.lines == counts.seriesLines + counts.blankLines + counts.rejectedLines)
        #expect(counts.samples == sink.samples.count)
        #expect(counts.rejectedLines == sink.rejects.count)
        return (sink, counts)
    }

    private func read(_ text: String) throws -> (sink: RecordingSink, counts: VictoriaMetricsCounts) {
        try read(Array(text.utf8))
    }

    @Test("values, words and nulls beside their times")
    func values() throws {
        let (sink, counts) = try read(
            #"{"metric":{"__name__":"up","job":"a"},"values":[1,-2.5e-1,null,"Infinity","-Infinity","NaN","Null",7],"#
                + #""timestamps":[1,2,3,4,5,6,7,-8]}"# + "\n\n")
        #expect(counts.nullValues == 2 && counts.seriesLines == 1 && counts.blankLines == 1)
        #expect(sink.samples.map(\.timeMs) == [1, 2, 3, 4, 5, 6, 7, -8])
        #expect(sink.samples[0].value == 1 && sink.samples[1].value == -0.25 && sink.samples[7].value == 7)
        #expect(sink.samples[3].value == .infinity && sink.samples[4].value == -.infinity)
        for index in [2, 5, 6] { #expect(sink.samples[index].bits == 0x7ff8_0000_0000_0001) }
    }

    @Test("a series over several lines, members in any order, other members, spaces, escapes")
    func spellings() throws {
        let (sink, _) = try read(
            #"{"values":[1,2],"timestamps":[1,2],"metric":{"__name__":"up"}}"# + "\r\n"
                + #" { "timestamps" : [ 3 , 4 ] , "x" : {"y":[["z]"]]} , "metric":{"__name__":"\u0075p"},"values":[ 3 ,4 ] }"#
        )
        #expect(sink.rejects == [])
        #expect(sink.labels == [Labels(["__name__": "up"])])
        #expect(sink.samples.map(\.value) == [1, 2, 3, 4])
        #expect(sink.samples.map(\.timeMs) == [1, 2, 3, 4])
    }

    @Test(
        "a damaged line is one reject; the next is read",
        arguments: [
            #"{"metric":{"__name__":"a"},"values":[1,2],"timestamps":[1]}"#,
            #"{"metric":{"__name__":"a"},"values":[1],"timestamps":[1,2]}"#,
            #"{"metric":{"__name__":"a"},"values":[1,,2],"timestamps":[1,2]}"#,
            #"{"metric":{"__name__":"a"},"values":["one"],"timestamps":[1]}"#,
            #"{"metric":{"__name__":"a"},"values":[1],"timestamps":[1.5]}"#,
            #"{"metric":{"__name__":"a"},"values":[1],"timestamps":[1234567890123456789]}"#,
            #"{"metric":{"__name__":"a"},"values":[1]}"#, #"{"metric":{"__name__":"a"}} 7"#, "rubbish", "[1]",
            #"{"metric":{"__name__":"a"},"values":[1],"timestamps":[1]} {}"#,
        ])
    func damaged(line: String) throws {
        let (sink, counts) = try read(
            line + "\n" + #"{"metric":{"__name__":"b"},"values":[5],"timestamps":[9]}"# + "\n")
        #expect(counts.rejectedLines == 1 && counts.seriesLines == 1)
        #expect(sink.rejects[0].line == 1)
        #expect(sink.samples.last == SampleRecord(Labels(["__name__": "b"]), 9, 5))
    }

    @Test("the fixtures: the same series however they are cut")
    func fixtures() throws {
        let plain = try read(try MetricFixture.bytes("victoriametrics/export.jsonl"))
        #expect(plain.sink.rejects == [])
        #expect(plain.counts.seriesLines == 13)
        #expect(plain.sink.samples.suffix(4).map(\.value)[0...1] == [.infinity, -.infinity])
        let split = try read(try MetricFixture.bytes("victoriametrics/export_max_rows_per_line.jsonl"))
        let names = Set(split.sink.labels)
        #expect(names.count == 4 && split.counts.seriesLines > 4)
        #expect(split.sink.samples == plain.sink.samples.filter { names.contains($0.labels) })
        let truncated = try read(try MetricFixture.bytes("victoriametrics/export_truncated.jsonl"))
        #expect(truncated.sink.rejects.count == 1)
        #expect(truncated.sink.rejects[0].reason.contains("cut off"))
        #expect(truncated.sink.samples == Array(plain.sink.samples.prefix(truncated.sink.samples.count)))
        let corrupt = try read(try MetricFixture.bytes("victoriametrics/export_corrupt.jsonl"))
        #expect(corrupt.sink.rejects.map(\.line) == [2, 3, 4])
        #expect(corrupt.counts.seriesLines == 10)
    }

    @Test("buffers don't show", arguments: [1, 2, 3])
    func buffers(seed: UInt64) throws {
        let bytes = try MetricFixture.bytes("victoriametrics/export.jsonl")
        var sink = RecordingSink()
        var parser = VictoriaMetricsParser()
        try MetricFixture.feed(bytes, seed: seed) { try parser.parse(line: $0, into: &sink) }
        #expect(sink.samples == (try read(bytes)).sink.samples)
    }
}
