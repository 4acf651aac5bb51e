import TidemarkBase
import TidemarkFormats

/// Puts checksums right: a fuzzer cannot guess them, and a parser that stops at the first one is not tested.
enum Checksums {
    static func uint32(_ bytes: [UInt8], _ at: Int) -> Int? {
        guard at >= 0, at + 4 <= bytes.count else { return nil }
        return Int(bytes[at]) << 24 | Int(bytes[at + 1]) << 16 | Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
    }

    /// A base-128 number and the index behind it.
    static func uvarint(_ bytes: [UInt8], _ start: Int) -> (value: Int, next: Int)? {
        var value = 0
        var at = start
        while at < bytes.count, at - start < 8 {
            value |= Int(bytes[at] & 0x7f) << (7 * (at - start))
            at += 1
            if bytes[at - 1] & 0x80 == 0 { return (value, at) }
        }
        return nil
    }

    /// Writes the checksum of `[from, to)` at `to`.
    static func seal(_ bytes: inout [UInt8], _ from: Int, _ to: Int, at place: Int? = nil) {
        let place = place ?? to
        guard from >= 0, from <= to, to <= bytes.count, place + 4 <= bytes.count else { return }
        let sum = bytes.withUnsafeBytes { CRC32C.checksum($0.slice(from, to)) }
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * index)) }
    }

    /// An index: table of contents, symbols, series.
    static func sealIndex(_ bytes: inout [UInt8]) {
        let contents = bytes.count - 52
        guard contents >= 5 else { return }
        bytes.replaceSubrange(0..<4, with: [0xBA, 0xAA, 0xD7, 0x00])
        bytes[4] = bytes[4] % 3 + 1
        // Offsets beyond the file would end the run at once.
        for entry in 0..<2 {
            for index in 0..<4 { bytes[contents + 8 * entry + index] = 0 }
        }
        seal(&bytes, contents, contents + 48)
        let symbols = uint32(bytes, contents + 4) ?? 0
        if let length = uint32(bytes, symbols) { seal(&bytes, symbols + 4, symbols + 4 + length) }
        var at = uint32(bytes, contents + 12) ?? 0
        while at > 0, at < contents {
            if bytes[4] != 1 { at += (16 - at % 16) % 16 }
            guard let (length, start) = uvarint(bytes, at), length < bytes.count else { return }
            seal(&bytes, start, start + length)
            at = start + length + 4
        }
    }

    /// A segment of a log: the fragments of every page.
    static func sealLog(_ bytes: inout [UInt8]) {
        var at = 0
        while at + 7 <= bytes.count {
            let left = 32_768 - at % 32_768
            if bytes[at] & 7 == 0 || left < 7 {
                at += left
                continue
            }
            let length = Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            guard at + 7 + length <= bytes.count else { return }
            seal(&bytes, at + 7, at + 7 + length, at: at + 3)
            at += 7 + length
        }
    }

    /// A file of `chunks/` (`head` false) or `chunks_head/`.
    static func sealChunks(_ bytes: inout [UInt8], head: Bool) {
        guard bytes.count >= 8 else { return }
        bytes.replaceSubrange(0..<4, with: head ? [0x01, 0x30, 0xBC, 0x91] : [0x85, 0xBD, 0x40, 0xDD])
        bytes[4] = 1
        var at = 8
        while at < bytes.count {
            let before = head ? 25 : 0
            guard let (length, start) = uvarint(bytes, at + before), length < bytes.count else { return }
            let end = start + length + (head ? 0 : 1)
            seal(&bytes, head ? at : start, end)
            at = end + 4
        }
    }
}
