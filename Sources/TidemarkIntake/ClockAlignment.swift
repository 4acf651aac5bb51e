import TidemarkBase
import TidemarkFormats
import TidemarkStatistics
import TidemarkStore

/// Finds the offset of clocks by comparing with other evidence, and moves what was stored of their sources to UTC: a server
/// log's statistics lines with the gauges and counters of Prometheus, a GPU capture's power and utilisation with the
/// servers' throughput.
///
/// Only sources whose zone nothing else told are touched. The pieces of one log share one clock: one that alone is too flat
/// takes that of the others.
struct ClockAlignment {
    let store: Store
    let ledger: Ledger
    let period: Int
    private let shift: ClockShift

    init(store: Store, ledger: Ledger, period: Int) {
        (self.store, self.ledger, self.period) = (store, ledger, period)
        shift = ClockShift(store: store, ledger: ledger)
    }

    /// Aligns every source of the period whose zone is not known. Call it when all evidence has been read, in a transaction.
    func run() throws {
        let guesses = try ledger.all(period: period).filter {
            ClockMethod($0.clockMethod ?? "").isGuess && $0.firstMs != nil
        }
        guard !guesses.isEmpty else { return }
        let channels = try AlignmentChannels(store: store, period: period)
        let logs = Dictionary(
            grouping: guesses.filter { $0.format == VLLMLogFormat.identifier && $0.instance != nil },
            by: { $0.instance ?? 0 })
        for (instance, pieces) in logs.sorted(by: { $0.key < $1.key }) {
            try alignLog(instance, pieces, channels)
            try inherit(instance)
        }
        for source in guesses where NvidiaSMIFormat.identifiers.contains(source.format) {
            try alignCapture(source, channels)
        }
        for source in guesses where source.format == KernelLogFormat.identifier {
            try refuse(source, "the few errors of a kernel log cannot tell a zone")
        }
    }

    // MARK: Logs

    private func alignLog(_ instance: Int, _ pieces: [SourceRow], _ channels: AlignmentChannels) throws {
        guard !channels.targets.isEmpty else { return }
        let known = try store.database.text("SELECT scrape_instance FROM instance WHERE instance_id = ?", instance)
        let targets = known.map { [$0] } ?? channels.targets
        let joint = try best(pieces, targets, channels)
        var target = joint.found?.target
        for piece in pieces {
            let own = pieces.count > 1 ? try best([piece], target.map { [$0] } ?? targets, channels) : joint
            var choice = joint
            if let alone = own.found, Self.isOwn(alone.result, beside: joint.found?.result) {
                choice = own
                target = target ?? alone.target
            }
            guard let found = choice.found else {
                try refuse(piece, choice.refusal)
                continue
            }
            let late = try lateness(of: found.target)
            try move(piece, found.result, slack: late, against: "the gauges of \(found.target)")
        }
        if known == nil, let target, channels.targets.count > 1 {
            try store.database.prepare(
                "UPDATE instance SET scrape_instance = ?, joined_by = 'alignment' WHERE instance_id = ?"
            ).run(target, instance)
        }
    }

    /// Whether a piece has its own clock: nothing was found for all pieces, or it was written before the clock was put
    /// forward or back by an hour.
    private static func isOwn(_ own: SeriesAlignment.Result, beside joint: SeriesAlignment.Result?) -> Bool {
        guard let joint else { return true }
        return abs(abs(own.shift - joint.shift) - 3600) < 60 && own.confidence >= joint.confidence
    }

    /// The target that a log's pieces fit best. A log that nobody joined to a target may be any of them.
    private func best(
        _ pieces: [SourceRow], _ targets: [String], _ channels: AlignmentChannels
    ) throws -> (found: (result: SeriesAlignment.Result, target: String)?, refusal: String) {
        var best: (result: SeriesAlignment.Result, target: String)?
        var refusal = "the log has no statistics lines"
        for target in targets {
            let compared = try channels.log(pieces, target: target)
            guard !compared.isEmpty else { continue }
            switch SeriesAlignment.find(compared) {
            case .found(let result):
                if result.correlation > best?.result.correlation ?? 0 { best = (result, target) }
            case .refused(let why): refusal = why
            }
        }
        return (best, refusal)
    }

