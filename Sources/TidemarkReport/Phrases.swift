import TidemarkBase

/// Every fixed text of a report's page, in the language in which it is being made; `{0}`, `{1}`… stand for what ``fill`` fills
/// in, so that a translation may change their order.
enum Phrases {
    // MARK: Frame

    static let product = "Tidemark"
    static var skipToContent: String { say("Skip to the verdict") }
    static var contents: String { say("Contents") }
    static var footer: String { say("Written by Tidemark from the files listed under Coverage. All times UTC.") }
    static var redacted: String {
        say(
            "Redacted: hosts, addresses, clients, users and files are replaced by tokens such as h-1a2b3c4d, the same name by the same token; prompts are left out."
        )
    }
    static var severities: [ReportModel.Verdict.Severity: String] {
        [
            .healthy: say("Healthy"), .notice: say("Notice"), .incident: say("Incident"), .unknown: say("Undecided"),
        ]
    }
    static var dataQuality: String { say("Data quality") }
    static var qualityLevels: [ReportModel.DataQuality.Level: String] {
        [
            .good: say("good"), .fair: say("fair"), .poor: say("poor"),
        ]
    }

    // MARK: Headings

    static var verdict: String { say("Verdict") }
    static var keyNumbers: String { say("Key numbers") }
    static var findings: String { say("Findings") }
    static var ruledOut: String { say("Ruled out") }
    static var notChecked: String { say("Could not be checked") }
    static var timeline: String { say("What happened when") }
    static var keyFigures: String { say("Key figures") }
    static var distributions: String { say("Distributions") }
    static var replicas: String { say("Replicas") }
    static var logEvents: String { say("Log events") }
    static var topClients: String { say("Busiest clients") }
    static var slowestRequests: String { say("Slowest traced requests") }
    static var logLine: String { say("Line of the request log") }
    static var gateways: String { say("At the gateway") }
    static var slowestAtGateway: String { say("Slowest requests at the gateway") }
    static var configuration: String { say("Configuration") }
    static var coverage: String { say("Coverage of the evidence") }
    static var methods: String { say("Methods") }
    static var downloads: String { say("Files beside this report") }

    // MARK: Findings

    static var noFindings: String { say("Nothing was found that slowed users down.") }
    static var confidenceWords: [ReportModel.Finding.ConfidenceWord: String] {
        [
            .high: say("high"), .medium: say("medium"), .low: say("low"),
        ]
    }
    static var confidence: String { say("{0} confidence ({1})") }
    static var shareOfImpact: String { say("{0} of the impact") }
    static var causeSharesTitle: String { say("Share of the impact by cause") }
    static var unexplained: String { say("Unexplained") }
    static var onReplicas: String { say("on {0}") }
    static var doNow: String { say("Do now") }
    static var doNext: String { say("Do next") }
    static var expectedEffect: String { say("Expected: {0}") }
    static var evidence: String { say("Evidence ({0})") }
    static var evidenceCaption: String { say("Evidence for: {0}") }
    static var observed: String { say("Observed") }
    static var normal: String { say("Normal") }
    static var neededToBlame: String { say("Needed to blame it") }
    static var needed: String { say("needed {0}") }
    static var normally: String { say("normally {0}") }
    static var toSeeIt: String { say("To see it: {0}") }

    // MARK: Charts

    static var logScale: String { say("log scale") }
    static var incident: String { say("Incident") }
    static let csv = "CSV"
    static var csvOf: String { say("CSV of {0}") }
    static var chartRange: String { say("{0}: {1} to {2}, highest at {3}, last {4}.") }
    static var chartConstant: String { say("{0}: constantly {1}.") }
    static var chartEmpty: String { say("{0}: no values.") }
    static var chartLimit: String { say("Limit: {0}.") }
    static var chartIncident: String { say("Incident {0}.") }
    static var chartMissing: String { say("No evidence {0}.") }
    static var chartKey: String { say("Times are UTC. Shaded: incident. Hatched: no evidence. Dotted: events.") }
    static var eventLane: String { say("Events and incidents on the time axis") }
    static var eventsSummary: String { say("Incidents and events ({0})") }
    static var eventKinds: [ReportModel.EventMark.Kind: String] {
        [
            .restart: say("Restart"), .crash: say("Crash"), .errorBurst: say("Error burst"),
            .deployment: say("Deployment"),
            .throttle: say("Throttling"), .note: say("Note"),
        ]
    }
    static var histogramDescription: String { say("Bars from {0} to {1}; the most, {2}, in {3}.") }
    static var baselineBars: String { say("outlined: period compared with") }
    static var cumulativeTitle: String { say("Share of the observations up to a latency") }
    static var cumulativeSubtitle: String { say("known at the buckets' bounds, straight between them") }
    static var asTable: String { say("As a table") }
    static var notInWindow: String { say("nothing in the window") }
    static var coverageChart: String { say("Which source covers which part of the window") }

