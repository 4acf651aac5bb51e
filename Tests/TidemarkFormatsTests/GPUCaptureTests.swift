import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkTestSupport

@testable import TidemarkFormats

/// Captures in the forms that are neither of `--query-gpu`: listings, tables, dmon, pmon, AMD's and DCGM's tools.
@Suite struct GPUCaptureTests {
    private func read(
        _ bytes: [UInt8], columns: [String]? = nil, cut: UInt64? = nil
    ) throws -> (sink: RecordingGPUSink, counts: GPUCaptureCounts) {
        try RecordingGPUSink.read(bytes, columns: columns, cut: cut)
    }

    private func read(_ text: String) throws -> (sink: RecordingGPUSink, counts: GPUCaptureCounts) {
        try read(Array(text.utf8))
    }

    private func fixture(_ name: String) throws -> [UInt8] { try MetricFixture.bytes("nvidia-smi/" + name) }

    @Test("tables of drivers 450 to 610: rules are no rejects, a GPU without memory of its own has none")
    func tables() throws {
        let (sink, counts) = try read(try fixture("table_610.txt"))
        #expect(counts.rejectedLines == 0 && counts.untimed == 0)
        let sample = try #require(sink.samples.first)
        #expect(
            sample.driverVersion == "610.43.02" && sample.name == "NVIDIA GB10" && sample.busID == "0000000F:01:00.0")
        #expect(sample[.memoryUsed] == nil && sample[.memoryTotal] == nil && sample[.power] == 4)
        #expect(sample[.powerLimit] == nil && sample[.utilization] == 0 && sample[.temperature] == 38)
        #expect(sample.wallMs == 1_783_246_385_000)
        for name in ["table_550.txt", "table_450_no_time.txt"] {
            let (sink, counts) = try read(try fixture(name))
            #expect(counts.rejectedLines == 0 && !sink.samples.isEmpty, "\(name)")
        }
    }

    @Test(
        "the table's name is the GPU's: no driver model, no error text",
        arguments: [
            ("NVIDIA GeForce RTX 4090      WDDM", "NVIDIA GeForce RTX 4090", "0"),
            ("Tesla K80                    TCC ", "Tesla K80", "0"), ("ERR!                On  ", nil, "ERR!"),
        ] as [(String, String?, String)])
    func tableNames(cell: String, name: String?, ecc: String) throws {
        let (sink, counts) = try read(
            """
            Wed Mar  4 09:08:07 2026
            | NVIDIA-SMI 550.127.05   Driver Version: 550.127.05   CUDA Version: 12.4 |
            |   4  \(cell) | 00000000:83:00.0 Off | \(ecc) |
            | N/A   61C    P0             412W / 700W |  71934MiB /  81559MiB |     97%      Default |

            """)
        #expect(counts.rejectedLines == 0)
        let sample = try #require(sink.samples.first)
        #expect(sample.name == name && sample.index == 4 && sample[.utilization] == 97)
        let isError = ecc == "ERR!"
        #expect(sample.errors.isEmpty != isError && (sample[.eccUncorrectedVolatile] == nil) == isError)
    }

    @Test("a MIG device's memory and errors are not the GPU's", arguments: ["listing_mig.txt", "listing_mig.xml"])
    func partitions(name: String) throws {
        let (sink, counts) = try read(try fixture(name))
        #expect(counts.rejectedLines == 0 && sink.samples.count == 1)
        let sample = try #require(sink.samples.first)
        #expect(sample[.memoryTotal] == 81559 && sample[.memoryUsed] == 20012)
        #expect(sample[.eccUncorrectedVolatile] == 1)
        #expect(sample[.power] == 31.64)
    }

    @Test("dmon: GPM columns in percent become ratios, their first samples are missing")
    func gpm() throws {
        let (sink, counts) = try read(
            """
            # gpu    pwr  gtemp  mtemp     sm    mem      gract     smutil      smocc     mmaact       dram       fp16
            # Idx      W      C      C      %      %      GPM:%      GPM:%      GPM:%      GPM:%      GPM:%      GPM:%
                0     12     43      -      0      1          -          -          -          -          -          -
                0     11     43      -      2      7          1         12         25         75         35          0

            """)
        #expect(counts.rejectedLines == 0 && counts.untimed == 2)
        #expect(sink.samples.map { $0[.smActive] } == [nil, 0.12])
        #expect(sink.samples.map { $0[.tensorActive] } == [nil, 0.75])
        #expect(sink.samples.last?[.graphicsActive] == 0.01 && sink.samples.last?[.dramActive] == 0.35)
        #expect(sink.samples.last?[.smOccupancy] == 0.25 && sink.samples.last?[.temperature] == 43)
    }

    @Test("dmon of old drivers: one temperature")
    func oldDmon() throws {
        let (sink, _) = try read(
            "# gpu   pwr  temp    sm   mem\n# Idx     W     C     %     %\n    0    43    35     0     0\n")
        #expect(sink.samples.first?[.temperature] == 35 && sink.samples.first?[.utilization] == 0)
    }

    @Test("the query of NVIDIA's manual without a header")
    func published() throws {
        let (sink, _) = try read(
            "2024/06/01 11:27:05.177, NVIDIA A100-SXM4-40GB, 00000000:3B:00.0, 545.23.08, P0, 4, 3, 44, 7 %, 5 %, 40960 MiB, 40333 MiB, 4 MiB\n"
        )
        let sample = try #require(sink.samples.first)
        #expect(sample[.utilization] == 7 && sample[.memoryUtilization] == 5 && sample[.temperature] == 44)
        #expect(sample[.memoryTotal] == 40960 && sample[.memoryFree] == 40333 && sample[.memoryUsed] == 4)
        #expect(sample[.pcieGeneration] == 3 && sample[.pcieGenerationMax] == 4 && sample.driverVersion == "545.23.08")
    }

    @Test(
        "headerless rows: a temperature is no index, a lone MiB or % nothing, an index counts the GPUs",
        arguments: [
            ("61, 412.35 W, 97 %, 71934 MiB|62, 415.02 W, 98 %, 71934 MiB", "nil 61|nil 62"),
            ("0, 412.35 W|1, 415.02 W|0, 413.00 W|1, 400.00 W", "0 nil|1 nil|0 nil|1 nil"),
            ("2, 54, 412.35 W|3, 61, 415.02 W|2, 54, 413.00 W", "2 54|3 61|2 54"),
            ("0, 61, P0, 412.35 W", "0 61"),
            ("30, 45, 412.35 W", "nil nil"),
        ])
    func shapes(rows: String, expected: String) throws {
        let text = rows.split(separator: "|").map { "2026/03/04 09:08:07.123, \($0)\n" }.joined()
        let (sink, counts) = try read(text)
        #expect(counts.rejectedLines == 0)
        func word(_ value: (some Any)?) -> String { value.map { "\($0)" } ?? "nil" }
        let found = sink.samples.map { word($0.index) + " " + word($0[.temperature].map { Int($0) }) }
        #expect(found.joined(separator: "|") == expected)
        #expect(sink.samples.allSatisfy { $0[.power] ?? 0 >= 400 && $0[.utilization] == nil && $0[.memoryUsed] == nil })
    }

    @Test(
        "headerless rows that tell nothing for certain ask for their columns",
        arguments: [
            "9000 MiB", "81559 MiB, 5 %", "31, 61, 47", "0, 0, 0",
        ])
    func unclearShapes(row: String) throws {
        let (sink, counts) = try read("2026/03/04 09:08:07.123, \(row)\n2026/03/04 09:08:08.123, \(row)\n")
        #expect(sink.samples.isEmpty && counts.rejectedLines == 2)
        #expect(sink.rejects.first?.reason.contains("--columns") == true)
    }

    @Test("a wrapper's own header is read by its words; what is not certain is left out and named")
    func wrapperHeaders() throws {
        let cases: [(header: String, row: String, leftOut: [String])] = [
            (
                "timestamp,index,name,gpu_utilization[%],memory.total[MiB],memory.used[MiB],temperature[°C]",
                "2026/03/04 09:08:07.000, 0, Tesla T4, 97, 15360, 1200, 61", []
            ),
            (
                "timestamp,index,memory_used_mib,memory_total_mib,utilization_gpu_percent,power_draw_w,temp_c",
                "2026-03-04T09:08:07,0,1200,15360,97,70.5,61", []
            ),
            (
                "Timestamp,GPU_ID,Memory_Used(MB),Memory_Total(MB),GPU_Utilization(%),Temperature(C)",
                "2026-03-04 09:08:07,0,1200,15360,97,61", []
            ),
            (
                "timestamp,gpu_id,sm_util_pct,mem_util_pct,mem_used_mb,memory_total,gpu_temp",
                "1772615287,0,97,8,1200,15360,61", ["mem_util_pct", "memory_total"]
            ),
        ]
        for (header, row, leftOut) in cases {
            let (sink, counts) = try read(header + "\n" + row + "\n")
            #expect(counts.rejectedLines == 0)
            let sample = try #require(sink.samples.first)
            #expect(sample.wallMs == 1_772_615_287_000 && sample.index == 0, "\(header)")
            #expect(sample[.utilization] == 97 && sample[.memoryUsed] == 1200, "\(header)")
            #expect(sample[.memoryUtilization] == nil)
            #expect(sample[.memoryTotal] == (leftOut.contains("memory_total") ? nil : 15360))
            #expect(sample[.temperature] == 61, "\(header)")
            let columns = NvidiaSMIColumns(header.split(separator: ",").map(String.init))
            #expect(columns.leftOut == leftOut, "\(header)")
        }
        // Tables of other things.
        for header in ["time,temperature,power_w", "name,gpu,usage", "timestamp,gpu_id,temperature"] {
            #expect(withBytes(of: header) { NvidiaSMIColumns.header($0) } == nil, "\(header)")
        }
    }

    @Test(
        "a wrapper's clock in front of every line, or on lines of their own, places rows that have none",
        arguments: [
            "Wed Mar  4 09:08:07 UTC 2026\n# gpu    pwr  gtemp     sm\n# Idx      W      C      %\n    0    119     59    100\n",
            "2026-03-04 09:08:07 # gpu    pwr  gtemp     sm\n2026-03-04 09:08:07     0    119     59    100\n",
            "2026-03-04T09:08:07Z\n#Entity   GPUTL   TMPTR   POWER\nID\nGPU 0     100      59      119\n",
            "2026-03-04 09:08:07 #Entity   GPUTL   TMPTR   POWER\n2026-03-04 09:08:07 ID\n2026-03-04 09:08:07 GPU 0     100      59     119\n",
            "2026-03-04 09:08:07 index, utilization.gpu [%], temperature.gpu, power.draw [W]\n2026-03-04 09:08:07 0, 100 %, 59, 119.00 W\n",
            "[2026-03-04 09:08:07] index, utilization.gpu [%], temperature.gpu, power.draw [W]\n[2026-03-04 09:08:07] 0, 100 %, 59, 119.00 W\n",
            "=== monitor 2026-03-04 09:08:07 UTC ===\nindex, utilization.gpu [%], temperature.gpu, power.draw [W]\n0, 100 %, 59, 119.00 W\n=====\n",
            "timestamp,index,utilization.gpu,temperature.gpu,power.draw\n2026-03-04T10:08:07,000000000+01:00,0,100, 59, 119.0\n",
        ])
    func wrapperClocks(text: String) throws {
        let (sink, counts) = try read(text)
        #expect(counts.rejectedLines == 0 && counts.untimed == 0)
        let sample = try #require(sink.samples.first)
        #expect(sample.wallMs == 1_772_615_287_000 && sample.index == 0)
        #expect(sample[.utilization] == 100 && sample[.temperature] == 59 && sample[.power] == 119)
    }

    @Test("echo of date and rows: the second GPU's row has the first one's time")
    func dateAndRows() throws {
        var parser = NvidiaSMIParser(columns: ["memory.used", "memory.total", "utilization.gpu"])
        var sink = RecordingGPUSink()
        try withBytes(of: "Wed Mar  4 09:08:07 UTC 2026: 71934, 81559, 97\n71000, 81559, 96\n") {
            _ = try parser.parse(capture: $0, into: &sink)
        }
        #expect(sink.rejects.isEmpty && sink.samples.map { $0[.utilization] } == [97, 96])
        #expect(sink.samples.allSatisfy { $0.wallMs == 1_772_615_287_000 && $0.isUTC })
    }

    @Test("a table behind clocks, with watch's line and a prompt")
    func clockedTable() throws {
        let table = """
            | NVIDIA-SMI 550.127.05   Driver Version: 550.127.05   CUDA Version: 12.4 |
            |   0  NVIDIA H100 PCIe   On  |   00000000:09:00.0 Off |                    0 |
            | N/A   49C    P0            276W /  350W |  78984MiB /  81559MiB |    100%      Default |
            """
        let clocked = table.split(separator: "\n").map { "2026-03-04 09:08:07 \($0)\n" }.joined()
        for text in [
            clocked, "Every 1.0s: nvidia-smi      host: Wed Mar  4 09:08:07 2026\n\n\(table)\n",
            "u@host:~$ nvidia-smi\nWed Mar  4 09:08:07 2026\n\(table)\n",
        ] {
            let (sink, counts) = try read(text)
            #expect(counts.rejectedLines == 0)
            #expect(sink.samples.map(\.wallMs) == [1_772_615_287_000] && sink.samples.first?[.power] == 276)
        }
    }

    @Test("a failed call behind a GPU's section of a listing is an event")
    func failedListing() throws {
        let failure = "Unable to determine the device handle for GPU0000:60:00.0: Unknown Error"
        let (sink, counts) = try read(
            """
            ==============NVSMI LOG==============

            Timestamp                                 : Wed Mar  4 09:08:07 2026
            GPU 00000000:60:00.0
                Utilization
                    Gpu                               : 97 %

            \(failure)

            """)
        #expect(counts.rejectedLines == 0 && sink.samples.map { $0[.utilization] } == [97])
        #expect(sink.events.map(\.kind) == [.deviceUnreachable] && sink.events.first?.text == failure)
        #expect(sink.events.first?.afterWallMs == 1_772_615_287_000)
    }

    @Test("pmon's idle row without a command is no reject")
    func idleProcesses() throws {
        let (_, counts) = try read(
            "# gpu         pid   type     sm    mem    command\n# Idx           #    C/G      %      %    name\n    0          -     -      -      -              \n"
        )
        #expect(counts.rejectedLines == 0 && counts.processes == 0)
    }

    @Test("rows without a header or a time are known by the columns that are given, and by nothing else")
    func given() {
        func format(_ text: String, _ columns: String) -> String? {
            withBytes(of: text) {
                NvidiaSMIFormat.sniff(head: $0, columns: columns.split(separator: ",").map(String.init))?.format
            }
        }
        let rows = "0, 54, 1200\n1, 55, 1300\n"
        #expect(withBytes(of: rows) { NvidiaSMIFormat.sniff(head: $0, fileName: "gpu.csv") } == nil)
        #expect(format(rows, "index,utilization.gpu,memory.used") == NvidiaSMIFormat.identifier)
        #expect(format(rows, "index,utilization.gpu,memory.used,power.draw") == nil)
        #expect(format(rows, "a,b,c") == nil)
        #expect(format("    0    40    35\n", "gpu,pwr,gtemp") == NvidiaSMIFormat.dmonIdentifier)
        #expect(format("some words of a text\n", "gpu,pwr,gtemp,sm,mem,enc") == nil)
    }

    // MARK: AMD

    @Test("rocm-smi: names by their words, bytes become MiB, the edge sensor before the junction")
    func rocm() throws {
        let (sink, counts) = try read(try fixture("rocm_smi.csv"))
        #expect(counts.rejectedLines == 0)
        let (first, second) = (try #require(sink.samples.first), try #require(sink.samples.last))
        #expect(first.index == 0 && first.uuid == "0x2490210172fc1a88" && first.name == "AMD Instinct MI50")
        #expect(first[.temperature] == 33 && first[.memoryTemperature] == 32 && first[.power] == 19)
        #expect(first[.powerLimit] == 225 && first[.utilization] == 7 && first[.fanSpeed] == 19.61)
        #expect(first[.memoryTotal] == 16368 && first[.memoryUsed] == 10.3515625)
        #expect(first[.smClock] == 925 && first[.memoryClock] == 350)
        // The accelerator has no edge sensor; what isn't there isn't zero.
        #expect(second.index == 1 && second[.temperature] == 61 && second[.memoryTemperature] == nil)
        #expect(second[.memoryUtilization] == nil && second[.power] == nil)
    }

    @Test("rocm-smi with a wrapper's clock in front of the rows, header repeated with other columns")
    func rocmWrapped() throws {
        let (sink, counts) = try read(
            "timestamp,device,GPU use (%)\n1787485761,card0,5\n\nWARNING: AMD GPU device(s) is/are in a low-power state.\n"
                + "device,Current Socket Graphics Package Power (W)\n1787485762 card0,140.0\n")
        #expect(counts.rejectedLines == 0)
        #expect(sink.samples.map(\.wallMs) == [1_787_485_761_000, 1_787_485_762_000])
        #expect(sink.samples.map(\.isUTC) == [true, true])
        #expect(sink.samples.map { $0[.utilization] } == [5, nil] && sink.samples.last?[.power] == 140)
    }

    @Test("amd-smi monitor: CSV and table, N/A, parts of a GPU")
    func amd() throws {
        let (sink, counts) = try read(try fixture("amd_smi_monitor.csv"))
        #expect(counts.rejectedLines == 0 && counts.samples == 2)
        let sample = try #require(sink.samples.first)
        #expect(sample.wallMs == 1_795_455_180_000 && sample.isUTC && sample.index == 0)
        #expect(sample[.power] == 251 && sample[.temperature] == 55 && sample[.memoryTemperature] == 43)
        #expect(sample[.smClock] == 144 && sample[.utilization] == 97 && sample[.memoryUtilization] == 12)
        #expect(sample[.memoryUsed] == 283 && sample[.memoryTotal] == 196592 && sample[.encoderUtilization] == nil)
        let table = try read(try fixture("amd_smi_monitor.txt"))
        #expect(table.counts.rejectedLines == 0 && table.counts.samples == 2)
        #expect(table.sink.samples.map(\.index) == [3, 5])
        #expect(table.sink.samples.first?[.memoryUsed] == 23.6 * 1024)
        #expect(table.sink.samples.first?[.memoryTotal] == 24576)
        #expect(table.sink.samples.first?[.encoderUtilization] == nil)
        #expect(table.sink.samples.first?[.decoderUtilization] == 0 && table.sink.samples.first?[.power] == 183)
    }

    @Test("amd-smi's table: newer names, and a unit behind N/A")
    func amdTable() throws {
        let (sink, counts) = try read(
            """
            AMDSMI Tool: 24.6.2+2b02a07 | AMDSMI Library version: 24.6.2.0 | ROCm version: 6.2.2
            GPU  POWER  HOTSPOT_TEMP  MEM_TEMP  GFX_UTIL  GFX_CLOCK  CORRECTABLE_ECC  UNCORRECTABLE_ECC   PCIE_BW
              0  156 W          38 C      33 C       0 %    132 MHz                3                  1   18 Mb/s
              1  N/A            39 °C      N/A      N/A %   133 MHz                0                  0  N/A Mb/s

            """)
        #expect(counts.rejectedLines == 0 && sink.samples.map { $0[.temperature] } == [38, 39])
        #expect(sink.samples.map { $0[.eccCorrectedAggregate] } == [3, 0])
        #expect(sink.samples.map { $0[.eccUncorrectedAggregate] } == [1, 0])
        #expect(sink.samples.map { $0[.utilization] } == [0, nil] && sink.samples.map { $0[.power] } == [156, nil])
    }

    @Test("amd-smi metric --csv: mem is a temperature, the hotspot where no edge sensor is")
    func amdMetric() throws {
        let (sink, counts) = try read(
            "timestamp,gpu,gfx_activity,umc_activity,mm_activity,vcn_activity,socket_power,gfx_0_clk,mem_0_clk,edge,hotspot,mem\n"
                + "1786553852,1,97,12,N/A,\"['N/A', 'N/A']\",742,2100,2000,N/A,61,48\n")
        #expect(counts.rejectedLines == 0)
        let sample = try #require(sink.samples.first)
        #expect(sample.wallMs == 1_786_553_852_000 && sample.isUTC && sample.index == 1)
        #expect(sample[.utilization] == 97 && sample[.memoryUtilization] == 12 && sample[.power] == 742)
        #expect(sample[.temperature] == 61 && sample[.memoryTemperature] == 48 && sample[.smClock] == 2100)
    }

    @Test("rocm-smi's table: cells of several words, fill is not activity")
    func rocmTable() throws {
        let (sink, counts) = try read(
            """
            Wed Mar  4 09:08:07 UTC 2026
            ========================= Concise Info =========================
            Device  Node  IDs              Temp        Power     Partitions          SCLK     MCLK    Fan  Perf  PwrCap  VRAM%  GPU%
                          (DID,     GUID)  (Junction)  (Socket)  (Mem, Compute, ID)
            ================================================================
            1       3     0x74a1,   51499  36.0°C      174.0W    NPS1, SPX, 0        2104Mhz  900Mhz  0%   auto  750.0W  86%    5%
            2       4     0x74a1,   51500  N/A         174.0W    NPS1, SPX, 0        None     900Mhz  0%   auto  750.0W  86%    5%

            """)
        #expect(counts.rejectedLines == 0 && counts.untimed == 0 && sink.samples.map(\.index) == [1, 2])
        let sample = try #require(sink.samples.first)
        #expect(sample[.temperature] == 36 && sample[.power] == 174 && sample[.powerLimit] == 750)
        #expect(sample[.smClock] == 2104 && sample[.memoryClock] == 900 && sample[.fanSpeed] == 0)
        #expect(sample[.utilization] == 5 && sample[.memoryUtilization] == nil && sample[.memoryUsed] == nil)
        #expect(sink.samples.last?[.temperature] == nil && sink.samples.last?[.smClock] == nil)
    }

    @Test("amd-smi metric as text: sections, N/A, several calls behind one another; nothing else is a GPU")
    func amdText() throws {
        let call = """
            TIMESTAMP: 1753700000
            GPU: 0
                USAGE:
                    GFX_ACTIVITY: 98 %
                    VCN_ACTIVITY: [0 %, N/A]
                CLOCK:
                    GFX_0:
                        CLK: 2100 MHz
                        MAX_CLK: 2500 MHz
                    MEM_0:
                        CLK: 900 MHz
                TEMPERATURE:
                    EDGE: N/A
                    HOTSPOT: 63 °C
                    MEM: 55 °C

            GPU: 1
                POWER:
                    SOCKET_POWER: 520 W
                MEM_USAGE:
                    TOTAL_VRAM: 196592 MB

            """
        let (sink, counts) = try read(call + call + "user@host:~$ exit\n")
        #expect(counts.samples == 4 && counts.untimed == 0 && counts.rejectedLines == 1 && counts.noiseLines == 2)
        let first = try #require(sink.samples.first)
        #expect(first.index == 0 && first.wallMs == 1_753_700_000_000 && first.isUTC)
        #expect(first[.utilization] == 98 && first[.smClock] == 2100 && first[.memoryClock] == 900)
        #expect(first[.temperature] == 63 && first[.memoryTemperature] == 55 && first[.power] == nil)
        #expect(
            sink.samples[1].index == 1 && sink.samples[1][.power] == 520 && sink.samples[1][.memoryTotal] == 196_592)
        #expect(sink.samples[1][.utilization] == nil)
        // A GPU whose last line is cut off.
        let cut = try read("GPU: 0\n    USAGE:\n        GFX_ACTIVITY: 9")
        #expect(cut.counts.samples == 0 && cut.counts.rejectedLines == 3)
    }

    @Test(
        "JSON of AMD's tools: values with their units, lists, documents one after the other",
        arguments: [
            #"[{"gpu":0,"usage":{"gfx_activity":{"value":98,"unit":"%"},"mm":"N/A"},"power":{"socket_power":{"value":520,"unit":"W"}},"temperature":{"edge":"N/A","hotspot":{"value":63,"unit":"C"}}}]"#,
            #"{"gpu_data":[{"gpu":0,"usage":{"gfx_activity":"98 %"},"power":{"socket_power":"520 W"},"temperature":{"hotspot":63}}]}"#,
            #"[{"gpu":0,"power_usage":{"value":520,"unit":"W"},"hotspot_temperature":{"value":63,"unit":"C"},"gfx":{"value":98,"unit":"%"}}]"#,
            "[\n  {\n    \"gpu\": 0,\n    \"power_usage\": 520,\n    \"hotspot_temperature\": 63,\n    \"gfx\": 98\n  }\n]",
            #"{"card0": {"Temperature (Sensor junction) (C)": "63.0", "Average Graphics Package Power (W)": "520.0", "GPU use (%)": "98"}, "system": {"Driver version": "6.7"}}"#,
        ])
    func amdJSON(document: String) throws {
        let (sink, counts) = try read(document + "\n" + document + "\n")
        #expect(counts.samples == 2 && counts.rejectedLines == 0 && counts.recordLines == counts.lines)
        for sample in sink.samples {
            #expect(sample.index == 0 && sample[.utilization] == 98 && sample[.power] == 520)
            #expect(sample[.temperature] == 63 && sample[.memoryUsed] == nil)
        }
        let cut = try read(document + "\n" + String(document.dropLast(2)) + "\n")
        #expect(cut.sink.rejects.count == 1 && cut.sink.samples.count <= 2)
    }

    @Test("a listing's recovery action and remapped rows are events, once until they change")
    func recovery() throws {
        func listing(_ action: String, _ pending: String) -> String {
            """
            ==============NVSMI LOG==============

            Timestamp                                 : Tue Dec 30 09:49:57 2025

            GPU 00000000:61:00.0
                GPU UUID                              : GPU-1
                GPU Recovery Action                   : \(action)
                Remapped Rows
                    Correctable Error                 : 0
                    Uncorrectable Error               : 2
                    Pending                           : \(pending)
                    Remapping Failure Occurred        : No
                Utilization
                    Gpu                               : 97 %

            """
        }
        let (sink, counts) = try read(
            listing("None", "No") + listing("Reset", "Yes") + listing("Reset", "Yes") + listing("None", "No")
                + listing("Drain and Reset", "No"))
        #expect(counts.samples == 5)
        #expect(sink.events.map(\.kind) == [.recoveryAction, .remappedRows, .recoveryAction])
        #expect(sink.events.map(\.action) == ["Reset", nil, "Drain and Reset"])
        #expect(
            sink.events[1].code == 2 && sink.events[1].text == "correctable 0, uncorrectable 2, pending Yes, failure No"
        )
        #expect(sink.events[0].uuid == "GPU-1" && sink.events[0].busID == "00000000:61:00.0")
        let xml = try read(
            """
            <nvidia_smi_log>
            	<gpu id="00000000:61:00.0">
            		<gpu_recovery_action>Reset</gpu_recovery_action>
            		<remapped_rows>
            			<remapped_row_unc>1</remapped_row_unc>
            			<remapped_row_failure>Yes</remapped_row_failure>
            		</remapped_rows>
            	</gpu>
            </nvidia_smi_log>

            """)
        #expect(
            xml.sink.events.map(\.text) == ["GPU Recovery Action: Reset", "uncorrectable 1, pending No, failure Yes"])
    }

    @Test(
        "dmon prints its groups in the order of --select; a line of units alone tells them all the same",
        arguments: [
            ("Idx MB MB MB % % % % % %", "    0   1031      4      0     15     39      0      0      0      0"),
            ("Idx % % % % % % MB MB MB", "    0     15     39      0      0      0      0   1031      4      0"),
            ("Idx MHz MHz % bool MB MB W C C % %", "    0  6800  1665  0  0  1031  4  119  59  -  15  39"),
            ("Idx MB/s MB/s errs errs errs % bool % % MB MB", "    0  1  2  -  -  0  0  1  15  39  1031  4"),
        ])
    func groups(units: String, row: String) throws {
        let (sink, counts) = try read("# " + units + "\n" + row + "\n")
        #expect(counts.rejectedLines == 0)
        let sample = try #require(sink.samples.first)
        #expect(sample[.utilization] == 15 && sample[.memoryUtilization] == 39)
        #expect(sample[.memoryUsed] == 1031 && sample[.bar1Used] == 4)
    }

    @Test(
        "watch's first line dates what follows it",
        arguments: [
            "index, utilization.gpu [%]\n0, 97 %\n", "# gpu     sm\n# Idx      %\n    0     97\n",
            "gpu,gfx_util,power_usage\n0,97,300\n",
        ])
    func watched(rows: String) throws {
        let head = "Every 1.0s: a tool --with=options                  gpu-1: Wed Mar  4 09:08:07 2026\n\n"
        let (sink, counts) = try read(head + rows)
        #expect(counts.rejectedLines == 0)
        #expect(sink.samples.map(\.wallMs) == [1_772_615_287_000] && sink.samples[0][.utilization] == 97)
    }

    @Test("ts' times without a year in front of every line, the header too")
    func stamped() throws {
        let rows =
            "Nov 23 17:40:00 index, utilization.gpu [%], power.draw [W]\nNov 23 17:40:00 0, 97 %, 412.35 W\n"
            + "Nov 23 17:40:01 0, 98 %, 412.35 W\n"
        let (sink, counts) = try read(rows)
        #expect(counts.samples == 2 && counts.rejectedLines == 0)
        #expect(sink.samples.map { $0[.utilization] } == [97, 98])
        let framing = withBytes(of: rows) { NvidiaSMIFormat.framing(head: $0) }
        #expect(framing.rawValue == "clock")
    }

    @Test("dcgmi dmon: ratios, bytes a second, N/A; no time")
    func dcgm() throws {
        let (sink, counts) = try read(try fixture("dcgmi_dmon.txt"))
        #expect(counts.rejectedLines == 1 && counts.samples == 3 && counts.untimed == 3)
        #expect(sink.samples.map(\.index) == [0, 1, 0])
        #expect(sink.samples.map { $0[.smActive] } == [0.912, nil, 0.905])
        #expect(sink.samples.first?[.pcieTransmit] == 1.5 && sink.samples.first?[.power] == 612.4)
        #expect(sink.samples.first?[.utilization] == 100)
    }

    // MARK: All forms

    @Test("dcgmi dmon: what is no ratio is a reject that says so")
    func dcgmRatios() throws {
        let (sink, counts) = try read(
            "#Entity  GPUTL  DRAMA\nID\nGPU 0  50  0.700\nGPU 1  50  70.000\nGPU 0  50  1.001\nGPU 1  50  N/A\n")
        #expect(sink.samples.map { $0[.dramActive] } == [0.7, 1.001, nil] && counts.rejectedLines == 1)
        #expect(sink.rejects.map(\.reason) == ["expected a ratio between 0 and 1, found 70.000"])
    }

    @Test("the table of drivers up to 325: MB for MiB")
    func megabytes() throws {
        let (sink, _) = try read(
            """
            Sat Apr 19 10:08:49 2014
            +------------------------------------------------------+
            | NVIDIA-SMI 5.325.15   Driver Version: 325.15         |
            |-------------------------------+----------------------+----------------------+
            | GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |
            | Fan  Temp  Perf  Pwr:Usage/Cap|         Memory-Usage | GPU-Util  Compute M. |
            |===============================+======================+======================|
            |   0  GeForce GTX TITAN   Off  | 0000:03:00.0     N/A |                  N/A |
            | 31%   44C  N/A     N/A /  N/A |       14MB /  6143MB |     N/A      Default |
            +-------------------------------+----------------------+----------------------+

            """)
        let sample = try #require(sink.samples.first)
        #expect(sample[.memoryUsed] == 14 && sample[.memoryTotal] == 6143 && sample[.temperature] == 44)
    }

    @Test("rocm-smi's table of 2.x: overdrive is one column; banners behind a launcher's name are noise")
    func overdrive() throws {
        let (sink, counts) = try read(
            """
            ========================ROCm System Management Interface========================
            GPU  Temp   AvgPwr  SCLK    MCLK    Fan     Perf  PwrCap  SCLK OD  MCLK OD  GPU%
            0    31.0c  N/A     852Mhz  167Mhz  28.63%  auto  N/A     0%       0%       N/A
            ================================================================================

            """)
        #expect(sink.samples.map { $0[.smClock] } == [852] && sink.samples[0][.memoryClock] == 167)
        #expect(sink.samples[0][.fanSpeed] == 28.63 && counts.rejectedLines == 0)
        let (launched, rejected) = try read(
            """
            nid01 out: ======================= ROCm System Management Interface =======================
            nid01 out: GPU  Temp   AvgPwr  SCLK    MCLK     Fan  Perf  PwrCap  VRAM%  GPU%
            nid01 out: 0    47.0c  91.0W   800Mhz  1600Mhz  0%   auto  560.0W    0%   0%
            nid01 out: ============================= End of ROCm SMI Log ==============================

            """)
        #expect(launched.samples.map { $0[.power] } == [91] && rejected.rejectedLines == 0)
    }

    @Test("a container runtime's lines around a capture")
    func framed() throws {
        let plain = try fixture("query_550.csv")
        let lines = String(decoding: plain, as: UTF8.self).split(separator: "\n")
        let cri = lines.map { "2026-11-23T16:33:01.000000001Z stdout F \($0)\n" }.joined()
        let docker = lines.map { line in
            #"{"log":"\#(line)\n","stream":"stdout","time":"2026-11-23T16:33:01.1Z"}"# + "\n"
        }.joined()
        let expected = try read(plain).sink.samples
        for framed in [cri, docker] { #expect(try read(framed).sink.samples == expected) }
    }

    static let names = [
        "dmon_550_8gpu_repeated_headers.txt", "dmon_DT_470.txt", "dmon_550_csv_noheader.csv", "pmon_550.txt",
        "listing_550.txt", "listing_550.xml", "listing_mig.xml", "table_550.txt", "rocm_smi.csv",
        "amd_smi_monitor.csv", "amd_smi_monitor.txt", "amd_smi_metric.txt", "amd_smi_metric.json", "dcgmi_dmon.txt",
        "compute_apps_550.csv",
    ]

    @Test("any split into reads gives the same records", arguments: names)
    func splits(name: String) throws {
        let bytes = try fixture(name)
        let whole = try read(bytes)
        for seed in 0..<3 as Range<UInt64> {
            let cut = try read(bytes, cut: seed)
            #expect(cut.sink.samples == whole.sink.samples && cut.counts == whole.counts)
            #expect(cut.sink.rejects == whole.sink.rejects)
        }
    }

    /// Files whose samples grow line by line.
    private static let listings = ["listing_550.txt", "amd_smi_metric.txt"]

    @Test("a listing that ends early says less, and nothing else", arguments: listings)
    func shorterListing(name: String) throws {
        let bytes = try fixture(name)
        let whole = try read(bytes).sink.samples
        for length in stride(from: name == "listing_550.txt" ? 2000 : 200, to: bytes.count, by: 53) {
            for (place, sample) in try read(Array(bytes[..<length])).sink.samples.enumerated() {
                for field in GPUField.allCases where sample[field] != nil && field != .power {
                    // Sums of errors may lack a part.
                    try #require(sample[field]! <= whole[place][field] ?? -1, "\(field) cut at \(length)")
                }
            }
        }
    }

    @Test(
        "any truncation gives a prefix of the samples and at most one reject more",
        arguments: names.filter { !listings.contains($0) })
    func truncations(name: String) throws {
        let bytes = try fixture(name)
        let format = try #require(bytes.withUnsafeBytes { NvidiaSMIFormat.sniff(head: $0, fileName: "") }).format
        let whole = try read(bytes).sink
        for length in stride(from: 0, to: bytes.count, by: bytes.count > 3000 ? 37 : 1) {
            var parser = GPUCaptureReader(format: format)
            var sink = RecordingGPUSink()
            var reader = LineReader()
            try bytes.withUnsafeBytes { raw in
                try reader.feed(raw.slice(0, length)) { try parser.parse(line: $0, into: &sink) }
                try reader.finish { try parser.parse(line: $0, into: &sink) }
            }
            try parser.finish(into: &sink)
            let counts = parser.counts
            try #require(counts.lines == counts.recordLines + counts.noiseLines + counts.rejectedLines)
            try #require(whole.samples.starts(with: sink.samples), "cut at \(length)")
            try #require(sink.rejects.count <= whole.rejects.count + 1, "cut at \(length)")
        }
    }
}
