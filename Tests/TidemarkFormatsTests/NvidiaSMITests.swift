import Testing
import TidemarkBase
import TidemarkEvidence

@testable import TidemarkFormats

@Suite struct NvidiaSMITests {
    private func parse(
        _ text: String, columns: [String]? = nil
    ) throws -> (sink: RecordingGPUSink, counts: NvidiaSMICounts) {
        var parser = NvidiaSMIParser(columns: columns)
        var sink = RecordingGPUSink()
        let counts = try withBytes(of: text) { try parser.parse(capture: $0, into: &sink) }
        #expect(
            counts.lines == counts.rows + counts.headerLines + counts.blankLines + counts.eventLines
                + counts.rejectedLines + counts.truncatedLines)
        return (sink, counts)
    }

    @Test("every stored column, by its printed name")
    func columns() throws {
        let fields = GPUField.allCases.filter { $0.queryName != nil }
        let names = fields.compactMap(\.queryName)
        let values = names.indices.map { "\($0 + 1)" }
        let (sink, _) = try parse(names.joined(separator: ", ") + "\n" + values.joined(separator: ", ") + "\n")
        for (place, field) in fields.enumerated() { #expect(sink.samples.first?[field] == Double(place + 1)) }
    }

    @Test(
        "aliases, as typed on the command line",
        arguments: [
            ("clocks.sm", GPUField.smClock), ("clocks.mem", .memoryClock), ("clocks.gr", .graphicsClock),
            ("pcie.link.gen.gpucurrent", .pcieGeneration), ("clocks.max.sm", .maxSMClock), ("power.draw [W]", .power),
            ("utilization.gpu [%]", .utilization), (" memory.used [MiB]", .memoryUsed),
        ])
    func aliases(name: String, field: GPUField) throws {
        let (sink, _) = try parse("0, 42\n", columns: ["index", name])
        #expect(sink.samples.first?[field] == 42)
        #expect(sink.samples.first?.index == 0)
    }

    @Test("text columns by canonical and by short name")
    func textColumns() throws {
        let row = "NVIDIA A10G, GPU-1, 00000000:19:00.0, 550.163.01, P8\n"
        for columns in [
            ["name", "uuid", "pci.bus_id", "driver_version", "pstate"],
            ["gpu_name", "gpu_uuid", "gpu_bus_id", "driver_version", "pstate"],
        ] {
            let sample = try #require(try parse(row, columns: columns).sink.samples.first)
            #expect(sample.name == "NVIDIA A10G" && sample.uuid == "GPU-1" && sample.busID == "00000000:19:00.0")
            #expect(sample.driverVersion == "550.163.01" && sample.pstate == "P8")
        }
    }

    @Test("units are stripped where they are, whatever the header says")
    func units() throws {
        let header =
            "utilization.gpu [%], memory.used [MiB], power.draw [W], clocks.current.sm [MHz], temperature.gpu\n"
        for row in ["97 %, 71934 MiB, 412.35 W, 1980 MHz, 61\n", "97, 71934, 412.35, 1980, 61\n"] {
            let sample = try #require(try parse(header + row).sink.samples.first)
            #expect(sample[.utilization] == 97 && sample[.memoryUsed] == 71934 && sample[.power] == 412.35)
            #expect(sample[.smClock] == 1980 && sample[.temperature] == 61)
        }
    }

    @Test(
        "missing values are nil and no errors",
        arguments: [
            "[N/A]", "N/A", "n/a", "[Not Supported]", "Not Supported", "-", "", "[n/a]",
        ])
    func missing(text: String) throws {
        let header = "index, power.draw [W], uuid, pstate, clocks_event_reasons.active, timestamp\n"
        let (sink, counts) = try parse(header + "[N/A], \(text), \(text), \(text), \(text), \(text)\n")
        #expect(counts.rows == 1)
        let sample = try #require(sink.samples.first)
        #expect(sample == GPUSample())
    }

    @Test(
        "other bracketed texts are errors with their column",
        arguments: [
            "Unknown Error", "GPU is lost", "GPU requires reset", "Insufficient Permissions", "Timeout",
            "GPU access blocked by the operating system", "Driver/library version mismatch",
        ])
    func errorTexts(text: String) throws {
        let (sink, _) = try parse(
            "index, power.draw [W], uuid, fan.speed [%]\n0, [\(text)], [\(text)], 3 %\n1, 2 W, GPU-1, 4 %\n")
        #expect(sink.samples.map(\.errors) == [["power.draw: \(text)", "uuid: \(text)"], []])
        #expect(sink.samples.map { $0[.power] } == [nil, 2])
        #expect(sink.samples.map { $0[.fanSpeed] } == [3, 4])
    }

    @Test("throttle reasons: the mask, or the booleans put together, under old and new names")
    func throttle() throws {
        for prefix in ["clocks_event_reasons", "clocks_throttle_reasons"] {
            var samples = try parse(
                "index, \(prefix).active, \(prefix).supported\n0, 0x0000000000000044, 0x00000000000001FF\n1, [N/A], [N/A]\n"
            ).sink.samples
            #expect(samples.map(\.throttleReasons) == [0x44, nil])
            let reasons = [
                "gpu_idle", "applications_clocks_setting", "sw_power_cap", "hw_slowdown", "sync_boost",
                "sw_thermal_slowdown",
                "hw_thermal_slowdown", "hw_power_brake_slowdown",
            ]
            for (bit, reason) in reasons.enumerated() {
                samples = try parse(
                    "index, \(prefix).\(reason), \(prefix).\(reason == "gpu_idle" ? "sync_boost" : "gpu_idle")\n"
                        + "0, Active, Not Active\n1, Not Active, Not Active\n2, [N/A], [N/A]\n"
                ).sink.samples
                #expect(samples.map(\.throttleReasons) == [1 << UInt64(bit), 0, nil])
            }
        }
        let both = try parse(
            "clocks_event_reasons.active, clocks_event_reasons.sw_power_cap\n0x1, Active\n"
        ).sink.samples
        #expect(both.first?.throttleReasons == 1)
    }

    @Test(
        "time stamps",
        arguments: [
            ("2026/11/23 17:33:00.112", Int64(1_795_455_180_112)), ("2026/11/23 17:33:00", 1_795_455_180_000),
            ("2024/02/29 00:00:00.5", 1_709_164_800_500),
        ])
    func timestamps(text: String, wallMs: Int64) throws {
        #expect(try parse("timestamp, index\n\(text), 0\n").sink.samples.first?.wallMs == wallMs)
    }

    @Test(
        "lines that are no rows are rejects with position and reason, and the parser goes on",
        arguments: [
            "2026/11/23 17:33:00.112, 0", "2026/11/23 17:33:00.112, 0, 97 %, 5", "2026/13/23 17:33:00.112, 0, 97 %",
            "2026/11/23 25:33:00.112, 0, 97 %", "x, 0, 97 %", "2026/11/23 17:33:00.112, zero, 97 %",
            "2026/11/23 17:33:00.112, 0, busy", "2026/11/23 17:33:00.112, 0, 97 furlongs", "salloc: Granted job 7",
            "2026/11/23 17:33:00.112, 0, 9.7.1", "user@host:~$ ls",
            "2026/11/23 17:33:00., 0, 97 %", "2026/11/23 17:33:00.112, 0, 97%",
        ])
    func junk(line: String) throws {
        let header = "timestamp, index, utilization.gpu [%]\n"
        let (sink, counts) = try parse(header + line + "\n2026/11/23 17:33:01.112, 1, 96 %\n")
        #expect(counts.rejectedLines == 1)
        #expect(sink.rejects.first?.line == 2)
        #expect(sink.rejects.first?.offset == header.utf8.count)
        #expect(sink.rejects.first?.reason.isEmpty == false)
        #expect(sink.samples.map(\.index) == [1])
        #expect(sink.lines == [3])
    }

    @Test("a row before any header is a reject that says what to do")
    func noHeader() throws {
        let (sink, counts) = try parse("2026/11/23 17:33:08.492, 0, 97\n")
        #expect(counts.rejectedLines == 1)
        #expect(sink.rejects.first?.reason.contains("columns must be given") == true)
    }

    @Test("headers come again and change the columns; values of other columns don't linger")
    func repeatedHeaders() throws {
        let (sink, counts) = try parse(
            "index, power.draw [W]\n0, 5 W\nindex, power.draw [W]\n0, 6 W\nindex, temperature.gpu\n1, 40\n")
        #expect(counts.headerLines == 3)
        #expect(sink.samples.map { $0[.power] } == [5, 6, nil])
        #expect(sink.samples.map { $0[.temperature] } == [nil, nil, 40])
    }

    @Test("a repeated column counts once, unknown ones are stepped over")
    func duplicatedColumns() throws {
        let (sink, counts) = try parse(
            "index, power.draw [W], serial, power.draw [W], power.brand_new [W]\n0, 5 W, 123, 6 W, 7 W\n")
        #expect(counts.rows == 1)
        #expect(sink.samples.first?[.power] == 5)
    }

    @Test("surplus cells belong to the name; without a name the row is a reject")
    func commas() throws {
        let (sink, _) = try parse("index, name, power.draw [W]\n0, Foo, \"Bar\" GPU, rev 2, 5 W\n1, Foo, 6 W\n")
        #expect(sink.samples.map(\.name) == ["Foo, \"Bar\" GPU, rev 2", "Foo"])
        #expect(sink.samples.map { $0[.power] } == [5, 6])
    }

    @Test(
        "a wrapper's clock in front of rows without a time stamp",
        arguments: [
            ("2026-11-23T17:33:00+01:00", Int64(1_795_451_580_000)), ("2026-11-23 17:33:00.250", 1_795_455_180_250),
            ("1795455180.5", 1_795_455_180_500), ("1795455180", 1_795_455_180_000),
            ("1795455180500", 1_795_455_180_500),
            ("2026/11/23 17:33:00.112", 1_795_455_180_112),
        ])
    func wrapperClock(text: String, wallMs: Int64) throws {
        let isUTC = text.hasSuffix("+01:00") || text.hasPrefix("17")
        for before in ["\(text), ", "\(text),", "\(text) ", "[\(text)] "] {
            let (sink, counts) = try parse("index, power.draw [W]\n\(before)0, 5 W\n")
            #expect(sink.samples.first?.wallMs == wallMs, "\(before)")
            #expect(sink.samples.first?.isUTC == isUTC)
            #expect(sink.samples.first?.index == 0 && counts.rejectedLines == 0)
        }
        // In the column of the tool's own time, and on a line of its own.
        #expect(try parse("timestamp, index\n\(text), 0\n").sink.samples.first?.wallMs == wallMs)
        #expect(try parse("index, power.draw [W]\n\(text)\n0, 5 W\n").sink.samples.first?.wallMs == wallMs)
        // In front of the tool's own time, which counts.
        let both = try parse("timestamp, index\n[\(text)] 2026/11/23 18:00:00.000, 0\n").sink.samples.first
        #expect(both?.wallMs == 1_795_456_800_000 && both?.isUTC == false)
    }

    @Test("what an interrupt left in front of a line is cut off")
    func interrupt() throws {
        let (sink, counts) = try parse(
            "index, power.draw [W]\n^C0, 5 W\n^Ctimestamp, index\n2026/11/23 17:33:00.1, 1\n")
        #expect(sink.samples.map(\.index) == [0, 1] && counts.rejectedLines == 0)
        #expect(sink.samples.last?[.power] == nil)
    }

    @Test("queries of remapped rows and retired pages are events with the GPU's uuid")
    func pages() throws {
        let (sink, counts) = try parse(
            "gpu_uuid, remapped_rows.correctable, remapped_rows.uncorrectable, remapped_rows.pending, remapped_rows.failure\n"
                + "GPU-1, 0, 2, 1, No\nGPU-2, [N/A], [N/A], [N/A], [N/A]\nGPU-3, 1\n"
                + "gpu_uuid, retired_pages.address, retired_pages.cause\nGPU-1, 0x0000000000016fe5, Double Bit ECC\n"
                + "index, power.draw [W]\n0, 5 W\n")
        #expect(sink.events.map(\.kind) == [.remappedRows, .retiredPage])
        #expect(sink.events.map(\.uuid) == ["GPU-1", "GPU-1"])
        #expect(sink.events.first?.code == 2)
        #expect(sink.events.first?.text == "correctable 0, uncorrectable 2, pending 1, failure No")
        #expect(sink.events.last?.text == "address 0x0000000000016fe5, Double Bit ECC")
        #expect(sink.rejects.map(\.line) == [4] && counts.rows == 1)
    }

    @Test(
        "failure texts of whole calls are events",
        arguments: [
            (
                "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure.",
                GPUCaptureEvent.Kind.driverUnreachable
            ),
            ("No devices were found", .noDevices),
            ("Unable to determine the device handle for GPU1: Unknown Error", .deviceUnreachable),
            ("Failed to initialize NVML: Driver/library version mismatch", .initialisationFailed),
            ("Field \" index\" is not a valid field to query.", .badArguments),
            ("Format modifier --format=csv is mandatory.", .badArguments),
            ("bash: nvidia-smi: command not found", .toolMissing),
        ])
    func events(text: String, kind: GPUCaptureEvent.Kind) throws {
        var (sink, counts) = try parse("timestamp, index\n2026/11/23 17:33:00.112, 0\n\(text)\n\n")
        #expect(sink.events.map(\.kind) == [kind])
        #expect(sink.events.first?.text == text)
        #expect(sink.events.first?.line == 3)
        #expect(sink.events.first?.afterWallMs == 1_795_455_180_112)
        #expect(counts.rejectedLines == 0)
        (sink, counts) = try parse(text)
        #expect(sink.events.map(\.kind) == [kind])
    }

    @Test("a listing of processes is read, and a listing of GPUs behind it")
    func computeApps() throws {
        let (sink, counts) = try parse(
            "timestamp, gpu_uuid, pid, process_name, used_gpu_memory [MiB]\n2026/11/23 17:33:00.112, GPU-1, 7, a, 5 MiB\n"
                + "index, power.draw [W]\n0, 5 W\n")
        #expect(counts.rejectedLines == 0 && sink.rejects.isEmpty)
        #expect(counts.rows == 2)
    }

    @Test("CRLF, byte-order mark, UTF-16")
    func encodings() throws {
        let text = "timestamp, index\r\n2026/11/23 17:33:00.112, 0\r\n"
        #expect(try parse(text).counts.rows == 1)
        #expect(try parse("\u{FEFF}" + text).counts.rows == 1)
        let units = text.utf16.map { [UInt8($0 & 255), UInt8($0 >> 8)] }
        let wide: [UInt8] = [0xFF, 0xFE] + units.joined()
        let converted = try #require(wide.withUnsafeBytes { UTF16Converter.utf8($0) })
        #expect(converted == Array(text.utf8))
    }

    @Test("a last line without a line feed is counted as truncated, not rejected")
    func truncated() throws {
        let (sink, counts) = try parse("timestamp, index\n2026/11/23 17:33:00.112, 0\n2026/11/23 17:33:01.1")
        #expect(counts.rows == 1 && counts.truncatedLines == 1)
        #expect(sink.rejects == [])
    }

    @Test("too many cells and overlong lines are rejects")
    func hostile() throws {
        let commas = String(repeating: ",", count: 5000)
        let long = String(repeating: "x", count: 2 << 20)
        let (sink, counts) = try parse(
            "index, name\n0\(commas)\n\(long)\n1, A\n\(String(repeating: "a,", count: 5000))\n")
        #expect(counts.rejectedLines == 3)
        #expect(sink.samples.map(\.index) == [1])
    }
}

