import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkTestSupport

@testable import TidemarkFormats

/// Outputs of GPU tools as people paste them: behind prompts, indented, without their heads, several tools in one; and those of
/// AMD's tools that are no CSV.
@Suite struct GPUPasteTests {
    private func read(_ text: String) throws -> (sink: RecordingGPUSink, counts: GPUCaptureCounts) {
        try RecordingGPUSink.read(Array(text.utf8))
    }

    @Test("the box of amd-smi: any value may be missing, indented or behind a prompt, processes below")
    func amdTable() throws {
        let (sink, counts) = try read(
            """
               $ amd-smi
               +------------------------------------------------------------------------------+
               | AMD-SMI 26.2.2+e1a6bc5663    amdgpu version: 6.16.13  ROCm version: 7.2.1    |
               | VBIOS version: 595855                                                        |
               | Platform: Linux Baremetal                                                    |
               |-------------------------------------+----------------------------------------|
               | BDF                        GPU-Name | Mem-Uti   Temp   UEC       Power-Usage |
               | GPU  HIP-ID  OAM-ID  Partition-Mode | GFX-Uti    Fan               Mem-Usage |
               |=====================================+========================================|
               | 0000:03:00.0     AMD Radeon RX 6800 | 1 %      50 °C   0            44/227 W |
               |   0       0     N/A             N/A | 0 %     25.49           14592/16368 MB |
               |-------------------------------------+----------------------------------------|
               | 0000:0d:00.0    ...Instinct MI355X  | N/A        N/A   0          N/A/1400 W |
               |   1       1       7        SPX/NPS1 | N/A        N/A           283/294896 MB |
               +-------------------------------------+----------------------------------------+
               | Processes:                                                                   |
               |  GPU        PID  Process Name          GTT_MEM  VRAM_MEM  MEM_USAGE     CU % |
               |==============================================================================|
               |    0      41229  python3.12             2.0 MB   13.5 GB    13.5 GB  N/A     |
               |  No running processes found                                                  |
               +------------------------------------------------------------------------------+

            """)
        #expect(counts.rejectedLines == 0 && counts.samples == 2 && counts.recordLines == 5)
        let first = try #require(sink.samples.first)
        #expect(first.index == 0 && first.name == "AMD Radeon RX 6800" && first.busID == "00000000:03:00.0")
        #expect(first[.temperature] == 50 && first[.memoryUtilization] == 1 && first[.utilization] == 0)
        #expect(first[.power] == 44 && first[.powerLimit] == 227 && first[.fanSpeed] == 25.49)
        #expect(first[.memoryUsed] == 14592 && first[.memoryTotal] == 16368)
        let second = try #require(sink.samples.last)
        #expect(second.index == 1 && second.name == nil && second[.temperature] == nil && second[.power] == nil)
        #expect(second[.powerLimit] == 1400 && second[.utilization] == nil && second[.memoryTotal] == 294_896)
        let process = try #require(sink.processes.first)
        #expect(process.pid == 41229 && process.name == "python3.12" && process.usedMemory == 13.5 * 1024)
    }

    @Test("rocm-smi's text is put together by GPU, a repeated value begins the next call")
    func rocmListing() throws {
        let (sink, counts) = try read(
            """
            ======================= ROCm System Management Interface =======================
            GPU[0]\t\t: VRAM Total Memory (B): 25753026560
            GPU[1]\t\t: VRAM Total Memory (B): 206141652992
            GPU[0]\t\t: VRAM Total Used Memory (B): 8589934592
            GPU[1]\t\t: Average Graphics Package Power (W): N/A (Secondary die)
            ===============================================================================
            GPU[0]\t\t: VRAM Total Used Memory (B): 0

            """)
        #expect(counts.rejectedLines == 0 && sink.samples.map(\.index) == [0, 1, 0])
        #expect(sink.samples.map { $0[.memoryUsed] } == [8192, nil, 0])
        #expect(sink.samples.map { $0[.memoryTotal] } == [24560, 196_592, nil] && sink.samples[1][.power] == nil)
    }

    @Test("rocm-smi's text of old releases: clocks and fan in parentheses")
    func oldROCmListing() throws {
        let (sink, counts) = try read(
            """
            $rocm-smi -d 0 -a
            ....................    ROCm System Management Interface    ....................
            ................................................................................
            GPU[0] \t\t: GPU ID: 0x687f
            GPU[0] \t\t: Temperature: 81.0c
            GPU[0] \t\t: GPU Clock Level: 1 (991Mhz)
            GPU[0] \t\t: GPU Memory Clock Level: 3 (945Mhz)
            GPU[0] \t\t: Fan Level: 124 (48.63)%
            GPU[0] \t\t: Current PowerPlay Level: manual

            """)
        #expect(counts.rejectedLines == 0 && counts.recordLines == 4)
        let sample = try #require(sink.samples.first)
        #expect(sample[.temperature] == 81 && sample[.smClock] == 991 && sample[.memoryClock] == 945)
        #expect(sample[.fanSpeed] == 48.63)
    }

