import Testing
import TidemarkStatistics

@Suite struct SeriesAlignmentTests {
    /// A load that wanders (first-order autoregressive), seen every 15 s by one side and every 10 s by the other, whose clock
    /// is ahead by `shift`.
    private func channel(shift: Double, noise: Double, seconds: Int = 3600, seed: UInt64 = 1) -> SeriesAlignment.Channel
    {
        var state = seed
        func random() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53) - 0.5
        }
        var load = [Double](repeating: 0, count: seconds)
        for second in 1..<seconds { load[second] = 0.98 * load[second - 1] + random() }
        let reference = Array(stride(from: 0, to: seconds, by: 15))
        let own = Array(stride(from: 7, to: seconds, by: 10))
        return SeriesAlignment.Channel(
            times: own.map { Double($0) + shift }, values: own.map { load[$0] + noise * random() },
            referenceTimes: reference.map(Double.init), referenceValues: reference.map { load[$0] })
    }

    @Test("the shift comes back to a second or two", arguments: [0.0, 28_800, -14_400, 3723, 19_800, -37, 512])
    func found(shift: Double) {
        let channels = [channel(shift: shift, noise: 0.5), channel(shift: shift, noise: 1, seed: 9)]
        guard case .found(let result) = SeriesAlignment.find(channels) else {
            Issue.record("refused: \(SeriesAlignment.find(channels))")
            return
        }
        #expect(abs(result.shift - shift) < 2, "\(result)")
        #expect(result.correlation > 0.9 && result.confidence > 0.7)
    }

    @Test("part of the samples is enough")
    func truncated() {
        var one = channel(shift: 7200, noise: 0.5)
        one.times = Array(one.times[100..<200])
        one.values = Array(one.values[100..<200])
        guard case .found(let result) = SeriesAlignment.find([one]) else {
            Issue.record("refused")
            return
        }
        #expect(abs(result.shift - 7200) < 3)
    }

    @Test("flat, short, unrelated and periodic evidence is refused, with numbers")
    func refusals() {
        var flat = channel(shift: 0, noise: 0)
        flat.values = flat.values.map { _ in 3 }
        #expect(SeriesAlignment.find([flat]) == .refused("the numbers to compare are flat"))
        var short = channel(shift: 0, noise: 0)
        short.times = Array(short.times.prefix(5))
        short.values = Array(short.values.prefix(5))
        guard case .refused(let why) = SeriesAlignment.find([short]) else {
            Issue.record("a short series was aligned")
            return
        }
        #expect(why.contains("5 samples"))
        var other = channel(shift: 0, noise: 0)
        other.values = channel(shift: 0, noise: 0, seed: 77).values
        guard case .refused = SeriesAlignment.find([other]) else {
            Issue.record("unrelated series were aligned")
            return
        }
        // The same every twenty minutes: many shifts fit.
        let times = (0..<1000).map { Double($0) * 10 }
        let wave = times.map { Double(Int($0) % 1200 < 600 ? 1 : 0) }
        let periodic = SeriesAlignment.Channel(times: times, values: wave, referenceTimes: times, referenceValues: wave)
        guard case .refused(let reason) = SeriesAlignment.find([periodic]) else {
            Issue.record("a periodic series was aligned")
            return
        }
        #expect(reason.contains("several shifts"))
    }
}
