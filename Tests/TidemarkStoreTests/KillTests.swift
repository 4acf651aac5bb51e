import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

/// Starts the program and kills it after a while. True when it came to its end before.
private func runFor(_ micros: UInt32, _ arguments: [String], environment: [String: String] = [:]) throws -> Bool {
    let process = Process()
    process.executableURL = tidemarkBinary
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    usleep(micros)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return process.terminationReason == .exit && process.terminationStatus == 0
}

@Suite(.serialized) struct KillTests {
    /// A bit of everything that is read: rows, samples, spans.
    private static func evidence(_ folder: TemporaryFolder) throws -> String {
        let log = try InputStream(path: fixture("incident/server.log.gz").path).readAll(limit: 1 << 24)
        try folder.write(String(decoding: log, as: UTF8.self), to: "in/server.log")
        for (from, to) in [
            ("vllm-log/0.33.0/server.log", "replica-1.log"), ("vllm-log/0.6.6/server.log", "replica-2.log"),
            ("nvidia-smi/query_550.csv", "gpu.csv"), ("nvidia-smi/dmon_DT_550.txt", "dmon.txt"),
            ("kernel-log/journal_short.txt", "dmesg.txt"), ("traces/otlp_vllm_0.33.jsonl", "traces.jsonl"),
            ("promtool-dump/vllm.dump.txt", "dump.txt"),
        ] {
            try FileManager.default.copyItem(at: fixture(from), to: folder.url.appendingPathComponent("in/" + to))
        }
        for file in try FileManager.default.contentsOfDirectory(atPath: fixture("incident/metrics-scrapes").path)
            .sorted()
            .prefix(3)
        {
            try FileManager.default.copyItem(
                at: fixture("incident/metrics-scrapes/" + file), to: folder.url.appendingPathComponent("in/" + file))
        }
        return folder.path("in")
    }

    @Test("an ingest that is killed at hundreds of moments ends, run again, like a clean one")
    func ingest() throws {
        let folder = try TemporaryFolder()
        let input = try Self.evidence(folder)
        // Commits every few lines: most kills fall between two of them.
        let environment = ["TIDEMARK_COMMIT_BYTES": "6000"]
        let arguments = ["ingest", input, "--year", "2026", "--quiet", "--db"]
        let clean = folder.path("clean.sqlite")
        #expect(try runTidemark(arguments + [clean]).status == 0)
        let expected = try everything(in: try Store.open(path: clean))
        var random = SeededRandom(seed: 4)
        var (kills, ended, number) = (0, 0, 0)
        var broken = folder.path("broken-0.sqlite")
        let deadline = ContinuousClock.now + .seconds(40)
        while kills < 250, ContinuousClock.now < deadline {
            if try runFor(
                UInt32.random(in: 2_000...200_000, using: &random), arguments + [broken], environment: environment)
            {
                #expect(
                    difference(expected, try everything(in: try Store.open(path: broken))) == nil,
                    "after \(kills) kills")
                ended += 1
                number += 1
                broken = folder.path("broken-\(number).sqlite")
            } else {
                kills += 1
            }
        }
        #expect(try runTidemark(arguments + [broken]).status == 0)
        #expect(difference(expected, try everything(in: try Store.open(path: broken))) == nil, "after \(kills) kills")
        #expect(kills >= 100, "\(kills) kills, \(ended) came to their end before")
    }

    @Test("so does prune")
    func prune() throws {
        let folder = try TemporaryFolder()
        let input = try Self.evidence(folder)
        let source = folder.path("source.sqlite")
        #expect(try runTidemark(["ingest", input, "--year", "2026", "--quiet", "--db", source]).status == 0)
        let arguments = ["prune", "--keep", "2026-11-23T18:00:00Z", "--quiet", "--db"]
        let clean = folder.path("clean.sqlite")
        try FileManager.default.copyItem(atPath: source, toPath: clean)
        #expect(try runTidemark(arguments + [clean]).status == 0)
        let expected = try everything(in: try Store.open(path: clean))
        #expect(!(expected["rollup"] ?? []).isEmpty)
        var random = SeededRandom(seed: 5)
        let broken = folder.path("broken.sqlite")
        for round in 0..<8 {
            for file in [broken, broken + "-journal"] { try? FileManager.default.removeItem(atPath: file) }
            try FileManager.default.copyItem(atPath: source, toPath: broken)
            for _ in 0..<3 {
                _ = try runFor(UInt32.random(in: 5_000...120_000, using: &random), arguments + [broken])
                // A killed run leaves nothing that stops a reader.
                #expect(try runTidemark(["status", "--db", broken]).status == 0)
            }
            #expect(try runTidemark(arguments + [broken]).status == 0)
            #expect(difference(expected, try everything(in: try Store.open(path: broken))) == nil, "round \(round)")
        }
    }
}

@Suite struct LockTests {
    @Test("a second writer is told who holds the lock, or waits; a killed one holds nobody up")
    func lock() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("t.sqlite")
        let arguments = ["ingest", fixture("nvidia-smi").path, "--db", path]
        var lock: RunLock? = try RunLock(databasePath: path)
        for command in [arguments, ["prune", "--keep", "1d", "--db", path], ["merge", path, "--db", path]] {
            // Prune and merge look at the database first, and there is none yet.
            let result = try runTidemark(command)
            #expect(result.status == (command[0] == "ingest" ? 75 : 66), "\(command)")
            if command[0] == "ingest" {
                #expect(
                    result.errors.contains(
                        "another run holds the lock: process \(ProcessInfo.processInfo.processIdentifier) since 20"))
            }
        }
        let start = ContinuousClock.now
        #expect(try runTidemark(arguments + ["--wait", "0.5"]).status == 75)
        #expect(ContinuousClock.now - start >= .milliseconds(500))
        // Waits for ever, here until the lock is given back.
        let waiting = Process()
        waiting.executableURL = tidemarkBinary
        waiting.arguments = arguments + ["--quiet", "--wait"]
        try waiting.run()
        usleep(200_000)
        #expect(waiting.isRunning)
        withExtendedLifetime(lock) {}
        lock = nil
        waiting.waitUntilExit()
        #expect(waiting.terminationStatus == 0)
        #expect(!FileManager.default.fileExists(atPath: path + ".lock"))
        try folder.write("process 1 since 2020-01-01T00:00:00Z\n", to: "t.sqlite.lock")
        #expect(try runTidemark(arguments).status == 0)
        #expect(!FileManager.default.fileExists(atPath: path + ".lock"))
    }

    @Test("locks of one process exclude each other, also over a link to the database")
    func names() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("", to: "t.sqlite")
        try FileManager.default.createSymbolicLink(atPath: folder.path("link.sqlite"), withDestinationPath: path)
        var lock: RunLock? = try RunLock(databasePath: path)
        #expect(throws: TidemarkError.self) { try RunLock(databasePath: folder.path("link.sqlite")) }
        withExtendedLifetime(lock) {}
        lock = nil
        _ = try RunLock(databasePath: folder.path("link.sqlite"))
    }
}
