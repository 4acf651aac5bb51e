import TidemarkBase

/// Which ASCII bytes occur in a text: words of which one is missing need not be searched for.
struct ByteSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ text: Bytes) {
        for byte in text {
            let bit: UInt64 = 1 &<< UInt64(byte & 63)
            if byte < 64 { low |= bit } else if byte < 128 { high |= bit }
        }
    }

    init(_ text: StaticString) { self.init(Bytes(start: text.utf8Start, count: text.utf8CodeUnitCount)) }

    /// Whether all bytes of `word`, which is ASCII, occur.
    @inline(__always)
    func holds(_ word: ByteSet) -> Bool { (word.low & ~low) | (word.high & ~high) == 0 }
}
