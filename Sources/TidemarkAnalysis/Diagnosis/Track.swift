/// A signal of an instance as amounts and weights per step, so that its value over any stretch of time is exact:
/// Σ amount / Σ weight. For a mean these are seconds and requests, for a rate events and seconds, for a gauge values and
/// ones. A step without evidence has weight 0.
struct Track: Sendable {
    /// Sums up to each border of the grid, `steps + 1` values.
    private let amounts: [Double]
    private let weights: [Double]

    init(amounts: [Double], weights: [Double]) {
        func sums(_ values: [Double]) -> [Double] {
            var result = [0.0]
            result.reserveCapacity(values.count + 1)
            for value in values { result.append(result[result.count - 1] + value) }
            return result
        }
        self.amounts = sums(amounts)
        self.weights = sums(weights)
    }

    /// Of a gauge.
    init(_ values: [Double?]) {
        self.init(amounts: values.map { $0 ?? 0 }, weights: values.map { $0 == nil ? 0 : 1 })
    }

    var count: Int { amounts.count - 1 }

    func amount(_ range: Range<Int>) -> Double { amounts[range.upperBound] - amounts[range.lowerBound] }
    func weight(_ range: Range<Int>) -> Double { weights[range.upperBound] - weights[range.lowerBound] }

    func value(_ range: Range<Int>) -> Double? {
        let weight = weight(range)
        return weight > 0 ? amount(range) / weight : nil
    }

    /// Over several stretches together.
    func value(_ ranges: [Range<Int>]) -> Double? {
        let weight = ranges.reduce(0) { $0 + self.weight($1) }
        return weight > 0 ? ranges.reduce(0) { $0 + amount($1) } / weight : nil
    }

    func weight(_ ranges: [Range<Int>]) -> Double { ranges.reduce(0) { $0 + weight($1) } }

    /// Values of bins of `width` steps.
    func bins(_ width: Int) -> (values: [Double?], weights: [Double]) {
        var values: [Double?] = []
        var masses: [Double] = []
        var low = 0
        while low < count {
            let range = low..<min(count, low + width)
            values.append(value(range))
            masses.append(weight(range))
            low += width
        }
        return (values, masses)
    }

    /// The highest or lowest value of a bin.
    func extreme(_ width: Int, _ end: Signal.Worst) -> Double? {
        let known = bins(width).values.compactMap { $0 }
        return end == .high ? known.max() : known.min()
    }

    /// Share of the known steps of a range in which a condition holds; nil when none is known.
    func share(_ range: Range<Int>, where condition: (Double) -> Bool) -> Double? {
        var (hits, known) = (0, 0)
        for index in range {
            guard let value = value(index..<index + 1) else { continue }
            known += 1
            if condition(value) { hits += 1 }
        }
        return known > 0 ? Double(hits) / Double(known) : nil
    }
}
