import Glibc
import TidemarkBase

/// One server that is scraped: when, what becomes of an answer, and of none.
///
/// A scrape is kept as the server gave it, gzip-compressed under its time, with the two series that a Prometheus server
/// adds: `up` and `scrape_duration_seconds`. A server that doesn't answer gives a scrape of `up 0` alone, so that the
/// evidence says when it was away, and is asked again after 1, 2, 4 … intervals, two minutes at most.
final class ScrapeTarget {
    let name: String
    let address: HTTPAddress
    private let folder: CaptureFolder
    private let fetch: HTTPFetch
    private let note: @Sendable (String) -> Void
    private let intervalSeconds: Double
    private var failures = 0
    private var lastWhy = ""
    private var lastStamp = ""
    private(set) var scrapes = 0

    /// What the server says of itself; asked for when it answers again.
    private(set) var identity = ServerIdentity()

    init(
        name: String, address: HTTPAddress, folder: CaptureFolder, fetch: HTTPFetch, intervalSeconds: Double,
        note: @escaping @Sendable (String) -> Void
    ) throws {
        (self.name, self.address, self.folder) = (name, address, folder)
        (self.fetch, self.intervalSeconds, self.note) = (fetch, intervalSeconds, note)
        try CaptureFolder.make(folder.path + "/" + name + "/metrics")
    }

    /// Scrapes by a steady schedule until the end. A scrape that takes longer than the interval costs the ones it covers.
    /// - Parameter identified: called when the server's identity was learnt or changed.
    func run(until stop: StopSignal, identified: (ServerIdentity) -> Void) {
        let begin = SystemClock.monotonicSeconds
        var tick = 0.0
        while true {
            once(identified)
            var pause = 1.0
            if failures > 1 {
                let longest = max(1, (120 / intervalSeconds).rounded(.down))
                pause = min(longest, Double(1 << min(failures - 1, 10)))
            }
            let elapsed = (SystemClock.monotonicSeconds - begin) / intervalSeconds
            tick = max(tick + pause, elapsed.rounded(.up))
            if stop.wait(seconds: begin + tick * intervalSeconds - SystemClock.monotonicSeconds) { return }
        }
    }

    /// One scrape.
    func once(_ identified: (ServerIdentity) -> Void) {
        let timeMs = SystemClock.nowMs
        do {
            let document = try fetch.get(address)
            try accept(document)
            if failures > 0 { note("\(name): answers again") }
            if failures > 0 || scrapes == 0 {
                let found = ServerIdentity(fetch, address)
                if found != identity {
                    identity = found
                    identified(found)
                }
            }
            failures = 0
            if keep(Self.withOwnSeries(document.body, seconds: document.seconds), timeMs) { scrapes += 1 }
        } catch let failure as HTTPFetch.Failure {
            // An end that was asked for is no failure of the server.
            guard !fetch.stop.isStopped else { return }
            if failures == 0 || failure.why != lastWhy {
                note("\(name): \(address.printable) \(failure.why); tried again")
            }
            lastWhy = failure.why
            failures += 1
            _ = keep(Self.down, timeMs)
        } catch {
            note("\(name): \(error)")
        }
    }

    private func accept(_ document: HTTPFetch.Document) throws {
        switch document.status {
        case 200: break
        case 401, 403:
            throw HTTPFetch.Failure(
                why: "refuses with status \(document.status)"
                    + (fetch.bearerToken == nil ? ": give --bearer-token-file" : " the token of --bearer-token-file"))
        case 404: throw HTTPFetch.Failure(why: "has nothing there (status 404): is the path /metrics?")
        case 300..<400: throw HTTPFetch.Failure(why: "sends elsewhere (status \(document.status)): give that address")
        default: throw HTTPFetch.Failure(why: "answers with status \(document.status)")
        }
        let kind = document.contentType.lowercased()
        guard !kind.hasPrefix("text/html"), !kind.hasPrefix("application/json"), !document.body.isEmpty else {
            throw HTTPFetch.Failure(
                why: document.body.isEmpty
                    ? "gave an empty answer" : "answers with \(kind.prefix(40)): is the path /metrics?")
        }
    }

