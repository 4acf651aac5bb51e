/// Templates of log messages as results of an analysis. Version 1 had a table of texts that nothing filled, and a column
/// of `log_event` that led to it (SQLite can't drop that one: a comment stands before it).
extension EvidenceSchema {
    static let templates = """
        CREATE TABLE log_event_next (
            -- Warnings, errors, tracebacks and every other record of a log that has no table of its own.
            event_id INTEGER PRIMARY KEY,
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            line INTEGER NOT NULL,
            lines INTEGER NOT NULL,
            time_ms INTEGER,
            level TEXT,
            kind TEXT NOT NULL,                 -- engine_dead, cuda_error, preemption, …, other
            process TEXT,
            pid INTEGER,
            source_file TEXT,
            source_line INTEGER,
            exception_type TEXT,
            exception_message TEXT,
            frame TEXT,                         -- innermost frame of a traceback
            message TEXT NOT NULL               -- at most 4,000 bytes
        ) STRICT;
        INSERT INTO log_event_next SELECT event_id, instance_id, source_id, line, lines, time_ms, level, kind, process,
            pid, source_file, source_line, exception_type, exception_message, frame, message FROM log_event;
        DROP TABLE log_event;
        ALTER TABLE log_event_next RENAME TO log_event;
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
