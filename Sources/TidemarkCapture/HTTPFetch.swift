import Glibc
import TidemarkBase

/// Gets one document by HTTP/1.1, within a time and a size.
///
/// Sockets and not FoundationNetworking: that library needs libcurl and OpenSSL, which would make every command of the
/// product unable to start where they aren't installed, and a scrape needs one GET. What TLS needs is not written here
/// either: `https://` goes through the system's curl(1) as a pipe (``TLSPipe``), and is refused with that word where there
/// is none. A connection is used once, so a server that restarts or a half-open connection costs one scrape at most.
struct HTTPFetch: Sendable {
    struct Failure: Error { let why: String }

    struct Document {
        var status: Int
        var contentType: String
        /// Decompressed.
        var body: [UInt8]
        /// From the request to the last byte.
        var seconds: Double
    }

    /// Most bytes of a body, as it comes and as it unfolds.
    static let limit = 64 << 20

    var bearerToken: String?
    /// Certificates to trust instead of the system's; nil: the system's.
    var authorities: String?
    var userAgent: String
    /// For the whole exchange, name look-up excepted, which has the system's own limit.
    var timeoutSeconds: Double
    let stop: StopSignal

    /// - Throws: ``Failure`` in words about the server.
    func get(_ address: HTTPAddress) throws -> Document {
        let begin = SystemClock.monotonicSeconds
        let end = begin + timeoutSeconds
        var answer = HTTPAnswer(limit: Self.limit)
        do {
            if address.isTLS {
                try TLSPipe(fetch: self).exchange(address, until: end, into: &answer)
            } else {
                try exchange(address, until: end, into: &answer)
            }
        } catch let error as HTTPAnswer.Malformed {
            throw Failure(why: error.why)
        }
        var body = answer.body
        switch answer.headers["content-encoding"]?.lowercased() {
        case nil, "identity", "": break
        case "gzip", "x-gzip", "deflate":
            guard let plain = Gzip.inflate(body, limit: Self.limit) else {
                throw Failure(why: "sent compressed data that is damaged or unfolds beyond \(Self.limit >> 20) MiB")
            }
            body = plain
        case let other?: throw Failure(why: "compressed its answer with '\(other.prefix(20))', which was not asked for")
        }
        if answer.endsWithConnection, let last = body.last, last != 10, answer.status == 200 {
            throw Failure(why: "cut its answer off after \(body.count) bytes")
        }
        return Document(
            status: answer.status, contentType: answer.headers["content-type"] ?? "", body: body,
            seconds: SystemClock.monotonicSeconds - begin)
    }

