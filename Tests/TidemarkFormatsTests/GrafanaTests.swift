import Testing
import TidemarkBase
import TidemarkSeries

@testable import TidemarkFormats

@Suite struct GrafanaTests {
    private let start: Int64 = 1_795_455_073_000

    private func csv(_ bytes: [UInt8], offsetMs: Int64 = 0, name: String = "") throws
        -> (sink: RecordingSink, counts: GrafanaCounts)
    {
        var sink = RecordingSink()
        var parser = GrafanaCSVParser(zone: .fixed(minutesEast: Int(offsetMs / 60_000)), missingName: name)
        let counts = try bytes.withUnsafeBytes { try parser.parse(csv: $0, into: &sink) }
        #expect(counts.lines == counts.rows + counts.headerLines + counts.blankLines + counts.rejectedLines)
        #expect(counts.samples == sink.samples.count)
        #expect(counts.rejectedLines == sink.rejects.count)
        return (sink, counts)
    }

    private func csv(_ text: String, name: String = "") throws -> (sink: RecordingSink, counts: GrafanaCounts) {
        try csv(Array(text.utf8), name: name)
    }

    private func json(_ text: [UInt8], name: String = "") throws
        -> (sink: RecordingSink, summary: GrafanaPanelSummary)
    {
        var sink = RecordingSink()
        let summary = try text.withUnsafeBytes { try GrafanaPanelReader.read($0, missingName: name, into: &sink) }
        #expect(summary.samples == sink.samples.count)
        return (sink, summary)
    }

    @Test(
        "cells with units come out in base units",
        arguments: [
            ("1.23 ms", 0.00123), ("520 µs", 0.00052), ("12.3 GiB", 12.3 * 1_073_741_824), ("1.2K", 1200),
            ("1.5 kB", 1500), ("3.4 Mil", 3.4e6), ("2 mins", 120), ("-5", -5), ("1,234.5", 1234.5), ("1e3 ms", 1),
            ("7 req/s", 7), ("1.5K req/s", 1500), ("1.5 kreq/s", 1500), ("300 W", 300), ("1.2 MiB/s", 1.2 * 1_048_576),
            ("1 hour", 3600), ("+Inf", .infinity), ("4 tok/s", 4),
        ])
    func units(text: String, value: Double) {
        guard case .number(let found) = withBytes(of: text, { UnitValue.cell($0) }) else {
            Issue.record("\(text) is no number")
            return
        }
        #expect(found == value || abs(found - value) <= abs(value) * 1e-12)
    }

    @Test("percent is a ratio; words for nothing are missing; other text is text")
    func notNumbers() {
        #expect(withBytes(of: "45%") { UnitValue.cell($0) } == .percent(0.45))
        for text in ["", "null", "undefined", "N/A", "No data"] {
            #expect(withBytes(of: text) { UnitValue.cell($0) } == .missing)
        }
        for text in ["10.0.0.1:8000", "replica-0", "1,23,4", "12 foo", "1.2.3", "K", "-", "+", "."] where text != "-" {
            #expect(withBytes(of: text) { UnitValue.cell($0) } == .text, "\(text)")
        }
    }

