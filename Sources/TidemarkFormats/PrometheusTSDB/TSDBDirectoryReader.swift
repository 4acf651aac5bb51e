import TidemarkBase
import TidemarkSeries

/// Gathers the parts of a TSDB folder.
final class TSDBDirectoryReader {
    private let files: TSDBFileSet
    private(set) var problems: [TSDBProblem] = []
    private(set) var parts: [TSDBDirectory.Part] = []
    private(set) var entries: [TSDBDirectory.Entry] = []
    private(set) var head: TSDBHead?
    /// Label texts by number, over all blocks: comparing series by number is much cheaper than by text.
    private var texts: [String] = []
    private var numbers: [String: UInt32] = [:]
    private var places: [[UInt32]: Int] = [:]

    init(_ files: TSDBFileSet) { self.files = files }

    private func note(_ part: Int?, _ file: String, _ error: any Error) {
        let (offset, expected) =
            switch error {
            case let error as TSDBError: (error.offset, error.expected)
            case let error as ChunkError: (error.offset, error.expected)
            case let error as JSONReader.JSONError: (error.offset, error.expected)
            default: (0, "\(error)")
            }
        problems.append(TSDBProblem(part: part, file: file, offset: offset, expected: expected))
    }

    private func number(_ text: String) -> UInt32 {
        if let known = numbers[text] { return known }
        let new = UInt32(texts.count)
        texts.append(text)
        numbers[text] = new
        return new
    }

    /// Number of the series whose label names and values have these numbers.
    private func place(_ key: [UInt32]) -> Int {
        if let known = places[key] { return known }
        places[key] = entries.count
        let pairs = stride(from: 0, to: key.count, by: 2).map {
            Labels.Label(texts[Int(key[$0])], texts[Int(key[$0 + 1])])
        }
        entries.append(TSDBDirectory.Entry(labels: Labels(pairs)))
        return entries.count - 1
    }

    // MARK: blocks

    func readBlocks() throws {
        var found: [(name: String, meta: TSDBBlockMeta)] = []
        for file in files.names.sorted() where file.hasSuffix("/index") {
            let name = String(file.dropLast("/index".count))
            guard !name.contains("/"), !name.contains(".tmp") else { continue }
            do {
                found.append((name, try TSDBBlockMeta(try files.open(name + "/meta.json"))))
            } catch {
                // The index says all that a reader needs; only what the block replaces is unknown.
                note(nil, name + "/meta.json", error)
                found.append((name, TSDBBlockMeta()))
            }
        }
        let current = found.filter { one in
            !found.contains { other in
                guard other.name != one.name, !one.meta.sources.isEmpty else { return false }
                let (mine, its) = (Set(one.meta.sources), Set(other.meta.sources))
                return mine.isSubset(of: its) && (mine != its || one.name < other.name)
            }
        }
        for (name, meta) in current.sorted(by: { ($0.meta.minMs, $0.name) < ($1.meta.minMs, $1.name) }) {
            guard meta.resolutionMs == 0 else {
                note(
                    nil, name,
                    TSDBError(offset: 0, expected: "raw data, not a downsampled Thanos block: give the raw block"))
                continue
            }
            try readBlock(name, meta)
        }
    }

