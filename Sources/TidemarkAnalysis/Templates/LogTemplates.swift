import TidemarkBase
import TidemarkEvidence
import TidemarkStore

/// A message with its variable parts masked, and when it was seen.
public struct LogTemplate: Sendable, Equatable {
    /// The first 63 bits of the SHA-256 of ``text``: the same in every database.
    public var id: Int64
    /// `Loaded <n> adapters`; of a traceback `ValueError at renderer.py in _validate: message`.
    public var text: String
    /// The worst level that it was logged with; nil when lines had none.
    public var level: String?
    /// `log_event.kind` of its first event.
    public var kind: String
    public var events: Int
    /// Events of which no time is known: they are in no step.
    public var untimed = 0
    /// Unix ms of the first and the last event that has a time.
    public var firstMs: Int64?
    public var lastMs: Int64?
    /// Path and line of the first event.
    public var source: String
    public var line: Int

    /// Whether it gathers what found no room, and is no message.
    public var isOther: Bool { text == TemplateTree.otherText }
}

/// The templates of a period's log events, and how often each was seen where and when.
public struct LogTemplates: Sendable {
    /// Events of one template at one instance in one step.
    public struct Cell: Sendable, Equatable {
        /// Place in ``templates``.
        public var template: Int
        /// Replica or gateway.
        public var instance: String
        /// End of the step, Unix ms.
        public var timeMs: Int64
        public var events: Int
        /// `log_event.event_id` of the first of them.
        public var eventId: Int
    }

    /// By text.
    public internal(set) var templates: [LogTemplate] = []
    /// By template, instance and time.
    public internal(set) var cells: [Cell] = []
    /// Length of a cell.
    public internal(set) var stepMs: Int64
    /// A time at which a step ends.
    let anchorMs: Int64
    /// When the logs of each instance were being written, Unix ms.
    let coverage: [String: [ClosedRange<Int64>]]
}

extension LogTemplates {
    /// Most cells that are held: above, steps are made twice as long.
    static let cellLimit = 400_000

    /// Mines the log events of a period, one after the other in the order of files and lines. The cells' steps are the
    /// grid's, continued beyond its ends. Memory is bounded, whatever the number of events.
    public init(mining store: Store, period: Int, grid: TimeGrid) throws {
        try self.init(mining: store, period: period, anchorMs: grid.startMs, stepMs: grid.stepMs)
    }

    init(mining store: Store, period: Int, anchorMs: Int64, stepMs: Int64) throws {
        self.anchorMs = anchorMs
        self.stepMs = max(1, stepMs)
        coverage = try Self.coverage(store, period: period)
        var pass = Pass(anchorMs: anchorMs, stepMs: self.stepMs)
        let instances = try Self.names(store, "SELECT instance_id, name FROM instance WHERE period_id = ?", period)
        let paths = try Self.names(store, "SELECT source_id, path FROM source WHERE period_id = ?", period)
        let order = try store.database.prepare(
            """
            WITH place AS (SELECT source_id, row_number() OVER (ORDER BY coalesce(first_ms, 0), path, source_id) AS place
                FROM source WHERE period_id = ?)
            SELECT event_id FROM log_event JOIN place USING (source_id) ORDER BY place, line, event_id
            """)
        order.bind(1, period)
        let event = try store.database.prepare(
            """
            SELECT instance_id, source_id, line, time_ms, level, kind, source_file, source_line, exception_type,
                exception_message, frame, message FROM log_event WHERE event_id = ?
            """)
        while try order.step() {
            event.reset()
            event.bind(1, order.int(0))
            guard try event.step() else { continue }
            pass.take(event, id: order.int(0))
        }
        self.stepMs = pass.stepMs
        finish(pass, instances: instances, paths: paths)
    }

