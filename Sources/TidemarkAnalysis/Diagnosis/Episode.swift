import Glibc
import TidemarkStatistics

/// A stretch of time in which users of some replicas suffered, or a server stood still.
struct Episode {
    /// What users felt, as a stretch of one replica's signal.
    struct Symptom {
        var kind: Kind
        var replica: String
        /// Steps of the grid.
        var range: Range<Int>
        /// In standard errors; infinite for what needs no statistics.
        var score: Double
        /// Means in the episode and outside of it.
        var during: Double
        var before: Double
    }

    enum Kind: String, CaseIterable {
        case down, silent
        case firstToken = "ttft_mean_seconds"
        case interToken = "itl_mean_seconds"
        case perToken = "tpot_mean_seconds"
        case waiting = "waiting_requests"
        case beyondEngine = "beyond_engine_mean_seconds"
        case refused, failed, aborted
    }

    var range: Range<Int>
    var symptoms: [Symptom]

    var replicas: [String] { Set(symptoms.map(\.replica)).sorted() }
    /// Strongest first.
    var strongest: Symptom? { symptoms.max { $0.score < $1.score } }
}

/// Finds the episodes of a period (`docs/methods.md`, Periods): per replica and symptom the stretches that differ from the
/// rest by more than chance and by more than users would not notice, then what overlaps together.
struct EpisodeFinder {
    let situation: Situation

    /// How large a change must be to count, besides being no chance: in relation to the usual value and in the signal's unit.
    private static let least: [Episode.Kind: (ratio: Double, difference: Double)] = [
        .firstToken: (1.25, 0.02), .interToken: (1.1, 0.001), .perToken: (1.15, 0.001), .waiting: (1, 0.4),
        .beyondEngine: (1.25, 0.05), .refused: (2, 0.06), .failed: (2, 0.03), .aborted: (2, 0.03),
    ]
    private static let leastScore = 4.0
    /// Six hours of half minutes, twelve of minutes: what lasts longer is a change of level, not an episode.
    private static let longestBins = 720
    /// A minute, in evidence of a few minutes an eighth of it.
    private var shortestSeconds: Double { min(60, situation.grid.seconds / 8) }

    func episodes() throws -> [Episode] {
        var symptoms: [Episode.Symptom] = []
        for replica in situation.replicas {
            let stops = try standstills(replica)
            symptoms += stops
            for kind in Episode.Kind.allCases {
                guard let track = try track(kind, replica) else { continue }
                symptoms += find(kind, replica, track)
            }
        }
        return group(symptoms)
    }

    // MARK: Symptoms

    private func track(_ kind: Episode.Kind, _ replica: String) throws -> Track? {
        switch kind {
        case .down, .silent: return nil
        case .refused: return try share("error_4xx_requests_per_second", replica)
        case .failed: return try share("error_5xx_requests_per_second", replica)
        case .aborted: return try share("abort_requests_per_second", replica)
        default: return try situation.track(kind.rawValue, replica)
        }
    }

    /// Events of a kind among all requests of a replica.
    private func share(_ signal: String, _ replica: String) throws -> Track? {
        guard let events = try situation.track(signal, replica),
            let all = try situation.track("http_request_rate_requests_per_second", replica)
                ?? situation.track("request_rate_requests_per_second", replica)
        else { return nil }
        var (amounts, weights): ([Double], [Double]) = ([], [])
        let seconds = Double(situation.grid.stepMs) / 1000
        for step in 0..<events.count {
            let some = (events.value(step..<step + 1) ?? 0) * seconds
            let whole = (all.value(step..<step + 1) ?? 0) * seconds
            amounts.append(some)
            weights.append(max(some, whole))
        }
        return Track(amounts: amounts, weights: weights)
    }

