import Glibc
import TidemarkBase

/// One file of the evidence, as it was found.
public struct FoundFile: Sendable {
    /// As the system opens it.
    public var path: String
    /// Relative to the folder that was given; the file's own name when a file was given.
    public var relative: String
    /// The folder whose `capture.json` or whose own evidence makes it a period; empty for the given folder itself.
    public var period = ""
    /// What a configuration says about it.
    var hints = EvidenceInput.Hints()
}

/// What a walk over the input found, in a fixed order.
public struct Discovery: Sendable {
    public var files: [FoundFile] = []
    /// Folders that are one piece of evidence (a Prometheus TSDB), relative paths.
    public var tsdbFolders: [FoundFile] = []
    /// Folders with a `capture.json`, relative; the root is the empty string.
    public var captureFolders: [String] = []
    /// What could not be listed, with the reason.
    public var unreadable: [(path: String, why: String)] = []

    /// Walks files and folders in the order of their names. Links to folders are not followed, so a walk ends.
    /// - Throws: `missingInput` when a path isn't there or nothing is in it.
    public static func walk(_ paths: [String]) throws -> Discovery {
        var found = Discovery()
        for path in paths {
            var status = stat()
            guard stat(path, &status) == 0 else {
                throw TidemarkError(
                    .missingInput, "no such file or folder", file: path,
                    hint: "give the folder that holds the logs and captures")
            }
            if status.st_mode & S_IFMT == S_IFDIR {
                let root = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
                found.walk(folder: root, relative: "", depth: 0)
            } else {
                found.files.append(FoundFile(path: path, relative: LogName.base(path)))
            }
        }
        guard !found.files.isEmpty || !found.tsdbFolders.isEmpty else {
            throw TidemarkError(
                .missingInput, found.unreadable.isEmpty ? "the folder is empty" : "nothing in it can be read",
                file: paths.joined(separator: ", "), hint: "put at least a server log or a metrics scrape there")
        }
        found.assignPeriods()
        return found
    }

    private mutating func walk(folder: String, relative: String, depth: Int) {
        guard depth < 32 else {
            unreadable.append((folder, "more than 32 folders deep"))
            return
        }
        guard var names = Self.names(in: folder) else {
            unreadable.append((folder, String(cString: strerror(errno))))
            return
        }
        names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        if Self.isTSDB(folder, names) {
            tsdbFolders.append(FoundFile(path: folder, relative: relative.isEmpty ? LogName.base(folder) : relative))
            return
        }
        if names.contains(Capture.fileName) { captureFolders.append(relative) }
        for name in names {
            let path = folder + "/" + name
            let inner = relative.isEmpty ? name : relative + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0 else {
                unreadable.append((path, String(cString: strerror(errno))))
                continue
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: walk(folder: path, relative: inner, depth: depth + 1)
            case S_IFREG: files.append(FoundFile(path: path, relative: inner))
            case S_IFLNK:
                var target = stat()
                if stat(path, &target) == 0, target.st_mode & S_IFMT == S_IFREG {
                    files.append(FoundFile(path: path, relative: inner))
                } else {
                    unreadable.append((path, "a link to a folder or to nothing; not followed"))
                }
            default: unreadable.append((path, "neither a file nor a folder"))
            }
        }
    }

    /// Names in a folder, hidden ones left out; nil when it can't be read.
    public static func names(in folder: String) -> [String]? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    /// A block (`meta.json`, `index`, `chunks/`), or a folder of blocks or of a head (`wal`, `chunks_head`).
    static func isTSDB(_ folder: String, _ names: [String]) -> Bool {
        func isBlock(_ names: [String]) -> Bool {
            names.contains("meta.json") && names.contains("index") && names.contains("chunks")
        }
        if isBlock(names) || names.contains("chunks_head") && names.contains("wal") { return true }
        // An agent's directory, or what a copy saved of one: nothing but the log.
        if names.contains("wal"), access(folder + "/wal/00000000", F_OK) == 0 { return true }
        return names.contains { name in
            // A ULID: 26 characters of Crockford's base 32.
            guard name.utf8.count == 26, name.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 || $0 >= 65 && $0 <= 90 }) else {
                return false
            }
            return access(folder + "/" + name + "/index", F_OK) == 0
        }
    }

    /// Files below a folder with its own `capture.json` belong to that folder's period.
    private mutating func assignPeriods() {
        let folders = captureFolders.sorted { $0.utf8.count > $1.utf8.count }
        func period(_ relative: String) -> String {
            folders.first { !$0.isEmpty && relative.hasPrefix($0 + "/") } ?? ""
        }
        for index in files.indices { files[index].period = period(files[index].relative) }
        for index in tsdbFolders.indices { tsdbFolders[index].period = period(tsdbFolders[index].relative) }
    }
}