    /// - Returns: whether it could be kept.
    private func keep(_ body: [UInt8], _ timeMs: Int64) -> Bool {
        let stamp = FileTime.stamp(timeMs)
        // A clock that is set back must not overwrite what is there.
        guard stamp != lastStamp, access("\(folder.path)/\(name)/metrics/\(stamp).prom.gz", F_OK) != 0 else {
            return false
        }
        lastStamp = stamp
        return folder.put(Gzip.compress(body), as: "\(name)/metrics/\(stamp).prom.gz")
    }

    // MARK: The scraper's own series

    static let down = Array("# TYPE up gauge\nup 0\n".utf8)

    /// The scrape with `up` and `scrape_duration_seconds` at its end, before OpenMetrics' `# EOF`; as it is when it has them.
    static func withOwnSeries(_ body: [UInt8], seconds: Double) -> [UInt8] {
        let hasOwn = body.withUnsafeBytes {
            $0.range(of: "\nup{") != nil || $0.range(of: "\nup ") != nil || $0.has("up ")
        }
        guard !hasOwn else { return body }
        var out = body
        var ending: [UInt8] = []
        let eof = Array("# EOF".utf8)
        if let last = body.lastIndex(where: { $0 != 10 && $0 != 13 }), last >= 4, Array(body[(last - 4)...last]) == eof
        {
            ending = Array(body[(last - 4)...])
            out.removeLast(ending.count)
        }
        if let last = out.last, last != 10 { out.append(10) }
        let text =
            "# TYPE up gauge\nup 1\n# TYPE scrape_duration_seconds gauge\nscrape_duration_seconds \(ByteWriter.fixed(seconds, decimals: 6))\n"
        return out + Array(text.utf8) + ending
    }
}

/// What a vLLM server answers about itself beside its metrics.
struct ServerIdentity: Equatable {
    var version: String?
    /// Model names with the longest context that each takes, tokens.
    var models: [(name: String, maxTokens: Int?)] = []

    static func == (a: Self, b: Self) -> Bool {
        a.version == b.version && a.models.map(\.name) == b.models.map(\.name)
            && a.models.map(\.maxTokens) == b.models.map(\.maxTokens)
    }

    init() {}

    /// Asks `/version` and `/v1/models` of the same server; what isn't answered stays unknown.
    init(_ fetch: HTTPFetch, _ address: HTTPAddress) {
        if let found = try? fetch.get(address.sibling("/version")), found.status == 200 {
            found.body.withUnsafeBytes { bytes in
                var reader = JSONReader(bytes)
                try? reader.object { key, reader in
                    if key.equals("version") { version = try reader.scalarText() } else { try reader.skip() }
                }
            }
        }
        if let found = try? fetch.get(address.sibling("/v1/models")), found.status == 200 {
            found.body.withUnsafeBytes { bytes in
                var reader = JSONReader(bytes)
                try? reader.object { key, reader in
                    guard key.equals("data"), try reader.peek() == .array else { return try reader.skip() }
                    try reader.array { models.append(contentsOf: try Self.model(&$0)) }
                }
            }
            models = Array(models.prefix(64))
        }
    }

    private static func model(_ reader: inout JSONReader) throws -> [(String, Int?)] {
        var (name, most): (String?, Int?)
        guard try reader.peek() == .object else {
            try reader.skip()
            return []
        }
        try reader.object { key, reader in
            switch key.text {
            case "id": name = try reader.scalarText()
            case "max_model_len": most = try reader.scalarText().flatMap { Int($0) }
            default: try reader.skip()
            }
        }
        return name.map { [(String($0.prefix(200)), most)] } ?? []
    }
}
