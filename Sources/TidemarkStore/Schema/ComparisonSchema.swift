/// Comparisons with their parts. Version 1 had a row of four numbers that nothing filled.
extension EvidenceSchema {
    static let comparisons = """
        DROP TABLE comparison;
        CREATE TABLE comparison (
            -- One comparison of two periods or ranges of this database, as `tidemark compare` made it last.
            comparison_id INTEGER PRIMARY KEY,
            baseline TEXT NOT NULL,             -- name of the period, or START..END
            baseline_start_ms INTEGER,
            baseline_end_ms INTEGER,
            candidate TEXT NOT NULL,
            candidate_start_ms INTEGER,
            candidate_end_ms INTEGER,
            slowdown_percent REAL,              -- change of the mean inter-token latency at the baseline's load and mix
            low REAL,                           -- 95 % interval, percent
            high REAL,
            verdict TEXT NOT NULL,              -- slower, same, faster, not_comparable
            summary TEXT NOT NULL
        ) STRICT;

        CREATE TABLE comparison_model (
            -- The same for each model.
            comparison_id INTEGER NOT NULL REFERENCES comparison(comparison_id),
            model TEXT NOT NULL,                -- empty: unknown
            slowdown_percent REAL,
            low REAL,
            high REAL,
            verdict TEXT NOT NULL,
            reason TEXT,                        -- why it can't be compared
            equivalent INTEGER NOT NULL,        -- 1: surely within ± 2 %
            smallest_detectable_percent REAL,
            matched_percent REAL,               -- by matching moments of equal work
            observed_percent REAL,              -- not adjusted
            support_ratio REAL,                 -- work that both sides have seen
            residual_ratio REAL,                -- scatter of a moment around the fitted line
            before_seconds REAL,                -- mean inter-token latency
            after_seconds REAL,
            PRIMARY KEY (comparison_id, model)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE comparison_part (
            -- What the observed change is made of; the parts add up to it.
            comparison_id INTEGER NOT NULL REFERENCES comparison(comparison_id),
            model TEXT NOT NULL,
            position INTEGER NOT NULL,
            factor TEXT NOT NULL,               -- load, mix, cache_hits, configuration, unexplained, remainder
            seconds REAL NOT NULL,
            PRIMARY KEY (comparison_id, model, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE comparison_metric (
            -- Signals of each model on both sides.
            comparison_id INTEGER NOT NULL REFERENCES comparison(comparison_id),
            model TEXT NOT NULL,
            metric TEXT NOT NULL,
            unit TEXT NOT NULL,
            before REAL NOT NULL,
            after REAL NOT NULL,
            change_percent REAL,
            adjusted_percent REAL,              -- at equal load
            low REAL,                           -- 95 % interval of the adjusted change, else of the change
            high REAL,
            q REAL,                             -- p adjusted for all metrics and models (Benjamini and Hochberg)
            verdict TEXT NOT NULL,              -- worse, better, changed, same, unclear
            PRIMARY KEY (comparison_id, model, metric)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE comparison_argument (
            -- Versions, arguments and figures of the start-up that differ.
            comparison_id INTEGER NOT NULL REFERENCES comparison(comparison_id),
            name TEXT NOT NULL,
            before TEXT,
            after TEXT,
            PRIMARY KEY (comparison_id, name)
        ) STRICT, WITHOUT ROWID;
        """
}
