/// The segmentation into constant levels that minimises squared error plus a penalty for each change, exact, by PELT (Killick,
/// Fearnhead, Eckley 2012).
enum OptimalSegments {
    /// Where a new level begins, ascending, 0 excluded. The same as `ruptures.Pelt(model="l2", jump=1)`.
    ///
    /// Candidates are pruned, so that it is O(n) with changes all along; a series without any costs n²/2 steps of a few
    /// instructions, 10,080 points about fifty milliseconds.
    static func starts(_ values: [Double], penalty: Double, shortest: Int) -> [Int] {
        let n = values.count
        let shortest = max(1, shortest)
        guard n >= 2 * shortest else { return [] }
        // Around the mean, so that the squares keep their digits.
        let mean = values.reduce(0, +) / Double(n)
        var (sums, squares) = ([0.0], [0.0])
        sums.reserveCapacity(n + 1)
        squares.reserveCapacity(n + 1)
        for value in values {
            let off = value - mean
            sums.append(sums[sums.count - 1] + off)
            squares.append(squares[squares.count - 1] + off * off)
        }
        var cost = [Double](repeating: .infinity, count: n + 1)
        cost[0] = -penalty
        var candidates = Candidates()
        for end in shortest...n {
            let newest = end - shortest
            if cost[newest] < .infinity {
                candidates.add(place: newest, base: cost[newest] - squares[newest], sum: sums[newest])
            }
            let least = candidates.least(Double(end), sums[end])
            cost[end] = least + squares[end] + penalty
            // Now and then is enough. A start that is already worse than ending here stays worse.
            if end % 64 == 0 { candidates.prune(Double(end), sums[end], above: least + penalty) }
        }
        var starts: [Int] = []
        var end = n
        while true {
            var best = (place: 0, value: Double.infinity)
            for place in 0...end - shortest where cost[place] < .infinity {
                let rise = sums[end] - sums[place]
                let value = cost[place] - squares[place] - rise * rise / Double(end - place)
                if value < best.value { best = (place, value) }
            }
            if best.place == 0 { return starts.reversed() }
            starts.append(best.place)
            end = best.place
        }
    }

    /// Starts of the last level that may yet be best, four to a vector.
    private struct Candidates {
        private var places: [SIMD4<Double>] = []
        /// Cost up to the start less the sum of squares there; +∞ in unused lanes.
        private var bases: [SIMD4<Double>] = []
        private var sums: [SIMD4<Double>] = []
        private var count = 0

        mutating func add(place: Int, base: Double, sum: Double) {
            if count % 4 == 0 {
                places.append(SIMD4(repeating: -1))
                bases.append(SIMD4(repeating: .infinity))
                sums.append(SIMD4(repeating: 0))
            }
            set(count, Double(place), base, sum)
            count += 1
        }

        private mutating func set(_ k: Int, _ place: Double, _ base: Double, _ sum: Double) {
            places[k / 4][k % 4] = place
            bases[k / 4][k % 4] = base
            sums[k / 4][k % 4] = sum
        }

        /// The least cost of a level that ends here, less the squares up to here.
        func least(_ end: Double, _ sum: Double) -> Double {
            let (end, sum) = (SIMD4(repeating: end), SIMD4(repeating: sum))
            var least = SIMD4(repeating: Double.infinity)
            places.withUnsafeBufferPointer { places in
                bases.withUnsafeBufferPointer { bases in
                    sums.withUnsafeBufferPointer { sums in
                        for k in 0..<places.count {
                            let rise = sum - sums[k]
                            let value = bases[k] - rise * rise / (end - places[k])
                            least.replace(with: value, where: value .< least)
                        }
                    }
                }
            }
            return least.min()
        }

        mutating func prune(_ end: Double, _ sum: Double, above limit: Double) {
            var kept = 0
            for k in 0..<count {
                let (place, base, start) = (places[k / 4][k % 4], bases[k / 4][k % 4], sums[k / 4][k % 4])
                let rise = sum - start
                guard base - rise * rise / (end - place) <= limit else { continue }
                if kept < k { set(kept, place, base, start) }
                kept += 1
            }
            for k in kept..<count { set(k, -1, .infinity, 0) }
            count = kept
            let vectors = (count + 3) / 4
            places.removeLast(places.count - vectors)
            bases.removeLast(bases.count - vectors)
            sums.removeLast(sums.count - vectors)
        }
    }
}
