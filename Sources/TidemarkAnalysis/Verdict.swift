import TidemarkBase
import TidemarkStore

/// The stored verdict over one period, as the commands and the report read it.
public struct Verdict: Sendable {
    public struct Evidence: Sendable {
        public var signal: String
        public var value: Double?
        public var baseline: Double?
        public var unit: String
        public var source: String?
        public var line: Int?
        public var text: Message
    }

    public struct Finding: Sendable {
        public var rank: Int
        public var cause: String
        public var title: Message
        public var startMs: Int64
        public var endMs: Int64
        public var confidence: Double
        public var impactUserSeconds: Double?
        public var requestsAffected: Double?
        public var instances: [String]
        public var summary: Message
        public var evidence: [Evidence]
        public var recommendations: [(flag: String?, text: Message)]
        public var missing: [Message]
        /// What changed just before, when, and after how many seconds users felt it.
        public var trigger: Message?
        public var triggerMs: Int64?
        public var delaySeconds: Double?
        public var shares: [Share] = []
        public var budgets: [Budget] = []
        /// GPU time of the replicas concerned while it lasted, in `currency`; nil without prices.
        public var cost: Double?
        public var currency: String?

        /// `1.72 USD of GPU time`; nil without prices.
        public var costText: Message? {
            cost.map { "\(Verdict.number($0)) \(currency ?? "") of GPU time on the replicas concerned" }
        }
    }

    /// What the finding's time took of the error budget of one objective: see `finding_budget`.
    public struct Budget: Sendable {
        public var signal: String
        public var objectiveSeconds: Double
        public var observations: Double
        public var bad: Double
        public var badLow: Double
        public var badHigh: Double
        public var burnRate: Double
        public var shareOfMonth: Double

        /// `41 % slower than 2 s where 5 % may be: 8.2 times the budget's rate, 0.6 % of 30 days' budget`, after the
        /// objective's name.
        public var text: Message {
            let allowed = burnRate > 0 ? bad / observations / burnRate : 0
            let title = Message(pattern: SignalCatalogue.signal(signal)?.title ?? signal)
            return
                "\(title): \(percent(bad / observations)) slower than \(Verdict.number(objectiveSeconds)) s"
                + (allowed > 0
                    ? ", where \(percent(allowed)) may be: \(Verdict.number(burnRate)) times the budget's rate, \(Verdict.number(shareOfMonth * 100)) % of 30 days' budget"
                    : "; nothing of the budget")
        }
    }

    /// A part of the slower steps by counterfactual, the unexplained rest among them.
    public struct Share: Sendable {
        public var factor: String
        public var share: Double
        public var text: Message
    }

    /// A check of the evidence itself.
    public struct Quality: Sendable {
        public var name: String
        public var isGood: Bool
        public var text: Message
    }

    public var quality: [Quality] = []

    public var period: String
    public var startMs: Int64?
    public var endMs: Int64?
    public var findings: [Finding] = []
    public var ruledOut: [(cause: String, text: Message)] = []
    public var missing: [(cause: String, text: Message)] = []

