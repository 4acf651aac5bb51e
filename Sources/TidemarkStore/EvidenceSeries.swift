import TidemarkBase
import TidemarkEvidence
import TidemarkSeries

/// What logs and nvidia-smi captures say, as time series: `server_log_<column>` from the statistics lines of a server,
/// `server_log_http_requests_total` from its access lines, `nvidia_smi_<column>` from GPU captures.
///
/// The columns' units are in their names (`docs/schema.md`). Labels: `job` (`server_log`, `nvidia_smi`), `instance` (the
/// replica's scrape instance where it is known, else its name), `engine`, or `gpu` with `model` and `uuid`.
public final class EvidenceSeries: SeriesSource {
    /// A metric that a table's column gives.
    public struct Family: Sendable {
        public let name: String
        public let type: String
        public let help: String
        fileprivate let table: String
        fileprivate let column: String
    }

    private static let statistics: [(column: String, help: String)] = [
        ("prompt_tokens_per_second", "Prompt throughput that the statistics line printed."),
        ("generation_tokens_per_second", "Generation throughput that the statistics line printed."),
        ("running", "Running requests."), ("waiting", "Waiting requests."), ("swapped", "Swapped requests."),
        ("deferred", "Deferred requests."), ("preemptions", "Preemptions in the interval."),
        ("kv_cache_usage_ratio", "Share of the KV cache in use."),
        ("cpu_kv_cache_usage_ratio", "Share of the CPU KV cache in use."),
        ("prefix_cache_hit_ratio", "Hit ratio of the prefix cache."),
        ("external_prefix_cache_hit_ratio", "Hit ratio of the external prefix cache."),
        ("mm_cache_hit_ratio", "Hit ratio of the multi-modal cache."),
    ]

    static let accessName = "server_log_http_requests_total"

    /// All metrics that there can be, by name.
    public static let families: [Family] = {
        var all = statistics.map {
            Family(
                name: "server_log_" + $0.column, type: "gauge", help: $0.help, table: "engine_stat", column: $0.column)
        }
        all.append(
            Family(
                name: accessName, type: "counter", help: "Answered requests, from access lines.",
                table: "http_access", column: "requests"))
        all += GPUField.allCases.map {
            Family(
                name: "nvidia_smi_" + $0.column, type: "gauge",
                help: "nvidia-smi's \($0.queryName ?? $0.monitorName ?? $0.column).",
                table: "gpu_sample", column: $0.column)
        }
        all.append(
            Family(
                name: "nvidia_smi_throttle_reasons", type: "gauge", help: "Bit mask of clock event reasons (NVML).",
                table: "gpu_sample", column: "throttle_reasons"))
        return all.sorted { $0.name < $1.name }
    }()

    private let database: Database
    private let period: Int?

    /// - Parameter period: nil for all periods.
    public init(_ store: Store, period: Int?) {
        database = store.database
        self.period = period
    }

    /// Time of the first and last record, Unix ms; nil without any.
    public func rangeMs() throws -> ClosedRange<Int64>? {
        var found: ClosedRange<Int64>?
        for table in ["engine_stat", "http_access", "gpu_sample"] {
            let row = try database.prepare(
                """
                SELECT min(time_ms), max(time_ms) FROM \(table)
                WHERE ?1 IS NULL OR instance_id IN (SELECT instance_id FROM instance WHERE period_id = ?1)
                """)
            row.bind(1, period)
            guard try row.step(), let low = row.optionalInt64(0), let high = row.optionalInt64(1) else { continue }
            found = min(found?.lowerBound ?? low, low)...max(found?.upperBound ?? high, high)
        }
        return found
    }

    public func select(
        _ matchers: [LabelMatcher], startMs: Int64, endMs: Int64, _ body: (borrowing SeriesSamples) throws -> Void
    ) throws {
        let onName = matchers.filter { $0.name == Labels.metricName }
        for family in Self.families where onName.allSatisfy({ $0.matches(family.name) }) {
            var series = try family.name == Self.accessName ? accesses(endMs) : columns(family, startMs, endMs)
            series.sort { $0.labels < $1.labels }
            for one in series where one.count > 0 && matchers.allSatisfy({ $0.matches(one.labels) }) { try body(one) }
        }
    }

