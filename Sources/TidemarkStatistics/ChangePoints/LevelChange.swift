#if canImport(Glibc)
    import Glibc
#endif
import TidemarkBase

/// One change of level between two places of a series: where it is, whether noise alone does it, how sure its place is.
struct LevelChange {
    /// The values from the beginning of the level before to the end of the level after.
    let values: [Double]
    let noise: SeriesNoise
    let shortest: Int

    /// Where the new level begins.
    struct Place {
        /// Its first value.
        var index: Int
        /// Holds the place with the confidence asked for.
        var interval: ClosedRange<Int>
    }

    /// The place of the change, from the likelihood of two levels under AR(1) noise at each split: correlated noise hides where a
    /// mean changes but not the jump, which is as large against the innovations as ever. Unless the likeliest place is as good,
    /// it is the one that most probability lies near (±`shortest`), which errs by more than that less often.
    /// nil when there is no room for two levels. O(n).
    func place(confidence: Double = 0.95) -> Place? {
        let n = values.count
        let explained = explained()
        guard let most = explained.max() else { return nil }
        let power = 2 * noise.innovations
        // Running sums of the probability, unscaled; sums[k] holds those of ..<k.
        var sums = [0.0]
        for value in explained { sums.append(sums[sums.count - 1] + exp((value - most) / power)) }
        let near = explained.indices.map { k in
            sums[min(k + shortest + 1, explained.count)] - sums[max(k - shortest, 0)]
        }
        guard let likeliest = explained.firstIndex(of: most), let densest = near.max() else { return nil }
        let isSharp = near[likeliest] >= 0.999 * densest
        let place = shortest + (isSharp ? likeliest : near.firstIndex(of: densest) ?? likeliest)
        /// The first split up to which so much lies.
        func split(_ mass: Double) -> Int {
            min(n - shortest, shortest - 1 + (sums.firstIndex { $0 > 0 && $0 >= mass } ?? explained.count))
        }
        let tail = (1 - confidence) / 2 * sums[explained.count]
        return Place(
            index: place, interval: min(place, split(tail))...max(place, split(sums[explained.count] - tail)))
    }

    /// How much of the squared innovations two levels explain, for a new level from `shortest` on, from the next place on, ….
    private func explained() -> [Double] {
        let n = values.count
        guard n >= 2 * shortest, shortest >= 1 else { return [] }
        let phi = noise.correlation
        let center = values.reduce(0, +) / Double(n)
        // Running sums of the innovations; sums[t] holds those of 1..<t.
        var sums = [Double](repeating: 0, count: n + 1)
        for t in 1..<n { sums[t + 1] = sums[t] + (values[t] - center) - phi * (values[t - 1] - center) }
        let (start, gain) = (1 - phi * phi, 1 - phi)
        let head = start * (values[0] - center)
        return (shortest...n - shortest).map { t in
            // The normal equations of the two levels.
            let jump = sums[t + 1] - sums[t]
            let a11 = start + gain * gain * Double(t - 1) + phi * phi
            let a22 = 1 + gain * gain * Double(n - t - 1)
            let b1 = head + gain * sums[t] - phi * jump
            let b2 = jump + gain * (sums[n] - sums[t + 1])
            return (a22 * b1 * b1 + 2 * phi * b1 * b2 + a11 * b2 * b2) / (a11 * a22 - phi * phi)
        }
    }

    /// The largest difference of two means over all splits, in units of the standard deviation of independent noise of
    /// variance 1.
    private static func largestSplit(_ y: [Double], _ shortest: Int) -> Double {
        let n = Double(y.count)
        let total = y.reduce(0, +)
        var (sum, most) = (0.0, 0.0)
        for index in 0..<max(0, y.count - shortest) {
            sum += y[index]
            guard index + 1 >= shortest else { continue }
            let k = Double(index + 1)
            let off = sum - total * k / n
            most = max(most, off * off * n / (k * (n - k)))
        }
        return most
    }

    /// The values less the level of their side.
    func residuals(splitAt place: Int) -> [Double] {
        var residuals = values
        for side in [0..<place, place..<values.count] where !side.isEmpty {
            let mean = side.reduce(0) { $0 + values[$1] } / Double(side.count)
            for index in side { residuals[index] -= mean }
        }
        return residuals
    }

    /// How often the noise alone makes a split as large as this one anywhere: the residuals are put together again in blocks
    /// in random order, each upright or upside down. (Exceedances + 1) / (draws + 1); the draws end early once they cannot end
    /// below `enough`.
    /// - Parameter asTheyAre: shuffle the values themselves, upright: of rare counts, whose noise is no normal one, the residuals of
    ///   a chance cluster no longer make one.
    func chance(
        splitAt place: Int, asTheyAre: Bool, draws: Int, enough: Double, random: inout SeededRandom
    ) -> Double {
        let observed = Self.largestSplit(values, shortest)
        let residuals = asTheyAre ? values : residuals(splitAt: place)
        let block = max(1, min(noise.block, residuals.count / 4))
        let blocks = stride(from: 0, to: residuals.count, by: block).map {
            $0..<min(residuals.count, $0 + block)
        }
        var order = Array(blocks.indices)
        var shuffled: [Double] = []
        var exceeded = 0
        for draw in 1...draws {
            order.shuffle(using: &random)
            shuffled.removeAll(keepingCapacity: true)
            for index in order {
                let sign: Double = asTheyAre || random.next() & 1 == 0 ? 1 : -1
                for place in blocks[index] { shuffled.append(sign * residuals[place]) }
            }
            if Self.largestSplit(shuffled, shortest) >= observed { exceeded += 1 }
            if Double(exceeded + 1) > enough * Double(draws + 1) * 4 {
                return Double(exceeded + 1) / Double(draw + 1)
            }
        }
        return Double(exceeded + 1) / Double(draws + 1)
    }
}