@Suite struct NvidiaSMIFixtureTests {
    private func read(_ name: String, columns: [String]? = nil) throws -> (RecordingGPUSink, NvidiaSMICounts) {
        var parser = NvidiaSMIParser(columns: columns)
        var sink = RecordingGPUSink()
        let bytes = try MetricFixture.bytes("nvidia-smi/\(name).csv")
        let counts = try bytes.withUnsafeBytes { try parser.parse(capture: $0, into: &sink) }
        #expect(sink.rejects == [], "\(name)")
        return (sink, counts)
    }

    @Test("the same query by four driver lines", arguments: ["470", "525", "535", "550"])
    func drivers(version: String) throws {
        let (sink, counts) = try read("query_\(version)")
        #expect(counts.rows == 2)
        let sample = try #require(sink.samples.last)
        #expect(sample.index == 1 && sample.name == "NVIDIA H100 80GB HBM3")
        #expect(sample.uuid == "GPU-00000000-1111-2222-3333-444444444441" && sample.busID == "00000000:1A:00.0")
        #expect(sample.pstate == "P0" && sample.throttleReasons == GPUThrottle.swPowerCap)
        #expect(sample[.utilization] == 96 && sample[.memoryUtilization] == 53)
        #expect(sample[.memoryTotal] == 81559 && sample[.memoryUsed] == 71934)
        #expect(sample[.temperature] == 62 && sample[.memoryTemperature] == 70)
        #expect(sample[.power] == 412.35 && sample[.powerLimit] == 700)
        #expect(sample[.smClock] == 1980 && sample[.memoryClock] == 2619)
        #expect(sample[.eccUncorrectedVolatile] == 0 && sample[.fanSpeed] == nil)
        #expect(sample.errors == [])
        #expect(CivilTime.day(try #require(sample.wallMs)) == "2026-11-23")
    }

