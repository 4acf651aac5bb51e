import ArgumentParser
import TidemarkAnalysis
import TidemarkBase
import TidemarkIntake
import TidemarkReport
import TidemarkRules
import TidemarkStore

struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help:
            "tidemark.yaml: inputs, outputs, latency objectives, prices, reserves, signals of your own (PromQL). What the analysis needs of it is kept in the database until another is given.",
        completion: .file(extensions: ["yaml", "yml"]))
    var path: String?

    /// Reads the file, if there is one, into the database.
    /// - Throws: `usage` with file, line and the nearest right key for every mistake.
    func apply(to store: Store) throws { try load()?.apply(to: store) }

    /// The file, read and judged; nil without one.
    func load() throws -> Loaded? { try path.map(Loaded.init) }

    /// A configuration without mistakes.
    struct Loaded {
        let path: String
        let file: ConfigurationFile
        private let configuration: Configuration

        init(path: String) throws {
            self.path = path
            let bytes = try CheckInput.readAll(path, limit: 16 << 20)
            var file = ConfigurationFile(bytes, units: SignalUnit.allCases.map(\.rawValue))
            configuration = Self.configuration(&file)
            for input in file.run.inputs {
                guard let zone = input.zone else { continue }
                Self.check(zone, "input: timezone", input.line, &file)
            }
            if let zone = file.run.zone { Self.check(zone, "timezone", file.run.zoneLine, &file) }
            if let keep = file.run.keep, (try? PruneCommand.horizon(keep, nowMs: 4_102_444_800_000)) == nil {
                file.add(file.run.keepLine, "keep: '\(keep)' is no length of time such as 90d, 12w or 36h")
            }
            if let tag = file.run.language, Language(argument: tag) == nil {
                file.add(
                    file.run.languageLine,
                    "output: language: '\(tag)' is none of \(Language.allValueStrings.joined(separator: ", "))")
            }
            let errors = file.findings.sorted.filter { !$0.isAdvice }
            guard errors.isEmpty else {
                throw TidemarkError(
                    .usage, errors.map { "\(path):\($0.line): \($0.reason)" }.joined(separator: "\n"),
                    hint: "`tidemark init` writes an example; docs/signals.md lists signals and their units")
            }
            self.file = file
        }

        func apply(to store: Store) throws {
            if try store.configuration() != configuration { try store.configure(configuration) }
        }

        /// A path of the file: relative ones begin at its folder.
        func resolve(_ path: String) -> String {
            path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
        }

        /// Without a slash at its end; empty for the present one.
        private var folder: String {
            guard let slash = path.lastIndex(of: "/") else { return "" }
            return slash == path.startIndex ? "/" : String(path[..<slash])
        }

        /// Of the weeks.
        func zone() throws -> LocalZone {
            try file.run.zone.map { try ZoneDatabase.zone(named: $0) } ?? .fixed(minutesEast: 0)
        }

        /// - Throws: `usage` when there are none.
        func inputs() throws -> [EvidenceInput] {
            guard !file.run.inputs.isEmpty else {
                throw TidemarkError(
                    .usage, "no inputs are given: neither in the file nor as arguments", file: path,
                    hint: "add `inputs:` with `paths:`; `tidemark init` writes an example")
            }
            return try file.run.inputs.map { one in
                var input = EvidenceInput(patterns: one.paths, folder: folder)
                input.hints.instance = one.instance
                input.hints.labels = one.labels
                input.hints.year = one.year
                input.hints.zone = try one.zone.map { try ZoneDatabase.zone(named: $0) }
                return input
            }
        }

        private static func check(_ zone: String, _ place: String, _ line: Int, _ file: inout ConfigurationFile) {
            do {
                _ = try ZoneDatabase.zone(named: zone)
            } catch {
                file.add(line, "\(place): \((error as? TidemarkError)?.message ?? "\(error)")")
            }
        }

        private static func configuration(_ file: inout ConfigurationFile) -> Configuration {
            var configuration = Configuration()
            for one in file.signals {
                if SignalCatalogue.signal(one.name) != nil {
                    file.add(one.line, "signal \(one.name) is in the catalogue already; choose another name")
                }
                configuration.signals.append(
                    .init(name: one.name, title: one.title, expression: one.expression, isLowWorst: one.isLowWorst))
            }
            let known = SignalCatalogue.all.map(\.name).filter { $0.hasSuffix("_seconds") }
            for one in file.objectives {
                let name = (one.name.hasSuffix("_s") ? String(one.name.dropLast(2)) : one.name) + "_seconds"
                guard known.contains(name) else {
                    let near =
                        NearestWord.of(name, in: known).map { "; did you mean \($0.dropLast("_seconds".count))_s?" }
                        ?? ""
                    file.add(one.line, "slo: no latency is called \(one.name)\(near)")
                    continue
                }
                configuration.objectives.append((name, one.seconds))
            }
            configuration.plan = plan(file)
            return configuration
        }

        private static func plan(_ file: ConfigurationFile) -> Configuration.Plan {
            var plan = Configuration.Plan()
            plan.headroom = file.headroom ?? plan.headroom
            plan.spareReplicas = file.spareReplicas ?? plan.spareReplicas
            plan.prices.currency = file.prices.currency ?? plan.prices.currency
            plan.prices.gpuHour = file.prices.gpuHour
            plan.prices.gpus = Dictionary(file.prices.gpus.map { ($0.name, $0.price) }) { $1 }
            plan.prices.kilowattHour = file.prices.kilowattHour
            plan.prices.powerUsageEffectiveness = file.prices.powerUsageEffectiveness ?? 1
            return plan
        }
    }
}
