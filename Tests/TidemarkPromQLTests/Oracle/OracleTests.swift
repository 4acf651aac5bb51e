import Foundation
import Testing
import TidemarkBase
import TidemarkFormats
import TidemarkIntake
import TidemarkSeries
import TidemarkTestSupport

@testable import TidemarkPromQL

/// One answer of a real server.
struct RecordedAnswer: Sendable, CustomTestStringConvertible {
    var query: String
    /// Unix milliseconds; `startMs` alone for an instant query.
    var startMs: Int64
    var endMs: Int64?
    var stepMs: Int64
    /// HTTP status; nil where the recording has none.
    var status: Int?
    var errorType: String?
    /// `"scalar"`, `"vector"`, `"matrix"`, `"string"`.
    var resultType: String
    /// Times and values by the text of the labels; the text of a string answer under its value.
    var series: [String: [Int64: Double]]
    /// Whether native histograms are among the results.
    var hasHistograms: Bool

    var testDescription: String { "\(query) at \(startMs)" }
}

/// What a Prometheus 2.42 said about its own data, over the files that it said it about.
@Suite(.enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderHint)), .serialized)
struct OracleTests {
    private static var folder: URL { sharedFolder!.appendingPathComponent("specimens/prometheus") }

    static var options: PromQLOptions {
        var options = PromQLOptions()
        options.compat = .v2
        options.lookbackMs = 300_000
        options.defaultSubqueryStepMs = 5000
        return options
    }

