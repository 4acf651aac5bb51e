import TidemarkBase

/// An answer of HTTP/1.x (RFC 9112), taken apart as it arrives.
///
/// Pure: bytes in, an answer out. The length of head and body is bounded, whatever the server says.
struct HTTPAnswer {
    struct Malformed: Error { let why: String }

    private(set) var status = 0
    private(set) var body: [UInt8] = []
    /// Lower-case names.
    private(set) var headers: [String: String] = [:]
    /// Whether the body came to the end that the server announced; a body without length ends with the connection.
    private(set) var isComplete = false
    /// Whether only the connection's end tells the body's.
    private(set) var endsWithConnection = false

    private enum State { case head, length(Int), chunkSize, chunk(Int), chunkEnd, trailer, untilClose, done }
    private var state = State.head
    private var pending: [UInt8] = []
    private let limit: Int

    /// The head is refused beyond so many bytes.
    static let headLimit = 64 << 10

    /// - Parameter limit: most bytes of the body as it is transferred.
    init(limit: Int) { self.limit = limit }

    /// Takes the next bytes of the connection.
    mutating func feed(_ bytes: Bytes) throws {
        pending.append(contentsOf: bytes)
        while try step() {}
    }

    /// The connection was closed.
    /// - Throws: when that cut the answer off.
    mutating func close() throws {
        switch state {
        case .done: break
        case .untilClose: isComplete = true
        case .head:
            throw Malformed(why: pending.isEmpty ? "closed the connection without an answer" : "cut its answer off")
        default: throw Malformed(why: "cut its answer off after \(body.count) bytes")
        }
    }

    /// - Returns: whether to go on.
    private mutating func step() throws -> Bool {
        switch state {
        case .head:
            guard let end = headEnd() else {
                guard pending.count <= Self.headLimit else {
                    throw Malformed(why: "sent a head beyond \(Self.headLimit >> 10) KiB")
                }
                return false
            }
            let head = Array(pending[..<end.text])
            pending.removeFirst(end.next)
            try readHead(head)
            return true
        case .length(let left):
            let taken = try take(left)
            state = taken == left ? .done : .length(left - taken)
            if taken == left { isComplete = true }
            return false
        case .untilClose:
            _ = try take(.max)
            return false
        case .chunkSize:
            guard let line = try line() else { return false }
            let digits = line.prefix { $0 != 59 && $0 != 32 }
            guard !digits.isEmpty, digits.count <= 12,
                let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0
            else { throw Malformed(why: "sent a chunk without a size") }
            state = size == 0 ? .trailer : .chunk(size)
            return true
        case .chunk(let left):
            let taken = try take(left)
            state = taken == left ? .chunkEnd : .chunk(left - taken)
            return taken == left
        case .chunkEnd:
            guard let line = try line() else { return false }
            guard line.isEmpty else { throw Malformed(why: "sent a chunk longer than it said") }
            state = .chunkSize
            return true
        case .trailer:
            guard let line = try line() else { return false }
            if line.isEmpty {
                state = .done
                isComplete = true
            }
            return !line.isEmpty
        case .done: return false
        }
    }

    /// Moves up to `most` pending bytes to the body.
    private mutating func take(_ most: Int) throws -> Int {
        let count = min(most, pending.count)
        guard body.count + count <= limit else { throw Malformed(why: "sent more than \(limit >> 20) MiB; not kept") }
        if count == pending.count {
            body.append(contentsOf: pending)
            pending.removeAll(keepingCapacity: true)
        } else {
            body.append(contentsOf: pending[..<count])
            pending.removeFirst(count)
        }
        return count
    }

    private mutating func line() throws -> [UInt8]? {
        guard let feed = pending.firstIndex(of: 10) else {
            guard pending.count <= 4096 else { throw Malformed(why: "sent an endless line between chunks") }
            return nil
        }
        var line = Array(pending[..<feed])
        if line.last == 13 { line.removeLast() }
        pending.removeFirst(feed + 1)
        return line
    }

    private func headEnd() -> (text: Int, next: Int)? {
        var start = 0
        while let feed = pending[start...].firstIndex(of: 10) {
            let after = feed + 1
            if after < pending.count, pending[after] == 10 { return (feed, after + 1) }
            if after + 1 < pending.count, pending[after] == 13, pending[after + 1] == 10 { return (feed, after + 2) }
            start = after
        }
        return nil
    }

    private mutating func readHead(_ head: [UInt8]) throws {
        let lines = head.split(separator: 10, omittingEmptySubsequences: true).map { line in
            String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
        }
        let first = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard first.count >= 2, first[0].hasPrefix("HTTP/1."), let code = Int(first[1]), (100..<600).contains(code)
        else {
            throw Malformed(why: "does not speak HTTP/1.1")
        }
        // An interim answer goes before the real one.
        guard code >= 200 else { return }
        status = code
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].lowercased()
            let value = String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
            headers[name] = value
        }
        if code == 204 || code == 304 {
            (state, isComplete) = (.done, true)
        } else if let coding = headers["transfer-encoding"]?.lowercased() {
            guard coding.hasSuffix("chunked") else {
                throw Malformed(why: "uses the transfer coding '\(coding.prefix(40))'")
            }
            state = .chunkSize
        } else if let text = headers["content-length"] {
            guard let length = Int(text.prefix { $0 != " " }), length >= 0 else {
                throw Malformed(why: "announced no length")
            }
            guard length <= limit else {
                throw Malformed(why: "announced \(length >> 20) MiB, more than \(limit >> 20); not kept")
            }
            (state, isComplete) = (length == 0 ? .done : .length(length), length == 0)
        } else {
            (state, endsWithConnection) = (.untilClose, true)
        }
    }
}
