import TidemarkSeries
import TidemarkStore

/// Turns the exporter's gauge of the last Xid, a code that stays until the driver is loaded anew, into events: one for each
/// change to another code. The code itself is never a figure.
///
/// Names: `DCGM_FI_DEV_XID_ERRORS`, from DCGM 4.5 `DCGM_FI_DEV_XID_ERROR`.
enum MetricXids {
    private static let names = ["DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_XID_ERROR"]
    static let kind = "xid_metric"

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
        for name in names {
            try series.select([LabelMatcher(Labels.metricName, equals: name)], startMs: .min, endMs: .max) { samples in
                var last = 0.0
                for index in 0..<samples.count {
                    let value = samples.values[index]
                    defer { if value.isFinite { last = value } }
                    guard value.isFinite, value != last, value > 0, value < 100_000 else { continue }
                    let busID = samples.labels["pci_bus_id"]
                    try writer.write(
                        GPUEventRow(
                            instance: writer.knownInstance(
                                busID: busID, uuid: samples.labels["UUID"],
                                index: samples.labels["gpu"].flatMap(Int.init)),
                            line: 0, timeMs: index == 0 ? nil : samples.timesMs[index], kind: kind, code: Int(value),
                            text: (samples.labels["err_msg"] ?? name)
                                + (index == 0 ? " (before the first sample)" : ""),
                            busID: busID))
                }
            }
        }
        try writer.finish()
    }
}
