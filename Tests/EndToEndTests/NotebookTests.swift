import Foundation
import Testing
import TidemarkReport
import TidemarkTestSupport

/// Jupyter, pandas and scikit-learn, as `scripts/notebooks.sh setup` installs them.
private let python = repositoryRoot.appendingPathComponent(".build/notebooks/bin/python")
// The list is copied when everything is installed.
private let hasPython = FileManager.default.fileExists(
    atPath: repositoryRoot.appendingPathComponent(".build/notebooks/installed.txt").path)
private let pythonHint: Comment = "needs the environment that scripts/notebooks.sh setup makes"

/// What a data scientist gets: `tidemark export notebooks`.
@Suite struct NotebookTests {
    /// Where the evidence of a small database comes from: a folder of `fixtures/` for each period.
    private static let incident = [
        "incident": ["incident/metrics-scrapes", "incident/server.log.gz", "incident/nvidia-smi.csv"],
        "usual": ["notebooks/before/server.log.gz", "notebooks/before/tsdb-dump.txt.gz"],
        "load": ["load-test/vllm_0.33.json"],
    ]
    /// Usual traffic, to which a capacity can be fitted soon.
    private static let usual = [
        "usual": ["notebooks/before/server.log.gz", "notebooks/before/tsdb-dump.txt.gz", "incident/nvidia-smi.csv"],
        "load": ["load-test/vllm_0.33.json"],
    ]

    private func database(_ folder: TemporaryFolder, of periods: [String: [String]] = Self.incident) throws -> String {
        for (name, files) in periods {
            try folder.write("{}", to: "evidence/\(name)/capture.json")
            let target = folder.url.appendingPathComponent("evidence/" + name)
            for file in files {
                let source = fixture(file)
                try FileManager.default.copyItem(
                    at: source, to: target.appendingPathComponent(source.lastPathComponent))
            }
        }
        let db = folder.path("small.sqlite")
        let done = try runTidemark(["ingest", folder.path("evidence"), "--db", db, "--quiet"])
        #expect(done.status == 0, "\(done.errors)")
        return db
    }

    private func export(_ db: String, to folder: String) throws {
        let done = try runTidemark(["export", "notebooks", folder, "--db", db, "--quiet"])
        #expect(done.status == 0 && done.errors.isEmpty, "\(done.errors)")
    }

    private func runPython(_ script: String, in folder: String) throws -> ProgramResult {
        try runProgram(python, ["-c", script], in: URL(fileURLWithPath: folder))
    }

    @Test("CSV tables with their columns and rows, a module, a manifest and notebooks, of which edited ones are kept")
    func folder() throws {
        let folder = try TemporaryFolder()
        let db = try database(folder)
        let target = folder.path("out/exploration")
        try export(db, to: target)
        let manifest = try json(target + "/tidemark-export.json")
        #expect(manifest["database"] as? String == URL(fileURLWithPath: db).resolvingSymlinksInPath().path)
        #expect(FileManager.default.isExecutableFile(atPath: manifest["program"] as? String ?? ""))
        let rows = try #require(manifest["rows"] as? [String: Int])
        for table in NotebookTable.all {
            let text = try String(contentsOfFile: "\(target)/csv/\(table.name).csv", encoding: .utf8)
            #expect(text.hasPrefix(table.columns.map(\.name).joined(separator: ",") + "\r\n"))
            #expect(rows[table.name] != nil)
        }
        for name in ["source", "engine_stat", "gpu_sample", "signal", "load_point", "series", "finding"] {
            #expect(rows[name, default: 0] > 0, "\(name)")
        }
        let samples = try String(contentsOfFile: target + "/csv/gpu_sample.csv", encoding: .utf8)
        #expect(samples.contains(",GPU 0,2026-11-23T17:30:43.651Z,"))
        #expect(samples.split(separator: "\r\n").count == rows["gpu_sample"]! + 1)
        let notebook = target + "/02-Real_Time_Metrics.ipynb"
        try Data("mine".utf8).write(to: URL(fileURLWithPath: notebook))
        let again = try runTidemark(["export", "notebooks", target, "--db", db])
        #expect(again.status == 0 && again.errors.contains("kept as they were"))
        #expect(try String(contentsOfFile: notebook, encoding: .utf8) == "mine")
    }

