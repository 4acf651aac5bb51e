import Foundation
import Testing
import TidemarkTestSupport

/// Names planted wherever evidence may hold one, and every file of every output searched for them.
@Suite struct RedactionTests {
    /// Each stands in the evidence once as it is; none may be in what is redacted. All are in lower case.
    static let planted = [
        "198.51.100.77", "2001:db8::77", "203.0.113.88", "203.0.113.99", "mrkhost-args", "mrkalice", "mrkkey",
        "mrknode-12",
        "mrkbob", "mrktenant", "mrkmail", "mrkmodelfile", "mrkurlhost", "mrktok", "mrkprompt", "mrkreq", "mrksvc",
        "mrkattr", "mrktracepath", "mrkspanhost", "mrkinstance", "mrkcustomer", "mrkunknownlabel", "mrkpod",
        "mrkgwuser",
        "mrkroute", "mrkquery", "mrkedge", "mrkcase", "mrkfolder", "mrklogname", "mrkrouteerror", "mrklora", "mrkuid",
        "mrkexception", "mrkunknownfile", "mrkhostnode", "mrkgpuhost",
    ]

    /// What is not in a database even before it is redacted: taken out when the evidence is read.
    static let neverStored: Set<String> = ["mrkquery", "mrktok", "mrkgwuser"]

    static func evidence(_ folder: TemporaryFolder) throws -> String {
        let input = folder.path("mrkcase")
        let incident = fixture("incident").path
        let log = try text(ofGzip: incident + "/server.log.gz")
        var lines = log.replacingOccurrences(of: "'host': '127.0.0.1'", with: extraArguments)
            .replacingOccurrences(of: "INFO:     127.0.0.1:", with: "INFO:     198.51.100.77:")
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let place = try #require(lines.firstIndex { $0.contains("17:32:") })
        lines.insert(contentsOf: planting.split(separator: "\n").map(String.init), at: place)
        try folder.write(lines.joined(separator: "\n"), to: "mrkcase/mrkfolder/mrklogname.log")
        let dump = try text(ofGzip: incident + "/tsdb-dump.txt.gz")
        let labels =
            "customer=\"mrkcustomer\", Hostname=\"mrkhostnode-3\", instance=\"mrkinstance.internal:8010\", job=\"vllm\", "
            + "odd=\"mrkunknownlabel-9\", pod=\"mrkpod-7d9f8-x2x4z\", user_id=\"mrkuid\""
        try folder.write(
            dump.replacingOccurrences(of: "instance=\"127.0.0.1:8010\", job=\"vllm\"", with: labels),
            to: "mrkcase/tsdb-dump.txt")
        try FileManager.default.copyItem(atPath: incident + "/nvidia-smi.csv", toPath: input + "/nvidia-smi.csv")
        let traces = try String(contentsOf: fixture("traces/otlp_vllm_0.33.jsonl"), encoding: .utf8)
            .replacingOccurrences(of: "vllm-acme", with: "mrksvc-inference")
            .replacingOccurrences(of: "\"stringValue\":\"opentelemetry\"", with: "\"stringValue\":\"mrkattrvalue\"")
            .replacingOccurrences(of: "/usr/local/lib/", with: "/home/mrktracepath/lib/")
            .replacingOccurrences(of: "\"vllm.process_id\"", with: "\"host.name\"")
            .replacingOccurrences(of: "{\"stringValue\":\"13665\"}", with: "{\"stringValue\":\"mrkspanhost\"}")
        try folder.write(traces, to: "mrkcase/traces.jsonl")
        var gateway = ""
        for number in 1...60 {
            let time = "17:31:\(String(format: "%02d", number % 60))"
            let id = "lg-\(String(format: "%06d", number))"
            gateway += "203.0.113.99 - mrkgwuser [23/Nov/2026:\(time) +0000] "
            gateway += "\"POST /mrkroute/v1/chat/completions?key=mrkquery HTTP/1.1\" \(number % 10 == 0 ? 499 : 200) 9 "
            gateway += "\"-\" \"-\" rt=\(number).500 request_id=\(id)\n"
        }
        try folder.write(gateway, to: "mrkcase/mrkedge-gw.log")
        try folder.write("no format claims this\n", to: "mrkcase/mrkunknownfile.dat")
        return input
    }

    private static let extraArguments =
        "'host': 'mrkhost-args.corp', 'ssl_keyfile': '/home/mrkalice/keys/mrkkey.pem', "
        + "'lora_modules': ['mrklora=/data/mrklora'], 'root_path': '/mrkroute'"

