import Glibc
import TidemarkBase

/// Copies what is new in a log, across its rotations by renaming and by copytruncate.
///
/// The copy is a set of pieces `NAME.20261128-174715`, each closed after 64 MiB or six hours at the end of a line and then
/// compressed: rotations of one log, as the intake knows them. The pieces together are the log, each byte once.
final class LogCopy {
    let source: String
    /// The log's name among the evidence, relative to the folder: `replica-0/server.log`.
    let name: String
    private let folder: CaptureFolder
    private let note: @Sendable (String) -> Void
    private let pieceBytes: Int
    private(set) var zone = LogZone()
    /// Bytes that were copied in this run.
    private(set) var copiedNow = 0

    private var position: LogPosition?
    private var input: Int32 = -1
    private var output: Int32 = -1
    /// Length of the copy, all pieces together.
    private var copied = 0
    /// The end of the copy: what must stand before the next byte of the source.
    private var tail: [UInt8] = []
    private var pieceSlot: Int64 = 0
    private var isAtEnd = false
    private var isMissing = false
    /// Whether the source was open before in this run: then nothing of it was missed.
    private var isFollowing = false
    /// Since when another file has the log's name.
    private var replacedAt: Double?
    private var quietPolls = 0

    private static let tailBytes = 256
    private static let slotMs: Int64 = 6 * 3_600_000

    /// - Parameter name: relative to the folder; pieces are made from it.
    init(
        _ source: String, name: String, folder: CaptureFolder, pieceBytes: Int,
        note: @escaping @Sendable (String) -> Void
    ) throws {
        (self.source, self.name, self.folder, self.note) = (source, name, folder, note)
        self.pieceBytes = pieceBytes
        try CaptureFolder.make(folder.path + "/" + CaptureFolder.split(name).folder)
        guard let json = folder.read(stateName), let known = LogPosition(json: json) else { return }
        position = known
        openPiece(known)
        copied = known.start + Int(lseek(output, 0, SEEK_END))
        // A line feed that was due when the process was killed.
        if copied + 1 == known.base { append([10]) }
        tail = readTail()
        pieceSlot = CivilTime.floorDivide(SystemClock.nowMs, Self.slotMs)
        compressClosed()
    }

    deinit { closeAll() }

    private func closeAll() {
        if input >= 0 { close(input) }
        if output >= 0 { close(output) }
        (input, output) = (-1, -1)
    }

    private var stateName: String {
        ".state/" + CaptureFolder.safeName(name.split(separator: "/").joined(separator: "__"))
    }

    /// Copies what is there now.
    func poll(until stop: StopSignal) {
        if input < 0, !openSource() { return }
        let before = copied
        copyNew(stop)
        guard replacement() else {
            replacedAt = nil
            return
        }
        // Who still holds the old file may write its last lines there.
        let since = replacedAt ?? SystemClock.monotonicSeconds
        replacedAt = since
        quietPolls = copied > before ? 0 : quietPolls + 1
        guard quietPolls >= 2 || SystemClock.monotonicSeconds - since > 60 || stop.isStopped else { return }
        close(input)
        (input, replacedAt, quietPolls) = (-1, nil, 0)
        if openSource() { copyNew(stop) }
    }

    // MARK: Where to read

    /// Whether another file has the log's name.
    private func replacement() -> Bool {
        var named = stat()
        var open = stat()
        guard stat(source, &named) == 0, fstat(input, &open) == 0 else { return false }
        return named.st_ino != open.st_ino || named.st_dev != open.st_dev
    }

    private func openSource() -> Bool {
        let descriptor = Self.openRegular(source)
        guard descriptor >= 0 else {
            if !isMissing { note("\(source): \(String(cString: strerror(errno))): waited for") }
            isMissing = true
            return false
        }
        if isMissing { note("\(source): there now") }
        isMissing = false
        var status = stat()
        fstat(descriptor, &status)
        let isSame = position.map { UInt64(status.st_dev) == $0.device && UInt64(status.st_ino) == $0.inode } ?? false
        if isSame, goesOn(descriptor, Int(status.st_size)) {
            (input, isFollowing) = (descriptor, true)
            return true
        }
        if !isSame, let position { catchUp(position, current: status) }
        (input, isFollowing) = (descriptor, true)
        begin(with: status)
        return true
    }

    /// The rest of files that were rotated away while nothing was copied.
    private func catchUp(_ known: LogPosition, current: stat) {
        let (place, base) = CaptureFolder.split(source)
        var siblings: [(path: String, status: stat)] = []
        for name in CaptureFolder.names(in: place) where name.hasPrefix(base) && name != base {
            // `.1`, `-20261128`: what a rotation adds.
            let added = name.utf8.dropFirst(base.utf8.count)
            guard added.allSatisfy({ $0 &- 48 < 10 || $0 == 45 || $0 == 46 }) else { continue }
            var status = stat()
            if stat(place + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
                siblings.append((place + "/" + name, status))
            }
        }
        siblings.sort { Self.modified($0.status) < Self.modified($1.status) }
        guard
            let own = siblings.firstIndex(where: {
                UInt64($0.status.st_ino) == known.inode && UInt64($0.status.st_dev) == known.device
            })
        else {
            if !isFollowing {
                note("\(source): another file than before; what was rotated away meanwhile is not copied")
            }
            return
        }
        for (place, sibling) in siblings[own...].enumerated()
        where UInt64(sibling.status.st_ino) != UInt64(current.st_ino) {
            let descriptor = Self.openRegular(sibling.path)
            guard descriptor >= 0 else { continue }
            input = descriptor
            var status = stat()
            fstat(descriptor, &status)
            if place > 0 {
                begin(with: status)
            } else if !goesOn(descriptor, Int(status.st_size)) {
                close(descriptor)
                input = -1
                continue
            }
            copyNew(nil)
            close(descriptor)
            input = -1
        }
    }

