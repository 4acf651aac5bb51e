import TidemarkBase

/// A chunk that cannot be decoded.
public struct ChunkError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Offset in the chunk's data.
    public let offset: Int
    public let expected: String

    public init(offset: Int, expected: String) { (self.offset, self.expected) = (offset, expected) }

    public var description: String { "chunk data at byte \(offset): expected \(expected)" }
}

/// Float chunks in the layout of Prometheus (`tsdb/chunkenc/xor.go`, after Facebook's Gorilla): a 16-bit count, then per
/// sample the change of the time's step and the XOR with the value before.
///
/// Values go through as bits, so stale markers and NaN payloads survive.
public enum XORChunk {
    /// The encoding's number in chunk files.
    public static let encoding: UInt8 = 1
    /// Samples that Prometheus puts in a chunk.
    public static let usualSamples = 120
    /// Samples that the count can hold.
    public static let mostSamples = 65_535

    /// Number of samples, without decoding.
    public static func count(_ data: Bytes) throws(ChunkError) -> Int {
        guard data.count >= 2 else { throw ChunkError(offset: 0, expected: "a sample count of two bytes") }
        return Int(data[0]) << 8 | Int(data[1])
    }

    /// Appends the samples to the columns. About 5 ns a sample. On error the samples before it have been appended.
    public static func decode(
        _ data: Bytes, timesMs: inout [Int64], values: inout [Double]
    ) throws(ChunkError) {
        let count = try checkedCount(data)
        let first = timesMs.count
        timesMs.append(contentsOf: repeatElement(0, count: count))
        values.append(contentsOf: repeatElement(0, count: count))
        let done = timesMs.withUnsafeMutableBufferPointer { times in
            values.withUnsafeMutableBufferPointer { values in
                walk(data, count) { index, time, bits in
                    times[first &+ index] = time
                    values[first &+ index] = Double(bitPattern: bits)
                }
            }
        }
        guard done < count else { return }
        timesMs.removeLast(count - done)
        values.removeLast(count - done)
        throw ChunkError(offset: data.count, expected: "sample \(done + 1) of \(count)")
    }

    /// What a chunk holds, without keeping its samples.
    public struct Summary: Sendable, Equatable {
        public var samples = 0
        public var startMs: Int64 = 0
        public var endMs: Int64 = 0
        /// Bits of the first and last value, which may be stale markers.
        public var first = 0.0
        public var last = 0.0
        /// Over the values that are numbers.
        public var min = Double.infinity
        public var max = -Double.infinity
        public var sum = 0.0
        public var numbers = 0
        /// Whether each time is later than the one before.
        public var isOrdered = true

        public init() {}

        @inline(__always)
        mutating func add(_ index: Int, _ timeMs: Int64, _ value: Double) {
            if index == 0 {
                startMs = timeMs
                first = value
            } else if timeMs <= endMs {
                isOrdered = false
            }
            endMs = timeMs
            last = value
            samples &+= 1
            if value == value {
                min = value < min ? value : min
                max = value > max ? value : max
                sum += value
                numbers &+= 1
            }
        }
    }

    /// Reads the whole chunk and sums it up.
    public static func summary(_ data: Bytes) throws(ChunkError) -> Summary {
        let count = try checkedCount(data)
        var summary = Summary()
        let done = walk(data, count) { summary.add($0, $1, Double(bitPattern: $2)) }
        guard done == count else {
            throw ChunkError(offset: data.count, expected: "sample \(done + 1) of \(count)")
        }
        return summary
    }

    private static func checkedCount(_ data: Bytes) throws(ChunkError) -> Int {
        let count = try count(data)
        // Every sample but the first two takes at least two bits.
        guard count == 0 || data.count >= 2 + (count + 3) / 4 else {
            throw ChunkError(offset: 2, expected: "\(count) samples")
        }
        return count
    }

    /// Calls `body` with number, time and value bits of each sample; gives how many were whole.
    @inline(__always)
    private static func walk(_ data: Bytes, _ count: Int, _ body: (Int, Int64, UInt64) -> Void) -> Int {
        guard count > 0 else { return 0 }
        var reader = BitReader(data, from: 2)
        var window = XORWindow()
        var time = reader.varint()
        var bits = reader.read(64)
        guard !reader.overrun else { return 0 }
        body(0, time, bits)
        guard count > 1 else { return 1 }
        var delta = Int64(bitPattern: reader.uvarint())
        time &+= delta
        bits = window.read(&reader, bits)
        guard !reader.overrun else { return 1 }
        body(1, time, bits)
        var index = 2
        while index < count {
            delta &+= deltaOfDelta(&reader)
            time &+= delta
            bits = window.read(&reader, bits)
            if reader.overrun { return index }
            body(index, time, bits)
            index &+= 1
        }
        return count
    }