    @Test("all 410 answers about a snapshot") func snapshot() throws {
        let snapshots = Self.folder.appendingPathComponent("snapshot")
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: snapshots.path).first)
        let answers = try Self.answers("answers.json.gz")
        #expect(answers.count == 410)
        try check(answers, over: snapshots.appendingPathComponent(name))
    }

    @Test("the answers about late samples, tombstones and the head, native histograms among them")
    func rawDirectory() throws {
        let answers = try Self.answers("answers-ooo-native.json.gz")
        #expect(answers.count == 36)
        // Histograms as results are compared elsewhere; here are the answers in floats.
        let floats = answers.filter {
            !$0.hasHistograms && !$0.query.contains("demo_native") && !$0.query.contains("rw")
        }
        #expect(floats.count >= 8)
        try check(floats, over: Self.folder.appendingPathComponent("raw-data-dir-ooo"))
    }

    private func check(_ answers: [RecordedAnswer], over directory: URL) throws {
        let files = DirectoryFiles(directory)
        let tsdb = try TSDBDirectory(files.set)
        #expect(tsdb.problems.map(\.description) == [])
        let engine = PromQLEngine(source: tsdb, options: Self.options)
        for answer in answers {
            if let difference = try difference(answer, engine) {
                Issue.record("\(answer.testDescription): \(difference)")
            }
        }
        withExtendedLifetime(files) {}
    }

    /// What is wrong with the engine's answer; nil when it agrees.
    private func difference(_ answer: RecordedAnswer, _ engine: PromQLEngine) throws -> String? {
        let value: PromQLValue
        do {
            value =
                try answer.endMs.map {
                    try engine.range(answer.query, startMs: answer.startMs, endMs: $0, stepMs: answer.stepMs)
                }?.value ?? engine.instant(answer.query, timeMs: answer.startMs).value
        } catch let error as PromQLError {
            let status = error.kind == .badData ? 400 : 422
            guard answer.errorType == error.kind.rawValue, answer.status.map({ $0 == status }) ?? true else {
                return "error \(error)"
            }
            return nil
        }
        if let type = answer.errorType { return "answered, not refused with \(type)" }
        var found: [String: [Int64: Double]] = [:]
        let type: String
        switch value {
        case .scalar(let sample):
            type = "scalar"
            found[""] = [sample.timeMs: sample.value]
        case .string(let time, let text):
            type = "string"
            found[text] = [time: 0]
        case .vector(let samples):
            type = "vector"
            for one in samples { found[one.labels.description] = [one.timeMs: one.value] }
        case .matrix(let series):
            type = "matrix"
            for one in series {
                found[one.labels.description] = Dictionary(uniqueKeysWithValues: zip(one.timesMs, one.values))
            }
        }
        guard type == answer.resultType else { return "is a \(type), not a \(answer.resultType)" }
        guard Set(found.keys) == Set(answer.series.keys) else {
            return
                "series \(found.keys.sorted().prefix(3)) (\(found.count)), not \(answer.series.keys.sorted().prefix(3)) (\(answer.series.count))"
        }
        for (labels, expected) in answer.series {
            guard let points = found[labels], Set(points.keys) == Set(expected.keys) else {
                return "\(labels) has other times: \(found[labels]?.count ?? 0), not \(expected.count)"
            }
            for (time, value) in expected {
                guard let other = points[time], agree(value, other) else {
                    return "\(labels) at \(time): \(points[time] ?? .nan), not \(value)"
                }
            }
        }
        return nil
    }

    private func agree(_ a: Double, _ b: Double) -> Bool {
        a == b || a.isNaN && b.isNaN || abs(a - b) <= 1e-9 * max(abs(a), abs(b))
    }

    // MARK: reading answers

    private static func answers(_ name: String) throws -> [RecordedAnswer] {
        let path = folder.appendingPathComponent(name).path
        let data = Data(try InputStream(path: path).readAll(limit: 1 << 30))
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let list = try #require(root["answers"] as? [[String: Any]])
        return try list.map { try answer($0) }
    }

    private static func answer(_ item: [String: Any]) throws -> RecordedAnswer {
        let parameters = try #require(item["params"] as? [String: Any])
        let response = try #require(item["response"] as? [String: Any])
        let data = response["data"] as? [String: Any]
        let isRange = parameters["start"] != nil
        var answer = RecordedAnswer(
            query: try #require(parameters["query"] as? String),
            startMs: try milliseconds(parameters[isRange ? "start" : "time"]),
            endMs: isRange ? try milliseconds(parameters["end"]) : nil,
            stepMs: isRange ? try milliseconds(parameters["step"]) : 0, status: item["status"] as? Int,
            errorType: response["errorType"] as? String, resultType: data?["resultType"] as? String ?? "",
            series: [:], hasHistograms: false)
        switch data?["result"] {
        case let pair as [Any] where answer.resultType == "scalar":
            answer.series[""] = [try milliseconds(pair[0]): try number(pair[1])]
        case let pair as [Any] where answer.resultType == "string":
            answer.series[try #require(pair[1] as? String)] = [try milliseconds(pair[0]): 0]
        case let series as [[String: Any]]:
            for one in series {
                let labels = (one["metric"] as? [String: String] ?? [:]).map { Labels.Label($0.key, $0.value) }
                let pairs = one["values"] as? [[Any]] ?? (one["value"] as? [Any]).map { [$0] } ?? []
                if one["histogram"] != nil || one["histograms"] != nil { answer.hasHistograms = true }
                var points: [Int64: Double] = [:]
                for pair in pairs { points[try milliseconds(pair[0])] = try number(pair[1]) }
                answer.series[Labels(labels).description] = points
            }
        default: break
        }
        return answer
    }

    private static func number(_ value: Any) throws -> Double {
        let text = try #require(value as? String)
        return try #require(NumberLiteral.number(text) ?? Double(text))
    }

    /// Seconds as a number or text, or a duration, in milliseconds.
    private static func milliseconds(_ value: Any?) throws -> Int64 {
        let seconds: Double
        if let text = value as? String {
            seconds = try #require(Double(text) ?? NumberLiteral.duration(text))
        } else {
            seconds = try #require(value as? NSNumber).doubleValue
        }
        return Int64((seconds * 1000).rounded())
    }
}

/// The files below a folder, kept in memory as long as the value lives.
final class DirectoryFiles {
    private let root: URL
    private var buffers: [UnsafeMutableRawBufferPointer] = []

    init(_ root: URL) { self.root = root }

    deinit { for buffer in buffers { buffer.deallocate() } }

    var set: TSDBFileSet {
        let all = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        let names = all.filter {
            (try? FileManager.default.attributesOfItem(atPath: root.path + "/" + $0)[.type] as? FileAttributeType)
                == .typeRegular
        }
        return TSDBFileSet(names: names.sorted()) { [self] name in
            let data = try Data(contentsOf: root.appendingPathComponent(name))
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: data.count, alignment: 8)
            data.copyBytes(to: buffer)
            buffers.append(buffer)
            return UnsafeRawBufferPointer(buffer)
        }
    }
}
