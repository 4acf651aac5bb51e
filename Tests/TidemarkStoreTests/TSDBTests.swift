import Foundation
import Testing
import TidemarkBase
import TidemarkFormats
import TidemarkIntake
import TidemarkSeries
import TidemarkStore
import TidemarkTestSupport

@testable import TidemarkPromQL

private let blockName = "01M84P04QS8MK0JNNCB5152P63"

/// Lines as `promtool tsdb dump` prints them (Prometheus 2.42: stale markers as NaN, no native histograms), sorted.
private func dump(_ source: any SeriesSource, _ matchers: [LabelMatcher] = []) throws -> [String] {
    var lines: [String] = []
    try source.select(matchers, startMs: .min, endMs: .max) { series in
        let labels = series.labels.pairs.map { "\($0.name)=\(quoted($0.value))" }.joined(separator: ", ")
        for index in 0..<series.count {
            lines.append("{\(labels)} \(goText(series.values[index])) \(series.timesMs[index])")
        }
    }
    return lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

private func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case "\t": out += "\\t"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out + "\""
}

private func sha256(_ lines: [String]) -> String {
    withBytes(of: lines.map { $0 + "\n" }.joined()) { SHA256.hex($0) }
}

private let blockDumpSHA256 = "8f168309e0fe7534ed4578c683f7ad2f9fe08030d12a10bc296cc0a6524f5207"

@Suite struct TSDBTests {
    /// A copy of the fixture block in a data folder, with one file changed.
    private func damaged(_ file: String, _ change: (inout Data) -> Void) throws -> (TemporaryFolder, String) {
        let folder = try TemporaryFolder()
        let data = folder.url.appendingPathComponent("data")
        try FileManager.default.copyItem(at: fixture("prometheus-tsdb"), to: data)
        let path = data.appendingPathComponent("\(blockName)/\(file)")
        var content = try Data(contentsOf: path)
        change(&content)
        try content.write(to: path)
        return (folder, data.path)
    }

    private func ingest(_ path: String, into folder: TemporaryFolder) throws -> (Store, [IngestOutcome]) {
        let store = try Store.create(path: folder.path("t.sqlite"))
        let ingestor = Ingestor(store, options: IngestOptions())
        try ingestor.ingest([path])
        return (store, ingestor.outcomes)
    }

    @Test("a block reads as promtool dumps it, as data folder and as single block, tombstones applied")
    func block() throws {
        for path in [fixture("prometheus-tsdb").path, fixture("prometheus-tsdb/\(blockName)").path] {
            let directory = try TSDBFolder.open(path: path)
            let lines = try dump(directory)
            #expect(lines.count == 17_025)
            #expect(sha256(lines) == blockDumpSHA256)
            #expect(directory.problems.isEmpty)
            #expect(directory.rangeMs == 1_795_453_440_243...1_795_453_559_982)
        }
    }

    @Test("chunks are stored as they stand in the file, and give the same samples")
    func stored() throws {
        let folder = try TemporaryFolder()
        let (store, outcomes) = try ingest(fixture("prometheus-tsdb").path, into: folder)
        #expect(outcomes.map(\.action) == [.read])
        #expect(outcomes[0].records == 17_025)
        #expect(sha256(try dump(StoreSeries(store, period: nil, spelling: .asStored))) == blockDumpSHA256)
        let segment = try Data(contentsOf: fixture("prometheus-tsdb/\(blockName)/chunks/000001"))
        let rows = try store.database.prepare("SELECT data, samples FROM chunk")
        var (same, all) = (0, 0)
        while try rows.step() {
            all += 1
            if segment.range(of: Data(rows.bytes(0))) != nil { same += 1 }
        }
        // Six series have deleted samples: only their chunks were made anew.
        #expect(all - same <= 12 && same > 150, "\(same) of \(all)")
        #expect(try store.database.int("SELECT sum(lines - record_lines - reject_lines) FROM source") == 0)
    }

