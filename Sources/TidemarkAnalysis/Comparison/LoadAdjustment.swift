import TidemarkStatistics

/// How much longer the same work takes in the candidate: the change of the mean inter-token latency at the baseline's load and
/// mix, with a 95 % interval (`docs/methods.md`, Comparison).
struct LoadAdjustment {
    /// Percent.
    var slowdown: Double
    var low: Double
    var high: Double
    /// Half the 95 % interval over 1.96, percent.
    var error: Double
    /// Percent by matching windows of equal work instead of the model; nil without common windows.
    var matched: Double?
    /// Share of the candidate's and of the baseline's windows whose work the other side has seen too, the smaller one.
    var support: Double
    /// Share of the windows that were set aside as disturbed: baseline, candidate.
    var disturbed: (baseline: Double, candidate: Double)
    /// Percent, nothing set aside.
    var withDisturbed: Double?
    /// Typical relative residual of a window.
    var residual: Double
    var decomposition: LatencyChange?

    /// speed = base − generated·G − prompt·P − cached·K − shift in the candidate.
    struct Line {
        var base: Double
        var generated = 0.0
        var prompt = 0.0
        var cached = 0.0
        /// What the candidate's sequences get less, tokens a second.
        var shift = 0.0

        /// The part that falls with the load.
        func work(_ window: StepWindow) -> Double {
            generated * window.generated + prompt * window.prompt + cached * window.cached
        }
    }

    /// At least so many windows a side; below it an interval says nothing.
    static let fewestWindows = 8
    private static let mostWindows = 12_000

    /// nil with too few windows, or when the line cannot be fitted.
    /// - Parameter replicas: of each side, those without evidence too.
    init?(_ windows: [StepWindow], windowSeconds: Double, replicas: (old: Int, new: Int)) {
        // Weeks of many replicas: longer windows tell as much in less time.
        let width = 1 + windows.count / Self.mostWindows
        let windows = width > 1 ? Self.merged(windows, width) : windows
        let windowSeconds = windowSeconds * Double(width)
        let baseline = windows.filter { !$0.isCandidate }
        let candidate = windows.filter(\.isCandidate)
        guard baseline.count >= Self.fewestWindows, candidate.count >= Self.fewestWindows else { return nil }
        // Neighbours within five minutes may err alike.
        let lag = max(4, min(min(baseline.count, candidate.count) / 4, Int(300 / windowSeconds)))
        guard let fit = Fit(windows, lag: lag) else { return nil }
        decomposition = LatencyChange(windows, fit, replicas: replicas)
        let effect = Effect(baseline, fit)
        // Few windows tell little about how long neighbours err alike: the critical value for a lag that is a share b of the
        // series (Kiefer & Vogelsang 2005, Bartlett weights, 95 %).
        let b = Double(lag + 1) / Double(min(baseline.count, candidate.count))
        let critical = 1.96 + 2.9694 * b + 0.416 * b * b - 0.5324 * b * b * b
        guard let slowdown = effect.percent(fit.line.shift),
            let lower = effect.percent(fit.line.shift - critical * fit.shiftError),
            let upper = effect.percent(fit.line.shift + critical * fit.shiftError)
        else { return nil }
        self.slowdown = slowdown
        // The same with longer windows and with nothing set aside: how much the answer hangs on how it was asked.
        let plain = Fit(windows, lag: lag, isResistant: false).flatMap { Effect(baseline, $0).percent($0.line.shift) }
        withDisturbed = plain
        var others = [plain].compactMap { $0 }
        for width in [2, 4] {
            let merged = Self.merged(windows, width)
            let first = merged.filter { !$0.isCandidate }
            guard min(first.count, merged.count - first.count) >= Self.fewestWindows,
                let other = Fit(merged, lag: max(2, lag / width)),
                let value = Effect(first, other).percent(other.line.shift)
            else { continue }
            others.append(value)
        }
        let spread =
            others.isEmpty
            ? 0
            : (others.reduce(0) { $0 + ($1 - slowdown) * ($1 - slowdown) } / Double(others.count)).squareRoot()
        func bound(_ end: Double) -> Double {
            let half = (end - slowdown).magnitude
            return (half * half + 1.96 * 1.96 * spread * spread).squareRoot()
        }
        low = slowdown - bound(lower)
        high = slowdown + bound(upper)
        error = (high - low) / 2 / 1.96
        residual = fit.relativeResidual
        disturbed = (fit.setAside(isCandidate: false), fit.setAside(isCandidate: true))
        let line = fit.line
        support = Self.support(baseline.map(line.work), candidate.map(line.work))
        matched = Self.matched(windows, fit).flatMap { Effect(baseline, fit).percent($0) }
    }

