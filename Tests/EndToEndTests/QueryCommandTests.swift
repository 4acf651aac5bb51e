import Foundation
import Testing
import TidemarkTestSupport

private let block = fixture("prometheus-tsdb").path

/// `query`, `export` and the SQLite extension as a user types them.
@Suite struct QueryCommandTests {
    private func query(_ arguments: String...) throws -> ProgramResult {
        try runTidemark(["query", "--tsdb", block] + arguments)
    }

    @Test("json is the envelope of Prometheus' HTTP API, byte for byte")
    func json() throws {
        let scalar = try query("--format", "json", "--time", "1795453500", "1e-7 * 2")
        #expect(
            scalar.output
                == "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1795453500,\"2e-07\"]}}\n")
        let range = try query(
            "--format", "json", "--start", "1795453500.5", "--end", "1795453510.5", "--step", "5s", "vector(1) / 0")
        #expect(
            range.output == "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},"
                + "\"values\":[[1795453500.500,\"+Inf\"],[1795453505.500,\"+Inf\"],[1795453510.500,\"+Inf\"]]}]}}\n")
        let text = try query("--format", "json", "--time", "1795453500", "\"a\\\"b\"")
        #expect(text.output.contains("\"resultType\":\"string\",\"result\":[1795453500,\"a\\\"b\"]"))
        let error = try query("--format", "json", "sum(up")
        #expect(error.status == 64)
        #expect(error.output.hasPrefix("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"1:"))
        let failed = try query("--format", "json", "--time", "1795453500", "up + on() up")
        #expect(failed.status == 65)
        #expect(failed.output.contains("\"errorType\":\"execution\""))
    }

    @Test("without times the answer is for the end of the data")
    func defaultTime() throws {
        let result = try query("count({__name__=~\"vllm:.+\"})")
        #expect(result.status == 0)
        #expect(result.output.contains("@2026-11-23T17:05:59"))
    }

    @Test("csv and svg are well-formed, several queries are answered, a leading minus is no option")
    func forms() throws {
        let csv = try query("--format", "csv", "--time", "1795453500", "up")
        let rows = csv.output.split(separator: "\r\n")
        #expect(rows.first == "time,unix_seconds,value,__name__,cluster,instance,job")
        #expect(rows.count > 2)
        let svg = try query("--format", "svg", "rate(vllm:e2e_request_latency_seconds_count[30s])")
        #expect(svg.status == 0)
        let parser = XMLTree(Data(svg.output.utf8))
        #expect(parser.isWellFormed && parser.elements["path", default: 0] > 10)
        #expect(svg.output.contains("prefers-color-scheme"))
        let two = try query("--time", "5", "-1 ^ 2", "1 + 1")
        #expect(two.output == "-1 @1970-01-01T00:00:05Z\n2 @1970-01-01T00:00:05Z\n")
    }

    @Test("mistakes are said with what to do")
    func mistakes() throws {
        #expect(try runTidemark(["query", "up", "--tsdb", "/nowhere"]).status == 66)
        #expect(try runTidemark(["query", "up", "--db", "/nowhere.sqlite"]).status == 66)
        #expect(try query("up", "--time", "yesterday").errors.contains("RFC 3339"))
        #expect(try query("up", "--step", "5s", "--time", "1").status == 64)
        #expect(try query("up", "--promql-compat", "4").status == 64)
    }

    @Test("logs and GPU captures can be asked for and exported as Prometheus data")
    func derived() throws {
        let folder = try TemporaryFolder()
        let db = folder.path("i.sqlite")
        #expect(try runTidemark(["ingest", fixture("incident").path, "--db", db, "--quiet"]).status == 0)
        let result = try runTidemark(["query", "max_over_time(server_log_kv_cache_usage_ratio[10m])", "--db", db])
        #expect(result.output.contains("job=\"server_log\""), "\(result)")
        let text = try runTidemark(["export", "openmetrics", "--db", db])
        #expect(text.output.hasSuffix("# EOF\n"))
        #expect(text.output.contains("# TYPE nvidia_smi_power_watts gauge"))
        let checked = folder.url.appendingPathComponent("x.openmetrics")
        try text.output.write(to: checked, atomically: true, encoding: .utf8)
        let check = try runTidemark(["check", "metrics", "--format", "openmetrics", checked.path])
        #expect(check.status == 0, "\(check.output.prefix(500))")
        let one = try runTidemark(["export", "openmetrics", "--db", db, "--match", "vllm:num_requests_running"])
        #expect(
            one.output.split(separator: "\n").allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("vllm:num_requests_r") })
        #expect(
            try runTidemark(["export", "tsdb", "--db", db, "--match", "nothing", "--out", folder.path("n")]).status
                == 65)
    }

    @Test("both spellings of a metric's name reach the same series")
    func spellings() throws {
        let folder = try TemporaryFolder()
        let db = folder.path("i.sqlite")
        #expect(try runTidemark(["ingest", block, "--db", db, "--quiet"]).status == 0)
        let colon = try runTidemark(["query", "sum(vllm:num_requests_running)", "--db", db])
        let underscore = try runTidemark(["query", "sum(vllm_num_requests_running)", "--db", db])
        #expect(colon.output == underscore.output && colon.output.contains("=>"))
    }

    private static let library = tidemarkBinary.deletingLastPathComponent()
        .appendingPathComponent("libTidemarkSQLite.so")

    @Test(
        "the extension brings the table `sample` to the sqlite3 shell and to Debian's python3",
        .enabled(
            if: FileManager.default.fileExists(atPath: library.path)
                && FileManager.default.isExecutableFile(atPath: "/usr/bin/sqlite3"),
            "needs `swift build --product TidemarkSQLite` and the sqlite3 shell"))
    func sqliteExtension() throws {
        let folder = try TemporaryFolder()
        let db = folder.path("i.sqlite")
        #expect(try runTidemark(["ingest", block, "--db", db, "--quiet"]).status == 0)
        let sql = "SELECT count(*), min(ts_ms), max(ts_ms) FROM sample"
        let own = try runTidemark(["sql", sql, "--db", db, "--format", "csv"])
        let shell = try runProgram(
            URL(fileURLWithPath: "/usr/bin/sqlite3"), ["-csv", "-cmd", ".load \(Self.library.path)", db, sql])
        #expect(
            own.output.split(separator: "\r\n").last == shell.output.split(whereSeparator: \.isNewline).last.map { $0 })
        let python = URL(fileURLWithPath: "/usr/bin/python3")
        guard FileManager.default.isExecutableFile(atPath: python.path) else { return }
        let script = """
            import sqlite3
            c = sqlite3.connect('\(db)')
            c.enable_load_extension(True)
            c.load_extension('\(Self.library.path)')
            print(c.execute('SELECT count(*) FROM sample WHERE series_id = 1 AND ts_ms >= 1795453500000').fetchone()[0])
            """
        let fromPython = try runProgram(python, ["-c", script])
        let fromOwn = try runTidemark([
            "sql", "SELECT count(*) FROM sample WHERE series_id = 1 AND ts_ms >= 1795453500000", "--db", db,
            "--format", "csv",
        ])
        #expect(fromPython.status == 0, "\(fromPython.errors)")
        #expect(fromOwn.output.hasSuffix(fromPython.output.trimmingCharacters(in: .newlines) + "\r\n"))
    }
}

/// Counts elements and tells whether a document is well-formed: every tag closed in order, attributes quoted.
private struct XMLTree {
    var isWellFormed = true
    var elements: [String: Int] = [:]

    init(_ data: Data) {
        var open: [String] = []
        var rest = Substring(String(decoding: data, as: UTF8.self))
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else {
                isWellFormed = false
                return
            }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                if open.popLast() != String(tag.dropFirst()) { isWellFormed = false }
                continue
            }
            let name = String(tag.prefix { !$0.isWhitespace && $0 != "/" })
            elements[name, default: 0] += 1
            if tag.filter({ $0 == "\"" }).count % 2 != 0 { isWellFormed = false }
            if !tag.hasSuffix("/") { open.append(name) }
        }
        if !open.isEmpty { isWellFormed = false }
    }
}
