import Testing
import TidemarkBase

@testable import TidemarkStatistics

@Suite struct ChangePointTests {
    /// AR(1) noise of standard deviation 5 about 100.
    private func series(_ phi: Double, _ count: Int, _ random: inout SeededRandom) -> [Double] {
        var state = 0.0
        return (-50..<count).compactMap { t in
            let normal = Normal.quantile(max(1e-12, random.uniform())) ?? 0
            state = phi * state + (1 - phi * phi).squareRoot() * normal
            return t < 0 ? nil : 100 + 5 * state
        }
    }

    @Test("PELT finds what ruptures finds", arguments: ["s", "many", "weak", "still"])
    func pelt(name: String) throws {
        let vectors = try Vectors("changepoints")
        let found = OptimalSegments.starts(
            vectors[name], penalty: vectors[name + ".penalty"][0], shortest: Int(vectors[name + ".shortest"][0]))
        #expect(found.map(Double.init) == vectors[name + ".starts"])
    }

    @Test("pruning loses nothing: as good as every segmentation of a long series", arguments: [3, 5])
    func exact(shortest: Int) {
        var random = SeededRandom(seed: 3)
        let values = series(0.5, 400, &random).enumerated().map { $1 + ($0 / 90 % 2 == 0 ? 0 : 6) }
        let penalty = 200.0
        // The plain recursion over all starts.
        var (cost, previous) = ([-penalty], [0])
        for end in 1...values.count {
            var best = (cost: Double.infinity, place: 0)
            if end >= shortest {
                for start in 0...end - shortest where cost[start] < .infinity {
                    let part = values[start..<end]
                    let mean = part.reduce(0, +) / Double(part.count)
                    let total = cost[start] + penalty + part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                    if total < best.cost { best = (total, start) }
                }
            }
            cost.append(best.cost)
            previous.append(best.place)
        }
        var (expected, at) = ([Int](), previous[values.count])
        while at > 0 {
            expected.append(at)
            at = previous[at]
        }
        #expect(!expected.isEmpty)
        #expect(OptimalSegments.starts(values, penalty: penalty, shortest: shortest) == expected.reversed())
    }

    @Test("few false alarms, and steps found where they are", arguments: [(0.0, 0.95), (0.6, 0.75)])
    func rates(phi: Double, leastF1: Double) throws {
        var random = SeededRandom(seed: 11)
        var settings = ChangePoints.Settings()
        settings.leastRelativeChange = 0
        var (alarms, hits, extra, inside) = (0, 0, 0, 0)
        let rounds = 24
        for _ in 0..<rounds {
            let still = try #require(ChangePoints.find(series(phi, 200, &random), settings))
            alarms += still.points.isEmpty ? 0 : 1
            let place = 40 + Int(random.uniform() * 120)
            let stepped = series(phi, 200, &random).enumerated().map { $1 * ($0 < place ? 1 : 1.1) }
            let found = try #require(ChangePoints.find(stepped, settings)).points
            let isHit = found.contains { abs($0.index - place) <= 5 }
            hits += isHit ? 1 : 0
            extra += found.count - (isHit ? 1 : 0)
            inside += found.contains { $0.interval.contains(place) } ? 1 : 0
        }
        // At 5 % four or more of 24 have a chance of 3 %.
        #expect(alarms <= 3, "\(alarms) false alarms")
        let f1 = 2 * Double(hits) / Double(rounds + hits + extra)
        #expect(f1 >= leastF1, "F1 \(f1): \(hits) hits, \(extra) extra")
        #expect(inside >= rounds * 3 / 4, "\(inside) places within their interval")
    }

    @Test("a disturbance has a beginning and an end, with medians, sizes and intervals")
    func disturbance() throws {
        var random = SeededRandom(seed: 5)
        let values = series(0.3, 400, &random).enumerated().map { $1 * ((200..<230).contains($0) ? 1.5 : 1) }
        let points = try #require(ChangePoints.find(values)).points
        try #require(points.count == 2)
        #expect(abs(points[0].index - 200) <= 1 && abs(points[1].index - 230) <= 1)
        expectClose(points[0].before, 100, relative: 0.02)
        expectClose(points[0].after, 150, relative: 0.05)
        expectClose(points[0].relativeChange, 0.5, relative: 0.15)
        let interval = try #require(points[0].relativeInterval)
        #expect(
            interval.lowerBound < 0.52 && interval.upperBound > 0.48
                && interval.contains(points[0].after / points[0].before - 1))
        #expect(interval.upperBound - interval.lowerBound < 0.2)
        #expect(points.allSatisfy { $0.p <= 0.01 && !$0.isProvisional && $0.interval.contains($0.index) })
    }

    @Test("a change near the end is provisional; one below the practical threshold is no news")
    func thresholds() throws {
        var random = SeededRandom(seed: 6)
        let values = series(0, 200, &random).enumerated().map { $1 * ($0 < 193 ? 1 : 1.6) }
        let last = try #require(ChangePoints.find(values)?.points.last)
        #expect(abs(last.index - 193) <= 1 && last.isProvisional)
        let small = series(0, 400, &random).enumerated().map { $1 * ($0 < 200 ? 1 : 1.03) }
        var settings = ChangePoints.Settings()
        #expect(ChangePoints.find(small, settings)?.points == [])
        settings.leastRelativeChange = 0.01
        #expect(ChangePoints.find(small, settings)?.points.count == 1)
        settings.leastChange = 50
        #expect(ChangePoints.find(small, settings)?.points == [])
    }

    @Test("rates near zero, and steps without noise")
    func plain() throws {
        let steps = (0..<60).map { $0 < 30 ? 0.0 : 0.2 }
        let point = try #require(ChangePoints.find(steps)?.points.first)
        #expect(point.index == 30 && point.before == 0 && point.relativeChange == nil && point.after == 0.2)
        #expect(ChangePoints.find(steps)?.points.count == 1)
        let down = try #require(ChangePoints.find(steps.reversed())?.points.first)
        #expect(down.index == 30 && down.relativeChange == -1)
    }

    @Test("the same answer every time; nil for too little; nothing in a constant")
    func edges() {
        var random = SeededRandom(seed: 9)
        let values = series(0.6, 150, &random).enumerated().map { $1 * ($0 < 70 ? 1 : 1.3) }
        #expect(ChangePoints.find(values) == ChangePoints.find(values))
        #expect(ChangePoints.find([]) == nil && ChangePoints.find([1, 2, 3]) == nil)
        #expect(ChangePoints.find(values + [.nan]) == nil && ChangePoints.find(values + [.infinity]) == nil)
        #expect(ChangePoints.find([Double](repeating: 7, count: 50))?.points == [])
        #expect(ChangePoints.find((0..<10).map(Double.init)) != nil)
        // Huge and tiny numbers, an alternation, a single spike.
        #expect(ChangePoints.find((0..<40).map { $0 % 2 == 0 ? 1e300 : -1e300 }) != nil)
        #expect(ChangePoints.find((0..<40).map { $0 % 2 == 0 ? 1e-300 : 0 }) != nil)
        #expect(ChangePoints.find((0..<100).map { $0 == 50 ? 1e6 : 1 })?.points == [])
    }
}
