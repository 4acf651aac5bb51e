import Foundation
import Testing
import TidemarkBase
import TidemarkTestSupport

@testable import TidemarkIntake

private typealias InputStream = TidemarkIntake.InputStream

/// Files of many buffers: what is delivered must be what a small file would deliver.
@Suite struct InputStreamTests {
    /// Lines enough for many buffers, and no two parts alike.
    private static let text: String = {
        var random = SeededRandom(seed: 7)
        return (0..<150_000).map { "line \($0) \(UInt64.random(in: .min ... .max, using: &random)) wäre\n" }.joined()
    }()

    private func file(_ folder: TemporaryFolder, _ bytes: Data, _ name: String) throws -> String {
        let url = folder.url.appendingPathComponent(name)
        try bytes.write(to: url)
        return url.path
    }

    private func gzip(_ folder: TemporaryFolder, _ text: Data, _ name: String) throws -> Data {
        let path = try file(folder, text, name)
        let done = try runProgram(URL(fileURLWithPath: "/usr/bin/gzip"), ["-1", path], in: folder.url)
        #expect(done.status == 0)
        return try Data(contentsOf: URL(fileURLWithPath: path + ".gz"))
    }

    private func content(_ stream: InputStream) throws -> Data {
        var all = Data()
        try stream.read { bytes in
            all.append(contentsOf: bytes)
            return true
        }
        return all
    }

    @Test("plain, gzip in two members, UTF-16: the whole content in its order, also behind a look at the head")
    func whole() throws {
        let folder = try TemporaryFolder()
        let text = Data(Self.text.utf8)
        let half = text.count / 2
        let members = try gzip(folder, text[..<half], "a") + gzip(folder, text[half...], "b")
        #expect(members.count > 1 << 20)
        let wide = Data([0xFF, 0xFE]) + Self.text.data(using: .utf16LittleEndian)!
        for (name, bytes) in [("plain.log", text), ("members.log.gz", members), ("wide.log", wide)] {
            let path = try file(folder, bytes, name)
            let stream = try InputStream(path: path)
            #expect(stream.head().elementsEqual(text.prefix(InputStream.headBytes)), "\(name)")
            #expect(try content(stream) == text, "\(name)")
            #expect(stream.consumedFileBytes == bytes.count && stream.damage == nil, "\(name)")
        }
    }

    @Test("a reader that stops and goes on loses nothing, and a failure of its own comes back to it")
    func stops() throws {
        let folder = try TemporaryFolder()
        let text = Data(Self.text.utf8)
        let stream = try InputStream(path: try file(folder, text, "plain.log"))
        var all = Data()
        for round in 1...4 {
            var buffers = 0
            try stream.read { bytes in
                all.append(contentsOf: bytes)
                buffers += 1
                return buffers < round
            }
        }
        #expect(all.count < text.count)
        all.append(try content(stream))
        #expect(all == text)
        struct Failure: Error {}
        let failing = try InputStream(path: folder.path("plain.log"))
        #expect(throws: Failure.self) { try failing.read { _ in throw Failure() } }
    }

    @Test("what comes before the damage of a compressed file is delivered, and the damage is told")
    func damage() throws {
        let folder = try TemporaryFolder()
        let text = Data(Self.text.utf8)
        let bytes = try gzip(folder, text, "a")
        let stream = try InputStream(path: try file(folder, bytes.prefix(bytes.count - 100_000), "cut.gz"))
        let found = try content(stream)
        #expect(found.count > text.count / 2 && text.starts(with: found))
        #expect(stream.damage?.contains("truncated") == true)
    }
}
