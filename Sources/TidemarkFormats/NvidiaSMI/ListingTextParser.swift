import TidemarkBase
import TidemarkEvidence

/// Reads the text of `nvidia-smi -q`, also of `-q -l` and of several calls in one file: one sample a GPU and listing.
///
/// A GPU's section ends where the next GPU or listing begins, or with the file; one whose last line is cut off is a reject.
/// Lines of a section are record lines, those between are noise. Memory: one GPU.
struct ListingTextParser: ~Copyable, Sendable {
    private(set) var counts = GPUCaptureCounts()
    private var builder = ListingBuilder()
    private var wallMs: Int64?
    private var driverVersion: String?
    /// Line and offset of the open section's first line and the number of its lines; nil outside.
    private var open: (line: Int, offset: Int, lines: Int)?
    private var cutOff = false
    /// Normal forms of the labels that the current line is below of: indentation, and range of ``names``.
    private var stack: [(indent: Int, start: Int, end: Int)] = []
    private var names: [UInt8] = []
    private var label: [UInt8] = []
    /// Line on which the process began.
    private var processLine = 0

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        let text = line.bytes.trimmed
        guard line.omitted == 0 else { return try counts.reject(line, "the line is too long", into: &sink) }
        if !line.terminated { cutOff = true }
        if text.range(of: "==NVSMI LOG==") != nil {
            try close(into: &sink)
            wallMs = nil
            builder.beginListing()
            counts.noiseLines += 1
            return
        }
        let indent = line.bytes.firstIndex { $0 != 32 && $0 != 9 } ?? 0
        // A failed call ends the section of the GPU before it.
        // So does the next command.
        if open != nil, indent == 0, !text.isEmpty, NvidiaSMIParser.failure(text) != nil || ShellLine.matches(text) {
            try close(into: &sink)
        }
        if indent == 0, text.has("GPU "), text.count >= 16, text[4] &- 48 < 10 || (text[4] | 0x20) &- 97 < 6,
            text.firstIndex(of: 58) != nil, text.range(of: " : ") == nil
        {
            try close(into: &sink)
            open = (line.number, line.offset, 0)
            builder.begin(
                busID: text.slice(4, text.count).text(limit: 32), wallMs: wallMs, driverVersion: driverVersion)
            stack.removeAll(keepingCapacity: true)
            names.removeAll(keepingCapacity: true)
            push("gpu", indent: 0)
        } else if indent == 0, let colon = Self.colon(text) {
            // The head of a listing: what it says holds for the GPUs behind it.
            try close(into: &sink)
            let value = text.slice(colon + 1, text.count).trimmed
            let name = text.slice(0, colon).trimmed
            if name.equals("Timestamp") { wallMs = ClockLine.named(value) }
            if name.equals("Attached GPUs") { builder.attach(value) }
            if name.equals("Driver Version") { driverVersion = value.text(limit: 32) }
        } else if open != nil, !text.isEmpty {
            try entry(text, indent: indent, line.number, into: &sink)
        }
        if open != nil {
            open?.lines += 1
        } else if text.isEmpty || Self.colon(text) != nil {
            counts.noiseLines += 1
        } else if let kind = NvidiaSMIParser.failure(text) {
            try counts.event(kind, line, text, after: wallMs, into: &sink)
        } else {
            try counts.reject(line, "no label with a value, and no GPU before it", into: &sink)
        }
    }

    mutating func finish<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        guard cutOff, let section = open else { return try close(into: &sink) }
        counts.rejectedLines += section.lines
        open = nil
        try sink.reject(
            FormatReject(
                line: section.line, offset: section.offset, reason: "the listing of a GPU is cut off", text: "",
                lineCount: section.lines))
    }

    /// `    Gpu                               : 97 %`, or a heading without a value.
    private mutating func entry<Sink: GPUCaptureSink>(
        _ text: Bytes, indent: Int, _ number: Int, into sink: inout Sink
    ) throws {
        while stack.count > 1, stack[stack.count - 1].indent >= indent {
            names.removeLast(names.count - stack[stack.count - 1].start)
            stack.removeLast()
        }
        let colon = Self.colon(text)
        label.removeAll(keepingCapacity: true)
        ListingBuilder.normalise(text.slice(0, min(colon ?? text.count, 80)), into: &label)
        if let colon, let parent = stack.last, !isInPartition {
            let value = text.slice(colon + 1, text.count).trimmed
            let begins = names.withUnsafeBytes { names in
                label.withUnsafeBytes { label in
                    builder.beginsProcess(
                        section: names.slice(parent.start, parent.end), label: label.slice(0, label.count))
                }
            }
            if begins {
                try flushProcess(into: &sink)
                processLine = number
            }
            names.withUnsafeBytes { names in
                label.withUnsafeBytes { label in
                    builder.set(
                        section: names.slice(parent.start, parent.end), label: label.slice(0, label.count), value: value
                    )
                }
            }
        }
        guard stack.count < 16 else { return }
        let start = names.count
        names.append(contentsOf: label)
        stack.append((indent, start, names.count))
    }

    /// Inside the list of MIG devices: their memory and errors are not the GPU's.
    private var isInPartition: Bool {
        names.withUnsafeBytes { names in
            stack.contains { names.slice($0.start, $0.end).equals("mig_devices") }
        }
    }

    private mutating func push(_ name: StaticString, indent: Int) {
        let start = names.count
        names.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        stack.append((indent, start, names.count))
    }

    private mutating func flushProcess<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        guard let done = builder.takeProcess() else { return }
        counts.processes += 1
        if done.wallMs == nil { counts.untimed += 1 }
        try sink.process(done, line: processLine)
    }

    private mutating func close<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        guard let section = open else { return }
        open = nil
        try flushProcess(into: &sink)
        counts.recordLines += section.lines
        counts.samples += 1
        let sample = builder.end()
        if sample.wallMs == nil { counts.untimed += 1 }
        try sink.gpu(sample, line: section.line)
        for event in builder.takeEvents(line: section.line, offset: section.offset) {
            counts.events += 1
            try sink.event(event)
        }
    }

    /// The colon between label and value: labels are padded, so a blank precedes it.
    private static func colon(_ text: Bytes) -> Int? {
        var at = 1
        while at < text.count {
            if text[at] == 58, text[at - 1] == 32, at + 1 == text.count || text[at + 1] == 32 { return at }
            at += 1
        }
        return nil
    }
}
