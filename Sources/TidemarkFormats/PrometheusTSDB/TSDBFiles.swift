import TidemarkBase
import TidemarkSeries

/// A chunk as it stands in a file.
public struct TSDBChunk {
    /// 1 XOR, 2 histogram, 3 float histogram; others exist.
    public let encoding: UInt8
    public let data: Bytes
}

/// A file of a block's `chunks/` folder.
public enum TSDBChunkSegment {
    /// Checks the header.
    public static func check(_ bytes: Bytes) throws(TSDBError) {
        var cursor = TSDBCursor(bytes)
        guard try cursor.uint32() == 0x85BD_40DD else {
            throw TSDBError(offset: 0, expected: "the magic number of a chunk segment, 0x85BD40DD")
        }
        guard try cursor.byte() == 1 else { throw TSDBError(offset: 4, expected: "chunk segment version 1") }
    }

    /// The chunk at `offset`, its checksum verified.
    public static func chunk(_ bytes: Bytes, at offset: Int) throws(TSDBError) -> TSDBChunk {
        var cursor = TSDBCursor(bytes, from: offset)
        let length = try cursor.count("bytes of a chunk")
        let encoding = try cursor.byte()
        let data = try cursor.slice(length)
        let checked = bytes.slice(cursor.at - length - 1, cursor.at)
        guard try cursor.uint32() == CRC32C.checksum(checked) else {
            throw TSDBError(offset: offset, expected: "a chunk with the right checksum")
        }
        return TSDBChunk(encoding: encoding, data: data)
    }
}

/// Ranges of time that were deleted, by series.
public struct TSDBTombstones: Sendable {
    /// Inclusive ranges in Unix milliseconds, by the series' number.
    public private(set) var ranges: [UInt64: [ClosedRange<Int64>]] = [:]

    public init() {}

    /// Reads a block's `tombstones` file.
    public init(_ bytes: Bytes) throws(TSDBError) {
        var cursor = TSDBCursor(bytes)
        guard try cursor.uint32() == 0x0130_BA30 else {
            throw TSDBError(offset: 0, expected: "the magic number of tombstones, 0x0130BA30")
        }
        guard try cursor.byte() == 1 else { throw TSDBError(offset: 4, expected: "tombstones version 1") }
        guard cursor.left >= 4 else { throw cursor.failure("a checksum") }
        let end = bytes.count - 4
        var sum = TSDBCursor(bytes, from: end)
        guard try sum.uint32() == CRC32C.checksum(bytes.slice(5, end)) else {
            throw TSDBError(offset: 5, expected: "tombstones with the right checksum")
        }
        cursor = TSDBCursor(bytes, from: 5, to: end)
        while !cursor.isAtEnd {
            let series = try cursor.uvarint()
            let low = try cursor.varint()
            insert(series: series, low, try cursor.varint())
        }
    }

    public mutating func insert(series: UInt64, _ low: Int64, _ high: Int64) {
        if low <= high { ranges[series, default: []].append(low...high) }
    }

    public func hides(series: UInt64, timeMs: Int64) -> Bool {
        ranges[series]?.contains { $0.contains(timeMs) } ?? false
    }
}

/// The facts of a block's `meta.json` that a reader needs.
public struct TSDBBlockMeta: Sendable {
    public var ulid = ""
    /// Unix milliseconds; the end is not included.
    public var minMs: Int64 = 0
    public var maxMs: Int64 = 0
    public var sources: [String] = []
    /// Whether compaction made it of out-of-order samples, so that the head may hold older ones.
    public var isOutOfOrder = false
    /// The interval of a downsampled Thanos block in milliseconds, 0 for raw data.
    public var resolutionMs: Int64 = 0

    /// Nothing known.
    init() {}

    public init(_ bytes: Bytes) throws {
        var reader = JSONReader(bytes)
        try reader.object { key, reader in
            if key.equals("ulid") {
                ulid = try reader.string().text
            } else if key.equals("minTime") {
                minMs = try Self.integer(&reader)
            } else if key.equals("maxTime") {
                maxMs = try Self.integer(&reader)
            } else if key.equals("compaction") {
                try reader.object { key, reader in
                    if key.equals("sources") {
                        try reader.array { sources.append(try $0.string().text) }
                    } else if key.equals("hints") {
                        try reader.array { if try $0.string().equals("from-out-of-order") { isOutOfOrder = true } }
                    } else {
                        try reader.skip()
                    }
                }
            } else if key.equals("thanos") {
                try reader.object { key, reader in
                    guard key.equals("downsample") else { return try reader.skip() }
                    try reader.object { key, reader in
                        guard key.equals("resolution") else { return try reader.skip() }
                        resolutionMs = try Self.integer(&reader)
                    }
                }
            } else {
                try reader.skip()
            }
        }
    }

    private static func integer(_ reader: inout JSONReader) throws -> Int64 {
        let offset = reader.offset
        guard let value = Decimal.parseInt(try reader.numberBytes()) else {
            throw TSDBError(offset: offset, expected: "an integer")
        }
        return Int64(value)
    }
}
