import TidemarkBase
import TidemarkEvidence

/// Reads spans out of trace exports in JSON: OTLP, Jaeger, Zipkin v2, Tempo, whatever mixture of documents and lines.
///
/// The stream comes in buffers of any size. Spans are delivered one by one as they are met, so the memory is the largest
/// span, however large a document is: a gigabyte on one line, or of lines, costs the same. What is no JSON is a reject with
/// line and offset, and reading goes on behind it; a span that can't be used is a reject of its own. Time: linear.
public struct TraceParser<Sink: TraceSink> {
    /// Gets the spans.
    public var sink: Sink {
        get { walk.sink }
        set { walk.sink = newValue }
    }
    private var splitter: JSONSplitter
    private var walk: TraceWalk<Sink>

    /// - Parameters:
    ///   - keepPrompts: whether prompts and answers in attributes are kept. Secrets never are.
    ///   - line: number of the stream's first line.
    ///   - offset: of its first byte.
    ///   - isLines: whether the documents are known to be lines, from an earlier part of the stream.
    public init(sink: Sink, keepPrompts: Bool = false, line: Int = 1, offset: Int = 0, isLines: Bool = false) {
        splitter = JSONSplitter(line: line, offset: offset, isLines: isLines)
        walk = TraceWalk(sink: sink, keepsContent: keepPrompts)
    }

    public mutating func feed(_ bytes: Bytes) throws { try splitter.feed(bytes, &walk) }

    /// The stream is over: a document that is cut off is a reject.
    public mutating func finish() throws { try splitter.finish(&walk) }

    public var counts: TraceCounts {
        var counts = walk.counts
        counts.lines = splitter.counts.lines
        counts.recordLines = splitter.counts.contentLines
        counts.blankLines = splitter.counts.blankLines
        counts.emptyLines = splitter.counts.emptyLines
        counts.rejectedLines = splitter.counts.rejectedLines
        return counts
    }

    /// Whether each document is a line, so that a file that grows can be read on from its last line.
    public var isLines: Bool { splitter.isLines }

    /// The last line when it is not complete, with the counts from before it: it may be waiting for its rest. Spans of
    /// it were delivered. nil when nothing is open, or when documents are not lines.
    public var unfinishedLine: (line: Int, offset: Int, spans: Int)? {
        guard isLines, let open = splitter.unfinished, open.line == splitter.line else { return nil }
        return (open.line, open.offset, walk.documentSpans)
    }
}