    /// Names the templates, puts those of the same text together, sorts.
    private mutating func finish(_ pass: Pass, instances: [Int: String], paths: [Int: String]) {
        var places: [String: Int] = [:]
        var targets = [Int](repeating: 0, count: pass.tallies.count)
        for (number, tally) in pass.tallies.enumerated() where tally.events > 0 {
            let text = pass.tree.text(number)
            let one = LogTemplate(
                id: Self.id(of: text), text: text, level: tally.level?.rawValue, kind: tally.kind,
                events: tally.events, untimed: tally.untimed, firstMs: tally.firstMs, lastMs: tally.lastMs,
                source: paths[tally.source] ?? "", line: tally.line)
            if let place = places[text] {
                targets[number] = place
                templates[place].add(one)
            } else {
                places[text] = templates.count
                targets[number] = templates.count
                templates.append(one)
            }
        }
        let sorted = templates.indices.sorted { templates[$0].text < templates[$1].text }
        var ranks = [Int](repeating: 0, count: templates.count)
        for (rank, place) in sorted.enumerated() { ranks[place] = rank }
        templates = sorted.map { templates[$0] }
        var merged: [Pass.Key: Pass.Count] = [:]
        for (key, count) in pass.cells {
            merged[Pass.Key(template: ranks[targets[key.template]], instance: key.instance, step: key.step)].add(count)
        }
        cells = merged.map { key, count in
            Cell(
                template: key.template, instance: instances[key.instance] ?? "",
                timeMs: anchorMs &+ (key.step &+ 1) &* stepMs, events: count.events, eventId: count.first)
        }
        cells.sort { ($0.template, $0.instance, $0.timeMs) < ($1.template, $1.instance, $1.timeMs) }
    }

    /// A stable identifier of a template's text.
    static func id(of text: String) -> Int64 {
        let digits = withBytes(of: text) { SHA256.hex($0) }.prefix(16)
        return Int64(truncatingIfNeeded: (UInt64(digits, radix: 16) ?? 0) >> 1)
    }

    private static func names(_ store: Store, _ sql: String, _ period: Int) throws -> [Int: String] {
        let rows = try store.database.prepare(sql)
        rows.bind(1, period)
        var names: [Int: String] = [:]
        while try rows.step() { names[rows.int(0)] = rows.text(1) }
        return names
    }

    /// The time ranges of the sources that can hold log events, by instance; overlapping ones are joined.
    static func coverage(_ store: Store, period: Int) throws -> [String: [ClosedRange<Int64>]] {
        let rows = try store.database.prepare(
            """
            SELECT name, first_ms, last_ms FROM source s JOIN instance USING (instance_id)
            WHERE s.period_id = ? AND first_ms <= last_ms
                AND format IN (SELECT format FROM source WHERE source_id IN (SELECT DISTINCT source_id FROM log_event))
            ORDER BY name, first_ms, last_ms
            """)
        rows.bind(1, period)
        var found: [String: [ClosedRange<Int64>]] = [:]
        while try rows.step() {
            let range = rows.int64(1)...rows.int64(2)
            if let last = found[rows.text(0)]?.last, last.upperBound >= range.lowerBound {
                found[rows.text(0)]?.removeLast()
                found[rows.text(0), default: []].append(last.lowerBound...max(last.upperBound, range.upperBound))
            } else {
                found[rows.text(0), default: []].append(range)
            }
        }
        return found
    }
}

extension LogTemplate {
    /// Adds what was counted under the same text.
    fileprivate mutating func add(_ other: LogTemplate) {
        if let first = other.firstMs, first < firstMs ?? .max {
            (firstMs, source, line, kind) = (first, other.source, other.line, other.kind)
        }
        lastMs = [lastMs, other.lastMs].compactMap { $0 }.max()
        events += other.events
        untimed += other.untimed
        if LogLevel.severity(other.level) > LogLevel.severity(level) { level = other.level }
    }
}

extension LogLevel {
    /// 0 for no level or an unknown one, then in the order of the cases.
    static func severity(_ name: String?) -> Int {
        name.flatMap(LogLevel.init(rawValue:)).flatMap { allCases.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
    }
}
