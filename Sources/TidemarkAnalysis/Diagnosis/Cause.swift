import TidemarkBase

/// A cause of trouble: one file in `Causes/`, listed in ``CauseCatalogue``.
///
/// A cause states its required, supporting and counter-signs over signals; it sees evidence only through a ``Scene``.
protocol Cause: Sendable {
    /// Stable identifier, as in the design: `kv_cache_limit`.
    static var id: String { get }
    /// In words, as a sentence about what happened: `The KV cache was full`.
    static var title: Message { get }
    /// What explains what: a cause of a lower level makes one of a higher level at the same replica and time its consequence.
    static var level: CauseLevel { get }
    /// For a person: signs, why, what to do, sources.
    static var help: CauseHelp { get }
    /// The signal whose extreme rules the cause out when nothing happened.
    static var telltale: Telltale? { get }

    /// Whether the fleet has what the cause is about: several replicas, a draft model.
    static func isPossible(_ situation: Situation) -> Bool
    /// nil: the cause has nothing to say about this scene.
    static func judge(_ scene: Scene) throws -> Judgement?
}

extension Cause {
    static var telltale: Telltale? { nil }
    static func isPossible(_ situation: Situation) -> Bool { true }
}

enum CauseLevel: Int, Comparable {
    /// The server was gone, stood still, or answered what it should.
    case availability
    /// Something made the same work slower, or more work of the same requests.
    case fault
    /// Who sends what where changed.
    case demand
    /// A resource was used up.
    case limit
    /// The machine was as slow as its load says.
    case load

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A cause explained to a person; `tidemark explain` and `docs/causes.md` print it.
struct CauseHelp: Sendable {
    var what: String
    var signs: String
    var why: String
    var remedy: String
    var sources: String
}

/// A signal's extreme over the period, in words: `KV-cache usage reached at most 43 %`.
struct Telltale {
    var signal: String
    /// Before the number, after it.
    var words: (Message, Message)
    /// What shows the signal when it is missing.
    var capture: Message
}

/// One sign of a cause: there, not there, or not to be seen.
struct Sign {
    enum State { case present, absent, unseen }
    var state: State
    /// With its number; what would show it, when it is unseen.
    var text: Message
    var evidence: EvidenceDraft?

    var isPresent: Bool { state == .present }

    static func unseen(_ capture: Message) -> Sign { Sign(state: .unseen, text: capture) }
}

/// What a cause says about a scene.
struct Judgement {
    var required: [Sign]
    var supporting: [Sign] = []
    var counter: [Sign] = []
    /// One sentence with the numbers.
    var summary: Message
    var recommendations: [(flag: String?, text: Message)] = []
    /// Where the cause itself acted, when that is sharper than the episode.
    var range: Range<Int>?
    /// Added to the confidence: what makes a cause of the same level more or less likely than another.
    var bias = 0.0

    var isFound: Bool { required.allSatisfy(\.isPresent) }
    /// Nothing speaks against it, something for it, and something could not be looked at.
    var isOpen: Bool {
        required.contains(where: \.isPresent) && required.contains { $0.state == .unseen }
            && !required.contains { $0.state == .absent }
    }

    var confidence: Double {
        let unseen = supporting.filter { $0.state == .unseen }.count
        return max(
            0.05,
            min(
                0.97,
                Confidence.score(
                    supporting: supporting.filter(\.isPresent).count, counter: counter.filter(\.isPresent).count,
                    unseen: min(2, unseen)) + bias))
    }
}

struct FindingDraft {
    var cause: String
    var startMs: Int64
    var endMs: Int64
    /// 0…1, by ``Confidence``.
    var confidence: Double
    /// Replicas concerned.
    var instances: [String]
    /// One sentence with the numbers.
    var summary: Message
    /// Most telling first.
    var evidence: [EvidenceDraft] = []
    var recommendations: [(flag: String?, text: Message)] = []
    var missing: [Message] = []
    /// Excess waiting of all users together, seconds; nil: cannot be computed.
    var impactUserSeconds: Double?
    var requestsAffected: Double?
    /// What changed just before.
    var trigger: Trigger?
    /// From the trigger until users felt it.
    var delaySeconds: Double?
    var shares: [CauseShares.Part] = []
    var budgets: [ErrorBudget] = []
    /// GPU time of the replicas concerned while it lasted.
    var cost: (amount: Double, currency: String)?
}

struct EvidenceDraft {
    var signal: String
    var value: Double?
    var baseline: Double?
    var unit: String
    var source: String?
    var line: Int?
    /// What the numbers say, in a few words.
    var text: Message

    init(
        _ signal: String, value: Double?, baseline: Double? = nil, unit: String, source: String? = nil,
        line: Int? = nil, _ text: Message
    ) {
        self.signal = signal
        self.value = value
        self.baseline = baseline
        self.unit = unit
        self.source = source
        self.line = line
        self.text = text
    }
}

/// Confidence by the rules of `docs/methods.md`: all required signs are there; each supporting sign adds, each
/// counter-sign and each sign that could not be looked at takes away.
enum Confidence {
    static func score(supporting: Int, counter: Int = 0, unseen: Int = 0) -> Double {
        let value = 0.7 + 0.1 * Double(min(supporting, 2)) + 0.03 * Double(max(0, min(supporting, 4) - 2))
        return max(0.05, min(0.97, value - 0.25 * Double(counter) - 0.08 * Double(unseen)))
    }

    static func word(_ value: Double) -> String { value >= 0.8 ? "high" : value > 0.5 ? "medium" : "low" }
}

/// `0.934` → `93 %`.
func percent(_ ratio: Double) -> Message {
    ratio.isFinite ? "\(ByteWriter.fixed((ratio * 100).rounded(), decimals: 0)) %" : "–"
}

/// `95 000` ms → `1 min 35 s`.
func durationText(_ millis: Int64) -> Message {
    let seconds = (millis + 500) / 1000
    if seconds < 60 { return "\(seconds) s" }
    if seconds < 3600 { return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds / 60) min \(seconds % 60) s" }
    return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
}
