import TidemarkBase
import TidemarkStore

/// The verdict over one period: ranked findings, what was ruled out and what could not be checked.
struct Diagnosis {
    var findings: [FindingDraft] = []
    var ruledOut: [(cause: String, text: Message)] = []
    var missing: [(cause: String, text: Message)] = []
    var quality: DataQuality

    init(_ situation: Situation) throws {
        quality = try DataQuality(situation)
        let episodes = try EpisodeFinder(situation: situation).episodes()
        var absent: [String: Message] = [:]
        var unseen: [String: Message] = [:]
        var groups: [[FindingDraft]] = []
        for episode in episodes {
            let baseline = Self.baseline(episode, episodes, situation)
            var verdicts: [Opinion] = []
            var open: [Opinion] = []
            for replica in episode.replicas {
                let scene = Scene(
                    situation: situation, episode: episode, replica: replica,
                    baseline: try Self.withRequests(baseline, replica, situation))
                for cause in CauseCatalogue.all {
                    guard let judgement = try cause.judge(scene) else { continue }
                    if judgement.isFound {
                        verdicts.append(Opinion(cause: cause, scene: scene, judgement: judgement))
                    } else if judgement.isOpen {
                        open.append(Opinion(cause: cause, scene: scene, judgement: judgement))
                        if let sign = judgement.required.first(where: { $0.state == .unseen }) {
                            unseen[cause.id] = unseen[cause.id] ?? sign.text
                        }
                    } else if let sign = judgement.required.first(where: { $0.state == .absent }) {
                        absent[cause.id] = absent[cause.id] ?? sign.text
                    } else if let sign = judgement.required.first(where: { $0.state == .unseen }) {
                        unseen[cause.id] = unseen[cause.id] ?? sign.text
                    }
                }
            }
            groups.append(try Self.findings(episode, verdicts, open, situation, baseline: baseline))
        }
        // Incidents by impact; within one the primary cause first.
        groups = groups.filter { !$0.isEmpty }.sorted { Self.precedes($0[0], $1[0]) }
        let hourly = try Self.hourlyCost(situation)
        for place in groups.indices {
            let first = groups[place][0]
            groups[place][0].cost = hourly.map { hourly in
                let hours = Double(first.endMs - first.startMs) / 3_600_000
                return (hourly.amount * hours * Double(first.instances.count), hourly.currency)
            }
            groups[place][0].budgets = try ErrorBudget.all(
                situation, replicas: first.instances, startMs: first.startMs, endMs: first.endMs)
        }
        findings = groups.flatMap { $0 }
        for cause in CauseCatalogue.all
        where !findings.contains(where: { $0.cause == cause.id }) && cause.isPossible(situation) {
            if let text = absent[cause.id] {
                ruledOut.append((cause.id, text))
            } else if let text = unseen[cause.id] {
                missing.append((cause.id, text))
            } else if let telltale = cause.telltale {
                if let text = try Self.extreme(telltale, situation) {
                    ruledOut.append((cause.id, text))
                } else {
                    missing.append((cause.id, telltale.capture))
                }
            }
        }
    }

    /// Of a replica's GPUs, by the configured prices; nil without prices, or when nobody tells which GPUs there are.
    private static func hourlyCost(_ situation: Situation) throws -> (amount: Double, currency: String)? {
        let prices = try Configuration.Plan.read(situation.store).prices
        guard prices.isSet, !situation.replicas.isEmpty else { return nil }
        let gpus = try FleetUse.gpus(
            situation.store, situation.builder.evaluator.source, period: situation.period)
        let known = gpus.compactMap { gpu in prices.price(gpu.name).map { $0 * Double(gpu.count) } }
        guard !gpus.isEmpty, known.count == gpus.count else { return nil }
        return (known.reduce(0, +) / Double(situation.replicas.count), prices.currency)
    }

    /// What one cause says about one replica.
    struct Opinion {
        var cause: any Cause.Type
        var scene: Scene
        var judgement: Judgement
    }

