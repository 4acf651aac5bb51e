import TidemarkStatistics

/// The time of users, window by window, in seconds: what they spent beyond the normal, and what would have been normal.
///
/// Excess of waiting for the first token: (mean TTFT − normal) × requests, or waiting requests beyond the normal × time
/// (Little's law) where that is more, for what waits and does not come. Excess of tokens: (mean inter-token latency −
/// normal) × tokens; where requests run and nothing is generated, all of their time. A request that failed or was aborted
/// counts as one whole normal request, when there are more of them than chance gives at the rate of the rest.
struct UserTime {
    let replica: String
    var firstToken: [Double]
    var waiting: [Double]
    var tokens: [Double]
    var failed: [Double]
    /// Requests that failed.
    var failures: [Double]
    /// What the requests of each window normally take.
    var normal: [Double]

    private static let failureRates = [
        "error_5xx_requests_per_second", "error_4xx_requests_per_second", "abort_requests_per_second",
    ]
    /// Of a request whose normal length is not known, in seconds.
    private static let unknownRequest = 5.0

    init(_ windows: AnomalyWindows, replica: String) {
        self.replica = replica
        let seconds = Double(windows.windowMs) / 1000
        let zeros = [Double](repeating: 0, count: windows.count)
        (firstToken, waiting, tokens) = (zeros, zeros, zeros)
        (failed, failures, normal) = (zeros, zeros, zeros)
        func known(_ value: Double) -> Double { value.isFinite ? value : 0 }
        func values(_ name: String) -> [Double]? { windows.values(name, replica) }
        let rate = values("request_rate_requests_per_second") ?? values("http_request_rate_requests_per_second")
        let generation = values("generation_tokens_per_second")
        let running = values("running_requests")
        if let latency = values("ttft_mean_seconds"), let rate {
            let base = windows.normal(latency)
            for window in zeros.indices {
                let requests = known(rate[window]) * seconds
                firstToken[window] = known(latency[window] - base[window]) * requests
                normal[window] += known(base[window]) * requests
            }
        }
        if let latency = values("itl_mean_seconds"), let generation {
            let base = windows.normal(latency)
            for window in zeros.indices {
                let made = known(generation[window]) * seconds
                tokens[window] = known(latency[window] - base[window]) * made
                normal[window] += known(base[window]) * made
            }
        } else if let running {
            for window in zeros.indices { normal[window] += known(running[window]) * seconds }
        }
        if let queue = values("waiting_requests") {
            let base = windows.normal(queue)
            for window in zeros.indices { waiting[window] = known(queue[window] - base[window]) * seconds }
        }
        if let running, let generation {
            for window in zeros.indices where generation[window] == 0 {
                tokens[window] += known(running[window]) * seconds
            }
        }
        let whole = values("e2e_mean_seconds").flatMap(AnomalyWindows.median) ?? Self.unknownRequest
        for rate in Self.failureRates.compactMap(values) {
            let base = windows.normal(rate)
            for window in zeros.indices {
                failures[window] += known(rate[window]) * seconds
                failed[window] += max(0, known(rate[window] - base[window])) * seconds * whole
            }
        }
    }

    private init(replica: String, sum parts: [UserTime], count: Int) {
        self.replica = replica
        func added(_ part: KeyPath<UserTime, [Double]>) -> [Double] {
            (0..<count).map { window in parts.reduce(0) { $0 + $1[keyPath: part][window] } }
        }
        firstToken = added(\.firstToken)
        waiting = added(\.waiting)
        tokens = added(\.tokens)
        failed = added(\.failed)
        failures = added(\.failures)
        normal = added(\.normal)
    }

    /// All replicas together.
    static func fleet(_ parts: [UserTime], count: Int) -> UserTime {
        UserTime(replica: SignalSeries.fleet, sum: parts, count: count)
    }

    /// Excess over some windows, by kind: what users felt.
    func excess(_ range: Range<Int>) -> [(kind: AnomalyHarm, seconds: Double)] {
        func sum(_ values: [Double]) -> Double { max(0, values[range].reduce(0, +)) }
        let (first, queue) = (sum(firstToken), sum(waiting))
        return [
            first >= queue ? (.firstToken, first) : (.waiting, queue), (.tokens, sum(tokens)),
            (.failed, hasFailures(range) ? sum(failed) : 0),
        ]
    }

    /// Whether more requests failed than chance gives once in ten thousand times at the rate of the rest.
    private func hasFailures(_ range: Range<Int>) -> Bool {
        let inside = failures[range].reduce(0, +)
        let rest = failures.count - range.count
        guard inside > 0, inside < 1e9, rest > 0 else { return inside > 0 }
        let expected = (failures.reduce(0, +) - inside) / Double(rest) * Double(range.count)
        return (Poisson.atLeast(Int(inside.rounded()), mean: max(expected, 1e-9)) ?? 1) < 1e-4
    }

    func totalExcess(_ range: Range<Int>) -> Double { excess(range).reduce(0) { $0 + $1.seconds } }

    /// Normal time of some windows; of a window with next to no service at least 30 % of the usual, so that a ratio to it
    /// means something.
    func totalNormal(_ range: Range<Int>) -> Double {
        max(normal[range].reduce(0, +), 0.3 * usual * Double(range.count))
    }

    /// The median of the windows with any service.
    var usual: Double { AnomalyWindows.median(normal.filter { $0 > 0 }) ?? 0 }
}

/// What users felt of an anomaly.
public enum AnomalyHarm: String, Sendable, CaseIterable {
    case firstToken = "first_token"
    case waiting
    case tokens
    case failed

    /// In words.
    public var words: String {
        switch self {
        case .firstToken: "waited longer for the first token"
        case .waiting: "stood in the queue"
        case .tokens: "got tokens later"
        case .failed: "got no answer"
        }
    }
}
