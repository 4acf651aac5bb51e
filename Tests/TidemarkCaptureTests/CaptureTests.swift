import Foundation
import Testing
import TidemarkTestSupport

/// `tidemark capture` from its beginning to a report.
@Suite(.serialized) struct CaptureTests {
    @Test("a capture of two replicas, logs and GPUs becomes a report with the right owners")
    func whole() throws {
        let (first, firstURL) = try startServer()
        let (second, secondURL) = try startServer()
        defer { [first, second].forEach { $0.kill(SIGKILL) } }
        let folder = try TemporaryFolder()
        let out = folder.path("ev")
        // Two servers' logs are not alike: equal ones would be one stream, copied.
        let logs = [("a.log", 0), ("b.log", 100)]
        for (name, more) in logs { try append(statisticsLine(1 + more, zoneHours: 2), to: folder.path(name)) }
        let capture = try Running(
            tidemarkBinary.path,
            [
                "capture", "--metrics", "a=\(firstURL)/metrics", "--metrics", "b=\(secondURL)/metrics", "--every",
                "500ms",
                "--log", "a=\(folder.path("a.log"))", "--log", "b=\(folder.path("b.log"))", "--gpu-command", fakeSMI,
                "--gpu-every", "500ms", "--gpu-indexes", "a=0", "--gpu-indexes", "b=1", "--reserve", "0", "--out", out,
            ])
        for number in 2...12 {
            for (name, more) in logs { try append(statisticsLine(number + more, zoneHours: 2), to: folder.path(name)) }
            usleep(700_000)
        }
        // Another capture into the same folder is refused while this one runs.
        let refused = try runTidemark(["capture", "--metrics", firstURL, "--out", out, "--once"])
        #expect(refused.status == 75)
        capture.kill(SIGTERM)
        #expect(capture.wait() == 0, "\(capture.errors)")
        #expect(!FileManager.default.fileExists(atPath: out + "/.capture.lock"))

        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: out + "/capture.json")))
        let description = try #require(json as? [String: Any])
        let replicas = try #require(description["replicas"] as? [[String: Any]])
        #expect(replicas.map { $0["name"] as? String } == ["a", "b"])
        #expect(replicas[0]["version"] as? String == "0.11.2")
        #expect((replicas[0]["models"] as? [[String: Any]])?.first?["max_model_len"] as? Int == 8192)
        #expect(replicas[1]["gpu_indexes"] as? [Int] == [1])
        #expect(replicas[1]["instance"] as? String == String(secondURL.dropFirst(7)))
        // The zone was seen from outside: the log's stamps are two hours ahead.
        #expect(description["log_utc_offset_minutes"] as? Int == 120)

        let scrapes = files(in: out + "/a/metrics").count
        #expect((12...30).contains(scrapes))
        #expect(try copy(out + "/a", "a.log") == String(contentsOfFile: folder.path("a.log"), encoding: .utf8))
        let run = try runTidemark(["run", out, "--out", folder.path("r")])
        #expect(run.status == 0, "\(run.errors)")
        func sql(_ text: String) throws -> String {
            try runTidemark(["sql", text, "--db", folder.path("r/tidemark.sqlite"), "--format", "csv"]).output
                .split(separator: "\r\n").dropFirst().joined(separator: ";")
        }
        #expect(
            try sql("SELECT count(*) FROM source WHERE format = 'prometheus-text' AND path LIKE 'a/%'") == "\(scrapes)")
        #expect(
            try sql(
                "SELECT count(*), count(DISTINCT value) FROM sample JOIN series USING (series_id) WHERE name = 'test_serial' AND labels LIKE '%\(firstURL.dropFirst(7))%'"
            )
                == "\(scrapes),\(scrapes)")
        #expect(try sql("SELECT count(*) FROM engine_stat") == "24")
        #expect(try sql("SELECT count(*) FROM source WHERE status NOT IN ('read')") == "0")
        #expect(
            try sql("SELECT DISTINCT clock_method FROM source WHERE format LIKE 'nvidia%'")
                == "zone UTC from capture.json")
        // One server answered from the start to the end, and its log's times lie over its scrapes.
        #expect(try sql("SELECT min(value) FROM sample JOIN series USING (series_id) WHERE name = 'up'") == "1")
        #expect(
            try sql("SELECT abs((SELECT max(time_ms) FROM engine_stat) - (SELECT max(ts_ms) FROM sample)) < 5000")
                == "1")
        #expect(
            try sql("SELECT name, scrape_instance, joined_by FROM instance WHERE kind = 'engine' ORDER BY name")
                == "a,\(firstURL.dropFirst(7)),capture.json;b,\(secondURL.dropFirst(7)),capture.json")
        // Once more: nothing is new (a file that rests by now may be looked at once again).
        let again = try runTidemark(["run", out, "--out", folder.path("r")])
        #expect(again.errors.contains(" sources read, 0 records, 0 rejects"), "\(again.errors)")
    }

    @Test("killed at any moment and run again: each line and each scrape is there once")
    func kills() throws {
        let (server, url) = try startServer()
        defer { server.kill(SIGKILL) }
        let folder = try TemporaryFolder()
        let (out, log) = (folder.path("ev"), folder.path("server.log"))
        let arguments = [
            "capture", "--metrics", "a=\(url)/metrics", "--every", "100ms", "--log", log, "--gpu-command", fakeSMI,
            "--gpu-every",
            "100ms", "--max-size", "1MB", "--reserve", "0", "--out", out,
        ]
        var written = ""
        var number = 0
        var random = SystemRandomNumberGenerator()
        func write(_ lines: Int) throws {
            var text = ""
            for _ in 0..<lines {
                number += 1
                text += statisticsLine(number)
            }
            // A line may come in two parts.
            let cut = text.utf8.count - Int.random(in: 1...40, using: &random)
            try append(String(text.prefix(cut)), to: log)
            usleep(20_000)
            try append(String(text.dropFirst(cut)), to: log)
            written += text
        }
        var rotations = 0
        for round in 0..<14 {
            let capture = try Running(tidemarkBinary.path, arguments)
            let end = Date().addingTimeInterval(Double.random(in: 0.1...1.6, using: &random))
            while Date() < end {
                try write(Int.random(in: 1...40, using: &random))
                usleep(60_000)
            }
            if round % 3 == 1 {
                // While it runs: by renaming.
                rotations += 1
                try FileManager.default.moveItem(atPath: log, toPath: log + ".\(rotations)")
                try write(3)
            }
            capture.kill(SIGKILL)
            _ = capture.wait()
            if round % 4 == 2 {
                // While nothing runs: twice, so that a whole file lies between.
                for _ in 0..<2 {
                    try write(5)
                    rotations += 1
                    try FileManager.default.moveItem(atPath: log, toPath: log + ".\(rotations)")
                    usleep(20_000)
                }
                try write(2)
            }
        }
        #expect(try runTidemark(arguments + ["--once"]).status == 0)
        // The last line's second half may have come behind the last look: once more.
        #expect(try runTidemark(arguments + ["--once"]).status == 0)
        #expect(try copy(out + "/a", "server.log") == written, "seed-free: rounds of random length")
        #expect(rotations >= 6)
        for scrape in files(in: out + "/a/metrics") {
            let text = try content(out + "/a/metrics/" + scrape)
            #expect(text.hasSuffix("\n") && text.contains("up 1"), "\(scrape)")
        }
        let gpu = try files(in: out + "/gpu").map { try content(out + "/gpu/" + $0) }.joined()
        #expect(gpu.hasSuffix("\n"))
        let rows = gpu.split(separator: "\n")
        #expect(rows.count > 10)
        #expect(Set(rows.map { $0.split(separator: ",").count }).count == 1, "a torn row")
        #expect(Set(rows.filter { $0.hasPrefix("20") }).count == rows.count { $0.hasPrefix("20") }, "a doubled row")

        #expect(try runTidemark(["ingest", out, "--db", folder.path("x.sqlite"), "--quiet"]).status == 0)
        func sql(_ text: String) throws -> String {
            try runTidemark(["sql", text, "--db", folder.path("x.sqlite"), "--format", "csv"]).output
                .split(separator: "\r\n").dropFirst().joined(separator: ";")
        }
        #expect(
            try sql("SELECT count(*), count(DISTINCT prompt_tokens_per_second) FROM engine_stat")
                == "\(number),\(number)")
        let scrapes = files(in: out + "/a/metrics").count
        #expect(
            try sql(
                "SELECT count(*), count(DISTINCT value) FROM sample JOIN series USING (series_id) WHERE name = 'test_serial'"
            )
                == "\(scrapes),\(scrapes)")
        #expect(
            try sql(
                "SELECT count(*) FROM source WHERE status <> 'read' OR lines <> record_lines + noise_lines + reject_lines"
            ) == "0")
    }

    @Test("a log that is copied and truncated, deleted, or empty at first is followed")
    func copytruncate() throws {
        let folder = try TemporaryFolder()
        let (out, log) = (folder.path("ev"), folder.path("vllm"))
        let capture = try Running(tidemarkBinary.path, ["capture", "--log", log, "--reserve", "0", "--out", out])
        var written = ""
        func write(_ numbers: ClosedRange<Int>) throws {
            let text = numbers.map { statisticsLine($0) }.joined()
            try append(text, to: log)
            written += text
        }
        func isCopied() throws -> Bool { try copy(out + "/logs", "vllm.log") == written }
        usleep(1_200_000)
        try write(1...50)
        #expect(try waitUntil { try isCopied() })
        // logrotate's copytruncate, then a file that is soon longer than before.
        try FileManager.default.copyItem(atPath: log, toPath: log + ".1")
        truncate(log, 0)
        try write(51...200)
        #expect(try waitUntil { try isCopied() })
        truncate(log, 0)
        usleep(1_500_000)
        try write(201...210)
        #expect(try waitUntil { try isCopied() })
        try FileManager.default.removeItem(atPath: log)
        usleep(1_500_000)
        try write(211...220)
        #expect(try waitUntil { try isCopied() })
        capture.kill(SIGINT)
        #expect(capture.wait() == 0)
        #expect(try isCopied())
        #expect(capture.errors.contains("waited for"))
        #expect(capture.errors.contains("was emptied or rewritten"))
    }

    @Test("a server that goes away and comes back is asked less often, noted, and its absence is evidence")
    func outage() throws {
        let (first, url) = try startServer()
        let port = Int(url.split(separator: ":").last!)!
        let folder = try TemporaryFolder()
        let out = folder.path("ev")
        let capture = try Running(
            tidemarkBinary.path,
            ["capture", "--metrics", "a=\(url)/metrics", "--every", "200ms", "--reserve", "0", "--out", out])
        usleep(1_500_000)
        first.kill(SIGKILL)
        _ = first.wait()
        usleep(4_000_000)
        let (second, _) = try startServer(port: port)
        defer { second.kill(SIGKILL) }
        #expect(waitUntil { capture.errors.contains("answers again") })
        usleep(600_000)
        capture.kill(SIGTERM)
        #expect(capture.wait() == 0)
        #expect(capture.errors.components(separatedBy: "Connection refused").count == 2, "\(capture.errors)")
        let texts = try files(in: out + "/a/metrics").map { try content(out + "/a/metrics/" + $0) }
        let down = texts.filter { $0 == "# TYPE up gauge\nup 0\n" }.count
        // Every 200 ms would have been twenty.
        #expect((2...8).contains(down))
        #expect(texts.first?.contains("up 1") == true && texts.last?.contains("up 1") == true)
        #expect(try runTidemark(["ingest", out, "--db", folder.path("x.sqlite"), "--quiet"]).status == 0)
        let up = try runTidemark(["query", "min_over_time(up[1m])", "--db", folder.path("x.sqlite"), "--format", "csv"])
        #expect(up.output.contains(",0"), "\(up.output)")
    }

    @Test("the folder stays within its size: the oldest pieces go, the start of the log stays")
    func bounded() throws {
        let (server, url) = try startServer()
        defer { server.kill(SIGKILL) }
        let folder = try TemporaryFolder()
        let (out, log) = (folder.path("ev"), folder.path("server.log"))
        try append("(APIServer pid=1) INFO 11-28 10:00:00 [api_server.py:1] vLLM API server version 0.11.2\n", to: log)
        // Words that gzip makes little of.
        let noise = (0..<60_000).map { "INFO 11-28 10:00:01 [x.py:1] \(UInt64.random(in: 0...UInt64.max)) \($0)\n" }
            .joined()
        try append(noise, to: log)
        // What somebody else keeps there, as large as all that may be captured, and older.
        let foreign = ["models/weights.bin", "gpu/mine.csv", "a/notes.txt"].map { out + "/" + $0 }
        let words = String(repeating: "mine\n", count: 60_000) + "no line feed at the end"
        for path in foreign {
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
            try append(words, to: path)
        }
        let capture = try Running(
            tidemarkBinary.path,
            [
                "capture", "--metrics", "a=\(url)/metrics", "--every", "100ms", "--log", log, "--max-size", "1MB",
                "--reserve", "0", "--gpu-command", fakeSMI,
                "--out", out,
            ])
        func size() -> Int {
            files(in: out).filter { !foreign.contains(out + "/" + $0) }.reduce(0) { sum, file in
                var status = stat()
                return stat(out + "/" + file, &status) == 0 ? sum + Int(status.st_blocks) * 512 : sum
            }
        }
        var most = 0
        for _ in 0..<60 {
            usleep(100_000)
            most = max(most, size())
        }
        capture.kill(SIGTERM)
        #expect(capture.wait() == 0)
        #expect(capture.errors.contains("the oldest pieces go"))
        #expect(most <= 1_100_000, "\(most)")
        #expect(size() > 300_000)
        let pieces = try files(in: out + "/a").filter { $0.hasPrefix("server.log.") }.map {
            try content(out + "/a/" + $0)
        }
        #expect(pieces.first?.contains("version 0.11.2") == true)
        #expect(pieces.last?.hasSuffix(noise.suffix(200)) == true)
        #expect(files(in: out + "/a/metrics").count > 3)
        for path in foreign { #expect(try String(contentsOfFile: path, encoding: .utf8) == words, "\(path)") }

        // Going on with less to do keeps what was said of the rest.
        let zone = "\"gpu_utc_offset_minutes\": 0"
        #expect(try String(contentsOfFile: out + "/capture.json", encoding: .utf8).contains(zone))
        let again = try runTidemark([
            "capture", "--metrics", "a=\(url)/metrics", "--reserve", "0", "--once", "--out", out,
        ])
        #expect(again.status == 0)
        #expect(try String(contentsOfFile: out + "/capture.json", encoding: .utf8).contains(zone))
    }

    @Test("a disk without room is left alone, and the end of the time is an end")
    func reserve() throws {
        let (server, url) = try startServer()
        defer { server.kill(SIGKILL) }
        let folder = try TemporaryFolder()
        let result = try runTidemark(
            [
                "capture", "--metrics", "a=\(url)/metrics", "--reserve", "900TB", "--every", "200ms", "--for", "1s",
                "--out", folder.path("ev"),
            ])
        #expect(result.status == 0)
        #expect(result.errors.contains("stay free (--reserve)"))
        #expect(result.errors.components(separatedBy: "--reserve").count == 2, "said once")
        #expect(files(in: folder.path("ev")) == ["capture.json"])
    }

    @Test("a missing nvidia-smi is said and is no end; wrong words are usage")
    func words() throws {
        let (server, url) = try startServer()
        defer { server.kill(SIGKILL) }
        let folder = try TemporaryFolder()
        let out = folder.path("ev")
        let result = try runTidemark(
            ["capture", "--metrics", url, "--gpu-command", "no-such-smi", "--once", "--reserve", "0", "--out", out])
        #expect(result.status == 0)
        #expect(result.errors.contains("no-such-smi is not there"))
        #expect(try content(out + "/capture.json").contains("no-such-smi is not there"))
        for wrong in [
            [], ["--metrics", "ftp://x"], ["--metrics", url, "--every", "5x"],
            ["--metrics", url, "--metrics", url],
            ["--metrics", "gpu=\(url)"], ["--metrics", "../x=\(url)"],
            ["--metrics", url, "--max-size", "3"],
            ["--metrics", url, "--gpu-indexes", "z=0"],
        ] {
            #expect(try runTidemark(["capture", "--out", folder.path("y")] + wrong).status == 64, "\(wrong)")
        }
        #expect(try runTidemark(["capture", "--metrics", url, "--out", "/proc/nothing"]).status == 73)
        // What a person wrote into capture.json stays.
        let text = try content(out + "/capture.json").replacingOccurrences(
            of: "{\n  \"replicas\"", with: "{\"case\": \"night\", \"slo\": {\"ttft_p95_s\": 2},\n  \"replicas\"")
        try text.write(toFile: out + "/capture.json", atomically: true, encoding: .utf8)
        #expect(try runTidemark(["capture", "--metrics", url, "--once", "--reserve", "0", "--out", out]).status == 0)
        let after = try content(out + "/capture.json")
        #expect(after.contains("\"case\": \"night\"") && after.contains("\"slo\": {\"ttft_p95_s\": 2}"))
    }
}