    /// Steps in which nothing was wrong: outside all episodes and a minute around them; when little is left, outside this one.
    private static func baseline(_ episode: Episode, _ all: [Episode], _ situation: Situation) -> [Range<Int>] {
        let margin = situation.steps(min(60, situation.grid.seconds / 20))
        func outside(_ episodes: [Episode]) -> [Range<Int>] {
            var free: [Range<Int>] = []
            var from = 0
            for one in episodes.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
                let until = max(from, one.range.lowerBound - margin)
                if until > from { free.append(from..<until) }
                from = max(from, one.range.upperBound + margin)
            }
            if from < situation.grid.count { free.append(from..<situation.grid.count) }
            return free
        }
        let free = outside(all)
        // In evidence of days what is usual is what is usual at that time of day.
        let day = situation.dayCount >= 3 ? Int(86_400_000 / situation.grid.stepMs) : 0
        if day > 0, episode.range.count * 2 < day {
            let hour = situation.steps(1800)
            let same = (-situation.dayCount...situation.dayCount).filter { $0 != 0 }.map { days in
                (episode.range.lowerBound + days * day - hour)..<(episode.range.upperBound + days * day + hour)
            }
            let parts = free.flatMap { part in same.map { $0.clamped(to: part) }.filter { !$0.isEmpty } }
            if parts.reduce(0, { $0 + $1.count }) >= episode.range.count { return parts }
        }
        if free.reduce(0, { $0 + $1.count }) * 5 >= situation.grid.count { return free }
        return outside([episode])
    }

    /// What is usual is what is usual under load: idle stretches are left out, if enough is left.
    private static func withRequests(_ baseline: [Range<Int>], _ replica: String, _ situation: Situation) throws
        -> [Range<Int>]
    {
        let active = try situation.active(replica)
        let both = baseline.flatMap { one in active.map { $0.clamped(to: one) }.filter { !$0.isEmpty } }
        let (rest, whole) = (both.reduce(0) { $0 + $1.count }, baseline.reduce(0) { $0 + $1.count })
        return rest >= 8 || rest * 5 >= whole ? both : baseline
    }

    /// The findings of an episode: one a cause over all its replicas, the primary one first, consequences left out.
    private static func findings(
        _ episode: Episode, _ opinions: [Opinion], _ open: [Opinion], _ situation: Situation, baseline: [Range<Int>]
    ) throws -> [FindingDraft] {
        var drafts: [(level: CauseLevel, draft: FindingDraft)] = []
        for cause in CauseCatalogue.all {
            let own = opinions.filter { $0.cause.id == cause.id }
            guard let best = own.max(by: { $0.judgement.confidence < $1.judgement.confidence }) else { continue }
            drafts.append((cause.level, try draft(cause, best, own, situation)))
        }
        // Who doesn't know why a server was away knows no other cause of that time.
        let isAway = open.contains { $0.cause.level == .availability } && episode.symptoms.contains { $0.kind == .down }
        if isAway, drafts.allSatisfy({ $0.level > .availability }) { drafts.removeAll() }
        guard let first = drafts.map(\.level).min() else {
            guard let unknown = try unexplained(episode, situation, baseline: baseline) else { return [] }
            // What the evidence leaves open follows, with what would have shown it.
            var seen: Set<String> = []
            let alternatives = open.sorted { $0.cause.level < $1.cause.level }.filter {
                seen.insert($0.cause.id).inserted
            }
            return [unknown]
                + alternatives.prefix(3).map { one in
                    FindingDraft(
                        cause: one.cause.id, startMs: unknown.startMs, endMs: unknown.endMs, confidence: 0.3,
                        instances: unknown.instances, summary: "\(one.cause.title): not excluded",
                        missing: one.judgement.required.filter { $0.state == .unseen }.map(\.text))
                }
        }
        var primary = drafts.filter { $0.level == first }.max { $0.draft.confidence < $1.draft.confidence }!.draft
        if let scene = opinions.filter({ $0.cause.id == primary.cause })
            .max(by: { $0.judgement.confidence < $1.judgement.confidence })?.scene
        {
            primary.trigger = try scene.trigger()
            primary.delaySeconds = primary.trigger.flatMap { scene.delay(since: $0.timeMs) }
            primary.shares = try CauseShares(scene)?.parts ?? []
            primary.evidence += scene.situation.newTemplates(scene.situation.span(scene.range))
        }
        var result = [primary]
        // What else is there is contributory: named second, with less confidence, and never above the primary cause.
        let others = drafts.map(\.draft).filter { $0.cause != primary.cause }
            .sorted { $0.confidence > $1.confidence }
        for var other in others.prefix(2) {
            other.confidence = min(other.confidence, primary.confidence - 0.05) * 0.8
            other.impactUserSeconds = nil
            result.append(other)
        }
        return result
    }

    private static func draft(
        _ cause: any Cause.Type, _ best: Opinion, _ all: [Opinion], _ situation: Situation
    ) throws -> FindingDraft {
        let judgement = best.judgement
        let range = judgement.range ?? best.scene.range
        let span = situation.span(range)
        var draft = FindingDraft(
            cause: cause.id, startMs: span.startMs, endMs: span.endMs, confidence: judgement.confidence,
            instances: all.map(\.scene.replica).sorted(), summary: judgement.summary,
            recommendations: judgement.recommendations)
        for one in (judgement.required + judgement.supporting.filter(\.isPresent)).compactMap(\.evidence)
        where !draft.evidence.contains(where: { $0.signal == one.signal && $0.text == one.text }) {
            draft.evidence.append(one)
        }
        for signal in ["ttft_p95_seconds", "itl_p95_seconds"]
        where !draft.evidence.contains(where: { $0.signal == signal }) {
            if let worst = try latency(signal, best.scene) { draft.evidence.append(worst) }
        }
        draft.missing = judgement.supporting.filter { $0.state == .unseen }.map(\.text)
        var impact: Double?
        var requests: Double?
        for one in all {
            if let seconds = try one.scene.excessUserSeconds() { impact = (impact ?? 0) + seconds }
            if let arrivals = try one.scene.change("arrival_rate_requests_per_second") {
                requests =
                    (requests ?? 0) + max(arrivals.during, arrivals.before ?? 0) * situation.seconds(one.scene.range)
            }
        }
        draft.impactUserSeconds = impact
        draft.requestsAffected = requests
        return draft
    }

    /// The worst of a percentile in the episode against the median outside.
    private static func latency(_ signal: String, _ scene: Scene) throws -> EvidenceDraft? {
        guard let values = scene.situation.table.values(signal, scene.replica),
            let worst = values[scene.range].compactMap({ $0 }).max()
        else { return nil }
        let usual = scene.baseline.flatMap { values[$0].compactMap { $0 } }.sorted()
        return EvidenceDraft(
            signal, value: worst, baseline: usual.isEmpty ? nil : usual[usual.count / 2], unit: "seconds",
            signal == "ttft_p95_seconds" ? "worst P95 time to first token" : "worst P95 inter-token latency")
    }

    /// Users suffered and no cause shows its signs.
    private static func unexplained(_ episode: Episode, _ situation: Situation, baseline: [Range<Int>]) throws
        -> FindingDraft?
    {
        guard let symptom = episode.strongest else { return nil }
        let scene = Scene(
            situation: situation, episode: episode, replica: symptom.replica,
            baseline: try withRequests(baseline, symptom.replica, situation))
        guard try isHarm(scene) else { return nil }
        let span = situation.span(episode.range)
        var draft = FindingDraft(
            cause: "unknown", startMs: span.startMs, endMs: span.endMs, confidence: 0.4,
            instances: episode.replicas,
            summary:
                "Users of \(Message.list(episode.replicas)) suffered and the evidence does not decide why")
        for symptom in episode.symptoms.prefix(4) {
            guard let signal = SignalCatalogue.signal(symptom.kind.rawValue) else { continue }
            draft.evidence.append(
                EvidenceDraft(
                    signal.name, value: symptom.during, baseline: symptom.before, unit: Scene.unit(signal.unit),
                    Message(pattern: signal.title)))
        }
        draft.impactUserSeconds = try scene.excessUserSeconds()
        draft.trigger = try scene.trigger()
        draft.delaySeconds = draft.trigger.flatMap { scene.delay(since: $0.timeMs) }
        draft.evidence += situation.newTemplates(span)
        return draft
    }

    /// Whether an episode that nothing explains is worth a reader's time: a standstill, failed requests, a queue, or steps far
    /// slower than their work. What a busier hour explains within the objectives is no incident.
    private static func isHarm(_ scene: Scene) throws -> Bool {
        if scene.episode.symptoms.contains(where: { $0.score.isInfinite || $0.kind == .failed }) { return true }
        guard scene.situation.seconds(scene.range) >= min(120, scene.situation.grid.seconds / 8) else { return false }
        if let waiting = try scene.change("waiting_requests"), waiting.during >= 2 { return true }
        let itl = try scene.change("itl_mean_seconds")?.ratio ?? 1
        let ttft = try scene.change("ttft_mean_seconds")?.ratio ?? 1
        if let residual = try scene.residual() { return residual >= 1.2 && (itl >= 1.25 || ttft >= 1.5) }
        return itl >= 1.4 || ttft >= 2
    }

    /// The extreme of a telltale over all instances, in minutes; nil without evidence.
    private static func extreme(_ telltale: Telltale, _ situation: Situation) throws -> Message? {
        guard let signal = SignalCatalogue.signal(telltale.signal) else { return nil }
        var worst: (value: Double, instance: String)?
        for instance in situation.table.instances(of: telltale.signal) {
            guard let value = try situation.track(telltale.signal, instance)?.extreme(situation.steps(60), signal.worst)
            else { continue }
            if worst.map({ signal.worst == .high ? value > $0.value : value < $0.value }) ?? true {
                worst = (value, instance)
            }
        }
        return worst.map {
            "\(telltale.words.0) \(Scene.text($0.value, signal.unit))\(telltale.words.1) (\($0.instance))"
        }
    }

    /// By impact in user-seconds between episodes; within one, as they are.
    private static func precedes(_ a: FindingDraft, _ b: FindingDraft) -> Bool {
        let (x, y) = (a.confidence > 0.5, b.confidence > 0.5)
        if x != y { return x }
        if let i = a.impactUserSeconds, let j = b.impactUserSeconds, i != j { return i > j }
        if (a.impactUserSeconds == nil) != (b.impactUserSeconds == nil) { return a.impactUserSeconds != nil }
        if a.confidence != b.confidence { return a.confidence > b.confidence }
        return (a.startMs, a.cause) < (b.startMs, b.cause)
    }
}
