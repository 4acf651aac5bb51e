import TidemarkSeries

/// The times at which an expression is evaluated.
struct Grid {
    let startMs: Int64
    let stepMs: Int64
    let count: Int

    @inline(__always)
    func time(_ index: Int) -> Int64 { startMs &+ Int64(index) &* stepMs }

    var endMs: Int64 { time(max(count - 1, 0)) }
}

/// "No value at this step", as bits that no calculation gives: the stale marker, which a selector never lets through.
enum Absent {
    static let value = StaleMarker.value

    @inline(__always)
    static func matches(_ value: Double) -> Bool { value.bitPattern == StaleMarker.bits }
}

/// One series of an intermediate result: a value, or ``Absent``, for every step of the grid.
struct Column {
    var labels: Labels
    var values: [Double]
    /// The steps whose value is a native histogram (their place in ``values`` is ``Absent``); empty when there is none.
    var histograms: [NativeHistogram?] = []
    /// With delayed name removal: the name goes when the result is delivered.
    var dropsName = false

    /// Whether there is a value at a step.
    @inline(__always)
    func isPresent(_ step: Int) -> Bool {
        !Absent.matches(values[step]) || !histograms.isEmpty && histograms[step] != nil
    }

    /// The histogram at a step, if the value there is one.
    @inline(__always)
    func histogram(_ step: Int) -> NativeHistogram? { histograms.isEmpty ? nil : histograms[step] }

    mutating func set(_ histogram: NativeHistogram?, at step: Int) {
        if histograms.isEmpty {
            guard histogram != nil else { return }
            histograms = [NativeHistogram?](repeating: nil, count: values.count)
        }
        histograms[step] = histogram
    }

    mutating func remove(_ step: Int) {
        values[step] = Absent.value
        if !histograms.isEmpty { histograms[step] = nil }
    }

    /// Takes over the value of another column, whatever it is.
    @inline(__always)
    mutating func copy(_ other: Column, _ step: Int) {
        values[step] = other.values[step]
        if !histograms.isEmpty || !other.histograms.isEmpty { set(other.histogram(step), at: step) }
    }

    mutating func copy(_ other: Column, from: Int, to step: Int) {
        values[step] = other.values[from]
        if !other.histograms.isEmpty { set(other.histograms[from], at: step) }
    }

    var hasFloats: Bool { values.contains { !Absent.matches($0) } }

    var isEmpty: Bool { !values.contains { !Absent.matches($0) } && !histograms.contains { $0 != nil } }
}

/// What all parts of one evaluation share.
final class QueryContext {
    let source: any SeriesSource
    let options: PromQLOptions
    let text: String
    /// Bounds and step of the query itself, which `start()`, `end()`, `step()` and `range()` mean, also in subqueries.
    let startMs: Int64
    let endMs: Int64
    let stepMs: Int64
    private(set) var warnings: Set<String> = []
    private(set) var infos: Set<String> = []
    private var samples = 0

    init(
        source: any SeriesSource, options: PromQLOptions, text: String, startMs: Int64, endMs: Int64, stepMs: Int64
    ) {
        self.source = source
        self.options = options
        self.text = text
        self.startMs = startMs
        self.endMs = endMs
        self.stepMs = stepMs
    }

    /// Counts samples against the limit.
    func charge(_ count: Int) throws {
        samples &+= count
        guard samples <= options.maxSamples else {
            throw PromQLError.execution("query processing would load too many samples into memory in query execution")
        }
    }

    func warn(_ message: String, _ expr: Expr) { warnings.insert("PromQL warning: \(message) (\(place(expr)))") }

    func inform(_ message: String, _ expr: Expr) { infos.insert("PromQL info: \(message) (\(place(expr)))") }

    private func place(_ expr: Expr) -> String {
        let place = linePosition(of: expr.start, in: text)
        return "\(place.line):\(place.column)"
    }
}
