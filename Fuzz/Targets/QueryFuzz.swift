import TidemarkBase
import TidemarkPromQL
import TidemarkSeries

/// PromQL: parsed, printed, evaluated over a little data.
enum QueryFuzz {
    private static let memory: MemorySeries = {
        var memory = MemorySeries()
        for instance in ["a", "b"] {
            for (name, step) in [("c_total", 3.0), ("g", -0.5)] {
                let handle = memory.series(Labels(["__name__": name, "instance": instance, "job": "j"]))
                for index in 0..<41 {
                    var value = Double(index % 29) * step
                    if index == 17 { value = instance == "a" ? StaleMarker.value : .nan }
                    if index == 31, instance == "b" { value = .infinity }
                    memory.append(series: handle, timeMs: Int64(index) * 15_000, value: value)
                }
            }
            for (index, bound) in ["0.1", "1", "+Inf"].enumerated() {
                let labels = Labels(["__name__": "h_bucket", "le": bound, "instance": instance])
                let handle = memory.series(labels)
                for at in 0..<41 {
                    memory.append(series: handle, timeMs: Int64(at) * 15_000, value: Double(at * (index + 1)))
                }
            }
        }
        return memory
    }()

    static func run(_ bytes: Bytes) {
        guard bytes.count > 1, bytes.count <= 4096 else { return }
        let query = bytes.slice(1, bytes.count).text
        var options = PromQLOptions()
        options.maxSamples = 100_000
        options.maxPoints = 100
        options.experimental = true
        options.compat = bytes[0] & 1 == 0 ? .v3 : .v2
        options.delayedNameRemoval = bytes[0] & 2 != 0
        let engine = PromQLEngine(source: memory, options: options)
        _ = try? engine.instant(query, timeMs: 600_000)
        _ = try? engine.range(query, startMs: 60_000, endMs: 600_000, stepMs: 45_000)
    }
}
