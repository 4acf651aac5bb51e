import ArgumentParser
import TidemarkBase
import TidemarkRules

struct CheckRulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Check Prometheus rule files: YAML, names, PromQL, templates.",
        discussion: """
            Prints FILE:LINE: reason for each finding, and the number of rules of a file without errors. Rules that are there
            twice are advice and change no status.

            Example: tidemark check rules rules/*.yml

            Exit status: 0 accepted; 1 refused; 65 damaged (gzip) or too large; 66 missing or unreadable.
            """)

    @Argument(help: "Rule files; - is standard input.", completion: .file(extensions: ["yml", "yaml"]))
    var files: [String]

    func run() throws {
        var duplicates = DuplicateRules()
        try CheckRun.all(files) { file in
            var reading = RuleFileReader.read(try CheckInput.readAll(file, limit: 64 << 20))
            for finding in duplicates.add(reading.file, named: file) {
                reading.findings.add(finding.line, finding.reason, isAdvice: true)
            }
            let count = reading.file.ruleCount
            return CheckOutcome(findings: reading.findings, summary: "\(count) \(count == 1 ? "rule" : "rules")")
        }
    }
}
