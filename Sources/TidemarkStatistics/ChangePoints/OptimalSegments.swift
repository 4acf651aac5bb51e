/// The segmentation into constant levels that minimises squared error plus a penalty for each change, exact, by PELT (Killick,
/// Fearnhead, Eckley 2012).
enum OptimalSegments {
    /// Where a new level begins, ascending, 0 excluded. The same as `ruptures.Pelt(model="l2", jump=1)`.
    ///
    /// Candidates are pruned, so that it is O(n) with changes all along; a series without any costs n²/2 steps of a few
    /// instructions, 10,080 points a few hundredths of a second.
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
        var previous = [Int](repeating: 0, count: n + 1)
        cost[0] = -penalty
        // Of each candidate: its start, cost less squares, and sum.
        var places: [Double] = []
        var bases: [Double] = []
        var heads: [Double] = []
        var gains: [Double] = []
        for end in shortest...n {
            let newest = end - shortest
            if newest == 0 || cost[newest] < .infinity {
                places.append(Double(newest))
                bases.append(cost[newest] - squares[newest])
                heads.append(sums[newest])
                gains.append(0)
            }
            let count = places.count
            let (here, sum) = (Double(end), sums[end])
            var least = Double.infinity
            gains.withUnsafeMutableBufferPointer { gains in
                places.withUnsafeBufferPointer { places in
                    bases.withUnsafeBufferPointer { bases in
                        heads.withUnsafeBufferPointer { heads in
                            for k in 0..<count {
                                let rise = sum - heads[k]
                                gains[k] = bases[k] - rise * rise / (here - places[k])
                            }
                            for k in 0..<count { least = gains[k] < least ? gains[k] : least }
                        }
                    }
                }
            }
            guard least < .infinity else { continue }
            cost[end] = least + squares[end] + penalty
            var kept = 0
            for k in 0..<count {
                if gains[k] == least, previous[end] == 0 { previous[end] = Int(places[k]) }
                // A start that is already worse than ending here stays worse.
                guard gains[k] <= least + penalty else { continue }
                if kept < k { (places[kept], bases[kept], heads[kept]) = (places[k], bases[k], heads[k]) }
                kept += 1
            }
            if kept < count {
                places.removeLast(count - kept)
                bases.removeLast(count - kept)
                heads.removeLast(count - kept)
                gains.removeLast(count - kept)
            }
        }
        var starts: [Int] = []
        var at = previous[n]
        while at > 0 {
            starts.append(at)
            at = previous[at]
        }
        return starts.reversed()
    }
}
