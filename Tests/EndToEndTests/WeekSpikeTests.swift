import Foundation
import TidemarkTestSupport
import Testing

/// A week of samples every 15 seconds is drawn in steps of half an hour; what happened within them is still seen.
@Suite struct WeekSpikeTests {
    @Test("one sample of a week that is out of the ordinary stands in the chart, in its CSV stand the steps")
    func spike() throws {
        let folder = try TemporaryFolder()
        let start = 1_777_852_800_000
        var lines: [String] = []
        lines.reserveCapacity(80_640)
        for scrape in 0..<40_320 {
            let time = start + scrape * 15_000
            let labels = "instance=\"a:8000\", job=\"vllm\", model_name=\"m\"}"
            lines.append("{__name__=\"vllm:num_requests_running\", \(labels) 3 \(time)")
            lines.append("{__name__=\"vllm:num_requests_waiting\", \(labels) \(scrape == 23_457 ? 321 : 0) \(time)")
        }
        let dump = try folder.write(lines.joined(separator: "\n") + "\n", to: "dump.txt")
        let out = folder.path("report")
        let run = try runTidemark(["run", dump, "--out", out, "--quiet"])
        #expect([0, 1].contains(run.status), "\(run.errors)")
        let page = try String(contentsOfFile: out + "/index.html", encoding: .utf8)
        #expect(page.contains(":321,"))
        let csv = try String(contentsOfFile: out + "/csv/overview_requests.csv", encoding: .utf8)
        #expect(csv.split(whereSeparator: \.isNewline).count < 400)
    }
}
