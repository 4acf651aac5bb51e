import Foundation
import TidemarkTestSupport

/// A process that goes on beside a test, ended with it.
///
/// Foundation's `Process` is for programs that end: it learns of an end from a socket that every child inherits, so one that
/// stays keeps all others, which are started meanwhile, from being seen to end. This one begins with nothing but its own files.
final class Running {
    private let place: TemporaryFolder
    private let process: pid_t
    private var status: Int32?

    init(_ program: String, _ arguments: [String]) throws {
        place = try TemporaryFolder()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, name) in [(Int32(1), "out"), (2, "err")] {
            posix_spawn_file_actions_addopen(&actions, descriptor, place.path(name), O_WRONLY | O_CREAT, 0o644)
        }
        // The thread that runs a test may block signals, and a child would begin with them blocked.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let bare =
            "for f in /proc/$$/fd/*; do f=${f##*/}; [ $f -gt 2 ] && [ $f -ne 255 ] && eval \"exec $f>&-\"; done; exec \"$@\""
        var list: [UnsafeMutablePointer<CChar>?] =
            (["bash", "-c", bare, "bash", program] + arguments).map { strdup($0) } + [nil]
        defer { for one in list { free(one) } }
        var made: pid_t = 0
        guard posix_spawnp(&made, "bash", &actions, &attributes, &list, environ) == 0 else { throw POSIXError(.ENOENT) }
        process = made
    }

    deinit {
        kill(SIGKILL)
        if status == nil { _ = wait() }
    }

    func kill(_ signal: Int32) {
        if status == nil { Foundation.kill(process, signal) }
    }

    /// - Returns: its exit status; that of the signal beyond 128.
    func wait() -> Int32 {
        var raw: Int32 = 0
        while status == nil, waitpid(process, &raw, 0) < 0, errno == EINTR {}
        let code = status ?? (raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F))
        status = code
        return code
    }

    /// The first line of its output, as a number.
    var port: Int {
        for _ in 0..<600 {
            if let text = try? String(contentsOfFile: place.path("out"), encoding: .utf8), text.hasSuffix("\n") {
                return Int(text.split(separator: "\n")[0]) ?? 0
            }
            usleep(50_000)
        }
        return 0
    }

    var errors: String { (try? String(contentsOfFile: place.path("err"), encoding: .utf8)) ?? "" }
}

let python = "/usr/bin/env"
let scrapeFile = fixture("incident/metrics-scrapes/metrics-1795455048656.txt.gz").path
let fakeSMI = fixture("capture/nvidia-smi").path

/// The server of `fixtures/capture/server.py`.
func startServer(_ file: String = scrapeFile, port: Int? = nil) throws -> (server: Running, url: String) {
    let server = try Running(
        python, ["python3", fixture("capture/server.py").path, file] + (port.map { [String($0)] } ?? []))
    return (server, "http://127.0.0.1:\(server.port)")
}

func waitUntil(seconds: Double = 20, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
        if try condition() { return true }
        usleep(50_000)
    }
    return try condition()
}

/// Visible files below a folder, relative paths, sorted.
func files(in folder: String, _ suffix: String = "") -> [String] {
    (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).filter { path in
        var isFolder: ObjCBool = false
        FileManager.default.fileExists(atPath: folder + "/" + path, isDirectory: &isFolder)
        return !isFolder.boolValue && path.hasSuffix(suffix)
            && !path.split(separator: "/").contains { $0.hasPrefix(".") }
    }.sorted()
}

/// A file's content, gunzipped by the system's gzip where it must be: an independent witness that it is whole.
func content(_ path: String) throws -> String {
    guard path.hasSuffix(".gz") else { return try String(contentsOfFile: path, encoding: .utf8) }
    let result = try runProgram(URL(fileURLWithPath: "/usr/bin/env"), ["gzip", "-dc", path])
    return result.status == 0 ? result.output : "damaged: \(result.errors)"
}

/// The copy of a log: its pieces behind one another.
func copy(_ folder: String, _ name: String) throws -> String {
    try files(in: folder).filter { $0.contains(name + ".") }.map { try content(folder + "/" + $0) }.joined()
}

/// A line of vLLM's statistics with a number in it, of now.
func statisticsLine(_ number: Int, zoneHours: Int = 0) -> String {
    let format = DateFormatter()
    format.timeZone = TimeZone(secondsFromGMT: zoneHours * 3600)
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "MM-dd HH:mm:ss"
    return
        "INFO \(format.string(from: Date())) [loggers.py:127] Engine 000: Avg prompt throughput: \(number).0 tokens/s, Avg generation throughput: 100.0 tokens/s, Running: 3 reqs, Waiting: 0 reqs, GPU KV cache usage: 12.5%, Prefix cache hit rate: 0.0%\n"
}

func append(_ text: String, to path: String) throws {
    if !FileManager.default.fileExists(atPath: path) { FileManager.default.createFile(atPath: path, contents: nil) }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
}
