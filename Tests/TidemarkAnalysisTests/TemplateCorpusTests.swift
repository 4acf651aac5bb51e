import Foundation
import Testing
import TidemarkBase
import TidemarkIntake
import TidemarkStore
import TidemarkTestSupport

@testable import TidemarkAnalysis

/// Templates of the logs of real servers.
@Suite(.enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderHint))) struct TemplateCorpusTests {
    private static let runs = [
        "baseline-healthy", "engine-crash", "format-debug-logs", "format-dp2-two-api-servers", "gpu-slowdown",
        "kv-cache-exhaustion", "v0112-kv-exhaustion", "v066-kv-exhaustion",
    ]

    private func store(_ run: String) throws -> (Store, Int) {
        let folder = try #require(sharedFolder).appendingPathComponent("corpora/real/\(run)")
        let log = try FileManager.default.contentsOfDirectory(atPath: folder.path).first { $0.hasPrefix("server.log") }
        let store = try Store.create(path: ":memory:")
        var options = IngestOptions()
        options.period = run
        options.year = 2026
        try Ingestor(store, options: options).ingest([folder.appendingPathComponent(try #require(log)).path])
        return (store, try store.periods()[0].id)
    }

    /// The call site is the truth, as far as one prints one message: without it, messages of one must come into one group,
    /// those of two into two.
    @Test("grouping accuracy without call sites, against call sites")
    func grouping() throws {
        var right = 0
        var all = 0
        for run in Self.runs {
            let (store, _) = try store(run)
            var tree = TemplateTree()
            var mask = LineMask()
            let rows = try store.database.prepare(
                """
                SELECT source_file || ':' || source_line, message FROM log_event
                WHERE source_line IS NOT NULL AND exception_type IS NULL ORDER BY event_id
                """)
            var pairs: [(site: String, group: Int)] = []
            while try rows.step() {
                mask.mask(rows.bytes(1))
                pairs.append((rows.text(0), tree.place(mask.text, .unknown)))
            }
            let sites = Dictionary(grouping: pairs.indices) { pairs[$0].site }
            let groups = Dictionary(grouping: pairs.indices) { pairs[$0].group }
            all += sites.count
            for (site, members) in sites {
                let names = Set(members.map { pairs[$0].group })
                if names.count == 1, let only = names.first, groups[only] == members { right += 1 }
                if names.count > 1 { print("grouping: \(run): \(site) in \(names.map(tree.text).sorted())") }
            }
            for (group, members) in groups {
                let names = Set(members.map { pairs[$0].site })
                if names.count > 1 {
                    print("grouping: \(run): one template for \(names.sorted()): \(tree.text(group))")
                }
            }
        }
        let accuracy = Double(right) / Double(max(1, all))
        print("grouping: \(right) of \(all) call sites, accuracy \(accuracy)")
        #expect(all > 250 && accuracy > 0.9)
    }

    @Test("no message with other numbers is in two templates", arguments: runs)
    func numbers(run: String) throws {
        let (store, period) = try store(run)
        let mined = try LogTemplates(mining: store, period: period, anchorMs: 0, stepMs: 60_000)
        #expect(mined.templates.count >= 15 && mined.templates.count < 130)
        for one in mined.templates {
            #expect(!one.isOther)
            // In the names of exceptions and functions digits stay.
            if !one.text.contains(" at ") { #expect(!one.text.contains { $0.isNumber }, "\(one.text)") }
            #expect(one.text.utf8.count < 700)
        }
        #expect(Set(mined.templates.map(\.text)).count == mined.templates.count)
        #expect(
            mined.templates.map(\.events).reduce(0, +)
                == (try store.database.int("SELECT count(*) FROM log_event") ?? 0))
    }
}
