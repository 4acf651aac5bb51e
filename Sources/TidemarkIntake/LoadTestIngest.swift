import TidemarkBase
import TidemarkEvidence
import TidemarkFormats
import TidemarkStore

/// Reads the results of a load test into the store. A file that changed is read again as a whole; each run is one
/// transaction.
struct LoadTestIngest {
    let store: Store
    let ledger: Ledger
    /// Of clocks without a zone; nil: taken as UTC.
    let zone: LocalZone?
    let progress: (Int) -> Void

    func run(_ stream: InputStream, _ source: inout SourceRow) throws {
        try store.database.transaction {
            if source.id != 0 { try ledger.forget(&source) }
            try ledger.save(&source)
            let sink = StoringSink(
                writer: try LoadTestWriter(store, source: source.id), ledger: ledger, source: source, zone: zone)
            var parser = LoadTestParser(format: source.format, sink: sink)
            var tail = TailHash()
            var length = 0
            try stream.read { bytes in
                length += bytes.count
                tail.update(bytes, pending: 0)
                try parser.feed(bytes)
                progress(stream.consumedFileBytes)
                return true
            }
            tail.pendingIsRead()
            try parser.finish()
            let counts = parser.counts
            var row = parser.sink.source
            row.progressBytes = length
            row.progressLines = counts.lines
            row.tailSHA256 = tail.sha256
            row.lines = counts.lines
            row.recordLines = counts.recordLines
            row.noiseLines = counts.noiseLines
            row.rejectLines = counts.rejectedLines
            row.records = counts.points
            row.status = stream.damage == nil ? "read" : "partial"
            row.message = stream.damage
            if row.message == nil, counts.points == 0, counts.rejects == 0 { row.message = "no load point in it" }
            if parser.sink.hasLocalTimes {
                row.clockOffsetMs = zone?.offsetMs(wallMs: parser.sink.lastWallMs) ?? 0
                row.clockMethod = zone.map { "zone \($0.name) from --timezone" } ?? ClockMethod.asUTC
                row.clockConfidence = zone == nil ? 0.5 : 1
            }
            try ledger.add(kinds: ["load_point": counts.points, "reject": counts.rejects], to: row.id)
            try ledger.save(&row)
            source = row
        }
    }

    private struct StoringSink: LoadTestSink {
        let writer: LoadTestWriter
        let ledger: Ledger
        var source: SourceRow
        let zone: LocalZone?
        var hasLocalTimes = false
        var lastWallMs: Int64 = 0

        mutating func point(_ point: LoadPoint) throws {
            if let wall = point.startedMs, !point.isZoned { (hasLocalTimes, lastWallMs) = (true, wall) }
            try writer.write(point, startedMs: point.startedUTC(zone))
        }

        mutating func reject(_ reject: FormatReject) throws {
            source.rejectLines += 1
            try withBytes(of: reject.text) {
                try ledger.reject(
                    source: source, line: reject.line, offset: reject.offset, reason: reject.reason, text: $0)
            }
        }
    }
}

extension LoadPoint {
    /// When it began, Unix ms UTC.
    func startedUTC(_ zone: LocalZone?) -> Int64? {
        guard let startedMs else { return nil }
        return isZoned ? startedMs : startedMs - (zone?.offsetMs(wallMs: startedMs) ?? 0)
    }
}
