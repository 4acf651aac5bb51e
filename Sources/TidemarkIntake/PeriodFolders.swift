import TidemarkBase
import TidemarkFormats
import TidemarkStore

/// Which sub-folders of the evidence are periods of their own although no `capture.json` says so: those with logs and
/// metrics of their own, when no two of them cover the same time. The folders of replicas do.
struct PeriodFolders {
    let ledger: Ledger
    let store: Store
    let zone: LocalZone?

    /// A folder right below the given one.
    private struct Folder {
        var files: [FoundFile] = []
        var tsdb: [FoundFile] = []
        var hasLog = false
        var hasMetrics = false
        var hasOther = false
        var range: ClosedRange<Int64>?

        mutating func cover(_ more: ClosedRange<Int64>?) {
            guard let more else { return }
            range =
                min(
                    range?.lowerBound ?? more.lowerBound, more.lowerBound)...max(
                    range?.upperBound ?? more.upperBound, more.upperBound)
        }
    }

    /// Gives the files of such folders their period. What an earlier run took for part of the whole stays so.
    func assign(_ found: inout Discovery) throws {
        guard !found.captureFolders.contains("") else { return }
        var folders: [String: Folder] = [:]
        for file in found.files where file.period.isEmpty {
            guard let name = Self.folder(file) else {
                // Evidence beside the folders belongs to all of them.
                if try Self.format(file) != nil { return }
                continue
            }
            folders[name, default: Folder()].files.append(file)
        }
        for tsdb in found.tsdbFolders where tsdb.period.isEmpty {
            guard let name = Self.folder(tsdb) else { return }
            folders[name, default: Folder()].tsdb.append(tsdb)
        }
        guard folders.count > 1 else { return }
        var periods: Set<String> = []
        let known = try knownPeriods()
        for name in folders.keys {
            guard let period = known[name] else { continue }
            if period != name { return }
            periods.insert(name)
        }
        let new = try folders.filter { !periods.contains($0.key) }.mapValues(survey)
            .filter { $0.value.hasLog || $0.value.hasMetrics || $0.value.hasOther }
        if periods.count + new.count > 1, areApart(new.values) { periods.formUnion(new.keys) }
        for index in found.files.indices where found.files[index].period.isEmpty {
            if let name = Self.folder(found.files[index]), periods.contains(name) { found.files[index].period = name }
        }
        for index in found.tsdbFolders.indices where found.tsdbFolders[index].period.isEmpty {
            if let name = Self.folder(found.tsdbFolders[index]), periods.contains(name) {
                found.tsdbFolders[index].period = name
            }
        }
    }

    private static func folder(_ file: FoundFile) -> String? {
        guard let slash = file.relative.utf8.firstIndex(of: 47) else { return nil }
        return String(file.relative[..<slash])
    }

    /// The period of each folder of which something is stored.
    private func knownPeriods() throws -> [String: String] {
        let names = Dictionary(uniqueKeysWithValues: try store.periods().map { ($0.id, $0.name) })
        var known: [String: String] = [:]
        for source in try ledger.all() {
            guard let name = Self.folder(FoundFile(path: source.path, relative: source.path)),
                let period = names[source.period]
            else { continue }
            if known[name] == nil || period != name { known[name] = period }
        }
        return known
    }

    /// What a file is; nil when it is no evidence.
    private static func format(_ file: FoundFile) throws -> String? {
        guard let head = try? InputStream(path: file.path).head() else { return nil }
        let guess = head.withUnsafeBytes { FormatRegistry.detect(head: $0, fileName: LogName.base(file.relative)) }
        return guess?.isReadable == true ? guess?.format : nil
    }

    private func survey(_ folder: Folder) throws -> Folder {
        var folder = folder
        for tsdb in folder.tsdb {
            folder.hasMetrics = true
            folder.cover(try? TSDBFolder.open(path: tsdb.path).rangeMs)
        }
        for file in folder.files {
            switch try Self.format(file) {
            case nil: break
            case VLLMLogFormat.identifier?: folder.hasLog = true
            case PrometheusTextFormat.identifier?:
                folder.hasMetrics = true
                let timeMs =
                    try ScrapeTime.fromFileName(LogName.base(file.relative))?.timeMs
                    ?? InputStream(path: file.path).modifiedMs
                folder.cover(timeMs...timeMs)
            case let format? where MetricsIngest.documentFormats.contains(format):
                folder.hasMetrics = true
                folder.cover(
                    try? MetricsReader.range(InputStream(path: file.path), format, path: file.path, zone: zone))
            case _?: folder.hasOther = true
            }
        }
        return folder
    }

    /// Whether each has logs and metrics, and no two meet.
    private func areApart(_ folders: some Collection<Folder>) -> Bool {
        let ranges = folders.compactMap { $0.hasLog && $0.hasMetrics ? $0.range : nil }
            .sorted { $0.lowerBound < $1.lowerBound }
        guard ranges.count == folders.count else { return false }
        return zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }
    }
}
