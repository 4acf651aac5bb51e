import TidemarkBase
import TidemarkStore

extension AnomalyDetection {
    /// Writes the anomalies into their tables. The caller holds the transaction.
    func write(_ store: Store, analysis: Int) throws {
        let insert = try store.database.prepare(
            """
            INSERT INTO anomaly(analysis_id, rank, kind, start_ms, end_ms, reported, score, impact_user_seconds,
                impact_ratio, harm, instances) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        let part = try store.database.prepare("INSERT INTO anomaly_signal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for one in anomalies {
            try insert.run(
                analysis, one.rank, one.kind.rawValue, one.startMs, one.endMs, one.isReported ? 1 : 0, one.score,
                one.impactUserSeconds, one.impactRatio, one.harm?.rawValue, ByteWriter.json(one.instances))
            let id = store.database.lastInsertedRow
            for (place, signal) in one.parts.enumerated() {
                try part.run(
                    id, place, signal.signal, signal.instance, signal.unit.rawValue, signal.share, signal.value,
                    signal.normal, signal.deviations)
            }
        }
    }
}

/// The stored anomalies of one period, as the command prints them.
public struct AnomalyReport: Sendable {
    public var period: String
    public var startMs: Int64?
    public var endMs: Int64?
    public var anomalies: [Anomaly] = []

    /// - Parameter range: only anomalies that overlap it, Unix ms.
    public init(_ store: Store, period: Int, name: String, range: ClosedRange<Int64>? = nil) throws {
        self.period = name
        let analysis = try store.database.prepare(
            "SELECT analysis_id, start_ms, end_ms FROM analysis WHERE period_id = ?")
        analysis.bind(1, period)
        guard try analysis.step() else { return }
        startMs = analysis.optionalInt64(1)
        endMs = analysis.optionalInt64(2)
        let rows = try store.database.prepare(
            """
            SELECT anomaly_id, rank, kind, start_ms, end_ms, reported, score, impact_user_seconds, impact_ratio, harm,
                instances FROM anomaly WHERE analysis_id = ?1 AND end_ms >= ?2 AND start_ms <= ?3 ORDER BY rank
            """)
        rows.bind(1, analysis.int(0))
        rows.bind(2, range?.lowerBound ?? .min)
        rows.bind(3, range?.upperBound ?? .max)
        let parts = try store.database.prepare(
            """
            SELECT signal, instance, unit, share, value, normal, deviations FROM anomaly_signal WHERE anomaly_id = ?
            ORDER BY position
            """)
        while try rows.step() {
            var one = Anomaly(
                rank: rows.int(1), kind: Anomaly.Kind(rawValue: rows.text(2)) ?? .episode, startMs: rows.int64(3),
                endMs: rows.int64(4), isReported: rows.int(5) == 1, score: rows.double(6),
                impactUserSeconds: rows.double(7), impactRatio: rows.double(8),
                harm: rows.optionalText(9).flatMap(AnomalyHarm.init(rawValue:)), instances: [], parts: [])
            var names = JSONReader(rows.bytes(10))
            try names.array { one.instances.append(try $0.string().text) }
            parts.reset()
            parts.bind(1, rows.int(0))
            while try parts.step() {
                one.parts.append(
                    Anomaly.Part(
                        signal: parts.text(0), instance: parts.text(1),
                        unit: SignalUnit(rawValue: parts.text(2)) ?? .ratio, share: parts.double(3),
                        value: parts.double(4), normal: parts.double(5), deviations: parts.double(6)))
            }
            anomalies.append(one)
        }
    }

    /// Those whose effect on users is above the reporting limit.
    public var reported: [Anomaly] { anomalies.filter(\.isReported) }
}