    @inline(__always)
    private static func deltaOfDelta(_ reader: inout BitReader) -> Int64 {
        switch reader.ones(limit: 4) {
        case 0: 0
        case 1: reader.signed(14)
        case 2: reader.signed(17)
        case 3: reader.signed(20)
        default: reader.signed(64)
        }
    }

    /// Builds one chunk. Samples must come in time order; bytes equal those that Prometheus writes.
    public struct Encoder: Sendable {
        private var writer = BitWriter()
        public private(set) var count = 0
        private var time: Int64 = 0
        private var delta: Int64 = 0
        private var bits: UInt64 = 0
        private var window = XORWindow()

        public init() { writer.write(0, 16) }

        /// - Precondition: `count` < ``mostSamples``; a full encoder ignores further samples and returns false.
        @discardableResult
        public mutating func append(timeMs: Int64, value: Double) -> Bool {
            guard count < XORChunk.mostSamples else { return false }
            let next = value.bitPattern
            switch count {
            case 0:
                writer.varint(timeMs)
                writer.write(next, 64)
            case 1:
                delta = timeMs &- time
                writer.uvarint(UInt64(bitPattern: delta))
                window.write(&writer, bits, next)
            default:
                let newDelta = timeMs &- time
                write(deltaOfDelta: newDelta &- delta)
                delta = newDelta
                window.write(&writer, bits, next)
            }
            time = timeMs
            bits = next
            count += 1
            return true
        }

        private mutating func write(deltaOfDelta change: Int64) {
            let raw = UInt64(bitPattern: change)
            switch change {
            case 0: writer.write(bit: false)
            case -8191...8192:
                writer.write(0b10, 2)
                writer.write(raw, 14)
            case -65535...65536:
                writer.write(0b110, 3)
                writer.write(raw, 17)
            case -524_287...524_288:
                writer.write(0b1110, 4)
                writer.write(raw, 20)
            default:
                writer.write(0b1111, 4)
                writer.write(raw, 64)
            }
        }

        /// The chunk's data, without the frame that files put around it.
        public var data: [UInt8] {
            var bytes = writer.bytes
            (bytes[0], bytes[1]) = (UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count))
            return bytes
        }

        /// Begins a new chunk in the same memory.
        public mutating func removeAll() {
            writer.removeAll()
            writer.write(0, 16)
            (count, time, delta, bits) = (0, 0, 0, 0)
            window = XORWindow()
        }
    }

    /// One chunk of all samples. More than ``mostSamples`` are cut off; split before.
    public static func encode(timesMs: ArraySlice<Int64>, values: ArraySlice<Double>) -> [UInt8] {
        var encoder = Encoder()
        for (time, value) in zip(timesMs, values) { encoder.append(timeMs: time, value: value) }
        return encoder.data
    }
}

/// The state by which one float stream is XOR coded: the window of meaningful bits last used.
struct XORWindow: Sendable {
    /// 255: no window yet.
    private var leading = 255
    private var trailing = 0

    @inline(__always)
    mutating func read(_ reader: inout BitReader, _ bits: UInt64) -> UInt64 {
        let control = reader.ones(limit: 2)
        if control == 0 { return bits }
        if control == 2 {
            let sizes = reader.short(11)
            leading = Int(sizes &>> 6)
            let length = sizes & 63 == 0 ? 64 : Int(sizes & 63)
            trailing = max(0, 64 &- leading &- length)
        }
        guard leading < 64 else { return bits }
        return bits ^ reader.read(64 &- leading &- trailing) &<< UInt64(trailing)
    }

    mutating func write(_ writer: inout BitWriter, _ bits: UInt64, _ next: UInt64) {
        let change = bits ^ next
        guard change != 0 else {
            writer.write(bit: false)
            return
        }
        writer.write(bit: true)
        // Five bits hold at most 31 leading zeros.
        let newLeading = min(31, change.leadingZeroBitCount)
        let newTrailing = change.trailingZeroBitCount
        if leading != 255, newLeading >= leading, newTrailing >= trailing {
            writer.write(bit: false)
            writer.write(change >> UInt64(trailing), 64 - leading - trailing)
            return
        }
        leading = newLeading
        trailing = newTrailing
        let length = 64 - leading - trailing
        writer.write(bit: true)
        writer.write(UInt64(leading), 5)
        writer.write(UInt64(length & 63), 6)
        writer.write(change >> UInt64(trailing), length)
    }
}
