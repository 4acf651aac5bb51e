import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkIntake
import TidemarkStore

/// Finds the two sides of a comparison: in a database, or in evidence that is read into a temporary one.
struct ComparedInput {
    let options: IngestOptions
    let quiet: Bool
    /// Temporary databases, to be removed.
    private(set) var folders: [String] = []

    init(options: IngestOptions, quiet: Bool) {
        self.options = options
        self.quiet = quiet
    }

    /// A database as it is, or a new one that holds the evidence of the path.
    mutating func store(_ path: String) throws -> Store {
        if Self.isDatabase(path) { return try Store.open(path: path) }
        // A wrong path is told before anything is made.
        _ = try Discovery.walk([path])
        var template = Array("\(Self.temporaryFolder)/tidemark-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TidemarkError(
                .cannotWrite, "no temporary folder can be made: \(String(cString: strerror(errno)))",
                file: Self.temporaryFolder, hint: "set TMPDIR to a folder with room for the evidence")
        }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        folders.append(folder)
        let store = try Store.create(path: folder + "/tidemark.sqlite")
        let progress = Progress(quiet: quiet)
        let ingestor = Ingestor(store, options: options, progress: progress.show)
        try ingestor.ingest([path])
        progress.clear()
        try conclude(ingestor, paths: [path], quiet: true)
        return store
    }

    mutating func removeTemporary() {
        for folder in folders {
            for suffix in ["", "-journal", "-wal", "-shm", ".lock"] { unlink(folder + "/tidemark.sqlite" + suffix) }
            rmdir(folder)
        }
        folders = []
    }

    private static var temporaryFolder: String {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        return folder.isEmpty ? "/tmp" : folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    }

    static func isDatabase(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var head = [UInt8](repeating: 0, count: 16)
        return read(descriptor, &head, 16) == 16 && head == Array("SQLite format 3\0".utf8)
    }

    // MARK: Sides

    /// The two periods of a path. Two sub-folders whose times are apart are periods here, whatever is in them.
    mutating func both(_ path: String) throws -> (ComparedPeriod, ComparedPeriod) {
        let all = try store(path)
        let folders = Self.subfolders(of: path)
        guard try Self.timed(all).count <= 1, folders.count == 2 else { return try Self.both(all, path) }
        var sides: [(side: ComparedPeriod, window: ClosedRange<Int64>)] = []
        for folder in folders {
            let own: Store
            do {
                own = try store(folder)
            } catch let error as TidemarkError where error.kind == .unusableInput || error.kind == .missingInput {
                return try Self.both(all, path)
            }
            guard try Self.timed(own).count == 1 else { return try Self.both(all, path) }
            let side = try Self.only(own, folder)
            guard let window = try PeriodSplit.window(own, period: side.period) else {
                return try Self.both(all, path)
            }
            sides.append((side, window))
        }
        sides.sort { $0.window.lowerBound < $1.window.lowerBound }
        guard !sides[0].window.overlaps(sides[1].window) else { return try Self.both(all, path) }
        return (sides[0].side, sides[1].side)
    }

    private static func subfolders(of path: String) -> [String] {
        (Discovery.names(in: path) ?? []).map { path + "/" + $0 }.filter { folder in
            var status = stat()
            return stat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }.sorted()
    }

    /// Periods with evidence that has times, by time: a stray file beside the folders makes none.
    private static func timed(_ store: Store) throws -> [(id: Int, name: String)] {
        try store.periods().filter { try PeriodSplit.window(store, period: $0.id) != nil }
    }

    /// The only period of a store.
    static func only(_ store: Store, _ path: String) throws -> ComparedPeriod {
        let periods = try timed(store)
        guard periods.count == 1, let one = periods.first else {
            throw TidemarkError(
                .usage, "\(periods.count) periods where one is expected", file: path,
                hint: "it holds:\n\(try list(store))\n    name two: tidemark compare --db DATABASE NAME NAME")
        }
        return ComparedPeriod(store: store, period: one.id, name: name(of: path))
    }

    /// The two periods of a store in the order of time.
    static func both(_ store: Store, _ path: String) throws -> (ComparedPeriod, ComparedPeriod) {
        let periods = try timed(store)
        guard periods.count == 2 else {
            throw TidemarkError(
                .usage, "\(periods.count) period\(periods.count == 1 ? "" : "s") where two are expected", file: path,
                hint:
                    "it holds:\n\(try list(store))\n    "
                    + (periods.count > 2
                        ? "name two of them: tidemark compare --db DATABASE NAME NAME, or compare FOLDER FOLDER"
                        : "tidemark compare BASELINE CANDIDATE compares two folders, --before-after restart two parts of one")
            )
        }
        return (
            ComparedPeriod(store: store, period: periods[0].id, name: periods[0].name),
            ComparedPeriod(store: store, period: periods[1].id, name: periods[1].name)
        )
    }

    /// A period by its name, or `START..END` of the period that holds most of it.
    static func named(_ text: String, _ store: Store, _ path: String) throws -> ComparedPeriod {
        let periods = try store.periods()
        if let one = periods.first(where: { $0.name == text }) {
            return ComparedPeriod(store: store, period: one.id, name: one.name)
        }
        guard let range = range(text) else {
            throw TidemarkError(
                .usage, "'\(text)' is neither a period nor a range START..END", file: path,
                hint: "it holds:\n\(try list(store))\n    a range: 2026-11-23T10:00:00Z..2026-11-23T12:00:00Z")
        }
        guard range.lowerBound < range.upperBound else {
            throw TidemarkError(.usage, "'\(text)': the start must be before the end")
        }
        var best: (period: Int, overlap: Int64)?
        for period in periods {
            guard let window = try PeriodSplit.window(store, period: period.id), window.overlaps(range) else {
                continue
            }
            let common = range.clamped(to: window)
            let overlap = common.upperBound - common.lowerBound
            if overlap > best?.overlap ?? 0 { best = (period.id, overlap) }
        }
        guard let best else {
            throw TidemarkError(
                .usage, "nothing lies in '\(text)'", file: path, hint: "it holds:\n\(try list(store))")
        }
        return ComparedPeriod(store: store, period: best.period, name: text, range: range)
    }

    /// nil unless both ends are times of RFC 3339 with a zone.
    private static func range(_ text: String) -> ClosedRange<Int64>? {
        guard let dots = text.firstRange(of: "..") else { return nil }
        func time(_ part: Substring) -> Int64? {
            withBytes(of: String(part)) { bytes in
                CivilTime.parseRFC3339(bytes).flatMap { $0.zoned && $0.length == bytes.count ? $0.millis : nil }
            }
        }
        guard let start = time(text[..<dots.lowerBound]), let end = time(text[dots.upperBound...]) else { return nil }
        return start <= end ? start...end : end...end
    }

    /// The periods with their times, a line each.
    static func list(_ store: Store) throws -> String {
        let periods = try store.periods()
        guard !periods.isEmpty else { return "    (no period)" }
        return try periods.map { period in
            let window = try PeriodSplit.window(store, period: period.id)
            let times =
                window.map { "\(CivilTime.rfc3339($0.lowerBound))..\(CivilTime.rfc3339($0.upperBound))" } ?? "no times"
            return "    \(period.name)  \(times)"
        }.joined(separator: "\n")
    }

    static func name(of path: String) -> String {
        var text = Substring(path)
        while text.count > 1, text.hasSuffix("/") { text = text.dropLast() }
        let name = text.split(separator: "/").last.map(String.init) ?? String(text)
        return name == "." || name == ".." ? path : name
    }
}
