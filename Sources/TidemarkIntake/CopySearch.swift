import TidemarkBase
import TidemarkStore

/// Finds the files of a run whose content is the beginning of another one's, or all of it: copies, which count once.
///
/// Files are compared byte by byte (decompressed), and only where their first bytes agree.
struct CopySearch {
    /// A shorter beginning may be the same by chance: servers of one fleet start with the same words.
    static let leastShared = 4 << 10
    private static let keyBytes = 256
    private static let comparedHead = 4 << 10

    private struct Entry {
        var path: String
        var relative: String
        var format: String
        var head: [UInt8]
    }

    private var groups: [UInt64: [Entry]] = [:]

    /// Files that the ledger knows: of equal ones such a one is kept.
    private let known: Set<String>

    init(known: Set<String>) { self.known = known }

    /// Takes a file that is to be read.
    mutating func add(_ file: FoundFile, format: String, head: [UInt8]) {
        let key = head.withUnsafeBytes { XXH64.hash($0.slice(0, min(Self.keyBytes, $0.count)), seed: 0) }
        // Files shorter than the key are compared with all of their kind.
        let isShort = head.count < Self.keyBytes
        groups[isShort ? 0 : key, default: []].append(
            Entry(
                path: file.path, relative: file.relative, format: format,
                head: Array(head.prefix(Self.comparedHead))))
    }

    /// For each copy the file that holds its content.
    func copies() throws -> [String: String] {
        var found: [String: String] = [:]
        for (key, entries) in groups.sorted(by: { $0.key < $1.key }) {
            let others = key == 0 ? groups.values.flatMap { $0 } : entries
            for entry in entries {
                for other in others where other.format == entry.format && other.relative != entry.relative {
                    guard other.head.starts(with: entry.head), found[other.relative] != entry.relative,
                        try isBeginning(entry, of: other)
                    else { continue }
                    found[entry.relative] = other.relative
                    break
                }
            }
        }
        // What a copy is a copy of may be one itself.
        return found.mapValues { first in
            var whole = first
            var steps = 0
            while let next = found[whole], steps < found.count { (whole, steps) = (next, steps + 1) }
            return whole
        }
    }

    /// Whether all of `entry` is how `other` begins. Of equal files the one that is known is kept, else the shortest name.
    private func isBeginning(_ entry: Entry, of other: Entry) throws -> Bool {
        guard let (length, isWhole) = try Self.shared(entry.path, other.path) else { return false }
        if isWhole { return rank(other) < rank(entry) }
        return length >= Self.leastShared
            || LogName.replicaName(entry.relative) == LogName.replicaName(other.relative)
    }

    private func rank(_ entry: Entry) -> (Int, Int, String) {
        (known.contains(entry.relative) ? 0 : 1, entry.relative.utf8.count, entry.relative)
    }

    /// Length of the content of `path` when `other` begins with it, and whether that is all of `other`; nil when it doesn't.
    static func shared(_ path: String, _ other: String) throws -> (length: Int, isWhole: Bool)? {
        let a = try InputStream(path: path)
        let b = try InputStream(path: other)
        var rest = ArraySlice<UInt8>()
        var length = 0
        var isSame = true
        try a.read { bytes in
            var at = 0
            while at < bytes.count {
                if rest.isEmpty {
                    guard let next = b.next() else {
                        isSame = false
                        return false
                    }
                    rest = next
                }
                let count = min(rest.count, bytes.count - at)
                let part = bytes.slice(at, at + count)
                isSame = rest.prefix(count).withUnsafeBytes { $0.elementsEqual(part) }
                guard isSame else { return false }
                rest = rest.dropFirst(count)
                at += count
            }
            length += bytes.count
            return true
        }
        guard isSame, a.damage == nil else { return nil }
        return (length, rest.isEmpty && b.next() == nil && b.damage == nil)
    }
}
