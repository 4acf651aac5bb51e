import CZlib
import TidemarkBase

/// Writes a ZIP archive piece by piece. Entries carry no time of their own: the same files give the same bytes.
public struct ZipArchive {
    private struct Entry {
        var name: [UInt8]
        var method: Int
        var crc: UInt32
        var compressed: Int
        var size: Int
        var offset: Int
    }

    private let write: ([UInt8]) throws -> Void
    private var entries: [Entry] = []
    private var offset = 0
    /// Sizes and places from here on are written in the form of ZIP64.
    private let limit: Int

    /// - Parameters:
    ///   - limit: for tests; sizes from 4 GiB on need ZIP64.
    ///   - write: gets the archive's bytes in order.
    public init(limit: Int = 0xFFFF_FFFF, write: @escaping ([UInt8]) throws -> Void) {
        self.limit = limit
        self.write = write
    }

    /// Adds a file, deflated where that makes it smaller.
    /// - Parameter name: relative, with `/`.
    public mutating func add(_ name: String, _ bytes: [UInt8]) throws {
        let deflated = Self.deflated(bytes)
        let isSmaller = deflated.map { $0.count < bytes.count } ?? false
        let body = isSmaller ? deflated! : bytes
        let entry = Entry(
            name: Array(name.utf8), method: isSmaller ? 8 : 0, crc: Self.checksum(bytes), compressed: body.count,
            size: bytes.count, offset: offset)
        var out = Record()
        let isLarge = entry.size >= limit || entry.compressed >= limit
        out.put(0x0403_4B50, 4)
        common(entry, isLarge: isLarge, &out)
        out.put(isLarge ? 20 : 0, 2)
        out.bytes += entry.name
        if isLarge {
            out.put(1, 2)
            out.put(16, 2)
            out.put(entry.size, 8)
            out.put(entry.compressed, 8)
        }
        try emit(out.bytes)
        try emit(body)
        entries.append(entry)
    }

    /// Writes the list of the entries. Nothing may be added behind it.
    public mutating func finish() throws {
        let start = offset
        for entry in entries {
            let isLarge = entry.size >= limit || entry.compressed >= limit || entry.offset >= limit
            var out = Record()
            out.put(0x0201_4B50, 4)
            // Made by Unix, so that the rights are read.
            out.put(0x0300 | (isLarge ? 45 : 20), 2)
            common(entry, isLarge: isLarge, &out)
            out.put(isLarge ? 28 : 0, 2)
            out.put(0, 2)
            out.put(0, 2)
            out.put(0, 2)
            out.put(0o100644 << 16, 4)
            out.put(isLarge ? 0xFFFF_FFFF : entry.offset, 4)
            out.bytes += entry.name
            if isLarge {
                out.put(1, 2)
                out.put(24, 2)
                out.put(entry.size, 8)
                out.put(entry.compressed, 8)
                out.put(entry.offset, 8)
            }
            try emit(out.bytes)
        }
        let length = offset - start
        var out = Record()
        let isLarge = start >= limit || length >= limit || entries.count >= 0xFFFF
        if isLarge {
            let at = offset
            out.put(0x0606_4B50, 4)
            out.put(44, 8)
            out.put(0x0300 | 45, 2)
            out.put(45, 2)
            out.put(0, 4)
            out.put(0, 4)
            out.put(entries.count, 8)
            out.put(entries.count, 8)
            out.put(length, 8)
            out.put(start, 8)
            out.put(0x0706_4B50, 4)
            out.put(0, 4)
            out.put(at, 8)
            out.put(1, 4)
        }
        out.put(0x0605_4B50, 4)
        out.put(0, 4)
        out.put(min(entries.count, 0xFFFF), 2)
        out.put(min(entries.count, 0xFFFF), 2)
        out.put(isLarge ? 0xFFFF_FFFF : length, 4)
        out.put(isLarge ? 0xFFFF_FFFF : start, 4)
        out.put(0, 2)
        try emit(out.bytes)
    }

    /// What both heads of an entry have, from the version on to the length of its name.
    private func common(_ entry: Entry, isLarge: Bool, _ out: inout Record) {
        out.put(isLarge ? 45 : 20, 2)
        // Names are UTF-8.
        out.put(1 << 11, 2)
        out.put(entry.method, 2)
        // 1980-01-01 00:00, the first time that there is.
        out.put(0, 2)
        out.put(1 << 5 | 1, 2)
        out.put(Int(entry.crc), 4)
        out.put(isLarge ? 0xFFFF_FFFF : entry.compressed, 4)
        out.put(isLarge ? 0xFFFF_FFFF : entry.size, 4)
        out.put(entry.name.count, 2)
    }

    private mutating func emit(_ bytes: [UInt8]) throws {
        try write(bytes)
        offset += bytes.count
    }

    private struct Record {
        var bytes: [UInt8] = []

        /// Little end first.
        mutating func put(_ value: Int, _ count: Int) {
            for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
        }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc: uLong = 0
        var at = 0
        bytes.withUnsafeBufferPointer { buffer in
            while at < buffer.count {
                let count = min(buffer.count - at, 1 << 30)
                crc = crc32(crc, buffer.baseAddress! + at, uInt(count))
                at += count
            }
        }
        return UInt32(truncatingIfNeeded: crc)
    }

    /// A raw deflate stream; nil when zlib can't.
    private static func deflated(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard
            deflateInit2_(
                &stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
                == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        var out: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var at = 0
        return bytes.withUnsafeBufferPointer { input -> [UInt8]? in
            while true {
                let count = min(input.count - at, 1 << 30)
                stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + at) }
                stream.avail_in = uInt(count)
                at += count
                let isLast = at == input.count
                repeat {
                    let status = chunk.withUnsafeMutableBufferPointer { space -> Int32 in
                        stream.next_out = space.baseAddress
                        stream.avail_out = uInt(space.count)
                        return deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                    }
                    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { return nil }
                    out += chunk[..<(chunk.count - Int(stream.avail_out))]
                } while stream.avail_out == 0
                if isLast { return out }
            }
        }
    }
}