    @Test("series joined by time, every field quoted, with Excel's first line")
    func joined() throws {
        let (sink, counts) = try csv(try MetricFixture.bytes("grafana/joined_excel_quoted.csv"))
        #expect(sink.rejects == [])
        #expect(counts.rows == 8 && counts.headerLines == 2 && counts.zonelessRows == 8)
        #expect(
            sink.labels.map(\.description) == [
                "vllm:num_requests_running{instance=\"10.0.0.1:8000\", job=\"vllm\"}",
                "vllm:num_requests_running{instance=\"10.0.0.2:8000\", job=\"vllm\"}",
            ])
        // An empty cell is no sample.
        #expect(counts.samples == 15)
        #expect(sink.samples[0].timeMs == start && sink.samples[0].value == 3)
    }

    @Test("formatted values, a byte-order mark, milliseconds; the zone is taken off")
    func formatted() throws {
        let bytes = try MetricFixture.bytes("grafana/joined_formatted_units.csv")
        let (sink, counts) = try csv(bytes, offsetMs: 3_600_000)
        #expect(sink.rejects == [])
        #expect(counts.percentCells == 8 && counts.samples == 39)
        #expect(sink.labels[0].description == "vllm:kv_cache_usage_perc{instance=\"a\"}")
        let first = sink.samples.prefix(5)
        #expect(first.allSatisfy { $0.timeMs == start + 500 - 3_600_000 })
        #expect(first.map(\.value) == [0.41, 520 * 1e-6, 1200, 12.3 * 1_073_741_824, 2])
    }

    @Test("a column that tells no metric takes the file's")
    func missingName() throws {
        let bytes = try MetricFixture.bytes("grafana/vllm_num_requests_running.csv")
        let (sink, counts) = try csv(bytes, name: "vllm_num_requests_running")
        #expect(sink.labels == [Labels(["__name__": "vllm_num_requests_running"])])
        #expect(counts.zonelessRows == 0 && sink.samples[1].timeMs == start + 15_000)
        #expect(try csv(bytes).sink.labels == [Labels()])
        let free = try csv("Time,replica 0,p99\n2026-11-23 17:31:13,1,2\n", name: "vllm_x")
        #expect(free.sink.labels.map(\.description) == ["vllm_x{legend=\"replica 0\"}", "vllm_x{legend=\"p99\"}"])
    }

    @Test("the long form: text columns are labels, digits among them too")
    func long() throws {
        let (sink, counts) = try csv(try MetricFixture.bytes("grafana/vllm_num_requests_waiting_long.csv"), name: "m")
        #expect(sink.rejects == [] && counts.samples == 8)
        #expect(
            sink.labels.map(\.description) == [
                "m{engine=\"0\", instance=\"a:8000\"}", "m{engine=\"1\", instance=\"b:8000\"}",
            ])
        let series = try csv("Time,Metric,Value\n1795455073000,\"vllm:a{b=\"\"c\"\"}\",4 ms\n")
        #expect(series.sink.labels.map(\.description) == ["vllm:a{b=\"c\"}"])
    }

    @Test("several tables, another separator, a truncated and a damaged file")
    func others() throws {
        let tables = try csv(try MetricFixture.bytes("grafana/tables.csv"))
        #expect(tables.sink.labels.map(\.description) == ["vllm:a{x=\"1\"}", "vllm:a{x=\"2\"}"])
        #expect(tables.counts.headerLines == 2 && tables.counts.blankLines == 1)
        #expect(try csv("sep=;\nTime;vllm:a\n2026-11-23T17:31:13Z;5\n").sink.samples.map(\.value) == [5])
        let truncated = try csv(try MetricFixture.bytes("grafana/truncated.csv"))
        #expect(truncated.sink.rejects.count == 1 && truncated.sink.rejects[0].reason.contains("cut off"))
        let corrupt = try csv(try MetricFixture.bytes("grafana/corrupt.csv"))
        #expect(corrupt.sink.rejects.map(\.line) == [4, 5, 6])
        #expect(corrupt.sink.rejects[2].reason.contains("column 3"))
    }

    @Test("panel data, the query API and a long frame")
    func frames() throws {
        for file in ["panel_data.json", "query_response.json"] {
            let (sink, summary) = try json(try MetricFixture.bytes("grafana/" + file))
            #expect(summary.frames == 2 && summary.rejects == 0)
            #expect(
                sink.labels.map(\.description) == [
                    "vllm:num_requests_running{instance=\"a\"}", "vllm:num_requests_waiting{instance=\"a\"}",
                ])
            #expect(sink.samples.map(\.value) == [1, 2, 4, 0, 5.5, .infinity, 1])
            #expect(sink.samples.map(\.timeMs).prefix(3) == [start, start + 15_000, start + 45_000])
        }
        let long = try json(try MetricFixture.bytes("grafana/dataframe_long.json"))
        #expect(
            long.sink.samples.map(\.labels.description) == [
                "vllm:num_requests_running{instance=\"a\"}", "vllm:num_requests_running{instance=\"b\"}",
                "vllm:num_requests_running{instance=\"a\"}",
            ])
        let cut = try json(try MetricFixture.bytes("grafana/panel_data_truncated.json"))
        #expect(cut.summary.rejects == 1 && cut.summary.frames == 1 && cut.sink.samples.count == 3)
    }

    @Test("buffers don't show", arguments: [1, 2, 3])
    func buffers(seed: UInt64) throws {
        let bytes = try MetricFixture.bytes("grafana/joined_formatted_units.csv")
        var sink = RecordingSink()
        var parser = GrafanaCSVParser()
        try MetricFixture.feed(bytes, seed: seed) { try parser.parse(line: $0, into: &sink) }
        #expect(sink.samples == (try csv(bytes)).sink.samples)
    }
}
