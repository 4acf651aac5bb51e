import TidemarkBase
import TidemarkFormats
import TidemarkSeries
import TidemarkStore

/// Traces, load tests, GPU captures, kernel logs and gateways.
extension Ingestor {
    func ingestTraces(_ candidate: Candidate, period: Int) throws {
        try continuing(candidate, period: period) { stream, _, row in
            let traces = TraceIngest(
                store: store, ledger: ledger, keepPrompts: options.keepPrompts, progress: share(stream))
            try traces.run(stream, &row)
        }
    }

    func ingestLoadTest(_ candidate: Candidate, period: Int) throws {
        try continuing(candidate, period: period) { stream, _, row in
            let test = LoadTestIngest(store: store, ledger: ledger, zone: zone(candidate.file), progress: share(stream))
            try test.run(stream, &row)
        }
    }

    // MARK: GPU

    func ingestGPU(
        _ candidate: Candidate, period: Int, capture: Capture, reference: ClosedRange<Int64>?
    ) throws {
        try continuing(candidate, period: period) { stream, head, row in
            let asked = zone(candidate.file)
            let captured = asked == nil ? capture.gpuUTCOffsetMinutes : nil
            let zone = try place(row) ?? asked ?? captured.map { .fixed(minutesEast: $0) }
            let gpu = GPUIngest(
                store: store, ledger: ledger, period: period, zone: zone,
                zoneSource: captured == nil ? "--timezone" : Capture.fileName,
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
                hints: try hints(candidate.file, stream, capture: capture, reference: reference, before: row),
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
                    period: period, kind: "gateway",
                    name: candidate.part ?? candidate.file.hints.instance
                        ?? LogName.replicaName(candidate.file.relative))
            }
            let log = GatewayIngest(
                store: store, ledger: ledger,
                hints: try hints(candidate.file, stream, capture: capture, reference: reference, before: row),
                part: candidate.part, isSettled: isSettled(stream), keepPrompts: options.keepPrompts,
                progress: share(stream))
            try head.withUnsafeBytes { try log.run(stream, head: $0, &row, instance: instance) }
        }
    }
}
