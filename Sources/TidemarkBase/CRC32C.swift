/// CRC-32C (Castagnoli), the checksum of every part of a Prometheus TSDB. Eight bytes a step, about 1.5 GB/s.
public enum CRC32C {
    /// Table `k` advances a byte by `k` further zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
            tables[byte] = value
        }
        for table in 1..<8 {
            for byte in 0..<256 {
                let before = tables[(table - 1) * 256 + byte]
                tables[table * 256 + byte] = before >> 8 ^ tables[Int(before & 0xff)]
            }
        }
        return tables
    }()

    /// The checksum of `bytes`; pass an earlier result as `seed` to continue it.
    public static func checksum(_ bytes: Bytes, seed: UInt32 = 0) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var crc = ~seed
            var at = 0
            while at &+ 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) ^ UInt64(crc)
                var next: UInt32 = 0
                for index in 0..<8 {
                    next ^= tables[(7 &- index) &* 256 &+ Int(truncatingIfNeeded: word &>> UInt64(index &* 8)) & 0xff]
                }
                crc = next
                at &+= 8
            }
            while at < bytes.count {
                crc = crc &>> 8 ^ tables[Int(truncatingIfNeeded: crc ^ UInt32(bytes[at])) & 0xff]
                at &+= 1
            }
            return ~crc
        }
    }
}