    @Test("what was read is not read again, and a longer snapshot adds only what is new")
    func again() throws {
        let folder = try TemporaryFolder()
        let first = try ingest(fixture("prometheus-tsdb").path, into: folder)
        let ingestor = Ingestor(first.0, options: IngestOptions())
        try ingestor.ingest([fixture("prometheus-tsdb").path])
        #expect(ingestor.outcomes.map(\.action) == [.unchanged])
        // The same samples in a block of another name, as compaction leaves them.
        let compacted = folder.url.appendingPathComponent("prometheus-tsdb")
        try FileManager.default.createDirectory(at: compacted, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: fixture("prometheus-tsdb/\(blockName)"),
            to: compacted.appendingPathComponent("01M84P04QS8MK0JNNCB5152P64"))
        let second = Ingestor(first.0, options: IngestOptions())
        try second.ingest([compacted.path])
        #expect(second.outcomes.map(\.records) == [0])
        #expect(sha256(try dump(StoreSeries(first.0, period: nil, spelling: .asStored))) == blockDumpSHA256)
    }

    @Test("a damaged chunk is one reject with file and offset; the others are read")
    func damagedChunk() throws {
        let (folder, path) = try damaged("chunks/000001") { $0[2000] ^= 0x40 }
        let (store, outcomes) = try ingest(path, into: folder)
        #expect(outcomes[0].rejects == 1)
        #expect((16_800..<17_025).contains(outcomes[0].records))
        let reason = try store.database.text("SELECT reason FROM reject")
        #expect(reason?.contains("chunks/000001") == true && reason?.contains("checksum") == true)
        let offset = try #require(try store.database.int("SELECT offset_bytes FROM reject"))
        #expect(offset <= 2000 && offset > 1500)
        #expect(try store.database.int("SELECT sum(lines - record_lines - reject_lines) FROM source") == 0)
        let asked = try runTidemark(["query", "count(up)", "--tsdb", path, "--time", "1795453500"])
        #expect(asked.status == 0)
    }

    @Test("a truncated segment, index, or missing meta.json: what is sound is read")
    func truncations() throws {
        let (a, segment) = try damaged("chunks/000001") { $0.removeLast($0.count / 2) }
        let half = try ingest(segment, into: a)
        #expect(half.1[0].records > 3000 && half.1[0].records < 14_000)
        #expect(half.1[0].rejects > 10)
        let (b, index) = try damaged("index") { $0.removeLast(60) }
        let cut = try ingest(index, into: b)
        #expect(cut.1[0].records == 17_025)
        #expect(cut.1[0].rejects == 1)
        let (c, entry) = try damaged("index") { $0[4096] ^= 1 }
        let one = try ingest(entry, into: c)
        #expect(one.1[0].records < 17_025 && one.1[0].records > 16_000)
        let (d, meta) = try damaged("meta.json") { $0 = Data("{".utf8) }
        #expect(try ingest(meta, into: d).1[0].records == 17_025)
        let (e, symbols) = try damaged("index") { $0[20] ^= 1 }
        let none = try ingest(symbols, into: e)
        #expect(none.1[0].records == 0 && none.1[0].rejects > 0)
    }

    @Test("any change of a byte of a block never crashes and never invents samples")
    func bytes() throws {
        let original = Set(try dump(TSDBFolder.open(path: fixture("prometheus-tsdb").path)))
        var random = SeededRandom(seed: 3)
        for file in ["index", "chunks/000001", "tombstones"] {
            for _ in 0..<4 {
                let (folder, path) = try damaged(file) { data in
                    let at = Int(random.next() % UInt64(data.count))
                    data[at] ^= UInt8(1 + random.next() % 255)
                }
                let read = try dump(TSDBFolder.open(path: path))
                // Without its tombstones a block shows the deleted samples again.
                if file != "tombstones" { #expect(read.allSatisfy(original.contains)) }
                withExtendedLifetime(folder) {}
            }
        }
    }

    @Test("export tsdb and back: the same samples, and promtool agrees")
    func export() throws {
        let folder = try TemporaryFolder()
        let (_, _) = try ingest(fixture("prometheus-tsdb").path, into: folder)
        let result = try runTidemark([
            "export", "tsdb", "--db", folder.path("t.sqlite"), "--out", folder.path("out"),
        ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(sha256(try dump(TSDBFolder.open(path: folder.path("out")))) == blockDumpSHA256)
        // The same content gives the same block.
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("out"))
        #expect(names.count == 1 && names[0].utf8.count == 26)
        let twice = try runTidemark(["export", "tsdb", "--db", folder.path("t.sqlite"), "--out", folder.path("out")])
        #expect(twice.status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("out")) == names)
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool") else { return }
        try FileManager.default.createDirectory(atPath: folder.path("out/wal"), withIntermediateDirectories: true)
        let peer = try runProgram(URL(fileURLWithPath: "/usr/bin/promtool"), ["tsdb", "dump", folder.path("out")])
        #expect(peer.status == 0, "\(peer.errors)")
        let lines = peer.output.split(separator: "\n").map(String.init).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
        #expect(sha256(lines) == blockDumpSHA256)
        let analysis = try runProgram(
            URL(fileURLWithPath: "/usr/bin/promtool"), ["tsdb", "analyze", folder.path("out")])
        #expect(analysis.status == 0 && analysis.output.contains("Series: 160"), "\(analysis.errors)")
    }
}

@Suite(.enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderHint)))
struct TSDBCorpusTests {
    private func specimen(_ name: String) -> String {
        sharedFolder!.appendingPathComponent("specimens/prometheus/" + name).path
    }

