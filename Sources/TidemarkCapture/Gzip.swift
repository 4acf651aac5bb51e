import CZlib
import Glibc
import TidemarkBase

/// gzip (RFC 1952) in memory, by zlib.
enum Gzip {
    /// One member. Level 6: a scrape shrinks to a tenth in some milliseconds.
    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        guard
            deflateInit2_(
                &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return bytes }
        defer { deflateEnd(&stream) }
        var out = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 32)
        let made = bytes.withUnsafeBufferPointer { source in
            out.withUnsafeMutableBufferPointer { target -> Int in
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                _ = deflate(&stream, Z_FINISH)
                return target.count - Int(stream.avail_out)
            }
        }
        return Array(out[..<made])
    }

    /// The content; nil when it is damaged, cut off, or longer than `limit` bytes.
    static func inflate(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        var stream = z_stream()
        guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        return bytes.withUnsafeBufferPointer { source -> [UInt8]? in
            stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
            stream.avail_in = UInt32(source.count)
            while true {
                let (status, made) = buffer.withUnsafeMutableBufferPointer { target -> (Int32, Int) in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    let status = CZlib.inflate(&stream, Z_NO_FLUSH)
                    return (status, target.count - Int(stream.avail_out))
                }
                out.append(contentsOf: buffer[..<made])
                guard out.count <= limit else { return nil }
                if status == Z_STREAM_END { return out }
                guard status == Z_OK, made > 0 || stream.avail_in > 0 else { return nil }
            }
        }
    }

    /// Compresses a file into another, piece by piece.
    /// - Returns: whether it is whole.
    static func compress(file: String, to target: String) -> Bool {
        guard let source = fopen(file, "rb") else { return false }
        defer { fclose(source) }
        guard let out = gzopen(target, "wb6") else { return false }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var isWhole = true
        while isWhole {
            let count = fread(&buffer, 1, buffer.count, source)
            if count == 0 { break }
            isWhole = gzwrite(out, buffer, UInt32(count)) == Int32(count)
        }
        return gzclose(out) == Z_OK && isWhole && ferror(source) == 0
    }
}
