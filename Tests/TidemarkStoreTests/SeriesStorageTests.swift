import Foundation
import Testing
import TidemarkBase
import TidemarkSeries
import TidemarkTestSupport

@testable import TidemarkStore

@Suite struct SeriesStorageTests {
    private func store() throws -> (Store, Int) {
        let store = try Store.create(path: ":memory:")
        return (store, try store.period(named: "p"))
    }

    private func source(_ store: Store, _ period: Int) throws -> Int {
        var row = SourceRow(period: period, path: "f", format: "prometheus-text")
        try Ledger(store).save(&row)
        return row.id
    }

    @Test("samples come back bit by bit, in order, each once", arguments: [0, 7, 50])
    func roundTrip(_ commitEvery: Int) throws {
        let (store, period) = try store()
        var random = SeededRandom(seed: 1)
        let labels = Labels(["__name__": "vllm_x", "instance": "a"])
        var expected: [Int64: UInt64] = [:]
        let id = try source(store, period)
        var writer = try SeriesWriter(store, period: period, form: .scrape, source: id)
        var handle = try writer.series(labels)
        var time: Int64 = 1_000_000
        for index in 0..<1000 {
            time += Int64.random(in: 1...30_000, using: &random)
            let value = index % 97 == 0 ? StaleMarker.value : Double.random(in: -1e6...1e6, using: &random)
            try writer.append(series: handle, timeMs: time, value: value)
            // The same sample a second time counts once.
            if index % 10 == 0 { try writer.append(series: handle, timeMs: time, value: value) }
            expected[time] = value.bitPattern
            if commitEvery > 0, index % commitEvery == 0 {
                try writer.checkpoint()
                writer = try SeriesWriter(store, period: period, form: .scrape, source: id)
                handle = try writer.series(labels)
            }
        }
        try writer.checkpoint()
        let read = try StoreSeries(store, period: period)
            .select([LabelMatcher("__name__", equals: "vllm:x")], startMs: 0, endMs: .max)
        #expect(read.count == 1)
        #expect(read[0].labels.name == "vllm:x")
        #expect(read[0].timesMs == expected.keys.sorted())
        #expect(read[0].values.map(\.bitPattern) == expected.keys.sorted().map { expected[$0]! })
        let chunks = try store.database.int("SELECT count(*) FROM chunk WHERE samples < 120")!
        #expect(chunks <= 1, "short chunks are taken up by the next run")
    }

    @Test("samples out of order are merged")
    func outOfOrder() throws {
        let (store, period) = try store()
        let writer = try SeriesWriter(store, period: period, form: .dump, source: try source(store, period))
        let handle = try writer.series(Labels(["__name__": "up"]))
        for time in [30, 40, 10, 20, 50, 15] as [Int64] {
            try writer.append(series: handle, timeMs: time, value: Double(time))
        }
        try writer.checkpoint()
        let read = try StoreSeries(store, period: period).select([], startMs: 0, endMs: .max)
        #expect(read[0].timesMs == [10, 15, 20, 30, 40, 50])
    }

    @Test("the table sample shows what the chunks hold, with constraints pushed down")
    func sampleTable() throws {
        let (store, period) = try store()
        let writer = try SeriesWriter(store, period: period, form: .scrape, source: try source(store, period))
        for name in ["a", "b"] {
            let handle = try writer.series(Labels(["__name__": name]))
            for index in 0..<300 {
                try writer.append(
                    series: handle, timeMs: Int64(index) * 1000, value: index == 299 ? StaleMarker.value : Double(index)
                )
            }
        }
        try writer.checkpoint()
        let database = store.database
        #expect(try database.int("SELECT count(*) FROM sample") == 598)
        #expect(try database.int("SELECT count(*) FROM sample WHERE series_id = 2") == 299)
        #expect(
            try database.int("SELECT count(*) FROM sample WHERE series_id = 1 AND ts_ms > 10000 AND ts_ms <= 20000")
                == 10)
        #expect(try database.int("SELECT count(*) FROM sample WHERE ts_ms < 1500.5 AND series_id = 1") == 2)
        #expect(
            try database.int("SELECT sum(value) FROM sample WHERE series_id = 1 AND ts_ms BETWEEN 5000 AND 7000") == 18)
    }

    @Test("a better form shadows a worse one; another instance stays")
    func shadowing() throws {
        let (store, period) = try store()
        let id = try source(store, period)
        func add(_ form: SeriesWriter.Form, _ labels: Labels) throws {
            let writer = try SeriesWriter(store, period: period, form: form, source: id)
            try writer.append(series: try writer.series(labels), timeMs: 1, value: 1)
            try writer.checkpoint()
        }
        try add(.dump, Labels(["__name__": "vllm_x", "instance": "10.0.0.1:8000", "job": "vllm"]))
        try add(.scrape, Labels(["__name__": "vllm:x", "instance": "metrics", "job": "vllm"]))
        try add(.scrape, Labels(["__name__": "only_here", "instance": "metrics"]))
        try Shadowing.update(store, period: period)
        #expect(
            try store.database.text("SELECT shadowed_by FROM series WHERE form = 'scrape' AND name = 'vllm:x'")
                == "dump")
        #expect(try store.database.int("SELECT count(*) FROM series WHERE shadowed_by IS NULL") == 2)
        try add(.scrape, Labels(["__name__": "vllm:x", "instance": "other", "job": "vllm"]))
        try Shadowing.update(store, period: period)
        #expect(
            try store.database.int(
                "SELECT count(*) FROM series WHERE form = 'scrape' AND name = 'vllm:x' AND shadowed_by IS NULL") == 2)
    }
}

@Suite struct SchemaTests {
    @Test("docs/schema.md is what the database says")
    func document() throws {
        let file = try String(contentsOf: repositoryRoot.appendingPathComponent("docs/schema.md"), encoding: .utf8)
        let made = try Schema.document()
        #expect(file == made, "run `make docs`")
    }

    @Test("another program's database is refused and not changed")
    func foreign() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("other.sqlite")
        try Database(path: path, mode: .create).execute("CREATE TABLE a(b)")
        #expect(throws: TidemarkError.self) { try Store.create(path: path) }
        #expect(try Database(path: path, mode: .readOnly).int("SELECT count(*) FROM sqlite_master") == 1)
    }

    @Test("a new database has the columns of one that was brought forward step by step")
    func migrations() throws {
        let folder = try TemporaryFolder()
        func columns(_ name: String, _ steps: [String]) throws -> [String] {
            let database = try Database(path: folder.path(name), mode: .create)
            for step in steps { try database.execute(step) }
            let statement = try database.prepare(
                """
                SELECT t.name || ' ' || c.cid || ' ' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk
                    || ' ' || coalesce(c.dflt_value, '')
                FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type IN ('table', 'view') ORDER BY t.name, c.cid
                """)
            var rows: [String] = []
            while try statement.step() { rows.append(statement.text(0)) }
            return rows
        }
        let new = try columns("new.sqlite", Schema.migrations(isNew: true))
        #expect(new.count > 500)
        #expect(try new == columns("old.sqlite", Schema.migrations(isNew: false)))
    }

    @Test("a newer schema is refused")
    func newer() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("new.sqlite")
        try Store.create(path: path).database.execute("PRAGMA user_version = 999")
        let error = #expect(throws: TidemarkError.self) { try Store.open(path: path) }
        #expect(error?.kind == .unusableInput)
    }
}
