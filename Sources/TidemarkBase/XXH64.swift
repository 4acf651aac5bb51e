/// XXH64, a fast hash of 64 bits that is no protection against someone who wants two inputs to agree
/// (specification: xxHash's `doc/xxhash_spec.md`).
public enum XXH64 {
    private static let p1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let p2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let p3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let p4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let p5: UInt64 = 0x27D4_EB2F_1656_67C5

    @inline(__always)
    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value &<< count | value &>> (64 &- count)
    }

    @inline(__always)
    private static func round(_ accumulator: UInt64, _ input: UInt64) -> UInt64 {
        rotate(accumulator &+ input &* p2, 31) &* p1
    }

    /// Several gigabytes a second.
    public static func hash(_ bytes: Bytes, seed: UInt64 = 0) -> UInt64 {
        func word(_ at: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        }
        let count = bytes.count
        var at = 0
        var hash: UInt64
        if count >= 32 {
            var (a, b, c, d) = (seed &+ p1 &+ p2, seed &+ p2, seed, seed &- p1)
            while at &+ 32 <= count {
                a = round(a, word(at))
                b = round(b, word(at &+ 8))
                c = round(c, word(at &+ 16))
                d = round(d, word(at &+ 24))
                at &+= 32
            }
            hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
            hash = (hash ^ round(0, a)) &* p1 &+ p4
            hash = (hash ^ round(0, b)) &* p1 &+ p4
            hash = (hash ^ round(0, c)) &* p1 &+ p4
            hash = (hash ^ round(0, d)) &* p1 &+ p4
        } else {
            hash = seed &+ p5
        }
        hash &+= UInt64(count)
        while at &+ 8 <= count {
            hash = rotate(hash ^ round(0, word(at)), 27) &* p1 &+ p4
            at &+= 8
        }
        if at &+ 4 <= count {
            let four = UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            hash = rotate(hash ^ four &* p1, 23) &* p2 &+ p3
            at &+= 4
        }
        while at < count {
            hash = rotate(hash ^ UInt64(bytes[at]) &* p5, 11) &* p1
            at &+= 1
        }
        hash = (hash ^ hash &>> 33) &* p2
        hash = (hash ^ hash &>> 29) &* p3
        return hash ^ hash &>> 32
    }
}