    /// Windows of a replica and side, `width` neighbours together.
    private static func merged(_ windows: [StepWindow], _ width: Int) -> [StepWindow] {
        var result: [StepWindow] = []
        var index = 0
        while index + width <= windows.count {
            var one = windows[index]
            let group = windows[index..<index + width]
            guard let last = group.last, last.replica == one.replica, last.isCandidate == one.isCandidate else {
                index += 1
                continue
            }
            func mean(_ value: (StepWindow) -> Double) -> Double {
                group.reduce(0) { $0 + value($1) * $1.seconds } / one.seconds
            }
            /// nil when a window doesn't know it.
            func known(_ value: (StepWindow) -> Double?) -> Double? {
                guard group.allSatisfy({ value($0) != nil }) else { return nil }
                return group.reduce(0) { $0 + (value($1) ?? 0) * $1.seconds } / group.reduce(0) { $0 + $1.seconds }
            }
            (one.arrivals, one.allPrompt) = (known(\.arrivals), known(\.allPrompt))
            one.seconds = group.reduce(0) { $0 + $1.seconds }
            one.decodeSeconds = group.reduce(0) { $0 + $1.decodeSeconds }
            one.tokens = group.reduce(0) { $0 + $1.tokens }
            (one.generated, one.prompt, one.cached) = (mean(\.generated), mean(\.prompt), mean(\.cached))
            result.append(one)
            index += width
        }
        return result
    }

    /// The smaller of the shares of each side's values within the other's 1st and 99th percentiles.
    private static func support(_ a: [Double], _ b: [Double]) -> Double {
        func share(_ values: [Double], in other: [Double]) -> Double {
            guard let low = Quantiles.linear(0.01, of: other), let high = Quantiles.linear(0.99, of: other) else {
                return 0
            }
            // Rounding must not part equal values.
            let slack = 1e-9 * max(low.magnitude, high.magnitude)
            return Double(values.count { $0 >= low - slack && $0 <= high + slack }) / Double(max(1, values.count))
        }
        return min(share(a, in: b), share(b, in: a))
    }

    /// The candidate's loss of speed in strata of equal work (tenths of all windows), weighted as the baseline's.
    private static func matched(_ windows: [StepWindow], _ fit: Fit) -> Double? {
        let work = windows.map(fit.line.work)
        let edges = (1..<10).compactMap { Quantiles.linear(Double($0) / 10, of: work) }
        var sums = [[(tokens: Double, seconds: Double)]](
            repeating: [(0, 0), (0, 0)], count: edges.count + 1)
        for (index, window) in windows.enumerated() where fit.influence[index] > 0 {
            let stratum = edges.firstIndex { work[index] <= $0 } ?? edges.count
            let side = window.isCandidate ? 1 : 0
            sums[stratum][side].tokens += window.tokens
            sums[stratum][side].seconds += window.decodeSeconds
        }
        var (loss, mass) = (0.0, 0.0)
        for stratum in sums where stratum[0].seconds > 0 && stratum[1].seconds > 0 {
            let before = stratum[0].tokens / stratum[0].seconds
            loss += stratum[0].seconds * (before - stratum[1].tokens / stratum[1].seconds)
            mass += stratum[0].seconds
        }
        return mass > 0 ? loss / mass : nil
    }
}

extension LoadAdjustment {
    /// The change of the mean latency over the baseline's windows when sequences get `shift` tokens a second less: steps that
    /// take longer also hold more sequences and prompts at the same rates, which lengthens them again.
    private struct Effect {
        let tokens: [Double]
        let speeds: [Double]

        init(_ baseline: [StepWindow], _ fit: Fit) {
            tokens = baseline.map(\.tokens)
            speeds = baseline.map { max(fit.speed($0), 0.05 * $0.speed) }
        }

