import TidemarkBase

/// Client, method, route and status of an access line as one number. nil: beyond the limits of names.
struct RollupKey: Equatable {
    let packed: UInt64

    init(client: Int?, method: Int?, route: Int?, status: Int) {
        packed =
            UInt64(client ?? 0xFFFF) << 32 | UInt64(method ?? 0x3F) << 26 | UInt64(route ?? 0x3FF) << 16
            | UInt64(status & 0xFFFF)
    }

    var client: Int? { packed >> 32 == 0xFFFF ? nil : Int(packed >> 32) }
    var method: Int? { packed >> 26 & 0x3F == 0x3F ? nil : Int(packed >> 26 & 0x3F) }
    var route: Int? { packed >> 16 & 0x3FF == 0x3FF ? nil : Int(packed >> 16 & 0x3FF) }
    var status: Int { Int(packed & 0xFFFF) }
}

/// How often each key occurred in each second of the minute at hand. Keys keep their place over all minutes, so that a
/// line of a known key costs one look-up and an increment.
///
/// A class with memory of its own, as are those below: an array inside a class costs a retain and a release whenever it
/// is touched, which is several times what the touching costs.
final class RollupCounts {
    /// More keys than this and the counts are to begin anew: the memory stays below 20 MiB.
    private static let mostKeys = 1 << 18

    private struct Key {
        var packed: UInt64
        /// Its row in `http_key`.
        var row: Int
        /// The first and last of its entries in this minute; -1: none.
        var first: Int32 = -1
        var last: Int32 = -1
    }

    /// The count of one key in one second.
    private struct Entry {
        var second: UInt8
        var count: Int
        var next: Int32 = -1
    }

    private var keys: [Key] = []
    private var slots = [Int32](repeating: -1, count: 256)
    private var entries: [Entry] = []
    /// Places with entries, in the order of first sight.
    private var seen: [Int] = []
    private var values = UnsafeMutablePointer<Int>.allocate(capacity: 128)
    private var places = UnsafeMutablePointer<Int>.allocate(capacity: 128)
    private var capacity = 128
    /// How many places occurred in this second.
    private var touched = 0

    deinit {
        values.deallocate()
        places.deallocate()
    }

    var isFull: Bool { keys.count >= Self.mostKeys }

    /// Place of a key; nil when it has none yet.
    func place(of key: RollupKey) -> Int? {
        let found = slots[slot(of: key.packed)]
        return found >= 0 ? Int(found) : nil
    }

    func insert(_ key: RollupKey, row: Int) -> Int {
        let place = keys.count
        slots[slot(of: key.packed)] = Int32(place)
        keys.append(Key(packed: key.packed, row: row))
        if keys.count > capacity { grow() }
        values[place] = 0
        if keys.count * 2 > slots.count {
            slots = [Int32](repeating: -1, count: slots.count * 2)
            for (place, key) in keys.enumerated() { slots[slot(of: key.packed)] = Int32(place) }
        }
        return place
    }

    @inline(__always)
    func add(_ place: Int, _ count: Int = 1) {
        if values[place] == 0 {
            places[touched] = place
            touched &+= 1
        }
        values[place] &+= count
    }

    /// Closes the second at hand, `second` (0…59) after the start of the minute.
    func endSecond(_ second: UInt8) {
        var entry = Int32(entries.count)
        for index in 0..<touched {
            let place = places[index]
            entries.append(Entry(second: second, count: values[place]))
            values[place] = 0
            let last = keys[place].last
            keys[place].last = entry
            if last >= 0 {
                entries[Int(last)].next = entry
            } else {
                keys[place].first = entry
                seen.append(place)
            }
            entry &+= 1
        }
        touched = 0
    }

    /// Gives out the minute, key by key, and begins the next: the key's row, all its requests, and those of each second
    /// as a JSON object.
    func drainMinute(_ body: (_ key: Int, _ requests: Int, _ seconds: Bytes) throws -> Void) rethrows {
        try withUnsafeTemporaryAllocation(of: Int.self, capacity: 60) { seconds in
            try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.longestText) { text in
                seconds.initialize(repeating: 0)
                for place in seen {
                    entries.withUnsafeBufferPointer { entries in
                        var at = Int(keys[place].first)
                        while at >= 0 {
                            // A clock that goes back meets a second twice.
                            seconds[Int(entries[at].second)] += entries[at].count
                            at = Int(entries[at].next)
                        }
                    }
                    keys[place].first = -1
                    keys[place].last = -1
                    let (requests, length) = Self.write(seconds, to: text)
                    try body(keys[place].row, requests, Bytes(UnsafeBufferPointer(rebasing: text[..<length])))
                }
            }
        }
        seen.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// 60 of `,"59":`, a number of 19 digits.
    private static let longestText = 60 * 25 + 1