    @Test("names with commas, errors, headerless, without units")
    func variants() throws {
        #expect(try read("query_550_comma_name").0.samples.map(\.name) == ["Foo, \"Bar\" GPU", "Foo, \"Bar\" GPU"])
        let lost = try read("query_550_errors").0.samples
        #expect(lost[0].errors == ["utilization.gpu: GPU is lost", "power.draw: Unknown Error"])
        let columns = ["timestamp", "index", "utilization.gpu", "memory.used", "power.draw"]
        for (name, given) in [("query_550_noheader_nounits", columns), ("query_550_nounits", nil)] {
            let samples = try read(name, columns: given).0.samples
            #expect(samples.map { $0[.power] } == [412.35, 412.35])
            #expect(samples.map { $0[.memoryUsed] } == [71934, 71934])
        }
    }

    @Test("a capture that was killed in mid-row")
    func killed() throws {
        let (sink, counts) = try read("query_550_lms5_f_sigkill_truncated")
        #expect(counts.lines == 527)
        #expect(counts.rows == 525 && counts.truncatedLines == 1)
        #expect(sink.samples.last?.index == 0)
    }

    @Test("any split into reads gives the same records")
    func splits() throws {
        let name = "query_550_lms5_f_sigkill_truncated"
        let whole = try read(name).0
        let bytes = try MetricFixture.bytes("nvidia-smi/\(name).csv")
        for seed in 0..<5 as Range<UInt64> {
            var parser = NvidiaSMIParser()
            var sink = RecordingGPUSink()
            try MetricFixture.feed(bytes, seed: seed) { line in try parser.parse(line: line, into: &sink) }
            #expect(sink.samples == whole.samples)
            #expect(sink.lines == whole.lines)
        }
    }

