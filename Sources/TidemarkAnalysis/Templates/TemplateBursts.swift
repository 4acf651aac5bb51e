import TidemarkBase
import TidemarkEvidence
import TidemarkStatistics
import TidemarkStore

/// A template that is new in a window, or more frequent there than in the rest of the period.
public struct TemplateBurst: Sendable {
    public var template: LogTemplate
    /// Whether it was never seen before the window, although logs were being written then.
    public var isFirstSeen: Bool
    /// Events in the window and outside.
    public var events: Int
    public var restEvents: Int
    /// Events per second of log; nil where no log covers that side.
    public var rate: Double?
    public var restRate: Double?
    /// Rate in the window over that of the rest; nil when one of them is missing or the rest has none.
    public var ratio: Double?
    /// One-sided, of a rate in the window that isn't higher. nil where it can't be tested.
    public var p: Double?
    /// ``p`` adjusted for the number of templates tested (Benjamini–Hochberg).
    public var q: Double?
    /// Who logged it in the window.
    public var instances: [String]
    /// Whether chance alone gives so many events at most once in twenty times.
    public var isSignificant: Bool { q ?? 1 <= TemplateBursts.limit }
    /// Unix ms: end of its first step in the window.
    public var startMs: Int64
    /// `log_event.event_id` of its first event in the window.
    public var eventId: Int
}

/// What the logs say in a window that they don't say otherwise.
///
/// The events of a template are compared as counts of a Poisson process over the time that logs were written: given
/// their sum, those in the window are binomial. Events come in clumps (a start-up prints forty routes), so counts are
/// first divided by the index of dispersion of the steps' counts, as quasi-Poisson models do. Reported are templates
/// with q ≤ 0.05 and at least twice the rate. Errors that are seen in the window and nowhere else are reported whatever
/// their q, for a server dies once; a caller who wants evidence rather than a hint looks at ``TemplateBurst/isSignificant``.
public struct TemplateBursts: Sendable {
    /// The window, widened to whole steps, Unix ms.
    public let window: ClosedRange<Int64>
    /// The most telling first: by severity, then by p.
    public let found: [TemplateBurst]
    /// How many templates were tested.
    public let tested: Int

    static let limit = 0.05
    static let leastRatio = 2.0
    /// Of this much log before the window something must be known for a template to count as new, in seconds.
    static let leastBefore = 30.0

    /// From the stored results of the period's analysis; empty when it has none.
    public init(_ store: Store, period: Int, window: ClosedRange<Int64>) throws {
        self.init(try LogTemplates(stored: store, period: period), window: window)
    }

    public init(_ templates: LogTemplates, window: ClosedRange<Int64>) {
        let step = templates.stepMs
        func up(_ time: Int64) -> Int64 {
            -CivilTime.floorDivide(-(time &- templates.anchorMs), step) &* step &+ templates.anchorMs
        }
        let start = up(window.lowerBound) &- step
        let end = max(start &+ step, up(window.upperBound))
        self.window = start...end
        let seconds = Self.exposure(templates.coverage, start, end)
        var tallies = [Tally](repeating: Tally(), count: templates.templates.count)
        for cell in templates.cells {
            tallies[cell.template].add(cell, isInside: cell.timeMs > start && cell.timeMs <= end)
        }
        var bursts: [TemplateBurst] = []
        for (template, tally) in zip(templates.templates, tallies) where tally.inside > 0 {
            bursts.append(
                tally.burst(template, seconds, steps: Double(step) / 1000, isFirst: template.firstMs ?? .min > start))
        }
        let tested = bursts.indices.filter { bursts[$0].p != nil }
        self.tested = tested.count
        if let adjusted = FalseDiscovery.benjaminiHochberg(tested.compactMap { bursts[$0].p }) {
            for (place, q) in zip(tested, adjusted) { bursts[place].q = q }
        }
        found = bursts.filter(Self.isTelling).sorted { a, b in
            let (first, second) = (Self.severity(a.template), Self.severity(b.template))
            if first != second { return first > second }
            if a.p != b.p { return a.p ?? 1 < b.p ?? 1 }
            return a.events != b.events ? a.events > b.events : a.template.text < b.template.text
        }
    }

