/// What a load generator offered to the server.
public struct LoadOffer: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// Requests arrive by themselves, so many a second: an open loop.
        case rate
        /// So many requests are in flight at any time: a closed loop.
        case concurrency
        /// So many users, each of whom waits for an answer before asking again: a closed loop, too.
        case users
        /// All requests at once.
        case max
    }

    public var kind: Kind
    /// Requests/s, requests or users; nil for ``Kind/max``, or when it isn't known.
    public var value: Double?

    public init(_ kind: Kind, _ value: Double? = nil) { (self.kind, self.value) = (kind, value) }
}

/// The distribution of one latency over the requests of a load point that succeeded, in milliseconds.
public struct LatencySummary: Sendable, Equatable {
    public var mean: Double?
    public var deviation: Double?
    public var p50: Double?
    public var p90: Double?
    public var p95: Double?
    public var p99: Double?

    public init() {}

    public var isEmpty: Bool { self == LatencySummary() }
}

/// One point of a load test: what was offered, and how the server answered. What a tool doesn't say is nil.
public struct LoadPoint: Sendable, Equatable {
    /// Line and offset of the record's beginning.
    public var line = 1
    public var offset = 0
    /// `vllm-bench`, `guidellm`, `aiperf`, …
    public var tool: String
    public var toolVersion: String?
    /// Label, strategy or stage, in the tool's words.
    public var name: String?
    public var model: String?
    /// What else tells this configuration from others: names and values, the load and the outcome left out.
    public var configuration: [(key: String, value: String)] = []
    /// Whether it sums up other points of the same test.
    public var isTotal = false

    /// Start of the measurement, Unix ms UTC; a clock of unknown zone as if UTC when ``isZoned`` is false.
    public var startedMs: Int64?
    public var isZoned = true
    /// From the first request to the last answer, ramp-up and drain included, unless the tool leaves those out.
    public var durationSeconds: Double?
    /// From the first request to the last one that was sent.
    public var sendSeconds: Double?

    public var offered: LoadOffer?
    /// The client's own limit of requests in flight.
    public var concurrencyLimit: Double?
    /// Requests a second that were sent.
    public var sentRPS: Double?
    /// Requests that succeeded, a second of the whole duration.
    public var achievedRPS: Double?
    /// Completions a second between the first and the last quarter of them.
    public var steadyRPS: Double?
    /// Requests a second that met the objectives which the tool was told.
    public var goodputRPS: Double?
    public var meanConcurrency: Double?

    public var succeeded: Int?
    public var failed: Int?
    /// Neither succeeded nor failed when the measurement ended.
    public var incomplete: Int?

    public var promptTokensMean: Double?
    public var outputTokensMean: Double?
    public var outputTokensPerSecond: Double?
    public var totalTokensPerSecond: Double?

    /// Time to the first token.
    public var ttft = LatencySummary()
    /// Gap between tokens, as the tool defines it: pooled over all gaps or a mean of each request.
    public var itl = LatencySummary()
    /// (End to end − first token) / (output tokens − 1) of each request.
    public var tpot = LatencySummary()
    /// End to end.
    public var e2e = LatencySummary()
    /// What must be known to read the numbers.
    public var notes: [String] = []

    public init(tool: String) { self.tool = tool }

    /// What a quotient made infinite is not known.
    public var withFiniteNumbers: LoadPoint {
        var point = self
        let paths: [WritableKeyPath<LoadPoint, Double?>] = [
            \.durationSeconds, \.sendSeconds, \.concurrencyLimit, \.sentRPS, \.achievedRPS, \.steadyRPS, \.goodputRPS,
            \.meanConcurrency, \.promptTokensMean, \.outputTokensMean, \.outputTokensPerSecond,
            \.totalTokensPerSecond,
        ]
        for path in paths where point[keyPath: path]?.isFinite == false { point[keyPath: path] = nil }
        if point.offered?.value?.isFinite == false { point.offered?.value = nil }
        let latencies: [WritableKeyPath<LoadPoint, LatencySummary>] = [\.ttft, \.itl, \.tpot, \.e2e]
        let parts: [WritableKeyPath<LatencySummary, Double?>] = [
            \.mean, \.deviation, \.p50, \.p90, \.p95, \.p99,
        ]
        for latency in latencies {
            for part in parts where point[keyPath: latency][keyPath: part]?.isFinite == false {
                point[keyPath: latency][keyPath: part] = nil
            }
        }
        return point
    }

    public static func == (a: Self, b: Self) -> Bool {
        func same<T: Equatable>(_ paths: KeyPath<LoadPoint, T>...) -> Bool {
            paths.allSatisfy { a[keyPath: $0] == b[keyPath: $0] }
        }
        return same(\.tool) && same(\.toolVersion, \.name, \.model) && same(\.isTotal, \.isZoned)
            && same(\.line, \.offset) && same(\.startedMs) && same(\.offered) && same(\.notes)
            && same(\.succeeded, \.failed, \.incomplete) && same(\.ttft, \.itl, \.tpot, \.e2e)
            && same(
                \.durationSeconds, \.sendSeconds, \.concurrencyLimit, \.sentRPS, \.achievedRPS, \.steadyRPS,
                \.goodputRPS, \.meanConcurrency, \.promptTokensMean, \.outputTokensMean, \.outputTokensPerSecond,
                \.totalTokensPerSecond)
            && a.configuration.elementsEqual(b.configuration, by: { $0.key == $1.key && $0.value == $1.value })
    }
}
