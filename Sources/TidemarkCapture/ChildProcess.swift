import Glibc
import Synchronization
import TidemarkBase

/// A program that was started, with its output as a pipe. It runs in UTC and in the C locale.
final class ChildProcess {
    private let process: pid_t
    /// Its standard output, not blocking.
    let output: Int32
    private let errors: Int32
    private var status: Int32?

    private init(process: pid_t, output: Int32, errors: Int32) {
        (self.process, self.output, self.errors) = (process, output, errors)
    }

    /// A program of that name in the PATH, or at that path.
    static func find(_ name: String) -> String? {
        func isProgram(_ path: String) -> Bool {
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
        }
        if name.contains("/") { return isProgram(name) ? name : nil }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { $0 + "/" + name }.first(where: isProgram)
    }

    /// - Parameters:
    ///   - input: handed over on its standard input; at most what a pipe takes at once (64 KiB).
    ///   - mergesErrors: whether its standard error goes into the output, too.
    /// - Throws: ``HTTPFetch/Failure`` when it can't be started.
    static func spawn(_ program: String, _ arguments: [String], input: String = "", mergesErrors: Bool) throws
        -> ChildProcess
    {
        try spawning.withLock { _ in try spawned(program, arguments, input: input, mergesErrors: mergesErrors) }
    }

    /// One at a time: between its making and its mark a pipe could go to another thread's child, and never close.
    private static let spawning = Mutex(())

    /// Two ends, closed in children; none when there is none to be had.
    static func pipe() -> [Int32] {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { return [] }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return ends
    }

    private static func spawned(
        _ program: String, _ arguments: [String], input: String, mergesErrors: Bool
    ) throws -> ChildProcess {
        let (stdin, stdout, stderr) = (pipe(), pipe(), pipe())
        guard stdin.count + stdout.count + stderr.count == 6 else {
            let why = String(cString: strerror(errno))
            for descriptor in stdin + stdout + stderr { close(descriptor) }
            throw HTTPFetch.Failure(why: "no pipe could be made: \(why)")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, stdin[0], 0)
        posix_spawn_file_actions_adddup2(&actions, stdout[1], 1)
        posix_spawn_file_actions_adddup2(&actions, mergesErrors ? stdout[1] : stderr[1], 2)
        // What this process does with signals is not for the child, and a terminal's Ctrl-C is for this process alone.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in [SIGPIPE, SIGTERM, SIGINT, SIGHUP] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

        var variables: [String] = ["TZ=UTC", "LC_ALL=C"]
        var next = environ
        while let one = next.pointee {
            let text = String(cString: one)
            if !text.hasPrefix("TZ="), !text.hasPrefix("LC_ALL=") { variables.append(text) }
            next += 1
        }
        var list: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for one in list + environment { free(one) } }
        var process: pid_t = 0
        let failure = posix_spawn(&process, program, &actions, &attributes, &list, &environment)
        for descriptor in [stdin[0], stdout[1], stderr[1]] { close(descriptor) }
        if failure == 0, !input.isEmpty {
            let bytes = Array(input.utf8)
            _ = write(stdin[1], bytes, bytes.count)
        }
        close(stdin[1])
        guard failure == 0 else {
            close(stdout[0])
            close(stderr[0])
            throw HTTPFetch.Failure(why: "\(program) cannot be started: \(String(cString: strerror(failure)))")
        }
        for descriptor in [stdout[0], stderr[0]] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        return ChildProcess(process: process, output: stdout[0], errors: stderr[0])
    }

    /// The first line of its standard error so far; nil when it said nothing.
    func errorText() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        _ = StopSignal.poll([errors], until: SystemClock.monotonicSeconds + 0.2)
        let count = read(errors, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return buffer[..<count].split(separator: 10).first.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Ends it, if it hasn't ended itself: kindly, then by force.
    /// - Returns: its exit status; nil when a signal ended it.
    @discardableResult
    func end(patienceSeconds: Double = 2) -> Int32? {
        if let status { return Self.code(status) }
        close(output)
        close(errors)
        var raw: Int32 = 0
        let limit = SystemClock.monotonicSeconds + patienceSeconds
        var signal = SIGTERM
        while waitpid(process, &raw, WNOHANG) == 0 {
            if SystemClock.monotonicSeconds > limit { signal = SIGKILL }
            kill(-process, signal)
            usleep(10_000)
            // In the kernel's hands (a hung driver) not even SIGKILL helps: it is left behind.
            if SystemClock.monotonicSeconds > limit + 1 { break }
        }
        status = raw
        return Self.code(raw)
    }

    private static func code(_ raw: Int32) -> Int32? { raw & 0x7F == 0 ? (raw >> 8) & 0xFF : nil }

    deinit { end() }
}