    /// The request. No compression is asked for: it would cost the API server's event loop more than it saves here.
    func request(_ address: HTTPAddress) -> [UInt8] {
        var text = """
            GET \(address.target) HTTP/1.1\r
            Host: \(address.instance)\r
            User-Agent: \(userAgent)\r
            Accept: text/plain;version=0.0.4;q=1,application/json;q=0.9,*/*;q=0.1\r
            Accept-Encoding: identity\r
            Connection: close\r\n
            """
        if let bearerToken { text += "Authorization: Bearer \(bearerToken)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    private func exchange(_ address: HTTPAddress, until end: Double, into answer: inout HTTPAnswer) throws {
        let socket = try connect(address, until: end)
        defer { close(socket) }
        let request = request(address)
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes {
                send(socket, $0.baseAddress! + sent, request.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                try wait(socket, writing: true, until: end)
            } else if errno != EINTR {
                throw Failure(why: "did not take the request: \(String(cString: strerror(errno)))")
            }
        }
        try receive(socket, until: end, into: &answer)
    }

    /// Reads until the answer is complete or the other side has nothing more.
    func receive(_ descriptor: Int32, until end: Double, into answer: inout HTTPAnswer) throws {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while !answer.isComplete {
            // A server that always has more to say is not waited for either.
            guard SystemClock.monotonicSeconds < end else { throw timedOut }
            if stop.isStopped { throw stopped }
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 {
                try buffer.withUnsafeBytes { try answer.feed(Bytes(rebasing: $0[..<count])) }
            } else if count == 0 {
                return try answer.close()
            } else if errno == EAGAIN {
                try wait(descriptor, writing: false, until: end)
            } else if errno != EINTR {
                throw Failure(why: "broke off: \(String(cString: strerror(errno)))")
            }
        }
    }

    private func connect(_ address: HTTPAddress, until end: Double) throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(address.host, String(address.port), &hints, &found)
        guard status == 0 else { throw Failure(why: "cannot be found: \(String(cString: gai_strerror(status)))") }
        defer { freeaddrinfo(found) }
        var why = "has no address"
        var next = found
        while let one = next {
            next = one.pointee.ai_next
            let descriptor = socket(
                one.pointee.ai_family, one.pointee.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue),
                one.pointee.ai_protocol)
            guard descriptor >= 0 else {
                why = String(cString: strerror(errno))
                continue
            }
            if Glibc.connect(descriptor, one.pointee.ai_addr, one.pointee.ai_addrlen) == 0 { return descriptor }
            if errno == EINPROGRESS {
                do {
                    try wait(descriptor, writing: true, until: end)
                } catch {
                    close(descriptor)
                    throw error
                }
                var code: Int32 = 0
                var length = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
                if code == 0 { return descriptor }
                errno = code
            }
            why = String(cString: strerror(errno))
            close(descriptor)
        }
        throw Failure(why: "cannot be reached: \(why)")
    }

    func wait(_ descriptor: Int32, writing: Bool, until end: Double) throws {
        guard SystemClock.monotonicSeconds < end else { throw timedOut }
        let ready = StopSignal.poll(
            [descriptor, stop.descriptor], writing: writing ? 0 : nil, until: end)
        if ready[1] { throw stopped }
        guard ready[0] else { throw timedOut }
    }

    private var stopped: Failure { Failure(why: "was not waited for: the capture ends") }

    private var timedOut: Failure {
        Failure(why: "did not answer within \(ByteWriter.shortest(timeoutSeconds)) s")
    }
}

/// `https://` through curl(1), which is a mere pipe: it is told to hand over the answer as it came.
struct TLSPipe {
    let fetch: HTTPFetch

    static var program: String? { ChildProcess.find("curl") }

    func exchange(_ address: HTTPAddress, until end: Double, into answer: inout HTTPAnswer) throws {
        guard let program = Self.program else {
            throw HTTPFetch.Failure(why: "needs curl for https://, which is not installed")
        }
        // What is secret goes through the standard input: arguments stand in the list of processes.
        var settings: [(String, String)] = [
            ("url", "https://\(address.instance)\(address.target)"), ("user-agent", fetch.userAgent),
            ("max-time", ByteWriter.fixed(max(0.1, end - SystemClock.monotonicSeconds), decimals: 3)),
            ("header", "Accept: text/plain;version=0.0.4;q=1,application/json;q=0.9,*/*;q=0.1"),
        ]
        if let authorities = fetch.authorities { settings.append(("cacert", authorities)) }
        if let token = fetch.bearerToken { settings.append(("header", "Authorization: Bearer \(token)")) }
        let text = settings.map { name, value in
            let quoted = value.flatMap { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }
            return "\(name) = \"\(String(quoted))\"\n"
        }.joined()
        let child = try ChildProcess.spawn(
            program,
            [
                "-q", "--silent", "--show-error", "--http1.1", "--include", "--raw", "--globoff", "--noproxy", "*",
                "--config", "-",
            ],
            input: text, mergesErrors: false)
        defer { child.end() }
        do {
            try fetch.receive(child.output, until: end + 0.5, into: &answer)
        } catch let error as HTTPAnswer.Malformed {
            // Its first word on the standard error says why: a certificate, a name.
            guard let said = child.errorText() else { throw error }
            throw HTTPFetch.Failure(why: "cannot be reached: \(said)")
        }
    }
}
