/// What the ledger remembers beyond the first version.
extension EvidenceSchema {
    static let ledger = """
        ALTER TABLE source ADD COLUMN tail TEXT;        -- JSON: what is in the tables from behind progress_bytes

        CREATE TABLE rollup (
            -- What `tidemark prune` keeps of evidence that it deleted: a row for each hour, thing and name.
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            instance_id INTEGER REFERENCES instance(instance_id),
            series_id INTEGER REFERENCES series(series_id),     -- for samples of series
            hour_ms INTEGER NOT NULL,           -- start of the hour, Unix ms UTC
            name TEXT NOT NULL,                 -- table and column, or table alone for a number of rows; sample
            labels TEXT NOT NULL DEFAULT '{}',  -- JSON object of what else the rows had in common
            samples INTEGER NOT NULL,           -- values, or rows
            min REAL,
            max REAL,
            sum REAL,                           -- sum / samples is the mean
            first REAL,                         -- of series: the first and last sample
            last REAL,
            last_ms INTEGER,
            increase REAL                       -- of series: how far they rose, a fall taken as a new beginning
        ) STRICT;
        CREATE UNIQUE INDEX rollup_key ON rollup(source_id, coalesce(instance_id, 0), coalesce(series_id, 0), hour_ms, name, labels);
        CREATE INDEX rollup_by_series ON rollup(series_id, last_ms) WHERE series_id IS NOT NULL;
        """
}
