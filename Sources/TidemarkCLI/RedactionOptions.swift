import ArgumentParser
import Glibc
import TidemarkBase
import TidemarkFormats
import TidemarkStore

/// `--redact` and the key of its tokens.
struct RedactionOptions: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Replace names by tokens: hosts, addresses, clients, users, files; leave prompts out.",
            discussion:
                "The same name has the same token everywhere. docs/report.md says what is replaced and what isn't."))
    var redact = false

    @OptionGroup var key: RedactionKeyOption

    /// What replaces the names in what is made of a database; nil without --redact.
    func redactor(_ store: Store, byConfiguration: Bool = false) throws -> Redactor? {
        guard redact || byConfiguration else {
            try key.refuse()
            return nil
        }
        // What is redacted already has nothing more to hide.
        return try store.isRedacted() ? nil : key.redactor(store)
    }

    /// - Parameter store: opened from its file, with results that are up to date.
    func shown(_ store: Store, skipsEvidence: Bool = false, byConfiguration: Bool = false) throws -> Store {
        guard let redactor = try redactor(store, byConfiguration: byConfiguration) else { return store }
        return try Store.copy(of: store.database.path, redactor: redactor, skipsEvidence: skipsEvidence)
    }

    /// A redacted report must not lie beside what it hides.
    static func refuseNames(in folder: String, database: String) throws {
        let beside = folder + "/tidemark.sqlite"
        if access(beside, F_OK) == 0 || database.hasPrefix(folder + "/") {
            throw TidemarkError(
                .usage, "the database with all names would lie beside the redacted report",
                file: database.hasPrefix(folder + "/") ? database : beside,
                hint: "name a folder of its own with --out, or another place for the database with --db")
        }
        guard let bytes = try? InputBytes.read(folder + "/index.html", most: 64 << 20) else { return }
        let isRedacted = bytes.withUnsafeBytes { $0.range(of: "<p class=\"redacted\">") != nil }
        guard !isRedacted else { return }
        throw TidemarkError(
            .usage, "a report with names lies in the folder", file: folder + "/index.html",
            hint: "name a folder of its own with --out")
    }
}

/// The key of the tokens.
struct RedactionKeyOption: ParsableArguments {
    @Option(
        name: .customLong("salt-file"),
        help: ArgumentHelp(
            "File whose content is the key of the tokens, at least 16 bytes; by default a random one of the database.",
            discussion: "With the same key the same names have the same tokens in reports of several databases.",
            valueName: "file"),
        completion: .file())
    var saltFile: String?

    func refuse() throws {
        guard saltFile != nil else { return }
        throw TidemarkError(.usage, "--salt-file goes with --redact")
    }

    func redactor(_ store: Store) throws -> Redactor {
        let key: [UInt8]
        if let saltFile {
            key = try InputBytes.read(saltFile, most: 1 << 20)
            guard key.count >= 16 else {
                throw TidemarkError(
                    .usage, "the key has \(key.count) bytes; at least 16 are needed", file: saltFile,
                    hint: "head -c 32 /dev/urandom > \(saltFile)")
            }
        } else {
            guard let own = try store.redactionKey() else {
                throw TidemarkError(
                    .usage, "a database from a bundle has no key to redact with", file: store.database.path,
                    hint: "give one with --salt-file FILE: head -c 32 /dev/urandom > FILE")
            }
            key = own
        }
        return Redactor(key: key) { message, out in
            UserText.mayOccur(in: message) && UserText.mask(message, into: &out)
        }
    }
}

/// Small files as a whole.
enum InputBytes {
    /// - Parameter most: more bytes are refused.
    static func read(_ path: String, most: Int) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw TidemarkError(.missingInput, "cannot be read: \(String(cString: strerror(errno)))", file: path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= most {
            let count = Glibc.read(file, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw TidemarkError(.inputOutput, "cannot be read: \(String(cString: strerror(errno)))", file: path)
            }
            guard count > 0 else { return bytes }
            bytes += part[..<count]
        }
        throw TidemarkError(.unusableInput, "has more than \(most) bytes", file: path)
    }
}