    private static func isTelling(_ burst: TemplateBurst) -> Bool {
        if burst.isFirstSeen, burst.restEvents == 0, severity(burst.template) == 2 { return true }
        return burst.isSignificant && burst.ratio ?? .infinity >= leastRatio
    }

    /// 2 for an error, 1 for a warning, else 0.
    private static func severity(_ template: LogTemplate) -> Int {
        switch template.level.flatMap(LogLevel.init(rawValue:)) {
        case .critical, .error: 2
        case .warning: 1
        default: 0
        }
    }

    /// Seconds of log of all instances before the window, in it and behind it.
    private static func exposure(
        _ coverage: [String: [ClosedRange<Int64>]], _ start: Int64, _ end: Int64
    ) -> (before: Double, inside: Double, after: Double) {
        func overlap(_ range: ClosedRange<Int64>, _ low: Int64, _ high: Int64) -> Double {
            max(0, Double(min(range.upperBound, high)) - Double(max(range.lowerBound, low))) / 1000
        }
        var sums = (before: 0.0, inside: 0.0, after: 0.0)
        for range in coverage.values.joined() {
            sums.before += overlap(range, .min, start)
            sums.inside += overlap(range, start, end)
            sums.after += overlap(range, end, .max)
        }
        return sums
    }
}

/// What is counted of one template.
private struct Tally {
    var inside = 0
    var outside = 0
    /// Sums of squares of the cells' counts.
    var insideSquares = 0.0
    var outsideSquares = 0.0
    var instances: Set<String> = []
    var first: LogTemplates.Cell?

    mutating func add(_ cell: LogTemplates.Cell, isInside: Bool) {
        let square = Double(cell.events) * Double(cell.events)
        guard isInside else {
            outside += cell.events
            outsideSquares += square
            return
        }
        inside += cell.events
        insideSquares += square
        instances.insert(cell.instance)
        if (cell.timeMs, cell.eventId) < (first?.timeMs ?? .max, first?.eventId ?? .max) { first = cell }
    }

    func burst(
        _ template: LogTemplate, _ seconds: (before: Double, inside: Double, after: Double), steps: Double,
        isFirst: Bool
    ) -> TemplateBurst {
        let rest = seconds.before + seconds.after
        let rate = seconds.inside > 0 ? Double(inside) / seconds.inside : nil
        let restRate = rest > 0 ? Double(outside) / rest : nil
        var ratio: Double?
        if let rate, let restRate, restRate > 0 { ratio = rate / restRate }
        return TemplateBurst(
            template: template, isFirstSeen: isFirst && seconds.before >= TemplateBursts.leastBefore, events: inside,
            restEvents: outside, rate: rate, restRate: restRate, ratio: ratio,
            p: p(inside: seconds.inside, rest: rest, steps: steps), q: nil, instances: instances.sorted(),
            startMs: first?.timeMs ?? 0, eventId: first?.eventId ?? 0)
    }

    private func p(inside windowSeconds: Double, rest restSeconds: Double, steps: Double) -> Double? {
        guard windowSeconds > 0, restSeconds > 0 else { return nil }
        let dispersion = max(1, dispersion(cells: restSeconds / steps))
        // P(X ≥ k) of the binomial, continued to counts that are no whole numbers.
        return SpecialFunctions.beta(
            windowSeconds / (windowSeconds + restSeconds), Double(inside) / dispersion,
            Double(outside) / dispersion + 1)
    }

    /// Variance over mean of the counts by cell: of the rest where it has enough events, else the mean size of the clump
    /// that an event stands in.
    private func dispersion(cells: Double) -> Double {
        if outside >= 10, cells >= 10 {
            return outsideSquares / Double(outside) - Double(outside) / cells
        }
        return (insideSquares + outsideSquares) / Double(inside + outside)
    }
}
