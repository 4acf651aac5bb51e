import TidemarkBase
import TidemarkStatistics
import Testing

struct IntervalScanTests {
    /// Every stretch, in the words of the definition.
    private func everyStretch(
        _ values: [Double?], _ weights: [Double], noise: Double, shortest: Int, longest: Int,
        _ direction: IntervalScan.Direction
    ) -> Double? {
        func mean(_ places: [Int]) -> (value: Double, mass: Double) {
            let mass = places.reduce(0) { $0 + weights[$1] }
            return (places.reduce(0) { $0 + weights[$1] * values[$1]! } / mass, mass)
        }
        let known = values.indices.filter { values[$0] != nil && weights[$0] > 0 }
        var best: Double?
        for low in values.indices where values[low] != nil {
            for high in low + 1...min(values.count, low + longest) where values[high - 1] != nil {
                let inside = known.filter { low..<high ~= $0 }
                let outside = known.filter { !(low..<high ~= $0) }
                guard inside.count >= shortest, !inside.isEmpty, !outside.isEmpty else { continue }
                let (a, b) = (mean(inside), mean(outside))
                guard b.mass >= 0.3 * (a.mass + b.mass) else { continue }
                let difference = a.value - b.value
                if direction == .up && difference <= 0 || direction == .down && difference >= 0 { continue }
                let score = abs(difference) / (noise * (1 / a.mass + 1 / b.mass).squareRoot())
                if score > best ?? 0 { best = score }
            }
        }
        return best
    }

    @Test("the strongest stretch is that of a search through all", arguments: 0..<24)
    func same(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let count = 40 + seed * 5
        let step = seed % 3 == 0 ? 0.0 : 1.5
        let values: [Double?] = (0..<count).map { place in
            Double.random(in: 0..<1, using: &random) < 0.1
                ? nil : Double.random(in: -1...1, using: &random) + (30..<37 ~= place ? step : 0)
        }
        let weights = values.map { _ in
            Double.random(in: 0..<1, using: &random) < 0.1 ? 0 : Double.random(in: 0.2...1, using: &random)
        }
        for direction in [IntervalScan.Direction.up, .down, .either] {
            let found = IntervalScan.strongest(
                values, weights: weights, noise: 0.5, shortest: 2, longest: count / 2, direction: direction)
            let expected = everyStretch(values, weights, noise: 0.5, shortest: 2, longest: count / 2, direction)
            #expect(abs((found?.score ?? 0) - (expected ?? 0)) < 1e-9)
            if let found {
                let places = found.range.filter { values[$0] != nil && weights[$0] > 0 }
                let mean =
                    places.reduce(0) { $0 + weights[$1] * values[$1]! } / places.reduce(0) { $0 + weights[$1] }
                #expect(abs(mean - found.inside) < 1e-9)
            }
        }
    }

    @Test("a rise of ten minutes in two days is found to the minute; without it there is nothing above the limit")
    func minutes() throws {
        var random = SeededRandom(seed: 7)
        var values: [Double?] = (0..<2880).map { _ in Double.random(in: -1...1, using: &random) }
        let weights = values.map { _ in 1.0 }
        #expect(
            IntervalScan.strongest(values, weights: weights, noise: 0.58, shortest: 2, longest: 720, least: 6) == nil)
        for place in 1000..<1010 { values[place]! += 3 }
        let found = try #require(
            IntervalScan.strongest(values, weights: weights, noise: 0.58, shortest: 2, longest: 720, least: 6))
        #expect(found.range == 1000..<1010)
        #expect(found.score > 15)
    }
}
