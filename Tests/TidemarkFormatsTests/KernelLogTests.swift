import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkTestSupport

@testable import TidemarkFormats

@Suite struct KernelLogTests {
    private func read(_ bytes: [UInt8]) throws -> (sink: RecordingGPUSink, counts: GPUCaptureCounts) {
        var parser = KernelLogParser()
        var sink = RecordingGPUSink()
        let framing = bytes.withUnsafeBytes { LogFraming.detect(head: $0) }
        var unframer = LogUnframer(framing == .timestamps ? .plain : framing)
        var reader = LineReader()
        func take(_ line: borrowing Line) throws {
            try unframer.feed(line) { try parser.parse(line: $0, frame: $1, into: &sink) }
        }
        try bytes.withUnsafeBytes { try reader.feed($0, take) }
        try reader.finish(take)
        try unframer.finish { try parser.parse(line: $0, frame: $1, into: &sink) }
        let counts = parser.counts
        #expect(counts.lines == counts.recordLines + counts.noiseLines + counts.rejectedLines)
        return (sink, counts)
    }

    private func read(_ text: String) throws -> [GPUCaptureEvent] { try read(Array(text.utf8)).sink.events }

    @Test(
        "the forms of an Xid line: code, address, rest",
        arguments: [
            (
                "[ 4321.987654] NVRM: Xid (PCI:0000:3d:00): 79, pid=7, GPU has fallen off the bus.", 79,
                "00000000:3D:00.0"
            ),
            ("NVRM: Xid (PCI:0000:18:00.0): 31, pid='<unknown>', name=<unknown>", 31, "00000000:18:00.0"),
            ("NVRM: Xid (PCI:0000:01:00:0): 45", 45, "00000000:01:00.0"),
            ("kernel: NVRM: Xid (PCI:0019:01:00): 145, RLW_REMAP Nonfatal", 145, "00000019:01:00.0"),
            ("<4>[    5.000001] NVRM: Xid (0000:03:00): 13, 0003 00000000", 13, "00000000:03:00.0"),
            ("2026-03-04T09:08:07,123456+01:00 NVRM: Xid (PCI:0000:0A:00): 48", 48, "00000000:0A:00.0"),
            ("kern  :err   : [    5.000001] NVRM: Xid (PCI:0000:01:00): 79", 79, "00000000:01:00.0"),
            (
                "\u{1B}[32m[    5.000001] \u{1B}[0m\u{1B}[33mNVRM: \u{1B}[0mXid (PCI:0000:01:00): 31", 31,
                "00000000:01:00.0"
            ),
            ("NVRM: Xid (PCI:0000:01:00 GPU-I:05): 94, pid=7194, Contained", 94, "00000000:01:00.0"),
            ("NVRM: Xid (PCI:0000:3b:00 GPU-I:01 GPU-CI:02): 13, pid=9", 13, "00000000:3B:00.0"),
            ("[gpu-health] [WARN] XID: NVRM: Xid (PCI:0000:00:06): 31, pid=79749, name=exe", 31, "00000000:00:06.0"),
        ])
    func forms(line: String, code: Int, busID: String) throws {
        let event = try #require(try read(line + "\n").first)
        #expect(event.kind == .xid && event.code == code && event.busID == busID)
    }

    @Test(
        "an Xid without an address is a reject",
        arguments: ["NVRM: Xid : 32, pid=7", "kernel: NVRM: Xid (48): Double Bit ECC Error", "NVRM: Xid: 31"])
    func withoutAddress(line: String) throws {
        let (sink, counts) = try read(Array((line + "\n").utf8))
        #expect(sink.events == [] && counts.rejectedLines == 1)
    }

    @Test(
        "a GPU that fell off the bus, and one that can't be initialised",
        arguments: [
            ("NVRM: GPU at PCI:0000:17:00.0 has fallen off the bus.", true, "00000000:17:00.0"),
            ("NVRM: GPU 0000:01:00.0000: Has fallen off the bus", true, "00000000:01:00.0"),
            ("NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x62:0xffff:1089)", false, "00000000:01:00.0"),
            ("NVRM: RmInitAdapter failed! (0x62:0xffffffff:1089)", false, nil),
        ] as [(String, Bool, String?)])
    func lost(line: String, isLost: Bool, busID: String?) throws {
        let event = try #require(try read("[Mon Nov 23 17:40:00 2026] " + line + "\n").first)
        #expect(event.kind == (isLost ? .fallenOffBus : .initialisationFailed) && event.busID == busID)
    }

