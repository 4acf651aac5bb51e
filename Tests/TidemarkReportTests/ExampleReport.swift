import TidemarkBase
import TidemarkReport

/// A report as it comes out of a 20-minute incident: the KV cache of two replicas ran full. Times 10:00–10:20 UTC on
/// 2026-11-23; one replica's scrapes are missing for a while, one exporter skipped single seconds.
enum ExampleReport {
    typealias Model = ReportModel

    static let startMs = CivilTime.millis(year: 2026, month: 11, day: 23, hour: 10)
    static let window = Model.TimeSpan(startMs: startMs, endMs: startMs + 1_200_000)
    static let incident = Model.TimeSpan(startMs: startMs + 120_000, endMs: startMs + 1_020_000)

    static func at(_ minute: Int, _ second: Int = 0) -> Int64 { startMs + Int64(minute * 60 + second) * 1000 }

    static func csv(_ name: String) -> Model.FileLink { Model.FileLink(path: "csv/\(name).csv", label: name) }

    /// 0 outside the incident, up to 1 inside, with slopes of a minute.
    static func load(_ seconds: Double) -> Double {
        if seconds < 90 || seconds > 1050 { return 0 }
        if seconds < 180 { return (seconds - 90) / 90 }
        if seconds > 960 { return (1050 - seconds) / 90 }
        return 1
    }

    /// One value a second; `gaps` (seconds from start) are missing.
    static func series(
        _ name: String, _ role: Model.Series.Role = .observed, everySeconds step: Int = 1,
        gaps: [Range<Int>] = [], seed: UInt64 = 1, _ value: (Double, Double) -> Double
    ) -> Model.Series {
        var random = SeededRandom(seed: seed)
        let seconds = Array(stride(from: 0, through: 1200, by: step))
        return Model.Series(
            name: name, role: role, timesMs: seconds.map { startMs + Int64($0) * 1000 },
            values: seconds.map { second in
                let drawn = value(Double(second), random.uniform())
                return gaps.contains { $0.contains(second) } ? nil : drawn
            })
    }

    static let scrapeGaps = [395..<430, 431..<432, 437..<438, 811..<814]

    static var model: Model {
        Model(
            title: "acme-8b, morning of 23 November", subtitle: "Fleet prod-eu, 2 replicas",
            window: window,
            facts: [.init("Case", "INC-2291"), .init("Model", "acme-8b"), .init("Engine", "vLLM 0.11.2")],
            dataQuality: .init(
                level: .fair,
                reasons: [
                    "Scrapes of replica r1 are missing from 10:06:35 to 10:07:10.",
                    "The clock of nvidia-smi was aligned by correlation: +1 h, ±2 s.",
                ]),
            verdict: verdict, findings: findings, ruledOut: ruledOut,
            notChecked: [
                .init(what: "Whether the gateway queued requests", remedy: "capture the gateway's access log")
            ],
            incidents: [.init(span: incident, label: "Incident 10:02–10:17")], events: events,
            overview: overview, sections: sections, keyFigures: keyFigures, distributions: distributions,
            replicas: replicas, logEvents: logEvents, topClients: topClients,
            slowestRequests: slowestRequests, engineRuns: engineRuns,
            coverage: coverage, methods: methods,
            downloads: [
                .init(path: "tidemark.sqlite", label: "All evidence and results, for SQL."),
                .init(path: "report.json", label: "The findings for other programs."),
            ], csvFolder: "csv")
    }

    static let verdict = Model.Verdict(
        severity: .incident,
        sentences: [
            "Between 10:02 and 10:17 UTC users of acme-8b waited up to 41 s for the first token, normally 0.13 s.",
            "The KV cache was full on both replicas: prompts ten times as long as usual arrived from 10:01, "
                + "and requests queued until cache blocks came free.",
        ],
        keyNumbers: [
            .init(label: "Requests affected", value: 4_812, unit: .none, comparison: "of 7.94 k, 61 %"),
            .init(label: "Worst P95 TTFT", value: 41.2, unit: .seconds, comparison: "normally 0.13 s"),
            .init(label: "Errors", value: 37, unit: .none, comparison: "normally 0–2 in 20 min"),
            .init(label: "Error budget used", value: 0.184, unit: .ratio, comparison: "of the month’s budget"),
            .init(label: "Lost user time", value: 58_300, unit: .seconds, comparison: "≈ 12 s a request"),
        ])

