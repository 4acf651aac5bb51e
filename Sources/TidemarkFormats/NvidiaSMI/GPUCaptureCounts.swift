import TidemarkBase

/// Where the lines of a capture of GPUs went, whatever its form: `lines` = `recordLines` + `noiseLines` + `rejectedLines`.
public struct GPUCaptureCounts: Sendable, Equatable {
    public var lines = 0
    /// Lines in samples, processes and events.
    public var recordLines = 0
    /// Headers, blank lines, comments, parts of a listing that are no GPU's, a last line that is cut off.
    public var noiseLines = 0
    public var rejectedLines = 0
    public var samples = 0
    public var processes = 0
    public var events = 0
    /// Samples and processes without any time: they can't be placed.
    public var untimed = 0

    public var records: Int { samples + processes + events }

    public init() {}

    static func + (a: GPUCaptureCounts, b: GPUCaptureCounts) -> GPUCaptureCounts {
        var sum = a
        sum.lines += b.lines
        sum.recordLines += b.recordLines
        sum.noiseLines += b.noiseLines
        sum.rejectedLines += b.rejectedLines
        sum.samples += b.samples
        sum.processes += b.processes
        sum.events += b.events
        sum.untimed += b.untimed
        return sum
    }

    /// Counts a line that can't be read and gives it out; the commands and headings of a paste are noise.
    mutating func reject<Sink: GPUCaptureSink>(
        _ line: borrowing Line, _ reason: String, into sink: inout Sink
    ) throws {
        if ShellLine.matches(line.bytes) {
            noiseLines += 1
            return
        }
        rejectedLines += 1
        try sink.reject(FormatReject(line, reason))
    }

    /// The same of a GPU in a table whose second line didn't come.
    mutating func reject<Sink: GPUCaptureSink>(half line: Int, offset: Int, into sink: inout Sink) throws {
        rejectedLines += 1
        try sink.reject(
            FormatReject(line: line, offset: offset, reason: "the second line of a GPU is missing", text: ""))
    }

    /// Counts a line that tells of a failed call and gives it out.
    /// - Parameters:
    ///   - text: the line without what a wrapper put in front of it.
    ///   - wallMs: the last time before it, a local clock's reading as if UTC, Unix ms.
    mutating func event<Sink: GPUCaptureSink>(
        _ kind: GPUCaptureEvent.Kind, _ line: borrowing Line, _ text: Bytes, after wallMs: Int64?, into sink: inout Sink
    ) throws {
        recordLines += 1
        events += 1
        try sink.event(
            GPUCaptureEvent(
                kind: kind, line: line.number, offset: line.offset, text: text.text(limit: FormatReject.textLimit),
                afterWallMs: wallMs))
    }
}
