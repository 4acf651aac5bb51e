import TidemarkBase

/// A format that expositions are checked against.
public enum ExpositionFormat: String, Sendable, CaseIterable {
    /// Prometheus' text format 0.0.4.
    case text
    /// OpenMetrics 1.0.
    case openmetrics
}

/// What the check of one exposition said.
public struct ExpositionVerdict: Sendable {
    public var format: ExpositionFormat
    public var findings: FindingList
    /// Metric families with samples (text) or with any line (OpenMetrics).
    public var families: Int
    /// Sample lines that could be read.
    public var samples: Int

    /// Whether a consumer of the format has to take the document.
    public var isAccepted: Bool { findings.errors == 0 }
}

/// Checks an exposition that comes in pieces against its format's rules.
///
/// Without a given format both are checked side by side until the end says which of them the document is in. Memory:
/// the names and labels of the series, and one line of at most ``longestLine`` bytes.
public struct ExpositionChecker: ~Copyable {
    /// Longest line that is read, in bytes.
    public static let longestLine = 16 << 20

    private let given: ExpositionFormat?
    private var saysOpenMetrics: Bool
    private var reader = LineReader(limit: ExpositionChecker.longestLine)
    private var text = TextExpositionChecker()
    private var openMetrics = OpenMetricsChecker()

    /// - Parameters:
    ///   - format: the format; nil has it told from the document and the name.
    ///   - fileName: the file's name, which may tell the format (`x.openmetrics`, `x.om`).
    public init(format: ExpositionFormat? = nil, fileName: String = "") {
        given = format
        let name = fileName.lowercased()
        let base = name.split(separator: "/").last.map(String.init) ?? ""
        saysOpenMetrics = base.hasSuffix(".om") || base.hasSuffix(".om.txt") || base.contains("openmetrics")
    }

    public mutating func feed(_ bytes: Bytes) {
        // The reader is lent to itself: its closure changes the rest of the checker.
        var lines = LineReader(limit: Self.longestLine)
        swap(&lines, &reader)
        lines.feed(bytes) { line($0) }
        swap(&lines, &reader)
    }

    /// Ends the document.
    public consuming func finish() -> ExpositionVerdict {
        var lines = LineReader(limit: Self.longestLine)
        swap(&lines, &reader)
        lines.finish { line($0) }
        let format = given ?? (saysOpenMetrics ? .openmetrics : .text)
        switch format {
        case .text:
            text.finish()
            return ExpositionVerdict(
                format: format, findings: text.findings, families: text.familyCount, samples: text.samples)
        case .openmetrics:
            openMetrics.finish()
            return ExpositionVerdict(
                format: format, findings: openMetrics.findings, families: openMetrics.families,
                samples: openMetrics.samples)
        }
    }

    private mutating func line(_ line: borrowing Line) {
        if given == nil, !saysOpenMetrics { saysOpenMetrics = Self.isOpenMetrics(line.bytes) }
        if given != .openmetrics {
            text.line(line.bytes, number: line.number, isTerminated: line.terminated, omitted: line.omitted)
        }
        if given != .text { openMetrics.line(line.bytes, number: line.number, omitted: line.omitted) }
    }

    /// Whether a line can only be one of OpenMetrics: its end marker, a unit, a type that the text format lacks.
    private static func isOpenMetrics(_ bytes: Bytes) -> Bool {
        guard bytes.has("# ") else { return false }
        if bytes.trimmed.equals("# EOF") || bytes.has("# UNIT ") { return true }
        guard bytes.has("# TYPE "), bytes.count < 1 << 16 else { return false }
        let words: [StaticString] = [" info", " stateset", " gaugehistogram", " unknown"]
        return words.contains { bytes.trimmed.has($0, at: bytes.trimmed.count - $0.utf8CodeUnitCount) }
    }
}
