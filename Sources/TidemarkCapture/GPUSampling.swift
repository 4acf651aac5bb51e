import Glibc
import TidemarkBase

/// Runs `nvidia-smi --query-gpu=… --format=csv -lms N` and keeps its rows, with a header at the beginning of each piece.
///
/// One process for the whole capture: starting it costs a second of driver time a piece on large machines. It runs in UTC,
/// which its times don't say; `capture.json` does. A piece is closed at each full six hours or 64 MiB, and compressed.
final class GPUSampling {
    /// What the causes look at, in the names that drivers 470 and later take; of the reasons the newer name second.
    static let fields = [
        "timestamp", "index", "uuid", "pci.bus_id", "name", "driver_version", "pstate", "utilization.gpu",
        "utilization.memory",
        "memory.used", "memory.total", "power.draw", "enforced.power.limit", "temperature.gpu", "temperature.memory",
        "clocks.sm", "clocks.mem", "clocks.max.sm", "clocks_throttle_reasons.active", "pcie.link.gen.current",
        "pcie.link.width.current", "ecc.errors.uncorrected.volatile.total",
    ]

    private let program: String
    private let folder: CaptureFolder
    private let note: @Sendable (String) -> Void
    private let intervalSeconds: Double
    private let pieceBytes: Int
    private var fields = GPUSampling.fields
    private var piece: (name: String, descriptor: Int32, slot: Int64, bytes: Int)?
    private var header: [UInt8] = []
    private var lastNote = ""
    /// Indexes of the GPUs that were seen.
    private(set) var indexes: Set<Int> = []
    /// Rows that were kept.
    private(set) var rows = 0
    /// Rows that the program printed, kept or not.
    private var printed = 0

    private static let slotMs: Int64 = 6 * 3_600_000

    init(
        program: String, folder: CaptureFolder, intervalSeconds: Double, pieceBytes: Int,
        note: @escaping @Sendable (String) -> Void
    ) throws {
        (self.program, self.folder, self.intervalSeconds) = (program, folder, intervalSeconds)
        (self.pieceBytes, self.note) = (pieceBytes, note)
        try CaptureFolder.make(folder.path + "/gpu")
        for name in CaptureFolder.names(in: folder.path + "/gpu")
        where name.hasPrefix("nvidia-smi-") && name.hasSuffix(".csv") {
            Self.cutUnfinishedRow(folder.path + "/gpu/" + name)
            folder.compress("gpu/" + name)
        }
    }

    /// A row that a killed run, or a full disk, left without its end.
    private static func cutUnfinishedRow(_ path: String) {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = Int(lseek(descriptor, 0, SEEK_END))
        var bytes = [UInt8](repeating: 0, count: min(length, 64 << 10))
        let start = length - bytes.count
        guard pread(descriptor, &bytes, bytes.count, off_t(start)) == bytes.count, let last = bytes.last, last != 10
        else { return }
        let keep = bytes.lastIndex(of: 10).map { start + $0 + 1 } ?? start
        _ = ftruncate(descriptor, off_t(keep))
    }

    /// Samples until the end. A program that ends or says nothing is started again after 5, 10, 20 … seconds, five minutes at most.
    /// - Parameter changed: called when GPUs were seen for the first time.
    func run(until stop: StopSignal, changed: (Set<Int>) -> Void) {
        var failures = 0
        while !stop.isStopped {
            let before = printed
            let why = sample(isLoop: true, stop, changed)
            if stop.isStopped { break }
            failures = printed > before ? 1 : failures + 1
            if why != lastNote { note("\(program): \(why); started again") }
            lastNote = why
            if stop.wait(seconds: min(300, 5 * Double(1 << min(failures - 1, 6)))) { break }
        }
        closePiece()
    }

    /// One sample of all GPUs.
    func once(_ stop: StopSignal, changed: (Set<Int>) -> Void) {
        let why = sample(isLoop: false, stop, changed)
        if printed == 0 { note("\(program): \(why)") }
        closePiece()
    }

