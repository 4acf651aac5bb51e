import TidemarkBase

/// Every fixed text of a report. Another language is another value of this type; `{0}`, `{1}`… stand for what is
/// filled in, so that a translation may change their order.
public struct Phrases: Sendable, Equatable {
    public static let english = Phrases()

    /// BCP 47 tag of the page.
    public var language = "en"

    // MARK: Frame

    public var product = "Tidemark"
    public var skipToContent = "Skip to the verdict"
    public var contents = "Contents"
    public var footer = "Written by Tidemark from the files listed under Coverage. All times UTC."
    public var severities: [ReportModel.Verdict.Severity: String] = [
        .healthy: "Healthy", .notice: "Notice", .incident: "Incident", .unknown: "Undecided",
    ]
    public var dataQuality = "Data quality"
    public var qualityLevels: [ReportModel.DataQuality.Level: String] = [
        .good: "good", .fair: "fair", .poor: "poor",
    ]

    // MARK: Headings

    public var verdict = "Verdict"
    public var keyNumbers = "Key numbers"
    public var findings = "Findings"
    public var ruledOut = "Ruled out"
    public var notChecked = "Could not be checked"
    public var timeline = "What happened when"
    public var keyFigures = "Key figures"
    public var distributions = "Distributions"
    public var replicas = "Replicas"
    public var logEvents = "Log events"
    public var topClients = "Busiest clients"
    public var slowestRequests = "Slowest traced requests"
    public var logLine = "Line of the request log"
    public var gateways = "At the gateway"
    public var slowestAtGateway = "Slowest requests at the gateway"
    public var configuration = "Configuration"
    public var coverage = "Coverage of the evidence"
    public var methods = "Methods"
    public var downloads = "Files beside this report"

    // MARK: Findings

    public var noFindings = "Nothing was found that slowed users down."
    public var confidenceWords: [ReportModel.Finding.ConfidenceWord: String] = [
        .high: "high", .medium: "medium", .low: "low",
    ]
    public var confidence = "{0} confidence ({1})"
    public var shareOfImpact = "{0} of the impact"
    public var causeSharesTitle = "Share of the impact by cause"
    public var unexplained = "Unexplained"
    public var onReplicas = "on {0}"
    public var doNow = "Do now"
    public var doNext = "Do next"
    public var expectedEffect = "Expected: {0}"
    public var evidence = "Evidence ({0})"
    public var evidenceCaption = "Evidence for: {0}"
    public var observed = "Observed"
    public var normal = "Normal"
    public var neededToBlame = "Needed to blame it"
    public var needed = "needed {0}"
    public var normally = "normally {0}"
    public var toSeeIt = "To see it: {0}"

    // MARK: Charts

    public var logScale = "log scale"
    public var incident = "Incident"
    public var csv = "CSV"
    public var csvOf = "CSV of {0}"
    public var chartRange = "{0}: {1} to {2}, highest at {3}, last {4}."
    public var chartConstant = "{0}: constantly {1}."
    public var chartEmpty = "{0}: no values."
    public var chartLimit = "Limit: {0}."
    public var chartIncident = "Incident {0}."
    public var chartMissing = "No evidence {0}."
    public var chartKey = "Times are UTC. Shaded: incident. Hatched: no evidence. Dotted: events."
    public var eventLane = "Events and incidents on the time axis"
    public var eventsSummary = "Incidents and events ({0})"
    public var eventKinds: [ReportModel.EventMark.Kind: String] = [
        .restart: "Restart", .crash: "Crash", .errorBurst: "Error burst", .deployment: "Deployment",
        .throttle: "Throttling", .note: "Note",
    ]
    public var histogramDescription = "Bars from {0} to {1}; the most, {2}, in {3}."
    public var baselineBars = "outlined: period compared with"
    public var notInWindow = "nothing in the window"
    public var coverageChart = "Which source covers which part of the window"

    // MARK: Columns

