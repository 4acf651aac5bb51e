import TidemarkSeries

/// Compares answers with what a script expects. All functions give what is wrong, or nil.
enum ScriptComparison {
    private static let tolerance = 1e-6

    static func failure(_ one: ScriptCase, _ error: any Error) -> String? {
        let text = "\(error)"
        // A message may be given with or without its place.
        let plain = (error as? PromQLError)?.message ?? text
        for wanted in one.expectations where wanted.kind == .fail {
            guard wanted.matches(text) || wanted.matches(plain) else { return "failed otherwise: \(text)" }
        }
        return nil
    }

    // MARK: remarks

    static func remarks(_ one: ScriptCase, _ answer: PromQLAnswer) -> String? {
        remarks(one, .warn, .no_warn, answer.warnings) ?? remarks(one, .info, .no_info, answer.infos)
    }

    private static func remarks(
        _ one: ScriptCase, _ kind: ScriptExpectation.Kind, _ none: ScriptExpectation.Kind, _ found: [String]
    ) -> String? {
        let texts = found.map(withoutPlace)
        if one.has(none), let first = texts.first { return "unexpected remark: \(first)" }
        let wanted = one.expectations.filter { $0.kind == kind }
        guard !wanted.isEmpty else { return nil }
        guard !texts.isEmpty else { return "expected a remark (\(kind.rawValue)), but there was none" }
        for one in wanted where !texts.contains(where: one.matches) {
            return
                "no remark like \(one.message ?? one.pattern?.source ?? "any") among: \(texts.joined(separator: "; "))"
        }
        for text in texts where !wanted.contains(where: { $0.matches(text) }) { return "unexpected remark: \(text)" }
        return nil
    }

    /// A remark without the ` (line:column)` at its end.
    private static func withoutPlace(_ text: String) -> String {
        guard text.hasSuffix(")"), let open = text.lastIndex(of: "("), open > text.startIndex else { return text }
        let place = text[open...].dropFirst().dropLast().split(separator: ":")
        guard place.count == 2, place.allSatisfy({ Int($0) != nil }) else { return text }
        return String(text[..<text.index(before: open)])
    }

    // MARK: values

    static func value(_ one: ScriptCase, _ value: PromQLValue) -> String? {
        switch value {
        case .string(_, let text):
            return text == one.string ?? "" ? nil : "is \"\(text)\", not \"\(one.string ?? "")\""
        case .scalar(let sample):
            guard let expected = one.scalar else { return "is a scalar" }
            return equal(expected, sample.value) ? nil : "is \(sample.value), not \(expected)"
        case .vector(let samples):
            guard one.scalar == nil else { return "is a vector, not a scalar" }
            return vector(one, samples)
        case .matrix(let series):
            guard one.scalar == nil else { return "is a matrix, not a scalar" }
            return matrix(one, series)
        }
    }

    /// The step at `time` of a range query's answer against what the instant query should give.
    static func middle(_ one: ScriptCase, _ value: PromQLValue, _ time: Int64) -> String? {
        guard case .matrix(let series) = value else { return "is no matrix" }
        let samples = series.compactMap { one -> VectorSample? in
            if let index = one.timesMs.firstIndex(of: time) {
                return VectorSample(labels: one.labels, timeMs: time, value: one.values[index])
            }
            return one.histogramTimesMs.firstIndex(of: time).map {
                VectorSample(labels: one.labels, timeMs: time, value: 0, histogram: one.histograms[$0])
            }
        }
        guard let expected = one.scalar else { return vector(one, samples) }
        guard samples.count == 1 else { return "has \(samples.count) values" }
        return equal(expected, samples[0].value) ? nil : "is \(samples[0].value), not \(expected)"
    }

    private static func vector(_ one: ScriptCase, _ samples: [VectorSample]) -> String? {
        var seen: Set<Labels> = []
        for (index, sample) in samples.enumerated() {
            guard let expected = one.series[sample.labels] else {
                return "unexpected \(sample.labels) \(sample.histogram?.text ?? "\(sample.value)")"
            }
            guard let first = expected.values.first else { return "\(sample.labels) without a value in the script" }
            if one.has(.ordered), expected.place != index + 1 {
                return "\(sample.labels) is at place \(index + 1), not \(expected.place)"
            }
            if let reason = difference(first, sample.value, sample.histogram) { return "\(sample.labels) \(reason)" }
            seen.insert(sample.labels)
        }
        return one.series.keys.filter { !seen.contains($0) }.min().map { "\($0) is missing" }
    }

