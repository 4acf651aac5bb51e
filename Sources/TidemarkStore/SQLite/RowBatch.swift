import Glibc
import Synchronization
import TidemarkBase

/// Rows of one table, waiting to be inserted: cells row by row, and the texts in an arena behind them.
///
/// Fill a row from left to right with `add`, then call ``endRow()``. All is copied.
final class RowBatch: LaneBatch, @unchecked Sendable {
    /// What a cell holds. A count of bytes (0 and more) is a text, whose place in the arena is the value.
    enum Kind {
        static let null: Int32 = -1
        static let integer: Int32 = -2
        static let real: Int32 = -3
        /// A blob of `n` bytes is `blob - n`.
        static let blob: Int32 = -4
    }

    /// A cell's value and kind.
    static let cellBytes = MemoryLayout<Int64>.size + MemoryLayout<Int32>.size
    /// What the texts of a thousand rows take.
    static let usualTextBytes = 64 << 10

    let columns: Int
    let capacity: Int
    private(set) var rows = 0
    /// The next cell.
    private var at = 0
    let values: UnsafeMutablePointer<Int64>
    let kinds: UnsafeMutablePointer<Int32>
    private let busy = Atomic<Bool>(false)
    private var arena: UnsafeMutableRawPointer
    private var arenaCapacity: Int
    private var arenaCount = 0

    private static let arenaLimit = 512 << 10

    init(columns: Int, capacity: Int) {
        self.columns = columns
        self.capacity = capacity
        values = .allocate(capacity: columns * capacity)
        kinds = .allocate(capacity: columns * capacity)
        arenaCapacity = 16 << 10
        arena = .allocate(byteCount: arenaCapacity, alignment: 16)
    }

    deinit {
        values.deallocate()
        kinds.deallocate()
        arena.deallocate()
    }

    /// Whether another row should go into another batch.
    var isFull: Bool { rows == capacity || arenaCount > Self.arenaLimit }
    var isEmpty: Bool { rows == 0 }

    var texts: UnsafeRawPointer { UnsafeRawPointer(arena) }
    /// Set while the rows are being inserted on another thread: then the batch must not be touched.
    var isUnderWay: Bool {
        get { busy.load(ordering: .acquiring) }
        set { busy.store(newValue, ordering: .releasing) }
    }

    @inline(__always) func add(_ value: Int64) {
        values[at] = value
        kinds[at] = Kind.integer
        at &+= 1
    }
    @inline(__always) func add(_ value: Int) { add(Int64(value)) }
    /// A NaN is NULL, as SQLite has it.
    @inline(__always) func add(_ value: Double) {
        values[at] = Int64(bitPattern: value.bitPattern)
        kinds[at] = Kind.real
        at &+= 1
    }
    @inline(__always) func addNull() {
        kinds[at] = Kind.null
        at &+= 1
    }
    @inline(__always) func add(_ value: Int64?) { if let value { add(value) } else { addNull() } }
    @inline(__always) func add(_ value: Int?) { if let value { add(Int64(value)) } else { addNull() } }
    @inline(__always) func add(_ value: Double?) { if let value { add(value) } else { addNull() } }

    /// A text of valid UTF-8.
    func add(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }
    func add(_ text: String?) { if let text { add(text) } else { addNull() } }
    /// Untrusted bytes as text, at most `limit` of them; what isn't plain ASCII goes through ``cleanText(_:limit:)``.
    @inline(__always) func add(clean bytes: Bytes, limit: Int) {
        if bytes.count <= limit, bytes.isPlainASCII { append(bytes) } else { add(cleanText(bytes, limit: limit)) }
    }

    /// As ``add(clean:limit:)``, without secrets, as ``maskedText(_:limit:)`` has it.
    func add(masked bytes: Bytes, limit: Int) {
        SecretMask.withMasked(bytes.slice(0, min(bytes.count, limit + 4096))) { add(clean: $0, limit: limit) }
    }

    func add(blob bytes: Bytes) {
        append(bytes)
        kinds[at &- 1] = Kind.blob - Int32(truncatingIfNeeded: bytes.count)
    }

    /// Changes a cell of a row that is complete.
    @inline(__always) func set(row: Int, column: Int, _ value: Int64) {
        precondition(row < rows && column < columns)
        values[row &* columns &+ column] = value
        kinds[row &* columns &+ column] = Kind.integer
    }

    /// Changes a cell of a row that is complete to a text, as ``add(masked:limit:)`` has it.
    func set(row: Int, column: Int, masked bytes: Bytes, limit: Int) {
        precondition(row < rows && column < columns)
        let next = at
        at = row * columns + column
        add(masked: bytes, limit: limit)
        at = next
    }

    /// Whether a cell of a row that is complete is NULL.
    @inline(__always) func isNull(row: Int, column: Int) -> Bool {
        precondition(row < rows && column < columns)
        return kinds[row &* columns &+ column] == Kind.null
    }

    @inline(__always) func endRow() {
        assert(at == (rows + 1) * columns, "a row has \(columns) cells")
        rows &+= 1
    }

    func removeAll() {
        rows = 0
        at = 0
        arenaCount = 0
    }

    @inline(__always)
    private func append(_ bytes: Bytes) {
        let room = arenaCount &+ bytes.count
        if room > arenaCapacity { grow(room) }
        if let base = bytes.baseAddress { memcpy(arena + arenaCount, base, bytes.count) }
        values[at] = Int64(arenaCount)
        kinds[at] = Int32(truncatingIfNeeded: bytes.count)
        at &+= 1
        arenaCount = room
    }

    private func grow(_ wanted: Int) {
        while arenaCapacity < wanted { arenaCapacity *= 2 }
        let larger = UnsafeMutableRawPointer.allocate(byteCount: arenaCapacity, alignment: 16)
        memcpy(larger, arena, arenaCount)
        arena.deallocate()
        arena = larger
    }
}
