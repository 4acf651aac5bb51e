/// Anomalies with their parts. Version 1 had a table of one signal each that nothing filled.
extension EvidenceSchema {
    static let anomalies = """
        UPDATE analysis SET evidence_key = '';      -- results without anomalies and templates are stale
        DROP TABLE anomaly;
        CREATE TABLE anomaly (
            -- Stretches of time in which the signals together were as they usually aren't, by their effect on users.
            anomaly_id INTEGER PRIMARY KEY,
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            rank INTEGER NOT NULL,
            kind TEXT NOT NULL,                 -- episode; shift: lasts until the evidence ends
            start_ms INTEGER NOT NULL,
            end_ms INTEGER NOT NULL,
            reported INTEGER NOT NULL,          -- 1: its effect on users is above the reporting limit
            score REAL NOT NULL,                -- largest T² or squared prediction error over its limit
            impact_user_seconds REAL NOT NULL,  -- excess time of all users
            impact_ratio REAL NOT NULL,         -- of the normal time of the same requests
            harm TEXT,                          -- what users felt most: first_token, waiting, tokens, failed
            instances TEXT NOT NULL             -- JSON array: replicas whose users lost time
        ) STRICT;

        CREATE TABLE anomaly_signal (
            -- The signals that make an anomaly, the largest share of its score first.
            anomaly_id INTEGER NOT NULL REFERENCES anomaly(anomaly_id),
            position INTEGER NOT NULL,
            signal TEXT NOT NULL,
            instance TEXT NOT NULL,
            unit TEXT NOT NULL,
            share REAL NOT NULL,                -- of the score, 0…1
            value REAL NOT NULL,                -- medians: meanwhile, and of the usual time
            normal REAL NOT NULL,
            deviations REAL NOT NULL,           -- mean robust deviation, negative when lower than usual
            PRIMARY KEY (anomaly_id, position)
        ) STRICT, WITHOUT ROWID;
        """
}
