import TidemarkBase
import TidemarkFormats
import TidemarkSeries
import TidemarkStore

/// Server logs: each piece to its replica, in the order of what the pieces hold.
extension Ingestor {
    func ingestLogs(
        _ candidates: [Candidate], period: Int, capture: Capture, reference: Reference?
    ) throws {
        var named: [(candidate: Candidate, replica: String, scrapeInstance: String?, joinedBy: String?)] = []
        for candidate in candidates {
            if let name = candidate.file.hints.instance {
                named.append((candidate, name, nil, nil))
            } else if let replica = capture.replica(ofLog: candidate.file.relative)
                ?? capture.replica(inPath: candidate.file.relative)
            {
                named.append((candidate, replica.name, replica.instance, "capture.json"))
            } else {
                named.append((candidate, LogName.replicaName(candidate.file.relative), nil, nil))
            }
        }
        for (replica, logs) in Dictionary(grouping: named, by: \.replica).sorted(by: { $0.key < $1.key }) {
            // Rotated pieces in the order of their content, not of their names.
            let ordered = try logs.map { ($0.candidate, try Self.firstStamp($0.candidate)) }
                .sorted { ($0.1, $1.0.file.path) < ($1.1, $0.0.file.path) }
            for (candidate, _) in ordered {
                try ingestLog(candidate, period: period, capture: capture, reference: reference) {
                    try store.instance(
                        period: period, kind: "engine", name: replica, scrapeInstance: logs[0].scrapeInstance,
                        joinedBy: logs[0].joinedBy)
                }
            }
        }
    }

    static func firstStamp(_ candidate: Candidate) throws -> Int64 {
        let head = try InputStream(path: candidate.file.path).head()
        return head.withUnsafeBytes { bytes in
            let survey = LogSurvey(head: bytes, framing: LogFraming.detect(head: bytes))
            return survey.outer.first?.timeMs ?? survey.firstStamp?.wallMs(year: 2000) ?? 0
        }
    }

    func ingestLog(
        _ candidate: Candidate, period: Int, capture: Capture, reference: Reference?, instance: () throws -> Int
    ) throws {
        try continuing(candidate, period: period) { stream, head, row in
            let log = LogIngest(
                commitBytes: options.commitBytes, store: store, ledger: ledger,
                hints: try hints(candidate.file, stream, capture: capture, reference: reference, before: row),
                isSettled: isSettled(stream), keepAccessRows: options.keepAccessRows,
                keepPrompts: options.keepPrompts, progress: share(stream))
            // A stream stays with the replica that it began with, whatever its file is called now.
            let instance = try row.instance ?? store.database.transaction(instance)
            try head.withUnsafeBytes { try log.run(stream, head: $0, &row, instance: instance) }
        }
    }
}