    private func find(_ kind: Episode.Kind, _ replica: String, _ track: Track) -> [Episode.Symptom] {
        let width = max(situation.steps(min(30, situation.grid.seconds / 60)), track.count / 12_000)
        var (values, weights) = track.bins(width)
        let isShare = kind == .refused || kind == .failed || kind == .aborted
        let isLevel = kind == .waiting
        // Latencies vary in proportion to themselves; queues are counts that are usually 0.
        let plain = values.map { value -> Double? in
            value.flatMap { isShare ? $0 : isLevel ? log1p(max(0, $0)) : $0 > 0 ? log($0) : nil }
        }
        // Nights and days differ: in evidence of days a bin is compared with the same time of other days.
        let bin = situation.grid.stepMs * Int64(width)
        let isDaily = situation.dayCount >= 3 && 86_400_000 % bin == 0 && !isShare
        let profile = isDaily ? Self.profile(plain, perDay: Int(86_400_000 / bin)) : nil
        let scaled: [Double?] =
            profile.map { profile in
                plain.indices.map { place in plain[place].map { $0 - profile[place % profile.count] } }
            } ?? plain
        let typical = Self.median(weights.filter { $0 > 0 }) ?? 1
        // A busy bin tells no more than a usual one: what varies there is the load, not the sampling.
        weights = weights.map { min($0 / typical, 1) }
        let least = Self.least[kind] ?? (1, 0)
        var noise = IntervalScan.noise(scaled)
        if isShare {
            // Binomial, with the usual share, two in a thousand at least.
            let usual = max(0.002, track.value(0..<track.count).map { min($0, 0.5) } ?? 0)
            noise = max(noise ?? 0, (usual * (1 - usual) / max(typical, 1)).squareRoot())
        }
        let floor = isLevel ? 0.1 : 0.02
        var rest = scaled
        var found: [Episode.Symptom] = []
        let shortest = max(2, Int(shortestSeconds * 1000 / Double(situation.grid.stepMs) / Double(width)))
        for _ in 0..<8 {
            guard
                let hit = IntervalScan.strongest(
                    rest, weights: weights, noise: max(noise ?? floor, floor), shortest: shortest,
                    longest: max(shortest, min(values.count * 7 / 10, Self.longestBins)), least: Self.leastScore)
            else { break }
            let bins = Self.widened(hit, scaled)
            for index in bins { rest[index] = nil }
            let range = bins.lowerBound * width..<min(track.count, bins.upperBound * width)
            let outside = [0..<range.lowerBound, range.upperBound..<track.count]
            guard let during = track.value(range), var before = track.value(outside) else { continue }
            // Against the same hours of other days.
            if profile != nil, !isLevel { before = during / exp(hit.inside - hit.outside) }
            guard during - before >= least.difference, during >= least.ratio * before else { continue }
            // A share of a handful is chance.
            guard !isShare || track.amount(range) >= 6 else { continue }
            found.append(
                .init(kind: kind, replica: replica, range: range, score: hit.score, during: during, before: before))
        }
        return found
    }

    /// The usual value at each time of day: the median over the days and a quarter of an hour to either side; 0 where
    /// nothing is known.
    private static func profile(_ values: [Double?], perDay: Int) -> [Double] {
        let around = max(1, perDay / 96)
        return (0..<perDay).map { time in
            var known: [Double] = []
            var day = 0
            while day < values.count {
                for place in day + time - around...day + time + around where values.indices.contains(place) {
                    if let value = values[place] { known.append(value) }
                }
                day += perDay
            }
            return median(known) ?? 0
        }
    }

    /// From the core outwards while the signal stays above three tenths of the rise, inwards where it doesn't.
    private static func widened(_ hit: IntervalScan.Found, _ values: [Double?]) -> Range<Int> {
        let limit = hit.outside + 0.3 * (hit.inside - hit.outside)
        func isHigh(_ index: Int) -> Bool? { values[index].map { $0 > limit } }
        var (low, high) = (hit.range.lowerBound, hit.range.upperBound)
        while low < high - 2, isHigh(low) == false { low += 1 }
        while high > low + 2, isHigh(high - 1) == false { high -= 1 }
        while low > 0, isHigh(low - 1) == true { low -= 1 }
        while high < values.count, isHigh(high) == true { high += 1 }
        return low..<high
    }

    /// The server was gone (no answer to scrapes, a crash until the next start was ready), or held requests and made no
    /// tokens for half a minute.
    private func standstills(_ replica: String) throws -> [Episode.Symptom] {
        let grid = situation.grid
        var found: [Episode.Symptom] = []
        func add(_ kind: Episode.Kind, _ range: Range<Int>) {
            found.append(.init(kind: kind, replica: replica, range: range, score: .infinity, during: 1, before: 0))
        }
        for (index, run) in situation.runs.enumerated() where run.replica == replica {
            guard run.endReason != nil, let end = run.endMs, end >= grid.startMs, end <= grid.endMs else { continue }
            let next = situation.runs[(index + 1)...].first { $0.replica == replica }
            // Who shuts a server down for good has moved its users.
            if run.endReason == "shutdown", next == nil { continue }
            let range = grid.range(end, min(next?.readyMs ?? next?.startMs ?? grid.endMs, grid.endMs))
            if !range.isEmpty { add(.down, range) }
        }
        if let up = try situation.track("up_ratio", replica) {
            // A server that was never there before was not taken from anyone.
            for range in runs(up.count, { up.value($0..<$0 + 1).map { $0 < 0.5 } })
            where up.value(0..<range.lowerBound) ?? 0 > 0 { add(.down, range) }
        }
        if let running = try situation.track("running_requests", replica),
            let tokens = try situation.track("generation_tokens_per_second", replica)
        {
            let prompts = try situation.track("prompt_tokens_per_second", replica)
            // A statistics line stands for ten seconds and is repeated until the next.
            let least = max(2, situation.steps(situation.table["running_requests", replica]?.origin == "log" ? 60 : 30))
            let silent = runs(running.count) { step in
                let here = step..<step + 1
                guard let some = running.value(here), let made = tokens.value(here) else { return nil }
                return some >= 1 && made <= 0 && (prompts?.value(here) ?? 0) <= 0
            }
            // A server that is away is no server that stands still.
            let away = found.map(\.range)
            for range in silent.flatMap({ Self.without(away, $0) }) where range.count >= least {
                // The last samples of the evidence may be of different moments.
                guard range.upperBound < grid.count || situation.seconds(range) >= 60 else { continue }
                if try !isGap(range, replica, tokens) { add(.silent, range) }
            }
        }
        return found
    }

