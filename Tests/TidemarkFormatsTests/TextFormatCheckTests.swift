import Foundation
import Testing
import TidemarkTestSupport

@testable import TidemarkFormats

/// Each expectation on acceptance was compared with `promtool check metrics` 2.42, but for duplicate samples, missing
/// `le` and `quantile`, signed timestamps and types in capitals, which the server or the format's description refuse.
@Suite struct TextFormatCheckTests {
    @Test("documents that must be accepted")
    func accepted() throws {
        for text in [
            "", "\n \t\n", "# comment\n#\n# EOF\n", "a 1\n", "\ta {x = \"1\" , } \t+Inf 5\n", "a{x=\"1\"}1\n",
            "a{x=\"\\\\ \\\" \\n é\"} nan\n", "#HELP a x\n# HELP\n# TYPE\n# HELP a\n# TYPE a\na 1\n",
            "a 1\n# HELP a x\n",
            "# TYPE a histogram\na_bucket{le=\"1\",} 1\na_sum -1\na_count 1.5\n", "a 1 5\na 1 6\n",
            "# TYPE a_count gauge\n# TYPE a summary\na_count 1\n", "a 1\n\t",
        ] {
            let found = findings(text, .text).filter { !$0.contains("advice") }
            #expect(found.isEmpty, "\(text.debugDescription): \(found)")
        }
        let document = try String(contentsOf: fixture("openmetrics/text-format.prom"), encoding: .utf8)
        #expect(findings(document, nil) == ["11: advice: http_requests: has no help text"])
    }

    @Test(
        "documents that must be refused, with the line and the reason",
        arguments: [
            ("a 1", "1: the last line must end with a line feed"), ("a\n", "1: the value is missing"),
            ("a 1 \n", "1: a space at the end"), ("a 1 5 \n", "1: nothing may follow"),
            ("a 1 x\n", "1: 'x' is not a time"),
            ("a 1 1.5\n", "1: '1.5' is not a timestamp"), ("a 1 -5\n", "1: '-5' is not a timestamp"),
            ("a 1 # {} 1\n", "1: the text format has no exemplars"), ("a 1\r\n", "1: '1"), ("a 0x1p3\n", "1: '0x1p3'"),
            ("a 1_0\n", "1: '1_0'"), ("a-b 1\n", "1: '-' cannot stand in a metric name"),
            ("1a 1\n", "1: a metric name"),
            ("{\"a\"} 1\n", "1: a metric name"), ("a{,} 1\n", "1: a label name"),
            ("a{x:y=\"1\"} 1\n", "1: '=' is expected"),
            ("a{x=\"1\" y=\"2\"} 1\n", "1: ',' or '}'"), ("a{x=\"1\",x=\"1\"} 1\n", "1: label x stands twice"),
            ("a{__name__=\"1\"} 1\n", "1: label __name__"),
            ("a{x=\"\\t\"} 1\n", "1: the value of label x has a backslash"),
            ("a{x=\"1\n\"} 1\n", "1: the closing quote"), ("a{x=\"1\"\n", "1: ',' or '}'"),
            ("# HELP 1a x\n", "1: '1a' is not a metric name"), ("# HELP a \\t\n", "1: the help text has a backslash"),
            ("# HELP a x\n# HELP a x\n", "2: a second HELP"), ("# TYPE a gauge\n# TYPE a gauge\n", "2: a second TYPE"),
            ("a 1\n# TYPE a gauge\n", "2: the TYPE line of a stands behind"),
            ("# TYPE a unknown\n", "1: 'unknown' is not"),
            ("# TYPE a Gauge\n", "1: 'Gauge' is not"), ("# TYPE a gauge \n", "1: 'gauge ' is not"),
            ("# TYPE a summary\n# TYPE a_count gauge\n", "2: a second TYPE line of a"),
            ("a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n", "2: the same sample of a"),
            ("# TYPE a histogram\na_bucket 1\n", "2: a_bucket has no label le"),
            ("# TYPE a histogram\na_bucket{le=\"x\"} 1\n", "2: a_bucket: le=\"x\""),
            ("# TYPE a summary\na{quantile=\"x\"} 1\n", "2: a: quantile=\"x\""),
        ])
    func refused(_ text: String, _ expected: String) {
        let found = findings(text, .text).filter { !$0.contains("advice") }
        #expect(found.first?.hasPrefix(expected) == true, "\(found)")
    }

    @Test(
        "advice is that of promtool",
        arguments: [
            ("# HELP a x\n# TYPE a counter\na 1\n", ["a counter's name should end in _total"]),
            ("# HELP a_total x\n# TYPE a_total gauge\na_total 1\n", ["only a counter's name should end in _total"]),
            ("# HELP a_ms x\na_ms 1\n", ["its name should not contain an abbreviated unit"]),
            (
                "# HELP a_milliseconds x\na_milliseconds 1\n",
                ["use the base unit \"seconds\" instead of \"milliseconds\""]
            ),
            ("# HELP a_seconds x\na_seconds 1\n", []),
            ("# HELP a:b x\na:b 1\n", ["its name should not contain ':', that is for recording rules"]),
            (
                "# HELP aB x\naB{cD=\"1\"} 1\n",
                [
                    "its name should be written in snake_case", "its label names should be written in snake_case",
                ]
            ),
            ("# HELP a_gauge x\na_gauge 1\n", ["its name should not include a type, \"gauge\""]),
            (
                "# HELP a_sum x\n# TYPE a_sum gauge\na_sum{le=\"1\",quantile=\"1\"} 1\n",
                [
                    "only samples of a histogram or summary should end in _sum",
                    "only a histogram should have the label le",
                    "only a summary should have the label quantile",
                ]
            ),
            (
                "# HELP a_bucket x\n# TYPE a_bucket gauge\na_bucket 1\n",
                ["only a histogram's samples should end in _bucket"]
            ),
            ("# TYPE a gauge\n", []),
        ])
    func advice(_ text: String, _ expected: [String]) {
        let found = findings(text, .text)
        #expect(found.map { String($0.split(separator: ": ", maxSplits: 3)[3]) } == expected)
        #expect(verdict(Array(text.utf8), .text).isAccepted)
    }
}