    static let findings: [Model.Finding] = [
        .init(
            rank: 1, cause: "kv_cache_limit", title: "The KV cache was full",
            summary: "Usage stood at its limit for 14 minutes while the batch had free slots: new requests waited for "
                + "blocks, and running ones were preempted and computed again.",
            span: incident, confidence: 0.93, confidenceWord: .high, impactShare: 0.71,
            impact: "About 41 k of 58.3 k lost user-seconds; 4 210 requests waited more than 2 s.",
            replicas: ["r0", "r1"],
            evidence: [
                .init(
                    signal: "KV cache usage, P95", value: 0.998, baseline: 0.41, unit: .ratio, needed: "≥ 95 %",
                    source: "prometheus/r0.om", line: 18_220),
                .init(
                    signal: "Waiting requests", value: 63, baseline: 0, unit: .requests, needed: "> 0",
                    source: "logs/r0.log", line: 4_411),
                .init(
                    signal: "Preemptions", value: 3.14, baseline: 0, unit: .perSecond("preemptions"), needed: "> 0.1/s"),
                .init(signal: "Running requests", value: 38, baseline: 21, unit: .requests, needed: "< 256"),
                .init(signal: "Prompt length, mean", value: 6_140, baseline: 612, unit: .tokens),
            ],
            ruledOut: [
                .init(cause: "Batch slots", reason: "at most 38 of 256 slots were taken"),
                .init(cause: "GPU throttling", reason: "SM clock 1.98 GHz throughout, no throttle reason"),
            ],
            notChecked: [
                .init(
                    what: "Whether prefix caching would have helped",
                    remedy: "--enable-prefix-caching and the prefix_cache_hits counter")
            ],
            recommendations: [
                .init(
                    "Raise --gpu-memory-utilization from 0.85 to 0.92 on both replicas.",
                    effect: "31 % more cache blocks (28–34 %)."),
                .init(
                    "Cap prompts of client batch-eval at 4 k tokens, or give it a replica of its own.",
                    effect: "no waiting at this load.", urgency: .next),
            ]),
        .init(
            rank: 2, cause: "mix_shift", title: "Prompts became ten times as long",
            summary: "One client began to send prompts of 6 k tokens at 10:01.",
            span: .init(startMs: at(1), endMs: at(17)), confidence: 0.68, confidenceWord: .medium, impactShare: 0.22,
            impact: "The trigger of the first finding.", replicas: ["r0", "r1"],
            evidence: [
                .init(signal: "Prompt tokens per request", value: 6_140, baseline: 612, unit: .tokens),
                .init(signal: "Share of client batch-eval", value: 0.38, baseline: 0.02, unit: .ratio),
            ]),
    ]

    static let ruledOut: [Model.RuledOut] = [
        .init(cause: "Network or client", reason: "time outside the engine 4 ms at P95, as always"),
        .init(cause: "Engine crash", reason: "no process ended inside the incident"),
        .init(cause: "Replica imbalance", reason: "r0 took 50.8 % of the requests"),
    ]

    static let events: [Model.EventMark] = [
        .init(timeMs: at(1, 4), kind: .note, label: "Prompt length rises tenfold"),
        .init(timeMs: at(4, 10), kind: .errorBurst, label: "37 answers with 503 in 40 s"),
        .init(timeMs: at(12, 30), kind: .throttle, label: "GPU 3: power cap for 9 s"),
        .init(timeMs: at(17, 40), kind: .restart, label: "r1 restarted by hand"),
    ]

