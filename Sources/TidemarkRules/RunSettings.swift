import TidemarkBase
import Yams

/// What `tidemark run --config` needs beyond the analysis: evidence, outputs, retention. Paths are as written in the file.
public struct RunSettings: Sendable, Equatable {
    /// Evidence that belongs together: patterns of paths, and what their files don't say about themselves.
    public struct Input: Sendable, Equatable {
        /// Paths; `*`, `?` and `[…]` are patterns.
        public var paths: [String] = []
        /// Name of the replica or gateway whose evidence it is, and label `instance` of its scrapes.
        public var instance: String?
        /// More labels of its scrapes.
        public var labels: [(name: String, value: String)] = []
        /// Of stamps without a zone: `UTC`, `+08:00`, `Europe/Berlin`.
        public var zone: String?
        /// Of stamps without a year.
        public var year: Int?
        /// In the file.
        public var line = 1

        public static func == (a: Input, b: Input) -> Bool {
            a.paths == b.paths && a.instance == b.instance && a.zone == b.zone && a.year == b.year
                && a.labels.map(\.name) == b.labels.map(\.name) && a.labels.map(\.value) == b.labels.map(\.value)
        }
    }

    /// Name of the fleet.
    public var name: String?
    /// Of the weeks: as ``Input/zone``; nil: UTC.
    public var zone: String?
    public var zoneLine = 1
    public var inputs: [Input] = []
    public var inputsLine = 1
    /// Folder of the pages.
    public var folder: String?
    public var database: String?
    /// Of the pages; nil: the name of the fleet.
    public var title: String?
    /// Picture at the head of the pages.
    public var logo: String?
    /// Whether names are replaced by tokens in the pages.
    public var isRedacted = false
    /// BCP 47 tag of the language of the pages; nil: English.
    public var language: String?
    public var languageLine = 1
    /// Length of time, as `tidemark prune --keep` takes it.
    public var keep: String?
    public var keepLine = 1
    /// Weeks of demand that a forecast rests on.
    public var historyWeeks = 13
    /// Weeks that share one error budget.
    public var budgetWeeks = 4

    public init() {}

    static let inputKeys = ["paths", "instance", "labels", "timezone", "year"]
    static let outputKeys = ["folder", "database", "language", "title", "logo", "redact"]
    static let windowKeys = ["history_weeks", "budget_weeks"]

    /// Reads its keys of the configuration's root.
    init(_ root: YAMLMapping, _ findings: inout FindingList) {
        name = root.scalar("name", &findings)?.string
        zone = root.scalar("timezone", &findings)?.string
        zoneLine = root.line(of: "timezone")
        keep = root.scalar("keep", &findings)?.string
        keepLine = root.line(of: "keep")
        inputsLine = root.line(of: "inputs")
        for (index, node) in root.list("inputs", &findings).enumerated() {
            let place = "input \(index + 1)"
            // A path alone is an input with nothing else to say.
            if case .scalar(let path) = node {
                inputs.append(Input(paths: [path.string], line: path.mark?.line ?? inputsLine))
                continue
            }
            let one = YAMLMapping(node, known: Self.inputKeys, place: place, findings: &findings)
            inputs.append(Self.input(one, &findings))
        }
        let output = YAMLMapping(root.node("output"), known: Self.outputKeys, place: "output", findings: &findings)
        folder = output.scalar("folder", &findings)?.string
        database = output.scalar("database", &findings)?.string
        title = output.scalar("title", &findings)?.string
        logo = output.scalar("logo", &findings)?.string
        if let word = output.scalar("redact", &findings)?.string {
            isRedacted = word == "true"
            if !["true", "false"].contains(word) {
                findings.add(output.line(of: "redact"), "output: redact is true or false, not '\(word.prefix(40))'")
            }
        }
        language = output.scalar("language", &findings)?.string
        languageLine = output.line(of: "language")
        let windows = YAMLMapping(root.node("windows"), known: Self.windowKeys, place: "windows", findings: &findings)
        historyWeeks = Self.weeks("history_weeks", windows, historyWeeks, 2...260, &findings)
        budgetWeeks = Self.weeks("budget_weeks", windows, budgetWeeks, 1...52, &findings)
    }

    private static func weeks(
        _ key: String, _ mapping: YAMLMapping, _ usual: Int, _ range: ClosedRange<Int>, _ findings: inout FindingList
    ) -> Int {
        guard mapping.has(key), let weeks = mapping.integer(key, &findings) else { return usual }
        guard range.contains(weeks) else {
            findings.add(
                mapping.line(of: key),
                "windows: \(key) is \(range.lowerBound) to \(range.upperBound), not \(weeks)")
            return usual
        }
        return weeks
    }

    private static func input(_ one: YAMLMapping, _ findings: inout FindingList) -> Input {
        var input = Input(line: one.line)
        if case .scalar(let path)? = one.node("paths"), !path.string.isEmpty {
            input.paths = [path.string]
        } else {
            for item in one.list("paths", &findings) {
                guard case .scalar(let path) = item, !path.string.isEmpty else {
                    findings.add(item.mark?.line ?? one.line, "\(one.place): paths: a path is expected")
                    continue
                }
                input.paths.append(path.string)
            }
        }
        if input.paths.isEmpty {
            findings.add(one.line, "\(one.place): paths, a pattern or a list of them, is expected")
        }
        input.instance = one.scalar("instance", &findings)?.string
        if input.instance?.isEmpty == true { findings.add(one.line(of: "instance"), "\(one.place): instance is empty") }
        input.zone = one.scalar("timezone", &findings)?.string
        for (key, value) in one.texts("labels", &findings) {
            let isName =
                key.string.utf8.first.map { ($0 | 0x20) &- 97 < 26 || $0 == 95 } ?? false
                && key.string.utf8.allSatisfy { ($0 | 0x20) &- 97 < 26 || $0 == 95 || $0 &- 48 <= 9 }
            guard isName, !key.string.hasPrefix("__") else {
                findings.add(
                    key.mark?.line ?? one.line(of: "labels"),
                    "\(one.place): labels: '\(key.string)' is not a label's name (letters, digits, _)")
                continue
            }
            input.labels.append((key.string, value.string))
        }
        if one.has("year"), let year = one.integer("year", &findings) {
            if (1970...2100).contains(year) {
                input.year = year
            } else {
                findings.add(one.line(of: "year"), "\(one.place): year is 1970 to 2100, not \(year)")
            }
        }
        return input
    }
}
