import TidemarkBase
import TidemarkSeries

/// Accepts or refuses a document of the text format 0.0.4, and gives the advice that `promtool check metrics` gives.
struct TextExpositionChecker {
    private(set) var findings = FindingList()
    private(set) var samples = 0
    /// In the order in which they appear.
    private var families: [TextFamily] = []
    private var familyOfName: [String: Int] = [:]
    private var seen: Set<TextSeries> = []

    /// Families that have samples.
    var familyCount: Int { families.count { $0.hasSamples } }

    mutating func line(_ bytes: Bytes, number: Int, isTerminated: Bool, omitted: Int) {
        do {
            try ExpositionText.checkLength(bytes, omitted)
            let line = try TextExpositionLine(bytes)
            switch line {
            case .blank, .comment: break
            case .incomplete(let name): _ = family(of: name, number)
            case .help(let name): help(name, number)
            case .type(let name, let type): self.type(name, type, number)
            case .sample(let sample): add(sample, number)
            }
            if !isTerminated {
                findings.add(number, "the last line must end with a line feed: the document may be cut off")
            }
        } catch {
            findings.add(number, error.reason)
        }
    }

    mutating func finish() {
        for family in families where family.hasSamples {
            for advice in TextAdvice.advice(on: family) { findings.add(family.line, advice, isAdvice: true) }
        }
    }

    /// The family that a name belongs to; `x_count` belongs to the summary or histogram `x` once that one is known.
    private mutating func family(of name: String, _ line: Int) -> Int {
        if let known = familyOfName[name] { return known }
        for (suffix, types) in Self.suffixes where name.hasSuffix(suffix) {
            if let known = familyOfName[String(name.dropLast(suffix.count))], types.contains(families[known].type) {
                return known
            }
        }
        familyOfName[name] = families.count
        families.append(TextFamily(name: name, line: line))
        return families.count - 1
    }

    private static let suffixes: [(String, [TextFamilyType?])] = [
        ("_count", [.summary, .histogram]), ("_sum", [.summary, .histogram]), ("_bucket", [.histogram]),
    ]

    private mutating func help(_ name: String, _ line: Int) {
        let index = family(of: name, line)
        if families[index].hasHelp { findings.add(line, "a second HELP line of \(families[index].name)") }
        families[index].hasHelp = true
    }

    private mutating func type(_ name: String, _ type: TextFamilyType, _ line: Int) {
        let index = family(of: name, line)
        let family = families[index].name
        if families[index].hasSamples {
            findings.add(line, "the TYPE line of \(family) stands behind its samples: it belongs before them")
        } else if families[index].type != nil {
            findings.add(line, "a second TYPE line of \(family)")
        } else {
            families[index].type = type
        }
    }

    private mutating func add(_ sample: ExpositionSample, _ line: Int) {
        samples += 1
        let index = family(of: sample.name, line)
        families[index].hasSamples = true
        families[index].labelNames.formUnion(sample.labels.map(\.name))
        if let fault = labelFault(sample, families[index]) { findings.add(line, fault) }
        let series = TextSeries(series: ExpositionSeries(name: sample.name, labels: sample.key()), time: sample.time)
        if !seen.insert(series).inserted {
            findings.add(line, "the same sample of \(sample.name) stands twice: name and labels must be unique")
        }
    }

    private func labelFault(_ sample: ExpositionSample, _ family: TextFamily) -> String? {
        let label: String
        switch family.type {
        case .histogram where sample.name == family.name + "_bucket": label = "le"
        case .summary where sample.name == family.name: label = "quantile"
        default: return nil
        }
        guard let text = sample.label(label) else { return "\(sample.name) has no label \(label)" }
        guard withBytes(of: text, { Decimal.parseAny($0) }) != nil else {
            return "\(sample.name): \(label)=\"\(text)\" is not a number"
        }
        return nil
    }
}

/// A family of the text format as far as it was read.
struct TextFamily {
    let name: String
    /// Line of its first mention.
    let line: Int
    var type: TextFamilyType?
    var hasHelp = false
    var hasSamples = false
    var labelNames: Set<String> = []
}

/// What makes two samples the same one. Lines of one series with different timestamps are different samples.
private struct TextSeries: Hashable {
    var series: ExpositionSeries
    var time: DecimalText?
}
