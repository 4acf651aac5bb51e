import Foundation
import Testing
import TidemarkTestSupport

@testable import TidemarkRules

/// The findings of a rule file, `LINE: reason` each.
private func findings(_ text: String) -> [String] {
    RuleFileReader.read(Array(text.utf8)).findings.sorted.map {
        "\($0.line): \($0.isAdvice ? "advice: " : "")\($0.reason)"
    }
}

/// A file with one rule, whose first line is line 4.
private func file(_ rule: String) -> String {
    "groups:\n- name: g\n  rules:\n  - " + rule.split(separator: "\n").joined(separator: "\n    ") + "\n"
}

@Suite struct RuleFileTests {
    @Test("a good file is read with everything in it")
    func model() throws {
        let reading = RuleFileReader.read(Array(try Data(contentsOf: fixture("rules/vllm.yml"))))
        #expect(reading.findings.sorted.isEmpty, "\(reading.findings.sorted)")
        let group = try #require(reading.file.groups.first)
        #expect(group.name == "vllm" && group.line == 2 && group.limit == 100)
        #expect(group.intervalSeconds == 30 && group.queryOffsetSeconds == 60)
        #expect(group.labels == [RuleText(name: "team", text: "serving")])
        #expect(reading.file.ruleCount == 2)
        let alert = group.rules[1]
        #expect(alert.kind == .alert && alert.name == "KVCacheFull" && alert.line == 13)
        #expect(alert.parsed != nil && alert.expr.hasSuffix("> 0.95\n"))
        #expect(alert.forSeconds == 300 && alert.keepFiringForSeconds == 600)
        let labels = Dictionary(uniqueKeysWithValues: alert.labels.map { ($0.name, $0.text) })
        #expect(labels == ["tier": "gpu", "severity": "page", "shift": "2"])
        #expect(alert.annotations.map(\.name) == ["summary", "description"])
    }