    @Test("a line of syslog in another program's words has its time")
    func quoted() throws {
        let event = try #require(
            try read(
                "Xid errors on instance: ip-10, Error: May 19 07:08:57 ip-10 kernel: [6801.646286] NVRM: Xid (PCI:0000:10:1c): 63, x\n"
            ).first)
        let stamp = try #require(event.stamp)
        #expect(stamp.month == 5 && stamp.day == 19 && stamp.hour == 7 && stamp.second == 57 && event.code == 63)
    }

    @Test("two Xids tell a kernel log whose other lines have lost their times; prose about them isn't one")
    func fewLines() {
        let xid = "NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.\n"
        func sniff(_ text: String) -> FormatGuess? {
            withBytes(of: text) { KernelLogFormat.sniff(head: $0, fileName: "x.txt") }
        }
        let others = "pcieport 0000:00:01.0: PCIe Bus Error: TLP\nnvidia 0000:01:00.0: AER: can't recover\n"
        #expect(sniff(others + xid + xid) != nil)
        #expect(sniff(others + xid) == nil)
        #expect(sniff(others + "We saw `\(xid.dropLast())`.\nAnd `\(xid.dropLast())`.\n") == nil)
    }

    @Test("processes that the kernel killed for memory: one event a kill, of the host and of control groups")
    func kills() throws {
        let (sink, counts) = try read(
            Array(
                """
                [26002.108800] python invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), order=0, oom_score_adj=0
                [26002.108918] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=user.slice,mems_allowed=0,global_oom,task_memcg=/user.slice,task=python,pid=576419,uid=1000
                [26002.109061] Out of memory: Killed process 576419 (python) total-vm:78521468kB, anon-rss:54398260kB, file-rss:2628kB, shmem-rss:0kB, UID:1000 pgtables:119448kB oom_score_adj:0
                [26003.000001] Memory cgroup out of memory: Kill process 4142 (python3) score 68 or sacrifice child
                [26003.000002] Killed process 4150 (VLLM::Worker (1)) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB
                [26004.000001] NVRM: Xid (PCI:0000:3d:00): 79, x
                [26005.000001] Memory cgroup out of memory: Killed process 9 (ray::IDLE) total-vm:1kB
                [26005.000002] oom_reaper: reaped process 9 (ray::IDLE), now anon-rss:0kB
                [26006.000001] systemd[1]: Killed process 7 (python3) with signal SIGKILL.

                """.utf8))
        #expect(sink.events.map(\.kind) == [.outOfHostMemory, .outOfHostMemory, .xid, .outOfHostMemory])
        #expect(sink.events.map(\.pid) == [576_419, 4142, nil, 9])
        #expect(sink.events.map(\.processName) == ["python", "python3", nil, "ray::IDLE"])
        #expect(sink.events[0].text == "oom-kill:task=python,pid=576419,uid=1000")
        #expect(counts.recordLines == 6 && counts.rejectedLines == 0)
    }

    @Test("the second line of a kill belongs to the first in a later run, too")
    func killOverRuns() throws {
        var parser = KernelLogParser()
        var sink = RecordingGPUSink()
        for line in [
            "[1.000001] Out of memory: Kill process 5 (a) score 9 or sacrifice child\n",
            "[1.000002] Killed process 6 (b) total-vm:1kB\n", "[1.000003] Killed process 8 (c) total-vm:1kB\n",
        ] {
            parser = KernelLogParser(resuming: parser.state)
            var reader = LineReader()
            try withBytes(of: line) {
                try reader.feed($0) { try parser.parse(line: $0, frame: FrameInfo(), into: &sink) }
            }
            #expect(KernelLogParser(resuming: parser.state).state == parser.state)
        }
        #expect(sink.events.map(\.pid) == [5, 8])
    }

    @Test(
        "a paste of few lines is a kernel log where a process was killed or talosctl printed it",
        arguments: [
            "dmesg | grep -i kill |grep docker\n[4650180.470877] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=a,mems_allowed=0,global_oom,task_memcg=/system.slice/docker-00748bf4e957.scope,task=java,pid=7134,uid=1000\n",
            "mc-1: kern: warning: [2025-09-13T20:46:45.810504849Z]:  oom_kill_process+0x2d4/0x368\n",
            "[XID found] (54 minutes ago) \"NVRM: Xid (PCI:0000:9b:00): 119, pid=4071838, x\"\n[XID found] (53 minutes ago) \"NVRM: Xid (PCI:0000:9b:00): 119, pid=28232, x\"\nscanned\nfound\n",
            "> NVRM: Xid (PCI:0000:01:00): 144, SAW_MVB Nonfatal\n- Warning\n> NVRM: Xid (PCI:0000:00:00): 149, NETIR_LINK_EVT\n- Fatal\n- x\n",
            "> [ 7460.483909] amd_iommu: a\n> [ 7460.483919] nvidia 0000:81:00.0: b\n> [ 7460.485503] nvidia 0000:81:00.0: c\n",
        ])
    func pastes(text: String) {
        #expect(withBytes(of: text) { KernelLogFormat.sniff(head: $0, fileName: "x.txt") } != nil)
    }

    @Test("a server's journal in which the kernel killed a process stays the server's")
    func journalOfServer() {
        let kernel = "Mar  4 09:08:08 gpu-1 kernel: "
        let text =
            "Mar  4 09:08:07 gpu-1 vllm[31]: INFO 03-04 09:08:07 [loggers.py:1] Engine 000: Avg prompt throughput: 1.0 tokens/s, Avg generation throughput: 1.0 tokens/s, Running: 1 reqs, Waiting: 0 reqs, GPU KV cache usage: 1.0%, Prefix cache hit rate: 1.0%\n"
            + kernel + "Memory cgroup out of memory: Kill process 4142 (python3) score 68 or sacrifice child\n"
            + kernel + "Killed process 4142 (python3) total-vm:9kB\n"
        withBytes(of: text) { head in
            let server = VLLMLogFormat.sniff(head: head, fileName: "x.log")?.score ?? 0
            #expect(server > (KernelLogFormat.sniff(head: head, fileName: "x.log")?.score ?? 0))
        }
    }

    @Test("AMD's driver: a ring that does not go on, a GPU that is reset")
    func amd() throws {
        let events = try read(
            """
            [127033.279661] amdgpu 0000:c5:00.0: amdgpu: ring gfx_0.0.0 timeout, signaled seq=2662395, emitted seq=2662397
            [127035.492298] amdgpu 0000:c5:00.0: amdgpu: Ring gfx_0.0.0 reset failed
            [127035.492304] amdgpu 0000:c5:00.0: amdgpu: GPU reset begin!
            [127037.807536] amdgpu 0000:c5:00.0: amdgpu: GPU reset succeeded, trying to resume
            [ 2238.057613] amdgpu: MES might be in unrecoverable state, issue a GPU reset

            """)
        #expect(events.map(\.kind) == [.hang, .reset, .hang])
        #expect(events.map(\.busID) == ["00000000:C5:00.0", "00000000:C5:00.0", nil])
        #expect(events[1].text == "GPU reset begin!")
    }

    @Test("addresses without `PCI:`, and those that somebody made unreadable")
    func addresses() throws {
        let events = try read(
            """
            [   49.261458] NVRM: GPU at 0000:01:00.0 has fallen off the bus.
            [...] NVRM: GPU at 0000:03:00: GPU-b850f46d-d5ea-c752-ddf3-c4453e44d3f7
            [...] NVRM: Xid (0000:03:00): 14, Channel 00000001
            kernel: NVRM: Xid (PCI:...): 145, RLW_RXPIPE Nonfatal XC0 i0 Link 11 (...)
            kernel: NVRM: Xid (PCI:xxxx:xx:00): 13, x

            """)
        #expect(events.map(\.code) == [79, 14, 145, 13])
        #expect(events.map(\.busID) == ["00000000:01:00.0", "00000000:03:00.0", nil, nil])
        #expect(events[1].uuid == "GPU-b850f46d-d5ea-c752-ddf3-c4453e44d3f7")
    }

    @Test("an instance of a MIG GPU stands in the text")
    func instance() throws {
        let events = try read(
            "NVRM: Xid (PCI:0000:3b:00 GPU-I:01 GPU-CI:02): 13, pid=9\nNVRM: Xid (PCI:0000:3b:00): 13, pid=9\n")
        #expect(events.map(\.text) == ["GPU-I:01 GPU-CI:02: pid=9", "pid=9"])
    }

    @Test(
        "times: of dmesg with more options, in other languages, behind what grep puts in front",
        arguments: [
            ("kern  :warn  : [Mon Nov 23 17:40:00 2026] ", false),
            ("kern  :warn  : 2026-11-23T17:40:00,000000+00:00 ", true),
            ("\u{1B}[32m[Mon Nov 23 17:40:00 2026] \u{1B}[0m", false),
            ("[Mon Nov 23 17:40:00 2026 <    0.000123>] ", false),
            ("[Mo Nov 23 17:40:00 2026] ", false), ("[\u{4E00} 11\u{6708} 23 17:40:00 2026] ", false),
            ("/var/log/syslog.1:2026-11-23T17:40:00.000000+00:00 gpu-1 kernel: ", true),
            ("kern.log:4711:[Mon Nov 23 17:40:00 2026] ", false),
            ("> [Mon Nov 23 17:40:00 2026] ", false), ("[2026-11-23T17:40:00.000000+00:00] ", true),
            ("192.168.11.119: kern:     err: [2026-11-23T17:40:00.000440686Z]: ", true),
        ])
    func times(prefix: String, isUTC: Bool) throws {
        let event = try #require(try read(prefix + "NVRM: Xid (PCI:0000:18:00): 79, x\n").first)
        #expect((isUTC ? event.timeMs : event.wallMs) == 1_795_455_600_000 && event.text == "x")
    }

    @Test(
        "times without a year",
        arguments: [
            ("Okt 06 17:59:27 host kernel: ", 10, 6), ("6\u{6708} 28 17:59:27 host kernel: ", 6, 28),
            ("M\u{E4}r  6 17:59:27 host kernel: ", 3, 6), ("ao\u{FB}t 06 17:59:27 host kernel: ", 8, 6),
            ("/var/log/syslog:Nov 23 17:59:27 host kernel: [12345.678901] ", 11, 23),
            ("4711:Nov 23 17:59:27 host kernel: ", 11, 23),
        ] as [(String, UInt8, UInt8)])
    func stamps(prefix: String, month: UInt8, day: UInt8) throws {
        let line = prefix + "NVRM: Xid (PCI:0000:18:00): 79, x"
        let stamp = LogStamp(month: month, day: day, hour: 17, minute: 59, second: 27)
        #expect(try read(line + "\n").first?.stamp == stamp)
        #expect(withBytes(of: line) { KernelLogParser.stamp(of: $0) } == stamp)
    }

    @Test("names that mean different months in different languages are none")
    func months() {
        func month(_ word: String) -> Int? { withBytes(of: word) { MonthNames.month($0) } }
        #expect(month("lis") == nil && month("lip") == nil && month("13\u{6708}") == nil && month("0\u{6708}") == nil)
        #expect(month("d\u{E9}c.") == 12 && month("11\u{C6D4}") == 11 && month("Dez") == 12 && month("Sep") == 9)
    }

    @Test(
        "a kernel log without many errors is known by its lines",
        arguments: [
            "kern  :info  : 2026-11-23T17:39:00,000000+00:00 usb 1-2: new device",
            "kern  :info  : [  5.000001] usb 1-2: new",
            "<6>1 2026-11-23T17:39:00.123456+00:00 gpu-1 kernel - - - usb 1-2: new device",
            "\u{1B}[32m[    5.000001] \u{1B}[0m\u{1B}[33musb 1-2: \u{1B}[0mnew device",
            "[    5.000001 <    0.000123>] usb 1-2: new",
        ])
    func sniff(line: String) {
        #expect(
            withBytes(of: line + "\n" + line + "\n" + line + "\n") { KernelLogFormat.sniff(head: $0, fileName: "x") }
                != nil)
        #expect(
            withBytes(of: "foo: bar\na:[1.000001]\nb c\n") { KernelLogFormat.sniff(head: $0, fileName: "x") } == nil)
    }

    @Test("what is to be done, of Xid 154")
    func action() throws {
        let events = try read(
            "NVRM: Xid (PCI:0000:01:00): 154, GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)\n"
                + "NVRM: Xid (PCI:0000:01:00): 154, cut of\n")
        #expect(events.map(\.action) == ["Node Reboot Required", nil])
    }

    @Test("a GPU that has fallen off the bus without an Xid, in one line and in three")
    func lost() throws {
        let events = try read(
            """
            [ 1.000001] NVRM: GPU at PCI:0000:b3:00: GPU-00000000-1111
            [ 1.000002] NVRM: GPU 0000:01:00.0: GPU has fallen off the bus.
            [ 1.000003] NVRM: The NVIDIA GPU 0000:b3:00.0
            [ 1.000004] NVRM: (PCI ID: 10de:2330) installed in this system has
            [ 1.000005] NVRM: fallen off the bus and is not responding to commands.
            [ 1.000006] NVRM: loading NVIDIA UNIX x86_64 Kernel Module
            [ 1.000007] NVRM: fallen off the bus and is not responding to commands.

            """)
        #expect(events.map(\.kind) == [.fallenOffBus, .fallenOffBus, .fallenOffBus])
        #expect(events.map(\.busID) == ["00000000:01:00.0", "00000000:B3:00.0", nil])
        #expect(events.map(\.uuid) == [nil, "GPU-00000000-1111", nil])
    }

    @Test("the lines of one sentence have the time of the first; a GPU that can't be initialised")
    func sentences() throws {
        let events = try read(
            """
            Feb 14 05:03:42 gpu-1 kernel: NVRM: The NVIDIA GPU 0000:ab:00.0
                                          NVRM: (PCI ID: 10de:2941) installed in this system has
                                          NVRM: fallen off the bus and is not responding to commands.
            Feb 14 05:03:43 gpu-1 kernel: NVRM: GPU 0000:81:00.0: RmInitAdapter failed! (0x25:0x40:1470)

            """)
        #expect(events.map(\.kind) == [.fallenOffBus, .initialisationFailed])
        #expect(events.map(\.busID) == ["00000000:AB:00.0", "00000000:81:00.0"])
        #expect(events.map { $0.stamp?.second } == [42, 43])
        var first = KernelLogParser()
        var sink = RecordingGPUSink()
        try withBytes(of: "[Wed Mar  4 09:08:07 2026] NVRM: The NVIDIA GPU 0000:ab:00.0\n") {
            var reader = LineReader()
            try reader.feed($0) { try first.parse(line: $0, frame: FrameInfo(), into: &sink) }
        }
        var second = KernelLogParser(resuming: first.state)
        try withBytes(of: "   NVRM: fallen off the bus\n") {
            var reader = LineReader()
            try reader.feed($0) { try second.parse(line: $0, frame: FrameInfo(), into: &sink) }
        }
        #expect(sink.events.map(\.wallMs) == [1_772_615_287_000])
    }

    @Test("uuids are remembered over runs")
    func state() throws {
        var parser = KernelLogParser()
        var sink = RecordingGPUSink()
        func feed(_ text: String) throws {
            var reader = LineReader()
            try withBytes(of: text) {
                try reader.feed($0) { try parser.parse(line: $0, frame: FrameInfo(), into: &sink) }
            }
        }
        try feed("NVRM: GPU at PCI:0000:0a:00: GPU-1\n")
        parser = KernelLogParser(resuming: parser.state)
        try feed("NVRM: Xid (PCI:0000:0a:00): 31\n")
        #expect(sink.events.first?.uuid == "GPU-1")
    }

    @Test("the fixtures: times in every form, rejects, nothing lost")
    func fixtures() throws {
        for name in ["dmesg.txt", "dmesg_T.txt", "dmesg_iso.txt", "journal.json", "journal_short.txt"] {
            let (sink, _) = try read(try MetricFixture.bytes("kernel-log/" + name))
            #expect(!sink.events.isEmpty, "\(name)")
        }
        let (sink, counts) = try read(try MetricFixture.bytes("kernel-log/dmesg.txt"))
        #expect(sink.events.map(\.code) == [79, 79, 145] && sink.rejects.map(\.line) == [4, 6])
        #expect(counts.untimed == 3 && counts.noiseLines == 1)
    }

    @Test("every number of the catalogue has a meaning, unknown ones none")
    func catalogue() {
        #expect(XidCatalogue.meaning(79)?.class == .hardware)
        #expect(XidCatalogue.meaning(45)?.class == .consequence)
        #expect(XidCatalogue.meaning(-1) == nil && XidCatalogue.meaning(100_000) == nil)
    }
}