    public var signal = "Signal"
    public var unit = "Unit"
    public var source = "Source"
    public var wholeWindow = "Whole window"
    public var worstFiveMinutes = "Worst 5 min"
    public var worstFrom = "From (UTC)"
    public var bucket = "Histogram bucket"
    public var bucketRange = "{0} to {1}"
    public var bucketAbove = "above {0}"
    public var below = "below {0}"
    public var cutAxis = "the axis does not begin at zero"
    public var scatterPoints = "{0} points by {1}."
    public var scatterFit = "The line goes from {0} at {1} to {2} at {3}."
    public var tooFew = "n too small ({0})"
    public var asPromQL = "As PromQL"
    public var observations = "Observations"
    public var replica = "Replica"
    public var note = "Note"
    public var time = "Time (UTC)"
    public var level = "Level"
    public var count = "Count"
    public var message = "Message"
    public var client = "Client"
    public var requests = "Requests"
    public var share = "Share"
    public var errors = "Errors"
    public var requestID = "Request"
    public var traceID = "Trace"
    public var endToEnd = "End to end"
    public var timeToFirstToken = "First token"
    public var timeInQueue = "In the queue"
    public var promptTokens = "Prompt tokens"
    public var completionTokens = "Generated tokens"
    public var gateway = "Gateway"
    public var request = "Request line"
    public var httpStatus = "Status"
    public var duration = "Duration"
    public var timeToHeaders = "Head of the answer"
    public var engineEndToEnd = "Engine, end to end"
    public var engineFirstToken = "Engine, first token"
    public var upstream = "Upstream"
    public var ending = "Ended by"
    public var peakRate = "Peak rate (requests/s)"
    public var setting = "Setting"
    public var version = "vLLM version"
    public var model = "Model"
    public var arguments = "Arguments"
    public var capacity = "Capacity as the engine stated it"
    public var runSince = "{0}: from {1}"
    public var runUntil = "{0}: {1} to {2}"
    public var runBeforeEvidence = "before the evidence"
    public var differs = "differs"
    public var file = "File"
    public var format = "Format"
    public var kind = "Kind"
    public var firstRecord = "First (UTC)"
    public var lastRecord = "Last (UTC)"
    public var records = "Records"
    public var lines = "Lines"
    public var noise = "Noise"
    public var rejects = "Rejects"
    public var clockOffset = "Clock offset"
    public var gaps = "Gaps"
    public var sources = "Sources"
    public var unknownFiles = "Files that no format claimed"
    public var shadowed = "Left out: the same samples came from a better source"
    public var shadowedBy = "{0} – in favour of {1}"
    public var scope = "Key figures: {0}"

    // MARK: Dates

    public var months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    public var shortMonths = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    /// Day, month, year.
    public var longDatePattern = "{0} {1} {2}"
    /// Day, short month.
    public var shortDatePattern = "{0} {1}"
    public var zone = "UTC"
    public var rangeDash = "–"

    public init() {}

    /// `pattern` with `{0}`, `{1}`… replaced. What is filled in is not looked into again.
    static func fill(_ pattern: String, _ values: String...) -> String {
        var out: [UInt8] = []
        let bytes = Array(pattern.utf8)
        var at = 0
        while at < bytes.count {
            if bytes[at] == 123, at + 2 < bytes.count, bytes[at + 2] == 125, bytes[at + 1] >= 48,
                Int(bytes[at + 1]) - 48 < values.count
            {
                out.append(contentsOf: Array(values[Int(bytes[at + 1]) - 48].utf8))
                at += 3
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

// MARK: - Times in words

extension Phrases {
    /// `23 November 2026`.
    func longDate(_ timeMs: Int64) -> String {
        let date = CivilTime.date(days: Int(CivilTime.floorDivide(timeMs, CivilTime.millisPerDay)))
        return Self.fill(longDatePattern, String(date.day), months[date.month - 1], String(date.year))
    }

    /// `23 Nov`.
    func shortDate(_ timeMs: Int64) -> String {
        let date = CivilTime.date(days: Int(CivilTime.floorDivide(timeMs, CivilTime.millisPerDay)))
        return Self.fill(shortDatePattern, String(date.day), shortMonths[date.month - 1])
    }

    /// `10:02`, with seconds where they aren't zero or are asked for, with the date unless it is `day`'s.
    func moment(_ timeMs: Int64, seconds: Bool = false, onDayOf dayMs: Int64? = nil) -> String {
        let showsSeconds = seconds || CivilTime.floorDivide(timeMs, 1000) % 60 != 0
        let clock = CivilTime.clock(timeMs, seconds: showsSeconds)
        if let dayMs, CivilTime.day(dayMs) == CivilTime.day(timeMs) { return clock }
        return shortDate(timeMs) + NumberText.noBreakSpace + clock
    }

    /// `23 November 2026, 10:00–10:20`, or both ends with their dates.
    func fullRange(_ span: ReportModel.TimeSpan) -> String {
        guard CivilTime.day(span.startMs) == CivilTime.day(span.endMs) else {
            return longDate(span.startMs) + ", " + CivilTime.clock(span.startMs, seconds: false) + " " + rangeDash + " "
                + longDate(span.endMs) + ", " + CivilTime.clock(span.endMs, seconds: false)
        }
        return longDate(span.startMs) + ", " + range(span, onDayOf: span.startMs)
    }

    /// `10:02–10:19`, with dates unless both lie on the day of `dayMs`.
    func range(_ span: ReportModel.TimeSpan, onDayOf dayMs: Int64?) -> String {
        let sameDay = CivilTime.day(span.startMs) == CivilTime.day(span.endMs)
        let seconds = [span.startMs, span.endMs].contains { CivilTime.floorDivide($0, 1000) % 60 != 0 }
        let start = moment(span.startMs, seconds: seconds, onDayOf: dayMs)
        let end = moment(span.endMs, seconds: seconds, onDayOf: sameDay ? span.startMs : dayMs)
        return sameDay && dayMs.map { CivilTime.day($0) == CivilTime.day(span.startMs) } == true
            ? start + rangeDash + end : start + " " + rangeDash + " " + end
    }
}
