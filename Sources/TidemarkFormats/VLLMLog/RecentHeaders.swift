#if canImport(Glibc)
    import Glibc
#endif
import TidemarkBase
import TidemarkEvidence

/// The last few record headers, by their bytes.
///
/// A busy server writes hundreds of lines a second from a handful of places in its code: their headers,
/// `(APIServer pid=7) INFO 01-31 09:15:00 [async_llm.py:344] `, are then the same to the byte, and comparing costs a tenth
/// of parsing.
struct RecentHeaders: Sendable {
    private static let entries = 4
    private static let longest = 128
    /// A header has at least this many bytes: `INFO 01-31 09:15:00 [a.py:1] `.
    private static let shortest = 24

    private struct Entry {
        /// Bytes before the message; 0: free.
        var length = 0
        /// The last eight of them, in which headers of one second differ.
        var end: UInt64 = 0
        var stamp = LogStamp(month: 1, day: 1, hour: 0, minute: 0, second: 0)
    }

    private var texts = [UInt8](repeating: 0, count: entries * longest)
    /// One more than are compared, for a header that can't be kept.
    private var known = [Entry](repeating: Entry(), count: entries + 1)
    private var next = 0

    /// Number of the header that `line` begins with, good until the next one is asked for; -1: it begins with none.
    /// Lines of the same second and origin begin with the same bytes, so those of the last headers are compared before
    /// anything is parsed.
    @inline(__always)
    mutating func index(of line: Bytes) -> Int {
        let found = find(line)
        return found >= 0 ? found : parse(line)
    }

    /// Where the message begins.
    @inline(__always)
    func message(_ index: Int) -> Int { known[index].length }
    @inline(__always)
    func stamp(_ index: Int) -> LogStamp { known[index].stamp }

    @inline(__always)
    private func find(_ line: Bytes) -> Int {
        guard let base = line.baseAddress else { return -1 }
        for index in 0..<Self.entries {
            let length = known[index].length
            guard length > 0, length <= line.count,
                base.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self) == known[index].end
            else { continue }
            let isSame = texts.withUnsafeBytes {
                memcmp($0.baseAddress.unsafelyUnwrapped + index * Self.longest, base, length) == 0
            }
            if isSame { return index }
        }
        return -1
    }

    private mutating func parse(_ line: Bytes) -> Int {
        let chain = ProcessPrefix.parseChain(line)
        var header = RecordHeader()
        guard header.parseFromLevel(line, at: chain.end) else { return -1 }
        let length = header.message
        var entry = Entry(length: length, stamp: header.stamp)
        // Behind a blank no further byte of a line could have belonged to the header.
        guard length <= Self.longest, length >= Self.shortest, line[length - 1] == 32 else {
            known[Self.entries] = entry
            return Self.entries
        }
        entry.end = line.loadUnaligned(fromByteOffset: length - 8, as: UInt64.self)
        texts.withUnsafeMutableBytes {
            _ = memcpy($0.baseAddress! + next * Self.longest, line.baseAddress!, length)
        }
        let index = next
        known[index] = entry
        next = (next + 1) % Self.entries
        return index
    }
}
