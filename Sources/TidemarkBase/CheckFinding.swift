/// What a check of a document found at one of its lines.
public struct CheckFinding: Sendable, Equatable {
    /// 1-based line.
    public var line: Int
    /// What is wrong and what was expected.
    public var reason: String
    /// Advice leaves the document acceptable; anything else is an error.
    public var isAdvice: Bool

    public init(line: Int, reason: String, isAdvice: Bool = false) {
        self.line = line
        self.reason = reason
        self.isAdvice = isAdvice
    }

    /// The finding as compilers print theirs, so that editors can jump to it: `FILE:LINE: reason`.
    public func text(file: String) -> String { "\(file):\(line): \(isAdvice ? "advice: " : "")\(reason)" }
}

/// Findings in the order of their lines. Only so many are kept that a hostile document cannot fill the memory.
public struct FindingList: Sendable {
    /// Errors and advice that are kept, each.
    public static let limit = 1000
    /// Longest reason kept, in bytes: names of a document go into reasons, and a name may be a gigabyte long.
    private static let longestReason = 600

    private var kept: [CheckFinding] = []
    /// All errors, also those that were not kept.
    public private(set) var errors = 0
    /// All advice, also what was not kept.
    public private(set) var advice = 0

    public init() {}

    public mutating func add(_ line: Int, _ reason: String, isAdvice: Bool = false) {
        if isAdvice { advice += 1 } else { errors += 1 }
        guard (isAdvice ? advice : errors) <= Self.limit else { return }
        let short = withBytes(of: reason) {
            $0.count > Self.longestReason ? $0.text(limit: Self.longestReason) + "…" : nil
        }
        kept.append(CheckFinding(line: line, reason: short ?? reason, isAdvice: isAdvice))
    }

    /// The kept findings by line; those of one line stay in the order in which they were made.
    public var sorted: [CheckFinding] {
        kept.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }.map(\.element)
    }

    /// Findings that were counted but not kept.
    public var omitted: Int { errors + advice - kept.count }
}
