import Foundation
import TidemarkBase
import TidemarkEvidence
import TidemarkTestSupport

@testable import TidemarkFormats

/// Keeps everything that a parser of traces delivers.
struct TraceRecorder: TraceSink {
    var spans: [SpanRecord] = []
    var resources: [Int: TraceResource] = [:]
    var rejects: [FormatReject] = []

    mutating func resource(_ resource: TraceResource, number: Int) { resources[number] = resource }
    mutating func span(_ span: borrowing SpanRecord) { spans.append(copy span) }
    mutating func reject(_ reject: FormatReject) { rejects.append(reject) }

    func service(_ index: Int) -> String? { resources[spans[index].resource]?.service }
    func attributes(_ index: Int) -> String { String(decoding: spans[index].attributes, as: UTF8.self) }
}

enum TraceFixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: fixture("traces/" + name)))
    }

    static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: fixture("traces").path)) ?? []).sorted()

    /// Reads `bytes` in pieces whose ends `cuts` names.
    static func read(_ bytes: [UInt8], cuts: [Int] = [], keepPrompts: Bool = false) throws
        -> (sink: TraceRecorder, counts: TraceCounts)
    {
        var parser = TraceParser(sink: TraceRecorder(), keepPrompts: keepPrompts)
        var start = 0
        for end in cuts + [bytes.count] {
            try bytes.withUnsafeBytes { try parser.feed($0.slice(start, end)) }
            start = end
        }
        try parser.finish()
        return (parser.sink, parser.counts)
    }

    static func read(_ text: String) throws -> (sink: TraceRecorder, counts: TraceCounts) {
        try read(Array(text.utf8))
    }

    static func sum(_ counts: TraceCounts) -> Int {
        counts.recordLines + counts.blankLines + counts.emptyLines + counts.rejectedLines
    }
}

extension SpanRecord {
    var nameText: String { String(decoding: name, as: UTF8.self) }
    var requestText: String { String(decoding: requestID, as: UTF8.self) }
}
