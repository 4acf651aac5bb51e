import TidemarkBase
import TidemarkEvidence

/// Reads the XML of `nvidia-smi -q -x`, also several documents behind one another: one sample a GPU and document.
///
/// The tool writes small elements and no attributes but the GPU's id, one a line; the scanner takes any number of tags a
/// line, but none that is cut by a line's end. Depth is limited. Lines of a GPU are record lines, others noise.
struct ListingXMLParser: ~Copyable, Sendable {
    private(set) var counts = GPUCaptureCounts()
    private var builder = ListingBuilder()
    private var wallMs: Int64?
    private var driverVersion: String?
    private var open: (line: Int, offset: Int, lines: Int)?
    /// Open elements: ranges of ``names``.
    private var stack: [(start: Int, end: Int)] = []
    private var names: [UInt8] = []
    private var text: [UInt8] = []
    /// The element that was opened last has had no child.
    private var isLeaf = false
    private var processLine = 0

    private static let deepest = 32

    mutating func parse<Sink: GPUCaptureSink>(line: borrowing Line, into sink: inout Sink) throws {
        counts.lines += 1
        let bytes = line.bytes.trimmed
        guard line.omitted == 0 else { return try counts.reject(line, "the line is too long", into: &sink) }
        var endsGPU = false
        var at = 0
        while at < bytes.count {
            guard let tag = bytes.firstIndex(of: 60, from: at) else {
                append(bytes.slice(at, bytes.count))
                break
            }
            append(bytes.slice(at, tag))
            guard let end = bytes.firstIndex(of: 62, from: tag) else {
                // The last line of a file that is cut off; the section's reject will tell.
                if !line.terminated { break }
                if open == nil {
                    counts.rejectedLines += 1
                    return try sink.reject(FormatReject(line, "a tag without its end"))
                }
                break
            }
            at = end + 1
            let body = bytes.slice(tag + 1, end)
            guard let first = body.first, first != 63, first != 33 else { continue }
            if first == 47 {
                if try close(body.slice(1, body.count), into: &sink) { endsGPU = true }
            } else if body.last != 47 {
                try begin(body, line, into: &sink)
            } else {
                isLeaf = false
            }
        }
        if open != nil {
            open?.lines += 1
        } else if endsGPU {
            counts.recordLines += 1
        } else if bytes.isEmpty || bytes[0] == 60 || !stack.isEmpty {
            counts.noiseLines += 1
        } else if let kind = NvidiaSMIParser.failure(bytes) {
            try counts.event(kind, line, bytes, after: wallMs, into: &sink)
        } else {
            try counts.reject(line, "no element of nvidia_smi_log", into: &sink)
        }
    }

    mutating func finish<Sink: GPUCaptureSink>(into sink: inout Sink) throws {
        guard let section = open else { return }
        open = nil
        counts.rejectedLines += section.lines
        try sink.reject(
            FormatReject(
                line: section.line, offset: section.offset, reason: "the element of a GPU has no end", text: "",
                lineCount: section.lines))
    }

    private mutating func append(_ bytes: Bytes) {
        if isLeaf, text.count < 1024 { text.append(contentsOf: bytes.slice(0, min(bytes.count, 1024))) }
    }

    private mutating func begin<Sink: GPUCaptureSink>(
        _ body: Bytes, _ line: borrowing Line, into sink: inout Sink
    ) throws {
        let nameEnd = body.firstIndex(of: 32) ?? body.count
        let name = body.slice(0, min(nameEnd, 80))
        if name.equals("nvidia_smi_log") {
            // The document before it may have no end.
            try finish(into: &sink)
            stack.removeAll(keepingCapacity: true)
            names.removeAll(keepingCapacity: true)
            wallMs = nil
            builder.beginListing()
        }
        if name.equals("gpu"), stack.count <= 1 {
            try finish(into: &sink)
            open = (line.number, line.offset, 0)
            builder.begin(busID: Self.id(body), wallMs: wallMs, driverVersion: driverVersion)
        }
        if name.equals("process_info") { processLine = line.number }
        text.removeAll(keepingCapacity: true)
        isLeaf = true
        guard stack.count < Self.deepest else { return }
        let start = names.count
        names.append(contentsOf: name)
        stack.append((start, names.count))
    }

    /// Ends an element; true when a GPU ended with it.
    private mutating func close<Sink: GPUCaptureSink>(
        _ name: Bytes, into sink: inout Sink
    ) throws -> Bool {
        let name = name.trimmed
        // An end without its beginning is left out; unended children end with their parent.
        let place = names.withUnsafeBytes { names in
            stack.lastIndex { Self.same(names.slice($0.start, $0.end), name) }
        }
        guard let place else { return false }
        if isLeaf, place == stack.count - 1 { value(place) }
        isLeaf = false
        names.removeLast(names.count - stack[place].start)
        stack.removeLast(stack.count - place)
        if name.equals("process_info"), let done = builder.takeProcess(), open != nil {
            counts.processes += 1
            if done.wallMs == nil { counts.untimed += 1 }
            try sink.process(done, line: processLine)
        }
        guard name.equals("gpu"), place <= 1, let section = open else { return false }
        open = nil
        counts.recordLines += section.lines
        counts.samples += 1
        let sample = builder.end()
        if sample.wallMs == nil { counts.untimed += 1 }
        try sink.gpu(sample, line: section.line)
        for event in builder.takeEvents(line: section.line, offset: section.offset) {
            counts.events += 1
            try sink.event(event)
        }
        return true
    }

    /// The text of the leaf at `place` goes where it belongs.
    private mutating func value(_ place: Int) {
        var decoded: [UInt8] = []
        if text.contains(38) { Self.decode(text, into: &decoded) }
        let parent = place > 0 ? stack[place - 1] : (start: 0, end: 0)
        let own = stack[place]
        (decoded.isEmpty ? text : decoded).withUnsafeBytes { raw in
            let value = Bytes(rebasing: raw[...]).trimmed
            names.withUnsafeBytes { names in
                let label = names.slice(own.start, own.end)
                if open != nil {
                    // The memory and the errors of a MIG device are not the GPU's.
                    guard !stack.contains(where: { names.slice($0.start, $0.end).equals("mig_devices") }) else {
                        return
                    }
                    builder.set(section: names.slice(parent.start, parent.end), label: label, value: value)
                } else if label.equals("timestamp") {
                    wallMs = ClockLine.named(value)
                } else if label.equals("attached_gpus") {
                    builder.attach(value)
                } else if label.equals("driver_version") {
                    driverVersion = value.text(limit: 32)
                }
            }
        }
    }

    private static func same(_ a: Bytes, _ b: Bytes) -> Bool { a.count == b.count && a.elementsEqual(b) }

    /// The value of `id="…"`.
    private static func id(_ body: Bytes) -> String? {
        guard let start = body.range(of: "id=\""), let end = body.firstIndex(of: 34, from: start + 4) else {
            return nil
        }
        return body.slice(start + 4, end).text(limit: 32)
    }

    private static func decode(_ text: [UInt8], into out: inout [UInt8]) {
        let entities: [(String, UInt8)] = [("&amp;", 38), ("&lt;", 60), ("&gt;", 62), ("&quot;", 34), ("&apos;", 39)]
        var at = 0
        while at < text.count {
            if text[at] == 38, let hit = entities.first(where: { text[at...].starts(with: $0.0.utf8) }) {
                out.append(hit.1)
                at += hit.0.utf8.count
            } else {
                out.append(text[at])
                at += 1
            }
        }
    }
}
