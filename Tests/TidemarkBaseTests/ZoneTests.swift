import Foundation
import Testing
import TidemarkBase

/// A TZif file of version 2 with explicit transitions, a type for each, and a footer.
func tzif(_ transitions: [(second: Int64, offset: Int32)] = [], first: Int32, footer: String) -> [UInt8] {
    func big<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
    func header(_ times: Int, _ types: Int) -> [UInt8] {
        Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
            + [0, 0, 0, times, types, 4].flatMap { big(Int32($0)) }
    }
    let types = [first] + transitions.map(\.offset)
    var bytes = header(0, 1) + big(first) + [0, 0] + Array("LMT\0".utf8)
    bytes += header(transitions.count, types.count)
    bytes += transitions.flatMap { big($0.second) }
    bytes += transitions.indices.map { UInt8($0 + 1) }
    bytes += types.flatMap { big($0) + [0, 0] }
    bytes += Array("LMT\0\n\(footer)\n".utf8)
    return bytes
}

private func rules(_ bytes: [UInt8]) -> TimeZoneRules? {
    bytes.withUnsafeBytes { TimeZoneRules(tzif: $0, name: "Test/Zone") }
}

private func second(_ text: String) throws -> Int64 { try #require(CivilTime.parseRFC3339(text)) / 1000 }

@Suite struct ZoneTests {
    @Test("the footer's rule holds behind the last transition, north and south")
    func footer() throws {
        let berlin = try #require(rules(tzif(first: 3208, footer: "CET-1CEST,M3.5.0,M10.5.0/3")))
        #expect(try berlin.offset(atSecond: second("2026-03-29T00:59:59Z")) == 3600)
        #expect(try berlin.offset(atSecond: second("2026-03-29T01:00:00Z")) == 7200)
        #expect(try berlin.offset(atSecond: second("2026-10-25T00:59:59Z")) == 7200)
        #expect(try berlin.offset(atSecond: second("2026-10-25T01:00:00Z")) == 3600)
        // Shown twice: the earlier instant first. Skipped: the offset before.
        #expect(try berlin.offsets(atWallSecond: second("2026-10-25T02:30:00Z")) == [7200, 3600])
        #expect(try berlin.offsets(atWallSecond: second("2026-03-29T02:30:00Z")) == [3600])
        let sydney = try #require(rules(tzif(first: 0, footer: "AEST-10AEDT,M10.1.0,M4.1.0/3")))
        #expect(try sydney.offset(atSecond: second("2026-01-15T00:00:00Z")) == 39_600)
        #expect(try sydney.offset(atSecond: second("2026-07-15T00:00:00Z")) == 36_000)
        let newfoundland = try #require(rules(tzif(first: 0, footer: "<-0330>3:30<-0230>,M3.2.0,M11.1.0")))
        #expect(try newfoundland.offset(atSecond: second("2026-01-15T00:00:00Z")) == -12_600)
        #expect(try newfoundland.offset(atSecond: second("2026-07-15T00:00:00Z")) == -9000)
    }

    @Test("transitions of the file stand before the footer")
    func transitions() throws {
        let zone = try #require(rules(tzif([(1_000, 3600), (2_000, 7200)], first: 600, footer: "XXX-5")))
        #expect([0, 999, 1_000, 1_999].map(zone.offset) == [600, 600, 3600, 3600])
        #expect(zone.offset(atSecond: 2_000) == 18_000)
        let endless = try #require(rules(tzif([(1_000, 3600)], first: 600, footer: "")))
        #expect(endless.offset(atSecond: 1 << 33) == 3600)
    }

    @Test("a damaged file is refused, never misread")
    func damaged() {
        let whole = tzif([(1_000, 3600), (2_000, 7200)], first: 600, footer: "CET-1CEST,M3.5.0,M10.5.0/3")
        for length in 0..<whole.count - 1 { #expect(rules(Array(whole[..<length])) == nil, "\(length)") }
        #expect(rules(tzif(first: 0, footer: "CET-1CEST,M13.5.0,M10.5.0/3")) == nil)
        #expect(rules(tzif([(2_000, 3600), (1_000, 7200)], first: 0, footer: "")) == nil)
        for index in whole.indices {
            var bytes = whole
            bytes[index] = 0xFF
            if let zone = rules(bytes) { _ = zone.offsets(atWallSecond: .random(in: -1 << 40...1 << 40)) }
        }
    }

    @Test(
        "agrees with the system's library on every zone that both know",
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin")))
    func system() throws {
        for name in [
            "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Tehran",
            "Africa/Casablanca",
            "Australia/Lord_Howe", "Pacific/Apia", "Europe/Dublin", "UTC",
        ] {
            guard let data = FileManager.default.contents(atPath: "/usr/share/zoneinfo/" + name),
                let system = TimeZone(identifier: name)
            else { continue }
            let zone = try #require(rules(Array(data)), "\(name)")
            for time in stride(from: Int64(0), to: 2_400_000_000, by: 1_000_003) {
                #expect(
                    zone.offset(atSecond: time)
                        == system.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time))), "\(name) \(time)")
            }
        }
    }

    @Test(
        "offsets in words",
        arguments: [
            ("UTC", 0), ("+08:00", 480), ("-0330", -210), ("+9", 540), ("−05:00", -300), ("+05:45", 345),
        ])
    func offsets(text: String, minutes: Int) {
        #expect(LocalZone(offset: text) == .fixed(minutesEast: minutes))
    }

    @Test("not offsets", arguments: ["", "+", "Mars", "8", "+25", "+08:60", "+1:2:3", "+08:000", "+٣"])
    func noOffsets(text: String) { #expect(LocalZone(offset: text) == nil) }

    @Test("an hour that the clock shows twice is told apart by what was before")
    func twice() throws {
        let zone = LocalZone.rules(try #require(rules(tzif(first: 3600, footer: "CET-1CEST,M3.5.0,M10.5.0/3"))))
        let wallMs = try second("2026-10-25T02:00:05Z") * 1000
        #expect(zone.offsetMs(wallMs: wallMs) == 7_200_000)
        #expect(try zone.offsetMs(wallMs: wallMs, previousMs: second("2026-10-25T00:59:58Z") * 1000) == 3_600_000)
        #expect(try zone.offsetMs(wallMs: wallMs, previousMs: second("2026-10-25T00:00:02Z") * 1000) == 7_200_000)
    }
}