    static var overview: [Model.Strip] {
        let gaps = scrapeGaps
        return [
            .init(
                id: "load", title: "Arrivals stayed level; their tokens did not",
                subtitle: "Prompt tokens arriving, sum over replicas, 1 s", unit: .tokensPerSecond,
                series: [
                    series("last week", .context, everySeconds: 15, seed: 9) { _, r in 4_000 + 900 * r },
                    series("prompt", gaps: gaps) { t, r in 4_100 + 900 * r + load(t + 40) * (19_000 + 6_000 * r) },
                ], csv: csv("load")),
            .init(
                id: "ttft", title: "Users waited up to 41 s for the first token",
                subtitle: "Time to first token over replicas, 1-minute windows", unit: .seconds, yScale: .log,
                series: [
                    series("P50", .percentile, gaps: gaps, seed: 2) { t, r in 0.06 + 0.01 * r + load(t) * 6 * (0.6 + r)
                    },
                    series("P95", .percentile, gaps: gaps, seed: 3) { t, r in
                        0.12 + 0.03 * r + load(t) * 33 * (0.8 + r / 4) + (t == 700 ? 2.3 : 0)
                    },
                ], limits: [.init(value: 2, label: "SLO 2 s")], csv: csv("ttft")),
            .init(
                id: "queue", title: "Requests queued while batch slots stood empty",
                subtitle: "Sum over replicas", unit: .requests,
                series: [
                    series("running", gaps: gaps, seed: 4) { t, r in (36 + 8 * r + load(t) * 34).rounded() },
                    series("waiting", .bad, gaps: gaps, seed: 5) { t, r in (load(t) * (90 + 36 * r)).rounded() },
                ], csv: csv("queue")),
            .init(
                id: "kv-cache", title: "The KV cache was full for 14 minutes",
                subtitle: "KV cache usage per replica", unit: .ratio, yMaximum: 1,
                series: [
                    series("r0", .replica, seed: 6) { t, r in min(1, 0.38 + 0.08 * r + load(t) * 0.7) },
                    series("r1", .replica, gaps: [380..<470], seed: 7) { t, r in
                        t > 1_060 ? 0.02 + 0.05 * r : min(0.995, 0.30 + 0.1 * r + load(t) * 0.72)
                    },
                ], limits: [.init(value: 0.95, label: "blame from 95 %")],
                missing: [.init(startMs: at(6, 35), endMs: at(7, 10))],
                csv: csv("kv-cache")),
            .init(
                id: "preemptions", title: "Running requests lost their cache 2 600 times",
                subtitle: "Preemptions, sum over replicas, 10 s windows", unit: .perSecond("preemptions"),
                series: [
                    series("preempted", .bad, everySeconds: 10, seed: 8) { t, r in load(t) * 3.4 * r }
                ], csv: csv("preemptions")),
            .init(
                id: "gpu-power", title: "The GPUs were busy but not throttled",
                subtitle: "Power per GPU, mean of four, with range", unit: .watts,
                series: [gpuPower], limits: [.init(value: 700, label: "limit 700 W")], csv: csv("gpu-power")),
        ]
    }

    static var gpuPower: Model.Series {
        var power = series("mean", gaps: [600..<660], seed: 10) { t, r in 420 + 30 * r + load(t) * 180 }
        power.band = .init(low: power.values.map { $0.map { $0 - 40 } }, high: power.values.map { $0.map { $0 + 55 } })
        return power
    }

