import TidemarkBase
import TidemarkEvidence

extension EvidenceSchema {
    /// The numeric columns of `gpu_sample` in version 1: the first cases of ``GPUField``. A new database gets them all at once:
    /// SQLite reads the whole schema again for each column that is added.
    static func gpuColumns(isNew: Bool) -> String {
        GPUField.allCases.prefix { isNew || $0 != .jpegUtilization }.map { "    \($0.column) REAL" }.joined(
            separator: ",\n")
    }

    /// The numeric columns that came later.
    static func laterGPUColumns(isNew: Bool) -> String {
        added(isNew ? [] : GPUField.allCases.drop { $0 != .jpegUtilization }.prefix { $0 != .graphicsActive })
    }

    /// Profiling counters.
    static func profilingColumns(isNew: Bool) -> String {
        added(isNew ? [] : GPUField.allCases.drop { $0 != .graphicsActive })
    }

    private static func added(_ fields: ArraySlice<GPUField>) -> String {
        fields.map { "ALTER TABLE gpu_sample ADD COLUMN \($0.column) REAL;" }.joined(separator: "\n")
    }
}

/// The numbered schema of the store: created, recognised, brought forward.
public enum Schema {
    /// `application_id` of a Tidemark database: "TdMk".
    public static let applicationID = 0x5464_4D6B
    /// Each entry brings a database from its index to the next version. Never edit one that was released.
    /// - Parameter isNew: for a database without tables. What they make is the same.
    static func migrations(isNew: Bool) -> [String] {
        [
            EvidenceSchema.version1(isNew: isNew) + "\n" + ResultSchema.version1,
            // A query over a short range of a long history finds its chunks in the index alone.
            "DROP INDEX chunk_by_series; CREATE INDEX chunk_by_time ON chunk(series_id, start_ms, end_ms);",
            EvidenceSchema.version3,
            EvidenceSchema.spans,
            EvidenceSchema.gpuProcesses(isNew: isNew),
            EvidenceSchema.accessRows,
            EvidenceSchema.gpuRuns(isNew: isNew),
            EvidenceSchema.tracedRequests,
            EvidenceSchema.gateways,
            EvidenceSchema.ledger,
            EvidenceSchema.templates,
            EvidenceSchema.verdict,
            EvidenceSchema.anomalies,
            EvidenceSchema.figures,
            EvidenceSchema.demand,
            EvidenceSchema.comparisons,
            EvidenceSchema.outlook,
            EvidenceSchema.loadTests,
            EvidenceSchema.capacityLimits,
            EvidenceSchema.sentences,
            EvidenceSchema.weeks,
            EvidenceSchema.weekSentences,
            EvidenceSchema.charts,
        ]
    }
    /// The schema that this version of Tidemark writes; older ones are brought forward, newer ones refused.
    public static let version = migrations(isNew: true).count

    /// Prepares an open database for use: creates the tables in an empty file, migrates an older one.
    /// - Throws: `unusableInput` for the database of another program, or of a newer Tidemark.
    static func prepare(_ database: Database, mayWrite: Bool) throws {
        let found = try database.int("PRAGMA application_id") ?? 0
        let at = try database.int("PRAGMA user_version") ?? 0
        let tables = try database.int("SELECT count(*) FROM sqlite_master") ?? 0
        if found != applicationID {
            guard found == 0, at == 0, tables == 0, mayWrite else {
                throw TidemarkError(
                    .unusableInput, "this SQLite file belongs to another program (application_id \(found))",
                    file: database.path, hint: "name another file with --db; this one was not changed")
            }
        }
        guard at <= version else {
            throw TidemarkError(
                .unusableInput, "written by a newer Tidemark (schema \(at), this one knows up to \(version))",
                file: database.path, hint: "use that version, or ingest into a new file")
        }
        guard at < version else { return }
        guard mayWrite else {
            throw TidemarkError(
                .unusableInput, "schema \(at) is older than \(version)", file: database.path,
                hint: "run `tidemark ingest EVIDENCE --db \(database.path)` once to bring it forward")
        }
        try database.transaction {
            for step in migrations(isNew: at == 0).dropFirst(at) { try database.execute(step) }
            try database.execute("PRAGMA application_id = \(applicationID)")
            try database.execute("PRAGMA user_version = \(version)")
        }
    }
}
