import ArgumentParser
import Glibc
import TidemarkBase

enum LogFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

/// What a job without a terminal says on standard error: lines for people, or one JSON object a line for machines.
struct RunLog {
    enum Level: String { case info, warning, error }
    enum Field {
        case text(String)
        case count(Int)
    }

    let format: LogFormat
    /// Errors only.
    let isQuiet: Bool

    func info(_ event: String, _ message: String, _ fields: [(String, Field)] = []) {
        write(.info, event, message, fields)
    }

    func warning(_ event: String, _ message: String, _ fields: [(String, Field)] = []) {
        write(.warning, event, message, fields)
    }

    func error(_ error: TidemarkError) {
        guard format == .json else { return Console.error("tidemark: \(error)") }
        var fields: [(String, Field)] = [("status", .count(Int(error.kind.rawValue)))]
        if let file = error.file { fields.append(("file", .text(file))) }
        if let line = error.line { fields.append(("line", .count(line))) }
        if let hint = error.hint { fields.append(("hint", .text(hint))) }
        write(.error, "failed", error.message, fields)
    }

    private func write(_ level: Level, _ event: String, _ message: String, _ fields: [(String, Field)]) {
        guard !isQuiet || level == .error else { return }
        switch format {
        case .text: Console.error(level == .info ? message : "\(level.rawValue): \(message)")
        case .json:
            var line = ByteWriter()
            line.write("{\"time\":")
            line.writeJSONString(CivilTime.rfc3339(SystemClock.nowMs))
            for (name, value) in [("level", level.rawValue), ("event", event), ("message", message)] {
                line.write(",\"\(name)\":")
                line.writeJSONString(value)
            }
            for (name, value) in fields {
                line.write(",\"\(name)\":")
                switch value {
                case .text(let text): line.writeJSONString(text)
                case .count(let count): line.write(count)
                }
            }
            line.write("}\n")
            Console.write(line.bytes, to: 2)
        }
    }
}

/// Ends the program with a status; everything is said already.
struct SilentExit: Error {
    let status: Int32
}