    /// Lines of a log: errors, a request with its prompt, an exception, requests for a route nobody has.
    private static let planting = """
        (APIServer pid=19695) ERROR 11-23 17:31:59 [serving.py:88] Cannot reach mrknode-12.lan at 203.0.113.88:9000 or [2001:db8::77]:9000 \
        for user=mrkbob, tenant="mrktenant", mail mrkmail@example.org, file /home/mrkalice/models/mrkmodelfile.bin, \
        see https://mrkurlhost.example.com:8443/a?token=mrktok123456 and mrkpod-7d9f8-x2x4z on MRKINSTANCE.internal
        (APIServer pid=19695) INFO 11-23 17:31:59 [logger.py:39] Received request chatcmpl-mrkreq-77: prompt: 'mrkprompt of a person', \
        params: SamplingParams(n=1, max_tokens=16), prompt_token_ids: [1, 2, 3], lora_request: None.
        (APIServer pid=19695) WARNING 11-23 17:31:59 [serving.py:90] invalid request: {'messages': [{'role': 'user', 'content': 'mrkprompt again'}]}
        (APIServer pid=19695) ERROR 11-23 17:31:59 [serving.py:91] Traceback (most recent call last):
        (APIServer pid=19695) ERROR 11-23 17:31:59 [serving.py:91]   File "/home/mrkalice/venv/lib/python3.12/site-packages/vllm/x.py", line 3, in y
        (APIServer pid=19695) ERROR 11-23 17:31:59 [serving.py:91] ValueError: hostname='mrkexception-gpuhost' is not known to mrkgpuhost.internal
        INFO:     198.51.100.77:40000 - "POST /mrkrouteerror/v1/completions HTTP/1.1" 404 Not Found
        """

    static func text(ofGzip path: String) throws -> String {
        let result = try runProgram(URL(fileURLWithPath: "/usr/bin/env"), ["gzip", "-dc", path])
        try #require(result.status == 0, "\(result.errors)")
        return result.output
    }

