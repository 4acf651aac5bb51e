import TidemarkSeries
import TidemarkStatistics
import TidemarkStore

/// One engine over one stretch of time, as counters and gauges saw it.
struct CapacityWindow {
    var startMs: Int64
    var seconds: Double
    /// First tokens, whose number is that of the requests that got so far.
    var arrivals = 0.0
    var firstTokenSeconds = 0.0
    /// Gaps between tokens, and their sum.
    var gaps = 0.0
    var gapSeconds = 0.0
    /// nil: not counted.
    var steps: Double?
    var promptTokens = 0.0
    var computedTokens = 0.0
    var generated = 0.0
    var running = 0.0
    var kvRatio: Double?
    var prefills = 0.0
    var prefillSeconds = 0.0
    var queues = 0.0
    var queueSeconds = 0.0
    /// Processor time of the API server.
    var processorSeconds: Double?
}

/// A classic histogram summed over stretches: bounds and cumulative counts.
struct SummedHistogram {
    var bounds: [Double] = []
    var cumulative: [Double] = []
    var count: Double { cumulative.last ?? 0 }

    mutating func add(_ table: HistogramTable, _ low: Int, _ high: Int) {
        let buckets = table.buckets(low, high)
        if bounds.isEmpty {
            bounds = buckets.map(\.bound)
            cumulative = Array(repeating: 0, count: bounds.count)
        }
        guard bounds.count == buckets.count else { return }
        var sum = 0.0
        for (place, bucket) in buckets.enumerated() {
            sum += bucket.count
            cumulative[place] += sum
        }
    }

    mutating func add(_ other: SummedHistogram) {
        if bounds.isEmpty {
            self = other
        } else if bounds == other.bounds {
            for place in bounds.indices { cumulative[place] += other.cumulative[place] }
        }
    }

    /// Share above a bound that is one of the histogram's.
    func share(above place: Int) -> Double { count > 0 ? 1 - cumulative[place] / count : 0 }
}

/// An engine and what was seen of it outside of incidents.
struct EngineRecord {
    /// Replica as the report calls it.
    var replica: String
    /// Value of the label `instance`; nil without metrics.
    var instance: String?
    /// Value of the label `engine`; nil without.
    var engine: String?
    var windows: [CapacityWindow] = []
    var prompts = SummedHistogram()
    var promptSum = 0.0
    var generations = SummedHistogram()
    var generationSum = 0.0
    var interToken = SummedHistogram()
    var stepTokens = SummedHistogram()
    /// Lengths of single requests, where spans tell them (without metrics).
    var lengths: [(prompt: Double, generated: Double)] = []
    var model: String?
    var cache: (blocks: Double?, size: Double?)?
    var hasV0Metrics = false
}

/// Reads engines' windows from the counters of Prometheus.
struct CapacityReader {
    let store: Store
    let period: Int
    let source: StoreSeries
    let fleet: Fleet
    let grid: TimeGrid
    let targetStarts: [String: Int64]
    /// Steps of the grid that count.
    let usable: [Bool]

    private func table(_ names: [String]) throws -> CounterTable? {
        for name in names {
            let table = try CounterTable(
                source, matchers: [LabelMatcher(Labels.metricName, equals: name)], grid: grid,
                targetStarts: targetStarts, isSmooth: true)
            if !table.rows.isEmpty { return table }
        }
        return nil
    }

    /// Mean of a gauge over each step, by series; NaN without samples.
    private func gauge(_ names: [String]) throws -> [(labels: Labels, means: [Double])] {
        for name in names {
            var found: [(labels: Labels, means: [Double])] = []
            try source.select(
                [LabelMatcher(Labels.metricName, equals: name)], startMs: grid.startMs, endMs: grid.endMs
            ) { samples in
                var sums = [Double](repeating: 0, count: grid.count)
                var counts = sums
                for index in 0..<samples.count where samples.values[index].isFinite {
                    guard let step = grid.index(of: samples.timesMs[index]) else { continue }
                    sums[step] += samples.values[index]
                    counts[step] += 1
                }
                found.append((samples.labels, zip(sums, counts).map { $1 > 0 ? $0 / $1 : .nan }))
            }
            if !found.isEmpty { return found }
        }
        return []
    }

