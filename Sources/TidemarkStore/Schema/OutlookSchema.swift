extension EvidenceSchema {
    /// Answers about capacity, demand and comparison, in the shape in which their commands print them.
    static let outlook = """
        CREATE TABLE outlook (
            -- The last answer of a kind about a period, for report.json.
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            kind TEXT NOT NULL,                 -- capacity, comparison, forecast
            json TEXT NOT NULL,                 -- an object of one key, as with --format json
            PRIMARY KEY (period_id, kind)
        ) STRICT, WITHOUT ROWID;
        """
}