    static var sections: [Model.StripSection] {
        let replicaNames = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"]
        return [
            .init(
                title: "Service", introduction: "What users and gateways saw.",
                strips: [
                    .init(
                        id: "requests", title: "Request rate stayed level", subtitle: "Finished requests",
                        unit: .requestsPerSecond,
                        series: [series("requests", seed: 21) { t, r in 6 + 2 * r - load(t) * 2 }], csv: csv("requests")
                    ),
                    .init(
                        id: "errors", title: "Errors came in one burst", subtitle: "Answers 5xx",
                        unit: .requestsPerSecond,
                        series: [
                            series("5xx", .bad, seed: 22) { t, r in t > 250 && t < 290 ? (r * 2).rounded() : 0 }
                        ]),
                    .init(
                        id: "e2e", title: "Whole answers took a minute", subtitle: "End-to-end latency", unit: .seconds,
                        yScale: .log,
                        series: [
                            series("P50", .percentile, everySeconds: 30, seed: 23) { t, r in 3 + r + load(t) * 20 },
                            series("P95", .percentile, everySeconds: 30, seed: 24) { t, r in 8 + r + load(t) * 60 },
                            series("P99", .percentile, everySeconds: 30, seed: 25) { t, r in 9 + r + load(t) * 90 },
                        ]),
                    .init(
                        id: "itl", title: "Tokens came more slowly, too", subtitle: "Inter-token latency, P95",
                        unit: .seconds,
                        series: [series("P95", seed: 26) { t, r in 0.021 + 0.003 * r + load(t) * 0.024 }],
                        limits: [.init(value: 0.05, label: "SLO 50 ms")]),
                ]),
            .init(
                title: "Inference", introduction: "What the engines did.",
                strips: [
                    .init(
                        id: "running-by-replica", title: "All replicas carried the same load",
                        subtitle: "Running requests", unit: .requests,
                        series: replicaNames.enumerated().map { index, name in
                            series(name, .replica, everySeconds: 5, seed: UInt64(30 + index)) { t, r in
                                10 + Double(index) * 2 + 4 * r + load(t) * 12
                            }
                        }),
                    .init(
                        id: "empty", title: "No prefix cache was measured", subtitle: "Hit ratio", unit: .ratio,
                        yMaximum: 1, series: [series("hits", gaps: [0..<1201]) { _, _ in 0 }]),
                ]),
            .init(
                title: "System", introduction: "What the machines did.",
                strips: [
                    .init(
                        id: "clock", title: "Clocks were steady", subtitle: "SM clock, lowest of four", unit: .hertz,
                        series: [
                            series("SM", seed: 50) { t, r in t > 750 && t < 759 ? 1.2e9 : 1.98e9 - 1e7 * r.rounded() }
                        ]),
                    .init(
                        id: "memory", title: "GPU memory was at its plan", subtitle: "Memory used, highest",
                        unit: .bytes,
                        series: [series("used", everySeconds: 10, seed: 51) { _, r in 7.2e10 + 1e8 * r }],
                        limits: [.init(value: 8.589934592e10, label: "80 GiB")]),
                ]),
        ]
    }

    static let keyFigures: [Model.KeyFigureTable] = [
        .init(
            scope: "Fleet",
            rows: [
                .init(
                    signal: "Time to first token, P95", unit: .seconds, wholeWindow: .known(28.4), worst: .known(41.2),
                    worstStartMs: at(9, 30), bucketLow: 20, bucketHigh: 40),
                .init(
                    signal: "Inter-token latency, P95", unit: .seconds, wholeWindow: .known(0.0412),
                    worst: .known(0.0478),
                    worstStartMs: at(9), bucketLow: 0.025, bucketHigh: 0.05),
                .init(
                    signal: "End-to-end latency, P99", unit: .seconds, wholeWindow: .known(96), worst: .known(131),
                    worstStartMs: at(10), bucketLow: 60, bucketHigh: .infinity),
                .init(
                    signal: "Prompt tokens", unit: .tokensPerSecond, wholeWindow: .known(18_400), worst: .known(24_100),
                    worstStartMs: at(8)),
                .init(signal: "Prefix cache hits", unit: .ratio, wholeWindow: .known(nil)),
            ], csv: csv("key-figures-fleet")),
        .init(
            scope: "r0",
            rows: [
                .init(
                    signal: "Time to first token, P95", unit: .seconds, wholeWindow: .known(27.9), worst: .known(40.6),
                    worstStartMs: at(9), bucketLow: 20, bucketHigh: 40)
            ]),
    ]

