import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

/// A year of `tidemark run --config` from cron, with virtual dates.
@Suite(.serialized) struct YearOfWeeksTests {
    private static func configuration(_ inputs: [String]) -> String {
        """
        name: acme
        inputs:
        \(inputs.map { "  - paths: \($0)/metrics/*.dump\n  - paths: \($0)/server.log*\n    instance: server" }.joined(separator: "\n"))
        output: {folder: out, database: fleet.sqlite}
        keep: 90d
        windows: {history_weeks: 2}
        slo: {ttft_p95_s: 1}
        prices: {gpu_hour: 2}
        """
    }

    /// Every file below a folder with its bytes.
    private static func files(_ folder: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            var isFolder: ObjCBool = false
            let path = folder + "/" + name
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
                continue
            }
            found[name] = try Data(contentsOf: URL(fileURLWithPath: path))
        }
        return found
    }

    private static func start(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = tidemarkBinary
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    @Test(
        "a year of weekly runs with kills, missed weeks, rotated logs and pruning ends as one clean run over everything"
    )
    func year() throws {
        let folder = try TemporaryFolder()
        let weeks = 52
        var year = SyntheticYear(folder, silent: [20, 21], seed: 11)
        var log = RotatedLog(folder, live: "cron/in", archive: "archive")
        let config = try folder.write(Self.configuration(["in"]), to: "cron/tidemark.yaml")
        var random = SeededRandom(seed: 12)
        var (kills, runs, missed) = (0, 0, 0)
        func arguments(_ config: String, _ nowMs: Int64) -> [String] {
            ["run", "--config", config, "--quiet", "--now", CivilTime.rfc3339(nowMs)]
        }
        for week in 0..<weeks {
            let text = try year.write(week, to: "cron/in")
            if let text { try log.append(text) }
            // In some weeks the machine was off.
            let isLast = week == weeks - 1
            if !isLast, week > 0, random.uniform() < 0.35, missed < 20 {
                missed += 1
            } else {
                let now = SyntheticYear.monday(week + 1) + 6 * 3_600_000
                while kills < 20, random.uniform() < 0.3 {
                    let process = try Self.start(arguments(config, now))
                    usleep(UInt32.random(in: 10_000...600_000, using: &random))
                    kill(process.processIdentifier, SIGKILL)
                    process.waitUntilExit()
                    if process.terminationReason == .uncaughtSignal { kills += 1 }
                }
                let result = try runTidemark(arguments(config, now))
                #expect(result.status == 0, "week \(week): \(result.errors)")
                runs += 1
            }
            // logrotate comes after the job, or before the next one: the job finds both.
            if week % 2 == 0 { try log.rotate() }
        }
        #expect(kills >= 5 && missed >= 4, "\(kills) kills, \(missed) weeks missed, \(runs) runs")

        // One clean run over all files, in the state in which rotation left them.
        let files = FileManager.default
        try files.createDirectory(atPath: folder.path("clean"), withIntermediateDirectories: true)
        try files.copyItem(atPath: folder.path("cron/in"), toPath: folder.path("clean/in"))
        if let old = try? files.contentsOfDirectory(atPath: folder.path("archive")) {
            for name in old {
                try files.copyItem(atPath: folder.path("archive/" + name), toPath: folder.path("clean/in/" + name))
            }
        }
        let clean = try folder.write(Self.configuration(["in"]), to: "clean/tidemark.yaml")
        let now = SyntheticYear.monday(weeks) + 6 * 3_600_000
        let result = try runTidemark(arguments(clean, now))
        #expect(result.status == 0, "\(result.errors)")
        let expected = try Self.files(folder.path("clean/out"))
        let found = try Self.files(folder.path("cron/out"))
        #expect(found.keys.sorted() == expected.keys.sorted())
        for (name, bytes) in expected.sorted(by: { $0.key < $1.key }) where found[name] != bytes {
            let (a, b) = (
                String(decoding: found[name] ?? Data(), as: UTF8.self), String(decoding: bytes, as: UTF8.self)
            )
            let place =
                zip(a.utf8, b.utf8).enumerated().first { $0.element.0 != $0.element.1 }?.offset
                ?? min(a.utf8.count, b.utf8.count)
            func around(_ text: String) -> String {
                String(decoding: Array(text.utf8)[max(0, place - 80)..<min(text.utf8.count, place + 80)], as: UTF8.self)
            }
            Issue.record("\(name) differs at \(place):\n\(around(a))\n\(around(b))")
        }

        // What was pruned stays on the pages, and a silent week is a gap.
        let index = String(decoding: expected["index.html"] ?? Data(), as: UTF8.self)
        #expect(index.contains("2026-W02") && index.contains("2026-W53") && index.contains("no evidence"))
        #expect(expected["weeks/2026-W22/index.html"] == nil && expected["weeks/2026-W24/index.html"] != nil)
        let pruned = try runTidemark([
            "sql", "SELECT count(*) > 0, (SELECT count(*) FROM week) FROM rollup", "--db",
            folder.path("cron/fleet.sqlite"),
            "--format", "csv",
        ])
        #expect(pruned.output.contains("1,\(weeks - 2)"), "\(pruned.output)")

        // A run without news does nothing, a pruned and a present week can be rebuilt to the same bytes.
        let again = try runTidemark(["run", "--config", config, "--now", CivilTime.rfc3339(now)])
        #expect(again.errors.contains("0 weeks worked out, 0 pages written"), "\(again.errors)")
        for week in ["2026-W03", "2026-W50"] {
            let page = folder.path("cron/out/weeks/\(week)/index.html")
            try files.removeItem(atPath: page)
            let rebuilt = try runTidemark([
                "report", "--week", week, "--config", config, "--now", CivilTime.rfc3339(now), "--quiet",
            ])
            #expect(rebuilt.status == 0, "\(rebuilt.errors)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: page)) == expected["weeks/\(week)/index.html"], "\(week)")
        }
        #expect(try runTidemark(["report", "--week", "2026-W22", "--config", config]).status == 66)
        #expect(try runTidemark(["report", "--week", "2026-W54", "--config", config]).status == 64)
    }
}