    /// Every file below a folder: its path there, and its bytes in lower case.
    static func files(_ folder: String) throws -> [(path: String, text: String)] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
        return try names.compactMap { name in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder),
                !isFolder.boolValue
            else { return nil }
            let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
            return (name, String(decoding: data.map { $0 &- 65 < 26 ? $0 | 0x20 : $0 < 128 ? $0 : 63 }, as: UTF8.self))
        }
    }

    private func expectNone(in folder: String, _ what: String) throws {
        for file in try Self.files(folder) {
            for name in Self.planted {
                #expect(!file.path.lowercased().contains(name), "\(what): \(name) in the path \(file.path)")
                if let found = file.text.range(of: name) {
                    let around = file.text[found.lowerBound...].prefix(80)
                    Issue.record("\(what): \(file.path) holds \(name): …\(around)")
                }
            }
        }
    }

    @Test("no planted name is in any file of a redacted report, document, table, answer or bundle")
    func nothingLeaks() throws {
        let folder = try TemporaryFolder()
        let database = folder.path("names.sqlite")
        let run = try runTidemark([
            "run", try Self.evidence(folder), "--db", database, "--out", folder.path("plain"), "--keep-prompts",
            "--keep-access-rows", "--quiet",
        ])
        #expect(run.status == 0, "\(run.errors)")
        // The markers are where they may leak from: else the search below would find nothing for nothing.
        let raw = String(
            decoding: try Data(contentsOf: URL(fileURLWithPath: database)).map {
                $0 &- 65 < 26 ? $0 | 0x20 : $0 < 128 ? $0 : 63
            },
            as: UTF8.self)
        for name in Self.planted where !Self.neverStored.contains(name) {
            #expect(raw.contains(name), "\(name) was never in the database")
        }

        for format in ["html", "markdown", "json", "csv"] {
            let out = folder.path("redacted/" + format)
            let made = try runTidemark(["report", "--db", database, "--redact", "--format", format, "--out", out])
            #expect(made.status == 0, "\(made.errors)")
        }
        let diagnosis = try runTidemark(["diagnose", "--db", database, "--redact", "--format", "json"])
        try folder.write(diagnosis.output, to: "redacted/diagnosis.json")
        let bundle = try runTidemark(["bundle", "--db", database, "--out", folder.path("redacted/bundle.zip")])
        #expect(bundle.status == 0, "\(bundle.errors)")
        try expectNone(in: folder.path("redacted"), "as written")
        try Unpacked.unpack(folder.path("redacted/bundle.zip"), to: folder.path("unpacked"))
        try expectNone(in: folder.path("unpacked"), "bundle")

        // Said on the first screen; the same token in page, table and answer.
        let page = try String(contentsOfFile: folder.path("redacted/html/index.html"), encoding: .utf8)
        let head = try #require(page.range(of: "</header>")).lowerBound
        #expect(page[..<head].contains("Redacted: hosts"))
        let document = try String(contentsOfFile: folder.path("redacted/markdown/report.md"), encoding: .utf8)
        #expect(document.contains("> Redacted: hosts"))
        let findings = try String(contentsOfFile: folder.path("redacted/html/csv/findings.csv"), encoding: .utf8)
        let replica = try #require(findings.split(separator: "\r\n").dropFirst().first?.split(separator: ",").last)
            .description
        #expect(replica.hasPrefix("h-"), "\(replica)")
        for text in [page, document, diagnosis.output] { #expect(text.contains(replica)) }
    }

    @Test("tokens follow from the key: the same for the same key, others for another")
    func keys() throws {
        let folder = try TemporaryFolder()
        let database = try analysedIncident(folder, name: "names.sqlite")
        func document(_ arguments: [String]) throws -> String {
            let made = try runTidemark(["report", "--db", database, "--format", "markdown", "--out", "-"] + arguments)
            #expect(made.status == 0, "\(made.errors)")
            return made.output
        }
        let first = try document(["--redact"])
        #expect(try document(["--redact"]) == first)
        let one = try folder.write("a key of more than sixteen bytes", to: "one")
        let two = try folder.write("another key of more than sixteen bytes", to: "two")
        let salted = try document(["--redact", "--salt-file", one])
        #expect(salted != first)
        #expect(try document(["--redact", "--salt-file", two]) != salted)
        let short = try folder.write("short", to: "short")
        for arguments in [["--redact", "--salt-file", short], ["--salt-file", one]] {
            let refused = try runTidemark(
                ["report", "--db", database, "--format", "markdown", "--out", "-"] + arguments)
            #expect(refused.status == 64, "\(refused.errors)")
        }
        // Chinese as well, with the notice in it.
        #expect(try document(["--redact", "--lang", "zh-Hant"]).contains("已遮蔽"))
    }

    @Test("pages of weeks are redacted by the configuration, their database is not")
    func weeks() throws {
        let folder = try TemporaryFolder()
        let configuration = try folder.write(
            """
            name: mrkfleet
            inputs:
              - paths: \(fixture("incident/server.log.gz").path)
                instance: mrkweek-1
            output:
              folder: pages
              database: names.sqlite
              title: Serving
              redact: true
            """, to: "tidemark.yaml")
        let run = try runTidemark(["run", "--config", configuration, "--now", "2026-12-02T00:00:00Z", "--quiet"])
        #expect(run.status == 0, "\(run.errors)")
        let raw = try Data(contentsOf: URL(fileURLWithPath: folder.path("names.sqlite")))
        #expect(raw.range(of: Data("mrkweek-1".utf8)) != nil && raw.range(of: Data("mrkfleet".utf8)) != nil)
        let pages = try Self.files(folder.path("pages"))
        #expect(pages.contains { $0.path == "weeks/2026-W48/index.html" })
        for page in pages {
            #expect(!page.text.contains("mrkweek") && !page.text.contains("mrkfleet"), "\(page.path)")
            if page.path.hasSuffix("index.html") { #expect(page.text.contains("redacted: hosts"), "\(page.path)") }
        }
    }

    @Test("a redacted report is not written beside what it hides")
    func notBesideNames() throws {
        let folder = try TemporaryFolder()
        let run = try runTidemark(["run", fixture("incident").path, "--out", folder.path("plain"), "--quiet"])
        #expect(run.status == 0, "\(run.errors)")
        let database = folder.path("plain/tidemark.sqlite")
        let refused = try runTidemark(["report", "--db", database, "--redact", "--out", folder.path("plain")])
        #expect(refused.status == 64 && refused.errors.contains("beside"), "\(refused.errors)")
        let both = try runTidemark(["run", fixture("incident").path, "--redact", "--out", folder.path("other")])
        #expect(both.status == 64 && both.errors.contains("--db"), "\(both.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("other")))
        // A second time into its own folder is no harm.
        for _ in 1...2 {
            let again = try runTidemark([
                "report", "--db", database, "--redact", "--out", folder.path("own"), "--quiet",
            ])
            #expect(again.status == 0, "\(again.errors)")
        }
        let link = try String(contentsOfFile: folder.path("own/index.html"), encoding: .utf8)
        #expect(!link.contains("href=\"tidemark.sqlite\""))
    }
}
