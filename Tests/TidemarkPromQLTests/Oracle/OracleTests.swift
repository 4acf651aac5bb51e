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
    /// Samples by the text of the labels; the text of a string answer under its value.
    var series: [String: Points]

    struct Points {
        var values: [Int64: Double] = [:]
        var histograms: [Int64: RecordedHistogram] = [:]
    }

    var testDescription: String { "\(query) at \(startMs)" }
}

/// A native histogram as the HTTP API writes it.
struct RecordedHistogram: Sendable {
    var count: Double
    var sum: Double
    /// Lower bound, upper bound and count of the buckets that are not empty, in ascending order.
    var buckets: [[Double]]

    init(count: Double, sum: Double, buckets: [[Double]]) {
        self.count = count
        self.sum = sum
        self.buckets = buckets
    }

    init(_ histogram: NativeHistogram) {
        count = histogram.count
        sum = histogram.sum
        buckets = histogram.allBuckets.filter { $0.count != 0 }.map { [$0.lower, $0.upper, $0.count] }
    }
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
        #expect(answers.count { $0.series.values.contains { !$0.histograms.isEmpty } } == 10)
        try check(answers, over: Self.folder.appendingPathComponent("raw-data-dir-ooo"))
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
        var found: [String: RecordedAnswer.Points] = [:]
        let type: String
        switch value {
        case .scalar(let sample):
            type = "scalar"
            found[""] = .init(values: [sample.timeMs: sample.value])
        case .string(let time, let text):
            type = "string"
            found[text] = .init(values: [time: 0])
        case .vector(let samples):
            type = "vector"
            for one in samples {
                found[one.labels.description] =
                    one.histogram.map { .init(histograms: [one.timeMs: RecordedHistogram($0)]) }
                    ?? .init(values: [one.timeMs: one.value])
            }
        case .matrix(let series):
            type = "matrix"
            for one in series {
                found[one.labels.description] = .init(
                    values: Dictionary(uniqueKeysWithValues: zip(one.timesMs, one.values)),
                    histograms: Dictionary(
                        uniqueKeysWithValues: zip(one.histogramTimesMs, one.histograms.map(RecordedHistogram.init))))
            }
        }
        guard type == answer.resultType else { return "is a \(type), not a \(answer.resultType)" }
        guard Set(found.keys) == Set(answer.series.keys) else {
            return
                "series \(found.keys.sorted().prefix(3)) (\(found.count)), not \(answer.series.keys.sorted().prefix(3)) (\(answer.series.count))"
        }
        for (labels, expected) in answer.series {
            guard let points = found[labels], Set(points.values.keys) == Set(expected.values.keys),
                Set(points.histograms.keys) == Set(expected.histograms.keys)
            else { return "\(labels) has other times than the recorded answer" }
            for (time, value) in expected.values {
                guard let other = points.values[time], agree(value, other) else {
                    return "\(labels) at \(time): \(points.values[time] ?? .nan), not \(value)"
                }
            }
            for (time, histogram) in expected.histograms {
                guard let other = points.histograms[time], agree(histogram, other) else {
                    return "\(labels) at \(time): \(String(describing: points.histograms[time])), not \(histogram)"
                }
            }
        }
        return nil
    }

    private func agree(_ a: Double, _ b: Double) -> Bool {
        a == b || a.isNaN && b.isNaN || abs(a - b) <= 1e-9 * max(abs(a), abs(b))
    }

    private func agree(_ a: RecordedHistogram, _ b: RecordedHistogram) -> Bool {
        agree(a.count, b.count) && agree(a.sum, b.sum) && a.buckets.count == b.buckets.count
            && zip(a.buckets, b.buckets).allSatisfy { zip($0, $1).allSatisfy { agree($0, $1) } }
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
            series: [:])
        switch data?["result"] {
        case let pair as [Any] where answer.resultType == "scalar":
            answer.series[""] = .init(values: [try milliseconds(pair[0]): try number(pair[1])])
        case let pair as [Any] where answer.resultType == "string":
            answer.series[try #require(pair[1] as? String)] = .init(values: [try milliseconds(pair[0]): 0])
        case let series as [[String: Any]]:
            for one in series {
                let labels = (one["metric"] as? [String: String] ?? [:]).map { Labels.Label($0.key, $0.value) }
                let pairs = one["values"] as? [[Any]] ?? (one["value"] as? [Any]).map { [$0] } ?? []
                let histograms =
                    one["histograms"] as? [[Any]] ?? (one["histogram"] as? [Any]).map { [$0] } ?? []
                var points = RecordedAnswer.Points()
                for pair in pairs { points.values[try milliseconds(pair[0])] = try number(pair[1]) }
                for pair in histograms { points.histograms[try milliseconds(pair[0])] = try histogram(pair[1]) }
                answer.series[Labels(labels).description] = points
            }
        default: break
        }
        return answer
    }

    private static func histogram(_ value: Any) throws -> RecordedHistogram {
        let item = try #require(value as? [String: Any])
        return RecordedHistogram(
            count: try number(item["count"] as Any), sum: try number(item["sum"] as Any),
            // The first number of a bucket says which of its bounds belong to it.
            buckets: try (item["buckets"] as? [[Any]] ?? []).map { try $0.dropFirst().map(number) })
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