    /// Writes `{"0":7,"1":8}` and sets the counts to zero.
    private static func write(
        _ seconds: UnsafeMutableBufferPointer<Int>, to text: UnsafeMutableBufferPointer<UInt8>
    ) -> (requests: Int, length: Int) {
        var (requests, at) = (0, 0)
        func write(_ byte: UInt8) {
            text[at] = byte
            at &+= 1
        }
        func write(decimal value: Int) {
            if value >= 10 { write(decimal: value / 10) }
            write(48 + UInt8(value % 10))
        }
        for second in 0..<60 where seconds[second] > 0 {
            write(at == 0 ? 123 : 44)
            write(34)
            write(decimal: second)
            write(34)
            write(58)
            write(decimal: seconds[second])
            requests += seconds[second]
            seconds[second] = 0
        }
        write(125)
        return (requests, at)
    }

    private func grow() {
        let (oldValues, oldPlaces) = (values, places)
        values = .allocate(capacity: capacity * 2)
        places = .allocate(capacity: capacity * 2)
        values.update(from: oldValues, count: capacity)
        places.update(from: oldPlaces, count: touched)
        oldValues.deallocate()
        oldPlaces.deallocate()
        capacity *= 2
    }

    /// The slot that holds `key`, or the free one where it belongs.
    private func slot(of key: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 40) & (slots.count - 1)
        while slots[slot] >= 0, keys[Int(slots[slot])].packed != key { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }
}

/// Three numbers to a client and a place: a direct-mapped cache, which forgets.
final class RecentPlaces {
    private static let size = 1 << 10

    private struct Entry {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var kind: UInt64 = 0
        var client: Int32 = -1
        var place: Int32 = -1
    }

    private let entries = UnsafeMutablePointer<Entry>.allocate(capacity: size)

    init() { removeAll() }
    deinit { entries.deallocate() }

    func removeAll() { entries.update(repeating: Entry(), count: Self.size) }

    /// -1: unknown.
    @inline(__always)
    func find(_ first: UInt64, _ second: UInt64, _ kind: UInt64) -> (client: Int, place: Int) {
        let entry = entries + Self.slot(first, second, kind)
        // One branch, which goes one way.
        let differs =
            (entry.pointee.first ^ first) | (entry.pointee.second ^ second) | (entry.pointee.kind ^ kind)
        return differs == 0 ? (Int(entry.pointee.client), Int(entry.pointee.place)) : (-1, -1)
    }

    func insert(_ first: UInt64, _ second: UInt64, _ kind: UInt64, client: Int, place: Int) {
        entries[Self.slot(first, second, kind)] = Entry(
            first: first, second: second, kind: kind, client: Int32(client), place: Int32(place))
    }

    @inline(__always)
    private static func slot(_ first: UInt64, _ second: UInt64, _ kind: UInt64) -> Int {
        // The top bits: names that differ in their last byte alone differ nowhere else in the product.
        let mixed = (first ^ second &* 0xD6E8_FEB8_6659_FD93 &+ kind) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 54)
    }
}

/// Which source ports each client was seen with: a bitmap of 65,536 bits a client, for at most 2,048 clients (16 MiB).
final class ClientPorts {
    static let mostClients = 2048
    private static let words = 1024

    /// Bitmaps by client, made as clients appear.
    private let bitmaps = UnsafeMutablePointer<UnsafeMutablePointer<UInt64>?>.allocate(capacity: mostClients)
    private let touched = UnsafeMutablePointer<Bool>.allocate(capacity: mostClients)

    init() {
        bitmaps.initialize(repeating: nil, count: Self.mostClients)
        touched.initialize(repeating: false, count: Self.mostClients)
    }

    deinit {
        for client in 0..<Self.mostClients { bitmaps[client]?.deallocate() }
        bitmaps.deallocate()
        touched.deallocate()
    }

    /// Whether marks of the client can be taken; beyond the limit they are ignored.
    @inline(__always)
    func knows(_ client: Int) -> Bool { client >= Self.mostClients || bitmaps[client] != nil }

    /// Starts a client with the bitmap that is stored.
    func load(_ client: Int, _ stored: Bytes) {
        guard client < Self.mostClients, bitmaps[client] == nil else { return }
        let bits = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.words)
        for word in 0..<Self.words {
            let known = word * 8 + 8 <= stored.count
            bits[word] = known ? stored.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self) : 0
        }
        bitmaps[client] = bits
    }

    /// - Parameter port: 0…65,535.
    @inline(__always)
    func mark(_ client: Int, _ port: Int) {
        guard client < Self.mostClients, let bits = bitmaps[client] else { return }
        bits[port >> 6] |= 1 << UInt64(port & 63)
        touched[client] = true
    }

    /// Gives out the clients that were marked since the last time: number of ports and bitmap.
    func drain(_ body: (_ client: Int, _ count: Int, _ bitmap: Bytes) throws -> Void) rethrows {
        for client in 0..<Self.mostClients where touched[client] {
            let bits = UnsafeBufferPointer(start: bitmaps[client], count: Self.words)
            try body(client, bits.reduce(0) { $0 + $1.nonzeroBitCount }, UnsafeRawBufferPointer(bits))
            touched[client] = false
        }
    }
}
