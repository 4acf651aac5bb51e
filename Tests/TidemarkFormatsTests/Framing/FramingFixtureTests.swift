import Testing
import TidemarkBase
import TidemarkFormats

/// The files of `fixtures/framing`: each holds the log `plain.log`.
@Suite("Log framings: fixtures")
struct FramingFixtureTests {
    static let folder = TestFiles.root + "/fixtures/framing/"
    static let names = TestFiles.names(in: folder).filter { $0 != "README.md" }

    @Test(arguments: names)
    func equalRecords(name: String) throws {
        let plain = try #require(TestFiles.read(Self.folder + "plain.log"))
        let text = try #require(TestFiles.read(Self.folder + name))
        let framing = text.withUnsafeBytes { LogFraming.detect(head: $0) }
        let log = LogCollector.parse(text, framing: framing)
        #expect(WrappingTests.words(log) == WrappingTests.words(LogCollector.parse(plain)))
        #expect(log.records.count == 8)
        #expect(log.rejects.isEmpty)
        #expect(log.accounted == LogCollector.lineCount(text))
        let guess = text.withUnsafeBytes { VLLMLogFormat.sniff(head: $0, fileName: name) }
        #expect(guess?.score ?? 0 >= 0.9)
    }
}
