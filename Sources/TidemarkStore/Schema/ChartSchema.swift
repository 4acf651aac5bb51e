/// What charts show beyond the signals' steps.
extension EvidenceSchema {
    static let charts = """
        CREATE TABLE chart_point (
            -- Points of charts beside those of the table signal.
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            series TEXT NOT NULL,               -- extremes: the lowest and the highest within each step, of an evaluation as fine as the
                                                -- evidence; week_before: the same signal seven days earlier, at this period's times
            name TEXT NOT NULL,
            instance TEXT NOT NULL,
            time_ms INTEGER NOT NULL,
            value REAL NOT NULL,
            PRIMARY KEY (analysis_id, series, name, instance, time_ms)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE latency_cell (
            -- Observations of a latency by time and bucket, all replicas. What was not observed has no row.
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            name TEXT NOT NULL,                 -- ttft_seconds, itl_seconds
            start_ms INTEGER NOT NULL,
            end_ms INTEGER NOT NULL,
            low REAL NOT NULL,                  -- the bucket: above this, seconds
            high REAL,                          -- up to this; NULL: no upper bound
            count REAL NOT NULL,
            PRIMARY KEY (analysis_id, name, start_ms, low)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE latency_part (
            -- The same inside and outside of the findings' times.
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            name TEXT NOT NULL,
            part TEXT NOT NULL,                 -- incident, rest
            low REAL NOT NULL,
            high REAL,
            count REAL NOT NULL,
            PRIMARY KEY (analysis_id, name, part, low)
        ) STRICT, WITHOUT ROWID;

        -- Results without these are made anew.
        UPDATE analysis SET tool_version = '';
        """
}
