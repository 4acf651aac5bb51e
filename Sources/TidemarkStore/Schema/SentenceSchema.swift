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

    static let weekSentences = """
        CREATE TABLE week_sentence (
            -- The parts of each English sentence in week_text and week_finding that something was filled into.
            week_id INTEGER NOT NULL REFERENCES week(week_id),
            text TEXT NOT NULL,
            message TEXT NOT NULL,              -- as sentence.message
            PRIMARY KEY (week_id, text)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE week_window (
            -- How far back the weeks of a period look, as they were last made.
            period_id INTEGER PRIMARY KEY REFERENCES period(period_id),
            history_weeks INTEGER NOT NULL,     -- of demand that a forecast rests on
            budget_weeks INTEGER NOT NULL       -- that share one error budget
        ) STRICT;
        """
}
