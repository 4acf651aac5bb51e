import Glibc
import TidemarkBase
import TidemarkStore

/// The folder that a capture fills: who may write, how much, and how files come into being whole.
///
/// Evidence has visible names; what only a capture needs (`.capture.lock`, `.state/`, files under way) begins with a point,
/// so that the intake doesn't see it.
final class CaptureFolder: @unchecked Sendable {
    struct Bounds: Sendable {
        /// Most bytes of disk that the evidence takes.
        var mostBytes: Int
        /// What stays free on the disk.
        var reserveBytes: Int
    }

    /// What a piece of evidence is of: the kind that takes most gives way first.
    enum Kind: Int, CaseIterable { case scrape, gpu, log }

    let path: String
    private let bounds: Bounds
    private var lock: RunLock?
    private let note: @Sendable (String) -> Void
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    // Guarded by `mutex`.
    private var used = 0
    private var isPaused = false
    private var dropped = 0
    private var protected: [String: String] = [:]

    /// - Throws: `locked` when another capture writes there; `cannotWrite` when it can't be made.
    init(_ path: String, bounds: Bounds, note: @escaping @Sendable (String) -> Void) throws {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        (self.bounds, self.note) = (bounds, note)
        pthread_mutex_init(mutex, nil)
        try Self.make(self.path)
        do {
            lock = try RunLock(databasePath: self.path + "/.capture")
        } catch var error as TidemarkError where error.kind == .locked {
            error.hint = "end that capture first, or use another --out"
            throw error
        }
        try Self.make(self.path + "/.state")
        removeUnfinished()
        used = pieces().reduce(0) { $0 + $1.bytes }
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Lets others write there; this capture has ended.
    func release() { guarded { lock = nil } }

    private func guarded<R>(_ body: () throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Makes a folder with those above it.
    static func make(_ path: String) throws {
        var at = path.startIndex
        while at < path.endIndex {
            at = path[path.index(after: at)...].firstIndex(of: "/") ?? path.endIndex
            if mkdir(String(path[..<at]), 0o755) != 0, errno != EEXIST, errno != EISDIR {
                let why = errno
                var status = stat()
                guard stat(String(path[..<at]), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                    throw TidemarkError(
                        .cannotWrite, "cannot be made: \(String(cString: strerror(why)))", file: path,
                        hint: "choose another --out")
                }
            }
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, access(path, W_OK) == 0 else {
            throw TidemarkError(
                .cannotWrite, "is no folder that can be written to", file: path, hint: "choose another --out")
        }
    }

    // MARK: Writing

    /// Writes a file that is there as a whole or not at all.
    /// - Parameter name: relative to the folder.
    /// - Returns: whether it could be written.
    @discardableResult
    func put(_ bytes: [UInt8], as name: String, counts: Bool = true) -> Bool {
        guard !counts || mayWrite(bytes.count) else { return false }
        let (folder, base) = Self.split(path + "/" + name)
        let hidden = folder + "/." + base + ".part"
        let descriptor = open(hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return failed(name) }
        let isWhole = Self.write(bytes, to: descriptor) == bytes.count && fdatasync(descriptor) == 0
        let why = errno
        close(descriptor)
        guard isWhole, rename(hidden, path + "/" + name) == 0 else {
            let reason = isWhole ? errno : why
            unlink(hidden)
            errno = reason
            return failed(name)
        }
        if counts { account(Self.bytes(ofFile: path + "/" + name)) }
        return true
    }

    /// - Returns: how many bytes were written: fewer than all when it failed, for the reason in `errno`.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
            if count < 0, errno != EINTR { break }
            done += max(0, count)
        }
        return done
    }

    private func failed(_ name: String) -> Bool {
        pause("\(name) cannot be written: \(String(cString: strerror(errno)))")
        return false
    }

    func read(_ name: String, limit: Int = 1 << 20) -> [UInt8]? {
        guard let file = fopen(path + "/" + name, "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = fread(&bytes, 1, limit, file)
        return Array(bytes[..<count])
    }

    // MARK: Bounds

    /// Whether so many more bytes may come; makes room by dropping the oldest pieces.
    func mayWrite(_ bytes: Int) -> Bool {
        var disk = statvfs()
        if statvfs(path, &disk) == 0 {
            let free = Int(clamping: UInt64(disk.f_bavail)).multipliedReportingOverflow(by: Int(disk.f_frsize))
            if !free.overflow, free.partialValue - bytes < bounds.reserveBytes {
                pause(
                    "the disk has \(free.partialValue >> 20) MiB left, of which \(bounds.reserveBytes >> 20) stay free (--reserve)"
                )
                return false
            }
        }
        let isFull = guarded { used + bytes > bounds.mostBytes }
        if isFull, !makeRoom(bytes) {
            pause("--max-size is reached and nothing older can go")
            return false
        }
        let wasPaused = guarded { () -> Bool in
            defer { isPaused = false }
            return isPaused
        }
        if wasPaused { note("there is room again: the capture goes on") }
        return true
    }

    private func pause(_ why: String) {
        let isNew = guarded { () -> Bool in
            defer { isPaused = true }
            return !isPaused
        }
        if isNew { note("\(why): nothing is kept until there is room") }
    }

    func account(_ bytes: Int) { guarded { used += bytes } }

    /// Bytes on disk, by blocks: many small files take more than their lengths.
    static func bytes(ofFile path: String) -> Int {
        var status = stat()
        return lstat(path, &status) == 0 ? Int(status.st_blocks) * 512 : 0
    }

    /// A file that must stay: the piece of a log that is being written, its first one, which has the start-up lines.
    func protect(_ name: String, as role: String) { guarded { protected[role] = name } }

    /// Drops the oldest pieces until a twentieth of the bound is free, of the kind first that takes most. Of each kind
    /// the newest piece stays.
    private func makeRoom(_ bytes: Int) -> Bool {
        guarded {
            var all = pieces()
            used = all.reduce(0) { $0 + $1.bytes }
            let goal = bounds.mostBytes - bounds.mostBytes / 20 - bytes
            var sizes = Kind.allCases.map { kind in all.reduce(0) { $0 + ($1.kind == kind ? $1.bytes : 0) } }
            let kept = Set(protected.values)
            all.sort { ($0.age, $0.name) < ($1.age, $1.name) }
            var queues = Kind.allCases.map { kind in
                ArraySlice(all.filter { $0.kind == kind && !kept.contains($0.name) })
            }
            let before = dropped
            while used > goal {
                let order = Kind.allCases.indices.filter { queues[$0].count > ($0 == Kind.log.rawValue ? 0 : 1) }
                guard let most = order.max(by: { sizes[$0] < sizes[$1] }) else { break }
                let piece = queues[most].removeFirst()
                guard unlink(path + "/" + piece.name) == 0 else { continue }
                sizes[most] -= piece.bytes
                used -= piece.bytes
                dropped += 1
            }
            if before == 0, dropped > 0 { note("--max-size is reached: from now on the oldest pieces go") }
            return used + bytes <= bounds.mostBytes
        }
    }

    private struct Piece {
        var name: String
        var kind: Kind
        var bytes: Int
        /// What sorts by age within a kind: names of scrapes and of pieces hold their times.
        var age: String
    }

    /// All evidence in the folder that captures wrote.
    private func pieces() -> [Piece] {
        var found: [Piece] = []
        for folder in Self.names(in: path) {
            for name in Self.names(in: path + "/" + folder) {
                let relative = folder + "/" + name
                if name == "metrics" {
                    for scrape in Self.names(in: path + "/" + relative) where scrape.hasSuffix("Z.prom.gz") {
                        let one = relative + "/" + scrape
                        found.append(
                            Piece(name: one, kind: .scrape, bytes: Self.bytes(ofFile: path + "/" + one), age: scrape))
                    }
                } else {
                    let isGPU = folder == "gpu"
                    let age = isGPU ? name : Self.rotation(name)
                    // What somebody else laid here is neither counted nor dropped.
                    guard isGPU ? name.hasPrefix("nvidia-smi-") : Self.isRotationStamp(age) else { continue }
                    found.append(
                        Piece(
                            name: relative, kind: isGPU ? .gpu : .log, bytes: Self.bytes(ofFile: path + "/" + relative),
                            age: age))
                }
            }
        }
        return found
    }

    /// `server.log.20261128-174715.gz` → `20261128-174715`
    private static func rotation(_ name: String) -> String {
        let plain = name.hasSuffix(".gz") ? name.dropLast(3) : Substring(name)
        return plain.split(separator: ".").last.map(String.init) ?? name
    }

    /// `20261128-174715`
    private static func isRotationStamp(_ text: String) -> Bool {
        text.utf8.count == 15
            && text.utf8.enumerated().allSatisfy { $0.offset == 8 ? $0.element == 45 : $0.element &- 48 < 10 }
    }

    /// Visible names in a folder, or the hidden ones, sorted.
    static func names(in folder: String, hidden: Bool = false) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") == hidden { names.append(name) }
        }
        return names.sorted()
    }

