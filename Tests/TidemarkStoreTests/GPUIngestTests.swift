import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

@Suite struct GPUIngestTests {
    private let folder: TemporaryFolder
    private let store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try Store.create(path: folder.path("t.sqlite"))
    }

    private func ingest(_ path: String, timezone: Int? = nil) throws {
        var options = IngestOptions()
        options.period = "p"
        options.offsetMinutes = timezone
        try Ingestor(store, options: options).ingest([path])
    }

    private func rows(_ sql: String) throws -> [String] {
        let rows = try store.database.prepare(sql)
        var found: [String] = []
        while try rows.step() { found.append((0..<rows.columnCount).map { rows.text($0) }.joined(separator: "|")) }
        return found
    }

    @Test("a burst of Xids is one event with its count; a lost GPU too; a run in two steps gives the same")
    func bursts() throws {
        let log = (0..<5).map {
            "2026-11-23T17:34:0\($0)+0000 n1 kernel: NVRM: Xid (PCI:0000:19:00): 45, Ch 0000000\($0)\n"
        }
        let later = "2026-11-23T18:34:00+0000 n1 kernel: NVRM: Xid (PCI:0000:19:00): 45, Ch 00000001\n"
        let lost =
            "2026-11-23T17:34:09+0000 n1 kernel: NVRM: Xid (PCI:0000:19:00): 79, GPU has fallen off the bus.\n"
            + "2026-11-23T17:34:09+0000 n1 kernel: NVRM: GPU 0000:19:00.0: GPU has fallen off the bus.\n"
        let path = try folder.write(log[..<3].joined(), to: "kern.log")
        try ingest(path)
        try folder.write(log.joined() + lost + later, to: "kern.log")
        try ingest(path)
        let query = "SELECT kind, code, count, last_ms - time_ms, text FROM gpu_event ORDER BY time_ms, rowid"
        #expect(
            try rows(query) == [
                "xid|45|5|4000|Ch 00000000", "xid|79|2|0|GPU has fallen off the bus.", "xid|45|1||Ch 00000001",
            ])
    }

    @Test("a process that the kernel killed is an event of no GPU")
    func kills() throws {
        try ingest(
            try folder.write(
                "2026-11-23T17:34:00+0000 n1 kernel: oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=python3,pid=31,uid=0\n"
                    + "2026-11-23T17:34:00+0000 n1 kernel: Out of memory: Killed process 31 (python3) total-vm:9kB\n"
                    + "2026-11-23T17:34:30+0000 n1 kernel: Out of memory: Killed process 32 (python3) total-vm:9kB\n",
                to: "kern.log"))
        #expect(
            try rows("SELECT kind, code, count, text FROM gpu_event WHERE instance_id IS NULL ORDER BY line") == [
                "out_of_host_memory||1|oom-kill:task=python3,pid=31,uid=0",
                "out_of_host_memory||1|Out of memory: Killed process 32 (python3) total-vm:9kB",
            ])
    }

    @Test("error texts: one event a run of rows, of a kind of its own where numbers were before; never a zero")
    func errorTexts() throws {
        try ingest(
            try folder.write(
                "timestamp, index, uuid, power.draw [W]\n"
                    + "2026/11/23 17:33:00.000, 0, GPU-0, 5 W\n2026/11/23 17:33:00.000, 1, GPU-1, [Insufficient Permissions]\n"
                    + "2026/11/23 17:33:01.000, 0, GPU-0, [Unknown Error]\n2026/11/23 17:33:01.000, 1, GPU-1, [Insufficient Permissions]\n"
                    + "2026/11/23 17:33:02.000, [GPU is lost], [GPU is lost], [GPU is lost]\n", to: "gpu.csv"))
        #expect(
            try rows(
                "SELECT i.name, e.kind, count, text FROM gpu_event e LEFT JOIN instance i USING (instance_id) ORDER BY line"
            )
                == [
                    "GPU 1|error_value|2|power.draw: Insufficient Permissions",
                    "GPU 0|value_lost|1|power.draw: Unknown Error",
                    "|gpu_lost|1|index: GPU is lost", "|gpu_lost|1|uuid: GPU is lost",
                    "|gpu_lost|1|power.draw: GPU is lost",
                ])
        // The row that says nothing of any GPU makes none.
        #expect(try rows("SELECT name FROM instance ORDER BY 1") == ["GPU 0", "GPU 1"])
        #expect(try rows("SELECT count(*), count(power_watts) FROM gpu_sample") == ["4|1"])
    }

    @Test(
        "a wrapper's date line before the end of a run dates the rows of the next one; ts' times have the file's year")
    func wrapperClocks() throws {
        let dmon =
            "# gpu    pwr  gtemp\n# Idx      W      C\nWed Mar  4 09:08:07 UTC 2026\n    0    119     59\n    1    118     58\n"
            + "Wed Mar  4 09:08:09 UTC 2026\n    0    120     60\n    1    121     58\n"
        let query =
            "index, power.draw [W]\nWed Mar  4 09:08:07 2026\n0, 119 W\n1, 118 W\nWed Mar  4 09:08:09 2026\n0, 120 W\n1, 121 W\n"
        let expected = [
            "1772615287000|119.0", "1772615287000|118.0", "1772615289000|120.0", "1772615289000|121.0",
        ]
        for (name, text) in [("dmon.txt", dmon), ("query.csv", query)] {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for cut in 1..<lines.count - 1 {
                let store = try Store.create(path: folder.path("\(name)\(cut).sqlite"))
                for count in [cut, lines.count - 1] {
                    let part = lines.prefix(count).joined(separator: "\n") + "\n"
                    let path = try folder.write(part, to: "\(cut)/\(name)")
                    try Ingestor(store, options: IngestOptions()).ingest([path])
                }
                let rows = try store.database.prepare(
                    "SELECT time_ms, power_watts FROM gpu_sample ORDER BY time_ms, instance_id")
                var found: [String] = []
                while try rows.step() { found.append("\(rows.text(0))|\(rows.text(1))") }
                #expect(found == expected, "\(name) cut behind line \(cut)")
            }
        }
        let path = try folder.write(
            "Dec 31 23:59:59 index, power.draw [W]\nDec 31 23:59:59 0, 1 W\nJan 01 00:00:00 0, 2 W\n", to: "ts.csv")
        let modified = Date(timeIntervalSince1970: 1_767_229_300)
        try FileManager.default.setAttributes([.modificationDate: modified], ofItemAtPath: path)
        try ingest(path)
        #expect(try rows("SELECT time_ms FROM gpu_sample ORDER BY 1") == ["1767225599000", "1767225600000"])
    }

    @Test("rows of one moment that name no GPU are the GPUs in their order")
    func unnamed() throws {
        try ingest(
            try folder.write(
                "timestamp, utilization.gpu [%]\n"
                    + (0..<3).flatMap { second in (0..<2).map { "2026/11/23 17:33:0\(second).000, \($0) %\n" } }
                    .joined(),
                to: "gpu.csv"))
        #expect(
            try rows(
                "SELECT name, count(*), avg(utilization_percent) FROM gpu_sample JOIN instance USING (instance_id) GROUP BY 1"
            )
                == ["GPU|3|0.0", "GPU in row 2|3|1.0"])
    }

    @Test("the zone of a capture is told by the times around its lines; times in UTC stay")
    func zones() throws {
        try ingest(
            try folder.write(
                "2026-11-23T16:33:00Z stdout F timestamp, index, power.draw [W]\n"
                    + "2026-11-23T16:33:01.2Z stdout F 2026/11/23 17:33:01.000, 0, 5 W\n", to: "pod.log"))
        #expect(try rows("SELECT time_ms FROM gpu_sample") == ["1795451581000"])
        #expect(try rows("SELECT clock_offset_ms, framing FROM source") == ["3600000|cri"])
        try store.database.execute("DELETE FROM gpu_sample")
        try ingest(
            try folder.write("timestamp, index, power.draw [W]\n2026-11-23T17:33:01Z, 0, 5 W\n", to: "utc.csv"),
            timezone: 480)
        #expect(try rows("SELECT time_ms FROM gpu_sample") == ["1795455181000"])
    }

    @Test("a capture without any time is placed only where its start is given")
    func start() throws {
        let text = "# gpu   pwr gtemp\n# Idx     W     C\n" + (0..<6).map { "    \($0 % 2)    4\($0)    35\n" }.joined()
        let path = try folder.write(text, to: "dmon.txt")
        try ingest(path)
        #expect(try rows("SELECT count(*) FROM gpu_sample") == ["0"])
        #expect(try rows("SELECT message FROM source")[0].contains("6 of 6 rows have no time"))
        let other = try Store.create(path: folder.path("other.sqlite"))
        var options = IngestOptions()
        options.captureStart = (1_795_455_180_000, 5000)
        for more in ["", "    0    46    35\n"] {
            try folder.write(text + more, to: "dmon.txt")
            try Ingestor(other, options: options).ingest([path])
        }
        let samples = try other.database.prepare(
            "SELECT time_ms - 1795455180000, power_watts FROM gpu_sample ORDER BY 1, 2")
        var placed: [String] = []
        while try samples.step() { placed.append("\(samples.int(0) / 1000):\(samples.int(1))") }
        #expect(placed == ["0:40", "0:41", "5:42", "5:43", "10:44", "10:45", "15:46"])
    }

    @Test("captures of the same GPU meet: by uuid, by address, by index")
    func identity() throws {
        let names = [
            "a.csv":
                "timestamp, index, uuid, pci.bus_id, power.draw [W]\n2026/11/23 17:33:00.000, 0, GPU-0, 00000000:19:00.0, 5 W\n",
            "b.csv": "timestamp, uuid, power.draw [W]\n2026/11/23 17:33:01.000, GPU-0, 5 W\n",
            "c.csv": "timestamp, pci.bus_id, power.draw [W]\n2026/11/23 17:33:02.000, 00000000:19:00.0, 5 W\n",
            "d.csv": "timestamp, index, power.draw [W]\n2026/11/23 17:33:03.000, 0, 5 W\n",
            // Another node's first GPU.
            "e.csv": "timestamp, index, uuid, power.draw [W]\n2026/11/23 17:33:04.000, 0, GPU-9, 5 W\n",
        ]
        for (name, text) in names { try folder.write(text, to: "in/" + name) }
        try ingest(folder.path("in"))
        #expect(try rows("SELECT name FROM instance ORDER BY 1") == ["GPU 0", "GPU 0 (GPU-9)"])
        #expect(try rows("SELECT count(*) FROM gpu_sample GROUP BY instance_id ORDER BY 1") == ["1", "4"])
    }

    @Test("the exporter's last Xid: an event for each change, under the old and the new name")
    func exporter() throws {
        for (gpu, name) in ["DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_XID_ERROR"].enumerated() {
            let text = [0, 0, 31, 31, 79, 79].enumerated().map { second, code in
                "{__name__=\"\(name)\", UUID=\"GPU-\(gpu)\", gpu=\"0\", err_msg=\"\(name)\"} \(code) \(1_795_455_180_000 + second * 15_000)\n"
            }
            try ingest(try folder.write(text.joined(), to: name + ".txt"))
        }
        #expect(
            try rows("SELECT code, sum(count), time_ms - 1795455180000 FROM gpu_event GROUP BY 1, 3 ORDER BY 1")
                == ["31|2|30000", "79|2|60000"])
    }

    @Test("an Xid whose series begins with it has the time of its scrape where the GPU was scraped before")
    func exporterLabels() throws {
        func line(_ name: String, _ labels: String, _ value: Int, _ scrape: Int) -> String {
            "{__name__=\"\(name)\", \(labels)} \(value) \(1_795_455_180_000 + scrape * 15_000)\n"
        }
        let xid = "DCGM_FI_DEV_XID_ERRORS"
        let healthy = "UUID=\"GPU-0\", gpu=\"0\", err_code=\"0\", err_msg=\"No Error\""
        let lost = "UUID=\"GPU-0\", gpu=\"0\", err_code=\"79\", err_msg=\"GPU has fallen off the bus\""
        var text = line(xid, healthy, 0, 0) + line(xid, healthy, 0, 1) + line(xid, lost, 79, 2) + line(xid, lost, 79, 3)
        // The second GPU's series begins with the Xid; the third's is there from the first scrape on.
        for scrape in 0...3 { text += line("DCGM_FI_DEV_GPU_UTIL", "UUID=\"GPU-1\", gpu=\"1\"", 97, scrape) }
        text += line(xid, "UUID=\"GPU-1\", gpu=\"1\", err_code=\"94\"", 94, 3)
        for scrape in 0...3 { text += line(xid, "gpu=\"2\", Hostname=\"a\"", 31, scrape) }
        try ingest(try folder.write(text, to: "dump.txt"))
        #expect(
            try rows("SELECT code, count, time_ms - 1795455180000, text FROM gpu_event ORDER BY code")
                == [
                    "31|1||\(xid) (before the first sample)", "79|1|30000|GPU has fallen off the bus",
                    "94|1|45000|\(xid)",
                ])
    }
}
