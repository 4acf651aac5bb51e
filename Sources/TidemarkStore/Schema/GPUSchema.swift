/// What captures of GPUs hold beyond the first version.
extension EvidenceSchema {
    static func gpuProcesses(isNew: Bool) -> String {
        """
        \(laterGPUColumns(isNew: isNew))
        ALTER TABLE gpu_event ADD COLUMN bus_id TEXT;

        CREATE TABLE gpu_process (
            -- A process on a GPU at one moment, from --query-compute-apps, pmon, nvidia-smi -q or its table.
            instance_id INTEGER NOT NULL REFERENCES instance(instance_id),
            source_id INTEGER NOT NULL REFERENCES source(source_id),
            time_ms INTEGER NOT NULL,
            pid INTEGER,                        -- NULL where it is hidden (containers)
            name TEXT,                          -- title or path; pmon cuts it to 15 characters
            type TEXT,                          -- C, G, C+G
            used_memory_mib REAL,
            utilization_percent REAL,
            memory_utilization_percent REAL,
            encoder_utilization_percent REAL,
            decoder_utilization_percent REAL
        ) STRICT;
        """
    }

    /// Bursts of events as one row, what the driver says is to be done, and profiling counters.
    static func gpuRuns(isNew: Bool) -> String {
        """
        \(profilingColumns(isNew: isNew))
        -- How often it came in one burst, and when for the last time; NULL: once.
        ALTER TABLE gpu_event ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE gpu_event ADD COLUMN last_ms INTEGER;
        ALTER TABLE gpu_event ADD COLUMN action TEXT;
        ALTER TABLE gpu_event ADD COLUMN burst TEXT NOT NULL DEFAULT '';
        """
    }
}
