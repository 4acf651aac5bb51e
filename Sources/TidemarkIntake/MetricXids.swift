import TidemarkSeries
import TidemarkStore

/// Turns the exporter's gauge of the last Xid, a code that stays until the driver is loaded anew, into events: one for each
/// change to another code. The code itself is never a figure.
///
/// Names: `DCGM_FI_DEV_XID_ERRORS`, from DCGM 4.5 `DCGM_FI_DEV_XID_ERROR`. Exporters may put the code into a label, so that
/// each is another series, or have no series before the first Xid: a GPU's series are read as one, and the first code has
/// its time where the exporter told something else about the GPU before.
enum MetricXids {
    private static let names = ["DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_XID_ERROR"]
    static let kind = "xid_metric"

    /// The labels that name a GPU: its own, or with the host where it has none.
    private struct GPU: Hashable {
        var labels: [[String]]

        init(_ labels: Labels) {
            func pairs(_ names: String...) -> [[String]] {
                names.compactMap { name in labels[name].map { [name, $0] } }
            }
            let own = pairs("UUID")
            self.labels = own.isEmpty ? pairs("pci_bus_id", "gpu", "Hostname", "instance") : own
        }
    }

    private struct Reading {
        let timeMs: Int64
        let code: Int
        /// Index of the series.
        let series: Int
    }

    /// Makes the period's events anew.
    static func update(_ store: Store, period: Int) throws {
        try store.database.prepare(
            """
            DELETE FROM gpu_event WHERE kind = '\(kind)' AND source_id IN
                (SELECT source_id FROM source WHERE period_id = ?)
            """
        ).run(period)
        let source = try store.database.prepare(
            """
            SELECT min(c.source_id) FROM chunk c JOIN series s USING (series_id)
            WHERE s.period_id = ? AND s.name IN ('\(names.joined(separator: "', '"))')
            """)
        source.bind(1, period)
        guard try source.step(), let sourceID = source.optionalInt(0) else { return }
        let writer = try GPUWriter(store, source: sourceID, period: period)
        let series = try StoreSeries(store, period: period)
        var labels: [Labels] = []
        var gpus: [GPU] = []
        var readings: [GPU: [Reading]] = [:]
        for name in names {
            try series.select([LabelMatcher(Labels.metricName, equals: name)], startMs: .min, endMs: .max) { samples in
                let gpu = GPU(samples.labels)
                var found = readings.removeValue(forKey: gpu) ?? []
                if found.isEmpty { gpus.append(gpu) }
                for (timeMs, value) in zip(samples.timesMs, samples.values) where value >= 0 && value < 100_000 {
                    found.append(Reading(timeMs: timeMs, code: Int(value), series: labels.count))
                }
                labels.append(samples.labels)
                readings[gpu] = found
            }
        }
        for gpu in gpus {
            let found = (readings[gpu] ?? []).sorted { ($0.timeMs, $1.code) < ($1.timeMs, $0.code) }
            var last = 0
            for (place, reading) in found.enumerated() {
                // Of several at one time the one with a code counts: a series that ends, or a part of the GPU.
                if place > 0, found[place - 1].timeMs == reading.timeMs { continue }
                defer { last = reading.code }
                guard reading.code != last, reading.code > 0 else { continue }
                let isTimed = try place > 0 || firstMs(store, period: period, gpu) ?? .max < reading.timeMs
                let labels = labels[reading.series]
                let busID = labels["pci_bus_id"]
                try writer.write(
                    GPUEventRow(
                        instance: writer.knownInstance(
                            busID: busID, uuid: labels["UUID"], index: labels["gpu"].flatMap(Int.init)),
                        line: 0, timeMs: isTimed ? reading.timeMs : nil, kind: kind, code: reading.code,
                        text: (labels["err_msg"] ?? labels.name) + (isTimed ? "" : " (before the first sample)"),
                        busID: busID))
            }
        }
        try writer.finish()
    }

    /// When the exporter first told anything about the GPU.
    private static func firstMs(_ store: Store, period: Int, _ gpu: GPU) throws -> Int64? {
        guard !gpu.labels.isEmpty else { return nil }
        let series = gpu.labels.indices.map { place in
            "AND EXISTS (SELECT 1 FROM series_label l WHERE l.series_id = s.series_id"
                + " AND l.name = ?\(2 * place + 2) AND l.value = ?\(2 * place + 3))"
        }
        let first = try store.database.prepare(
            """
            SELECT min(c.start_ms) FROM series s JOIN chunk c USING (series_id)
            WHERE s.period_id = ?1 AND s.name GLOB 'DCGM_*' \(series.joined(separator: " "))
            """)
        first.bind(1, period)
        for (place, label) in gpu.labels.enumerated() {
            first.bind(2 * place + 2, label[0])
            first.bind(2 * place + 3, label[1])
        }
        return try first.step() ? first.optionalInt64(0) : nil
    }
}
