import Glibc
import TidemarkBase

/// The system's database of time zones: a file for each name.
public enum ZoneDatabase {
    static let folders = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"]

    /// The zone that `--timezone` names: `UTC`, an offset such as `+08:00`, or a place such as `Europe/Berlin`.
    /// - Throws: `usage` when it is none of them, or the system has no database to look the place up in.
    public static func zone(named text: String, folders: [String]? = nil) throws -> LocalZone {
        if let zone = LocalZone(offset: text) { return zone }
        let known = [getenv("TZDIR").map { String(cString: $0) }].compactMap { $0 } + Self.folders
        let folders = folders ?? known
        let example = "UTC, an offset such as +08:00, or a place such as Europe/Berlin is expected"
        guard isName(text) else { throw TidemarkError(.usage, "'\(text)' is not a zone: \(example)") }
        guard let folder = folders.first(where: { access($0 + "/UTC", R_OK) == 0 || access($0 + "/Etc", R_OK) == 0 })
        else {
            throw TidemarkError(
                .usage, "'\(text)' cannot be looked up: this system has no database of time zones",
                hint: "install its tzdata package, or give the offset that was in force, such as +01:00")
        }
        guard access(folder + "/" + text, R_OK) == 0 else {
            throw TidemarkError(.usage, "'\(text)' is not a zone of \(folder): \(example)")
        }
        // The largest zones have some 3 KiB.
        let bytes = try InputStream(path: folder + "/" + text).readAll(limit: 1 << 20)
        guard let rules = bytes.withUnsafeBytes({ TimeZoneRules(tzif: $0, name: text) }) else {
            throw TidemarkError(
                .usage, "expected a zone of the TZif form", file: folder + "/" + text,
                hint: "give the offset that was in force, such as +01:00")
        }
        return .rules(rules)
    }

    /// A path below the folder, and nothing else.
    private static func isName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return text.utf8.count <= 64 && parts.count <= 4
            && parts.allSatisfy { part in
                guard let first = part.utf8.first, (first | 0x20) &- 97 < 26 else { return false }
                return part.utf8.allSatisfy {
                    ($0 | 0x20) &- 97 < 26 || $0 &- 48 <= 9 || $0 == 95 || $0 == 43 || $0 == 45
                }
            }
    }
}
