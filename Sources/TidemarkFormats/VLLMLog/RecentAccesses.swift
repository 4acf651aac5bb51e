#if canImport(Glibc)
    import Glibc
#endif
import TidemarkBase
import TidemarkEvidence

/// The access lines of late, without their clients, by their bytes.
///
/// What follows the client, ` - "POST /v1/completions HTTP/1.1" 200 OK`, has few forms, so that comparing with one that is
/// known replaces parsing. The forms are numbered; whoever counts by form need not look at method and path again.
struct RecentAccesses: Sendable {
    /// Two neighbours serve each hash: forms that are frequent must not put each other out.
    private static let slots = 1 << 7
    private static let longest = 128
    /// Lines of more forms (a scan of random paths) are parsed one by one.
    private static let mostForms = 1 << 16

    private struct Tail {
        var length = 0
        var methodEnd = 0
        var pathEnd = 0
        var status = 0
        var form = 0
    }

    private var texts = [UInt8](repeating: 0, count: slots * longest)
    private var tails = [Tail](repeating: Tail(), count: slots)
    private var forms = 0

    /// As ``AccessLine/parseCommon(_:from:)``.
    @inline(__always)
    mutating func parse(_ line: Bytes, from start: Int) -> HTTPAccess? {
        // A tail has 23 bytes at least.
        guard line.count >= start + 26, let base = line.baseAddress else { return nil }
        let client = Self.blank(base, from: start, to: line.count)
        let length = line.count - client
        guard length <= Self.longest, length >= 23 else { return AccessLine.parseCommon(line, from: start) }
        let slot = Self.slot(base + client, length)
        for way in 0...1 {
            let slot = slot ^ way
            let known = tails[slot]
            guard known.length == length, client > start, line[client &- 1] &- 48 <= 9 else { continue }
            let isSame = texts.withUnsafeBytes {
                memcmp($0.baseAddress.unsafelyUnwrapped + slot * Self.longest, base + client, length) == 0
            }
            guard isSame else { continue }
            let tail = base + client
            return HTTPAccess(
                client: Bytes(start: base + start, count: client &- start),
                method: Bytes(start: tail + 4, count: known.methodEnd &- 4),
                path: Bytes(start: tail + known.methodEnd + 1, count: known.pathEnd &- known.methodEnd &- 1),
                status: known.status, form: known.form)
        }
        guard var access = AccessLine.parseCommon(line, from: start) else { return nil }
        access.form = remember(access, Bytes(start: base + client, count: length), slot)
        return access
    }

    /// Keeps the tail of a line and numbers it; 0 when there were too many.
    private mutating func remember(_ access: HTTPAccess, _ tail: Bytes, _ slot: Int) -> Int {
        guard forms < Self.mostForms else { return 0 }
        forms += 1
        // The neighbour's place is asked for second.
        let slot = tails[slot].length == 0 ? slot : slot ^ (forms & 1)
        texts.withUnsafeMutableBytes {
            _ = memcpy($0.baseAddress! + slot * Self.longest, tail.baseAddress!, tail.count)
        }
        let methodEnd = 4 + access.method.count
        tails[slot] = Tail(
            length: tail.count, methodEnd: methodEnd, pathEnd: methodEnd + 1 + access.path.count,
            status: access.status, form: forms)
        return forms
    }

    /// Index of the first blank at or after `start`; `end` when there is none. A client ends within a few words.
    @inline(__always)
    private static func blank(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int {
        var at = start
        while at &+ 8 <= end, at < start &+ 32 {
            let word = base.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ 0x2020_2020_2020_2020
            // The lowest byte that is marked is zero; those above it may be marked by the borrow.
            let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            if zeros != 0 { return at &+ zeros.trailingZeroBitCount >> 3 }
            at &+= 8
        }
        return memchr(base + at, 32, end &- at).map { UnsafeRawPointer($0) - base } ?? end
    }

    /// By the middle and the end, where lines differ.
    @inline(__always)
    private static func slot(_ tail: UnsafeRawPointer, _ length: Int) -> Int {
        let middle = tail.loadUnaligned(fromByteOffset: length / 2 - 4, as: UInt64.self)
        let end = tail.loadUnaligned(fromByteOffset: length - 15, as: UInt64.self)
        return Int(truncatingIfNeeded: ((middle ^ end &* 31) &* 0x9E37_79B9_7F4A_7C15) >> 57)
    }
}
