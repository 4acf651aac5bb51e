import TidemarkBase
import TidemarkEvidence

/// Lines of the LiteLLM proxy: uvicorn's access lines, which have no time, and its loggers' own.
enum LiteLLMLine {
    /// `INFO:     10.0.0.1:4321 - "POST /v1/chat/completions HTTP/1.1" 200 OK`.
    /// - Parameter isRouter: of vLLM's router, which serves through uvicorn, too.
    static func access(_ line: Bytes, isRouter: Bool, into access: inout GatewayAccess) -> GatewayLineResult {
        guard line.has("INFO:     "), line.count > 20, line[10] != 32 else { return .other }
        if line[10] == 40 { return logged(line.slice(10, line.count), into: &access) ? .access : .other }
        var scan = GatewayScanner(line, from: 10)
        let client = scan.field()
        guard client.firstIndex(of: 58) != nil, line.has(" - \"", at: scan.at) else { return .other }
        scan.at += 3
        guard let request = scan.quoted() else { return .damaged("the request of an access line is cut off") }
        access.dialect = isRouter ? .uvicorn : .litellm
        GatewayText.request(request, into: &access)
        guard let status = GatewayText.status(scan.field()) else {
            return .damaged("expected a status behind the request")
        }
        access.status = status
        access.end = GatewayText.end(status: status)
        var colon = client.count - 1
        while colon > 0, client[colon] != 58 { colon -= 1 }
        access.client = client.slice(0, colon)
        return .access
    }

    /// uvicorn's line as the message of another logger, a JSON one's; and that of a refused WebSocket, whose address has
    /// Python's form.
    static func logged(_ message: Bytes, into access: inout GatewayAccess) -> Bool {
        guard case .access(let found, _, let isClean) = AccessLine.parse(message), isClean else { return false }
        access.dialect = .uvicorn
        access.method = found.method
        access.route = GatewayText.route(found.path)
        access.status = found.status
        access.end = GatewayText.end(status: found.status)
        access.client = GatewayText.host(found.client)
        return true
    }

    /// The name of a logger of LiteLLM with its level: `LiteLLM Proxy:ERROR:`, `LiteLLM:INFO:`, `LiteLLM Router:INFO:`.
    static func isOwn(_ line: Bytes) -> Bool {
        guard let name = line.range(of: " - LiteLLM"), name <= 9, name >= 7 else { return false }
        return line[name - 3] == 58 && line[name - 6] == 58
    }
}

/// Rows of LiteLLM's table of spend logs, as psql and database tools export them: a header with `request_id`,
/// `startTime` and `endTime`, times in UTC without a zone.
struct SpendTable {
    private enum Column { case requestID, start, end, firstToken, model, group, base, promptTokens, completionTokens }
    private var columns: [Column?] = []
    private let table = CSVTable()

    /// nil: the line is no header of it.
    init?(header: Bytes) {
        guard header.count < 4000, Self.isHeader(header) else { return nil }
        table.forEachCell(header) { cell, _ in
            var cell = cell
            if cell.has("\u{FEFF}") { cell = cell.slice(3, cell.count) }
            let column: Column?
            if cell.equals("request_id") {
                column = .requestID
            } else if cell.equals("startTime") {
                column = .start
            } else if cell.equals("endTime") {
                column = .end
            } else if cell.equals("completionStartTime") {
                column = .firstToken
            } else if cell.equals("model") {
                column = .model
            } else if cell.equals("model_group") {
                column = .group
            } else if cell.equals("api_base") {
                column = .base
            } else if cell.equals("prompt_tokens") {
                column = .promptTokens
            } else if cell.equals("completion_tokens") {
                column = .completionTokens
            } else {
                column = nil
            }
            columns.append(column)
        }
    }

    static func isHeader(_ line: Bytes) -> Bool {
        line.range(of: "request_id") != nil && line.range(of: "startTime") != nil && line.range(of: "endTime") != nil
            && line.range(of: ",") != nil && line.first != 123 && line.first != 91
    }

    func parse(_ line: Bytes, into access: inout GatewayAccess) -> GatewayLineResult {
        var index = 0
        var times = SpendTimes()
        var group = GatewayText.none
        table.forEachCell(line) { cell, escaped in
            defer { index += 1 }
            guard index < columns.count, let column = columns[index], !escaped else { return }
            switch column {
            case .requestID: access.requestID = cell
            case .start: times.start = SpendTimes.read(cell)
            case .end: times.end = SpendTimes.read(cell)
            case .firstToken: times.firstToken = SpendTimes.read(cell)
            case .model: access.model = cell
            case .group: group = cell
            case .base: access.upstream = CommonLogLine.address(cell)
            case .promptTokens: access.promptTokens = GatewayText.integer(cell).map { Int($0) }
            case .completionTokens: access.completionTokens = GatewayText.integer(cell).map { Int($0) }
            }
        }
        guard index >= columns.count else { return .damaged("fewer cells than the header has columns") }
        guard times.apply(&access) else { return .damaged("expected a time in the column startTime") }
        access.dialect = .spendCSV
        if !group.isEmpty { access.model = group }
        return .access
    }
}

/// The three times of a row of spend logs, Unix microseconds.
struct SpendTimes {
    var start: Int64?
    var end: Int64?
    var firstToken: Int64?

    /// RFC 3339, with or without a zone (UTC then).
    static func read(_ text: Bytes) -> Int64? {
        guard let time = CivilTime.parseRFC3339(text) else { return nil }
        // psql shortens a zone to its hours.
        guard time.length == text.count || text.slice(time.length, text.count).equals("+00") else { return nil }
        // parseRFC3339 keeps milliseconds; the rest of the fraction counts for short times.
        var micros = time.millis * 1000
        if text.count > 19, text[19] == 46 {
            var scale: Int64 = 100
            var at = 23
            while at < min(26, text.count), text[at] &- 48 <= 9 {
                micros += Int64(text[at] &- 48) * scale
                scale /= 10
                at += 1
            }
        }
        return micros
    }

    /// False without a start. Of a request that wasn't a stream LiteLLM writes the end as the time of its first token.
    func apply(_ access: inout GatewayAccess) -> Bool {
        guard let start else { return false }
        access.moment = .start
        access.timeMs = CivilTime.floorDivide(start, 1000)
        // A time centuries away is damage.
        let latest = start + 1_000_000_000_000_000
        if let end, end >= start, end < latest { access.durationMicros = end - start }
        if let firstToken, firstToken >= start, firstToken < latest, firstToken != end {
            access.firstTokenMicros = firstToken - start
        }
        return true
    }
}
