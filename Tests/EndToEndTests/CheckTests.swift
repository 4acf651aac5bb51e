import Foundation
import Testing
import TidemarkTestSupport

@Suite struct CheckTests {
    @Test("check metrics: what it prints and its exit status")
    func metrics() throws {
        let folder = fixture("openmetrics")
        let good = try runTidemark(["check", "metrics", "all-types.om"], in: folder)
        #expect(good.status == 0 && good.errors.isEmpty)
        #expect(good.output == "all-types.om: OpenMetrics, 9 metric families, 24 samples\n")
        let text = try runTidemark(["check", "metrics", "text-format.prom"], in: folder)
        #expect(text.status == 0)
        #expect(text.output.hasPrefix("text-format.prom:11: advice: http_requests: has no help text\n"))
        #expect(text.output.hasSuffix("text-format.prom: text format, 3 metric families, 5 samples\n"))
        #expect(
            try runTidemark(["check", "metrics", "--format", "openmetrics", "text-format.prom"], in: folder).status == 1
        )
        let bad = try runTidemark(["check", "metrics", "interleaved.om", "cut-off.om", "all-types.om"], in: folder)
        #expect(bad.status == 1)
        #expect(bad.output.contains("interleaved.om:3: metric family a_total: the name a_total belongs to"))
        #expect(bad.output.contains("cut-off.om:5: '# EOF' is missing"))
        #expect(bad.output.contains("cut-off.om:5: a_seconds_count stands without a_seconds_sum"))
        #expect(bad.output.contains("all-types.om: OpenMetrics"))
        #expect(bad.errors.contains("in 2 of 3 files"))
        #expect(try runTidemark(["check", "metrics", "nowhere"], in: folder).status == 66)
        #expect(try runTidemark(["check", "metrics", "."], in: folder).status == 66)
        #expect(try runTidemark(["check", "metrics", "nowhere", "interleaved.om"], in: folder).status == 66)
        #expect(try runTidemark(["check", "metrics", "--format", "x", "all-types.om"], in: folder).status == 64)
        // The tests' standard input is empty: a text exposition without samples, no OpenMetrics.
        #expect(try runTidemark(["check", "metrics", "-"]).status == 0)
        #expect(try runTidemark(["check", "metrics", "--format", "openmetrics", "-"]).status == 1)
    }

    @Test("check rules: what it prints and its exit status")
    func rules() throws {
        let folder = fixture("rules")
        let good = try runTidemark(["check", "rules", "vllm.yml"], in: folder)
        #expect(good.status == 0 && good.output == "vllm.yml: 2 rules\n")
        let twice = try runTidemark(["check", "rules", "vllm.yml", "vllm.yml"], in: folder)
        #expect(twice.status == 0)
        #expect(
            twice.output.contains(
                "vllm.yml:13: advice: alert KVCacheFull has the same labels as the rule at vllm.yml:13"))
        let bad = try runTidemark(["check", "rules", "vllm.yml", "broken.yml"], in: folder)
        #expect(bad.status == 1)
        #expect(bad.output.contains("broken.yml:3: group \"vllm\": unknown key intervall; did you mean interval?"))
        #expect(bad.errors == "tidemark: 11 errors in 1 of 2 files\n")
        #expect(try runTidemark(["check", "rules", "nowhere.yml"], in: folder).status == 66)
        #expect(try runTidemark(["check", "rules"], in: folder).status == 64)
    }
}
