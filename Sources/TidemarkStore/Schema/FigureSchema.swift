extension EvidenceSchema {
    /// Quantiles as they are best read beside what PromQL says, and what a finding cost of its objectives.
    static let figures = """
        UPDATE analysis SET evidence_key = '';      -- results without them are stale
        -- A quantile by monotone interpolation; NULL where nothing but the bucket is known.
        ALTER TABLE figure ADD COLUMN refined REAL;
        ALTER TABLE figure ADD COLUMN worst_refined REAL;

        -- GPU time of the replicas concerned while it lasted, by the prices of the configuration; NULL: no price, or no GPUs known.
        ALTER TABLE finding ADD COLUMN cost REAL;
        ALTER TABLE finding ADD COLUMN currency TEXT;

        CREATE TABLE finding_budget (
            -- What a finding's time took of the error budget of an objective of its replicas.
            finding_id INTEGER NOT NULL REFERENCES finding(finding_id),
            signal TEXT NOT NULL,               -- ttft_p95_seconds: one in twenty may be slower
            objective_seconds REAL NOT NULL,
            observations REAL NOT NULL,         -- in the finding's time: requests, or tokens for inter-token latency
            bad REAL NOT NULL,                  -- of them beyond the objective, interpolated within its bucket
            bad_low REAL NOT NULL,              -- the bucket's borders say: at least, and at most, as many
            bad_high REAL NOT NULL,
            burn_rate REAL NOT NULL,            -- bad share over the share that may be bad
            share_of_30_days REAL NOT NULL,     -- of what may be bad in 30 days of the period's usual traffic
            PRIMARY KEY (finding_id, signal)
        ) STRICT, WITHOUT ROWID;
        """
}