    /// What a killed capture left half-written.
    private func removeUnfinished() {
        func sweep(_ folder: String, depth: Int) {
            for name in Self.names(in: folder, hidden: true) where name.hasSuffix(".part") {
                unlink(folder + "/" + name)
            }
            guard depth < 2 else { return }
            for name in Self.names(in: folder) { sweep(folder + "/" + name, depth: depth + 1) }
        }
        sweep(path, depth: 0)
        sweep(path + "/.state", depth: 2)
    }

    static func split(_ path: String) -> (folder: String, base: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    /// Replaces a closed piece by its compressed form. A copy that a killed run left beside it goes.
    func compress(_ name: String) {
        let (folder, base) = Self.split(path + "/" + name)
        let target = path + "/" + name + ".gz"
        let hidden = folder + "/." + base + ".gz.part"
        let before = Self.bytes(ofFile: path + "/" + name)
        if access(target, F_OK) != 0 {
            guard mayWrite(before / 4), Gzip.compress(file: path + "/" + name, to: hidden), rename(hidden, target) == 0
            else {
                unlink(hidden)
                return
            }
        }
        unlink(path + "/" + name)
        guarded { for (role, file) in protected where file == name { protected[role] = name + ".gz" } }
        account(Self.bytes(ofFile: target) - before)
    }

    /// A name that any file system takes, and nobody's hidden one.
    static func safeName(_ text: String) -> String {
        let bytes = text.utf8.prefix(120).map { byte -> UInt8 in
            let isPlain = (byte | 0x20) &- 97 < 26 || byte &- 48 < 10 || byte == 45 || byte == 46 || byte == 95
            return isPlain ? byte : 45
        }
        let name = String(decoding: bytes, as: UTF8.self)
        return name.isEmpty || name.hasPrefix(".") ? "_" + name : name
    }
}
