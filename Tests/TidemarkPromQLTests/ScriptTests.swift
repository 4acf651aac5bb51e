import Foundation
import Testing
import TidemarkTestSupport

@testable import TidemarkPromQL

/// The scripts in `fixtures/promql`, in the format of Prometheus' own tests.
@Suite struct ScriptTests {
    private static let scripts: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: fixture("promql").path)) ?? []
        return names.filter { $0.hasSuffix(".test") }.sorted()
    }()

    @Test func scriptsAreThere() { #expect(Self.scripts.count >= 20) }

    @Test(arguments: scripts)
    func script(name: String) throws {
        var runner = ScriptRunner()
        runner.run(try String(contentsOf: fixture("promql/" + name), encoding: .utf8), file: name)
        #expect(runner.failures.map(\.description) == [])
        #expect(runner.mistakes.map(\.description) == [])
        #expect(runner.passed > 0)
    }

    /// A runner that lets everything pass would make all scripts worthless.
    @Test(arguments: [
        ("eval instant at 0 1 + 1\n  3", "is 2.0, not 3.0"),
        ("load 1m\n  m 1\n\neval instant at 0 m\n  m 1\n  n 2", "n is missing"),
        ("load 1m\n  m 1\n  n 2\n\neval instant at 0 {__name__=~\".\"}\n  m 1", "unexpected n 2.0"),
        ("load 1m\n  m 1\n\neval instant at 0 m", "unexpected m 1.0"),
        ("load 1m\n  m 1 2\n\neval range from 0 to 1m step 1m m\n  m 1", "unexpected value at 60000 ms"),
        ("load 1m\n  m 1 _ stale\n\neval range from 0 to 2m step 1m m\n  m 1 1 1", "no value at 120000 ms"),
        ("load 1m\n  m 1\n  n 2\n\neval_ordered instant at 0 sort({__name__=~\".\"})\n  n 2\n  m 1", "place 1"),
        ("eval instant at 0 1\n  expect fail\n", "expected to fail"),
        ("eval_fail instant at 0 1 +\n  expected_fail_message other words", "failed otherwise"),
        ("eval instant at 0 nothing + 1\n  expect warn", "expected a remark"),
        ("eval instant at 0 histogram_quantile(2, nothing)\n  expect warn msg: other", "no remark like other"),
        ("eval instant at 0 histogram_quantile(2, nothing)\n  expect no_warn", "unexpected remark"),
        ("eval instant at 0 \"a\"\n  expect string \"b\"", "is \"a\""),
        ("eval instant at 0 (", "unclosed left parenthesis"),
        ("load 1m\n  h {{count:1 buckets:[1]}}\n\neval instant at 0 h\n  h {{count:1 buckets:[2]}}", "not {count:1"),
        ("load 1m\n  h {{count:1}}\n\neval instant at 0 h\n  h {{count:1 counter_reset_hint:gauge}}", "reset gauge"),
    ])
    func failingCase(script: String, reason: String) {
        var runner = ScriptRunner()
        runner.run(script, file: "x.test")
        #expect(runner.passed == 0 && runner.failures.count == 1)
        #expect(runner.failures.first?.description.contains(reason) ?? false, "\(runner.failures)")
    }

    @Test func oneBadCaseLeavesTheOthers() {
        var runner = ScriptRunner()
        runner.run(
            """
            nonsense here
            load 1m
              good 1
              bad {{schema:0 what:1}}

            eval instant at 0 good
              good 1

            eval sideways at 0 good

            eval instant at 0 good
              good {{what:1}}

            EVAL instant at 0 good
              good 1
            """, file: "x.test")
        #expect(runner.passed == 2)
        #expect(runner.failures.map(\.line) == [9, 11])
        #expect(runner.mistakes.map(\.line) == [1, 4])
    }
}
