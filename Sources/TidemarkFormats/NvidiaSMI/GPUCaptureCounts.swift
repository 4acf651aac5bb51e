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
}