    static let distributions: [Model.Distribution] = [
        .init(
            id: "prompt-length", title: "Most prompts are short; one client’s are not",
            subtitle: "Requests by prompt length, tokens", kind: .ordered,
            bars: [
                ("1", 3, 4), ("2", 8, 9), ("5", 41, 50), ("10", 120, 130), ("20", 310, 350), ("50", 690, 720),
                ("100", 1_020, 1_100), ("200", 1_400, 1_500), ("500", 1_180, 1_300), ("1 k", 640, 700),
                ("2 k", 420, 110), ("5 k", 1_610, 20), ("10 k", 498, 2), ("20 k", 0, 0), ("50 k", 0, 0),
            ].map { .init(label: $0.0, count: $0.1, baseline: $0.2) }, csv: csv("prompt-length")),
        .init(
            id: "generation-length", title: "Answers were as long as ever",
            subtitle: "Requests by generated tokens", kind: .ordered,
            bars: [("1–50", 812.0), ("51–100", 1_930), ("101–200", 3_304), ("201–500", 1_610), ("501–1000", 284)]
                .map { .init(label: $0.0, count: $0.1) }),
        .init(
            id: "finish-reasons", title: "Nearly all answers ended by themselves", subtitle: "Finish reasons",
            kind: .categorical,
            bars: [
                .init(label: "stop", count: 7_410), .init(label: "length", count: 493),
                .init(label: "abort", count: 37, isBad: true),
            ]),
        .init(
            id: "status-codes", title: "One answer in 200 was an error", subtitle: "Status codes", kind: .categorical,
            bars: [
                .init(label: "200", count: 7_903), .init(label: "400", count: 3, isBad: true),
                .init(label: "503", count: 37, isBad: true),
            ]),
    ]

    static let replicas = Model.FigureTable(
        columns: [
            .init("Requests", .none), .init("TTFT P95", .seconds), .init("ITL P95", .seconds),
            .init("KV cache, highest", .ratio), .init("Preemptions", .none), .init("Power, mean", .watts),
        ],
        rows: [
            .init(name: "r0", values: [4_034, 27.9, 0.0409, 0.999, 1_344, 588]),
            .init(name: "r1", values: [3_906, 28.9, 0.0416, 0.995, 1_271, nil], note: "scrapes missing for 35 s"),
        ], csv: csv("replicas"))

    static let logEvents: [Model.LogEvent] = [
        .init(
            timeMs: at(2, 11), level: "WARNING", count: 2_615,
            text:
                "Sequence group <*> is preempted by PreemptionMode.RECOMPUTE because there is not enough KV cache space.",
            source: "logs/r0.log", line: 4_388),
        .init(
            timeMs: at(4, 10), level: "ERROR", count: 37,
            text: "<script>alert('x')</script> \u{1B}[31mqueue full\u{1B}[0m'; DROP TABLE finding; --",
            source: "logs/r1.log", line: 3_907),
        .init(
            timeMs: nil, level: "INFO", count: 12, text: "line one\nline two\ttabbed \u{202E}reversed",
            source: "logs/r1.log"),
    ]

    static let slowestRequests: [Model.TracedRequest] = [
        .init(
            startMs: 1_795_454_745_030, requestID: "chatcmpl-lg-000002", traceID: "68f1c4936977cea06a931843a1bbdd8f",
            endToEnd: 76.25, timeToFirstToken: 64.4, queue: 63.9, promptTokens: 1233, completionTokens: 144)
    ]

    static let topClients: [Model.Client] = [
        .init(
            name: "batch-eval (10.4.7.19)", requests: 3_017, share: 0.38, errors: 21, peakRequestsPerSecond: 4.1,
            note: "new"),
        .init(name: "web (10.4.1.2)", requests: 2_610, share: 0.329, errors: 11, peakRequestsPerSecond: 3.2),
        .init(name: "2001:db8::4f", requests: 12, share: 0.0015, errors: 0),
    ]

