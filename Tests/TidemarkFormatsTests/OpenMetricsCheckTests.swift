import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkFormats

/// The findings of a document, `LINE: reason` each.
func findings(_ text: String, _ format: ExpositionFormat?, fileName: String = "", piece: Int = .max) -> [String] {
    verdict(Array(text.utf8), format, fileName: fileName, piece: piece).findings.sorted.map {
        "\($0.line): \($0.isAdvice ? "advice: " : "")\($0.reason)"
    }
}

func verdict(
    _ bytes: [UInt8], _ format: ExpositionFormat?, fileName: String = "", piece: Int = .max
) -> ExpositionVerdict {
    var checker = ExpositionChecker(format: format, fileName: fileName)
    bytes.withUnsafeBytes { all in
        var at = 0
        while at < all.count {
            let end = piece < all.count - at ? at + piece : all.count
            checker.feed(all.slice(at, end))
            at = end
        }
    }
    return checker.finish()
}

@Suite struct OpenMetricsCheckTests {
    @Test("documents that must be accepted")
    func accepted() {
        for text in [
            "", "a 1\n", "a{} 1\n", "a 1 5\na 2 5.0000000001\n", "# HELP a \n# UNIT a \n# TYPE b gauge\n",
            "# HELP a a \"quote\", \\x and a CR\r\na{x=\"\\q}{ # \"} 01\n",
            "a +1.5E-3 -1.5\nb Inf\nc -infinity\nd NAN\ne .5\nf 5.\n",
            "# TYPE a counter\na_total 1 # {} NaN\na_created 0\n",
            "# TYPE a counter\na_total 1 1 # {x=\"1\"} 0.5 -5\n",
            "# TYPE a counter\n# TYPE b counter\nb_total 1\n",
            "# TYPE a gauge\na 1\na_total 1\n", "# HELP a x\na_total 1\n",
            "# TYPE a histogram\na_bucket{le=\"+Inf\"} 0\n",
            "# TYPE a histogram\na_bucket{x=\"1\",le=\"-1\"} 0\na_bucket{le=\"+Inf\",x=\"1\"} 0.0\n",
            "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1 1\na_count 1 1\na_sum 2 1\na_bucket{le=\"+Inf\"} 2 2\n",
            "# TYPE a summary\na{quantile=\"0.0\"} NaN\na{quantile=\"1\"} 0\na_sum 3\n",
            "# TYPE a info\na_info{x=\"1\"} 1 2\na_info{x=\"2\"} 1 1\n", "# TYPE a info\na_info 1.0\n",
            "# TYPE a stateset\na{a=\"x\",b=\"1\"} 0\na{a=\"y\",b=\"1\"} 1\na{a=\"x\",b=\"2\"} 1\n",
            "# TYPE a gauge\na{x=\"1\"} 1 1\na{x=\"2\"} 1\n",
        ] {
            let found = findings(text + "# EOF\n", .openmetrics).filter { !$0.contains("advice") }
            #expect(found.isEmpty, "\(text.debugDescription): \(found)")
        }
        #expect(findings("a 1\n# EOF", .openmetrics).isEmpty)
    }

