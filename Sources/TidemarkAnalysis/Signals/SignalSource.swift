/// Signals of a period on a grid, each computed when it is first asked for.
final class SignalSource {
    private let evaluator: SignalEvaluator
    private var table: SignalTable
    private var known: Set<String>
    /// Why a signal could not be computed: the first that wasn't.
    private(set) var failure: (any Error)?

    /// - Parameter table: what is computed already, all signals of the catalogue; nil: nothing is.
    init(_ evaluator: SignalEvaluator, _ table: SignalTable?) {
        self.evaluator = evaluator
        self.table = table ?? SignalTable(grid: evaluator.grid)
        known = table == nil ? [] : Set(SignalCatalogue.all.map(\.name))
    }

    var grid: TimeGrid { evaluator.grid }

    subscript(name: String, instance: String) -> SignalSeries? {
        load(name)
        return table[name, instance]
    }

    /// Values of a signal of an instance; nil when it has no evidence there.
    func values(_ name: String, _ instance: String = SignalSeries.fleet) -> [Double?]? { self[name, instance]?.values }

    /// The fleet's series, without computing those of the instances.
    func fleetSeries(_ signal: Signal) throws -> SignalSeries? {
        known.contains(signal.name) ? table[signal.name, SignalSeries.fleet] : try evaluator.fleetSeries(signal)
    }

    /// Instances (without the fleet) for which a signal has evidence, sorted.
    func instances(of name: String) -> [String] {
        load(name)
        return table.instances(of: name)
    }

    /// A signal that cannot be computed has no values here, and leaves its ``failure``: no analysis may pass that by.
    private func load(_ name: String) {
        guard known.insert(name).inserted, let signal = SignalCatalogue.signal(name) else { return }
        do {
            for one in try evaluator.evaluate(signal) { table.add(one) }
        } catch {
            failure = failure ?? error
        }
    }
}
