import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkReport
import TidemarkStore

/// The ZIP file of an incident: report, tables, a part of the database, a manifest over all. The same database gives the same
/// bytes.
struct TicketBundle {
    let files: ReportFiles
    /// Of the part of the database.
    let mostBytes: Int
    let hasGivenKey: Bool

    private typealias Entry = (path: String, bytes: Int, hash: String)

    /// The file appears whole or not at all.
    /// - Parameter copy: of one period, redacted already; its evidence is cut here.
    /// - Returns: how many files are in it.
    func write(_ copy: Store, to path: String) throws -> Int {
        guard let period = try copy.periods().first else { return 0 }
        let verdict = try Verdict(copy, period: period.id, name: period.name)
        let file = try OutputFile(path)
        do {
            let folder = "tidemark-" + PeriodIndex.folderName(period.name)
            var zip = ZipArchive { try file.write($0) }
            var found: [Entry] = []
            func add(_ name: String, _ bytes: [UInt8]) throws {
                found.append((name, bytes.count, bytes.withUnsafeBytes { SHA256.hex($0) }))
                try zip.add(folder + "/" + name, bytes)
            }
            _ = try files.each(copy, add)
            let range = try cut(copy, verdict)
            let database = path + ".sqlite.part"
            unlink(database)
            defer { unlink(database) }
            try copy.vacuum(into: database)
            try check(database, verdict)
            try add("tidemark.sqlite", try InputBytes.read(database, most: max(mostBytes * 2, 1 << 24)))
            try zip.add(folder + "/manifest.json", Array(try manifest(copy, verdict, range, found).utf8))
            try zip.finish()
            try file.finish()
            return found.count + 1
        } catch {
            file.discard()
            throw error
        }
    }

    /// Cuts the evidence until it fits: the findings with as much again around them, the first one, a few minutes of it, nothing.
    private func cut(_ copy: Store, _ verdict: Verdict) throws -> ClosedRange<Int64>? {
        guard let startMs = verdict.startMs, let endMs = verdict.endMs else { return nil }
        let window = startMs...max(startMs, endMs)
        func around(_ first: Int64, _ last: Int64, _ margin: Int64) -> ClosedRange<Int64> {
            (first - margin...max(first, last) + margin).clamped(to: window)
        }
        var ranges: [ClosedRange<Int64>?] = []
        if let first = verdict.findings.first {
            let all = verdict.findings.reduce((first.startMs, first.endMs)) {
                (min($0.0, $1.startMs), max($0.1, $1.endMs))
            }
            let half: Int64 = 1_800_000
            ranges = [
                around(all.0, all.1, max(half, all.1 - all.0)),
                around(first.startMs, first.endMs, max(half, first.endMs - first.startMs)),
                around(first.startMs, first.endMs, 300_000),
            ]
        } else {
            ranges = [window]
        }
        for range in ranges + [nil] {
            try copy.cutEvidence(to: range)
            if try copy.usedBytes() <= mostBytes { return range }
        }
        throw TidemarkError(
            .usage, "the results alone take \(try copy.usedBytes()) bytes, more than --max-size",
            hint: "give a larger --max-size")
    }

    /// What the bundle's database says is what this one says.
    private func check(_ path: String, _ verdict: Verdict) throws {
        let written = try Store.open(path: path)
        for period in try written.periods() {
            let again = try Verdict(written, period: period.id, name: period.name)
            guard Verdict.json([again]) == Verdict.json([verdict]) else {
                throw TidemarkError(
                    .inputOutput, "the part of the database doesn't say what the whole one does", file: path)
            }
        }
    }

    private func manifest(
        _ copy: Store, _ verdict: Verdict, _ range: ClosedRange<Int64>?, _ listed: [Entry]
    ) throws -> String {
        let isRedacted = try copy.isRedacted()
        var out = ByteWriter()
        out.write("{\n \"format\": \"tidemark-bundle/1\",\n \"tool_version\": ")
        out.writeJSONString(Analysis.toolVersion)
        out.write(",\n \"period\": ")
        out.writeJSONString(verdict.period)
        out.write(",\n \"window\": {\"start\": \(Self.time(verdict.startMs)), \"end\": \(Self.time(verdict.endMs))}")
        out.write(",\n \"redacted\": \(isRedacted)")
        if isRedacted {
            out.write(",\n \"key\": \"\(hasGivenKey ? "given by the user" : "of the database")\",\n \"replaced\": ")
            out.writeJSON(Self.replaced)
            out.write(",\n \"left_out\": ")
            out.writeJSON(Self.leftOut)
            out.write(",\n \"kept\": ")
            out.writeJSON(Self.kept)
        }
        out.write(
            ",\n \"database\": {\"results\": \"all\", \"evidence\": {\"start\": \(Self.time(range?.lowerBound)), \"end\": \(Self.time(range?.upperBound))}}"
        )
        out.write(",\n \"files\": [")
        for (place, one) in listed.enumerated() {
            out.write(place == 0 ? "\n  {\"path\": " : ",\n  {\"path\": ")
            out.writeJSONString(one.path)
            out.write(", \"bytes\": \(one.bytes), \"sha256\": \"\(one.hash)\"}")
        }
        out.write("\n ]\n}\n")
        return out.text
    }

    private static func time(_ timeMs: Int64?) -> String { timeMs.map { "\"\(CivilTime.rfc3339($0))\"" } ?? "null" }

    private static let replaced = [
        "names of periods, replicas, hosts, pods, namespaces, services", "addresses and e-mails",
        "clients, users, tenants, keys", "names of files and paths",
        "segments of routes that inference servers don't have",
        "ids of requests, traces and spans", "labels that are not vLLM's or the usual exporters'",
    ]
    private static let leftOut = [
        "prompts and answers", "secrets", "query strings", "attributes, events and links of spans but for numbers",
        "lines that could not be read", "exemplars",
    ]
    private static let kept = [
        "times, numbers and shares", "model names", "names of metrics and of labels", "arguments that name nobody",
        "versions", "ports", "what log messages say beside names",
    ]
}
