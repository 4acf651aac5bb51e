import TidemarkBase
import TidemarkFormats
import TidemarkStore

/// Changes the clock of a source that was read already.
struct ClockShift {
    let store: Store
    let ledger: Ledger

    private static let columns = [
        "engine_companion_stat": ["time_ms"], "engine_iteration": ["time_ms"],
        "engine_run": ["start_ms", "ready_ms", "end_ms"], "engine_stat": ["time_ms"],
        "gateway_request": ["start_ms"],
        "gpu_event": ["time_ms", "last_ms"],
        "gpu_process": ["time_ms"], "gpu_sample": ["time_ms"], "http_access_row": ["time_ms"],
        "http_error": ["time_ms"], "http_rollup": ["time_ms"],
        "log_event": ["time_ms"], "request": ["received_ms", "added_ms", "finished_ms", "aborted_ms", "failed_ms"],
    ]
    /// The tables that sources of a format fill.
    private static func tables(of format: String) -> [String] {
        switch format {
        case VLLMLogFormat.identifier:
            columns.keys.filter { !$0.hasPrefix("gpu_") && !$0.hasPrefix("gateway_") }.sorted()
        case GatewayFormat.identifier: ["gateway_request", "log_event"]
        default: ["gpu_event", "gpu_process", "gpu_sample"]
        }
    }

    /// Takes `deltaMs` off every time of the source, and of what a later run goes on with; saves its row.
    /// - Parameter zone: whether the zone was wrong, else the year.
    func apply(_ deltaMs: Int64, to source: inout SourceRow, zone: Bool = true) throws {
        if deltaMs != 0 {
            for table in Self.tables(of: source.format) {
                let changes = (Self.columns[table] ?? []).map { "\($0) = \($0) - ?1" }.joined(separator: ", ")
                try store.database.prepare("UPDATE \(table) SET \(changes) WHERE source_id = ?2").run(
                    deltaMs, source.id)
            }
            source.firstMs = source.firstMs.map { $0 - deltaMs }
            source.lastMs = source.lastMs.map { $0 - deltaMs }
            if zone { source.clockOffsetMs = (source.clockOffsetMs ?? 0) + deltaMs }
            if source.format == VLLMLogFormat.identifier, var state = Optional(LogState(json: source.state)),
                var clock = state.clock
            {
                if zone {
                    clock.offsetMs += deltaMs
                } else {
                    clock.wallMs -= deltaMs
                    if clock.year > 0 { clock.year = CivilTime.year(ofMillis: clock.wallMs) }
                }
                state.clock = clock
                source.state = state.json
            }
        }
        try ledger.save(&source)
    }

    /// Brings what earlier runs read to the zone and the year that the user gives now.
    func correct(period: Int, zone: LocalZone?, year: Int?) throws {
        guard zone != nil || year != nil else { return }
        for source in try ledger.all(period: period) {
            var source = source
            guard let method = source.clockMethod, let first = source.firstMs, let last = source.lastMs,
                method.contains("zone ") || method.contains(ClockMethod.asUTC), source.format != "grafana-csv"
            else { continue }
            var words = ClockMethod(method)
            if words.isPrinted { continue }
            let offset = source.clockOffsetMs ?? 0
            if let zone, words.zone != "zone \(zone.name) from --timezone" {
                let new = zone.offsetMs(wallMs: first + offset)
                let hasSteps =
                    words.hoursStepped != 0 || words.remarks.contains { $0.hasSuffix("(daylight-saving time)") }
                if hasSteps || zone.offsetMs(wallMs: last + offset) != new {
                    source.message =
                        "stays as it was read: its offset changes within it; read it into a new database for \(zone.name)"
                    try ledger.save(&source)
                } else {
                    words.zone = "zone \(zone.name) from --timezone"
                    words.remarks.removeAll { $0.hasPrefix("not aligned") }
                    source.clockMethod = words.text
                    source.clockConfidence = 1
                    try apply(new - offset, to: &source)
                }
            }
            if let year, !words.year.isEmpty, words.year != "year given", words.year != "year printed",
                let first = source.firstMs
            {
                let wallMs = first + (source.clockOffsetMs ?? 0)
                words.year = "year given"
                source.clockMethod = words.text
                let day = CivilTime.floorDivide(wallMs, CivilTime.millisPerDay)
                let date = CivilTime.date(days: Int(day))
                let moved = CivilTime.days(year: year, month: date.month, day: date.day)
                try apply((day - Int64(moved)) * CivilTime.millisPerDay, to: &source, zone: false)
            }
        }
    }
}
