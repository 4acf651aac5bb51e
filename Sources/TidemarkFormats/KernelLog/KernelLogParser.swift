import TidemarkBase
import TidemarkEvidence

/// Finds what a kernel log says about GPUs – NVIDIA's Xid errors, GPUs that fell off the bus, errors of NVSwitches, hangs and
/// resets of AMD's – and processes that were killed because the host's memory ran out. Every other line is noise; an Xid
/// line that can't be read is a reject.
///
/// Give it unwrapped lines (``LogUnframer``) with what the framing said. Forms: drivers 470 to 580 as seen in published
/// logs, kernels 2.6 to 6. Time: linear; memory: the uuids that the log names.
public struct KernelLogParser: Sendable {
    public private(set) var counts = GPUCaptureCounts()
    /// uuid by bus address, from `NVRM: GPU at PCI:0000:0a:00: GPU-…`.
    private var uuids: [String: String] = [:]
    /// The address that `NVRM: The NVIDIA GPU 0000:b3:00.0` named: a line behind it may say that it fell off the bus.
    private var named: String?
    /// The time of that line: those behind it may have none.
    private var namedTime: Prefix?
    /// The last process that was killed for memory: a kernel tells of one in several lines.
    private var killed: KernelKill?
    /// A coloured line without its colours.
    private var uncoloured: [UInt8] = []