        /// nil when the baseline's load would be more than the candidate can take.
        func percent(_ shift: Double) -> Double? {
            var (before, after) = (0.0, 0.0)
            for (count, speed) in zip(tokens, speeds) {
                // A busy moment near saturation would decide everything: at most twenty times.
                after += count / max(speed - shift, speed / 20)
                before += count / speed
            }
            let percent = 100 * (after / before - 1)
            return percent.isFinite && percent < 1500 ? percent : nil
        }
    }

    /// Robust regression of the speed on the rates, the side and the replicas.
    struct Fit {
        let line: Line
        let shiftError: Double
        let influence: [Double]
        let relativeResidual: Double
        private let windows: [StepWindow]
        private let replicaShift: [Int: Double]

        init?(_ windows: [StepWindow], lag: Int, isResistant: Bool = true) {
            let sides = Dictionary(grouping: windows, by: \.replica).mapValues { Set($0.map(\.isCandidate)).count }
            let paired = sides.filter { $0.value == 2 }.keys.sorted()
            // With replicas of equal names on both sides each is compared with itself: one that is missing on a side shifts nothing.
            var own = !paired.isEmpty ? sides.keys.sorted().filter { $0 != paired[0] } : []
            if own.count > 64 { own = [] }
            let columns: [(name: Int, value: (StepWindow) -> Double)] = [
                (0, \.generated), (1, \.prompt), (2, \.cached),
            ]
            // A cost is never negative: what comes out so is left out, the clearest first.
            var kept = columns.filter { column in
                let values = windows.map(column.value)
                return (values.max() ?? 0) > (values.min() ?? 0)
            }
            let groups = windows.map { $0.replica * 2 + ($0.isCandidate ? 1 : 0) }
            var fitted: RobustRegression?
            while true {
                let design = Matrix(
                    windows.map { window in
                        [1, window.isCandidate ? 1 : 0] + kept.map { $0.value(window) }
                            + own.map { $0 == window.replica ? 1 : 0 }
                    })
                guard let design,
                    let one = RobustRegression(
                        design, windows.map(\.speed), weights: windows.map(\.decodeSeconds), groups: groups, lag: lag,
                        isResistant: isResistant)
                else {
                    guard !kept.isEmpty else { return nil }
                    kept.removeLast()
                    continue
                }
                fitted = one
                let wrong = kept.indices.filter { one.coefficients[2 + $0] > 0 }
                guard
                    let worst = wrong.max(by: {
                        one.coefficients[2 + $0] / one.standardError(2 + $0)
                            < one.coefficients[2 + $1] / one.standardError(2 + $1)
                    })
                else { break }
                kept.remove(at: worst)
            }
            guard let fitted else { return nil }
            let x = fitted.coefficients
            var line = Line(base: x[0])
            for (place, column) in kept.enumerated() {
                switch column.name {
                case 0: line.generated = -x[2 + place]
                case 1: line.prompt = -x[2 + place]
                default: line.cached = -x[2 + place]
                }
            }
            line.shift = -x[1]
            self.line = line
            shiftError = fitted.standardError(1)
            influence = fitted.influence
            self.windows = windows
            replicaShift = Dictionary(
                uniqueKeysWithValues: own.enumerated().map { ($1, x[2 + kept.count + $0]) })
            relativeResidual =
                Quantiles.median(zip(fitted.residuals, windows).map { abs($0 / $1.speed) }).map { $0 / 0.6745 } ?? 0
        }

        /// Of a window of the baseline with nothing but its load, tokens a second.
        func speed(_ window: StepWindow) -> Double {
            line.base - line.work(window) + (replicaShift[window.replica] ?? 0)
        }

        /// Mean over replicas of what they are faster than the first, weighted by a side's decoding time.
        func replicaShift(of windows: [StepWindow]) -> Double {
            let mass = windows.reduce(0) { $0 + $1.decodeSeconds }
            return windows.reduce(0) { $0 + $1.decodeSeconds * (replicaShift[$1.replica] ?? 0) } / mass
        }

        /// Share of a side's windows that the regression set aside.
        func setAside(isCandidate: Bool) -> Double {
            let own = windows.indices.filter { windows[$0].isCandidate == isCandidate }
            return Double(own.count { influence[$0] < 0.01 }) / Double(max(1, own.count))
        }
    }
}
