// Speed of the parsers of metrics, each into a sink that only adds up. A release build; see Benchmarks/README.md.
//
//     TIDEMARK_BENCH=1 swift run -c release --scratch-path .build-bench tidemark-bench-formats [samples]

import Glibc
import TidemarkBase
import TidemarkFormats
import TidemarkSeries

/// Adds up what it gets, so that nothing can be left out.
struct AddingSink: MetricSink {
    var known: [Labels: Int] = [:]
    var samples = 0
    var bits: UInt64 = 0

    mutating func series(_ labels: Labels) -> Int {
        let next = known.count
        let handle = known[labels, default: next]
        known[labels] = handle
        return handle
    }

    mutating func append(series: Int, timeMs: Int64, value: Double) {
        samples += 1
        bits = bits &+ value.bitPattern ^ UInt64(bitPattern: timeMs) &+ UInt64(series)
    }

    mutating func metadata(_ metadata: MetricMetadata) {}
    mutating func reject(_ reject: FormatReject) { fatalError("a reject: \(reject.reason) at \(reject.offset)") }
}

/// Seconds of CPU that the process has used.
func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The best of five runs.
func measure(_ name: String, _ text: [UInt8], _ body: (Bytes, inout AddingSink) throws -> Void) rethrows {
    var best = Double.infinity
    var samples = 0
    for _ in 0..<5 {
        var sink = AddingSink()
        let start = cpuSeconds()
        try text.withUnsafeBytes { try body($0, &sink) }
        best = min(best, cpuSeconds() - start)
        samples = sink.samples
    }
    let rate = Double(samples) / best / 1e6
    let bytes = Double(text.count) / best / 1e6
    print("\(name): \(samples) samples, \(rounded(rate)) M samples/s, \(rounded(bytes)) MB/s of CPU")
}

func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

/// How values are spelled: short ones as gauges are, long ones as rates and quantiles are.
enum Values: CaseIterable { case short, long }

func value(_ kind: Values, _ random: inout SeededRandom) -> String {
    switch kind {
    case .short: "\(Double(Int.random(in: 0..<2000, using: &random)) / 1000)"
    case .long: GoFloat.shortest(Double.random(in: 0..<10, using: &random))
    }
}

let total = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 3_000_000 : 3_000_000
let points = 3_000

func labels(_ series: Int) -> String {
    "\"__name__\":\"vllm:num_requests_running\",\"instance\":\"10.0.0.\(series):8000\",\"job\":\"vllm\""
}

for kind in Values.allCases {
    var random = SeededRandom(seed: 1)
    var matrix = ByteWriter(capacity: total * 40)
    var lines = ByteWriter(capacity: total * 40)
    matrix.write("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[")
    for series in 0..<max(1, total / points) {
        let values = (0..<points).map { _ in value(kind, &random) }
        if series > 0 { matrix.write(",") }
        matrix.write("{\"metric\":{\(labels(series))},\"values\":[")
        for (index, value) in values.enumerated() {
            if index > 0 { matrix.write(",") }
            matrix.write("[\(1_795_453_921 + index * 15),\"\(value)\"]")
        }
        matrix.write("]}")
        lines.write("{\"metric\":{\(labels(series))},\"values\":[\(values.joined(separator: ","))],\"timestamps\":[")
        for index in 0..<points { lines.write((index > 0 ? "," : "") + "\(1_795_453_921_000 + index * 15_000)") }
        lines.write("]}\n")
    }
    matrix.write("]}}")
    try measure("API JSON, \(kind) values", matrix.bytes) { _ = try PrometheusJSONReader.read($0, into: &$1) }
    try measure("VictoriaMetrics, \(kind) values", lines.bytes) {
        var parser = VictoriaMetricsParser()
        try parser.parse(export: $0, into: &$1)
    }
}
try measureGateways(lines: total / 6)