    @Test("rocm-smi's table: indented, of ROCm 1.9, and a model that is cut within its bracket")
    func rocmTables() throws {
        let indented = try read(
            """
              ================================= Concise Info =================================
              GPU  Temp (DieEdge)  AvgPwr  SCLK    MCLK     Fan  Perf  PwrCap  VRAM%  GPU%
              0    33.0c           37.0W   300Mhz  1200Mhz  0%   auto  290.0W    0%   0%
              1    32.0c           39.0W   300Mhz  1200Mhz  0%   auto  290.0W    0%   0%

            """)
        #expect(indented.counts.rejectedLines == 0 && indented.sink.samples.map { $0[.temperature] } == [33, 32])
        let old = try read(
            """
            ====================    ROCm System Management Interface    ====================
             GPU  Temp    AvgPwr   SCLK     MCLK     Fan      Perf    SCLK OD    MCLK OD
              0   35c     73.68W   1411Mhz  300Mhz   0.0%     auto      0%         0%

            """)
        #expect(old.sink.samples.first?[.power] == 73.68 && old.sink.samples.first?[.smClock] == 1411)
        let cut = try read(
            """
            Device  [Model : Revision]    Temp    Power     Partitions      SCLK    MCLK    Fan     Perf  PwrCap  VRAM%  GPU%
            ^[3m        Name (20 chars)       (Edge)  (Socket)  (Mem, Compute)                                              ^[0m
            0       [Radeon Pro Duo : 0x  30.0°C  11.08W    N/A, N/A        567Mhz  300Mhz  19.22%  auto  98.0W     0%   0%
                    Ellesmere [Radeon Pr

            """)
        #expect(cut.counts.rejectedLines == 0 && cut.sink.samples.first?[.power] == 11.08)
        #expect(cut.sink.samples.first?[.temperature] == 30)
    }

