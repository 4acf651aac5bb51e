/// Everything that one report shows, as plain values: no analysis type, no file, no clock.
///
/// All instants are Unix milliseconds UTC (`*Ms`). Every `String` may hold hostile text (log lines with markup or
/// terminal escapes): the writers escape and neutralise it, the caller passes it on as it is.
/// Lists are shown in the order in which they are given; an empty list leaves its section out.
public struct ReportModel: Sendable, Equatable {
    public var title: String
    public var subtitle: String
    /// The time axis of every chart.
    public var window: TimeSpan
    /// What the report was made for: case, fleet, model, period. Never a wall clock.
    public var facts: [Fact]
    public var dataQuality: DataQuality
    public var verdict: Verdict
    /// Ranked, most important first. Empty: a healthy period.
    public var findings: [Finding]
    /// Ruled out for the whole window; what belongs to one finding stands in it.
    public var ruledOut: [RuledOut]
    /// What could not be checked in the whole window.
    public var notChecked: [NotChecked]
    /// Shaded behind every strip.
    public var incidents: [IncidentBand]
    /// Ticks above the strips.
    public var events: [EventMark]
    /// The five to seven rows of the aligned strip chart on the first pages.
    public var overview: [Strip]
    /// Small multiples, grouped: service, inference, system.
    public var sections: [StripSection]
    /// Capacity, demand, comparison: those of which there is something to say.
    public var outlook: [OutlookSection] = []
    /// One table for the fleet, then one a replica.
    public var keyFigures: [KeyFigureTable]
    public var distributions: [Distribution]
    public var heatMaps: [HeatMap] = []
    /// Replicas side by side, a quantity each.
    public var replicaPanels: [ReplicaPanel] = []
    /// The same as a table.
    public var replicas: FigureTable
    public var logEvents: [LogEvent]
    public var topClients: [Client]
    /// The slowest of the traced requests, the slowest first.
    public var slowestRequests: [TracedRequest]
    /// Gateways, and the engines for comparison.
    public var gateways: FigureTable
    /// The slowest requests at the gateways, the slowest first.
    public var slowestAtGateway: [GatewayRequest]
    public var engineRuns: [EngineRun]
    public var coverage: Coverage
    public var methods: [MethodNote]
    /// Files beside the report: CSV tables, the database.
    public var downloads: [FileLink]
    /// Folder, relative to the report, of the CSV files of findings, log events, clients and coverage
    /// (``ReportTables``). Nil: they are neither linked nor written.
    public var csvFolder: String?
    /// Of whoever forwards it.
    public var logo: Logo?
    /// Names were replaced by tokens before the report was made (docs/report.md).
    public var isRedacted = false
    /// Pages that lead further: the one above, the one before, the one after.
    public var navigation: [FileLink] = []
    /// Whether the page has a part for findings, were there none.
    public var showsFindings = true

    public init(
        title: String, subtitle: String = "", window: TimeSpan, facts: [Fact] = [],
        dataQuality: DataQuality, verdict: Verdict, findings: [Finding] = [], ruledOut: [RuledOut] = [],
        notChecked: [NotChecked] = [], incidents: [IncidentBand] = [], events: [EventMark] = [],
        overview: [Strip] = [], sections: [StripSection] = [], keyFigures: [KeyFigureTable] = [],
        distributions: [Distribution] = [], replicas: FigureTable = FigureTable(), logEvents: [LogEvent] = [],
        topClients: [Client] = [], slowestRequests: [TracedRequest] = [], gateways: FigureTable = FigureTable(),
        slowestAtGateway: [GatewayRequest] = [], engineRuns: [EngineRun] = [],
        coverage: Coverage = Coverage(),
        methods: [MethodNote] = [], downloads: [FileLink] = [], csvFolder: String? = nil
    ) {
        self.title = title
        self.subtitle = subtitle
        self.window = window
        self.facts = facts
        self.dataQuality = dataQuality
        self.verdict = verdict
        self.findings = findings
        self.ruledOut = ruledOut
        self.notChecked = notChecked
        self.incidents = incidents
        self.events = events
        self.overview = overview
        self.sections = sections
        self.keyFigures = keyFigures
        self.distributions = distributions
        self.replicas = replicas
        self.logEvents = logEvents
        self.topClients = topClients
        self.slowestRequests = slowestRequests
        self.gateways = gateways
        self.slowestAtGateway = slowestAtGateway
        self.engineRuns = engineRuns
        self.coverage = coverage
        self.methods = methods
        self.downloads = downloads
        self.csvFolder = csvFolder
    }
}

extension ReportModel {
    /// A half-open stretch of time in Unix milliseconds UTC.
    public struct TimeSpan: Sendable, Equatable {
        public var startMs: Int64
        public var endMs: Int64

        public init(startMs: Int64, endMs: Int64) {
            self.startMs = startMs
            self.endMs = endMs
        }

        /// Milliseconds from start to end.
        public var durationMs: Int64 { endMs - startMs }
    }

    /// A name and its value, both as text.
    public struct Fact: Sendable, Equatable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// How a number of the report was made, under a short heading.
    public struct MethodNote: Sendable, Equatable {
        public var heading: String
        /// One string a paragraph.
        public var paragraphs: [String]

        public init(heading: String, paragraphs: [String]) {
            self.heading = heading
            self.paragraphs = paragraphs
        }
    }

    /// A file beside the report.
    public struct FileLink: Sendable, Equatable {
        /// Relative to the report, with `/`. Anything that isn't a plain relative path is shown but not linked.
        public var path: String
        /// What is in it.
        public var label: String

        public init(path: String, label: String) {
            self.path = path
            self.label = label
        }
    }
}
