extension EvidenceSchema {
    /// Answers about capacity, demand and comparison, in the shape in which their commands print them.
    static let outlook = """
        DROP TABLE capacity_estimate;       -- nothing filled it
        CREATE TABLE capacity_estimate (
            -- The highest request rate of each replica group within its objectives, from ordinary traffic.
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            replica_group TEXT NOT NULL,
            max_rps REAL,                       -- of the whole group; NULL: refused
            low REAL,                           -- 80 % interval
            high REAL,
            low95 REAL,
            high95 REAL,
            binding_limit TEXT,                 -- max_num_seqs, kv_cache, itl, ttft_prefill, token_budget, api_server
            grade TEXT,                         -- A: the load came close; B: half way; C: a lower bound
            replicas INTEGER NOT NULL,
            observed_rps REAL,                  -- mean
            observed_max_rps REAL,              -- 95th percentile of the windows
            extrapolation REAL,                 -- the estimate over it
            residual_ratio REAL,                -- scatter of a window around the fitted cost of a step
            objectives TEXT NOT NULL,
            conditions TEXT NOT NULL,           -- JSON array: what holds for the estimate
            refused TEXT                        -- why there is none
        ) STRICT;

        CREATE TABLE load_test_estimate (
            -- What the load tests of a period say about the highest rate.
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            name TEXT NOT NULL,                 -- folder or file
            tool TEXT NOT NULL,
            model TEXT,
            configuration TEXT NOT NULL,        -- JSON object
            loop TEXT NOT NULL,                 -- open: requests arrive at a rate; closed: clients wait for answers
            max_rps REAL,
            low REAL,                           -- 80 % interval
            high REAL,
            lower_bound INTEGER NOT NULL,       -- 1: no load was too much
            binding_limit TEXT,
            grade TEXT NOT NULL,
            sentence TEXT NOT NULL,
            remarks TEXT NOT NULL               -- JSON array
        ) STRICT;

        CREATE TABLE capacity_window (
            -- Windows of traffic that the cost of a step was fitted to, thinned.
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            replica_group TEXT NOT NULL,
            sequences REAL NOT NULL,            -- decoding together, of one engine
            gap_seconds REAL NOT NULL           -- mean between two tokens
        ) STRICT;

        CREATE TABLE capacity_line (
            -- The fitted cost at the present mix, with an 80 % band.
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            replica_group TEXT NOT NULL,
            sequences REAL NOT NULL,
            step_seconds REAL NOT NULL,
            low REAL NOT NULL,
            high REAL NOT NULL
        ) STRICT;

        CREATE TABLE outlook (
            -- The last answer of a kind about a period, for report.json.
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            kind TEXT NOT NULL,                 -- capacity, comparison, forecast
            json TEXT NOT NULL,                 -- an object of one key, as with --format json
            PRIMARY KEY (period_id, kind)
        ) STRICT, WITHOUT ROWID;
        """

    static let capacityLimits = """
        CREATE TABLE capacity_limit (
            -- The rate that each limit alone would allow a replica group: what binds next.
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            replica_group TEXT NOT NULL,
            limit_name TEXT NOT NULL,           -- as capacity_estimate.binding_limit, which has the lowest rate
            rps REAL NOT NULL
        ) STRICT;
        """
}