    /// Gives pieces that nothing could be found for the clock of the nearest piece for which something was.
    private func inherit(_ instance: Int) throws {
        let pieces = try ledger.all(period: period).filter {
            $0.instance == instance && $0.format == VLLMLogFormat.identifier && $0.firstMs != nil
        }
        let sure = pieces.filter { piece in
            let words = ClockMethod(piece.clockMethod ?? "")
            return !words.isGuess && words.zone.hasPrefix("zone ") && piece.clockConfidence ?? 0 >= 0.5
        }
        for piece in pieces where ClockMethod(piece.clockMethod ?? "").isGuess {
            func distance(_ other: SourceRow) -> Int64 { abs((other.firstMs ?? 0) - (piece.firstMs ?? 0)) }
            guard let other = sure.min(by: { distance($0) < distance($1) }) else { continue }
            var source = piece
            var words = ClockMethod(piece.clockMethod ?? "")
            let isBefore = other.firstMs ?? 0 < piece.firstMs ?? 0
            let stepped = Int64(isBefore ? ClockMethod(other.clockMethod ?? "").hoursStepped : 0) * 3_600_000
            let offsetMs = (other.clockOffsetMs ?? 0) + stepped
            words.zone =
                "zone \(LocalZone.text(offsetMs: offsetMs)) of another piece of the log, \(other.path.split(separator: ";").joined(separator: ","))"
            source.clockMethod = words.text
            // Weeks later the clock may have been put forward or back.
            let isNear = distance(other) < 30 * CivilTime.millisPerDay
            source.clockConfidence = (other.clockConfidence ?? 0.5) * (isNear ? 0.9 : 0.6)
            try shift.apply(offsetMs - (piece.clockOffsetMs ?? 0), to: &source)
        }
    }

    // MARK: GPU captures

    private func alignCapture(_ source: SourceRow, _ channels: AlignmentChannels) throws {
        let logs = try ledger.all(period: period).filter {
            $0.format == VLLMLogFormat.identifier && !ClockMethod($0.clockMethod ?? "").isGuess
        }
        var found: [(result: SeriesAlignment.Result, name: String)] = []
        var refusal = "nothing to compare it with"
        for (name, compared) in try channels.gpu(source, logs: logs) {
            switch SeriesAlignment.find(compared) {
            case .found(let result): found.append((result, name))
            case .refused(let why): refusal = "\(name): \(why)"
            }
        }
        func margin(_ result: SeriesAlignment.Result) -> Double { result.correlation - result.elsewhere }
        guard let best = found.max(by: { margin($0.result) < margin($1.result) }) else {
            return try takeByCoverage(source) ? () : refuse(source, refusal)
        }
        let others = found.filter { abs($0.result.shift - best.result.shift) > Self.gpuSlack }
        if let other = others.max(by: { margin($0.result) < margin($1.result) }),
            margin(other.result) > 0.6 * margin(best.result)
        {
            return try refuse(source, "\(best.name) and \(other.name) fit at different shifts")
        }
        let quarter = (best.result.shift / 900).rounded() * 900
        let isZone = abs(best.result.shift - quarter) <= Self.gpuSlack
        // Hosts keep time: what is no zone must be very clear.
        guard isZone && best.result.correlation >= 0.65 || best.result.correlation >= 0.9 && best.result.error < 5
        else {
            let minutes = ByteWriter.fixed(best.result.shift / 60, decimals: 1)
            let correlation = ByteWriter.fixed(best.result.correlation, decimals: 2)
            return try refuse(
                source, "\(best.name) fits best at \(minutes) minutes, correlation \(correlation): too weak")
        }
        let against = channels.targets.isEmpty ? "the logs' throughput" : "the servers' throughput"
        try move(source, best.result, slack: Self.gpuSlack, against: "\(against) by its \(best.name)")
    }

