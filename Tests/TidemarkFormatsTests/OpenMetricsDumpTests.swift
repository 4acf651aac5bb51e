import Testing
import TidemarkBase
import TidemarkSeries

@testable import TidemarkFormats

@Suite struct OpenMetricsDumpTests {
    private func read(_ bytes: [UInt8]) throws -> (sink: RecordingSink, counts: PrometheusTextCounts, stale: Int) {
        var sink = NaNResolvingSink(RecordingSink())
        var parser = PrometheusTextParser(options: OpenMetricsDumpFormat.parserOptions)
        let counts = try bytes.withUnsafeBytes { try parser.parse(scrape: $0, timeMs: nil, into: &sink) }
        try sink.finish()
        return (sink.base, counts, sink.staleMarkers)
    }

    @Test("the same samples, stale markers and NaNs as from the other form of the same dump")
    func agrees() throws {
        let (sink, counts, stale) = try read(try MetricFixture.bytes("openmetrics-dump/vllm.openmetrics.txt"))
        #expect(sink.rejects == [] && counts.endMarker && counts.duplicates == 0)
        var other = RecordingSink()
        var parser = PromtoolDumpParser()
        let bytes = try MetricFixture.bytes("promtool-dump/vllm.dump.txt")
        let expected = try bytes.withUnsafeBytes { try parser.parse(dump: $0, into: &other) }
        #expect(sink.samples == other.samples)
        #expect(stale == expected.staleMarkers && stale > 0)
    }

    @Test("times are seconds, whatever their magnitude; samples without one are rejects")
    func times() throws {
        let text = "a 1 5.500\na 2 1795453415.923\na 3 200000000000.000\nb 1\n"
        let (sink, _, _) = try read(Array(text.utf8))
        #expect(sink.samples.map(\.timeMs) == [5_500, 1_795_453_415_923, 200_000_000_000_000])
        #expect(sink.rejects.map(\.line) == [4])
    }

    @Test("a truncated and a corrupt dump")
    func damaged() throws {
        let truncated = try read(try MetricFixture.bytes("openmetrics-dump/truncated.openmetrics.txt"))
        #expect(truncated.sink.rejects.map(\.line) == [30])
        #expect(!truncated.counts.endMarker)
        let corrupt = try read(try MetricFixture.bytes("openmetrics-dump/corrupt.openmetrics.txt"))
        #expect(corrupt.sink.rejects.map(\.line) == [6, 7])
        #expect(corrupt.counts.samples == 8)
    }

    @Test("exemplars are delivered with their labels, value and time")
    func exemplars() throws {
        let text = """
            # TYPE h histogram
            h_bucket{le="1"} 5 # {trace_id="abc",span_id="d e"} 0.67 1795453415.5
            h_bucket{le="+Inf"} 6 1795453416 # {trace_id="x\\"y"} 9
            h_bucket{le="+Inf"} 6 1795453416 # {trace_id="dropped with its duplicate"} 9
            h_count 6

            """
        var sink = RecordingSink()
        var parser = PrometheusTextParser()
        let counts = try withBytes(of: text) { try parser.parse(scrape: $0, timeMs: 7, into: &sink) }
        #expect(sink.rejects == [])
        #expect(counts.exemplars == 2 && counts.duplicates == 1)
        #expect(
            sink.exemplars.map(\.labels.description) == ["h_bucket{le=\"1.0\"}", "h_bucket{le=\"+Inf\"}"])
        #expect(
            sink.exemplars.map(\.exemplar) == [
                MetricExemplar(
                    labels: Labels(["trace_id": "abc", "span_id": "d e"]), timeMs: 1_795_453_415_500, value: 0.67),
                MetricExemplar(labels: Labels(["trace_id": "x\"y"]), timeMs: 1_795_453_416_000, value: 9),
            ])
    }

    @Test("the API's series, metadata and exemplars")
    func catalogue() throws {
        let text = """
            {"status":"success","data":[{"__name__":"up","job":"a"},{"__name__":"up","job":"b"}]}
            {"status":"success","data":{"vllm:x":[{"type":"gauge","help":"X.","unit":"seconds"}]}}
            {"status":"success","data":[{"seriesLabels":{"__name__":"h_bucket","le":"1"},"exemplars":[
              {"labels":{"trace_id":"abc"},"value":"6","timestamp":1600096945.479},{"value":"x"},7]}]}
            """
        var sink = RecordingSink()
        let summary = try withBytes(of: text) { try PrometheusJSONReader.read($0, into: &sink) }
        #expect(summary.kinds == [.series: 1, .metadata: 1, .exemplars: 1] && summary.rejects == 0)
        #expect(summary.series == 3 && summary.samples == 0 && summary.exemplars == 1)
        #expect(
            sink.labels.map(\.description) == ["up{job=\"a\"}", "up{job=\"b\"}", "h_bucket{le=\"1\"}"])
        #expect(sink.families == [MetricMetadata(name: "vllm:x", type: .gauge, help: "X.", unit: "seconds")])
        #expect(
            sink.exemplars.map(\.exemplar) == [
                MetricExemplar(labels: Labels(["trace_id": "abc"]), timeMs: 1_600_096_945_479, value: 6)
            ])
    }
}
