import TidemarkBase
import TidemarkFormats
import TidemarkSeries
import TidemarkStore

/// Traces, GPU captures, kernel logs and gateways.
extension Ingestor {
    func ingestTraces(_ candidate: Candidate, period: Int) throws {
        try guarded(candidate) {
            let stream = try InputStream(path: candidate.file.path)
            let known = try look(
                up: candidate.file, stream, head: stream.head(), period: period, format: candidate.guess.format)
            switch known {
            case .unchanged: note(candidate.file, .unchanged, candidate.guess.format, message: nil)
            case .grown(var row), .new(var row):
                let before = row
                let traces = TraceIngest(
                    store: store, ledger: ledger, keepPrompts: options.keepPrompts, progress: share(stream))
                try traces.run(stream, &row)
                report(candidate, row, before: before, continued: before.id != 0)
            }
        }
    }

    // MARK: GPU

    func ingestGPU(_ candidate: Candidate, period: Int, reference: ClosedRange<Int64>?) throws {
        try continuing(candidate, period: period) { stream, head, row in
            let gpu = GPUIngest(
                store: store, ledger: ledger, period: period, zone: try place(row) ?? options.zone,
                columns: options.columns, start: options.captureStart, reference: reference,
                isSettled: isSettled(stream), progress: share(stream))
            try head.withUnsafeBytes { try gpu.run(stream, head: $0, &row) }
        }
    }

    func ingestKernelLog(
        _ candidate: Candidate, period: Int, capture: Capture, reference: Reference?
    ) throws {
        try continuing(candidate, period: period) { stream, head, row in
            let log = KernelLogIngest(
                store: store, ledger: ledger, period: period,
                hints: try hints(stream, capture: capture, reference: reference, before: row),
                isSettled: isSettled(stream), progress: share(stream))
            try head.withUnsafeBytes { try log.run(stream, head: $0, &row) }
        }
    }

    // MARK: Gateways

    func ingestGateway(
        _ candidate: Candidate, period: Int, capture: Capture, reference: Reference?
    ) throws {
        try continuing(candidate, period: period) { stream, head, row in
            let instance = try store.database.transaction {
                try store.instance(
                    period: period, kind: "gateway", name: LogName.replicaName(candidate.file.relative))
            }
            let log = GatewayIngest(
                store: store, ledger: ledger,
                hints: try hints(stream, capture: capture, reference: reference, before: row), progress: share(stream))
            try head.withUnsafeBytes { try log.run(stream, head: $0, &row, instance: instance) }
        }
    }

    /// Runs `body` on a source that is new or has grown.
    func continuing(
        _ candidate: Candidate, period: Int, _ body: (InputStream, [UInt8], inout SourceRow) throws -> Void
    ) throws {
        try guarded(candidate) {
            let stream = try InputStream(path: candidate.file.path)
            let head = stream.head()
            let known = try look(
                up: candidate.file, stream, head: head, period: period, format: candidate.guess.format)
            switch known {
            case .unchanged: note(candidate.file, .unchanged, candidate.guess.format, message: nil)
            case .grown(var row), .new(var row):
                let before = row
                try body(stream, head, &row)
                report(candidate, row, before: before, continued: before.id != 0)
            }
        }
    }

    func hints(
        _ stream: InputStream, capture: Capture, reference: Reference?, before: SourceRow
    ) throws -> LogClock.Hints {
        var hints = LogClock.Hints()
        hints.year = options.year
        if let reference {
            (hints.reference, hints.referenceName) = (reference.range, reference.name)
            hints.referenceIsUTC = reference.isUTC
        }
        hints.date(stream)
        let words = ClockMethod(before.clockMethod ?? "")
        if let state = before.state, LogState(json: state).clock != nil {
            hints.known = (
                before.clockOffsetMs ?? 0, words, before.clockConfidence ?? 0
            )
            hints.zone = try place(before)
        } else if let given = options.zone {
            (hints.zone, hints.zoneSource) = (given, "--timezone")
        } else if before.id != 0, words.isGiven {
            // A log that goes on keeps the zone that an earlier run was given.
            let minutes = Int((before.clockOffsetMs ?? 0) / 60_000)
            hints.zone = try place(before) ?? .fixed(minutesEast: minutes)
            hints.zoneSource = words.zone.hasSuffix("capture.json") ? "capture.json" : "--timezone"
        } else if let captured = capture.logUTCOffsetMinutes {
            (hints.zone, hints.zoneSource) = (.fixed(minutesEast: captured), "capture.json")
        }
        return hints
    }

    /// The zone of the place that an earlier run was given for a source.
    func place(_ source: SourceRow) throws -> LocalZone? {
        try ClockMethod(source.clockMethod ?? "").place.map { try ZoneDatabase.zone(named: $0) }
    }
}