    /// - Parameter state: what ``state`` said when the log's beginning was read.
    public init(resuming state: String? = nil) {
        for (index, line) in (state ?? "").split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(separator: " ", maxSplits: 1)
            if index == 0 {
                named = words.first.map(String.init)
                namedTime = words.count == 2 ? Prefix(text: words[1]) : nil
            } else if words.count == 2, words[0] == "kill" {
                killed = KernelKill(state: words[1])
            } else if words.count == 2, uuids.count < 1024 {
                uuids[String(words[0])] = String(words[1])
            }
        }
    }

    /// What a later run needs to go on behind the last line: the addresses and uuids that were named, the last process
    /// that was killed.
    public var state: String {
        let first = named.map { $0 + (namedTime.flatMap(\.text).map { " " + $0 } ?? "") } ?? ""
        let kill = killed.map { ["kill \($0.state)"] } ?? []
        return ([first] + kill + uuids.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }).joined(
            separator: "\n")
    }

    /// A time in front of a kernel line.
    enum Prefix {
        /// Seconds since boot.
        case uptime
        /// Unix ms, or a local reading as if UTC.
        case utc(Int64), wall(Int64)
        /// Without a year.
        case stamp(LogStamp)

        /// The form of ``KernelLogParser/state``; nil for the seconds since boot, which place nothing.
        var text: String? {
            switch self {
            case .uptime: nil
            case .utc(let timeMs): "u\(timeMs)"
            case .wall(let wallMs): "w\(wallMs)"
            // Any leap year.
            case .stamp(let stamp): "s\(stamp.wallMs(year: 2000))"
            }
        }

        init?(text: Substring) {
            guard let number = Int64(text.dropFirst()) else { return nil }
            switch text.first {
            case "u": self = .utc(number)
            case "w": self = .wall(number)
            case "s":
                var stamp = LogStamp(wallMs: number)
                stamp.year = 0
                self = .stamp(stamp)
            default: return nil
            }
        }
    }

    /// The time without a year that an unwrapped line begins with: the journal's short form in another language,
    /// or behind what grep puts in front.
    public static func stamp(of line: Bytes) -> LogStamp? {
        guard case .stamp(let stamp)? = prefix(withoutPriority(line.trimmed)) else { return nil }
        return stamp
    }

    /// Takes the next line.
    public mutating func parse<Sink: GPUCaptureSink>(
        line: borrowing Line, frame: FrameInfo, into sink: inout Sink
    ) throws {
        counts.lines += frame.lines
        guard line.bytes.firstIndex(of: 27) != nil else {
            return try parse(line.bytes, line, frame, into: &sink)
        }
        // `dmesg --color=always` cuts its lines with colours.
        let text = ANSI.stripped(line.bytes, reusing: &uncoloured)
        let line = copy line
        try text.withUnsafeBytes { try parse($0, line, frame, into: &sink) }
        if text.capacity <= 1 << 16 { uncoloured = text }
    }

    private mutating func parse<Sink: GPUCaptureSink>(
        _ bytes: Bytes, _ line: borrowing Line, _ frame: FrameInfo, into sink: inout Sink
    ) throws {
        let bytes = Self.withoutPriority(bytes.trimmed)
        if let start = bytes.range(of: "NVRM: Xid (") {
            // Drivers before about 310 left `PCI:` out.
            let at = start + (bytes.has("PCI:", at: start + 11) ? 15 : 11)
            return try error(bytes, at, .xid, line, frame, into: &sink)
        }
        if let start = bytes.range(of: "SXid (PCI:") {
            return try error(bytes, start + 10, .switchError, line, frame, into: &sink)
        }
        guard let start = bytes.range(of: "NVRM: ") else { return try other(bytes, line, frame, into: &sink) }
        let text = bytes.slice(start + 6, bytes.count)
        if text.has("Xid :") || text.has("Xid:") {
            return try reject(line, frame, "the PCI address of an Xid", into: &sink)
        }
        // Drivers before about 310 left `PCI:` out.
        let at = text.has("GPU at PCI:") ? 11 : text.has("GPU at ") ? 7 : nil
        if let at, let dash = text.range(of: " GPU-", from: at),
            let busID = PCIBusID.normalised(Self.withoutColon(text.slice(at, dash)).text(limit: 32))
        {
            let uuid = text.slice(dash + 1, text.count)
            let end = uuid.firstIndex { ($0 | 0x20) &- 97 >= 26 && $0 &- 48 > 9 && $0 != 45 }
            if uuids.count < 1024 { uuids[busID] = uuid.slice(0, end ?? uuid.count).text(limit: 64) }
        } else if text.has("The NVIDIA GPU ") {
            let rest = text.slice(15, text.count)
            named = PCIBusID.normalised(rest.slice(0, rest.firstIndex(of: 32) ?? rest.count).text(limit: 32))
            namedTime = Self.time(bytes, frame)
        } else if text.has("GPU "), let failed = text.range(of: ": RmInitAdapter failed!") {
            var event = event(.initialisationFailed, bytes, text.slice(failed + 2, text.count), line, frame)
            event.busID = PCIBusID.normalised(text.slice(4, failed).text(limit: 32))
            event.uuid = event.busID.flatMap { uuids[$0] }
            return try deliver(event, frame, into: &sink)
        } else if text.has("RmInitAdapter failed!") {
            // Of old drivers, which don't say of what GPU.
            return try deliver(event(.initialisationFailed, bytes, text, line, frame), frame, into: &sink)
        } else if text.first != 40, text.range(of: "fallen off the bus") == nil {
            // Neither the rest of the sentence.
            named = nil
        }
        guard let lost = text.range(of: "fallen off the bus") else {
            counts.noiseLines += frame.lines
            return
        }
        // `NVRM: GPU 0000:01:00.0: GPU has fallen off the bus.`, `NVRM: GPU at PCI:0000:01:00.0 has …`, or the second line
        // of two.
        var busID = named
        let address = at ?? 4
        if text.has("GPU "), lost > address {
            let rest = text.slice(address, lost)
            busID = PCIBusID.normalised(
                Self.withoutColon(rest.slice(0, rest.firstIndex(of: 32) ?? rest.count)).text(limit: 32))
        }
        var event = event(.fallenOffBus, bytes, text, line, frame)
        event.code = 79
        event.busID = busID
        if busID != nil, busID == named, event.timeMs == nil, event.wallMs == nil, event.stamp == nil {
            event.take(namedTime)
        }
        event.uuid = busID.flatMap { uuids[$0] }
        try deliver(event, frame, into: &sink)
    }

    /// `0000:3d:00): 79, rest` behind `at`; of a part of a GPU (MIG) `0000:3d:00 GPU-I:05 GPU-CI:02): 94, rest`.
    private mutating func error<Sink: GPUCaptureSink>(
        _ bytes: Bytes, _ at: Int, _ kind: GPUCaptureEvent.Kind, _ line: borrowing Line, _ frame: FrameInfo,
        into sink: inout Sink
    ) throws {
        guard at < bytes.count, let close = bytes.firstIndex(of: 41, from: at), close - at <= 60,
            case let address = bytes.slice(at, min(close, bytes.firstIndex(of: 32, from: at) ?? close)),
            address.count <= 20, bytes.has("): ", at: close),
            case let busID = PCIBusID.normalised(address.text), busID != nil || Self.isRedacted(address)
        else { return try reject(line, frame, "the PCI address of an Xid", into: &sink) }
        var end = close + 3
        while end < bytes.count, bytes[end] &- 48 <= 9 { end += 1 }
        // A number that the end of the file may have cut is no number.
        let terminated = line.terminated
        let isWhole = end < bytes.count || terminated
        guard isWhole, let code = Decimal.parseInt(bytes.slice(close + 3, end)) else {
            return try reject(line, frame, "the number of an Xid", into: &sink)
        }
        let rest = bytes.slice(min(end + (bytes.has(", ", at: end) ? 2 : 0), bytes.count), bytes.count)
        var event = event(kind, bytes, rest, line, frame)
        let instance = bytes.slice(at + address.count, close).trimmed
        if !instance.isEmpty { event.text = "\(instance.text): \(event.text)" }
        event.code = code
        event.busID = busID
        event.uuid = busID.flatMap { uuids[$0] }
        if code == 154, kind == .xid { event.action = Self.action(rest) }
        try deliver(event, frame, into: &sink)
    }

    /// An address that somebody made unreadable: `...`, `xxxx:xx:00`.
    private static func isRedacted(_ address: Bytes) -> Bool {
        address.contains { $0 == 46 || $0 | 0x20 == 120 || $0 == 42 }
            && address.allSatisfy { $0 == 46 || $0 | 0x20 == 120 || $0 == 42 || $0 == 58 || $0 &- 48 <= 9 }
    }

    /// A line of none of NVIDIA's: of a killed process or of AMD's driver, else noise.
    private mutating func other<Sink: GPUCaptureSink>(
        _ bytes: Bytes, _ line: borrowing Line, _ frame: FrameInfo, into sink: inout Sink
    ) throws {
        if let (kill, at) = KernelKill.find(bytes) {
            let isSame = killed.map { kill.isSame(as: $0) } == true
            killed = kill
            if isSame {
                counts.recordLines += frame.lines
                return
            }
            var event = event(.outOfHostMemory, bytes, bytes.slice(at, bytes.count), line, frame)
            // What precedes the process in this form may be longer than a text can be.
            if case .chosen(let task) = kill.form {
                event.text = "oom-kill:\(bytes.slice(task, bytes.count).text(limit: 300))"
            }
            event.pid = kill.pid
            event.processName = kill.name
            return try deliver(event, frame, into: &sink)
        }
        guard let (kind, at) = Self.amd(bytes) else {
            counts.noiseLines += frame.lines
            return
        }
        var event = event(kind, bytes, bytes.slice(at, bytes.count), line, frame)
        if let start = bytes.range(of: "amdgpu 0") {
            let rest = bytes.slice(start + 7, min(bytes.count, start + 40))
            let end = rest.firstIndex(of: 32) ?? rest.count
            event.busID = PCIBusID.normalised(Self.withoutColon(rest.slice(0, end)).text)
        }
        try deliver(event, frame, into: &sink)
    }

    /// What AMD's driver says of a GPU that hangs or is reset, and where it begins to.
    static func amd(_ line: Bytes) -> (kind: GPUCaptureEvent.Kind, at: Int)? {
        guard let driver = line.range(of: "amdgpu") else { return nil }
        if let at = line.range(of: "GPU reset begin!", from: driver) { return (.reset, at) }
        if let at = line.range(of: "MES might be in unrecoverable state", from: driver) { return (.hang, at) }
        if let at = line.range(of: "ring ", from: driver), let end = line.range(of: " timeout, ", from: at),
            end - at < 40
        {
            return (.hang, at)
        }
        return nil
    }

    /// `… changed from 0x0 (None) to 0x2 (Node Reboot Required)` → the last words in parentheses.
    private static func action(_ text: Bytes) -> String? {
        guard let to = text.range(of: " to "), let open = text.firstIndex(of: 40, from: to),
            let close = text.firstIndex(of: 41, from: open)
        else { return nil }
        return text.slice(open + 1, close).text(limit: 80)
    }

    private func event(
        _ kind: GPUCaptureEvent.Kind, _ bytes: Bytes, _ text: Bytes, _ line: borrowing Line, _ frame: FrameInfo
    ) -> GPUCaptureEvent {
        var event = GPUCaptureEvent(kind: kind, line: line.number, offset: line.offset, text: text.text(limit: 400))
        event.take(Self.time(bytes, frame))
        return event
    }

    /// The framing's time of a line, else its own.
    private static func time(_ bytes: Bytes, _ frame: FrameInfo) -> Prefix? {
        if let timeMs = frame.timeMs { return frame.zoneless ? .wall(timeMs) : .utc(timeMs) }
        return frame.stamp.map { .stamp($0) } ?? prefix(bytes)
    }

    private mutating func deliver<Sink: GPUCaptureSink>(
        _ event: GPUCaptureEvent, _ frame: FrameInfo, into sink: inout Sink
    ) throws {
        counts.recordLines += frame.lines
        counts.events += 1
        if event.timeMs == nil, event.wallMs == nil, event.stamp == nil { counts.untimed += 1 }
        try sink.event(event)
    }

    private mutating func reject<Sink: GPUCaptureSink>(
        _ line: borrowing Line, _ frame: FrameInfo, _ expected: String, into sink: inout Sink
    ) throws {
        counts.rejectedLines += frame.lines
        var reject = FormatReject(line, "expected \(expected)")
        reject.lineCount = frame.lines
        try sink.reject(reject)
    }

    /// `<6>` of raw `dmesg` output, `kern  :warn  : ` of `dmesg -x`, `HOST: kern:  err: ` of talosctl and the `> ` of a
    /// quotation are left out.
    static func withoutPriority(_ line: Bytes) -> Bytes {
        if line.first == 62, line.has("> ") { return withoutPriority(line.slice(2, line.count).trimmed) }
        if let text = talos(line) { return line.slice(text, line.count) }
        if line.first == 60 {
            guard let close = line.firstIndex(of: 62), close >= 2, close <= 4,
                line.slice(1, close).allSatisfy({ $0 &- 48 < 10 })
            else { return line }
            return line.slice(close + 1, line.count)
        }
        // Facility and level are filled up to six letters.
        guard line.count > 16, line[0] &- 97 < 26, let colon = line.slice(0, 10).firstIndex(of: 58), colon >= 6,
            let second = line.firstIndex(of: 58, from: colon + 1), second - colon == 7, line.has(": ", at: second),
            line.slice(0, second).allSatisfy({ $0 &- 97 < 26 || $0 &- 48 < 10 || $0 == 32 || $0 == 58 })
        else { return line }
        return line.slice(second + 2, line.count)
    }

    /// Where the time begins in `10.0.0.5: kern:     err: [2026-04-22T21:25:20.466440686Z]: …`; nil in any other line.
    static func talos(_ line: Bytes) -> Int? {
        guard let facility = line.slice(0, min(line.count, 100)).range(of: ": kern: ") else { return nil }
        var at = facility + 8
        while at < line.count, line[at] == 32 { at += 1 }
        while at < line.count, line[at] &- 97 < 26 { at += 1 }
        return line.has(": [", at: at) ? at + 2 : nil
    }

    /// An address without the colon behind it; a function of several digits (`0000:01:00.0000`) is written with one.
    private static func withoutColon(_ text: Bytes) -> Bytes {
        let text = text.last == 58 ? text.slice(0, text.count - 1) : text
        guard let point = text.firstIndex(of: 46), text.count > point + 2,
            text.slice(point + 1, text.count).allSatisfy({ $0 == 48 })
        else { return text }
        return text.slice(0, point + 2)
    }

    /// `[ 4321.987654] `, `[Wed Mar  4 09:08:07 2026] `, `2026-03-04T09:08:07,123456+00:00 `, and the short form of the
    /// journal and of syslog where the framing left it (`Okt 06 17:59:27 host kernel: `); nil without any of them.
    static func prefix(_ line: Bytes) -> Prefix? {
        if let found = time(line) { return found }
        // `/var/log/syslog:Nov 23 …`, `4711:Nov 23 …`: what grep puts in front of a line.
        var at = 0
        for _ in 0..<2 {
            guard let colon = line.firstIndex(of: 58, from: at), colon > at, colon - at <= 250,
                line.slice(at, colon).firstIndex(of: 32) == nil
            else { break }
            at = colon + 1
            if let found = time(line.slice(at, line.count)) { return found }
        }
        return syslog(line)
    }

    /// `… Error: May 19 07:08:57 host kernel: …`: a line of syslog in another program's words.
    private static func syslog(_ line: Bytes) -> Prefix? {
        guard var at = line.slice(0, min(line.count, 600)).range(of: " kernel: ") else { return nil }
        while at > 0, line[at - 1] != 32 { at -= 1 }
        // `Mmm dd hh:mm:ss ` before the host.
        guard at > 16, line[at - 17] == 32 else { return nil }
        return MonthNames.stamp(line.slice(at - 16, line.count)).map { .stamp($0.stamp) }
    }

    private static func time(_ line: Bytes) -> Prefix? {
        guard let first = line.first else { return nil }
        if first == 91, let close = line.firstIndex(of: 93), close < 60, close > 1 {
            // `dmesg -d` adds what has passed since the line before: `[ 4321.987654 <    0.000123>]`.
            let inner = line.slice(1, line.slice(0, close).firstIndex(of: 60) ?? close).trimmed
            if let point = inner.firstIndex(of: 46), point + 7 == inner.count, Decimal.parse(inner) != nil {
                return .uptime
            }
            if inner.count > 19, inner[0] &- 48 <= 9, let time = CivilTime.parseRFC3339(inner),
                time.length == inner.count
            {
                return time.zoned ? .utc(time.millis) : .wall(time.millis)
            }
            return (ClockLine.named(inner) ?? MonthNames.wall(inner)).map { .wall($0) }
        }
        guard first &- 48 <= 9, let time = CivilTime.parseRFC3339(line), line.has(" ", at: time.length) else {
            return MonthNames.stamp(line).map { .stamp($0.stamp) }
        }
        return time.zoned ? .utc(time.millis) : .wall(time.millis)
    }
}

extension GPUCaptureEvent {
    fileprivate mutating func take(_ time: KernelLogParser.Prefix?) {
        switch time {
        case .utc(let timeMs)?: self.timeMs = timeMs
        case .wall(let wallMs)?: self.wallMs = wallMs
        case .stamp(let stamp)?: self.stamp = stamp
        case .uptime?, nil: break
        }
    }
}