    private func readBlock(_ name: String, _ meta: TSDBBlockMeta) throws {
        let number = parts.count
        var part = TSDBDirectory.Part(name: name, meta: meta)
        do {
            if files.names.contains(name + "/tombstones") {
                let bytes = try files.open(name + "/tombstones")
                part.identity = "tombstones \(CRC32C.checksum(bytes)) "
                part.tombstones = try TSDBTombstones(bytes)
            }
        } catch let error as TSDBError {
            note(number, name + "/tombstones", error)
        }
        let prefix = name + "/chunks/"
        let numbered = files.names.compactMap { file in
            file.hasPrefix(prefix) ? Int(file.dropFirst(prefix.count)).map { ($0, file) } : nil
        }
        // A missing segment must not shift those after it.
        part.segments = [TSDBDirectory.Segment?](repeating: nil, count: min(numbered.map(\.0).max() ?? 0, 100_000))
        for (segment, file) in numbered where part.segments.indices.contains(segment - 1) {
            do {
                let bytes = try files.open(file)
                try TSDBChunkSegment.check(bytes)
                part.segments[segment - 1] = TSDBDirectory.Segment(file: file, bytes: bytes)
            } catch let error as TSDBError {
                note(number, file, error)
            }
        }
        let file = name + "/index"
        do {
            let bytes = try files.open(file)
            let tail = CRC32C.checksum(bytes.slice(max(0, bytes.count - 4096), bytes.count))
            let sizes = part.segments.map { String($0?.bytes.count ?? -1) }.joined(separator: ",")
            part.identity += "block \(name) index \(bytes.count) \(tail) chunks \(sizes)"
            parts.append(part)
            let index = try TSDBIndex(bytes)
            if let damage = index.damage { note(number, file, damage) }
            let symbols = index.symbols.map(self.number)
            var key: [UInt32] = []
            try index.forEachSeries(damaged: { note(number, file, $0) }) { series in
                key.removeAll(keepingCapacity: true)
                for symbol in series.symbols { key.append(symbols[symbol]) }
                entries[place(key)].parts.append((number, series.id, series.chunks))
            }
        } catch let error as TSDBError {
            note(number, file, error)
        }
    }

    // MARK: head

    func readHead() throws {
        let validFrom = parts.filter { !$0.meta.isOutOfOrder }.map(\.meta.maxMs).max() ?? .min
        var segments = numbered("wal/")
        let checkpoints = Set(
            files.names.compactMap { file -> String? in
                let parts = file.split(separator: "/")
                guard parts.count == 3, parts[0] == "wal", parts[1].hasPrefix("checkpoint."),
                    !parts[1].hasSuffix(".tmp")
                else { return nil }
                return String(parts[1])
            })
        if let last = checkpoints.max(), let number = Int(last.dropFirst("checkpoint.".count)) {
            segments = numbered("wal/\(last)/") + segments.filter { $0.number > number }
        }
        let part = parts.count
        var head = TSDBHead(validFromMs: validFrom, part: part) { labels in
            var key: [UInt32] = []
            for pair in labels.pairs {
                key.append(self.number(pair.name))
                key.append(self.number(pair.value))
            }
            return self.place(key)
        }
        for segment in segments where try !readLog(segment.file, part, &head) { break }
        for chunks in numbered("chunks_head/") {
            do {
                try TSDBHeadChunks.forEach(try files.open(chunks.file)) { head.add($0) }
            } catch let error as TSDBError {
                note(part, chunks.file, error)
            }
        }
        head.readsLate = true
        for segment in numbered("wbl/") where try !readLog(segment.file, part, &head) { break }
        guard !head.series.isEmpty || head.orphans > 0 else { return }
        var here = TSDBDirectory.Part(name: "head", meta: TSDBBlockMeta(), isHead: true)
        here.identity = "head"
        for (_, file) in segments + numbered("chunks_head/") + numbered("wbl/") {
            let bytes = try files.open(file)
            let tail = CRC32C.checksum(bytes.slice(max(0, bytes.count - 65_536), bytes.count))
            here.identity += " \(file) \(bytes.count) \(tail)"
        }
        parts.append(here)
        if head.orphans > 0 {
            let what = "a record that names the series of \(head.orphans) samples or chunks"
            note(part, "wal", TSDBError(offset: 0, expected: what))
        }
        for (index, series) in head.series.enumerated() { entries[series.entry].head = index }
        self.head = head
    }

    /// The files in a folder whose names are numbers, in their order.
    private func numbered(_ folder: String) -> [(number: Int, file: String)] {
        files.names.compactMap { file in
            guard file.hasPrefix(folder), let number = Int(file.dropFirst(folder.count)) else { return nil }
            return (number, file)
        }.sorted { $0.number < $1.number }
    }

    /// Reads a segment; false when it is damaged and those after it cannot be trusted.
    private func readLog(_ file: String, _ part: Int, _ head: inout TSDBHead) throws -> Bool {
        do {
            try TSDBLog.forEachRecord(try files.open(file)) { try TSDBLog.decode($0, into: &head) }
            return true
        } catch let error as TSDBError {
            note(part, file, error)
            return false
        }
    }
}