    @Test("CSV and database give the same frames with the promised dtypes", .enabled(if: hasPython, pythonHint))
    func loader() throws {
        let folder = try TemporaryFolder()
        let db = try database(folder)
        try export(db, to: folder.path("out"))
        let result = try runPython(
            """
            import os, pandas as pd, tidemark_data as td
            filled = 0
            for name, table in td.TABLES.items():
                frame = getattr(td, name)()
                for column in table.columns:
                    assert str(frame[column.name].dtype) == td.DTYPES[column.kind], (name, column, frame[column.name].dtype)
                os.environ["TIDEMARK_DB"] = \(literal(db))
                pd.testing.assert_frame_equal(frame, td.load(name), obj=name)
                del os.environ["TIDEMARK_DB"]
                filled += len(frame) > 0
            assert filled > 12, filled
            some = td.signal({"name": ["running_requests"], "instance": ["fleet"]})
            assert set(some["name"]) == {"running_requests"} and len(some) > 5
            wide = td.signals("running_requests", "kv_cache_usage_ratio")
            assert list(wide.columns) == ["kv_cache_usage_ratio", "running_requests"] and wide.index.tz is not None
            assert td.query("count(vllm:num_requests_running)", period="usual")["value"].tolist() == [1.0]
            assert td.sql("SELECT count(*) AS n FROM gpu_sample")["n"][0] == len(td.gpu_sample())
            try:
                td.load("signal", {"value": ["1"]})
            except KeyError:
                print("done")
            """, in: folder.path("out"))
        #expect(result.output == "done\n", "\(result.errors)")
    }

    @Test("hostile texts, times and numbers come back as they are", .enabled(if: hasPython, pythonHint))
    func hostile() throws {
        let folder = try TemporaryFolder()
        let db = try database(folder)
        let texts = """
            TEXTS = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "'quoted'", "''", "", "NA", "null", "NaN", "None", "a,b", 'say "hi"', "two\\nlines",
                     "cr\\r\\nlf", "lone\\rcr", "\\ttab", "<script>alert(1)</script>", "\\u001b[31mred", "\\U0001F600 漢字", "x" * 3000, "#", " space ", "1e999", "0x10"]
            """
        let prepare = try runPython(
            """
            import sqlite3
            \(texts)
            c = sqlite3.connect(\(literal(db)))
            source, instance = c.execute("SELECT source_id, instance_id FROM log_event LIMIT 1").fetchone()
            c.execute("DELETE FROM log_event")
            for i, text in enumerate(TEXTS):
                c.execute("INSERT INTO log_event(instance_id, source_id, line, lines, time_ms, kind, exception_type, message) VALUES (?, ?, ?, 1, ?, 'other', ?, ?)",
                          (instance, source, i, [1795455048656, None, 9 * 10**18, -(9 * 10**18)][i % 4], None if i % 2 else text, text))
            gpu, of = c.execute("SELECT instance_id, source_id FROM gpu_sample LIMIT 1").fetchone()
            c.execute("DELETE FROM gpu_sample")
            for i, value in enumerate([float("inf"), float("-inf"), 5e-324, 1.7976931348623157e308, 0.1 + 0.2, None]):
                c.execute("INSERT INTO gpu_sample(instance_id, source_id, time_ms, throttle_reasons, power_watts) VALUES (?, ?, ?, ?, ?)",
                          (gpu, of, 1795455048656 + i, [2**63 - 1, -2**63, None][i % 3], value))
            c.commit()
            """, in: folder.url.path)
        #expect(prepare.status == 0, "\(prepare.errors)")
        try export(db, to: folder.path("out"))
        let result = try runPython(
            """
            import math, pandas as pd, tidemark_data as td
            \(texts)
            events = td.log_event()
            assert events["message"].tolist() == TEXTS, [x for x in zip(events["message"], TEXTS) if x[0] != x[1]]
            assert [None if pd.isna(x) else x for x in events["exception_type"]] == [None if i % 2 else t for i, t in enumerate(TEXTS)]
            assert events["time_utc"].notna().tolist() == [i % 4 == 0 for i in range(len(TEXTS))]
            gpu = td.gpu_sample()
            assert gpu["power_watts"].tolist()[:5] == [math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1 + 0.2]
            assert pd.isna(gpu["power_watts"][5])
            assert [None if pd.isna(x) else int(x) for x in gpu["throttle_reasons"]] == [2**63 - 1, -2**63, None] * 2
            print("done")
            """, in: folder.path("out"))
        #expect(result.output == "done\n", "\(result.errors)")
    }

