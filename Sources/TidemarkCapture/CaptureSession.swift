import Glibc
import TidemarkBase

/// What is to be captured.
public struct CapturePlan: Sendable {
    public struct Target: Sendable {
        public var name: String
        public var address: HTTPAddress

        public init(name: String, address: HTTPAddress) { (self.name, self.address) = (name, address) }
    }

    public struct Log: Sendable {
        /// Whose log it is; nil: nobody's of ``CapturePlan/targets``, a gateway's for example.
        public var replica: String?
        public var path: String

        public init(replica: String?, path: String) { (self.replica, self.path) = (replica, path) }
    }

    public var targets: [Target] = []
    public var logs: [Log] = []
    /// The program that is asked for GPUs: a name for the PATH, or a path; nil: none.
    public var gpuCommand: String?
    /// GPUs of each replica, where it was said.
    public var gpuIndexes: [String: [Int]] = [:]
    /// Time between scrapes.
    public var intervalSeconds = 15.0
    /// Time between samples of the GPUs.
    public var gpuIntervalSeconds = 5.0
    /// Most time for one answer.
    public var timeoutSeconds = 10.0
    /// Until the end comes from outside when nil.
    public var durationSeconds: Double?
    /// Most bytes of disk.
    public var mostBytes = 2_000_000_000
    /// What stays free on the disk, bytes.
    public var reserveBytes = 1 << 30
    /// Sent to every server; printed and stored nowhere.
    public var bearerToken: String?
    /// Path of certificates (PEM) to trust instead of the system's; nil: the system's.
    public var authorities: String?
    /// One round, then the end.
    public var isOnce = false
    public var toolVersion = ""

    public init() {}
}

/// A capture from its beginning to its end.
public final class CaptureSession: @unchecked Sendable {
    /// What a capture has got.
    public struct Outcome: Sendable {
        /// Scrapes that were kept.
        public var scrapes = 0
        /// Rows of nvidia-smi that were kept.
        public var gpuRows = 0
        /// Bytes that were copied from logs.
        public var logBytes = 0
        public var isEmpty: Bool { scrapes == 0 && gpuRows == 0 && logBytes == 0 }
    }

    private let plan: CapturePlan
    private let folder: CaptureFolder
    private let stop: StopSignal
    private let targets: [ScrapeTarget]
    private let logs: [(replica: String?, copy: LogCopy)]
    private let gpu: GPUSampling?
    private let description: CaptureDescription

    /// - Parameters:
    ///   - path: the folder to fill; it may hold an earlier capture, which goes on.
    ///   - note: gets a line for what a person should know.
    /// - Throws: `locked`, `cannotWrite`.
    public init(_ plan: CapturePlan, into path: String, stop: StopSignal, note: @escaping @Sendable (String) -> Void)
        throws
    {
        (self.plan, self.stop) = (plan, stop)
        let bounds = CaptureFolder.Bounds(mostBytes: plan.mostBytes, reserveBytes: plan.reserveBytes)
        let folder = try CaptureFolder(path, bounds: bounds, note: note)
        self.folder = folder
        let fetch = HTTPFetch(
            bearerToken: plan.bearerToken, authorities: plan.authorities, userAgent: "tidemark/\(plan.toolVersion)",
            timeoutSeconds: plan.timeoutSeconds, stop: stop)
        targets = try plan.targets.map {
            try ScrapeTarget(
                name: $0.name, address: $0.address, folder: folder, fetch: fetch, intervalSeconds: plan.intervalSeconds,
                note: note)
        }
        // Pieces of a sixteenth of the room leave room for the other kinds.
        let pieceBytes = min(64 << 20, max(1 << 16, plan.mostBytes / 16))
        var names: Set<String> = []
        logs = try plan.logs.map { log in
            let base = CaptureFolder.safeName(CaptureFolder.split(log.path).base)
            let stem = base.contains(".") ? base : base + ".log"
            var name = "\(log.replica ?? "logs")/\(stem)"
            var number = 2
            while !names.insert(name).inserted {
                name = "\(log.replica ?? "logs")/\(number)-\(stem)"
                number += 1
            }
            return (log.replica, try LogCopy(log.path, name: name, folder: folder, pieceBytes: pieceBytes, note: note))
        }
        var missing: [String] = []
        var sampling: GPUSampling?
        if let command = plan.gpuCommand {
            if let program = ChildProcess.find(command) {
                sampling = try GPUSampling(
                    program: program, folder: folder, intervalSeconds: plan.gpuIntervalSeconds, pieceBytes: pieceBytes,
                    note: note)
            } else {
                missing.append("\(command) is not there: no GPU evidence")
                note("\(command) is not there: no GPU evidence is captured (--gpu-command PATH)")
            }
        }
        gpu = sampling
        description = CaptureDescription(
            plan: plan, folder: folder, logNames: zip(plan.logs, logs).map { ($0.replica, $1.copy.name) },
            missing: missing)
    }

    /// Captures until the end.
    public func run() -> Outcome {
        description.save()
        let description = description
        let (stop, plan, gpu) = (stop, plan, gpu)
        var workers = targets.map { target in
            Worker { [target = Unchecked(target)] in
                let identified = { description.set($0, of: target.value.name) }
                if plan.isOnce {
                    target.value.once(identified)
                } else {
                    target.value.run(until: stop, identified: identified)
                }
            }
        }
        if let gpu {
            workers.append(
                Worker { [gpu = Unchecked(gpu)] in
                    if plan.isOnce {
                        gpu.value.once(stop) { description.set(gpus: $0) }
                    } else {
                        gpu.value.run(until: stop) { description.set(gpus: $0) }
                    }
                })
        }
        let end = plan.durationSeconds.map { SystemClock.monotonicSeconds + $0 }
        while true {
            for log in logs { log.copy.poll(until: stop) }
            description.set(zones: logs.filter { $0.replica != nil }.map(\.copy.zone.offsetMinutes))
            if plan.isOnce { break }
            let left = end.map { $0 - SystemClock.monotonicSeconds } ?? 1
            if left <= 0 || stop.wait(seconds: min(1, left)) { break }
        }
        if plan.isOnce {
            for worker in workers { _ = worker.wait(seconds: plan.timeoutSeconds * 4 + 60) }
        }
        stop.stop()
        // What hangs in a name look-up or in a driver is left behind: nothing it does can be torn.
        let patience = SystemClock.monotonicSeconds + 8
        for worker in workers { _ = worker.wait(seconds: max(0, patience - SystemClock.monotonicSeconds)) }
        for log in logs { log.copy.poll(until: stop) }
        description.save()
        folder.release()
        return Outcome(
            scrapes: targets.reduce(0) { $0 + $1.scrapes }, gpuRows: gpu?.rows ?? 0,
            logBytes: logs.reduce(0) { $0 + $1.copy.copiedNow })
    }
}

/// Hands a value to the one thread that uses it from then on.
struct Unchecked<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
