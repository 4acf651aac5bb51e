import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkFormats

/// What Foundation's JSON parser counts in a file of OTLP lines.
private struct Totals {
    var spans = 0
    var promptTokens = 0
    var completionTokens = 0
    var timesToFirstToken = 0.0
    var durationNs: Int64 = 0
    var ids: Set<String> = []

    static func independent(_ text: Data) throws -> Totals {
        var totals = Totals()
        for line in text.split(separator: 10) {
            let document = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            for resource in document["resourceSpans"] as? [[String: Any]] ?? [] {
                for scope in resource["scopeSpans"] as? [[String: Any]] ?? [] {
                    for span in scope["spans"] as? [[String: Any]] ?? [] { totals.add(span) }
                }
            }
        }
        return totals
    }

    private mutating func add(_ span: [String: Any]) {
        spans += 1
        ids.insert("\(span["traceId"] ?? "") \(span["spanId"] ?? "")")
        if let start = Int64(span["startTimeUnixNano"] as? String ?? ""),
            let end = Int64(span["endTimeUnixNano"] as? String ?? "")
        {
            durationNs += end - start
        }
        for attribute in span["attributes"] as? [[String: Any]] ?? [] {
            let value = attribute["value"] as? [String: Any] ?? [:]
            switch attribute["key"] as? String {
            case "gen_ai.usage.prompt_tokens": promptTokens += Int(value["intValue"] as? String ?? "") ?? 0
            case "gen_ai.usage.completion_tokens": completionTokens += Int(value["intValue"] as? String ?? "") ?? 0
            case "gen_ai.latency.time_to_first_token":
                timesToFirstToken += (value["doubleValue"] as? NSNumber)?.doubleValue ?? 0
            default: break
            }
        }
    }
}

@Suite(.enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderHint)))
struct TraceCorpusTests {
    private static func files() -> [String] {
        guard let root = sharedFolder?.appendingPathComponent("corpora") else { return [] }
        return ["real", "incidents"].flatMap { kind in
            let folder = root.appendingPathComponent(kind)
            let runs = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return runs.sorted().flatMap { run in
                ["traces.otlp.jsonl", "traces.otlp.jsonl.gz"].map { "\(kind)/\(run)/\($0)" }
            }.filter { FileManager.default.fileExists(atPath: root.appendingPathComponent($0).path) }
        }
    }

    private static func read(_ name: String) throws -> Data {
        let path = sharedFolder!.appendingPathComponent("corpora/" + name).path
        guard name.hasSuffix(".gz") else { return try Data(contentsOf: URL(fileURLWithPath: path)) }
        let result = try runProgram(URL(fileURLWithPath: "/usr/bin/env"), ["gzip", "-dc", path])
        #expect(result.status == 0)
        return Data(result.output.utf8)
    }

    @Test("spans and totals are those that another parser counts", arguments: files())
    func totals(name: String) throws {
        let text = try Self.read(name)
        let expected = try Totals.independent(text)
        let (sink, counts) = try TraceFixture.read(
            [UInt8](text), cuts: Array(stride(from: 0, to: text.count, by: 4093)))
        var found = Totals()
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        for span in sink.spans {
            found.spans += 1
            found.ids.insert("\(hex(span.traceID.high))\(hex(span.traceID.low)) \(hex(span.spanID))")
            found.promptTokens += span.promptTokens ?? 0
            found.completionTokens += span.completionTokens ?? 0
            found.timesToFirstToken += span.latency.timeToFirstToken ?? 0
            found.durationNs += (span.endNs ?? 0) - span.startNs
        }
        #expect(found.ids == expected.ids)
        #expect(found.spans == expected.spans && found.durationNs == expected.durationNs)
        #expect(found.promptTokens == expected.promptTokens && found.completionTokens == expected.completionTokens)
        // Foundation's doubles are off by a unit in the last place now and then.
        #expect(abs(found.timesToFirstToken - expected.timesToFirstToken) <= 1e-12 * expected.timesToFirstToken)
        #expect(expected.spans > 0 && sink.rejects == [] && counts.lines == counts.recordLines)
    }
}
