/// The demand forecast with what it was made from, and the prices and reserves of the user's configuration.
extension EvidenceSchema {
    static let demand = """
        CREATE TABLE demand_hour (
            -- What was asked of the fleet. An hour that wasn't observed has no row.
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            time_ms INTEGER NOT NULL,           -- start of the hour
            rps REAL NOT NULL,                  -- mean requests per second, all replicas
            PRIMARY KEY (analysis_id, time_ms)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE forecast_summary (
            -- One row a forecast. Its hours are in `forecast`, whose low and high are a 90 % interval.
            analysis_id INTEGER PRIMARY KEY REFERENCES analysis(analysis_id),
            source TEXT NOT NULL,               -- what demand was counted from
            zone TEXT NOT NULL,                 -- of the days and weeks
            method TEXT NOT NULL,               -- members of the ensemble with their weights
            mase_backtest REAL,                 -- mean absolute scaled error from earlier midnights
            coverage_backtest REAL,             -- share of the hours inside the interval there
            growth_per_day REAL,                -- share of the present level
            capacity_rps REAL,                  -- NULL: not known
            capacity_low_rps REAL,
            capacity_high_rps REAL,
            exhausted_ms INTEGER,               -- first hour whose expected mean exceeds the capacity
            earliest_ms INTEGER,                -- upper demand against lower capacity
            latest_ms INTEGER,                  -- lower demand against upper capacity
            horizon_ms INTEGER,                 -- exhaustion behind it is beyond what the history supports
            replicas_needed INTEGER,
            replicas_present INTEGER,
            currency TEXT,
            cost_per_hour REAL,
            cost_per_request REAL,
            cost_per_million_output_tokens REAL,
            idle_share REAL,                    -- of the capacity
            notes TEXT NOT NULL                 -- JSON array
        ) STRICT;

        CREATE TABLE plan_setting (
            -- Prices and reserves of the user's configuration.
            name TEXT PRIMARY KEY,              -- headroom, spare_replicas, currency, gpu_hour, gpu_hour:NAME, kwh, pue
            value TEXT NOT NULL
        ) STRICT;
        """
}
