import ArgumentParser
import TidemarkBase
import TidemarkFormats
import TidemarkIntake

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check metric expositions and Prometheus rule files against their specifications.",
        subcommands: [CheckMetricsCommand.self, CheckRulesCommand.self])
}

extension ExpositionFormat: ExpressibleByArgument {}

struct CheckMetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Check expositions: OpenMetrics 1.0 or Prometheus' text format.",
        discussion: """
            Prints FILE:LINE: reason for each finding; advice on names and help texts is marked and changes no status.

            Example: curl -s localhost:8000/metrics | tidemark check metrics -

            Exit status: 0 accepted; 1 refused; 65 damaged (gzip); 66 missing or unreadable.
            """)

    @Argument(help: "Expositions, plain or gzip; - is standard input.", completion: .file())
    var files: [String]

    @Option(
        help: ArgumentHelp(
            "The format; otherwise it is told from the document.",
            discussion: "OpenMetrics when it has '# EOF', '# UNIT' or a type that the text format lacks."))
    var format: ExpositionFormat?

    func run() throws {
        try CheckRun.all(files) { file in
            var checker = ExpositionChecker(format: format, fileName: file)
            try CheckInput.read(file) { checker.feed($0) }
            let verdict = checker.finish()
            let words = verdict.format == .text ? "text format" : "OpenMetrics"
            return CheckOutcome(
                findings: verdict.findings,
                summary: "\(words), \(verdict.families) metric families, \(verdict.samples) samples")
        }
    }
}

/// What the check of one file said.
struct CheckOutcome {
    var findings: FindingList
    /// What the file holds, for the line of a file that passes.
    var summary: String
}

/// Runs a check over files, prints what it found, and fails when a file did.
enum CheckRun {
    static func all(_ files: [String], _ check: (String) throws -> CheckOutcome) throws {
        var failed = 0
        var errors = 0
        var unreadable: TidemarkError?
        for file in files {
            let outcome: CheckOutcome
            do {
                outcome = try check(file)
            } catch let error as TidemarkError {
                // The others are checked all the same; the first failure decides the status.
                if unreadable != nil || files.count > 1 { Console.error("tidemark: \(error)") }
                unreadable = unreadable ?? error
                continue
            }
            for finding in outcome.findings.sorted { Console.print(Console.visible(finding.text(file: file))) }
            if outcome.findings.omitted > 0 {
                Console.print(Console.visible("\(file): \(outcome.findings.omitted) more findings are not listed"))
            }
            if outcome.findings.errors > 0 {
                failed += 1
                errors += outcome.findings.errors
            } else {
                Console.print(Console.visible("\(file): \(outcome.summary)"))
            }
        }
        if let unreadable {
            guard files.count > 1 else { throw unreadable }
            throw TidemarkError(unreadable.kind, "not every file could be read")
        }
        guard failed == 0 else {
            throw TidemarkError(
                .failedCheck, "\(errors) \(errors == 1 ? "error" : "errors") in \(failed) of \(files.count) files")
        }
    }
}

/// Documents that are checked: files, plain or gzip, and standard input.
enum CheckInput {
    static func read(_ file: String, _ body: (Bytes) -> Void) throws {
        if file == "-" { return try StandardInput.read(body) }
        let stream = try InputStream(path: file)
        try stream.read {
            body($0)
            return true
        }
        if let damage = stream.damage { throw TidemarkError(.unusableInput, damage, file: file) }
    }

    static func readAll(_ file: String, limit: Int) throws -> [UInt8] {
        guard file == "-" else {
            let stream = try InputStream(path: file)
            let bytes = try stream.readAll(limit: limit)
            if let damage = stream.damage { throw TidemarkError(.unusableInput, damage, file: file) }
            return bytes
        }
        var all: [UInt8] = []
        var length = 0
        try StandardInput.read {
            length += $0.count
            if length <= limit { all.append(contentsOf: $0) }
        }
        guard length <= limit else {
            throw TidemarkError(.unusableInput, "is larger than \(limit >> 20) MiB, the most that is read", file: file)
        }
        return all
    }
}
