import TidemarkBase

/// How far a log was copied. It names no length: that of the copy is the truth, so a byte is in it once, whenever the
/// process is killed. Written before the copy goes on, at each change of source or piece.
struct LogPosition: Equatable {
    /// Of the file that is being copied.
    var device: UInt64
    var inode: UInt64
    /// Where the first byte of that file stands in the copy, all pieces together.
    var base: Int
    /// The piece that is being written, a name relative to the folder, and where it begins in the copy.
    var piece: String
    var start: Int
    /// The piece with which the copy began.
    var first: String

    var json: [UInt8] {
        var out = ByteWriter()
        out.write("{\"device\":\(device),\"inode\":\(inode),\"base\":\(base),\"start\":\(start),\"piece\":")
        out.writeJSONString(piece)
        out.write(",\"first\":")
        out.writeJSONString(first)
        out.write("}\n")
        return out.bytes
    }

    /// nil: not what was written.
    init?(json: [UInt8]) {
        var numbers: [String: UInt64] = [:]
        var texts: [String: String] = [:]
        let isRead = json.withUnsafeBytes { bytes -> Bool in
            var reader = JSONReader(bytes)
            do {
                try reader.object { key, reader in
                    let text = try reader.scalarText() ?? ""
                    if let number = UInt64(text) { numbers[key.text] = number }
                    texts[key.text] = text
                }
                return true
            } catch {
                return false
            }
        }
        guard isRead, let device = numbers["device"], let inode = numbers["inode"],
            let base = numbers["base"].flatMap({ Int(exactly: $0) }),
            let start = numbers["start"].flatMap({ Int(exactly: $0) }),
            let piece = texts["piece"], let first = texts["first"], !piece.isEmpty
        else { return nil }
        (self.device, self.inode, self.base, self.start) = (device, inode, base, start)
        (self.piece, self.first) = (piece, first)
    }

    init(device: UInt64, inode: UInt64, base: Int, piece: String, start: Int, first: String) {
        (self.device, self.inode, self.base) = (device, inode, base)
        (self.piece, self.start, self.first) = (piece, start, first)
    }
}

/// The zone of a log's clock, seen from the outside: a line that was just written has the time of now.
struct LogZone {
    /// Minutes east of UTC, once five reads agree; nil before, and for ever once two don't.
    private(set) var offsetMinutes: Int?
    private var votes = 0
    private var candidate: Int?
    private var isInDoubt = false

    /// - Parameters:
    ///   - bytes: what the log got within the last seconds.
    ///   - nowMs: Unix ms.
    mutating func observe(_ bytes: Bytes, nowMs: Int64) {
        guard !isInDoubt, offsetMinutes == nil || votes < 1000, let seen = Self.offset(bytes, nowMs: nowMs) else {
            return
        }
        if let candidate, candidate != seen {
            (isInDoubt, offsetMinutes) = (true, nil)
            return
        }
        candidate = seen
        votes += 1
        if votes >= 5 { offsetMinutes = seen }
    }

    /// By the last `INFO 11-28 17:47:15 ` of the bytes; zones are quarters of an hour, and the line some seconds old at most.
    static func offset(_ bytes: Bytes, nowMs: Int64) -> Int? {
        func two(_ at: Int) -> Int? {
            let (high, low) = (bytes[at] &- 48, bytes[at + 1] &- 48)
            return high <= 9 && low <= 9 ? Int(high) * 10 + Int(low) : nil
        }
        var at = bytes.count - 15
        while at >= 4 {
            defer { at -= 1 }
            guard bytes[at + 2] == 45, bytes[at + 5] == 32, bytes[at + 8] == 58, bytes[at + 11] == 58,
                bytes[at - 1] == 32,
                bytes[at - 2] &- 65 < 26, let month = two(at), let day = two(at + 3), let hour = two(at + 6),
                let minute = two(at + 9), let second = two(at + 12), hour < 24, minute < 60, second < 61
            else { continue }
            let year = CivilTime.year(ofMillis: nowMs)
            for year in [year, year - 1, year + 1] where CivilTime.isValid(year: year, month: month, day: day) {
                let wallMs = CivilTime.millis(
                    year: year, month: month, day: day, hour: hour, minute: minute, second: second)
                let offset = CivilTime.floorDivide(wallMs - nowMs + 450_000, 900_000)
                let age = nowMs - (wallMs - offset * 900_000)
                if abs(offset) <= 56, (-2000...10_000).contains(age) { return Int(offset) * 15 }
            }
            return nil
        }
        return nil
    }
}
