import TidemarkBase
import TidemarkStore

/// The load points of one configuration, measured with one tool in one kind of loop.
struct LoadCurve {
    var name: String
    var tool: String
    var model: String?
    var configuration: String
    var loop: LoadLevel.Loop
    /// By rising load; those without a load (all requests at once) last.
    var levels: [LoadLevel]

    /// A point as it is stored, before it is known what belongs together.
    private struct Point {
        var level: LoadLevel
        var tool: String
        var model: String?
        var configuration: String
        var kind: String
    }

    /// Points whose mean lengths differ by more than this are of different work.
    private static let alikeLengths = 1.5

    static func all(_ store: Store, period: Int) throws -> [LoadCurve] {
        var byConfiguration: [String: [Point]] = [:]
        for point in try read(store, period: period) {
            byConfiguration["\(point.tool)\n\(point.model ?? "")\n\(point.configuration)", default: []].append(point)
        }
        var curves: [LoadCurve] = []
        for (_, points) in byConfiguration.sorted(by: { $0.key < $1.key }) {
            for (folder, group) in byFolder(points).sorted(by: { $0.key < $1.key }) {
                for alike in byLengths(group) { curves += byLoop(alike, folder: folder) }
            }
        }
        return curves
    }

    /// Open and closed loops are different experiments. All requests at once tell the throughput of either.
    private static func byLoop(_ points: [Point], folder: String) -> [LoadCurve] {
        let bursts = points.filter { $0.kind == "max" }
        let open = points.filter { $0.kind == "rate" }
        let closed = points.filter { $0.kind == "concurrency" || $0.kind == "users" }
        var curves: [LoadCurve] = []
        for (loop, group) in [(LoadLevel.Loop.open, open), (.closed, closed)] {
            // Bursts alone make an open curve of nothing but saturation.
            let isHome = !group.isEmpty || loop == .open && closed.isEmpty && !bursts.isEmpty
            // The one request at a time with which a sweep begins makes no curve of its own.
            let isAside = loop == .closed && group.count == 1 && open.count > 1
            guard isHome, !isAside, let first = (group + bursts).first else { continue }
            let levels = group.map(\.level).sorted {
                ($0.offered ?? 0, $0.source, $0.line) < ($1.offered ?? 0, $1.source, $1.line)
            }
            let all =
                levels
                + bursts.map { burst in
                    var level = burst.level
                    level.loop = loop
                    return level
                }
            curves.append(
                LoadCurve(
                    name: folder, tool: first.tool, model: first.model, configuration: first.configuration, loop: loop,
                    levels: all))
        }
        return curves
    }

    /// Points of one file or of one folder belong together; those that stand alone in their folders, with those in the
    /// folders beside, unless two of them have the same load.
    private static func byFolder(_ points: [Point]) -> [String: [Point]] {
        var groups: [String: [Point]] = [:]
        for (source, group) in Dictionary(grouping: points, by: \.level.source) {
            let folder = group.count > 1 ? source : parent(source)
            groups[folder, default: []] += group
        }
        for _ in 0..<8 {
            let alone = groups.filter { $0.value.count == 1 && !$0.key.isEmpty }
            var merged = false
            for (upper, keys) in Dictionary(grouping: alone.keys, by: { parent($0) }) where keys.count > 1 {
                let together = keys.sorted().flatMap { groups[$0] ?? [] }
                let loads = together.map { "\($0.kind) \($0.level.offered ?? 0)" }
                guard Set(loads).count == loads.count else { continue }
                for key in keys { groups[key] = nil }
                groups[upper, default: []] += together
                merged = true
            }
            if !merged { break }
        }
        return groups
    }

    private static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return String(path[..<slash])
    }

    private static func byLengths(_ points: [Point]) -> [[Point]] {
        var groups: [[Point]] = []
        for point in points {
            let place = groups.firstIndex { group in
                let first = group[0].level
                return isAlike(first.promptTokensMean, point.level.promptTokensMean)
                    && isAlike(first.outputTokensMean, point.level.outputTokensMean)
            }
            if let place { groups[place].append(point) } else { groups.append([point]) }
        }
        return groups
    }

    private static func isAlike(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b, a > 0, b > 0 else { return true }
        return max(a, b) <= alikeLengths * min(a, b)
    }

    // MARK: Reading

    private static let latencies = ["ttft", "itl", "tpot", "e2e"].flatMap { metric in
        ["mean", "sd", "p50", "p90", "p95", "p99"].map { "\(metric)_\($0)" }
    }

    /// Points that can be placed; the same measurement in two files (a run and its sweep's summary) counts once.
    private static func read(_ store: Store, period: Int) throws -> [Point] {
        let rows = try store.database.prepare(
            """
            SELECT s.path, p.line, p.tool, p.model, p.configuration, p.offered_kind, p.offered_value,
                p.concurrency_limit, p.duration_seconds, p.send_seconds, p.sent_rps, p.achieved_rps, p.steady_rps,
                p.mean_concurrency, p.ok, p.failed, p.prompt_tokens_mean, p.output_tokens_mean,
                \(latencies.map { "p.\($0)_ms" }.joined(separator: ", "))
            FROM load_point p JOIN source s USING (source_id)
            WHERE s.period_id = ? AND p.is_total = 0 AND p.achieved_rps > 0 AND p.offered_kind IS NOT NULL
            ORDER BY s.path, p.line, p.point_id
            """)
        rows.bind(1, period)
        var points: [Point] = []
        var known: Set<String> = []
        while try rows.step() {
            let kind = rows.text(5)
            let offered = rows.optionalDouble(6)
            guard kind == "max" || (offered ?? 0) > 0 else { continue }
            let print = [
                rows.text(2), kind, "\(offered ?? 0)", "\(rows.optionalDouble(8) ?? 0)", "\(rows.double(11))",
                "\(rows.optionalInt(14) ?? -1)", "\(rows.optionalDouble(18) ?? 0)", "\(rows.optionalDouble(36) ?? 0)",
            ].joined(separator: " ")
            guard known.insert(print).inserted else { continue }
            var seconds: [String: Double] = [:]
            for (index, name) in latencies.enumerated() {
                if let ms = rows.optionalDouble(18 + index) { seconds[name] = ms / 1000 }
            }
            let level = LoadLevel(
                source: rows.text(0), line: rows.int(1), offered: kind == "max" ? nil : offered,
                loop: kind == "rate" || kind == "max" ? .open : .closed, concurrencyLimit: rows.optionalDouble(7),
                durationSeconds: rows.optionalDouble(8), sendSeconds: rows.optionalDouble(9),
                sentRPS: rows.optionalDouble(10), achievedRPS: rows.double(11), steadyRPS: rows.optionalDouble(12),
                meanConcurrency: rows.optionalDouble(13), succeeded: rows.optionalInt(14),
                failed: rows.optionalInt(15), promptTokensMean: rows.optionalDouble(16),
                outputTokensMean: rows.optionalDouble(17), latencySeconds: seconds)
            points.append(
                Point(
                    level: level, tool: rows.text(2), model: rows.optionalText(3), configuration: rows.text(4),
                    kind: kind))
        }
        return points
    }
}
