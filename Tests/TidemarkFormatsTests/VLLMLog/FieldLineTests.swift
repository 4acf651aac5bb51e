import Foundation
import Testing
import TidemarkFormats

/// Lines that users of all versions pasted into issue trackers and repositories, and what a careful reader writes down.
///
/// A file holds blocks, parted by empty lines: comments (`# `), the lines of a log, then a line `= {…}` for each record
/// with members that its JSON must have; null: it must not have it. Beside a block's own file, every block is read cut
/// off at any byte, so that no paste, however torn, breaks the account of its lines.
@Suite("vLLM log: lines from the field")
struct FieldLineTests {
    struct Block: CustomTestStringConvertible, Sendable {
        var file: String
        var line: Int
        var log: String
        var expected: [String]

        var testDescription: String { "\(file):\(line) \(log.prefix(80))" }
    }

    static let folder = TestFiles.root + "/fixtures/vllm-log/field-lines"

    static let blocks: [Block] = TestFiles.names(in: folder).filter { $0.hasSuffix(".txt") }.flatMap { name in
        let bytes = TestFiles.read("\(folder)/\(name)") ?? []
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        var blocks: [Block] = []
        var log: [Substring] = []
        var expected: [String] = []
        var first = 0
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("= ") {
                expected.append(String(line.dropFirst(2)))
            } else if line.isEmpty {
                if !expected.isEmpty {
                    let text = log.joined(separator: "\n").replacing("␛", with: "\u{1b}").replacing("␠", with: " ")
                        .replacing("␍", with: "\r")
                    blocks.append(Block(file: name, line: first, log: text + "\n", expected: expected))
                }
                (log, expected) = ([], [])
            } else if !log.isEmpty || !line.hasPrefix("# ") || line.hasPrefix("# WARNING") {
                if log.isEmpty { first = index + 1 }
                log.append(line)
            }
        }
        return blocks
    }

    @Test func enough() { #expect(Self.blocks.count > 240) }

    @Test(arguments: blocks)
    func reading(block: Block) throws {
        let result = LogCollector.parse(block.log)
        var records = result.records
        for reject in result.rejects { records.append("{\"kind\":\"reject\",\"line\":\(reject.line)}") }
        try #require(records.count == block.expected.count, "\(records)")
        for (record, expected) in zip(records, block.expected) {
            let found = try JSONSerialization.jsonObject(with: Data(record.utf8))
            let wanted = try JSONSerialization.jsonObject(with: Data(expected.utf8))
            for difference in Self.differences(wanted, found, at: "") { Issue.record("\(difference) in \(record)") }
        }
        #expect(result.accounted == LogCollector.lineCount(Array(block.log.utf8)))
    }

    private static func differences(_ wanted: Any, _ found: Any, at path: String) -> [String] {
        if let wanted = wanted as? [String: Any] {
            let found = found as? [String: Any] ?? [:]
            return wanted.sorted { $0.key < $1.key }.flatMap { key, value in
                differences(value, found[key] ?? NSNull(), at: path + "/" + key)
            }
        }
        guard let wanted = wanted as? NSObject, let found = found as? NSObject else { return [path] }
        return wanted.isEqual(found) ? [] : ["\(path): \(found), want \(wanted)"]
    }

    /// Any two blocks may follow each other, and any paste may end anywhere: every line is still counted once.
    @Test func tornAndJoined() {
        let whole = Array(Self.blocks.map(\.log).joined().utf8)
        let result = LogCollector.parse(whole)
        #expect(result.accounted == LogCollector.lineCount(whole))
        #expect(result == LogCollector.parse(whole, reads: [1, 7, 4096, 3]))
        for block in Self.blocks {
            let bytes = Array(block.log.utf8)
            for end in stride(from: 1, to: bytes.count, by: max(1, bytes.count / 24)) {
                let cut = Array(bytes[..<end])
                let accounted = LogCollector.parse(cut).accounted
                #expect(accounted == LogCollector.lineCount(cut), "\(block.testDescription) \(end)")
            }
        }
    }

    /// A snippet of a server's log is known as one, whatever it begins with.
    @Test func recognised() {
        var unknown: [String] = []
        for block in Self.blocks {
            let score = Array(block.log.utf8).withUnsafeBytes {
                VLLMLogFormat.sniff(head: $0, fileName: "paste.txt")?.score ?? 0
            }
            if score <= 0.3 { unknown.append(block.testDescription) }
        }
        // Nothing in these says that a server wrote them.
        let silent = [
            "free(): invalid", "Exception ignored in", "[ERROR] 2025", "connection open", "WebSocket", "(raylet)",
            "[INFO:swift]", "{\"timestamp\"",
        ]
        #expect(unknown.filter { text in !silent.contains { text.contains($0) } } == [])
    }
}
