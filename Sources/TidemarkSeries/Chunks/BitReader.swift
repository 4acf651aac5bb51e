import TidemarkBase

/// Reads bits, most significant first, out of a run of bytes; refilled eight bytes at a time.
///
/// Reading past the end gives zeros and sets ``overrun``, so that a decoder checks once a sample, not once a bit.
@usableFromInline
struct BitReader {
    private let base: UnsafeRawPointer
    private let end: Int
    private var position: Int
    /// Unread bits, left-aligned. Bits below `valid` are zero, or the next bits of the data.
    private var word: UInt64 = 0
    /// Bits of `word` that are accounted for; negative after reading past the end.
    private var valid = 0

    init(_ bytes: Bytes, from offset: Int) {
        // An empty buffer has no address; it is never read from.
        base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
        end = bytes.count
        position = offset
    }

    /// Whether more was read than there is.
    var overrun: Bool { valid < 0 }

    /// Byte offset of the first unread bit's byte, for messages.
    var offset: Int { position - max(0, valid) / 8 }

    /// Makes at least 56 bits valid, as far as there are any.
    @inline(__always)
    private mutating func fill() {
        if position &+ 8 <= end {
            // The bits that are loaded beyond `valid` are the same ones that the next load will bring: OR is harmless.
            word |= UInt64(bigEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self)) &>> UInt64(valid)
            position &+= (63 &- valid) &>> 3
            valid |= 56
        } else {
            while valid <= 48, position < end {
                word |= UInt64(base.load(fromByteOffset: position, as: UInt8.self)) &<< UInt64(56 &- valid)
                valid &+= 8
                position &+= 1
            }
        }
    }

    /// The next `count` bits, 1...48.
    @inline(__always)
    mutating func short(_ count: Int) -> UInt64 {
        if valid < count {
            if valid < 0 { return 0 }
            fill()
        }
        let value = word &>> UInt64(64 &- count)
        word &<<= UInt64(count)
        valid &-= count
        return value
    }

    /// The next `count` bits, 1...64.
    @inline(__always)
    mutating func read(_ count: Int) -> UInt64 {
        guard count > 48 else { return short(count) }
        let high = short(count &- 32)
        return high &<< 32 | short(32)
    }

    @inline(__always)
    mutating func bit() -> Bool { short(1) != 0 }

    /// Length of the run of ones before the next zero, at most `limit` ≤ 8 (then no zero is read).
    @inline(__always)
    mutating func ones(limit: Int) -> Int {
        if valid < limit {
            if valid < 0 { return 0 }
            fill()
        }
        let count = min(limit, (~word).leadingZeroBitCount)
        let taken = count < limit ? count &+ 1 : count
        word &<<= UInt64(taken)
        valid &-= taken
        return count
    }

    /// `count` bits as the signed number that Prometheus means: values above 2^(count-1) are negative.
    @inline(__always)
    mutating func signed(_ count: Int) -> Int64 {
        let raw = read(count)
        if count < 64, raw > 1 &<< UInt64(count &- 1) { return Int64(bitPattern: raw &- (1 &<< UInt64(count))) }
        return Int64(bitPattern: raw)
    }

    /// A base-128 number, 7 bits a byte, low group first.
    mutating func uvarint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 70 {
            let byte = short(8)
            if shift < 64 { value |= (byte & 0x7f) &<< shift }
            if byte & 0x80 == 0 { return value }
            shift &+= 7
        }
        valid = -1
        return 0
    }

    /// A zig-zag coded base-128 number.
    mutating func varint() -> Int64 {
        let raw = uvarint()
        return Int64(bitPattern: raw &>> 1) ^ -Int64(bitPattern: raw & 1)
    }
}

/// Writes bits, most significant first.
struct BitWriter: Sendable {
    /// Room for what is written, larger than it.
    private var room = [UInt8](repeating: 0, count: 256)
    private var count = 0
    /// Bits not yet in `room`, right-aligned.
    private var word: UInt64 = 0
    private var held = 0

    /// Everything written, the last byte filled up with zeros.
    var bytes: [UInt8] {
        var all = Array(room[..<count])
        var left = held
        while left > 0 {
            all.append(UInt8(truncatingIfNeeded: left >= 8 ? word &>> UInt64(left - 8) : word &<< UInt64(8 - left)))
            left -= 8
        }
        return all
    }

    @inline(__always)
    mutating func write(bit: Bool) { write(bit ? 1 : 0, 1) }

    /// The low `count` bits of `value`, 1...64.
    @inline(__always)
    mutating func write(_ value: UInt64, _ count: Int) {
        if count > 32 {
            put(value &>> 32, count &- 32)
            put(value, 32)
        } else {
            put(value, count)
        }
    }

    @inline(__always)
    private mutating func put(_ value: UInt64, _ bits: Int) {
        word = word &<< UInt64(bits) | value & (1 &<< UInt64(bits) &- 1)
        held &+= bits
        guard held >= 32 else { return }
        held &-= 32
        if count &+ 4 > room.count { room.append(contentsOf: repeatElement(0, count: room.count)) }
        let four = UInt32(truncatingIfNeeded: word &>> UInt64(held)).bigEndian
        let at = count
        room.withUnsafeMutableBytes { $0.storeBytes(of: four, toByteOffset: at, as: UInt32.self) }
        count &+= 4
    }

    mutating func uvarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            write(rest & 0x7f | 0x80, 8)
            rest >>= 7
        }
        write(rest, 8)
    }

    mutating func varint(_ value: Int64) { uvarint(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    mutating func removeAll() { (count, word, held) = (0, 0, 0) }
}
