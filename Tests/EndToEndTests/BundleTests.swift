import Foundation
import Testing
import TidemarkTestSupport

/// Programs that read ZIP files and are not ours.
enum Unpacked {
    private static func has(_ arguments: [String]) -> Bool {
        (try? runProgram(URL(fileURLWithPath: "/usr/bin/env"), arguments))?.status == 0
    }

    static let hasUnzip = has(["unzip", "-v"])
    static let hasPython = has(["python3", "-c", "import zipfile"])

    static func unpack(_ file: String, to folder: String) throws {
        let command =
            hasUnzip ? ["unzip", "-q", file, "-d", folder] : ["python3", "-m", "zipfile", "-e", file, folder]
        let result = try runProgram(URL(fileURLWithPath: "/usr/bin/env"), command)
        #expect(result.status == 0, "\(command): \(result.errors)\(result.output)")
    }

    static func check(_ file: String) throws {
        if hasUnzip {
            let result = try runProgram(URL(fileURLWithPath: "/usr/bin/env"), ["unzip", "-tq", file])
            #expect(result.status == 0 && result.output.contains("No errors"), "\(result.output)\(result.errors)")
        }
        if hasPython {
            let result = try runProgram(URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-m", "zipfile", "-t", file])
            #expect(result.status == 0 && !result.output.contains("corrupt"), "\(result.output)\(result.errors)")
        }
    }
}

@Suite struct BundleTests {
    @Test("a bundle opens with other programs, lists its files truly, and its database says the same")
    func bundle() throws {
        try #require(Unpacked.hasUnzip || Unpacked.hasPython, "unzip or python3 is needed")
        let folder = try TemporaryFolder()
        let database = try analysedIncident(folder)
        let file = folder.path("one.zip")
        let made = try runTidemark(["bundle", "--db", database, "--out", file])
        #expect(made.status == 0 && made.output.contains("replaced by tokens"), "\(made.errors)")
        // Not over one that is there, and the same bytes again.
        let before = try Data(contentsOf: URL(fileURLWithPath: file))
        let refused = try runTidemark(["bundle", "--db", database, "--out", file])
        #expect(refused.status == 73 && refused.errors.contains("--force"), "\(refused.errors)")
        let forced = try runTidemark(["bundle", "--db", database, "--out", file, "--force", "--quiet"])
        #expect(forced.status == 0 && forced.output.isEmpty, "\(forced.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path("")).allSatisfy { !$0.hasSuffix(".part") })

        try Unpacked.check(file)
        try Unpacked.unpack(file, to: folder.path("out"))
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).first)
        let out = folder.path("out/" + name)
        let manifest = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: out + "/manifest.json")))
                as? [String: Any])
        #expect(manifest["redacted"] as? Bool == true && manifest["format"] as? String == "tidemark-bundle/1")
        let files = try #require(manifest["files"] as? [[String: Any]])
        let paths = Set(files.compactMap { $0["path"] as? String })
        for path in ["index.html", "report.md", "report.json", "tidemark.sqlite", "csv/findings.csv"] {
            #expect(paths.contains(path), "\(path)")
        }
        let there = try RedactionTests.files(out).map(\.path).filter { $0 != "manifest.json" }
        #expect(Set(there) == paths)
        for one in files {
            let path = try #require(one["path"] as? String)
            let sum = try runProgram(URL(fileURLWithPath: "/usr/bin/env"), ["sha256sum", out + "/" + path])
            #expect(sum.output.hasPrefix(try #require(one["sha256"] as? String)), "\(path)")
        }

        // The part of the database says what the whole one does, and its report is the same page.
        let part = out + "/tidemark.sqlite"
        let whole = try runTidemark(["diagnose", "--db", database, "--redact", "--format", "json"])
        let again = try runTidemark(["diagnose", "--db", part, "--format", "json"])
        #expect(again.status == 0 && again.output == whole.output, "\(again.errors)")
        let report = try runTidemark(["report", "--db", part, "--out", folder.path("again"), "--quiet"])
        #expect(report.status == 0, "\(report.errors)")
        let page = try String(contentsOfFile: folder.path("again/index.html"), encoding: .utf8)
        #expect(page.contains("Redacted: hosts"))
        let more = try runTidemark(["ingest", fixture("incident/nvidia-smi.csv").path, "--db", part])
        #expect(more.status == 64 && more.errors.contains("out of a bundle"), "\(more.errors)")
        let merged = try runTidemark(["merge", part, "--db", folder.path("merged.sqlite")])
        #expect(merged.status == 64, "\(merged.errors)")
        let integrity = try runTidemark(["sql", "PRAGMA integrity_check", "--db", part])
        #expect(integrity.output.contains("ok"), "\(integrity.output)\(integrity.errors)")
    }

    @Test("a bundle with names says so, and what makes no sense is refused")
    func names() throws {
        try #require(Unpacked.hasUnzip || Unpacked.hasPython, "unzip or python3 is needed")
        let folder = try TemporaryFolder()
        let database = try analysedIncident(folder)
        let made = try runTidemark(["bundle", "--db", database, "--out", folder.path("names.zip"), "--no-redact"])
        #expect(made.status == 0 && made.output.contains("NOT REDACTED"), "\(made.errors)")
        try Unpacked.unpack(folder.path("names.zip"), to: folder.path("names"))
        let page = try String(contentsOfFile: folder.path("names/tidemark-incident/index.html"), encoding: .utf8)
        #expect(page.contains("server") && !page.contains("Redacted: hosts"))
        for arguments in [
            ["--period", "nobody"], ["--max-size", "3"], ["--max-size", "huge"],
            ["--no-redact", "--salt-file", database],
        ] {
            let refused = try runTidemark(["bundle", "--db", database, "--out", folder.path("x.zip")] + arguments)
            #expect(refused.status == 64, "\(arguments): \(refused.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder.path("x.zip")))
        }
        // Less room: the evidence goes, the results stay.
        let tight = try runTidemark(["bundle", "--db", database, "--out", folder.path("x.zip"), "--max-size", "1MB"])
        #expect(tight.status == 64 && tight.errors.contains("--max-size"), "\(tight.errors)")
        let small = try runTidemark([
            "bundle", "--db", database, "--out", folder.path("small.zip"), "--max-size", "3500kB",
        ])
        #expect(small.status == 0, "\(small.errors)")
        try Unpacked.unpack(folder.path("small.zip"), to: folder.path("small"))
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.path("small")).first)
        let manifest = try String(contentsOfFile: folder.path("small/\(name)/manifest.json"), encoding: .utf8)
        #expect(manifest.contains("\"evidence\": {\"start\": null, \"end\": null}"))
        let part = folder.path("small/\(name)/tidemark.sqlite")
        let counts = try runTidemark([
            "sql", "SELECT (SELECT count(*) FROM chunk) + (SELECT count(*) FROM log_event)", "--db", part,
        ])
        #expect(counts.output.contains("0"), "\(counts.output)\(counts.errors)")
        let again = try runTidemark(["diagnose", "--db", part, "--format", "json"])
        #expect(again.output.contains("kv_cache_limit"), "\(again.errors)")
        let missing = try runTidemark(["bundle", "--db", folder.path("nothing.sqlite"), "--out", folder.path("x.zip")])
        #expect(missing.status == 66, "\(missing.errors)")
    }
}
