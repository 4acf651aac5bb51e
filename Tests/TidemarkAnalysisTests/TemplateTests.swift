import Testing
import TidemarkBase
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport

@testable import TidemarkAnalysis

/// Masks, the tree of templates, mining over stored events, and what a window has that the rest has not.
@Suite struct TemplateTests {
    private func masked(_ text: String) -> String {
        var mask = LineMask()
        withBytes(of: text) { mask.mask($0) }
        return String(decoding: mask.text, as: UTF8.self)
    }

    @Test(
        "what varies is masked, what says something stays",
        arguments: [
            ("Loaded 3 adapters in 0.331s, 5.6GiB of 80 GiB", "Loaded <n> adapters in <duration>, <size> of <n> GiB"),
            ("count=-1 ratio 2.5e-07 at 97%", "count=<n> ratio <n> at <n>%"),
            ("EngineCore_DP0 pid 911 [Errno 24]", "EngineCore_DP<n> pid <n> [Errno <n>]"),
            (
                "from 10.0.0.9:5100 and fe80::1 to http://h:1/x?y at 12:30:01",
                "from <address> and <address> to <url> at <n>:<n>:<n>"
            ),
            ("read /opt/models/a.bin, models/acme-8b in tokens/s", "read <path>, <path> in tokens/s"),
            ("Route: /v1/responses/{response_id}, Methods: GET", "Route: <path>, Methods: GET"),
            ("at 0x7ffe12 deadbeef01 is 9d9e0170-dbf2-423d-a5fb-4822b7b88d02", "at <hex> <hex> is <id>"),
            ("Aborted chatcmpl-lg-000146, cmpl-lg-000005-0.", "Aborted <id>, <id>."),
            ("The model `acme-70b` isn't the server's.", "The model `acme-<n>b` isn't the server's."),
            ("said 'please tell me all about the sea' twice", "said <text> twice"),
            ("with {'a', 'b'} and ['x', 1] and [shutdown]", "with {<list>} and [<list>] and [shutdown]"),
            ("\n  second line counts\nthird doesn't", "second line counts"),
            ("a   b\tc", "a b c"), ("   ", "<empty>"), ("", "<empty>"), ("[", "["), ("'", "'"), ("-", "-"),
        ])
    func mask(_ pair: (text: String, expected: String)) { #expect(masked(pair.text) == pair.expected) }

    @Test("what a user wrote is in no mask, closed or cut; masks are short; masking a mask changes little")
    func privacy() {
        let prompt = String(repeating: "my secret recipe, ", count: 50)
        for text in [
            "prompt: '\(prompt)'", "prompt: '\(prompt)", "prompt: \"\(prompt)\" end", "body={'messages': \"\(prompt)",
            "input_value=[\(prompt)]", "input_value=[\(prompt)",
        ] { #expect(!masked(text).contains("recipe"), "\(masked(text))") }
        #expect(masked(String(repeating: "word ", count: 1000)).utf8.count <= LineMask.maxBytes + 20)
        #expect(masked(String(repeating: "[", count: 4000)).utf8.count <= LineMask.maxBytes + 20)
        #expect(masked("Loaded <n> in <duration>") == "Loaded <n> in <duration>")
    }

    private func groups(_ lines: [(text: String, file: String?, line: Int)]) -> [String] {
        var tree = TemplateTree()
        var mask = LineMask()
        let places = lines.map { one in
            withBytes(of: one.text) { mask.mask($0) }
            guard let file = one.file else { return tree.place(mask.text, .unknown) }
            return withBytes(of: file) { tree.place(mask.text, .callSite(file: $0, line: one.line)) }
        }
        return places.map(tree.text)
    }

    @Test("a call site is one template, another one is not; without call sites only values may differ")
    func tree() {
        let one = groups([
            ("send sigterm to process Engine", "utils.py", 628), ("send sigterm to process Worker", "utils.py", 628),
            ("send sigterm to process Engine", "utils.py", 900), ("all is over now or not", "utils.py", 628),
        ])
        #expect(one[0] == "send sigterm to process <*>" && one[1] == one[0])
        #expect(one[2] == "send sigterm to process Engine" && one[3] == "all is over now or not")
        let free = groups([
            ("Waiting for application startup.", nil, 0), ("Waiting for application shutdown.", nil, 0),
            ("loading adapter a_b of all adapters now", nil, 0), ("loading adapter c_d of all adapters now", nil, 0),
        ])
        #expect(free[0] != free[1])
        #expect(free[2] == "loading adapter <*> of all adapters now" && free[3] == free[2])
    }

    @Test("templates are bounded: free text at one call site, and too many call sites, go into the one that says so")
    func bounds() {
        let words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda"]
        func text(_ n: Int) -> String {
            [n % 11, n / 11 % 11, n / 121 % 11, (n + 5) % 11].map { words[$0] }.joined(separator: " ")
        }
        let leaf = groups((0..<1331).map { (text($0 * 7), "print.py", 1) })
        #expect(Set(leaf).count <= TemplateTree.leafLimit + 1)
        let many = groups((0..<3000).map { ("line of its own", "file.py", $0) })
        #expect(many.last == TemplateTree.otherText)
        var tree = TemplateTree()
        for line in 0..<3000 { _ = withBytes(of: "f") { tree.place([97], .callSite(file: $0, line: line)) } }
        #expect(tree.count == TemplateTree.templateLimit)
    }

    @Test("a traceback is its exception and its last frame in the project")
    func frames() {
        let text = """
            Error in preprocessing
              File "/usr/lib/python3/site-packages/vllm/entrypoints/serving.py", line 5, in create
              File "/usr/lib/python3/site-packages/vllm/renderers/renderer.py", line 398, in _validate
              File "/usr/lib/python3/site-packages/torch/nn.py", line 1, in forward
            ValueError: too long
            """
        withBytes(of: text) { message in
            withBytes(of: "nn.py:1 in forward") { innermost in
                #expect(ProjectFrame.name(message: message, innermost: innermost) == "renderer.py in _validate")
            }
        }
        withBytes(of: "no frames File \"/vllm/") { message in
            withBytes(of: "core.py:191 in _run") { innermost in
                #expect(ProjectFrame.name(message: message, innermost: innermost) == "core.py in _run")
            }
            #expect(ProjectFrame.name(message: message, innermost: Bytes(start: nil, count: 0)) == "")
        }
    }

    /// Twenty minutes of a server: a statistics line every ten seconds, and what is asked for.
    private func store(_ extra: (Int) -> [String], path: String = ":memory:") throws -> (Store, Int) {
        var text = "INFO 01-10 10:00:00 [api_server.py:1] vLLM API server version 0.11.2\n"
        for index in 0..<120 {
            let clock = CivilTime.clock(Int64(36_000 + 10 + index * 10) * 1000)
            text += "INFO 01-10 \(clock) [loggers.py:1] Engine 000: Avg prompt throughput: 1.0 tokens/s, "
            text += "Avg generation throughput: 2.0 tokens/s, Running: 1 reqs, Waiting: 0 reqs, "
            text += "GPU KV cache usage: 1.0%, Prefix cache hit rate: 10.0%\n"
            for line in extra(index) { text += "\(line.replacing("@", with: "01-10 \(clock)"))\n" }
        }
        let folder = try TemporaryFolder()
        let store = try Store.create(path: path)
        var options = IngestOptions()
        options.year = 2026
        options.offsetMinutes = 0
        options.period = "p"
        try Ingestor(store, options: options).ingest([try folder.write(text, to: "server.log")])
        let period = try store.periods()[0].id
        try Analysis(store: store, period: period).refresh()
        return (store, period)
    }

    private static let ten = CivilTime.millis(year: 2026, month: 1, day: 10, hour: 10, minute: 0, second: 0)

    @Test("mined, stored and read again: counts, first and last, the line; a second analysis replaces them")
    func stored() throws {
        let (store, period) = try store { index in
            index % 4 == 0 ? ["WARNING @ [a.py:7] queue \(index) of replica r\(index) is long"] : []
        }
        let grid = TimeGrid(startMs: Self.ten, endMs: Self.ten + 1_200_000, stepMs: 10_000)
        let mined = try LogTemplates(mining: store, period: period, grid: grid)
        let one = try #require(mined.templates.first { $0.text.hasPrefix("queue") })
        #expect(one.text == "queue <n> of replica r<n> is long")
        #expect(one.events == 30 && one.untimed == 0 && one.level == "WARNING" && one.line == 3)
        #expect(one.firstMs == Self.ten + 10_000 && one.lastMs == Self.ten + 1_170_000)
        #expect(
            mined.cells.filter { mined.templates[$0.template] == one }.map(\.events) == Array(repeating: 1, count: 30))
        let read = try LogTemplates(stored: store, period: period)
        #expect(read.templates == mined.templates)
        #expect(read.cells.map(\.events).reduce(0, +) == mined.cells.map(\.events).reduce(0, +))
        let count = "SELECT count(*) FROM log_template"
        let before = try store.database.int(count)
        try store.database.execute("UPDATE analysis SET tool_version = 'old'")
        try Analysis(store: store, period: period).refresh()
        #expect(try store.database.int(count) == before)
        #expect(
            try store.database.text(
                """
                SELECT e.line || ' ' || e.message FROM log_template_step s JOIN log_template t USING (template_id)
                JOIN log_event e USING (event_id) WHERE t.text LIKE 'queue%' ORDER BY s.time_ms LIMIT 1
                """) == "3 queue 0 of replica r0 is long")
    }