    // MARK: Columns

    static var signal: String { say("Signal") }
    static var unit: String { say("Unit") }
    static var source: String { say("Source") }
    static var wholeWindow: String { say("Whole window") }
    static var worstFiveMinutes: String { say("Worst 5 min") }
    static var worstFrom: String { say("From (UTC)") }
    static var bucket: String { say("Histogram bucket") }
    static var bucketRange: String { say("{0} to {1}") }
    static var bucketAbove: String { say("above {0}") }
    static var below: String { say("below {0}") }
    static var cutAxis: String { say("the axis does not begin at zero") }
    static var scatterPoints: String { say("{0} points by {1}.") }
    static var scatterFit: String { say("The line goes from {0} at {1} to {2} at {3}.") }
    static var tooFew: String { say("n too small ({0})") }
    static var asPromQL: String { say("As PromQL") }
    static var observations: String { say("Observations") }
    static var replica: String { say("Replica") }
    static var note: String { say("Note") }
    static var time: String { say("Time (UTC)") }
    static var level: String { say("Level") }
    static var count: String { say("Count") }
    static var message: String { say("Message") }
    static var client: String { say("Client") }
    static var requests: String { say("Requests") }
    static var share: String { say("Share") }
    static var errors: String { say("Errors") }
    static var requestID: String { say("Request") }
    static var traceID: String { say("Trace") }
    static var endToEnd: String { say("End to end") }
    static var timeToFirstToken: String { say("First token") }
    static var timeInQueue: String { say("In the queue") }
    static var promptTokens: String { say("Prompt tokens") }
    static var completionTokens: String { say("Generated tokens") }
    static var gateway: String { say("Gateway") }
    static var request: String { say("Request line") }
    static var httpStatus: String { say("Status") }
    static var duration: String { say("Duration") }
    static var timeToHeaders: String { say("Head of the answer") }
    static var engineEndToEnd: String { say("Engine, end to end") }
    static var engineFirstToken: String { say("Engine, first token") }
    static var upstream: String { say("Upstream") }
    static var ending: String { say("Ended by") }
    static var peakRate: String { say("Peak rate (requests/s)") }
    static var setting: String { say("Setting") }
    static var version: String { say("vLLM version") }
    static var model: String { say("Model") }
    static var arguments: String { say("Arguments") }
    static var capacity: String { say("Capacity as the engine stated it") }
    static var runSince: String { say("{0}: from {1}") }
    static var runUntil: String { say("{0}: {1} to {2}") }
    static var runBeforeEvidence: String { say("before the evidence") }
    static var differs: String { say("differs") }
    static var file: String { say("File") }
    static var format: String { say("Format") }
    static var kind: String { say("Kind") }
    static var firstRecord: String { say("First (UTC)") }
    static var lastRecord: String { say("Last (UTC)") }
    static var records: String { say("Records") }
    static var lines: String { say("Lines") }
    static var noise: String { say("Noise") }
    static var rejects: String { say("Rejects") }
    static var clockOffset: String { say("Clock offset") }
    static var gaps: String { say("Gaps") }
    static var sources: String { say("Sources") }
    static var unknownFiles: String { say("Files that no format claimed") }
    static var shadowed: String { say("Left out: the same samples came from a better source") }
    static var shadowedBy: String { say("{0} – in favour of {1}") }
    static var scope: String { say("Key figures: {0}") }

    // MARK: Dates