    @Test("a database without evidence gives tables without rows")
    func empty() throws {
        let folder = try TemporaryFolder()
        let db = try emptyDatabase(folder)
        try export(db, to: folder.path("out"))
        for table in NotebookTable.all where table.name != "source" {
            let text = try String(contentsOfFile: folder.path("out/csv/\(table.name).csv"), encoding: .utf8)
            #expect(text == table.columns.map(\.name).joined(separator: ",") + "\r\n")
        }
        let missing = try runTidemark(["export", "notebooks", folder.path("x"), "--db", folder.path("no.sqlite")])
        #expect(missing.status == 66)
        #expect(!FileManager.default.fileExists(atPath: folder.path("x")))
    }

    @Test(
        "the notebooks run to their end without the repository", .enabled(if: hasPython, pythonHint),
        arguments: [true, false])
    func execution(hasEvidence: Bool) throws {
        let folder = try TemporaryFolder()
        let db = hasEvidence ? try database(folder, of: Self.usual) : try emptyDatabase(folder)
        try export(db, to: folder.path("out"))
        let script = repositoryRoot.appendingPathComponent("scripts/notebooks.py").path
        let result = try runProgram(python, [script, "check", folder.path("out")])
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 4, "\(result.output)")
        guard hasEvidence else { return }
        // Pictures show that cells had something to say.
        for (line, pictures) in zip(lines, [1, 4, 5, 3]) {
            let words = line.split(separator: " ")
            let count = words.firstIndex(of: "pictures,").flatMap { Int(words[$0 - 1]) } ?? 0
            #expect(count >= pictures, "\(line)")
        }
    }

    @Test("what the program holds is what the repository shows")
    func sources() throws {
        let shown = repositoryRoot.appendingPathComponent("notebooks-export")
        let names = try FileManager.default.contentsOfDirectory(atPath: shown.path).filter { $0.hasSuffix(".ipynb") }
            .sorted()
        #expect(names == NotebookSources.all.map(\.name) && names.count == 4)
        var read = ""
        for (name, text) in NotebookSources.all {
            let executed = try json(shown.appendingPathComponent(name).path)
            let cells = try #require(executed["cells"] as? [[String: Any]])
            let held = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let heldCells = try #require(held["cells"] as? [[String: Any]])
            #expect(
                cells.map { $0["source"] as? [String] } == heldCells.map { $0["source"] as? [String] }, "make notebooks"
            )
            #expect(heldCells.allSatisfy { ($0["outputs"] as? [Any])?.isEmpty ?? true })
            #expect(
                cells.allSatisfy { $0["cell_type"] as? String != "code" || $0["execution_count"] is Int },
                "\(name) was not executed")
            read += heldCells.flatMap { $0["source"] as? [String] ?? [] }.joined()
        }
        let module = try String(contentsOf: shown.appendingPathComponent(NotebookExport.moduleName), encoding: .utf8)
        #expect(module == String(decoding: NotebookExport.module(), as: UTF8.self), "make notebooks")
        // Only tables that somebody reads are exported.
        for table in NotebookTable.all where table.name != "signal" {
            #expect(read.contains("td.\(table.name)("), "\(table.name)")
        }
    }

    @Test("both READMEs have the same commands and figures")
    func readmes() throws {
        func parts(_ name: String) throws -> (code: [String], rows: [[String]]) {
            let text = try String(contentsOf: repositoryRoot.appendingPathComponent(name), encoding: .utf8)
            let blocks = text.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            let rows = text.split(separator: "\n").filter { $0.hasPrefix("|") }.map { row in
                row.split { !$0.isASCII || !($0.isNumber || $0 == ".") }.map(String.init).filter {
                    $0.contains(where: \.isNumber)
                }.sorted()
            }
            return (blocks, rows)
        }
        let (english, chinese) = (try parts("README.md"), try parts("README.zh-Hant.md"))
        #expect(english.code == chinese.code)
        #expect(english.rows.count == chinese.rows.count)
        for (ours, theirs) in zip(english.rows, chinese.rows) { #expect(ours == theirs) }
    }

    private func emptyDatabase(_ folder: TemporaryFolder) throws -> String {
        let db = folder.path("empty.sqlite")
        let file = try folder.write("nothing that is evidence\n", to: "note.txt")
        #expect(try runTidemark(["ingest", file, "--db", db, "--quiet"]).status == 65)
        return db
    }

    private func json(_ path: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
        return try #require(object as? [String: Any])
    }

    /// A Python literal.
    private func literal(_ text: String) -> String { "'" + text.replacingOccurrences(of: "'", with: "\\'") + "'" }
}
