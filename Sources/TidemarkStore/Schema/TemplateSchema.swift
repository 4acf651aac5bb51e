/// Templates of log messages as results of an analysis. Version 1 had a table of texts that nothing filled.
extension EvidenceSchema {
    static let templates = """
        ALTER TABLE log_event DROP COLUMN template_id;
        DROP TABLE log_template;

        CREATE TABLE log_template (
            -- Messages of the log with their variable parts masked: <n>, <hex>, <id>, <address>, <url>, <path>,
            -- <duration>, <size>, <text> (a long quote), <list>, <*> (a word that varies).
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            template_id INTEGER NOT NULL,       -- of the text alone: the same in every database
            text TEXT NOT NULL,
            level TEXT,                         -- the worst that it was logged with
            kind TEXT NOT NULL,                 -- log_event.kind of its first event
            events INTEGER NOT NULL,
            untimed INTEGER NOT NULL,           -- of these, events without a known time
            first_ms INTEGER,
            last_ms INTEGER,
            source TEXT NOT NULL,               -- path and line of its first event
            line INTEGER NOT NULL,
            PRIMARY KEY (analysis_id, template_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE log_template_step (
            -- How often a template was logged, by instance and step; steps of none have no row.
            analysis_id INTEGER NOT NULL REFERENCES analysis(analysis_id),
            template_id INTEGER NOT NULL,
            instance TEXT NOT NULL,             -- replica or gateway
            time_ms INTEGER NOT NULL,           -- end of the step; steps may lie outside the window that was analysed
            events INTEGER NOT NULL,
            event_id INTEGER NOT NULL,          -- log_event: the first of them
            PRIMARY KEY (analysis_id, template_id, instance, time_ms)
        ) STRICT, WITHOUT ROWID;
        """
}
