import TidemarkSeries

/// The samples of a view, of both kinds, that lie in a window: what functions need that know histograms or start times.
struct MixedWindow {
    let view: SampleView
    var floats: Range<Int>
    var histograms: Range<Int>
    /// The window's bounds in Unix milliseconds, without what edges add.
    let startMs: Int64
    let endMs: Int64
    let rangeMs: Int64

    init(_ view: SampleView, _ windows: Evaluator.Windows, _ step: Int) {
        self.init(
            view, from: windows.closed ? windows.start(step) : windows.start(step) + 1, to: windows.end(step),
            startMs: windows.start(step), endMs: windows.end(step))
    }

    /// - Parameters:
    ///   - first: the first time whose sample belongs to the window.
    ///   - last: the last one.
    init(_ view: SampleView, from first: Int64, to last: Int64, startMs: Int64, endMs: Int64) {
        self.view = view
        func within(_ times: some RandomAccessCollection<Int64>) -> Range<Int> {
            let low = times.firstPlace { $0 >= first }
            return low..<max(low, times.firstPlace { $0 > last })
        }
        floats = within(view.times)
        histograms = within(view.histogramTimes)
        self.startMs = startMs
        self.endMs = endMs
        rangeMs = endMs - startMs
    }

    var isEmpty: Bool { floats.isEmpty && histograms.isEmpty }
    var isMixed: Bool { !floats.isEmpty && !histograms.isEmpty }

    func startTime(_ index: Int) -> Int64 { view.startTimes.isEmpty ? 0 : view.startTimes[index] }
    func histogramStartTime(_ index: Int) -> Int64 {
        view.histogramStartTimes.isEmpty ? 0 : view.histogramStartTimes[index]
    }
}

extension RandomAccessCollection {
    /// The distance to the first element that satisfies a condition that holds for all elements from some place on.
    func firstPlace(where condition: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if condition(self[index(startIndex, offsetBy: middle)]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension SeriesSamples {
    /// Without the samples that say that the series ended.
    var withoutStaleMarkers: SeriesSamples {
        var live = SeriesSamples(labels: labels)
        for index in 0..<count where !StaleMarker.matches(values[index]) {
            live.timesMs.append(timesMs[index])
            live.values.append(values[index])
            if !startTimesMs.isEmpty { live.startTimesMs.append(startTimesMs[index]) }
        }
        for index in histograms.indices where !histograms[index].isStale {
            live.histogramTimesMs.append(histogramTimesMs[index])
            live.histograms.append(histograms[index])
            if !histogramStartTimesMs.isEmpty { live.histogramStartTimesMs.append(histogramStartTimesMs[index]) }
        }
        return live
    }
}
