#if canImport(Glibc)
    import Glibc
#endif
import TidemarkBase

/// The last few record headers, by their bytes.
///
/// A busy server writes hundreds of lines a second from a handful of places in its code: their headers,
/// `(APIServer pid=7) INFO 01-31 09:15:00 [async_llm.py:344] `, are then the same to the byte, and comparing costs a tenth
/// of parsing.
struct RecentHeaders: Sendable {
    private static let entries = 4
    private static let longest = 128

    private var texts = [UInt8](repeating: 0, count: entries * longest)
    private var lengths = [Int](repeating: 0, count: entries)
    private var headers = [RecordHeader](repeating: RecordHeader(), count: entries)
    private var next = 0

    /// The header that `line` begins with, when it is one of the last.
    @inline(__always)
    func find(_ line: Bytes) -> RecordHeader? {
        guard let base = line.baseAddress else { return nil }
        return texts.withUnsafeBytes { texts in
            for index in 0..<Self.entries {
                let length = lengths[index]
                if length > 0, length <= line.count,
                    memcmp(texts.baseAddress! + index * Self.longest, base, length) == 0
                {
                    return headers[index]
                }
            }
            return nil
        }
    }

    /// Keeps a header with the bytes before its message. Its message must begin behind a blank: then no further byte
    /// of a line could have belonged to the header.
    mutating func remember(_ header: RecordHeader, _ line: Bytes) {
        let length = header.message
        guard length <= Self.longest, length > 0, line[length - 1] == 32 else { return }
        texts.withUnsafeMutableBytes {
            _ = memcpy($0.baseAddress! + next * Self.longest, line.baseAddress!, length)
        }
        lengths[next] = length
        headers[next] = header
        next = (next + 1) % Self.entries
    }
}
