import TidemarkBase

/// How a source's clock was found, in the language of the report.
///
/// The ledger keeps that as English phrases with semicolons between, and reads them again itself; so they are taken apart here by
/// the patterns that they were made from. What no pattern fits stays as it is.
enum ClockWords {
    /// The more of a phrase a pattern fixes, the earlier it stands.
    static let patterns: [String] = [
        "UTC in the data", "taken as UTC, which fits {0}", "taken as UTC, which does not fit {0}", "taken as UTC",
        "zone {0} from --timezone", "zone {0} from capture.json", "zone {0} from the container's times",
        "zone from the times around the lines", "zone {0} of another piece of the log, {1}",
        "zone by alignment with {0} (± {1} s, correlation {2}, elsewhere {3}, {4} samples)",
        "zone by coverage: so it begins and ends within {0} s of the metrics", "zone printed in each line",
        "zone printed in most lines", "the others: {0}", "zone printed", "no line has a time of its own",
        "start and interval given", "year from {0}", "year given", "year printed", "from the file's name",
        "{0} records before the first time take it", "forward 1 h at {0} (daylight-saving time)",
        "back 1 h at {0} (daylight-saving time)", "not aligned: {0}",
        "the log's clock is {0} s ahead of the container's",
        "the container's times are {0} s late", "the log has no statistics lines", "nothing to compare it with",
        "{0}: the numbers to compare are flat", "{0} and {1} fit at different shifts",
        "{0} fits best at {1} minutes, correlation {2}: too weak", "the gauges of {0}", "{0} by its {1}",
        "the logs' throughput", "the servers' throughput", "the metrics", "the container's times",
        "the time in gzip's header", "the file's modification time", "a full date in the log",
        "the date in the file's name", "utilisation", "memory utilisation", "power", "SM clock",
    ]

    static func said(_ method: String) -> String {
        let parts = method.split(separator: "; ").map { message(String($0)) }
        return say(.joined(parts, by: "; "))
    }

    private static func message(_ text: String) -> Message {
        for pattern in patterns {
            guard let values = values(text, pattern) else { continue }
            // A part of a phrase may be a phrase.
            return Message(pattern: pattern, arguments: values.map { .message(message($0)) })
        }
        return Message(verbatim: text)
    }

    /// What stands for `{0}`, `{1}`… in a text; nil when the pattern doesn't fit. Placeholders are in order, texts between them
    /// fixed, and each takes as little as it can.
    static func values(_ text: String, _ pattern: String) -> [String]? {
        var fixed: [Substring] = []
        for (index, piece) in pattern.split(separator: "{", omittingEmptySubsequences: false).enumerated() {
            fixed.append(index == 0 ? piece : piece.drop { $0 != "}" }.dropFirst())
        }
        guard text.hasPrefix(fixed[0]) else { return nil }
        var rest = text.dropFirst(fixed[0].count)
        var values: [String] = []
        for (index, piece) in fixed.enumerated().dropFirst() {
            if index == fixed.count - 1 {
                guard rest.hasSuffix(piece), rest.count > piece.count else { return nil }
                values.append(String(rest.dropLast(piece.count)))
                return values
            }
            guard let range = rest.firstRange(of: piece), range.lowerBound > rest.startIndex else { return nil }
            values.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return rest.isEmpty ? values : nil
    }
}
