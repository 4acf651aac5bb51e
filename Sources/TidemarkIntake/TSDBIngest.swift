import TidemarkBase
import TidemarkFormats
import TidemarkSeries
import TidemarkStore

/// Reads a Prometheus TSDB folder into the store: a source row for each block and one for the head.
///
/// One transaction: a killed run has the folder whole or not at all. In the ledger's account a chunk counts as a line.
struct TSDBIngest {
    static let format = "prometheus-tsdb"

    let store: Store
    let ledger: Ledger
    let period: Int
    let progress: (Double) -> Void

    /// What a run did with one part.
    struct Outcome {
        var source: SourceRow
        /// Stored before; nothing of it was read.
        var isUnchanged: Bool
        /// Records and rejects of this run.
        var records: Int
        var rejects: Int
    }

    func run(_ folder: FoundFile) throws -> [Outcome] {
        let directory = try TSDBFolder.open(path: folder.path)
        return try store.database.transaction {
            var rows: [SourceRow] = []
            var isUnchanged: [Bool] = []
            for part in directory.parts {
                let (row, known) = try row(folder, part, directory)
                rows.append(row)
                isUnchanged.append(known)
            }
            var rejects = [Int](repeating: 0, count: rows.count)
            func reject(_ part: Int?, _ file: String, _ offset: Int, _ expected: String, _ text: String) throws {
                guard let part = part ?? (rows.isEmpty ? nil : 0), !isUnchanged[part] else { return }
                rejects[part] += 1
                try withBytes(of: text) {
                    try ledger.reject(
                        source: rows[part], line: 0, offset: offset, reason: "\(file): expected \(expected)", text: $0)
                }
            }
            var label = ""
            let writer = try ChunkWriter(store, period: period, sources: rows.map(\.id)) { chunk, error in
                try reject(
                    chunk.part, directory.parts[chunk.part].name, chunk.offset + error.offset,
                    error.expected, label)
            }
            var done = 0
            try directory.forEachSeries(where: { !isUnchanged[$0] }) { labels, chunks in
                label = "\(labels)"
                try writer.put(labels, chunks)
                done += 1
                if done % 256 == 0 { progress(Double(done) / Double(directory.seriesCount)) }
            }
            for problem in directory.problems {
                try reject(problem.part, problem.file, problem.offset, problem.expected, "")
            }
            return try rows.indices.map { index in
                try finish(
                    &rows[index], writer.tallies[index], rejects: rejects[index], isUnchanged: isUnchanged[index])
            }
        }
    }

    /// The ledger's row of a part, and whether its content was stored before.
    private func row(
        _ folder: FoundFile, _ part: TSDBDirectory.Part, _ directory: TSDBDirectory
    ) throws -> (SourceRow, isKnown: Bool) {
        let identity = part.identity
        let hash = withBytes(of: identity) { SHA256.hex($0) }
        let path = LogName.base(folder.relative) == part.name ? folder.relative : folder.relative + "/" + part.name
        let same = try ledger.with(prefixBytes: identity.utf8.count, sha256: hash)
            .first { $0.period == period && $0.format == Self.format }
        if var same {
            same.path = path
            return (same, true)
        }
        // A head that grew goes on in its row: what was stored of it is recognised sample by sample.
        var row =
            try ledger.all(period: period).first {
                $0.format == Self.format && $0.path == path && part.isHead
            } ?? SourceRow(period: period, path: path, format: Self.format)
        row.prefixBytes = identity.utf8.count
        row.prefixSHA256 = hash
        try ledger.save(&row)
        return (row, false)
    }

    private func finish(
        _ row: inout SourceRow, _ tally: ChunkWriter.Tally, rejects: Int, isUnchanged: Bool
    ) throws -> Outcome {
        guard !isUnchanged else {
            try ledger.save(&row)
            return Outcome(source: row, isUnchanged: true, records: 0, rejects: 0)
        }
        let sound = tally.chunks - tally.damagedChunks
        row.recordLines = sound
        row.rejectLines = rejects
        row.lines = sound + rejects
        row.records += tally.samples
        if let first = tally.firstMs { row.cover(first) }
        if let last = tally.lastMs { row.cover(last) }
        row.status = rejects > 0 ? "partial" : "read"
        row.message = rejects > 0 ? "\(rejects) damaged places; what is sound was read" : nil
        row.clockMethod = "UTC in the data"
        row.clockConfidence = 1
        row.clockOffsetMs = 0
        try ledger.add(kinds: ["sample": tally.samples, "reject": rejects], to: row.id)
        try ledger.save(&row)
        return Outcome(source: row, isUnchanged: false, records: tally.samples, rejects: rejects)
    }
}