    @Test("a bad file: every finding on its line")
    func broken() throws {
        let found = RuleFileReader.read(Array(try Data(contentsOf: fixture("rules/broken.yml")))).findings.sorted
        let expected = [
            (3, "unknown key intervall; did you mean interval?"), (5, "'instance vllm rate' is not a metric name"),
            (7, "a recording rule has no for"), (12, "expr does not parse: 3:5: parse error"),
            (13, "unknown key lables; did you mean labels?"), (18, "undefined variable \"$count\""),
            (20, "only one of record and alert"), (23, "invalid label name '__name__'"),
            (24, "group name \"vllm\" is repeated: the first is in line 2"), (26, "expr must be set"),
            (27, "'5 minutes' is not a duration"),
        ]
        #expect(found.map(\.line) == expected.map(\.0))
        for (finding, want) in zip(found, expected) { #expect(finding.reason.contains(want.1), "\(finding)") }
    }

    @Test(
        "files without errors",
        arguments: [
            "", "# nothing\n", "---\n", "groups:\n", "groups: []\n", "groups:\n- name: a\n", "groups:\n- name: 5\n",
            "groups:\n- name: a\n  interval:\n  limit: 1.0\n  rules:\n",
            "groups:\n- &g {name: a}\n- <<: *g\n  name: b\n",
            file("record: a\nexpr: 1\nfor: 0s\nannotations: {}"),
            file("record: a:b\nexpr: up\nlabels: {x: \"{{ $nope }}\"}"),
            file("alert: A b\nexpr: up\nlabels: {a: 1, b: true, c: 1.5, d: , e: ~}\nannotations:"),
            file("alert: A\nexpr: up\nfor: 1y2w3d4h5m6s7ms\nkeep_firing_for: 0"), file("alert: 5\nexpr: up"),
            "groups: []\r\n",
        ])
    func accepted(_ text: String) {
        #expect(findings(text).isEmpty)
    }

    @Test(
        "files with an error, its line and reason",
        arguments: [
            ("x\n", "1: rule file: a mapping with groups"),
            ("group: []\n", "1: rule file: unknown key group; did you mean groups?"),
            ("groups: {}\n", "1: rule file: groups must be a list"), ("groups:\n- x\n", "2: group 1: a mapping"),
            ("groups:\n- rules: []\n", "2: group 1: the name must not be empty"),
            ("groups:\n- name: a\n- name: a\n", "3: group name \"a\" is repeated"),
            ("groups:\n- name: a\n  limit: x\n", "3: group \"a\": limit: 'x' is not a whole number"),
            ("groups:\n- name: a\n  limit: \"5\"\n", "3: group \"a\": limit"),
            ("groups:\n- name: a\n  interval: 60\n", "3: group \"a\": interval: '60' is not a duration"),
            ("groups:\n- name: a\n  Interval: 60\n", "3: group \"a\": unknown key Interval; did you mean interval?"),
            ("groups:\n- name: a\n  labels: {a-b: x}\n", "3: group \"a\": invalid label name 'a-b'"),
            ("groups:\n- name: a\n  name: b\n", "2: YAML: key name stands twice"), ("groups: [\n", "1: YAML: "),
            ("groups:\n\t- name: a\n", "2: YAML: "), ("groups: *x\n", "1: YAML: found undefined alias"),
            (file("expr: up"), "4: group \"g\", rule 1: one of record and alert"),
            (file("alert: A\nrecord: b\nexpr: up"), "5: group \"g\", rule 1 (b): only one"),
            (file("record: a"), "4: group \"g\", rule 1 (a): expr must be set"),
            (file("record: a\nexpr: \"\""), "5: group \"g\", rule 1 (a): expr must be set"),
            (file("record: a\nexpr: [up]"), "5: group \"g\", rule 1 (a): expr must be a text"),
            (file("record: a{b=\"c\"}\nexpr: up"), "4: group \"g\", rule 1 (a{b=\"c\"}): braces"),
            (
                file("record: a\nexpr: up\nkeep_firing_for: 1m"),
                "6: group \"g\", rule 1 (a): a recording rule has no keep"
            ),
            (
                file("record: a\nexpr: up\nannotations: {b: c}"),
                "6: group \"g\", rule 1 (a): a recording rule has no anno"
            ),
            (file("alert: A\nexpr: up\nfor: 5"), "6: group \"g\", rule 1 (A): for: '5' is not a duration"),
            (file("alert: A\nexpr: up\nlabels: {1a: x}"), "6: group \"g\", rule 1 (A): invalid label name '1a'"),
            (file("alert: A\nexpr: up\nlabels: {a: [1]}"), "6: group \"g\", rule 1 (A): labels: the value of a must"),
            (file("alert: A\nexpr: up\nannotations: {a-b: x}"), "6: group \"g\", rule 1 (A): invalid annotation name"),
            (file("alert: A\nexpr: up\nlabels: {a: \"{{ x }}\"}"), "6: group \"g\", rule 1 (A): label a: the template"),
            (file("alert: A\nexpression: up"), "4: group \"g\", rule 1 (A): expr must be set"),
        ])
    func refused(_ text: String, _ expected: String) {
        #expect(findings(text).first?.hasPrefix(expected) == true, "\(findings(text))")
    }

    @Test("the line of an error in an expression, whatever the style of the text")
    func places() {
        for (expr, line) in [
            ("up and and x", 5), ("\"up\n  and and x\"", 6), ("'up\n  and\n  and x'", 7), ("up\n  and\n  and x", 7),
            ("|\n  up\n\n  and and x", 8), (">\n  up\n  and\n  and x", 8), ("|2-  # comment\n    up\n  and {", 7),
            ("\"up \\\n  and \\\"\"", 6), ("up{", 5),
        ] {
            let text =
                "groups:\n- name: g\n  rules:\n  - record: a\n    expr: "
                + expr.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n    ") + "\n"
            #expect(findings(text).first?.hasPrefix("\(line): ") == true, "\(text) \(findings(text))")
        }
    }

    @Test("a second document and empty items are advice; rules of the same name and labels too")
    func advice() {
        #expect(findings("groups: []\n---\nx\n").first?.contains("advice: a second YAML document") == true)
        #expect(findings("groups:\n-\n").first == "2: advice: rule file: an empty item of groups is left out")
        var duplicates = DuplicateRules()
        func reading(_ labels: String) -> RuleFile {
            RuleFileReader.read(Array(file("record: a\nexpr: up\nlabels: \(labels)").utf8)).file
        }
        #expect(duplicates.add(reading("{x: 1, y: 2}"), named: "a.yml").isEmpty)
        #expect(duplicates.add(reading("{x: 1}"), named: "b.yml").isEmpty)
        let found = duplicates.add(reading("{y: 2, x: 1}"), named: "c.yml")
        #expect(found.map(\.line) == [4] && found.first?.reason.hasSuffix("the rule at a.yml:4") == true)
    }

    @Test("hostile files end in a finding")
    func hostile() {
        #expect(findings("groups: " + String(repeating: "[", count: 50_000)).first?.contains("nesting") == true)
        #expect(
            findings("groups:\n" + String(repeating: "- ", count: 50_000) + "x\n").first?.contains("nesting") == true)
        #expect(findings("groups:\n\0\n") == ["2: YAML: a NUL byte"])
        let invalid = RuleFileReader.read(Array("groups:\n- name: ".utf8) + [0xFF, 10]).findings.sorted
        #expect(invalid.map(\.line) == [2])
        var bomb = "a: &a [x, x]\n"
        for (one, two) in zip("abcdefghijklmnopqrstuv", "bcdefghijklmnopqrstuvw") {
            bomb += "\(two): &\(two) [*\(one), *\(one), *\(one), *\(one), *\(one), *\(one)]\n"
        }
        #expect(findings(bomb + "? *w\n: 1\n").first?.contains("alias inside of a key") == true)
        #expect(findings(bomb + "[*w]: 1\n").first?.contains("alias inside of a key") == true)
        #expect(findings(bomb + "groups: *w\n").allSatisfy { !$0.contains("advice") })
        let rules = Array(repeating: "*r", count: 700).joined(separator: ",")
        let groups = Array(repeating: "*g", count: 700).joined(separator: ",")
        let many = "- &r {record: a, expr: up}\n- &g {name: a, rules: [\(rules)]}\n- [\(groups)]\n"
        let text =
            "x:\n"
            + many.replacingOccurrences(of: "- [", with: "groups: [").replacingOccurrences(
                of: "- &g", with: "y: &g"
            ).replacingOccurrences(of: "- &r", with: "z: &r").replacingOccurrences(of: "x:\n", with: "")
        #expect(findings(text).contains { $0.contains("too many entries") })
    }
}