    @Test(
        "documents that must be refused, with the line and the reason",
        arguments: [
            ("a 1\n\nb 1\n", "2: blank line"), ("# comment\n", "1: '# HELP name text'"), (" a 1\n", "1: a metric name"),
            ("#TYPE a gauge\n", "1: '# HELP name"), ("# TYPE  a gauge\n", "1: '' is not a metric name"),
            ("# TYPE a gauge \n", "1: 'gauge ' is not a type"), ("# TYPE a untyped\n", "1: 'untyped' is not a type"),
            ("# HELP a\n", "1: a metric name, one space"), ("# HELP 1a x\n", "1: '1a' is not a metric name"),
            ("# EOF \n", "1: '# EOF' stands alone"), ("# UNIT a_b b \n", "1: 'b ' is not a unit"),
            ("a  1\n", "1: two spaces"), ("a 1 \n", "1: space at the end"), ("a\t1\n", "1: one space and a value"),
            ("a\n", "1: one space and a value"), ("a 1 1 1\n", "1: one timestamp, or an exemplar"),
            ("a 1\r\n", "1: carriage return"), ("a 0x1\n", "1: '0x1' is not a number"), ("a 1_0\n", "1: '1_0' is not"),
            ("a 1 NaN\n", "1: 'NaN' is not a timestamp"), ("a 1 1e999\n", "1: '1e999' is not a timestamp"),
            ("a{x=\"1\",} 1\n", "1: a label name is expected at column 9"), ("a{,} 1\n", "1: a label name"),
            ("a{x=\"1\", y=\"2\"} 1\n", "1: a label name"), ("a{x=1} 1\n", "1: '=\"' is expected behind label name x"),
            ("a{x:y=\"1\"} 1\n", "1: '=\"' is expected"), ("a{x=\"1\"y=\"2\"} 1\n", "1: ',' or '}' is expected"),
            ("a{x=\"1} 1\n", "1: the closing quote"), ("a{x=\"1\",x=\"2\"} 1\n", "1: label x stands twice"),
            ("a{__x=\"1\"} 1\n", "1: label __x"), ("a{x=\"1\"}1\n", "1: one space and a value"),
            ("a.b 1\n", "1: one space and a value"), ("1a 1\n", "1: a metric name"), ("é 1\n", "1: a metric name"),
            ("# TYPE a gauge\n# TYPE a gauge\n", "2: a second # TYPE of a"),
            ("# HELP a x\n# HELP a x\n", "2: a second # HELP of a"),
            ("a 1\n# HELP a x\n", "2: # HELP of a stands behind"),
            ("# UNIT a_s s\n# UNIT a_s s\n", "2: a second # UNIT"),
            ("# UNIT a s\n", "1: the name of metric family a does"),
            ("# UNIT as s\n", "1: the name of metric family as does"),
            ("# TYPE a_s info\n# UNIT a_s s\n", "1: metric family a_s: a family of type info has no unit"),
            ("# TYPE a counter\n# TYPE b gauge\na_total 1\n", "3: metric family a_total: the name a_total belongs"),
            ("a 1\nb 1\na 2\n", "3: metric family a: the name a belongs to the family of line 1"),
            ("# TYPE a counter\n# TYPE a_created gauge\n", "2: metric family a_created: the name a_created belongs"),
            ("# TYPE a counter\na 1\n", "2: a is of type counter: its samples are named a_total, a_created"),
            ("# TYPE a counter\na_total NaN\n", "2: a_total cannot be NaN"),
            ("# TYPE a counter\na_total -1\n", "2: a_total cannot be negative"),
            ("# TYPE a summary\na_count 1.5\n", "2: a_count: a count of events"),
            ("# TYPE a summary\na_sum -1\n", "2: a_sum cannot be negative"),
            ("# TYPE a summary\na 1\n", "2: a has no label quantile"),
            ("# TYPE a summary\na{quantile=\"1.1\"} 1\n", "2: a: quantile 1.1 does not lie"),
            ("# TYPE a summary\na{quantile=\"x\"} 1\n", "2: a: quantile=\"x\" is not a number"),
            ("# TYPE a summary\na{quantile=\"0.5\"} -1\n", "2: a: a quantile's value"),
            ("# TYPE a info\na_info 2\n", "2: a_info: the value of an info is 1"),
            ("# TYPE a stateset\na{b=\"x\"} 1\n", "2: a has no label a"),
            ("# TYPE a stateset\na{a=\"x\"} 2\n", "2: a: the value of a state is 0 or 1"),
            ("# TYPE a histogram\na_bucket 1\n", "2: a_bucket has no label le"),
            ("# TYPE a histogram\na_bucket{le=\"1.0\"} 1\n", "2: a: the last bucket must be le=\"+Inf\""),
            ("# TYPE a histogram\na_count 1\na_sum 1\n", "3: a: the last bucket must be le=\"+Inf\""),
            ("# TYPE a histogram\na_bucket{le=\"Inf\"} 1\n", "2: a_bucket: infinity is spelled"),
            (
                "# TYPE a histogram\na_bucket{le=\"2.0\"} 1\na_bucket{le=\"1.0\"} 1\na_bucket{le=\"+Inf\"} 1\n",
                "3: a: the buckets"
            ),
            ("# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\n", "3: a: a bucket holds fewer"),
            ("# TYPE a histogram\na_bucket{le=\"+Inf\"} 1.5\n", "2: a_bucket: a count of events"),
            ("# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 2\na_sum 1\n", "4: a_count is 2, the +Inf bucket 1"),
            ("# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\n", "3: a_sum stands without a_count"),
            ("# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 1\n", "3: a_count stands without a_sum"),
            (
                "# TYPE a histogram\na_bucket{le=\"-1.0\"} 1\na_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n",
                "5: a_sum cannot be there with buckets below zero"
            ),
            ("# TYPE a gaugehistogram\na_bucket{le=\"+Inf\"} 1\na_gcount 1\na_gsum -1\n", "4: a_gsum is negative"),
            ("# TYPE a gaugehistogram\na_bucket{le=\"+Inf\"} 1\na_gsum 1\n", "3: a_gsum stands without a_gcount"),
            ("# TYPE a gauge\na 1 # {} 1\n", "2: a has an exemplar"),
            ("# TYPE a counter\na_created 1 # {} 1\n", "2: a_created has an exemplar"),
            ("# TYPE a counter\na_total 1 # {}\n", "2: one space and the exemplar's value"),
            ("# TYPE a counter\na_total 1 #{} 1\n", "2: one timestamp, or an exemplar"),
            ("# TYPE a counter\na_total 1 # {} x\n", "2: the exemplar's value 'x'"),
            ("# TYPE a counter\na_total 1 # {} 1 x\n", "2: 'x' is not a timestamp"),
            ("# TYPE a counter\na_total 1 # {} 1 1 1\n", "2: nothing may follow"),
            ("a{x=\"1\"} 1\na{x=\"2\"} 1\na{x=\"1\"} 2\n", "3: samples of this metric are not together"),
            ("a 1\na 1\n", "2: advice: the same sample of a"), ("a 1 2\na 1 1\n", "2: the timestamp goes back"),
            ("a 1 1\na 1\n", "2: some samples of this metric"), ("a 1 -1\na 1 -1.1\n", "2: the timestamp goes back"),
            ("# EOF\na 1\n", "2: nothing may follow '# EOF'"),
        ])
    func refused(_ text: String, _ expected: String) {
        let found = findings(text + (text.contains("# EOF\n") ? "" : "# EOF\n"), .openmetrics)
        #expect(found.first?.hasPrefix(expected) == true, "\(found)")
    }

