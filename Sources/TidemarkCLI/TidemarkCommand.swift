import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase

/// The command `tidemark` and its subcommands.
public struct TidemarkCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "tidemark",
        abstract: "Explain how a vLLM serving fleet behaved, from files alone.",
        discussion: """
            Reads vLLM server logs, Prometheus data and nvidia-smi captures into one SQLite file, finds what limited the
            fleet, and writes an HTML and CSV report.

            Example: tidemark run evidence/ --out report/

            Exit status: 0 done; 1 a check failed; 3 --fail-on holds; 64 usage; 65 no usable input; 66 input missing or
            empty; 73, 74 cannot write; 75 another run holds the lock.
            """,
        version: Analysis.toolVersion,
        subcommands: [
            RunCommand.self, InitCommand.self, IngestCommand.self, InspectCommand.self, StatusCommand.self,
            DiagnoseCommand.self,
            AnomaliesCommand.self, ExplainCommand.self, CapacityCommand.self, WhatifCommand.self, ForecastCommand.self,
            CompareCommand.self, CaptureCommand.self,
            ReportCommand.self, BundleCommand.self, QueryCommand.self, ExportCommand.self, MergeCommand.self,
            PruneCommand.self,
            SQLCommand.self, CheckCommand.self,
            DocumentCommand.self,
        ])

    public init() {}

    /// Runs the program: parses the arguments, calls the command, ends the process with its exit status.
    public static func runAndExit() -> Never {
        // A reader that goes away (`| head`) ends the output, not with a crash.
        signal(SIGPIPE, SIG_DFL)
        do {
            var command = try parseAsRoot(
                LockOptions.waitCompleted(
                    QueryCommand.expressionsMarked(Array(CommandLine.arguments.dropFirst()))))
            try command.run()
            Glibc.exit(0)
        } catch let error as TidemarkError {
            Console.error("tidemark: \(error)")
            Glibc.exit(error.kind.rawValue)
        } catch let error as SilentExit {
            Glibc.exit(error.status)
        } catch let error as FailOn {
            Console.error("tidemark: \(error.message)")
            Glibc.exit(3)
        } catch {
            exit(withError: error)
        }
    }
}

/// `--fail-on` holds: exit status 3.
struct FailOn: Error {
    let message: String
}
