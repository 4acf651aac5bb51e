import ArgumentParser
import TidemarkBase
import TidemarkIntake

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Say what a file is and parse it, without storing anything.",
        discussion: """
            With --json each record is one JSON object a line, in the order of the file.

            Example: tidemark inspect server.log.gz --json | head
            """)

    @Argument(help: "Files.", completion: .file())
    var files: [String]

    @Flag(help: "One JSON object a record.")
    var json = false

    @OptionGroup var options: EvidenceOptions

    func run() throws {
        var usable = false
        var isEmpty = true
        for file in files {
            let inspector = Inspector(options: try options.options(), keepPrompts: options.keepPrompts) { bytes in
                if json { Console.write(bytes) }
            }
            let summary = try inspector.inspect(file)
            if summary.format != "unknown" { usable = true }
            if summary.detail != FormatRegistry.emptyFile { isEmpty = false }
            let line =
                "\(file): \(summary.format) (\(summary.detail)), \(summary.records) records, \(summary.rejects) rejects"
                + (summary.damage.map { "; damaged: \($0)" } ?? "")
            if json { Console.error(line) } else { Console.print(Console.visible(line)) }
        }
        guard usable else {
            throw TidemarkError(
                isEmpty ? .missingInput : .unusableInput, isEmpty ? FormatRegistry.emptyFile : "no known format",
                file: files.joined(separator: ", "))
        }
    }
}