    @Test("the end marker, the exemplar's length and UTF-8")
    func limits() {
        #expect(findings("", .openmetrics) == ["1: '# EOF' is missing at the end: the document may be cut off"])
        #expect(findings("a 1\n", .openmetrics).first?.hasPrefix("1: '# EOF' is missing") == true)
        func exemplar(_ count: Int) -> String {
            "# TYPE a counter\na_total 1 # {x=\"\(String(repeating: "é", count: count))\"} 1\n# EOF\n"
        }
        #expect(findings(exemplar(127), .openmetrics).isEmpty)
        #expect(
            findings(exemplar(128), .openmetrics).first?.hasPrefix("2: the exemplar's label names and values have 129")
                == true)
        let invalid = Array("a{x=\"".utf8) + [0xFF] + Array("\"} 1\n# EOF\n".utf8)
        #expect(verdict(invalid, .openmetrics).findings.sorted.first?.reason == "the line is not valid UTF-8")
        #expect(verdict(Array("a{x=\"\0\"} 1\n# EOF\n".utf8), .openmetrics).isAccepted)
    }

    @Test("an unusual spelling of a bound is advice")
    func spelling() {
        let text = "# TYPE a histogram\na_bucket{le=\"1\"} 0\na_bucket{le=\"12\"} 0\na_bucket{le=\"+Inf\"} 0\n# EOF\n"
        #expect(findings(text, .openmetrics) == ["2: advice: a_bucket: le=\"1\" should be spelled \"1.0\""])
        #expect(verdict(Array(text.utf8), .openmetrics).isAccepted)
    }

    @Test("any cut of the input gives the same findings, and any truncation is refused")
    func pieces() throws {
        let text = try String(contentsOf: fixture("openmetrics/all-types.om"), encoding: .utf8)
        #expect(findings(text, .openmetrics).isEmpty)
        let broken = text.replacingOccurrences(of: " 17\n", with: " x\n")
        let whole = findings(broken, .openmetrics)
        #expect(whole.count >= 2)
        for piece in [1, 7, 64, 1000] { #expect(findings(broken, .openmetrics, piece: piece) == whole) }
        // The last byte is the line feed behind the end marker, which may be missing.
        for length in stride(from: 0, to: text.utf8.count - 1, by: 5) {
            #expect(!verdict(Array(text.utf8.prefix(length)), .openmetrics).isAccepted, "\(length)")
        }
    }

    @Test("the format is told from the document")
    func detection() throws {
        let text = try String(contentsOf: fixture("openmetrics/all-types.om"), encoding: .utf8)
        #expect(verdict(Array(text.utf8), nil).format == .openmetrics)
        #expect(verdict(Array("a 1\n".utf8), nil).format == .text)
        #expect(verdict(Array("a 1\n".utf8), nil, fileName: "dir/x.openmetrics").format == .openmetrics)
        #expect(verdict(Array("a 1\n".utf8), nil, fileName: "openmetrics/x.prom").format == .text)
        #expect(verdict(Array("# UNIT a_s s\na_s 1\n".utf8), nil).format == .openmetrics)
        #expect(verdict(Array("# TYPE a stateset\n".utf8), nil).format == .openmetrics)
        #expect(verdict(Array("a 1\n# EOF\n".utf8), .text).format == .text)
        #expect(verdict([], nil).format == .text)
    }

    @Test("a hostile document fills neither memory nor the list")
    func hostile() {
        let lines = String(repeating: "?\n", count: 5000)
        let result = verdict(Array(lines.utf8), .openmetrics).findings
        #expect(result.errors == 5001 && result.sorted.count == FindingList.limit && result.omitted == 4001)
        let long = [UInt8](repeating: 97, count: ExpositionChecker.longestLine + 1)
        #expect(verdict(long, .text, piece: 1 << 18).findings.sorted.first?.reason.contains("too long") == true)
        let name = String(repeating: "a", count: 5000)
        #expect(findings("\(name) 1\n\(name) 1\n# EOF\n", .openmetrics).allSatisfy { $0.utf8.count < 700 })
    }
}