    /// Rows are grouped by instance (and engine): the columns of the result are labels first, then time and value.
    private func columns(_ family: Family, _ startMs: Int64, _ endMs: Int64) throws -> [SeriesSamples] {
        let isGPU = family.table == "gpu_sample"
        let rows = try database.prepare(
            """
            SELECT coalesce(i.scrape_instance, i.name), i.labels, \(isGPU ? "NULL" : "t.engine"), t.time_ms, t.\(family.column)
            FROM \(family.table) t JOIN instance i USING (instance_id)
            WHERE t.\(family.column) IS NOT NULL AND t.time_ms BETWEEN ?2 AND ?3 AND (?1 IS NULL OR i.period_id = ?1)
            ORDER BY i.instance_id, 3, t.time_ms
            """)
        rows.bind(1, period)
        rows.bind(2, startMs)
        rows.bind(3, endMs)
        var places: [Labels: Int] = [:]
        var found: [SeriesSamples] = []
        var last: (instance: String, engine: Int?, place: Int)?
        while try rows.step() {
            let instance = rows.text(0)
            let engine = rows.optionalInt(2)
            var place = last?.place ?? -1
            if last?.instance != instance || last?.engine != engine {
                let labels = try labels(family, instance, isGPU ? rows.bytes(1) : nil, engine)
                place = places[labels] ?? found.count
                if place == found.count {
                    places[labels] = place
                    found.append(SeriesSamples(labels: labels))
                }
                last = (instance, engine, place)
            }
            found[place].timesMs.append(rows.int64(3))
            found[place].values.append(rows.double(4))
        }
        for index in found.indices { found[index].putInOrder() }
        return found
    }

    private func labels(_ family: Family, _ instance: String, _ details: Bytes?, _ engine: Int?) throws -> Labels {
        guard let details else {
            return Labels([
                .init(Labels.metricName, family.name), .init("job", "server_log"), .init("instance", instance),
                .init("engine", engine.map(String.init) ?? ""),
            ])
        }
        let known = try StoreSeries.labels(json: details)
        return Labels([
            .init(Labels.metricName, family.name), .init("job", "nvidia_smi"),
            .init("gpu", instance.hasPrefix("GPU ") ? String(instance.dropFirst(4)) : instance),
            .init("model", known["model"] ?? ""), .init("uuid", known["uuid"] ?? ""),
        ])
    }

    /// Access lines as counters: the number of requests up to each second in which there was one.
    private func accesses(_ endMs: Int64) throws -> [SeriesSamples] {
        let rows = try database.prepare(
            """
            SELECT coalesce(i.scrape_instance, i.name), t.method, t.route, t.status, t.time_ms, sum(t.requests)
            FROM http_access t JOIN instance i USING (instance_id)
            WHERE t.time_ms <= ?2 AND (?1 IS NULL OR i.period_id = ?1) GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            """)
        rows.bind(1, period)
        rows.bind(2, endMs)
        var found: [SeriesSamples] = []
        while try rows.step() {
            let labels = Labels([
                .init(Labels.metricName, Self.accessName), .init("job", "server_log"), .init("instance", rows.text(0)),
                .init("method", rows.text(1)), .init("handler", rows.text(2)), .init("status", String(rows.int(3))),
            ])
            if found.last?.labels != labels { found.append(SeriesSamples(labels: labels)) }
            let total = (found[found.count - 1].values.last ?? 0) + rows.double(5)
            found[found.count - 1].timesMs.append(rows.int64(4))
            found[found.count - 1].values.append(total)
        }
        return found
    }
}

/// What a database can be asked in PromQL: its Prometheus series, and by their names those of ``EvidenceSeries``.
///
/// A selector without a fixed name reaches only the Prometheus series: its answer is then the one that their server gives.
public struct StoredEvidence: SeriesSource {
    private let series: StoreSeries
    private let derived: EvidenceSeries

    public init(_ series: StoreSeries, _ derived: EvidenceSeries) { (self.series, self.derived) = (series, derived) }

    public func select(
        _ matchers: [LabelMatcher], startMs: Int64, endMs: Int64, _ body: (borrowing SeriesSamples) throws -> Void
    ) throws {
        let name = matchers.first { $0.name == Labels.metricName && $0.operation == .equal }?.value ?? ""
        if name.hasPrefix("server_log_") || name.hasPrefix("nvidia_smi_") {
            try derived.select(matchers, startMs: startMs, endMs: endMs, body)
        } else {
            try series.select(matchers, startMs: startMs, endMs: endMs, body)
        }
    }
}
