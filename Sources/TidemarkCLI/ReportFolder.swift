import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkReport
import TidemarkStore

/// Writes reports into a folder: `index.html`, `csv/`, `report.json`. Each file appears whole or not at all.
struct ReportFolder {
    let path: String
    var title: String?
    /// Of the pages; the files for programs are in English.
    var language = Language.english

    /// One report for one period; with several, a folder for each and a list of them.
    /// - Returns: the page to open.
    func write(_ store: Store) throws -> String {
        let periods = try store.periods()
        var verdicts: [Verdict] = []
        var pages: [PeriodIndex.Entry] = []
        for period in periods {
            let verdict = try Verdict(store, period: period.id, name: period.name)
            verdicts.append(verdict)
            guard verdict.startMs != nil else { continue }
            var builder = ReportBuilder(store, period: period.id, name: period.name)
            builder.title = title
            let model = try Language.$current.withValue(language) { try builder.model() }
            let folder = periods.count == 1 ? "" : PeriodIndex.folderName(period.name) + "/"
            let tables = language.tag == Language.english.tag ? model : try builder.model()
            for file in ReportTables.files(tables) { try write(file.bytes, to: folder + file.path) }
            try write(render { HTMLReport.render(model) }, to: folder + "index.html")
            pages.append(
                .init(name: period.name, link: folder + "index.html", verdict: model.verdict.sentences.first ?? ""))
        }
        guard !pages.isEmpty else {
            throw TidemarkError(
                .unusableInput, "no evidence with times was read, so there is nothing to report",
                hint: "`tidemark status` lists what was read")
        }
        if periods.count > 1 { try write(render { PeriodIndex.render(pages, title: title) }, to: "index.html") }
        try write(Array((try Outlook.json(verdicts, store) + "\n").utf8), to: "report.json")
        return path + "/index.html"
    }

    /// Only report.json: answers that no page shows.
    func writeAnswers(_ json: String) throws { try write(Array((json + "\n").utf8), to: "report.json") }

    private func render(_ page: () -> [UInt8]) -> [UInt8] { Language.$current.withValue(language, operation: page) }

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
