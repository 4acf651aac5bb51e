import Glibc
import TidemarkBase

/// The right to write to one database, held by one process at a time: flock(2) on a file beside it, `NAME.lock`, which goes
/// away when the lock is given back. The kernel releases it when the process ends, however it ends, so a file that a killed
/// process left holds nobody up. Its text says who holds it.
public final class RunLock {
    /// What to do while another process holds the lock.
    public enum Patience: Sendable, Equatable {
        case none
        case seconds(Double)
        case forever
    }

    private let descriptor: Int32
    private let path: String

    /// - Throws: `locked` when another process holds it for longer than is waited.
    public init(databasePath: String, wait: Patience = .none) throws {
        path = Self.real(databasePath) + ".lock"
        let limit: Double
        if case .seconds(let seconds) = wait { limit = seconds } else { limit = 0 }
        let deadline = SystemClock.monotonicSeconds + limit
        while true {
            let file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
            guard file >= 0 else {
                throw TidemarkError(
                    .cannotWrite, "cannot create the lock file: \(String(cString: strerror(errno)))", file: path,
                    hint: "check that the folder exists and can be written")
            }
            if flock(file, wait == .forever ? LOCK_EX : LOCK_EX | LOCK_NB) == 0 {
                // Who held it may have taken the file away meanwhile: then another one counts.
                if Self.isSame(file, path) {
                    descriptor = file
                    Self.sign(file)
                    return
                }
                close(file)
                continue
            }
            let (reason, holder) = (errno, Self.holder(file))
            close(file)
            if reason == EINTR { continue }
            guard reason == EWOULDBLOCK else {
                throw TidemarkError(
                    .cannotWrite, "cannot lock: \(String(cString: strerror(reason)))", file: path,
                    hint: "the file system must support flock(2)")
            }
            if SystemClock.monotonicSeconds < deadline {
                usleep(50_000)
                continue
            }
            throw TidemarkError(
                .locked, "another run holds the lock\(holder.isEmpty ? "" : ": " + holder)", file: path,
                hint: "wait for it with --wait or --wait SECONDS, or use another --db")
        }
    }

    deinit {
        if Self.isSame(descriptor, path) { unlink(path) }
        close(descriptor)
    }

    /// The file that a link to a database leads to: two names of one database have one lock.
    private static func real(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }

    private static func isSame(_ file: Int32, _ path: String) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(file, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
    }

    /// Writes down who holds the lock, and since when.
    private static func sign(_ file: Int32) {
        let text = Array("process \(getpid()) since \(CivilTime.rfc3339(SystemClock.secondMs))\n".utf8)
        guard ftruncate(file, 0) == 0 else { return }
        _ = pwrite(file, text, text.count, 0)
    }

    private static func holder(_ file: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 80)
        let count = pread(file, &text, text.count, 0)
        let line = text.prefix(max(0, count)).prefix { $0 >= 32 && $0 < 127 }
        return line.starts(with: "process ".utf8) ? String(decoding: line, as: UTF8.self) : ""
    }
}
