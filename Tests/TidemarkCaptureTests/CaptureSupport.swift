import Foundation
import TidemarkTestSupport

/// A process of a test, ended with it.
final class Running {
    let process = Process()
    private let place: TemporaryFolder
    private let output: Pipe?

    /// - Parameter readsPort: whether its first line of output is a port.
    init(_ program: String, _ arguments: [String], environment: [String: String] = [:], readsPort: Bool = false) throws {
        place = try TemporaryFolder()
        let errors = place.url.appendingPathComponent("err")
        FileManager.default.createFile(atPath: errors.path, contents: nil)
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: errors)
        output = readsPort ? Pipe() : nil
        process.standardOutput = output ?? FileHandle.nullDevice
        try process.run()
    }

    deinit { kill(SIGKILL) }

    func kill(_ signal: Int32) {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, signal)
    }

    /// - Returns: its exit status.
    func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    var port: Int {
        let line = output!.fileHandleForReading.availableData
        return Int(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    var errors: String { (try? String(contentsOfFile: place.path("err"), encoding: .utf8)) ?? "" }
}

let python = "/usr/bin/env"
let scrapeFile = fixture("incident/metrics-scrapes/metrics-1795455048656.txt.gz").path
let fakeSMI = fixture("capture/nvidia-smi").path

/// The server of `fixtures/capture/server.py`.
func startServer(_ file: String = scrapeFile, port: Int? = nil) throws -> (server: Running, url: String) {
    let server = try Running(
        python, ["python3", fixture("capture/server.py").path, file] + (port.map { [String($0)] } ?? []), readsPort: true)
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
        return !isFolder.boolValue && path.hasSuffix(suffix) && !path.split(separator: "/").contains { $0.hasPrefix(".") }
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