    static var engineRuns: [Model.EngineRun] {
        let arguments: [Model.Fact] = [
            .init("--model", "/models/acme-8b"), .init("--tensor-parallel-size", "2"),
            .init("--max-num-seqs", "256"), .init("--gpu-memory-utilization", "0.85"),
        ]
        let capacity: [Model.Fact] = [
            .init("GPU KV cache size", "412 768 tokens"), .init("Maximum concurrency", "12.6 at 32 768 tokens"),
        ]
        return [
            .init(
                replica: "r0", startMs: nil, version: "0.11.2", model: "acme-8b", arguments: arguments,
                capacity: capacity),
            .init(
                replica: "r1", startMs: nil, endMs: at(17, 40), ending: "stopped by hand", version: "0.11.2",
                model: "acme-8b", arguments: arguments, capacity: capacity),
            .init(
                replica: "r1", startMs: at(17, 55), version: "0.11.2", model: "acme-8b",
                arguments: arguments.dropLast() + [.init("--gpu-memory-utilization", "0.92")],
                capacity: [
                    .init("GPU KV cache size", "540 416 tokens"), .init("Maximum concurrency", "16.5 at 32 768 tokens"),
                ]),
        ]
    }

    static let coverage = Model.Coverage(
        sources: [
            .init(
                file: "evidence/logs/r0.log", format: "vllm-log", kind: "log", firstMs: at(-40), lastMs: at(21),
                records: 9_120, lines: 9_644, noise: 511, rejects: 13, clockOffsetMs: 0,
                clockMethod: "outer container stamps", clockConfidence: "certain"),
            .init(
                file: "evidence/logs/r1.log", format: "vllm-log", kind: "log", firstMs: at(-40), lastMs: at(20, 30),
                records: 8_731, lines: 9_002, noise: 270, rejects: 1, clockOffsetMs: -37,
                clockMethod: "running and waiting requests against the gauges", clockConfidence: "r = 0.98"),
            .init(
                file: "evidence/prometheus/very/deep/folder/with/a/long/name/prod-eu-acme-8b-replica-1.om",
                format: "openmetrics", kind: "metrics", firstMs: at(0), lastMs: at(20), records: 412_804,
                lines: 414_220,
                noise: 1_416, rejects: 0, clockOffsetMs: 0, clockMethod: "own stamps", clockConfidence: "certain",
                gaps: [.init(startMs: at(6, 35), endMs: at(7, 10))]),
            .init(
                file: "evidence/gpu/smi.csv", format: "nvidia-smi-csv", kind: "gpu", firstMs: at(2), lastMs: at(18),
                records: 3_840, lines: 3_841, noise: 1, rejects: 0, clockOffsetMs: 3_600_000,
                clockMethod: "GPU power against token throughput", clockConfidence: "r = 0.91, ±2 s",
                gaps: [.init(startMs: at(10), endMs: at(11))]),
            .init(file: "evidence/notes.md", format: "text", kind: "other", firstMs: nil, lastMs: nil, records: 0),
        ],
        unknownFiles: ["evidence/core.4411", "evidence/<img src=x onerror=alert(1)>.bin"],
        shadowed: [.init(what: "scrapes/r0.prom", by: "prometheus TSDB block 01JD…")])

    static let methods: [Model.MethodNote] = [
        .init(
            heading: "Percentiles",
            paragraphs: [
                "Percentiles come from histogram buckets by linear interpolation inside the bucket; the bucket’s borders "
                    + "stand beside each, because no estimate can be sharper than its bucket."
            ]),
        .init(
            heading: "Lost user time",
            paragraphs: [
                "The sum over requests of the wait beyond the median of the same hour a week before.",
                "Requests that failed count with the time until they failed.",
            ]),
    ]
}