    /// Day and year filled in.
    private static let longDates = [
        "{0} January {1}", "{0} February {1}", "{0} March {1}", "{0} April {1}", "{0} May {1}", "{0} June {1}",
        "{0} July {1}", "{0} August {1}", "{0} September {1}", "{0} October {1}", "{0} November {1}",
        "{0} December {1}",
    ]
    /// The day filled in.
    private static let shortDates = [
        "{0} Jan", "{0} Feb", "{0} Mar", "{0} Apr", "{0} May", "{0} Jun", "{0} Jul", "{0} Aug", "{0} Sep", "{0} Oct",
        "{0} Nov", "{0} Dec",
    ]
    /// Of the twelve months, in the language of the page; `{0}` is the day.
    static var shortDatePatterns: [String] { shortDates.map { say(fixed: $0) } }
    static let zone = "UTC"
    static let rangeDash = "–"

    // MARK: Punctuation

    /// `a, b, c`.
    static func list(_ items: [String]) -> String { say(.list(items)) }
    /// `Name: value`.
    static func labelled(_ name: String, _ value: String) -> String { say("\(name): \(value)") }
    /// `text (note)`.
    static func noted(_ text: String, _ note: String) -> String { say("\(text) (\(note))") }
    /// Whole sentences one behind the other.
    static func sentences(_ all: [String]) -> String { say(.sentences(all.map { Message(verbatim: $0) })) }

    /// `pattern` with `{0}`, `{1}`… replaced. What is filled in is not looked into again.
    static func fill(_ pattern: String, _ values: String...) -> String {
        say(Message(pattern: pattern, arguments: values.map { .verbatim($0) }))
    }
}

// MARK: - Times in words

extension Phrases {
    /// `23 November 2026`.
    static func longDate(_ timeMs: Int64) -> String {
        let date = CivilTime.date(days: Int(CivilTime.floorDivide(timeMs, CivilTime.millisPerDay)))
        return fill(longDates[date.month - 1], String(date.day), String(date.year))
    }

    /// `23 Nov`.
    static func shortDate(_ timeMs: Int64) -> String {
        let date = CivilTime.date(days: Int(CivilTime.floorDivide(timeMs, CivilTime.millisPerDay)))
        return fill(shortDates[date.month - 1], String(date.day))
    }

    /// `10:02`, with seconds where they aren't zero or are asked for, with the date unless it is `day`'s.
    static func moment(_ timeMs: Int64, seconds: Bool = false, onDayOf dayMs: Int64? = nil) -> String {
        let showsSeconds = seconds || CivilTime.floorDivide(timeMs, 1000) % 60 != 0
        let clock = CivilTime.clock(timeMs, seconds: showsSeconds)
        if let dayMs, CivilTime.day(dayMs) == CivilTime.day(timeMs) { return clock }
        return shortDate(timeMs) + NumberText.noBreakSpace + clock
    }

    /// `23 November 2026, 10:00–10:20`, or both ends with their dates.
    static func fullRange(_ span: ReportModel.TimeSpan) -> String {
        guard CivilTime.day(span.startMs) == CivilTime.day(span.endMs) else {
            return dated(span.startMs, CivilTime.clock(span.startMs, seconds: false)) + " " + rangeDash + " "
                + dated(span.endMs, CivilTime.clock(span.endMs, seconds: false))
        }
        return dated(span.startMs, range(span, onDayOf: span.startMs))
    }

    private static func dated(_ timeMs: Int64, _ clock: String) -> String { say("\(longDate(timeMs)), \(clock)") }

    /// `10:02–10:19`, with dates unless both lie on the day of `dayMs`.
    static func range(_ span: ReportModel.TimeSpan, onDayOf dayMs: Int64?) -> String {
        let sameDay = CivilTime.day(span.startMs) == CivilTime.day(span.endMs)
        let seconds = [span.startMs, span.endMs].contains { CivilTime.floorDivide($0, 1000) % 60 != 0 }
        let start = moment(span.startMs, seconds: seconds, onDayOf: dayMs)
        let end = moment(span.endMs, seconds: seconds, onDayOf: sameDay ? span.startMs : dayMs)
        return sameDay && dayMs.map { CivilTime.day($0) == CivilTime.day(span.startMs) } == true
            ? start + rangeDash + end : start + " " + rangeDash + " " + end
    }
}

extension String {
    /// With a capital at the beginning, as a sentence has it.
    var inSentenceCase: String { prefix(1).uppercased() + dropFirst() }
}