    @Test(
        "commands, prompts and headings are noise",
        arguments: [
            "$ nvidia-smi dmon", "~$ amd-smi monitor", "% nvidia-smi -q", "[root@x sanmu]# dcgmi dmon -e 1001,1002",
            "$ kubectl exec pod -- nvidia-smi --query-gpu=index,name --format=csv", "Singularity> cat util.csv",
            "$ curl gpu-1:9400/metrics", "'CTRL' + 'C' to stop watching output:", "rocm-smi",
            "> amd-smi metric -u --json",
            "(.venv) rocm@rocm-HP:~/darren$ amd-smi metric -w 1 --json", "root@srv-0003:~/ROC-smi# ./rocm-smi -a",
            "--- GPU Details & CUDA Driver ---", "dmesg | grep -i kill", "$rocm-smi -d 0 -a",
        ])
    func commands(line: String) { #expect(withBytes(of: line) { ShellLine.matches($0) }) }

    @Test(
        "what only looks like a command is none",
        arguments: [
            "nvidia-smi: command not found", "# gpu    pwr  gtemp", "0, NVIDIA H100, 50 %, cat", "{\"a\": \"$ cat x\"}",
            "0 1234 C 50 % nvidia-smi", "nvidia-smi, 12", "GPU 0 > cat", "N/A   29C    P0   70W /  700W",
        ])
    func noCommands(line: String) { #expect(withBytes(of: line) { !ShellLine.matches($0) }) }

    @Test("a command before JSON and before dmon costs nothing")
    func behindCommands() throws {
        let json = try read(
            "> amd-smi metric -u --json\n\n[\n{\"gpu\": 0, \"usage\": {\"gfx_activity\": {\"value\": 42, \"unit\": \"%\"}}}\n]\n"
        )
        #expect(json.counts.rejectedLines == 0 && json.sink.samples.first?[.utilization] == 42)
        #expect(json.sink.samples.count == 1)
        let dmon = try read("$ nvidia-smi dmon\n# gpu   pwr gtemp\n# Idx     W     C\n    0    70    48\n")
        #expect(dmon.counts.rejectedLines == 0 && dmon.sink.samples.first?[.power] == 70)
    }

    @Test("dcgmi: what is not watched is missing, a refusal is an event")
    func dcgm() throws {
        let (sink, counts) = try read(
            """
            # Entity  TENSO  GRACT
                  Id
            GPU 0     N/W    0.888
            Error setting watches. Result: The third-party Profiling module returned an unrecoverable error
            dmon was stopped due to receiving a signal

            """)
        #expect(
            counts.rejectedLines == 0 && sink.samples.count == 1 && sink.events.map(\.kind) == [.initialisationFailed])
        #expect(sink.samples[0][.tensorActive] == nil && sink.samples[0][.graphicsActive] == 0.888)
    }

    @Test(
        "the index of a listing: a container's only GPU is 0, a part of the GPUs may be listed",
        arguments: [(1, 1, 0), (8, 0, 0), (8, 3, nil)] as [(Int, Int, Int?)])
    func listingIndex(attached: Int, minor: Int, index: Int?) throws {
        let text = try read(
            """
            ==============NVSMI LOG==============
            Attached GPUs                             : \(attached)
            GPU 00000000:CA:00.0
                Minor Number                          : \(minor)
                Temperature
                    Gpu                               : 49 C

            """)
        #expect(text.sink.samples.map(\.index) == [index] && text.sink.samples[0][.temperature] == 49)
        let xml = try read(
            "<nvidia_smi_log>\n<attached_gpus>\(attached)</attached_gpus>\n<gpu id=\"00000000:CA:00.0\">\n<minor_number>\(minor)</minor_number>\n</gpu>\n</nvidia_smi_log>\n"
        )
        #expect(xml.sink.samples.map(\.index) == [index])
    }

    @Test("outputs without their heads: the table, and -q")
    func headless() throws {
        let table = try read(
            """
            | Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
            |=========================================+========================+======================|
            |   0  NVIDIA GeForce RTX 3090        On  |   00000000:04:00.0 Off |                  N/A |
            | 30%   52C    P2             99W /  250W |   22676MiB /  24576MiB |      1%      Default |

            """)
        #expect(table.counts.rejectedLines == 0 && table.sink.samples.first?[.power] == 99)
        let listing = try read(
            """
            GPU 00000000:BA:00.0
                Product Name                          : NVIDIA H20-3e
                Minor Number                          : 3

            """)
        #expect(listing.sink.samples.first?.name == "NVIDIA H20-3e" && listing.sink.samples.first?.index == 3)
    }

    @Test("gpustat, alone and before the table; the table behind a query")
    func together() throws {
        let rows = """
            me@gpu-a-11:~ $ gpustat
            gpu-a-11.extreme         Mon Aug 22 15:23:57 2022  515.65.01
            [0] Tesla P100-PCIE-16GB | 27'C,   0 % |   103 / 16384 MB |
            [1] Tesla P100-PCIE-16GB | 45°C, 30 %, 99 %,  250 / 400 W | 1234 / 16384 MB | me(93M)

            """
        let table = """
            Mon Aug 22 15:24:23 2022
            +-----------------------------------------------------------------------------+
            | NVIDIA-SMI 515.65.01    Driver Version: 515.65.01    CUDA Version: 11.7     |
            |-------------------------------+----------------------+----------------------+
            |   0  Tesla P100-PCIE...  Off  | 00000000:04:00.0 Off |                    0 |
            | N/A   27C    P0    32W / 250W |      0MiB / 16384MiB |      0%      Default |
            +-------------------------------+----------------------+----------------------+

            """
        let alone = try read(rows)
        #expect(alone.counts.rejectedLines == 0 && alone.sink.samples.map { $0[.utilization] } == [0, 99])
        let last = try #require(alone.sink.samples.last)
        #expect(last.wallMs == 1_661_181_837_000 && last.driverVersion == "515.65.01" && last[.fanSpeed] == 30)
        #expect(last[.powerLimit] == 400 && last[.memoryUsed] == 1234 && last[.temperature] == 45)
        let both = try read(rows + "me@gpu-a-11:~ $ nvidia-smi\n" + table)
        #expect(both.counts.rejectedLines == 0 && both.sink.samples.count == 3)
        let query = try read("index, utilization.gpu [%]\n0, 5 %\n\n--- GPU Details ---\n" + table + "0, 6 %\n")
        #expect(query.counts.rejectedLines == 0 && query.sink.samples.map { $0[.utilization] } == [5, 0, 6])
        #expect(query.sink.samples[1].wallMs == 1_661_181_863_000)
    }

    @Test("tools that a GPU does not support say so")
    func unsupported() throws {
        let (sink, counts) = try read(
            "# nvidia-smi dmon\nNot supported on the device(s)\nFailed to process command line\n")
        #expect(sink.events.map(\.kind) == [.badArguments] && counts.rejectedLines == 0)
    }
}
