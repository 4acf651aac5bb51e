/// Units of signals. The raw value ends a signal's name, so that a number is never without its unit.
public enum SignalUnit: String, Sendable, CaseIterable {
    case seconds
    /// 0…1
    case ratio
    case bytes
    case hertz
    case watts
    case celsius
    case tokens
    case requests
    case cores
    case requestsPerSecond = "requests_per_second"
    case tokensPerSecond = "tokens_per_second"
    case preemptionsPerSecond = "preemptions_per_second"
    case stepsPerSecond = "steps_per_second"
    case bytesPerSecond = "bytes_per_second"
    case segmentsPerSecond = "segments_per_second"

    /// The unit that a signal's name ends in; nil when it ends in none.
    public static func of(_ name: String) -> SignalUnit? {
        allCases.filter { name.hasSuffix("_" + $0.rawValue) }.max { $0.rawValue.utf8.count < $1.rawValue.utf8.count }
    }

    /// As it is written after a number: `tokens/s`.
    public var symbol: String {
        switch self {
        case .seconds: "s"
        case .ratio: ""
        case .bytes: "B"
        case .hertz: "Hz"
        case .watts: "W"
        case .celsius: "°C"
        case .tokens: "tokens"
        case .requests: "requests"
        case .cores: "cores"
        case .requestsPerSecond: "requests/s"
        case .tokensPerSecond: "tokens/s"
        case .preemptionsPerSecond: "preemptions/s"
        case .stepsPerSecond: "steps/s"
        case .bytesPerSecond: "B/s"
        case .segmentsPerSecond: "segments/s"
        }
    }
}
