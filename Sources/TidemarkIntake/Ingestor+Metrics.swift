import TidemarkBase
import TidemarkFormats
import TidemarkSeries
import TidemarkStore

/// Metrics: documents of samples, and scrapes by their targets.
extension Ingestor {
    func ingestMetrics(_ candidates: [Candidate], period: Int, capture: Capture) throws {
        for format in MetricsIngest.documentFormats {
            for candidate in candidates where candidate.guess.format == format {
                try guarded(candidate) {
                    let stream = try InputStream(path: candidate.file.path)
                    let head = stream.head()
                    switch try look(up: candidate.file, stream, head: head, period: period, format: format) {
                    case .unchanged: note(candidate.file, .unchanged, format, message: nil)
                    case .grown(var row), .new(var row):
                        let before = SourceRow(period: period, path: "", format: format)
                        let metrics = MetricsIngest(
                            store: store, ledger: ledger, period: period, progress: share(stream))
                        try metrics.document(stream, &row, zone: zone(candidate.file))
                        report(candidate, row, before: before, continued: false)
                    }
                }
            }
        }
        try ingestScrapes(
            candidates.filter { $0.guess.format == PrometheusTextFormat.identifier }, period: period, capture: capture)
    }

    func ingestScrapes(_ candidates: [Candidate], period: Int, capture: Capture) throws {
        var targets: [String: [(candidate: Candidate, timeMs: Int64, method: String)]] = [:]
        for candidate in candidates {
            try guarded(candidate) {
                let timed: (Int64, String)
                if let time = candidate.scrapeTime {
                    timed = (time.timeMs, "from the file's name")
                } else {
                    timed = (try InputStream(path: candidate.file.path).modifiedMs, "from the file's modification time")
                }
                targets[Self.targetKey(candidate), default: []].append((candidate, timed.0, timed.1))
            }
        }
        for (key, scrapes) in targets.sorted(by: { $0.key < $1.key }) {
            let ordered = scrapes.sorted { ($0.timeMs, $0.candidate.file.path) < ($1.timeMs, $1.candidate.file.path) }
            let labels = try Self.labels(key, ordered.map(\.candidate), capture, targets: targets.count)
            let target = try MetricsIngest.Target(store, period: period, labels: labels)
            var at = 0
            // Hundreds of scrapes a transaction: each commit is a synchronous write and cuts the open chunks.
            while at < ordered.count {
                let batch = ordered[at..<min(at + 500, ordered.count)]
                try store.database.transaction {
                    for scrape in batch {
                        try guarded(scrape.candidate) {
                            try ingest(scrape.candidate, timeMs: scrape.timeMs, method: scrape.method, period, target)
                        }
                    }
                    try target.writer.checkpoint()
                }
                at += batch.count
            }
        }
    }

    func ingest(
        _ candidate: Candidate, timeMs: Int64, method: String, _ period: Int, _ target: MetricsIngest.Target
    ) throws {
        let stream = try InputStream(path: candidate.file.path)
        let head = stream.head()
        var row = SourceRow(period: period, path: candidate.file.relative, format: candidate.guess.format)
        row.compression = stream.isGzip ? "gzip" : "none"
        row.prefixBytes = head.count
        row.prefixSHA256 = head.withUnsafeBytes { Self.quickHash($0) }
        row.clockOffsetMs = 0
        row.clockMethod = method
        row.clockConfidence = candidate.scrapeTime == nil ? 0.5 : 1
        // Two scrapes of an idle server may be the same bytes: the time belongs to a scrape's identity.
        row.state = String(timeMs)
        let known = try ledger.with(prefixBytes: row.prefixBytes, sha256: row.prefixSHA256).contains {
            $0.period == period && $0.state == row.state
        }
        if known { return note(candidate.file, .unchanged, candidate.guess.format, message: nil) }
        let metrics = MetricsIngest(store: store, ledger: ledger, period: period, progress: share(stream))
        let before = row
        try metrics.scrape(stream, timeMs: timeMs, target: target, &row)
        report(candidate, row, before: before, continued: false)
    }