    func records() throws -> [EngineRecord] {
        let running = try gauge(["vllm:num_requests_running"])
        guard !running.isEmpty else { return [] }
        let kv = try gauge(["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"])
        let itl = ["vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"]
        let queue = ["vllm:request_queue_time_seconds", "vllm:time_in_queue_requests"]
        func pair(_ names: [String]) throws -> (CounterTable?, CounterTable?) {
            (try table(names.map { $0 + "_sum" }), try table(names.map { $0 + "_count" }))
        }
        let gaps = try pair(itl)
        let queues = try pair(queue)
        let first = try pair(["vllm:time_to_first_token_seconds"])
        let prefill = try pair(["vllm:request_prefill_time_seconds"])
        let steps = try pair(["vllm:iteration_tokens_total"])
        let prompts = try table(["vllm:prompt_tokens_total"])
        let generated = try table(["vllm:generation_tokens_total"])
        let hits = try table(["vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"])
        let bySource = try table(["vllm:prompt_tokens_by_source_total"])
        let processor = try table(["process_cpu_seconds_total"])
        let promptSum = try table(["vllm:request_prompt_tokens_sum"])
        let generationSum = try table(["vllm:request_generation_tokens_sum"])
        let cacheInfo = try gauge(["vllm:cache_config_info"])
        let swapped = try gauge(["vllm:num_requests_swapped"])

        var records: [EngineRecord] = []
        for (place, one) in running.enumerated() {
            let instance = one.labels["instance"]
            let engine = one.labels["engine"]
            func isOwn(_ labels: Labels) -> Bool {
                labels["instance"] == instance && (labels["engine"] == nil || labels["engine"] == engine)
            }
            guard
                !running[..<place].contains(where: {
                    $0.labels["instance"] == instance && $0.labels["engine"] == engine
                })
            else { continue }
            var record = EngineRecord(
                replica: instance.flatMap { fleet.replica(scrapeInstance: $0)?.name } ?? instance ?? "replica",
                instance: instance, engine: engine)
            record.model = one.labels["model_name"]
            record.hasV0Metrics = swapped.contains { isOwn($0.labels) }
            if let info = cacheInfo.first(where: { isOwn($0.labels) }) {
                record.cache = (
                    info.labels["num_gpu_blocks"].flatMap { Double($0) },
                    info.labels["block_size"].flatMap { Double($0) }
                )
            }
            let ownGaps = (gaps.0?.filtered(isOwn), gaps.1?.filtered(isOwn))
            let ownQueues = (queues.0?.filtered(isOwn), queues.1?.filtered(isOwn))
            let ownFirst = (first.0?.filtered(isOwn), first.1?.filtered(isOwn))
            let ownPrefill = (prefill.0?.filtered(isOwn), prefill.1?.filtered(isOwn))
            let ownSteps = (steps.0?.filtered(isOwn), steps.1?.filtered(isOwn))
            let (ownPrompts, ownGenerated) = (prompts?.filtered(isOwn), generated?.filtered(isOwn))
            let ownHits = hits?.filtered(isOwn)
            let computed = bySource?.filtered { isOwn($0) && $0["source"] == "local_compute" }
            let ownProcessor = processor?.filtered { $0["instance"] == instance }
            let (ownPromptSum, ownGenerationSum) = (promptSum?.filtered(isOwn), generationSum?.filtered(isOwn))
            let ownKV = kv.filter { isOwn($0.labels) }
            for step in usable.indices where usable[step] && one.means[step].isFinite {
                func increase(_ table: CounterTable?) -> Double { table?.increase(step, step + 1) ?? 0 }
                var window = CapacityWindow(
                    startMs: grid.time(step) - grid.stepMs, seconds: Double(grid.stepMs) / 1000)
                window.running = one.means[step]
                window.kvRatio = ownKV.map { $0.means[step] }.first { $0.isFinite }
                (window.gapSeconds, window.gaps) = (increase(ownGaps.0), increase(ownGaps.1))
                (window.firstTokenSeconds, window.arrivals) = (increase(ownFirst.0), increase(ownFirst.1))
                (window.prefillSeconds, window.prefills) = (increase(ownPrefill.0), increase(ownPrefill.1))
                (window.queueSeconds, window.queues) = (increase(ownQueues.0), increase(ownQueues.1))
                if ownSteps.1?.rows.isEmpty == false { window.steps = increase(ownSteps.1) }
                window.promptTokens = increase(ownPrompts)
                window.generated = increase(ownGenerated)
                if let computed, !computed.rows.isEmpty {
                    window.computedTokens = increase(computed)
                } else if let ownHits, !ownHits.rows.isEmpty {
                    window.computedTokens = max(0, window.promptTokens - increase(ownHits))
                } else if ownSteps.0?.rows.isEmpty == false {
                    // V0 counts no hits: what a step computes is in its tokens.
                    window.computedTokens = min(window.promptTokens, max(0, increase(ownSteps.0) - window.generated))
                } else {
                    window.computedTokens = window.promptTokens
                }
                if ownProcessor?.rows.isEmpty == false { window.processorSeconds = increase(ownProcessor) }
                record.promptSum += increase(ownPromptSum)
                record.generationSum += increase(ownGenerationSum)
                record.windows.append(window)
            }
            records.append(record)
        }
        try addHistograms(&records)
        return records
    }

