/// How the sentences of the results are made, so that a report can say them in another language.
extension EvidenceSchema {
    static let sentences = """
        CREATE TABLE sentence (
            -- The parts of each English sentence in the result tables that something was filled into.
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            text TEXT NOT NULL,                 -- as in finding.summary, finding_evidence.text, ruled_out.text, …
            message TEXT NOT NULL,              -- JSON array: pattern with {0}, {1}…, then what stands for them: texts and arrays
            PRIMARY KEY (period_id, text)
        ) STRICT, WITHOUT ROWID;
        """
}
