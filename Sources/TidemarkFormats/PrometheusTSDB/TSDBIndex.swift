import TidemarkBase
import TidemarkSeries

/// A chunk of a series as the index of a block names it.
public struct TSDBChunkMeta: Sendable, Equatable {
    /// Unix milliseconds of the first and last sample.
    public var minMs: Int64
    public var maxMs: Int64
    /// Segment in the high, offset in the low 32 bits.
    public var reference: UInt64

    /// Number of the file in `chunks/`, counted from 0 (`000001`).
    public var segment: Int { Int(reference >> 32) }
    public var offset: Int { Int(reference & 0xffff_ffff) }
}

/// The `index` file of a block, versions 1 and 2 (3 is read as 2, as Prometheus does).
///
/// Only symbols and series are read: that is all that a full reader needs. Memory: the symbols.
public struct TSDBIndex {
    /// A series of a block.
    public struct Series: Sendable {
        /// The number by which tombstones name it.
        public var id: UInt64
        /// Numbers of the symbols: name, value, name, value…, ascending by name.
        public var symbols: [Int]
        public var chunks: [TSDBChunkMeta]
    }

    public let version: UInt8
    /// The texts of which label names and values are made.
    public private(set) var symbols: [String] = []
    /// What was wrong with the table of contents; the sections were then found in their usual places.
    public private(set) var damage: TSDBError?
    private let bytes: Bytes
    private var seriesStart = 0
    private var seriesEnd = 0
    /// Version 1 names symbols by their offset in the file.
    private var symbolAtOffset: [UInt64: Int] = [:]

    private static let trailer = 52
    /// Where Prometheus writes the symbols: right after the header.
    private static let firstSection = 5

    /// Reads header, table of contents and symbols. The bytes must outlive the index.
    public init(_ bytes: Bytes) throws(TSDBError) {
        self.bytes = bytes
        var header = TSDBCursor(bytes)
        guard try header.uint32() == 0xBAAA_D700 else {
            throw TSDBError(offset: 0, expected: "the magic number of an index, 0xBAAAD700")
        }
        version = try header.byte()
        guard (1...3).contains(version) else { throw TSDBError(offset: 4, expected: "index version 1 to 3") }
        do {
            let offsets = try contents()
            seriesStart = offsets[1]
            // The series end where the next section begins.
            seriesEnd = offsets.filter { $0 > offsets[1] }.min() ?? bytes.count - Self.trailer
            _ = try readSymbols(at: offsets[0])
        } catch {
            damage = error
            symbols = []
            symbolAtOffset = [:]
            seriesStart = try readSymbols(at: Self.firstSection)
            seriesEnd = bytes.count
        }
    }

    /// The six offsets of the table of contents.
    private func contents() throws(TSDBError) -> [Int] {
        let start = bytes.count - Self.trailer
        guard start >= Self.firstSection else { throw TSDBError(offset: bytes.count, expected: "a table of contents") }
        var toc = TSDBCursor(bytes, from: start)
        var offsets: [Int] = []
        var isInside = true
        for _ in 0..<6 {
            let offset = try toc.uint64()
            isInside = isInside && offset <= UInt64(start)
            offsets.append(Int(truncatingIfNeeded: offset))
        }
        guard try toc.uint32() == CRC32C.checksum(bytes.slice(start, start + 48)), isInside else {
            throw TSDBError(offset: start, expected: "a table of contents with the right checksum")
        }
        return offsets
    }

    /// Gives the offset after the section.
    private mutating func readSymbols(at offset: Int) throws(TSDBError) -> Int {
        guard offset > 0 else { return 0 }
        var cursor = TSDBCursor(bytes, from: offset)
        let length = Int(try cursor.uint32())
        let body = try cursor.slice(length)
        guard try cursor.uint32() == CRC32C.checksum(body) else {
            throw TSDBError(offset: offset, expected: "a symbol table with the right checksum")
        }
        let end = cursor.at
        cursor = TSDBCursor(bytes, from: offset + 4, to: offset + 4 + length)
        let count = Int(try cursor.uint32())
        guard count <= length else { throw cursor.failure("at most \(length) symbols") }
        symbols.reserveCapacity(count)
        for _ in 0..<count {
            if version == 1 { symbolAtOffset[UInt64(cursor.at)] = symbols.count }
            symbols.append(try cursor.string())
        }
        return end
    }

    private func symbol(_ reference: UInt64, _ cursor: TSDBCursor) throws(TSDBError) -> Int {
        if version == 1 {
            if let index = symbolAtOffset[reference] { return index }
        } else if reference < UInt64(symbols.count) {
            return Int(reference)
        }
        throw cursor.failure("the number of a symbol")
    }

    /// Calls `body` for each series in the file's order, which is the order of labels.
    ///
    /// After a damaged entry the next sound one is searched: `damaged` is called once for each such stretch.
    public func forEachSeries(
        damaged: (TSDBError) -> Void, _ body: (borrowing Series) throws -> Void
    ) throws {
        guard seriesStart > 0 else { return }
        let step = version == 1 ? 1 : 16
        var at = seriesStart
        var lost: TSDBError?
        // Without a table of contents nobody knows where the series end: what follows the last one isn't damage.
        defer { if let lost, damage == nil { damaged(lost) } }
        var series = Series(id: 0, symbols: [], chunks: [])
        while true {
            if version != 1 { at = (at + 15) / 16 * 16 }
            guard at + 4 < seriesEnd else { return }
            do throws(TSDBError) {
                at = try read(at, &series)
            } catch {
                lost = lost ?? error
                at += step
                continue
            }
            if let error = lost { damaged(error) }
            lost = nil
            try body(series)
        }
    }

    /// Reads the entry at an offset; gives the offset after it.
    private func read(_ start: Int, _ series: inout Series) throws(TSDBError) -> Int {
        var frame = TSDBCursor(bytes, from: start, to: seriesEnd)
        let length = try frame.count("bytes of a series")
        let bodyStart = frame.at
        let data = try frame.slice(length)
        guard length > 0, try frame.uint32() == CRC32C.checksum(data) else {
            throw TSDBError(offset: start, expected: "a series with the right checksum")
        }
        var cursor = TSDBCursor(bytes, from: bodyStart, to: bodyStart + length)
        series.id = UInt64(version == 1 ? start : start / 16)
        series.symbols.removeAll(keepingCapacity: true)
        series.chunks.removeAll(keepingCapacity: true)
        for _ in 0..<2 * (try cursor.count("labels")) {
            series.symbols.append(try symbol(try cursor.uvarint(), cursor))
        }
        let count = try cursor.count("chunks")
        series.chunks.reserveCapacity(count)
        var last = TSDBChunkMeta(minMs: 0, maxMs: 0, reference: 0)
        for index in 0..<count {
            if index == 0 {
                last.minMs = try cursor.varint()
                last.maxMs = last.minMs &+ Int64(bitPattern: try cursor.uvarint())
                last.reference = try cursor.uvarint()
            } else {
                last.minMs = last.maxMs &+ Int64(bitPattern: try cursor.uvarint())
                last.maxMs = last.minMs &+ Int64(bitPattern: try cursor.uvarint())
                last.reference = UInt64(bitPattern: Int64(bitPattern: last.reference) &+ (try cursor.varint()))
            }
            series.chunks.append(last)
        }
        return frame.at
    }
}
