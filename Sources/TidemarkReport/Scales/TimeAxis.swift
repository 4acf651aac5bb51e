import TidemarkBase

/// The one time axis that all charts of a report share.
struct TimeAxis: Sendable, Equatable {
    struct Tick: Sendable, Equatable {
        var timeMs: Int64
        var label: String
        /// Left out on narrow screens.
        var isMinor: Bool
    }

    let startMs: Int64
    let endMs: Int64

    init(_ span: ReportModel.TimeSpan) {
        startMs = span.startMs
        endMs = max(span.endMs, span.startMs + 1)
    }

    var lengthMs: Int64 { endMs - startMs }

    /// 0 at the start of the window, 1 at its end; outside for times outside.
    func position(_ timeMs: Int64) -> Double { Double(timeMs - startMs) / Double(lengthMs) }

    /// The part of `span` inside the window; nil: none.
    func clamped(_ span: ReportModel.TimeSpan) -> (from: Double, to: Double)? {
        let low = max(span.startMs, startMs)
        let high = min(span.endMs, endMs)
        return low < high ? (position(low), position(high)) : nil
    }

    /// Steps that people count in, in milliseconds: seconds, minutes, hours, days, weeks.
    static let stepsMs: [Int64] =
        [1, 2, 5, 10, 20, 50, 100, 200, 500]
        + [1, 2, 5, 10, 15, 30].map { $0 * 1000 } + [1, 2, 5, 10, 15, 30].map { $0 * 60_000 }
        + [1, 2, 3, 6, 12].map { $0 * 3_600_000 } + [1, 2, 7, 14, 28, 91, 182, 364].map { $0 * 86_400_000 }

    static let weekMs = 7 * CivilTime.millisPerDay
    /// 1970-01-05.
    static let firstMondayMs = 4 * CivilTime.millisPerDay

    /// The smallest step that gives at most `limit` ticks.
    func stepMs(limit: Int) -> Int64 {
        let last = Self.stepsMs[Self.stepsMs.count - 1]
        var step = Self.stepsMs.first { lengthMs / $0 < Int64(max(limit, 1)) } ?? last
        while lengthMs / step >= Int64(max(limit, 1)) { step *= 2 }
        return step
    }

    /// At most `limit` ticks at natural times. Midnight shows the date.
    func ticks(limit: Int) -> [Tick] {
        let step = stepMs(limit: limit)
        var ticks: [Tick] = []
        // The days of whole weeks are Mondays; the epoch was a Thursday.
        let first = step % Self.weekMs == 0 ? Self.firstMondayMs : 0
        var at = CivilTime.floorDivide(startMs - first + step - 1, step) * step + first
        while at <= endMs {
            ticks.append(Tick(timeMs: at, label: label(at, stepMs: step), isMinor: false))
            at += step
        }
        // Every second one is minor when there are many; those that stay are the rounder ones.
        if ticks.count > 4 {
            let rounder = ticks.firstIndex { CivilTime.floorDivide($0.timeMs, step) % 2 == 0 } ?? 0
            for index in ticks.indices { ticks[index].isMinor = (index - rounder) % 2 != 0 }
        }
        return ticks
    }

    private func label(_ timeMs: Int64, stepMs: Int64) -> String {
        let inDay = timeMs - CivilTime.floorDivide(timeMs, CivilTime.millisPerDay) * CivilTime.millisPerDay
        if stepMs >= CivilTime.millisPerDay || (inDay == 0 && lengthMs > 7_200_000) { return Phrases.shortDate(timeMs) }
        if stepMs >= 60_000 { return CivilTime.clock(timeMs, seconds: false) }
        let clock = CivilTime.clock(timeMs)
        guard stepMs < 1000 else { return clock }
        return clock + ByteWriter.fixed(Double(inDay % 1000) / 1000, decimals: 3).dropFirst()
    }
}
