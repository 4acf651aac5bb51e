import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

@Suite("vLLM log: properties")
struct PropertyTests {
    static let files = ["0.6.6", "0.11.2", "0.33.0", "0.33.0-debug", "0.33.0-json", "0.33.0-colour", "0.33.0-dp2"]

    static func load(_ version: String) -> [UInt8] {
        TestFiles.read("\(GoldenTests.folder)/\(version)/server.log") ?? []
    }

    @Test(arguments: files)
    func anySplitOfTheInputGivesTheSameRecords(version: String) {
        let bytes = Self.load(version)
        let whole = LogCollector.parse(bytes)
        var random = SeededRandom(seed: 7)
        for _ in 0..<2 {
            let reads = (0..<400).map { _ in 1 + Int(random.next() % 700) }
            #expect(LogCollector.parse(bytes, reads: reads) == whole)
        }
        #expect(
            LogCollector.parse(Array(bytes.prefix(3000)), reads: [1]) == LogCollector.parse(Array(bytes.prefix(3000))))
    }

    @Test(arguments: files)
    func aTruncatedLogGivesAPrefixAndAtMostOneOther(version: String) {
        let bytes = Self.load(version)
        let whole = LogCollector.parse(bytes)
        var random = SeededRandom(seed: 11)
        for _ in 0..<30 {
            let length = Int(random.next() % UInt64(bytes.count))
            let cut = Array(bytes.prefix(length))
            let part = LogCollector.parse(cut)
            var equal = 0
            while equal < part.records.count, equal < whole.records.count, part.records[equal] == whole.records[equal] {
                equal += 1
            }
            #expect(part.records.count - equal + part.rejects.count <= 1, "cut at \(length)")
            #expect(part.accounted == LogCollector.lineCount(cut), "cut at \(length)")
        }
    }

    /// Stop after any line, continue at `pendingStart` with `resumeState`: nothing is lost or delivered twice.
    @Test(arguments: files)
    func resumingGivesTheSameRecords(version: String) {
        let bytes = Self.load(version)
        let whole = LogCollector.parse(bytes)
        let lineCount = LogCollector.lineCount(bytes)
        var random = SeededRandom(seed: 13)
        for _ in 0..<12 {
            let stop = 1 + Int(random.next() % UInt64(lineCount))
            var collector = LogCollector()
            var parser = VLLMLogParser()
            var reader = LineReader()
            bytes.withUnsafeBytes {
                reader.feed($0) { line in
                    if line.number <= stop { parser.feed(line, frame: FrameInfo(), &collector) }
                }
            }
            var offset = bytes.count
            var number = stop + 1
            if let pending = parser.pendingStart {
                (number, offset) = (pending.line, pending.offset)
            } else {
                var seen = 0
                offset =
                    (bytes.firstIndex { byte in
                        if byte == 10 { seen += 1 }
                        return seen == stop
                    } ?? bytes.count - 1) + 1
            }
            var second = VLLMLogParser(resuming: parser.resumeState)
            var rest = LineReader(number: number, offset: offset)
            bytes.withUnsafeBytes { buffer in
                rest.feed(buffer.slice(offset, buffer.count)) { second.feed($0, frame: FrameInfo(), &collector) }
            }
            rest.finish { second.feed($0, frame: FrameInfo(), &collector) }
            second.finish(&collector)
            #expect(collector == whole, "stopped after line \(stop)")
        }
    }

    @Test(arguments: files)
    func everyLineIsAccountedForInAnyFraming(version: String) {
        let bytes = Self.load(version)
        for framing in LogWrapper.allCases.map({ LogFraming([$0]) }) {
            #expect(LogCollector.parse(bytes, framing: framing).accounted == LogCollector.lineCount(bytes))
        }
    }

    @Test func damagedInputNeverStopsIt() {
        var random = SeededRandom(seed: 17)
        for version in Self.files {
            var bytes = Self.load(version)
            for _ in 0..<400 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            #expect(LogCollector.parse(bytes).accounted == LogCollector.lineCount(bytes))
        }
    }
}