    /// What is left of a range without others.
    private static func without(_ others: [Range<Int>], _ range: Range<Int>) -> [Range<Int>] {
        others.reduce([range]) { parts, other in
            parts.flatMap { part -> [Range<Int>] in
                guard part.overlaps(other) else { return [part] }
                return [
                    part.lowerBound..<max(part.lowerBound, other.lowerBound),
                    min(part.upperBound, other.upperBound)..<part.upperBound,
                ].filter { !$0.isEmpty }
            }
        }
    }

    /// Whether the scrapes failed rather than the engine stood still. An answer to a range query repeats the last sample for
    /// five minutes: then the API server's CPU time stands still as well, or all that was made meanwhile comes at once.
    private func isGap(_ range: Range<Int>, _ replica: String, _ tokens: Track) throws -> Bool {
        if let cpu = try situation.track("process_cpu_cores", replica), cpu.weight(range) > 0 {
            let steps = range.filter { (cpu.value($0..<$0 + 1) ?? 0) > 0 }
            return steps.count * 4 < range.count
        }
        let after = range.upperBound..<min(tokens.count, range.upperBound + 3)
        let usual = tokens.value([0..<range.lowerBound, after.upperBound..<tokens.count]) ?? 0
        return tokens.amount(after) > 0.5 * usual * situation.seconds(range)
    }

    /// Ranges of steps in which a condition holds; an unknown step between two of them counts.
    private func runs(_ count: Int, _ condition: (Int) -> Bool?) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for step in 0..<count where condition(step) == true {
            if let last = found.last, (last.upperBound..<step).allSatisfy({ condition($0) == nil }) {
                found[found.count - 1] = last.lowerBound..<step + 1
            } else {
                found.append(step..<step + 1)
            }
        }
        return found
    }

    // MARK: Together

    /// Symptoms that overlap by much are one episode; the strongest give its range.
    private func group(_ symptoms: [Episode.Symptom]) -> [Episode] {
        var episodes: [Episode] = []
        let gap = situation.steps(60)
        for symptom in symptoms.sorted(by: { ($0.score, $1.range.lowerBound) > ($1.score, $0.range.lowerBound) }) {
            func overlap(_ range: Range<Int>) -> Double {
                let common =
                    min(range.upperBound, symptom.range.upperBound + gap)
                    - max(range.lowerBound, symptom.range.lowerBound)
                return Double(common) / Double(min(range.count, symptom.range.count))
            }
            guard let place = episodes.indices.first(where: { overlap(episodes[$0].range) >= 0.4 }) else {
                episodes.append(Episode(range: symptom.range, symptoms: [symptom]))
                continue
            }
            // All that users clearly felt is the episode; a weak symptom doesn't move its ends.
            if symptom.score >= 6 || symptom.score >= 0.35 * min(episodes[place].symptoms[0].score, 40) {
                episodes[place].range =
                    min(
                        episodes[place].range.lowerBound, symptom.range.lowerBound)..<max(
                        episodes[place].range.upperBound, symptom.range.upperBound)
            }
            episodes[place].symptoms.append(symptom)
        }
        return merged(episodes)
    }

    /// In the order of time; what overlaps still, and what waits behind a standstill, joined.
    private func merged(_ episodes: [Episode]) -> [Episode] {
        var result: [Episode] = []
        for episode in episodes.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            if let last = result.last,
                last.range.upperBound > episode.range.lowerBound || isAftermath(episode, of: last)
            {
                result[result.count - 1].range =
                    last.range.lowerBound..<max(last.range.upperBound, episode.range.upperBound)
                result[result.count - 1].symptoms += episode.symptoms
            } else {
                result.append(episode)
            }
        }
        return result
    }

    /// What waits behind a server that was away or stood still belongs to it.
    private func isAftermath(_ episode: Episode, of last: Episode) -> Bool {
        episode.range.lowerBound - last.range.upperBound <= situation.steps(90)
            && last.symptoms.contains { stop in
                stop.score.isInfinite && episode.symptoms.contains { $0.replica == stop.replica }
            }
    }

    private static func median(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.sorted()[values.count / 2]
    }
}
