extension EvidenceSchema {
    /// What `tidemark run --config` keeps of each week, for its pages and for as long as the database lives: small, and not touched
    /// by `tidemark prune`.
    static let weeks = """
        CREATE TABLE week (
            -- A week (ISO 8601) of one period's evidence. One without evidence has no row.
            week_id INTEGER PRIMARY KEY,
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            name TEXT NOT NULL,                 -- 2026-W47
            zone TEXT NOT NULL,                 -- of its first and last day
            start_ms INTEGER NOT NULL,          -- Monday 00:00 there
            end_ms INTEGER NOT NULL,            -- the next Monday
            seen_ms INTEGER,                    -- latest evidence that its results are made from
            stale INTEGER NOT NULL DEFAULT 1,   -- 1: evidence came since the results were made, or there are none
            rendered TEXT,                      -- complete, so_far: the state in which its page was written, and its language; NULL: not yet
            tool_version TEXT,                  -- that made the results
            configuration TEXT,                 -- SHA-256 of objectives, prices, signals of the user
            UNIQUE (period_id, name)
        ) STRICT;

        CREATE TABLE week_stream (
            -- How far each source was read when stale weeks were marked: what differs since then is new evidence.
            stream_id INTEGER PRIMARY KEY,      -- source.source_id
            progress TEXT NOT NULL,
            first_ms INTEGER NOT NULL,
            last_ms INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE week_value (
            -- The quantities of a week. What isn't known has no row.
            week_id INTEGER NOT NULL REFERENCES week(week_id),
            scope TEXT NOT NULL,                -- fleet, or the name of a model, or of a replica group
            name TEXT NOT NULL,                 -- with its unit: headroom_ratio
            value REAL NOT NULL,
            low REAL,                           -- interval, where there is one
            high REAL,
            PRIMARY KEY (week_id, scope, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE week_text (
            -- What must be said beside the quantities.
            week_id INTEGER NOT NULL REFERENCES week(week_id),
            topic TEXT NOT NULL,                -- capacity, cost, comparison, quality, …
            position INTEGER NOT NULL,
            scope TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (week_id, topic, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE week_hour (
            -- Demand by the hour; an hour that wasn't observed has no row.
            week_id INTEGER NOT NULL REFERENCES week(week_id),
            time_ms INTEGER NOT NULL,           -- start of the hour
            rps REAL NOT NULL,                  -- mean requests per second, all replicas
            PRIMARY KEY (week_id, time_ms)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE week_objective (
            -- Observations against each latency objective.
            week_id INTEGER NOT NULL REFERENCES week(week_id),
            scope TEXT NOT NULL,
            signal TEXT NOT NULL,               -- ttft_p95_seconds
            seconds REAL NOT NULL,              -- its bound
            allowed REAL NOT NULL,              -- share that may be slower: the error budget
            observations REAL NOT NULL,
            bad REAL NOT NULL,                  -- slower ones, interpolated within the bucket that holds the bound
            bad_low REAL NOT NULL,              -- what its borders say
            bad_high REAL NOT NULL,
            burn_1h REAL,                       -- highest burn rate over an hour, six hours, three days
            burn_6h REAL,
            burn_3d REAL,
            pages INTEGER NOT NULL,             -- hours in which a burn-rate alert of 14.4 (1 h) or 6 (6 h) would have been on
            PRIMARY KEY (week_id, scope, signal)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE week_finding (
            week_id INTEGER NOT NULL REFERENCES week(week_id),
            rank INTEGER NOT NULL,
            cause TEXT NOT NULL,
            start_ms INTEGER NOT NULL,
            end_ms INTEGER NOT NULL,
            confidence REAL NOT NULL,
            impact_user_seconds REAL,
            requests_affected REAL,
            instances TEXT NOT NULL,            -- JSON array
            summary TEXT NOT NULL,
            recommendations TEXT NOT NULL,      -- JSON array of texts
            cost REAL,
            currency TEXT,
            PRIMARY KEY (week_id, rank)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE week_error (
            -- Kinds of warnings and errors that were logged, by template, and GPU events by kind.
            week_id INTEGER NOT NULL REFERENCES week(week_id),
            template_id INTEGER NOT NULL,       -- log_template.template_id
            level TEXT NOT NULL,
            kind TEXT NOT NULL,
            text TEXT NOT NULL,
            events INTEGER NOT NULL,
            first_ms INTEGER,
            PRIMARY KEY (week_id, template_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE week_usage (
            -- Who used what: requests and tokens by model, tenant, route, adapter.
            week_id INTEGER NOT NULL REFERENCES week(week_id),
            kind TEXT NOT NULL,                 -- model, tenant, route, adapter
            name TEXT NOT NULL,                 -- of a tenant: keyed hash
            requests REAL,
            prompt_tokens REAL,
            generated_tokens REAL,
            cost REAL,
            PRIMARY KEY (week_id, kind, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE week_bucket (
            -- Distributions: request lengths, their ratio, session lengths.
            week_id INTEGER NOT NULL REFERENCES week(week_id),
            name TEXT NOT NULL,                 -- prompt_tokens, generated_tokens, session_seconds
            position INTEGER NOT NULL,
            low REAL NOT NULL,
            high REAL,                          -- NULL: no upper bound
            count REAL NOT NULL,
            PRIMARY KEY (week_id, name, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE week_user (
            -- Active users, so that those of a month or quarter can be counted once. Never an identifier itself.
            week_id INTEGER NOT NULL REFERENCES week(week_id),
            user TEXT NOT NULL,                 -- keyed hash, the same in every week of this database
            requests INTEGER NOT NULL,
            sessions INTEGER NOT NULL,
            PRIMARY KEY (week_id, user)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE hash_key (
            -- The key of this database's hashes of users. Without it they can't be compared with those of another one.
            key BLOB NOT NULL
        ) STRICT;
        INSERT INTO hash_key VALUES (randomblob(32));

        CREATE TABLE noted_finding (
            -- Findings that --on-finding was called for, each once however often its week is looked at again.
            noted_id INTEGER PRIMARY KEY,
            period_id INTEGER NOT NULL REFERENCES period(period_id),
            cause TEXT NOT NULL,
            start_ms INTEGER NOT NULL,
            end_ms INTEGER NOT NULL,
            instances TEXT NOT NULL,            -- JSON array
            state TEXT NOT NULL,                -- calling, done, failed
            message TEXT                        -- why it failed
        ) STRICT;
        """
}
