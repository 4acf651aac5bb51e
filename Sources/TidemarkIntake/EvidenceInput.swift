import Glibc
import TidemarkBase

/// Evidence that a configuration names: where it lies, and what its files don't say about themselves.
public struct EvidenceInput: Sendable {
    /// What holds for every file of an input.
    public struct Hints: Sendable {
        /// Replica or gateway whose evidence it is; label `instance` of its scrapes.
        public var instance: String?
        /// More labels of its scrapes.
        public var labels: [(name: String, value: String)] = []
        /// Zone of stamps without one.
        public var zone: LocalZone?
        /// Year of stamps without one.
        public var year: Int?

        public init() {}
    }

    /// Files and folders; `*`, `?` and `[…]` are patterns as of glob(7).
    public var patterns: [String]
    /// Relative patterns begin here.
    public var folder: String
    public var hints = Hints()

    public init(patterns: [String], folder: String) {
        self.patterns = patterns
        self.folder = folder
    }

    /// The files of several inputs, each once, with names that no two share; and the patterns that nothing matches.
    static func find(_ inputs: [EvidenceInput]) throws -> (found: Discovery, empty: [String]) {
        var all = Discovery()
        var empty: [String] = []
        var seen: Set<String> = []
        var names: Set<String> = []
        func take(_ file: FoundFile, _ hints: Hints) -> FoundFile? {
            guard seen.insert(file.path).inserted else { return nil }
            var file = file
            file.hints = hints
            if !names.insert(file.relative).inserted {
                file.relative = file.path
                names.insert(file.relative)
            }
            return file
        }
        for input in inputs {
            for pattern in input.patterns {
                let (root, matches) = Self.matches(pattern, folder: input.folder)
                if matches.isEmpty { empty.append(pattern) }
                for match in matches {
                    guard var found = try? Discovery.walk([match]) else {
                        // Vanished meanwhile, or an empty folder.
                        empty.append(match)
                        continue
                    }
                    // Named from where the pattern begins to vary, so that folders of replicas stay in the names.
                    func name(_ file: FoundFile) -> FoundFile {
                        var file = file
                        if file.path.hasPrefix(root) { file.relative = String(file.path.dropFirst(root.count)) }
                        return file
                    }
                    found.files = found.files.map(name)
                    all.files += found.files.compactMap { take($0, input.hints) }
                    all.tsdbFolders += found.tsdbFolders.map(name).compactMap { take($0, input.hints) }
                    all.unreadable += found.unreadable
                }
            }
        }
        return (all, empty)
    }

    /// What a pattern matches, sorted, and the folder (with its slash) before its first wildcard.
    private static func matches(_ pattern: String, folder: String) -> (root: String, paths: [String]) {
        let isAbsolute = pattern.hasPrefix("/")
        // The folder is no pattern, whatever it is called.
        let escaped = folder.reduce(into: "") { text, character in
            if "*?[]\\".contains(character) { text.append("\\") }
            text.append(character)
        }
        let whole = isAbsolute || folder.isEmpty ? pattern : escaped + "/" + pattern
        var result = glob_t()
        defer { globfree(&result) }
        guard glob(whole, 0, nil, &result) == 0 else { return ("", []) }
        let paths = (0..<Int(result.gl_pathc)).compactMap { index in
            result.gl_pathv[index].map { String(cString: $0) }
        }
        let fixed = (isAbsolute || folder.isEmpty ? "" : folder + "/") + pattern.prefix { !"*?[".contains($0) }
        let root = fixed.lastIndex(of: "/").map { String(fixed[...$0]) } ?? ""
        return (root, paths)
    }
}

extension Ingestor {
    /// Reads the evidence of several inputs as that of one period, `options.period`.
    /// - Returns: the patterns that match nothing.
    @discardableResult
    public func ingest(_ inputs: [EvidenceInput]) throws -> [String] {
        let (found, empty) = try EvidenceInput.find(inputs)
        try ingest(found, root: nil)
        return empty
    }
}