    private static func modified(_ status: stat) -> Int64 {
        Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    private static func openRegular(_ path: String) -> Int32 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0 else { return descriptor }
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            errno = EINVAL
            return -1
        }
        return descriptor
    }

    private var offset: Int { copied - (position?.base ?? copied) }

    /// Whether a file holds, before the place where the copying stopped, what was copied.
    private func goesOn(_ descriptor: Int32, _ size: Int) -> Bool {
        let offset = offset
        guard offset >= 0, size >= offset else { return false }
        let expected = tail.suffix(min(tail.count, offset))
        var found = [UInt8](repeating: 0, count: expected.count)
        return pread(descriptor, &found, found.count, off_t(offset - found.count)) == found.count
            && found[...] == expected
    }

    /// Goes on with the beginning of a file. The position is written before the first byte is.
    private func begin(with status: stat) {
        let needsFeed = copied > 0 && tail.last != 10
        var next =
            position
            ?? {
                let piece = newPieceName()
                return LogPosition(device: 0, inode: 0, base: 0, piece: piece, start: 0, first: piece)
            }()
        (next.device, next.inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
        next.base = copied + (needsFeed ? 1 : 0)
        folder.put(next.json, as: stateName, counts: false)
        position = next
        if output < 0 {
            openPiece(next)
            pieceSlot = CivilTime.floorDivide(SystemClock.nowMs, Self.slotMs)
        }
        if needsFeed { append([10]) }
        isAtEnd = false
    }

    // MARK: Copying

    private func copyNew(_ stop: StopSignal?) {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            var status = stat()
            guard fstat(input, &status) == 0 else { return }
            let size = Int(status.st_size)
            if size < offset || size > offset && !goesOn(input, size) {
                note("\(source): was emptied or rewritten; copied from its beginning")
                begin(with: status)
                continue
            }
            guard size > offset else {
                isAtEnd = true
                return
            }
            let count = pread(input, &buffer, min(buffer.count, size - offset), off_t(offset))
            guard count > 0, folder.mayWrite(count) else { return }
            let wasLive = isAtEnd
            let before = copied
            write(Array(buffer[..<count]))
            guard copied - before == count else { return }
            if wasLive {
                buffer.withUnsafeBytes { zone.observe(Bytes(rebasing: $0[..<count]), nowMs: SystemClock.nowMs) }
            }
            if let stop, stop.isStopped, copied - (position?.start ?? 0) > pieceBytes { return }
        }
    }

    /// Appends to the piece, or to a new one from the next line on when the piece is full or of six hours ago.
    private func write(_ bytes: [UInt8]) {
        guard let known = position else { return }
        let slot = CivilTime.floorDivide(SystemClock.nowMs, Self.slotMs)
        let length = copied - known.start
        guard length > 0, length >= pieceBytes || slot != pieceSlot else { return append(bytes) }
        let cut = tail.last == 10 ? 0 : bytes.firstIndex(of: 10).map { $0 + 1 }
        guard let cut = cut ?? (length >= 2 * pieceBytes ? bytes.count : nil) else { return append(bytes) }
        append(Array(bytes[..<cut]))
        let closed = known.piece
        var next = known
        (next.piece, next.start) = (newPieceName(), copied)
        guard folder.put(next.json, as: stateName, counts: false) else { return append(Array(bytes[cut...])) }
        position = next
        close(output)
        openPiece(next)
        pieceSlot = slot
        append(Array(bytes[cut...]))
        folder.compress(closed)
    }

    private func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty, output >= 0 else { return }
        let done = CaptureFolder.write(bytes, to: output)
        if done < bytes.count { note("\(name): \(String(cString: strerror(errno)))") }
        copied += done
        copiedNow += done
        folder.account(done)
        tail = Array((tail + bytes[..<done].suffix(Self.tailBytes)).suffix(Self.tailBytes))
    }

    private func openPiece(_ known: LogPosition) {
        folder.protect(known.piece, as: name)
        folder.protect(
            access(folder.path + "/" + known.first, F_OK) == 0 || known.first == known.piece
                ? known.first : known.first + ".gz", as: name + " first")
        output = open(folder.path + "/" + known.piece, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        if output < 0 { note("\(known.piece): \(String(cString: strerror(errno)))") }
    }

    private func newPieceName() -> String {
        var timeMs = SystemClock.nowMs
        while true {
            let candidate = name + "." + FileTime.rotationStamp(timeMs)
            // Names sort as the pieces follow, also where a dropped one left its name free.
            let isLater = candidate > (position?.piece ?? "")
            if isLater, access(folder.path + "/" + candidate, F_OK) != 0,
                access(folder.path + "/" + candidate + ".gz", F_OK) != 0
            {
                return candidate
            }
            timeMs += 1000
        }
    }

    private func readTail() -> [UInt8] {
        let length = Int(lseek(output, 0, SEEK_END))
        guard length > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: min(length, Self.tailBytes))
        let count = pread(output, &bytes, bytes.count, off_t(length - bytes.count))
        return Array(bytes.prefix(max(0, count)))
    }

    /// Pieces that a killed run closed and didn't compress.
    private func compressClosed() {
        let (place, base) = CaptureFolder.split(name)
        for file in CaptureFolder.names(in: folder.path + "/" + place)
        where file.hasPrefix(base + ".") && !file.hasSuffix(".gz") && place + "/" + file != position?.piece {
            folder.compress(place + "/" + file)
        }
    }
}