    private func lines(_ name: String) throws -> [String] {
        let text = String(
            decoding: try InputStream(path: specimen("dump/" + name)).readAll(limit: 1 << 30), as: UTF8.self)
        return text.split(separator: "\n").map(String.init).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    @Test("a raw data directory with out-of-order samples and tombstones reads as promtool dumps it, stored or not")
    func rawDirectory() throws {
        let expected = try lines("raw-data-dir-ooo.selected.dump.txt.gz")
        let names = Set(expected.compactMap { $0.split(separator: "\"").dropFirst().first.map(String.init) })
        let directory = try TSDBFolder.open(path: specimen("raw-data-dir-ooo"))
        #expect(directory.problems.isEmpty)
        let folder = try TemporaryFolder()
        let store = try Store.create(path: folder.path("t.sqlite"))
        try Ingestor(store, options: IngestOptions()).ingest([specimen("raw-data-dir-ooo")])
        let stored = try StoreSeries(store, period: nil, spelling: .asStored)
        for source in [directory, stored] as [any SeriesSource] {
            let found = try names.flatMap { try dump(source, [LabelMatcher(Labels.metricName, equals: $0)]) }
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            #expect(found == expected)
        }
        var native: [String: Int] = [:]
        try directory.select([], startMs: .min, endMs: .max) { series in
            if !series.histograms.isEmpty { native[series.labels.name, default: 0] += series.histograms.count }
        }
        #expect(native["demo_native_hist"] ?? 0 > 0 && native["demo_native_fhist"] ?? 0 > 0)
    }

    @Test("a snapshot and the data directory of the same server agree")
    func snapshot() throws {
        let expected = try lines("snapshot_job_vllm.dump.txt.gz")
        let job = [LabelMatcher("job", equals: "vllm")]
        let snapshot = specimen("snapshot")
        let id = try #require(try FileManager.default.contentsOfDirectory(atPath: snapshot).first)
        #expect(try dump(TSDBFolder.open(path: snapshot + "/" + id), job) == expected)
        let raw = Set(try dump(TSDBFolder.open(path: specimen("raw-data-dir")), job))
        #expect(expected.allSatisfy(raw.contains))
    }

    @Test("the live head grows: a later copy of the data directory adds only what is new")
    func grownHead() throws {
        let folder = try TemporaryFolder()
        let data = folder.url.appendingPathComponent("data")
        try FileManager.default.copyItem(atPath: specimen("raw-data-dir"), toPath: data.path)
        let segment = data.appendingPathComponent("wal/00000000")
        let whole = try Data(contentsOf: segment)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: data.path + "/wal")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: segment.path)
        try whole.prefix(whole.count / 2 / 32_768 * 32_768).write(to: segment)
        let store = try Store.create(path: folder.path("t.sqlite"))
        let first = Ingestor(store, options: IngestOptions())
        try first.ingest([data.path])
        try whole.write(to: segment)
        let second = Ingestor(store, options: IngestOptions())
        try second.ingest([data.path])
        let once = try Store.create(path: folder.path("once.sqlite"))
        let all = Ingestor(once, options: IngestOptions())
        try all.ingest([data.path])
        let records = [first, second, all].map { $0.outcomes.reduce(0) { $0 + $1.records } }
        #expect(records[0] > 0 && records[1] > 0 && records[0] + records[1] == records[2], "\(records)")
        #expect(
            try dump(StoreSeries(store, period: nil, spelling: .asStored))
                == dump(StoreSeries(once, period: nil, spelling: .asStored)))
    }
}
