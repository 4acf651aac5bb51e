import TidemarkBase

/// Accepts or refuses a document of OpenMetrics 1.0, line by line.
///
/// Source: the OpenMetrics 1.0 specification; where its reference parser (Python's client) is stricter or looser than
/// the letter, the parser's judgement stands, for it is what documents meet in practice.
struct OpenMetricsChecker {
    private(set) var findings = FindingList()
    private(set) var families = 0
    private(set) var samples = 0
    private var family: OpenMetricsFamily?
    /// Names that finished families hold, with the line of the family.
    private var taken: [String: Int] = [:]
    private var endLine: Int?
    private var saidAfterEnd = false
    private var lastLine = 0

    mutating func line(_ bytes: Bytes, number: Int, omitted: Int) {
        lastLine = number
        guard endLine == nil else {
            if !saidAfterEnd { findings.add(number, "nothing may follow '# EOF'") }
            saidAfterEnd = true
            return
        }
        do {
            try ExpositionText.checkLength(bytes, omitted)
            switch try OpenMetricsLine(bytes) {
            case .end: endLine = number
            case .metadata(let keyword, let name, let text): metadata(keyword, name, text, number)
            case .sample(let sample): add(sample, number)
            }
        } catch {
            findings.add(number, error.reason)
        }
    }

    mutating func finish() {
        close()
        if endLine == nil {
            findings.add(max(1, lastLine), "'# EOF' is missing at the end: the document may be cut off")
        }
    }

    private mutating func metadata(_ keyword: OpenMetricsLine.Keyword, _ name: String, _ text: String, _ line: Int) {
        if family?.name != name { open(name, line) }
        if family!.sampleCount > 0 {
            findings.add(line, "# \(keyword.rawValue) of \(name) stands behind its samples: it belongs before them")
            return
        }
        let isRepeated: Bool
        switch keyword {
        case .help:
            isRepeated = family!.hasHelp
            family!.hasHelp = true
        case .type:
            isRepeated = family!.type != nil
            family!.type = MetricFamilyType(rawValue: text)
        case .unit:
            isRepeated = family!.unit != nil
            family!.unit = text
        }
        if isRepeated { findings.add(line, "a second # \(keyword.rawValue) of \(name)") }
    }

    private mutating func add(_ sample: ExpositionSample, _ line: Int) {
        samples += 1
        if family == nil || !family!.sampleNames.contains(sample.name) {
            if let family, let type = family.type, sample.name == family.name {
                let names = family.sampleNames.joined(separator: ", ")
                findings.add(line, "\(sample.name) is of type \(type.rawValue): its samples are named \(names)")
                return
            }
            // A sample without metadata is a family of its own, of unknown type.
            open(sample.name, line)
            family!.type = .unknown
        }
        family!.add(sample, line: line, into: &findings)
    }

    private mutating func open(_ name: String, _ line: Int) {
        close()
        family = OpenMetricsFamily(name: name, line: line)
        families += 1
    }

    private mutating func close() {
        guard var done = family else { return }
        family = nil
        done.finish(into: &findings)
        for name in done.reservedNames {
            if let first = taken[name] {
                findings.add(
                    done.line,
                    "metric family \(done.name): the name \(name) belongs to the family of line \(first); the lines of a family stand together"
                )
                break
            }
        }
        for name in done.reservedNames where taken[name] == nil { taken[name] = done.line }
    }
}
