import Testing
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

@Suite("Log framings: every wrapping gives the naked log's records")
struct WrappingTests {
    static let naked: [String] = {
        let bytes = TestFiles.read(GoldenTests.folder + "/0.33.0/server.log") ?? []
        let log = bytes.split(separator: 10, omittingEmptySubsequences: false).dropLast()
        return log.map { String(decoding: $0, as: UTF8.self) }
    }()

    /// What a record says, without where and when.
    static func words(_ log: LogCollector) -> [String] {
        zip(log.kinds, log.records).map { kind, record in
            let words = record.range(ofText: "\"level\":") ?? record.range(ofText: "\"message\":") ?? record
            // The framing may name the process.
            return kind + " " + words.replacing("\"pid\":31,", with: "")
        }
    }

    static func read(_ text: String, reads: [Int] = [1 << 16]) -> (framing: LogFraming, log: LogCollector) {
        let bytes = Array(text.utf8)
        let framing = bytes.withUnsafeBytes { LogFraming.detect(head: $0.slice(0, min($0.count, 64 << 10))) }
        return (framing, LogCollector.parse(bytes, framing: framing, reads: reads))
    }

    static let reference = words(LogCollector.parse(naked.map { $0 + "\n" }.joined()))

    @Test(arguments: Wrapping.all)
    func equalRecords(wrapping: Wrapping) {
        let text = wrapping.make(Self.naked)
        let (framing, log) = Self.read(text)
        #expect(Self.reference.count > 100)
        #expect(framing.rawValue == wrapping.framing)
        let words = Self.words(log)
        #expect(words.count == Self.reference.count)
        for (index, pair) in zip(words, Self.reference).enumerated() where pair.0 != pair.1 {
            Issue.record("record \(index): \(pair.0.prefix(300)) instead of \(pair.1.prefix(300))")
            break
        }
        #expect(log.rejects.isEmpty)
        #expect(log.accounted == LogCollector.lineCount(Array(text.utf8)))
    }

    @Test(arguments: Wrapping.all)
    func anySplitOfTheInputGivesTheSameRecords(wrapping: Wrapping) {
        let text = wrapping.make(Array(Self.naked.prefix(60)))
        var random = SeededRandom(seed: 5)
        let reads = (0..<400).map { _ in 1 + Int(random.next() % 300) }
        #expect(Self.read(text, reads: reads).log == Self.read(text).log)
    }

    /// A cut file gives the records of its whole lines and entries; at most one record or reject differs.
    @Test(arguments: Wrapping.all)
    func truncation(wrapping: Wrapping) {
        let text = Array(wrapping.make(Array(Self.naked.prefix(80))).utf8)
        let framing = text.withUnsafeBytes { LogFraming.detect(head: $0) }
        let whole = Self.words(LogCollector.parse(text, framing: framing))
        var random = SeededRandom(seed: 3)
        for _ in 0..<15 {
            let cut = Array(text.prefix(1 + Int(random.next() % UInt64(text.count))))
            let part = LogCollector.parse(cut, framing: framing)
            let words = Self.words(part)
            #expect(part.accounted == LogCollector.lineCount(cut), "cut at \(cut.count)")
            #expect(part.rejects.count <= 1, "cut at \(cut.count)")
            // The newest entries come first in a file of that order: the rest is the end of the log.
            let isSuffix = wrapping.name.contains("newest") || Self.isReversed(framing, text)
            let equal =
                isSuffix
                ? zip(words.reversed(), whole.reversed()).prefix { $0 == $1 }.count
                : zip(words, whole).prefix { $0 == $1 }.count
            #expect(
                words.count - equal <= (isSuffix ? 3 : 2), "cut at \(cut.count): \(words.count) records, \(equal) equal"
            )
        }
    }

    private static func isReversed(_ framing: LogFraming, _ text: [UInt8]) -> Bool {
        guard framing.isHeld else { return false }
        let first = String(decoding: text, as: UTF8.self).range(ofText: "Triton not available") ?? ""
        return first.utf8.count < text.count / 2
    }
}

extension String {
    /// What begins at the first occurrence of `text`.
    fileprivate func range(ofText text: String) -> String? {
        let all = Array(utf8)
        let part = Array(text.utf8)
        guard all.count >= part.count else { return nil }
        for at in 0...(all.count - part.count) where all[at] == part[0] && all[at..<at + part.count].elementsEqual(part)
        {
            return String(decoding: all[at...], as: UTF8.self)
        }
        return nil
    }
}