    private static func matrix(_ one: ScriptCase, _ series: [MatrixSeries]) -> String? {
        guard !one.has(.ordered) else { return "a matrix has no order" }
        var seen: Set<Labels> = []
        for one_ in series {
            guard let expected = one.series[one_.labels] else { return "unexpected \(one_.labels)" }
            seen.insert(one_.labels)
            var found: [Int64: (Double, NativeHistogram?)] = [:]
            for (time, value) in zip(one_.timesMs, one_.values) { found[time] = (value, nil) }
            for (time, histogram) in zip(one_.histogramTimesMs, one_.histograms) { found[time] = (0, histogram) }
            for (index, value) in expected.values.enumerated() {
                let time = one.startMs + Int64(index) * one.stepMs
                guard time <= one.endMs else { return "\(one_.labels): more values are expected than there are steps" }
                if case .omitted = value { continue }
                guard let (number, histogram) = found.removeValue(forKey: time) else {
                    return "\(one_.labels) has no value at \(time) ms"
                }
                if let reason = difference(value, number, histogram) { return "\(one_.labels) at \(time) ms \(reason)" }
            }
            if let time = found.keys.min() { return "\(one_.labels) has an unexpected value at \(time) ms" }
        }
        return one.series.keys.filter { !seen.contains($0) }.min().map { "\($0) is missing" }
    }

    private static func difference(_ expected: ScriptValue, _ value: Double, _ histogram: NativeHistogram?) -> String? {
        switch (expected, histogram) {
        case (.omitted, _): return "is expected to have no value"
        case (.float(let wanted), nil): return equal(wanted, value) ? nil : "is \(value), not \(wanted)"
        case (.float(let wanted), let found?): return "is \(found.text), not \(wanted)"
        case (.histogram(let wanted, _), nil): return "is \(value), not \(wanted.text)"
        case (.histogram(let wanted, let hintGiven), let found?):
            if agree(wanted.compacted, found.compacted), !hintGiven || wanted.resetHint == found.resetHint {
                return nil
            }
            return "is \(described(found)), not \(described(wanted))"
        }
    }

    private static func described(_ histogram: NativeHistogram) -> String {
        "\(histogram.text) (schema \(histogram.schema), zero threshold \(histogram.zeroThreshold), reset \(histogram.resetHint))"
    }

    /// Equal within a relative error; NaN equals NaN, and a stale marker only itself.
    static func equal(_ a: Double, _ b: Double) -> Bool {
        if StaleMarker.matches(a) || StaleMarker.matches(b) { return StaleMarker.matches(a) && StaleMarker.matches(b) }
        if a.isNaN && b.isNaN || a == b { return true }
        let sum = abs(a) + abs(b)
        let difference = abs(a - b)
        if a == 0 || b == 0 || sum < .leastNormalMagnitude { return difference < tolerance * .leastNormalMagnitude }
        return difference / min(sum, .greatestFiniteMagnitude) < tolerance
    }

    private static func agree(_ a: NativeHistogram, _ b: NativeHistogram) -> Bool {
        func same(_ x: [(index: Int, count: Double)], _ y: [(index: Int, count: Double)]) -> Bool {
            x.count == y.count && zip(x, y).allSatisfy { $0.index == $1.index && equal($0.count, $1.count) }
        }
        return a.schema == b.schema && equal(a.count, b.count) && equal(a.sum, b.sum)
            && (!a.hasCustomBounds || a.customBounds == b.customBounds) && a.zeroThreshold == b.zeroThreshold
            && equal(a.zeroCount, b.zeroCount)
            && same(
                NativeHistogram.entries(a.positiveSpans, a.positive),
                NativeHistogram.entries(b.positiveSpans, b.positive))
            && same(
                NativeHistogram.entries(a.negativeSpans, a.negative),
                NativeHistogram.entries(b.negativeSpans, b.negative))
    }
}
