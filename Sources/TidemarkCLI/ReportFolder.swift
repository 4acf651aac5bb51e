import Glibc
import TidemarkBase
import TidemarkStore

/// Writes reports into a folder: `index.html`, `csv/`, `report.json`. Each file appears whole or not at all.
struct ReportFolder {
    let path: String

    /// - Returns: the file to open; nil: only tables.
    func write(_ files: ReportFiles, _ store: Store) throws -> String? {
        try files.each(store) { try write($1, to: $0) }.map { path + "/" + $0 }
    }

    /// Only report.json: answers that no page shows.
    func writeAnswers(_ json: String) throws { try write(Array((json + "\n").utf8), to: "report.json") }

    /// Makes the folder with its parents.
    static func make(_ path: String) throws {
        var at = path.startIndex
        while let slash = path[at...].firstIndex(of: "/") ?? (at < path.endIndex ? path.endIndex : nil) {
            let part = String(path[..<slash])
            at = slash == path.endIndex ? slash : path.index(after: slash)
            if part.isEmpty { continue }
            if mkdir(part, 0o755) != 0, errno != EEXIST {
                throw TidemarkError(
                    .cannotWrite, "cannot create the folder: \(String(cString: strerror(errno)))", file: part)
            }
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw TidemarkError(.cannotWrite, "is not a folder", file: path, hint: "name another one with --out")
        }
    }

    /// Writes one file; it appears whole or not at all.
    func write(_ bytes: [UInt8], to name: String) throws {
        let target = path + "/" + name
        let parent = target.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try Self.make(parent)
        let temporary = target + ".part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(.cannotWrite, target) }
        var done = 0
        let complete = bytes.withUnsafeBytes { buffer -> Bool in
            while done < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
                if count < 0 {
                    if errno == EINTR { continue }
                    return false
                }
                done += count
            }
            return true
        }
        let error = complete ? nil : failure(.inputOutput, target)
        close(descriptor)
        if let error {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, target) == 0 else { throw failure(.cannotWrite, target) }
    }

    private func failure(_ kind: TidemarkError.Kind, _ file: String) -> TidemarkError {
        TidemarkError(
            kind, "cannot be written: \(String(cString: strerror(errno)))", file: file,
            hint: "free space or choose another folder with --out; older reports are untouched")
    }
}