    /// A capture whose numbers tell nothing, but which begins and ends with the metrics once it is moved by a zone: both were
    /// collected for the same incident. Only where it doesn't overlap them as it stands.
    private func takeByCoverage(_ source: SourceRow) throws -> Bool {
        let row = try store.database.prepare(
            """
            SELECT min(start_ms), max(end_ms) FROM chunk JOIN series USING (series_id)
            WHERE period_id = ? AND shadowed_by IS NULL AND name LIKE 'vllm:%'
            """)
        row.bind(1, period)
        guard try row.step(), let from = row.optionalInt64(0), let to = row.optionalInt64(1),
            let first = source.firstMs, let last = source.lastMs, first > to || last < from
        else { return false }
        let quarter: Int64 = 900_000
        let moved = Int64((Double(first - from) / Double(quarter)).rounded()) * quarter
        let apart = max(abs(first - moved - from), abs(last - moved - to))
        guard abs(moved) <= 14 * 3_600_000, apart <= 180_000 else { return false }
        var source = source
        var words = ClockMethod(source.clockMethod ?? "")
        words.zone = "zone by coverage: so it begins and ends within \(apart / 1000) s of the metrics"
        words.remarks.removeAll { $0.hasPrefix("not aligned") }
        source.clockMethod = words.text
        source.clockConfidence = 0.7
        try shift.apply(moved, to: &source)
        return true
    }

    /// Seconds by which power and clocks may seem to follow the work.
    private static let gpuSlack = 60.0

    // MARK: The ledger

    private func move(
        _ source: SourceRow, _ result: SeriesAlignment.Result, slack: Double, against: String
    ) throws {
        var source = source
        var words = ClockMethod(source.clockMethod ?? "")
        let deltaMs = Self.snapped(result, slack: slack)
        func text(_ number: Double, _ decimals: Int) -> String { ByteWriter.fixed(number, decimals: decimals) }
        words.zone =
            "\(ClockMethod.alignment) with \(against) (± \(text(result.error, 1)) s, correlation "
            + "\(text(result.correlation, 2)), elsewhere \(text(result.elsewhere, 2)), \(result.points) samples)"
        words.remarks.removeAll { $0.hasPrefix("not aligned") }
        source.clockMethod = words.text
        source.clockConfidence = result.confidence
        try shift.apply(deltaMs, to: &source)
    }

    private func refuse(_ source: SourceRow, _ why: String) throws {
        var source = source
        var words = ClockMethod(source.clockMethod ?? "")
        words.remarks.removeAll { $0.hasPrefix("not aligned") }
        words.remarks.append("not aligned: \(why)")
        source.clockMethod = words.text
        try ledger.save(&source)
    }

    /// A whole number of seconds; the nearest quarter of an hour when the evidence cannot tell it from that: servers keep
    /// time, and zones are quarters.
    /// - Parameter slack: seconds by which the reference itself may be late.
    private static func snapped(_ result: SeriesAlignment.Result, slack: Double) -> Int64 {
        let quarter = (result.shift / 900).rounded() * 900
        if abs(result.shift - quarter) <= max(3, 2 * result.error, slack) { return Int64(quarter) * 1000 }
        return Int64(result.shift.rounded()) * 1000
    }

    /// Answers of a range query show each sample up to a scrape's interval late, and always late: a clock cannot be told
    /// more exactly from them. Seconds; zero when the samples have their own times.
    private func lateness(of target: String) throws -> Double {
        let own = try store.database.int(
            """
            SELECT count(*) FROM series JOIN series_label l ON l.series_id = series.series_id AND l.name = 'instance'
            WHERE period_id = ? AND form != 'api' AND shadowed_by IS NULL AND l.value = ? AND series.name LIKE 'vllm:%'
            """, period, target)
        return own ?? 0 > 0 ? 0 : 30
    }
}