    public init(_ store: Store, period: Int, name: String) throws {
        self.period = name
        let database = store.database
        let window = try database.prepare("SELECT analysis_id, start_ms, end_ms FROM analysis WHERE period_id = ?")
        window.bind(1, period)
        guard try window.step() else { return }
        let sentences = try Sentences(store, period: period)
        let analysis = window.int(0)
        startMs = window.optionalInt64(1)
        endMs = window.optionalInt64(2)
        let rows = try database.prepare(
            """
            SELECT finding_id, rank, cause, start_ms, end_ms, confidence, impact_user_seconds, requests_affected,
                instances, summary, trigger_text, trigger_ms, delay_seconds, cost, currency
            FROM finding WHERE analysis_id = ? ORDER BY rank
            """)
        rows.bind(1, analysis)
        while try rows.step() {
            var finding = Finding(
                rank: rows.int(1), cause: rows.text(2), title: Self.title(rows.text(2)), startMs: rows.int64(3),
                endMs: rows.int64(4), confidence: rows.double(5), impactUserSeconds: rows.optionalDouble(6),
                requestsAffected: rows.optionalDouble(7), instances: [], summary: sentences[rows.text(9)], evidence: [],
                recommendations: [], missing: [], trigger: rows.optionalText(10).map { sentences[$0] },
                triggerMs: rows.optionalInt64(11),
                delaySeconds: rows.optionalDouble(12))
            finding.cost = rows.optionalDouble(13)
            finding.currency = rows.optionalText(14)
            var names = JSONReader(rows.bytes(8))
            try names.array { finding.instances.append(try $0.string().text) }
            try Self.fill(&finding, database, sentences, id: rows.int(0))
            findings.append(finding)
        }
        let checks = try database.prepare(
            "SELECT name, state, text FROM data_quality WHERE analysis_id = ? ORDER BY position")
        checks.bind(1, analysis)
        while try checks.step() {
            quality.append(
                Quality(name: checks.text(0), isGood: checks.text(1) == "good", text: sentences[checks.text(2)]))
        }
        ruledOut = try Self.pairs(database, "ruled_out", sentences, analysis)
        missing = try Self.pairs(database, "missing_evidence", sentences, analysis)
    }

    /// What a cause is called in a sentence.
    public static func title(_ cause: String) -> Message {
        cause == "unknown"
            ? "Users suffered; the evidence does not decide why"
            : CauseCatalogue.cause(cause)?.title ?? Message(verbatim: cause)
    }

    private static func fill(_ finding: inout Finding, _ database: Database, _ sentences: Sentences, id: Int) throws {
        let evidence = try database.prepare(
            "SELECT signal, value, baseline, unit, source, line, text FROM finding_evidence WHERE finding_id = ? ORDER BY position"
        )
        evidence.bind(1, id)
        while try evidence.step() {
            finding.evidence.append(
                Evidence(
                    signal: evidence.text(0), value: evidence.optionalDouble(1), baseline: evidence.optionalDouble(2),
                    unit: evidence.text(3), source: evidence.optionalText(4), line: evidence.optionalInt(5),
                    text: sentences[evidence.text(6)]))
        }
        let advice = try database.prepare(
            "SELECT flag, text FROM recommendation WHERE finding_id = ? ORDER BY position")
        advice.bind(1, id)
        while try advice.step() {
            finding.recommendations.append((advice.optionalText(0), sentences[advice.text(1)]))
        }
        let shares = try database.prepare(
            "SELECT factor, share, text FROM cause_share WHERE finding_id = ? ORDER BY position")
        shares.bind(1, id)
        while try shares.step() {
            finding.shares.append(
                Share(factor: shares.text(0), share: shares.double(1), text: sentences[shares.text(2)]))
        }
        let budgets = try database.prepare("SELECT * FROM finding_budget WHERE finding_id = ? ORDER BY signal")
        budgets.bind(1, id)
        while try budgets.step() {
            finding.budgets.append(
                Budget(
                    signal: budgets.text(1), objectiveSeconds: budgets.double(2), observations: budgets.double(3),
                    bad: budgets.double(4), badLow: budgets.double(5), badHigh: budgets.double(6),
                    burnRate: budgets.double(7), shareOfMonth: budgets.double(8)))
        }
        let missing = try database.prepare("SELECT text FROM missing_evidence WHERE finding_id = ? ORDER BY rowid")
        missing.bind(1, id)
        while try missing.step() { finding.missing.append(sentences[missing.text(0)]) }
    }

    private static func pairs(
        _ database: Database, _ table: String, _ sentences: Sentences, _ analysis: Int
    ) throws -> [(cause: String, text: Message)] {
        let rows = try database.prepare(
            "SELECT cause, text FROM \(table) WHERE analysis_id = ? AND finding_id IS NULL ORDER BY rowid")
        rows.bind(1, analysis)
        var found: [(cause: String, text: Message)] = []
        while try rows.step() { found.append((rows.text(0), sentences[rows.text(1)])) }
        return found
    }
}
