import Foundation
import Testing
import TidemarkTestSupport

/// `tidemark anomalies` as a user types it.
@Suite struct AnomaliesCommandTests {
    @Test("the bundled incident: its one anomaly in each format, a range, and what is refused")
    func command() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("t.sqlite")
        #expect(try runTidemark(["ingest", fixture("incident").path, "--db", path, "--quiet"]).status == 0)
        let json = try runTidemark(["anomalies", "--db", path, "--format", "json"])
        #expect(json.status == 0)
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        let anomalies = try #require(object?["anomalies"] as? [[String: Any]])
        let first = try #require(anomalies.first)
        #expect(first["rank"] as? Int == 1 && first["reported"] as? Bool == true)
        #expect(first["harm"] as? String == "waiting" || first["harm"] as? String == "first_token")
        let signals = try #require(first["signals"] as? [[String: Any]])
        #expect((1...6).contains(signals.count))
        for signal in signals {
            #expect(["higher", "lower"].contains(signal["direction"] as? String))
            #expect(signal["normal"] is Double && signal["value"] is Double && signal["unit"] is String)
        }
        let text = try runTidemark(["anomalies", "--db", path])
        #expect(text.output.contains("user-seconds beyond the normal") && text.output.contains("normally"))
        let csv = try runTidemark(["anomalies", "--db", path, "--format", "csv", "--all"])
        #expect(csv.output.hasPrefix("period,rank,kind,start,end,reported"))
        let early = try runTidemark(["anomalies", "--db", path, "--to", "2020-01-01T00:00:00Z"])
        #expect(early.status == 0 && early.output.contains("No anomaly that users felt"))
        #expect(try runTidemark(["anomalies", "--db", path, "--from", "soon"]).status == 64)
        #expect(
            try runTidemark(["anomalies", "--db", path, "--from", "2000000000", "--to", "1000000000"]).status == 64)
        #expect(try runTidemark(["anomalies", "--db", folder.path("none.sqlite")]).status == 66)
        let help = try runTidemark(["anomalies", "--help"])
        #expect(help.status == 0 && help.output.contains("Example:"))
    }
}
