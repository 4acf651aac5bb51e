import ArgumentParser
import TidemarkAnalysis
import TidemarkBase
import TidemarkRules
import TidemarkStore

struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help:
            "tidemark.yaml: signals of your own (PromQL), latency objectives, prices and reserves. Kept in the database until another is given.",
        completion: .file(extensions: ["yaml", "yml"]))
    var path: String?

    /// Reads the file, if there is one, into the database.
    /// - Throws: `usage` with file, line and the nearest right key for every mistake.
    func apply(to store: Store) throws {
        guard let path else { return }
        let bytes = try CheckInput.readAll(path, limit: 16 << 20)
        var file = ConfigurationFile(bytes, units: SignalUnit.allCases.map(\.rawValue))
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
                    NearestWord.of(name, in: known).map { "; did you mean \($0.dropLast("_seconds".count))_s?" } ?? ""
                file.add(one.line, "slo: no latency is called \(one.name)\(near)")
                continue
            }
            configuration.objectives.append((name, one.seconds))
        }
        configuration.plan = Self.plan(file)
        let errors = file.findings.sorted.filter { !$0.isAdvice }
        guard errors.isEmpty else {
            throw TidemarkError(
                .usage, errors.map { "\(path):\($0.line): \($0.reason)" }.joined(separator: "\n"),
                hint: "docs/signals.md lists signals and their units")
        }
        if try store.configuration() != configuration { try store.configure(configuration) }
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
