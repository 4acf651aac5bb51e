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

    /// The first place of the new level, by the likelihood of two levels under AR(1) noise. Correlated noise hides where a
    /// mean changes but not the jump, which is as large against the innovations as ever.
    /// nil when there is no room for two levels. O(n).
    func place() -> Int? {
        Self.place(values, noise.correlation, shortest)
    }

    private static func place(_ y: [Double], _ phi: Double, _ shortest: Int) -> Int? {
        let n = y.count
        guard n >= 2 * shortest, shortest >= 1, n >= 2 else { return nil }
        let center = y.reduce(0, +) / Double(n)
        // Innovations and their running sums; sums[t] holds those of 1..<t.
        var sums = [Double](repeating: 0, count: n + 1)
        for t in 1..<n { sums[t + 1] = sums[t] + (y[t] - center) - phi * (y[t - 1] - center) }
        let (start, g) = ((1 - phi * phi), 1 - phi)
        var best: (place: Int, explained: Double)?
        for t in shortest...n - shortest {
            let jump = sums[t + 1] - sums[t]
            let a11 = start + g * g * Double(t - 1) + phi * phi
            let a22 = 1 + g * g * Double(n - t - 1)
            let b1 = start * (y[0] - center) + g * sums[t] - phi * jump
            let b2 = jump + g * (sums[n] - sums[t + 1])
            let determinant = a11 * a22 - phi * phi
            guard determinant > 0 else { continue }
            let explained = (a22 * b1 * b1 + 2 * phi * b1 * b2 + a11 * b2 * b2) / determinant
            if explained > best?.explained ?? -1 { best = (t, explained) }
        }
        return best?.place
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
    /// in random order. (Exceedances + 1) / (draws + 1); the draws end early once they cannot end below `enough`.
    func chance(splitAt place: Int, block: Int, draws: Int, enough: Double, random: inout SeededRandom) -> Double {
        let observed = Self.largestSplit(values, shortest)
        let residuals = residuals(splitAt: place)
        let block = max(1, min(block, residuals.count / 4))
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
                // A block turned upside down is as likely.
                let sign: Double = random.next() & 1 == 0 ? 1 : -1
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
