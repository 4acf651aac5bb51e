import Foundation
import Testing
import TidemarkBase
import TidemarkFuzzTargets
import TidemarkTestSupport

/// The fuzz targets without a fuzzer. A finding ends the test process.
@Suite struct FuzzTests {
    private static func files(_ folder: String) throws -> [URL] {
        let root = fixture(folder)
        let names = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        return names.sorted().map { root.appendingPathComponent($0) }.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0.path, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    @Test("every input that was a finding is none any more")
    func findings() throws {
        var fed = 0
        for target in FuzzTarget.allCases {
            for file in try Self.files("fuzz/" + target.rawValue) {
                try [UInt8](Data(contentsOf: file)).withUnsafeBytes { target.run($0) }
                fed += 1
            }
        }
        #expect(fed >= 2)
    }

    @Test(
        "fixtures, whole, cut off and with bytes changed, break nothing",
        arguments: [
            (FuzzTarget.exposition, "prometheus-text"), (.exposition, "openmetrics-dump"), (.dump, "promtool-dump"),
            (.answers, "prometheus-json"), (.export, "victoriametrics"), (.panels, "grafana"),
            (.gateway, "gateway"),
            (.tsdbLog, "prometheus-text"), (.tsdbIndex, "prometheus-json"), (.tsdbChunk, "promtool-dump"),
            (.nvidiaSMI, "nvidia-smi"),
            (.nvidiaSMI, "kernel-log"), (.kernelLog, "kernel-log"), (.traces, "traces"),
            (.serverLog, "vllm-log"),
            (.framing, "framing"), (.loadTest, "load-test"),
        ])
    func damagedFixtures(target: FuzzTarget, folder: String) throws {
        var random = SeededRandom(seed: 5)
        let files = try Self.files(folder)
        #expect(!files.isEmpty)
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: file).prefix(4_000))
            bytes.withUnsafeBytes { target.run($0) }
            for _ in 0..<20 {
                var copy = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
                for _ in 0..<Int.random(in: 0...4, using: &random) where !copy.isEmpty {
                    copy[Int.random(in: 0..<copy.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                copy.withUnsafeBytes { target.run($0) }
            }
        }
    }

    @Test(
        "hostile queries end",
        arguments: [
            "g[100y:1ms]", "sum(sum_over_time(g[5m:1ms]))", "((((((((((g))))))))))", "g offset 9223372036854775807s",
            "g @ 1e300", "-----------g", "{__name__=~\"(a*)*b\"}",
            "label_replace(g, \"x\", \"$9999999999\", \"job\", \"(.*)\")", "topk(1e300, g)", "quantile(NaN, g)",
            "g{a=\"\\", "sum by (", "9e999999999 ^ 9e9", "1e5y", "\u{0}",
        ])
    func queries(query: String) {
        for option: UInt8 in 0..<4 { ([option] + query.utf8).withUnsafeBytes { FuzzTarget.promql.run($0) } }
    }
}