    @Test(
        "any truncation gives a prefix of the records and no reject", arguments: ["query_550", "query_550_comma_name"])
    func truncations(name: String) throws {
        let whole = try read(name).0
        let bytes = try MetricFixture.bytes("nvidia-smi/\(name).csv")
        for length in 0..<bytes.count {
            var parser = NvidiaSMIParser()
            var sink = RecordingGPUSink()
            try bytes.withUnsafeBytes { _ = try parser.parse(capture: $0.slice(0, length), into: &sink) }
            try #require(whole.samples.starts(with: sink.samples), "cut at \(length)")
            try #require(sink.rejects.isEmpty, "cut at \(length)")
        }
    }

    @Test("random damage never stops the parser, and the lines add up")
    func damage() throws {
        var random = SeededRandom(seed: 5)
        let bytes = try MetricFixture.bytes("nvidia-smi/query_550.csv")
        for _ in 0..<1000 {
            var copy = bytes
            for _ in 0..<Int.random(in: 1...10, using: &random) {
                let at = Int.random(in: 0..<copy.count, using: &random)
                copy[at] = [0, 10, 13, 44, 91, 93, 45, 255, 32].randomElement(using: &random)!
            }
            var parser = NvidiaSMIParser()
            var sink = RecordingGPUSink()
            let counts = try copy.withUnsafeBytes { try parser.parse(capture: $0, into: &sink) }
            #expect(
                counts.lines == counts.rows + counts.headerLines + counts.blankLines + counts.eventLines
                    + counts.rejectedLines + counts.truncatedLines)
        }
    }
}