    /// Histograms over the usable stretches. Their many series are read on a coarser grid.
    private func addHistograms(_ records: inout [EngineRecord]) throws {
        let together = max(1, grid.count / 1500)
        let coarse = TimeGrid(
            startMs: grid.startMs, endMs: grid.startMs + Int64(grid.count / together * together) * grid.stepMs,
            stepMs: grid.stepMs * Int64(together))
        var stretches: [Range<Int>] = []
        for step in 0..<coarse.count {
            guard (step * together..<(step + 1) * together).allSatisfy({ usable[$0] }) else { continue }
            if let last = stretches.last, last.upperBound == step {
                stretches[stretches.count - 1] = last.lowerBound..<step + 1
            } else {
                stretches.append(step..<step + 1)
            }
        }
        let wanted: [([String], WritableKeyPath<EngineRecord, SummedHistogram>)] = [
            (["vllm:request_prompt_tokens"], \.prompts), (["vllm:request_generation_tokens"], \.generations),
            (["vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds"], \.interToken),
            (["vllm:iteration_tokens_total"], \.stepTokens),
        ]
        for (names, path) in wanted {
            for name in names {
                let table = try CounterTable(
                    source, matchers: [LabelMatcher(Labels.metricName, equals: name + "_bucket")], grid: coarse,
                    targetStarts: targetStarts, isSmooth: true)
                guard !table.rows.isEmpty else { continue }
                for place in records.indices {
                    let (instance, engine) = (records[place].instance, records[place].engine)
                    let own = HistogramTable(
                        table.filtered {
                            $0["instance"] == instance && ($0["engine"] == nil || $0["engine"] == engine)
                        })
                    if own.isUsable {
                        for stretch in stretches {
                            records[place][keyPath: path].add(own, stretch.lowerBound, stretch.upperBound)
                        }
                    }
                }
                // Summed over the engines by who collected them: of the model's traffic all the same.
                for place in records.indices {
                    let model = records[place].model
                    let isOnly = records.allSatisfy { $0.model == model }
                    guard !records.contains(where: { $0.model == model && $0[keyPath: path].count > 0 }) else {
                        continue
                    }
                    let whole = HistogramTable(
                        table.filtered {
                            $0["instance"] == nil && ($0["model_name"].map { $0 == model } ?? isOnly)
                        })
                    if whole.isUsable {
                        for stretch in stretches {
                            records[place][keyPath: path].add(whole, stretch.lowerBound, stretch.upperBound)
                        }
                    }
                }
                break
            }
        }
    }
}
