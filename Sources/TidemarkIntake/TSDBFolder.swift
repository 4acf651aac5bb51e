import Glibc
import TidemarkBase
import TidemarkFormats

/// A Prometheus TSDB in the file system: a snapshot, a data directory, or a single block.
public enum TSDBFolder {
    /// Whether a path is a folder that looks like a TSDB.
    public static func isTSDB(_ path: String) -> Bool {
        let root = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
        return Discovery.names(in: root).map { Discovery.isTSDB(root, $0) } ?? false
    }

    /// Reads the indexes and the head of a folder; chunks of blocks stay in the files until they are asked for.
    /// - Throws: `missingInput` when the folder or a file in it can't be read.
    public static func open(path: String) throws -> TSDBDirectory {
        let root = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
        // A single block is a folder that stands alone.
        let isBlock = access(root + "/index", F_OK) == 0
        let parent = isBlock ? root.split(separator: "/", omittingEmptySubsequences: false).dropLast() : []
        let folder = isBlock ? (parent.isEmpty ? "." : parent.joined(separator: "/")) : root
        let only = isBlock ? LogName.base(root) : nil
        var names: [String] = []
        list(folder, "", only: only, depth: 0, &names)
        guard !names.isEmpty else {
            throw TidemarkError(
                .missingInput, "no such folder, or nothing in it", file: path,
                hint: "give a Prometheus data directory, a snapshot, or a block")
        }
        var mapped: [String: MappedFile] = [:]
        return try TSDBDirectory(
            TSDBFileSet(
                names: names,
                open: { name in
                    if let known = mapped[name] { return known.bytes }
                    let file = try MappedFile(path: folder + "/" + name)
                    mapped[name] = file
                    return file.bytes
                },
                release: { bytes in
                    guard let start = bytes.baseAddress else { return }
                    madvise(UnsafeMutableRawPointer(mutating: start), bytes.count, MADV_DONTNEED)
                }))
    }

    /// Regular files below a folder. Nothing of a TSDB lies deeper than a checkpoint's segments.
    private static func list(_ folder: String, _ prefix: String, only: String?, depth: Int, _ names: inout [String]) {
        guard depth < 3, let entries = Discovery.names(in: folder) else { return }
        for name in entries.sorted() where only == nil || depth > 0 || name == only {
            var status = stat()
            guard stat(folder + "/" + name, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                list(folder + "/" + name, prefix + name + "/", only: only, depth: depth + 1, &names)
            } else if status.st_mode & S_IFMT == S_IFREG {
                names.append(prefix + name)
            }
        }
    }
}