    /// 128 bits that stand for a scrape: there are thousands of them, and SHA-256 would cost more than all the rest.
    static func quickHash(_ bytes: Bytes) -> String {
        [UInt64(0), 1].map { seed in
            let digits = String(XXH64.hash(bytes, seed: seed), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Scrapes of one target: the same folder, and the same file name up to its time.
    static func targetKey(_ candidate: Candidate) -> String {
        // What a configuration says is one replica's may lie in many folders: by day, by hour.
        let hints = candidate.file.hints
        if let instance = hints.instance {
            return instance + hints.labels.map { "\u{1}\($0.name)=\($0.value)" }.joined()
        }
        let parts = candidate.file.relative.split(separator: "/").map(String.init)
        let folder = parts.dropLast().joined(separator: "/")
        let name = parts.last ?? ""
        guard candidate.scrapeTime != nil else { return folder + "/" + LogName.replicaName(name) }
        let prefix = name.prefix { !$0.isNumber }
        // `replica-0-metrics-1795….txt`: digits that are part of the target's name end before the time.
        let digits = name.split(whereSeparator: { !$0.isNumber }).max { $0.count < $1.count } ?? ""
        let target = name.components(before: String(digits)) ?? String(prefix)
        return folder + "/" + target
    }

    /// What the scrapes of one target are of, by the first that tells: while a server starts, or is away, it has none of
    /// its own metrics.
    static func job(_ candidates: [Candidate]) throws -> String {
        for candidate in candidates {
            let job = try job(candidate)
            if job != "unknown" { return job }
        }
        return "unknown"
    }

    /// What a scrape is of, by the metrics that it holds.
    static func job(_ candidate: Candidate) throws -> String {
        let head = try InputStream(path: candidate.file.path).head()
        return head.withUnsafeBytes { bytes in
            if bytes.range(of: "vllm:") != nil || bytes.range(of: "vllm_") != nil { return "vllm" }
            if bytes.range(of: "node_") != nil { return "node" }
            if bytes.range(of: "DCGM_") != nil { return "dcgm" }
            // vLLM's own metrics may stand behind 64 KiB of others.
            return bytes.range(of: "python_gc_") != nil ? "vllm" : "unknown"
        }
    }

    /// Labels of a target; those that a configuration gives stand over what is guessed.
    static func labels(_ key: String, _ scrapes: [Candidate], _ capture: Capture, targets: Int) throws -> Labels {
        let hints = scrapes[0].file.hints
        var labels = [
            "job": try job(scrapes),
            "instance": hints.instance ?? instance(key, scrapes[0], capture, targets: targets),
        ]
        for one in hints.labels { labels[one.name] = one.value }
        return Labels(labels.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })
    }

    static func instance(_ key: String, _ candidate: Candidate, _ capture: Capture, targets: Int) -> String {
        if let replica = capture.replica(inPath: candidate.file.relative) { return replica.instance ?? replica.name }
        if capture.replicas.count == 1, targets == 1, let only = capture.replicas[0].instance { return only }
        let name = key.split(separator: "/").last.map(String.init) ?? key
        let trimmed = String(name.reversed().drop { "-_.".contains($0) }.reversed())
        let parts = key.split(separator: "/")
        // `metrics-scrapes/metrics-`: the folder says more than the common word.
        if ["metrics", "scrape", ""].contains(trimmed), parts.count > 1 { return String(parts[parts.count - 2]) }
        return trimmed.isEmpty ? "metrics" : trimmed
    }
}

extension String {
    /// What stands before the first occurrence of `part`; nil when it doesn't occur.
    func components(before part: String) -> String? {
        guard !part.isEmpty else { return nil }
        return indices.first { self[$0...].hasPrefix(part) }.map { String(self[..<$0]) }
    }
}