    @Test("a window: what is new, what is more frequent, and nothing that is as ever")
    func bursts() throws {
        let (store, period) = try store { index in
            var lines = index % 3 == 0 ? ["WARNING @ [a.py:7] slow client \(index)"] : []
            if (60..<90).contains(index) { lines.append("INFO @ [b.py:9] swapped \(index) blocks out") }
            if index == 70 { lines.append("ERROR @ [c.py:1] lost rank \(index)") }
            if (60..<90).contains(index) || index % 15 == 0 {
                lines += ["INFO @ [d.py:2] retry \(index)", "INFO @ [d.py:2] retry \(index + 1)"]
            }
            return lines
        }
        let window = (Self.ten + 610_000)...(Self.ten + 899_000)
        let bursts = try TemplateBursts(store, period: period, window: window)
        #expect(bursts.found.map(\.template.text) == ["lost rank <n>", "swapped <n> blocks out", "retry <n>"])
        #expect(bursts.found.map(\.isFirstSeen) == [true, true, false])
        let retry = bursts.found[2]
        #expect(retry.events == 60 && retry.restEvents == 12)
        // 60 in 300 s against 12 in 890 s.
        #expect(abs((retry.ratio ?? 0) - 14.8) < 1)
        #expect(bursts.found[0].instances.count == 1 && bursts.found[0].restEvents == 0)
        #expect(
            try store.database.text("SELECT message FROM log_event WHERE event_id = \(bursts.found[0].eventId)")
                == "lost rank 70")
        // The same template, as frequent as ever.
        #expect(
            try TemplateBursts(store, period: period, window: Self.ten + 100_000...Self.ten + 300_000).found.isEmpty)
        // A window outside of all logs has nothing, and divides by nothing.
        #expect(try TemplateBursts(store, period: period, window: 0...1000).found.isEmpty)
        #expect(try TemplateBursts(store, period: period + 7, window: window).found.isEmpty)
    }

    @Test("a clump is not a burst: forty lines at once, as at every start")
    func clumps() throws {
        let (store, period) = try store { index in
            index % 30 == 5 ? (0..<40).map { "INFO @ [launcher.py:46] Route: /v\($0)/x, Methods: GET" } : []
        }
        let bursts = try TemplateBursts(store, period: period, window: Self.ten + 40_000...Self.ten + 100_000)
        #expect(bursts.tested == 1 && bursts.found.isEmpty)
    }

    @Test("cells are bounded: with very many the steps get longer, and no event is lost")
    func cellBound() throws {
        let (store, period) = try store { _ in ["INFO @ [a.py:7] tick"] }
        let fine = try LogTemplates(mining: store, period: period, anchorMs: Self.ten, stepMs: 1000)
        #expect(fine.cells.map(\.events).reduce(0, +) == 120)
        // Times at the ends of what an integer holds.
        try store.database.execute("UPDATE log_event SET time_ms = \(Int64.max) WHERE rowid % 2 = 0")
        try store.database.execute("UPDATE log_event SET time_ms = \(Int64.min) WHERE rowid % 5 = 0")
        let wide = try LogTemplates(mining: store, period: period, anchorMs: Self.ten, stepMs: 1)
        #expect(wide.templates.map(\.events).reduce(0, +) == fine.templates.map(\.events).reduce(0, +))
        _ = TemplateBursts(wide, window: Int64.min / 4...Int64.max / 4)
    }
}
