extension EvidenceSchema {
    /// What set a finding off, what shares in it, and how good the evidence is.
    static let verdict = """
        ALTER TABLE request ADD COLUMN structured INTEGER;
        ALTER TABLE finding ADD COLUMN trigger_text TEXT;
        ALTER TABLE finding ADD COLUMN trigger_ms INTEGER;
        ALTER TABLE finding ADD COLUMN delay_seconds REAL;

        CREATE TABLE cause_share (
            -- Parts of a finding's slower steps, by replacing one factor after another by its usual value in the cost model
            -- (Shapley). The last is what the model leaves unexplained.
            finding_id INTEGER NOT NULL REFERENCES finding(finding_id),
            position INTEGER NOT NULL,
            factor TEXT NOT NULL,               -- load, mix, prefix_cache, machine, unexplained
            share REAL NOT NULL,                -- of the rise of the step's time; may be negative
            before REAL,
            during REAL,
            text TEXT NOT NULL
        ) STRICT;

        CREATE TABLE user_signal (
            -- Signals of the user's configuration, evaluated beside the catalogue's.
            name TEXT PRIMARY KEY,              -- with its unit at the end
            title TEXT NOT NULL,
            expression TEXT NOT NULL,           -- PromQL
            low_is_worst INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE objective (
            -- Latency objectives of the user's configuration.
            signal TEXT PRIMARY KEY,            -- ttft_p95_seconds
            seconds REAL NOT NULL
        ) STRICT;

        CREATE TABLE data_quality (
            -- Whether the evidence can be trusted, judged before anything else.
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            position INTEGER NOT NULL,
            name TEXT NOT NULL,                 -- little_law, gaps, resets, replicas, clocks, versions, rejects
            state TEXT NOT NULL,                -- good, doubt
            text TEXT NOT NULL
        ) STRICT;
        """
}
