import Foundation
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkTestSupport

/// A request with its texts as strings.
struct GatewayFacts: Equatable {
    var line = 0
    var dialect = GatewayDialect.nginx
    var startMs: Int64?
    var zoneless = false
    var duration: Int64?
    var headers: Int64?
    var upstreamTime: Int64?
    var connect: Int64?
    var queue: Int64?
    var firstToken: Int64?
    var status: Int?
    var upstreamStatus: Int?
    var retries: Int?
    var bytes: [Int64?] = []
    var tokens: [Int?] = []
    var end: GatewayEnd?
    var method = ""
    var route = ""
    var client = ""
    var upstream = ""
    var flags = ""
    var requestID = ""
    var traceID = ""
    var model = ""
}

/// Everything that a gateway's log gives.
struct GatewayCollector: GatewaySink, Equatable {
    var accesses: [GatewayFacts] = []
    var events: [String] = []
    var rejects: [FormatReject] = []
    var counts = GatewayCounts()

    mutating func access(_ access: borrowing GatewayAccess) {
        accesses.append(
            GatewayFacts(
                line: access.line, dialect: access.dialect, startMs: access.startMs, zoneless: access.zoneless,
                duration: access.durationMicros, headers: access.headersMicros, upstreamTime: access.upstreamMicros,
                connect: access.connectMicros, queue: access.queueMicros, firstToken: access.firstTokenMicros,
                status: access.status, upstreamStatus: access.upstreamStatus, retries: access.retries,
                bytes: [access.bytesIn, access.bytesOut], tokens: [access.promptTokens, access.completionTokens],
                end: access.end, method: access.method.text, route: access.route.text, client: access.client.text,
                upstream: access.upstream.text, flags: access.flags.text, requestID: access.requestID.text,
                traceID: access.traceID.text, model: access.model.text))
    }

    mutating func event(_ event: borrowing GatewayEvent) {
        let level = event.level?.rawValue ?? "-"
        events.append(
            "\(event.line)+\(event.lineCount) \(level) \(event.timeMs ?? -1) \(String(decoding: event.message, as: UTF8.self))"
        )
    }

    mutating func reject(_ reject: FormatReject) { rejects.append(reject) }

    /// - Parameter reads: sizes of the buffers, again and again; empty: all at once.
    static func parse(_ bytes: [UInt8], reads: [Int] = [], isCut: Bool = false) -> GatewayCollector {
        var collector = GatewayCollector()
        let framing = bytes.withUnsafeBytes { GatewayFormat.framing(head: $0) }
        var parser = bytes.withUnsafeBytes { GatewayFormat.parser(head: $0, framing: framing) }
        var unframer = LogUnframer(framing)
        var reader = LineReader()
        bytes.withUnsafeBytes { buffer in
            var at = 0
            var turn = 0
            while at < buffer.count {
                let size = reads.isEmpty ? buffer.count : max(1, reads[turn % reads.count])
                let end = min(buffer.count, at + size)
                reader.feed(buffer.slice(at, end)) { line in
                    unframer.feed(line) { inner, frame in
                        try? parser.parse(line: inner, frame: frame, into: &collector)
                    }
                }
                at = end
                turn += 1
            }
        }
        parser.lastLineIsCut = isCut
        reader.finish { line in
            unframer.feed(line) { inner, frame in try? parser.parse(line: inner, frame: frame, into: &collector) }
        }
        unframer.finish { inner, frame in try? parser.parse(line: inner, frame: frame, into: &collector) }
        try? parser.finish(into: &collector)
        collector.counts = parser.counts
        return collector
    }

    static func parse(_ text: String) -> GatewayCollector { parse(Array(text.utf8)) }

    static let fixtures: [String] = {
        let folder = fixture("gateway").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".log") || $0.hasSuffix(".csv") }.sorted()
    }()

    static func load(_ name: String) -> [UInt8] {
        (try? [UInt8](Data(contentsOf: fixture("gateway/" + name)))) ?? []
    }
}
