import Glibc
import TidemarkBase

/// Times in names of files.
enum FileTime {
    /// `2026-11-28T17-47-15.120Z`: RFC 3339 with characters that every file system takes. Sorts by time.
    static func stamp(_ timeMs: Int64) -> String {
        let day = CivilTime.day(timeMs)
        let clock = CivilTime.clock(timeMs).replacing(58, with: 45)
        let ms = String(((timeMs % 1000) + 1000) % 1000)
        return "\(day)T\(clock).\(String(repeating: "0", count: 3 - ms.count))\(ms)Z"
    }

    /// `20261128-174715`, as log rotations write it.
    static func rotationStamp(_ timeMs: Int64) -> String {
        CivilTime.day(timeMs).replacing(45, with: nil) + "-" + CivilTime.clock(timeMs).replacing(58, with: nil)
    }
}

extension String {
    /// With one ASCII character put for another, or left out.
    fileprivate func replacing(_ byte: UInt8, with other: UInt8?) -> String {
        String(decoding: utf8.compactMap { $0 == byte ? other : $0 }, as: UTF8.self)
    }
}

/// Tells all workers to end. Waiting for it is how they sleep, so they end at once.
public final class StopSignal: @unchecked Sendable {
    /// Readable for ever once the end has come: to be polled beside sockets and pipes.
    let descriptor: Int32
    private let trigger: Int32

    public init() {
        let ends = ChildProcess.pipe()
        precondition(ends.count == 2, "no pipe could be made")
        (descriptor, trigger) = (ends[0], ends[1])
        // A signal's handler must not wait, not even for room that nobody makes.
        _ = fcntl(trigger, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(descriptor)
        close(trigger)
    }

    public func stop() { _ = write(trigger, "x", 1) }

    public var isStopped: Bool { wait(seconds: 0) }

    /// Waits so long, or until the end has come.
    /// - Returns: whether it has.
    @discardableResult
    public func wait(seconds: Double) -> Bool {
        Self.poll([descriptor], until: SystemClock.monotonicSeconds + seconds).first ?? false
    }

    /// Waits until one of the descriptors can be read (or written, where `writing` says so), or ``SystemClock/monotonicSeconds`` is `end`.
    /// - Returns: which of them can.
    static func poll(_ descriptors: [Int32], writing: Int? = nil, until end: Double) -> [Bool] {
        var list = descriptors.enumerated().map { place, descriptor in
            pollfd(fd: descriptor, events: Int16(place == writing ? POLLOUT : POLLIN), revents: 0)
        }
        while true {
            let left = end - SystemClock.monotonicSeconds
            let ms = Int32(max(0, min(left, 86_400)) * 1000 + (left > 0 ? 0.999 : 0))
            let count = Glibc.poll(&list, nfds_t(list.count), ms)
            if count >= 0 || errno != EINTR { break }
        }
        return list.map { $0.revents != 0 }
    }

    // MARK: Signals

    nonisolated(unsafe) private static var signalled: Int32 = -1

    /// SIGTERM, SIGINT and SIGHUP stop (the last unless it is ignored, as nohup does); a second one ends the process at once.
    public func onSignals() {
        Self.signalled = trigger
        for number in [SIGTERM, SIGINT, SIGHUP] {
            var action = sigaction()
            sigaction(number, nil, &action)
            // SIG_IGN
            let isIgnored = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
            if number == SIGHUP, isIgnored { continue }
            action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in
                let saved = errno
                _ = write(StopSignal.signalled, "x", 1)
                errno = saved
            }
            action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
            sigaction(number, &action, nil)
        }
    }
}

/// A thread with one piece of work.
final class Worker: @unchecked Sendable {
    private let work: () -> Void
    private let isOver = StopSignal()
    private var thread = pthread_t()

    init(_ work: @escaping () -> Void) {
        self.work = work
        let me = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { box in
                let worker = Unmanaged<Worker>.fromOpaque(box!).takeRetainedValue()
                worker.work()
                worker.isOver.stop()
                return nil
            }, me)
        precondition(status == 0, "no thread could be started")
        pthread_detach(thread)
    }

    /// - Returns: whether it ended in that time.
    func wait(seconds: Double) -> Bool { isOver.wait(seconds: seconds) }
}
