import Glibc
import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Keeps what a parser delivers, each record as its JSON line.
struct LogCollector: VLLMLogSink, Equatable {
    struct Reject: Equatable {
        var line: Int
        var offset: Int
        var lineCount: Int
        var reason: String
        var text: String
    }

    var records: [String] = []
    var kinds: [String] = []
    var lines: [Int] = []
    var lineCounts: [Int] = []
    var offsets: [Int] = []
    var rejects: [Reject] = []
    var noiseLines = 0
    var keepPrompts = false

    mutating func record(_ record: LogRecord) {
        let own = record.stamp.map { $0.wallMs(year: 2026) }
        let carried = record.carried.map { $0.wallMs(year: 2026) }
        let source: LogRecordJSON.TimeSource? =
            own != nil ? .own : carried != nil ? .carried : record.frame.timeMs != nil ? .outer : nil
        var writer = ByteWriter()
        LogRecordJSON(keepPrompts: keepPrompts).write(
            record, timeMs: own ?? carried ?? record.frame.timeMs, timeSource: source, to: &writer)
        records.append(writer.text)
        kinds.append(record.kind)
        lines.append(record.line)
        lineCounts.append(record.lineCount)
        offsets.append(record.offset)
    }

    mutating func reject(_ reject: LogReject) {
        rejects.append(
            Reject(
                line: reject.line, offset: reject.offset, lineCount: reject.lineCount, reason: reject.reason,
                text: reject.text.text))
    }

    mutating func noise(line: Int, offset: Int, lineCount: Int) { noiseLines += lineCount }

    /// All lines that were accounted for.
    var accounted: Int { lineCounts.reduce(0, +) + rejects.map(\.lineCount).reduce(0, +) + noiseLines }

    /// Parses `bytes`, read in pieces of the given sizes (the last one repeats).
    static func parse(
        _ bytes: [UInt8], framing: LogFraming = .plain, reads: [Int] = [1 << 16], keepPrompts: Bool = false
    ) -> LogCollector {
        var collector = LogCollector()
        collector.keepPrompts = keepPrompts
        var unframer = LogUnframer(framing)
        var parser = VLLMLogParser(keepsPrompts: keepPrompts)
        var reader = LineReader(limit: framing.lineLimit)
        bytes.withUnsafeBytes { buffer in
            var at = 0
            var read = 0
            while at < buffer.count {
                let end = min(buffer.count, at + max(1, reads[min(read, reads.count - 1)]))
                reader.feed(buffer.slice(at, end)) { line in
                    unframer.feed(line) { line, frame in parser.feed(line, frame: frame, &collector) }
                }
                at = end
                read += 1
            }
        }
        reader.finish { line in unframer.feed(line) { line, frame in parser.feed(line, frame: frame, &collector) } }
        unframer.finish { line, frame in parser.feed(line, frame: frame, &collector) }
        parser.finish(&collector)
        for found in unframer.rejects {
            collector.rejects.append(
                Reject(
                    line: found.line, offset: found.offset, lineCount: found.lineCount, reason: found.reason,
                    text: found.text))
        }
        collector.noiseLines += unframer.noiseLines
        return collector
    }

    static func parse(_ text: String, framing: LogFraming = .plain, keepPrompts: Bool = false) -> LogCollector {
        parse(Array(text.utf8), framing: framing, keepPrompts: keepPrompts)
    }

    /// Number of lines as a reader counts them.
    static func lineCount(_ bytes: [UInt8]) -> Int {
        bytes.count { $0 == 10 } + (bytes.last.map { $0 == 10 ? 0 : 1 } ?? 0)
    }
}

enum TestFiles {
    /// The top folder of the repository.
    static let root = String(
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/"))

    static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[0..<count])
        }
    }

    static func write(_ text: String, to path: String) {
        guard let file = fopen(path, "wb") else { return }
        _ = Array(text.utf8).withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        fclose(file)
    }

    static func names(in folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
