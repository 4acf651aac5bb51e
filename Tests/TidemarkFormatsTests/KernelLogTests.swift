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
            ("[gpu-health] [WARN] XID: NVRM: Xid (PCI:0000:00:06): 31, pid=79749, name=exe", 31, "00000000:00:06.0"),
        ])
    func forms(line: String, code: Int, busID: String) throws {
        let event = try #require(try read(line + "\n").first)
        #expect(event.kind == .xid && event.code == code && event.busID == busID)
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
