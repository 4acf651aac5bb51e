/// The points in time at which signals are evaluated: `startMs + stepMs`, `startMs + 2 stepMs`, … `endMs`.
/// A point stands for the step that ends there.
public struct TimeGrid: Sendable, Equatable {
    public let startMs: Int64
    public let endMs: Int64
    public let stepMs: Int64

    public init(startMs: Int64, endMs: Int64, stepMs: Int64) {
        self.startMs = startMs
        self.endMs = endMs
        self.stepMs = stepMs
    }

    public var count: Int { max(0, Int((endMs - startMs) / stepMs)) }
    public var seconds: Double { Double(endMs - startMs) / 1000 }

    @inlinable public func time(_ index: Int) -> Int64 { startMs + Int64(index + 1) * stepMs }

    /// Index of the step that holds an instant; nil outside the grid.
    public func index(of timeMs: Int64) -> Int? {
        guard timeMs > startMs, timeMs <= endMs else { return nil }
        let index = Int((timeMs - startMs - 1) / stepMs)
        return index < count ? index : nil
    }

    /// Index range of the steps that lie in `from…to`, clamped to the grid.
    public func range(_ from: Int64, _ to: Int64) -> Range<Int> {
        let low = max(0, Int((max(from, startMs) - startMs) / stepMs))
        let high = min(count, Int((min(to, endMs) - startMs + stepMs - 1) / stepMs))
        return low < high ? low..<high : 0..<0
    }

    /// The same stretch in shorter steps: `stepMs`, or as many of them together as keep the number below `most`.
    public func refined(_ stepMs: Int64, most: Int) -> TimeGrid {
        let together = max(1, (endMs - startMs) / stepMs / Int64(max(1, most)) + 1)
        let step = stepMs * (together == 1 ? 1 : together)
        return TimeGrid(startMs: startMs, endMs: startMs + (endMs - startMs + step - 1) / step * step, stepMs: step)
    }

    /// A grid over a window. The step follows the length (about 240 to 1,440 points) and is never shorter than the
    /// distance of the samples; windows beyond a few hours get one-minute steps, weeks get five minutes.
    public static func fitting(startMs: Int64, endMs: Int64, sampleIntervalMs: Int64) -> TimeGrid {
        let length = max(1000, endMs - startMs)
        let steps: [Int64] = [1, 2, 5, 10, 15, 30, 60, 300, 600, 1800, 3600].map { $0 * 1000 }
        let wanted = max(length / 400, min(sampleIntervalMs, 60_000))
        let step = steps.first { $0 >= wanted } ?? 3_600_000
        let first = startMs / step * step
        let last = (endMs + step - 1) / step * step
        return TimeGrid(startMs: first, endMs: max(last, first + step), stepMs: step)
    }
}
