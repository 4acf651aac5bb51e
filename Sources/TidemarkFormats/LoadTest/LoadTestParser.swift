import TidemarkBase
import TidemarkEvidence

/// Takes what a ``LoadTestParser`` finds.
public protocol LoadTestSink {
    mutating func point(_ point: LoadPoint) throws
    mutating func reject(_ reject: FormatReject) throws
}

/// Where the lines of a result file went. `lines` = record + noise + rejected.
public struct LoadTestCounts: Sendable, Equatable {
    public var lines = 0
    public var recordLines = 0
    public var noiseLines = 0
    public var rejectedLines = 0
    public var points = 0
    public var rejects = 0
}

/// What a line of a table was.
enum LoadTestLineKind {
    case record, noise
    case reject(String)
}

/// A result file that is read line by line.
protocol LoadTestLines {
    mutating func take(_ line: borrowing Line, _ emit: (LoadPoint) throws -> Void) throws -> LoadTestLineKind
    /// - Returns: why nothing came of the lines, where that needs a word.
    mutating func finish(_ emit: (LoadPoint) throws -> Void) throws -> FormatReject?
}

/// Reads the result files of load generators, whatever buffers they come in: one record for each load point.
///
/// A document is walked, not built: of its lists of single requests nothing is kept but two lists of numbers, so a file of
/// hundreds of megabytes costs no more memory than a small one. A damaged document is a reject; points before it count.
/// Time: linear.
public struct LoadTestParser<Sink: LoadTestSink>: ~Copyable {
    public var sink: Sink
    private var splitter = JSONSplitter()
    private var walk: LoadTestWalk<Collector>?
    private var lines = LineReader()
    private var table: (any LoadTestLines)?
    private var tally = LoadTestCounts()

    /// What the walk found in one buffer, in its order, until the sink takes it.
    private struct Collector: LoadTestSink {
        enum Found {
            case point(LoadPoint)
            case reject(FormatReject)
        }
        var found: [Found] = []

        mutating func point(_ point: LoadPoint) { found.append(.point(point)) }
        mutating func reject(_ reject: FormatReject) { found.append(.reject(reject)) }
    }

    /// - Parameter format: one of ``LoadTestFormat/identifiers``.
    public init(format: String, sink: Sink) {
        self.sink = sink
        switch format {
        case LoadTestFormat.locust: table = LocustCSV()
        case LoadTestFormat.aiperfCSV: table = AIPerfCSV()
        case LoadTestFormat.llmdYAML: table = BlockYAML()
        default: walk = LoadTestWalk(sink: Collector(), tool: LoadTestTool(rawValue: format) ?? .vllmBench)
        }
    }

    public mutating func feed(_ bytes: Bytes) throws {
        if walk != nil {
            try splitter.feed(bytes, &walk!)
            return try deliver()
        }
        try lines.feed(bytes) { line in try Self.take(line, &table, &tally, &sink) }
    }

    /// The input is over: a document that is cut off is a reject.
    public mutating func finish() throws {
        if walk != nil {
            try splitter.finish(&walk!)
            return try deliver()
        }
        try lines.finish { line in try Self.take(line, &table, &tally, &sink) }
        let fault = try table?.finish { point in
            tally.points += 1
            try sink.point(point.withFiniteNumbers)
        }
        if let fault {
            // The lines have been counted as records: now they are known to be of none.
            tally.rejects += 1
            tally.rejectedLines += tally.recordLines
            tally.recordLines = 0
            try sink.reject(fault)
        }
    }

    public var counts: LoadTestCounts {
        guard walk != nil else { return tally }
        let split = splitter.counts
        var counts = tally
        counts.lines = split.lines
        counts.recordLines = split.contentLines
        counts.noiseLines = split.blankLines + split.emptyLines
        counts.rejectedLines = split.rejectedLines
        return counts
    }

    private mutating func deliver() throws {
        guard let found = walk?.sink.found, !found.isEmpty else { return }
        walk?.sink = Collector()
        for one in found {
            switch one {
            case .point(let point):
                tally.points += 1
                try sink.point(point.withFiniteNumbers)
            case .reject(let reject):
                tally.rejects += 1
                try sink.reject(reject)
            }
        }
    }

    private static func take(
        _ line: borrowing Line, _ table: inout (any LoadTestLines)?, _ tally: inout LoadTestCounts, _ sink: inout Sink
    ) throws {
        tally.lines += 1
        var found: [LoadPoint] = []
        let kind = line.omitted > 0 ? .reject("the line is too long") : try table?.take(line) { found.append($0) }
        for point in found {
            tally.points += 1
            try sink.point(point.withFiniteNumbers)
        }
        switch kind {
        case .record: tally.recordLines += 1
        case .reject(let reason):
            tally.rejectedLines += 1
            tally.rejects += 1
            try sink.reject(FormatReject(line, reason))
        case .noise, nil: tally.noiseLines += 1
        }
    }
}