    /// - Returns: why it is over.
    private func sample(isLoop: Bool, _ stop: StopSignal, _ changed: (Set<Int>) -> Void) -> String {
        // A driver knows most of the fields: each refusal names one that it doesn't.
        for _ in 0...Self.fields.count {
            var arguments = ["--query-gpu=" + fields.joined(separator: ","), "--format=csv"]
            if isLoop { arguments += ["-lms", String(Int(max(1, intervalSeconds * 1000)))] }
            let child: ChildProcess
            do {
                child = try ChildProcess.spawn(program, arguments, mergesErrors: true)
            } catch {
                return (error as? HTTPFetch.Failure)?.why ?? "cannot be started"
            }
            let (refused, said) = follow(child, stop, changed)
            let status = child.end()
            guard let refused, let place = fields.firstIndex(of: refused) else {
                if let said { return said }
                return status.map { $0 == 0 ? "ended" : "ended with status \($0)" } ?? "was ended by a signal"
            }
            if refused == "clocks_throttle_reasons.active" {
                fields[place] = "clocks_event_reasons.active"
            } else {
                fields.remove(at: place)
            }
        }
        return "knows none of the fields"
    }

    /// Keeps what a program prints.
    /// - Returns: the field that it refused, and what it said instead of rows.
    private func follow(_ child: ChildProcess, _ stop: StopSignal, _ changed: (Set<Int>) -> Void) -> (
        refused: String?, said: String?
    ) {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var said: String?
        header = []
        while true {
            // The first rows of a machine with many GPUs take their time.
            let patience = max(60, 5 * intervalSeconds)
            let ready = StopSignal.poll(
                [child.output, stop.descriptor], until: SystemClock.monotonicSeconds + patience)
            if ready[1] { return (nil, nil) }
            guard ready[0] else { return (nil, "said nothing for \(Int(patience)) s") }
            let count = read(child.output, &buffer, buffer.count)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { return (nil, said) }
            pending.append(contentsOf: buffer[..<count])
            guard let last = pending.lastIndex(of: 10) else {
                if pending.count > 1 << 20 { return (nil, "printed an endless line") }
                continue
            }
            let lines = Array(pending[...last])
            pending.removeFirst(last + 1)
            var (kept, fresh): ([UInt8], Int) = ([], 0)
            for line in lines.split(separator: 10) {
                let text = String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
                if header.isEmpty {
                    if text.hasPrefix("Field \""), text.contains("not a valid field") {
                        return (String(text.dropFirst(7).prefix { $0 != "\"" }), nil)
                    }
                    guard text.hasPrefix("timestamp,") else {
                        said = String(text.prefix(200))
                        continue
                    }
                    header = Array(line) + [10]
                } else if text.hasPrefix("20") {
                    fresh += 1
                    noteIndex(text, changed)
                } else {
                    // `GPU is lost`: a word of its own is evidence, too.
                    said = String(text.prefix(200))
                }
                kept += Array(line) + [10]
            }
            printed += fresh
            keep(kept, rows: fresh)
        }
    }

    private func noteIndex(_ row: String, _ changed: (Set<Int>) -> Void) {
        let cells = row.split(separator: ",", maxSplits: 2)
        guard cells.count == 3, let index = Int(cells[1].drop { $0 == " " }), index < 1024,
            indexes.insert(index).inserted
        else { return }
        changed(indexes)
    }

    private func keep(_ bytes: [UInt8], rows count: Int) {
        guard !bytes.isEmpty, folder.mayWrite(bytes.count) else { return }
        var out = bytes
        let slot = CivilTime.floorDivide(SystemClock.nowMs, Self.slotMs)
        if let open = piece, open.slot != slot || open.bytes >= pieceBytes { closePiece() }
        if piece == nil {
            let name = "gpu/nvidia-smi-\(FileTime.stamp(SystemClock.nowMs)).csv"
            let descriptor = open(folder.path + "/" + name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { return note("\(name): \(String(cString: strerror(errno)))") }
            piece = (name, descriptor, slot, 0)
            folder.protect(name, as: "gpu")
            if out.prefix(10) != header.prefix(10) { out = header + out }
        }
        guard let open = piece else { return }
        let done = CaptureFolder.write(out, to: open.descriptor)
        if done == out.count { rows += count } else { note("\(open.name): \(String(cString: strerror(errno)))") }
        folder.account(done)
        piece?.bytes += done
    }

    private func closePiece() {
        guard let open = piece else { return }
        close(open.descriptor)
        piece = nil
        folder.compress(open.name)
    }
}
