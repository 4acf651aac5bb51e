import Foundation
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkTestSupport

/// Keeps everything that a parser of load tests delivers.
struct LoadTestRecorder: LoadTestSink, Equatable {
    var points: [LoadPoint] = []
    var rejects: [FormatReject] = []
    /// Points and rejects in their order.
    var order = ""

    mutating func point(_ point: LoadPoint) {
        points.append(point)
        order += "p"
    }

    mutating func reject(_ reject: FormatReject) {
        rejects.append(reject)
        order += "r"
    }
}

enum LoadTestFixture {
    /// Those that are read; what is only recognised is tested by itself.
    static let names: [String] =
        try! FileManager.default.contentsOfDirectory(atPath: fixture("load-test").path).sorted().filter {
            !["README.md", "vllm_latency.json", "inference_perf_prometheus.json"].contains($0)
        }

    static func bytes(_ name: String) -> [UInt8] {
        (try? Data(contentsOf: fixture("load-test/" + name))).map { [UInt8]($0) } ?? []
    }

    static func format(_ bytes: [UInt8]) -> String? {
        bytes.withUnsafeBytes { LoadTestFormat.sniff(head: $0.slice(0, min($0.count, 64 << 10)), fileName: "")?.format }
    }

    /// Reads in buffers of these sizes, over and over; empty: in one.
    static func read(
        _ bytes: [UInt8], format: String, sizes: [Int] = []
    ) throws -> (found: LoadTestRecorder, counts: LoadTestCounts) {
        var parser = LoadTestParser(format: format, sink: LoadTestRecorder())
        try bytes.withUnsafeBytes { all in
            var (at, turn) = (0, 0)
            while at < all.count {
                let size = sizes.isEmpty ? all.count : sizes[turn % sizes.count]
                try parser.feed(all.slice(at, min(at + size, all.count)))
                (at, turn) = (at + size, turn + 1)
            }
        }
        try parser.finish()
        return (parser.sink, parser.counts)
    }

    static func read(_ name: String) throws -> LoadTestRecorder {
        let bytes = bytes(name)
        return try read(bytes, format: format(bytes) ?? "none").found
    }

    static func point(_ name: String) throws -> LoadPoint {
        let found = try read(name)
        guard found.points.count == 1, found.rejects.isEmpty else { throw CocoaError(.coderInvalidValue) }
        return found.points[0]
    }
}
