import Foundation
import Testing
import TidemarkTestSupport

@testable import TidemarkCapture

/// The HTTP client by itself, and against a real server that misbehaves.
@Suite(.serialized) struct HTTPTests {
    @Test("addresses are read, and refused with a reason")
    func addresses() throws {
        func printed(_ text: String) throws -> String { try HTTPAddress(text).printable }
        #expect(try printed("http://h:8000/metrics") == "http://h:8000/metrics")
        #expect(try printed("h:8000") == "http://h:8000/metrics")
        #expect(try printed("https://h") == "https://h:443/metrics")
        #expect(try printed("http://[::1]:9/x?token=1") == "http://[::1]:9/x")
        #expect(try HTTPAddress("http://h/x?a=b#c").target == "/x?a=b")
        #expect(try HTTPAddress("http://h?a=b").target == "/metrics?a=b")
        for wrong in [
            "ftp://h", "http://u:p@h/", "http://h:0/", "http://h:99999", "http://", "h h", "http://[::1", "http://h:x",
            "http://h\u{1B}",
        ] {
            #expect(throws: (any Error).self, "\(wrong)") { try HTTPAddress(wrong) }
        }
    }

    @Test("an answer is the same however it is cut", arguments: 1...40)
    func cuts(size: Int) throws {
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nab\ncd\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n"
        let bytes = Array(text.utf8)
        var answer = HTTPAnswer(limit: 100)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { try answer.feed($0) }
        }
        #expect(answer.isComplete)
        #expect(answer.status == 200)
        #expect(String(decoding: answer.body, as: UTF8.self) == "ab\ncd!")
    }

    @Test("every truncation of an answer is noticed")
    func truncations() throws {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ] {
            let bytes = Array(text.utf8)
            for end in 0..<bytes.count {
                var answer = HTTPAnswer(limit: 100)
                try bytes[..<end].withUnsafeBytes { try answer.feed($0) }
                #expect(!answer.isComplete)
                #expect(throws: HTTPAnswer.Malformed.self) { try answer.close() }
            }
        }
    }

    @Test(
        "what a hostile server says is refused",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffff\r\n" + String(repeating: "x", count: 101),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "HTTP/2 200\r\n\r\n", "\r\n\r\n",
            "HTTP/1.1 99999\r\n\r\n",
            "HTTP/1.1 200 OK\r\n" + String(repeating: "x", count: 70_000),
        ])
    func hostile(text: String) {
        #expect(throws: HTTPAnswer.Malformed.self) {
            var answer = HTTPAnswer(limit: 100)
            try Array(text.utf8).withUnsafeBytes { try answer.feed($0) }
        }
    }

    /// What one scrape of a path gave: the kept document, or what was said.
    func scrape(_ url: String, _ more: [String] = []) throws -> (text: String?, said: String, status: Int32) {
        let folder = try TemporaryFolder()
        let result = try runTidemark(
            [
                "capture", "--metrics", "a=" + url, "--out", folder.path("ev"), "--once", "--timeout", "2s",
                "--reserve", "0",
            ] + more)
        let kept = try files(in: folder.path("ev"), ".prom.gz").map { try content(folder.path("ev") + "/" + $0) }
        #expect(kept.count == 1)
        return (kept.first, result.errors, result.status)
    }

    @Test("answers in every transfer are kept whole")
    func transfers() throws {
        let (server, url) = try startServer()
        defer { server.kill(SIGKILL) }
        let original = try content(scrapeFile)
        for path in ["/metrics", "/chunked", "/gzip"] {
            let (text, said, status) = try scrape(url + path)
            #expect(status == 0, "\(said)")
            #expect(text?.hasPrefix(original) == true, "\(path)")
            #expect(text?.contains("\nup 1\n") == true)
            #expect(text?.contains("\nscrape_duration_seconds 0.") == true)
        }
        let (text, _, _) = try scrape(url + "/openmetrics")
        #expect(text?.hasSuffix("\n# EOF\n") == true)
        #expect(text?.contains("up 1\n") == true)
    }

    @Test("a server that misbehaves costs its time limit, is named, and leaves up 0")
    func misbehaviour() throws {
        let (server, url) = try startServer()
        defer { server.kill(SIGKILL) }
        let cases = [
            ("/slow", "did not answer within 2 s"), ("/drip", "did not answer within 2 s"), ("/huge", "announced"),
            ("/cut", "cut its answer off"), ("/html", "is the path /metrics?"), ("/redirect", "sends elsewhere"),
            ("/nothing", "status 404"), ("/bearer", "--bearer-token-file"), ("/empty-head", "does not speak HTTP/1.1"),
            ("/bomb", "unfolds beyond"), ("/endless", "more than 64 MiB"),
        ]
        for (path, words) in cases {
            let begin = Date()
            let (text, said, status) = try scrape(url + path)
            #expect(said.contains(words), "\(path): \(said)")
            #expect(text == "# TYPE up gauge\nup 0\n")
            #expect(status == 66)
            #expect(Date().timeIntervalSince(begin) < 15)
        }
        let (text, said, _) = try scrape("http://127.0.0.1:1")
        #expect(said.contains("cannot be reached: Connection refused"))
        #expect(text?.contains("up 0") == true)
    }

    @Test("the bearer token is sent, and neither printed nor stored")
    func bearer() throws {
        let (server, url) = try startServer()
        defer { server.kill(SIGKILL) }
        let folder = try TemporaryFolder()
        let file = try folder.write("s3cret-Token\n", to: "token")
        let result = try runTidemark(
            [
                "capture", "--metrics", url + "/bearer", "--out", folder.path("ev"), "--once", "--reserve", "0",
                "--bearer-token-file", file,
            ])
        #expect(result.status == 0)
        #expect(!result.errors.contains("s3cret"))
        let found = try runProgram(
            URL(fileURLWithPath: "/usr/bin/env"), ["grep", "-r", "-l", "s3cret", folder.path("ev")])
        #expect(found.output.isEmpty)
        #expect(files(in: folder.path("ev"), ".prom.gz").count == 1)
        let wrong = try runTidemark(["capture", "--metrics", "http://u:s3cret@h/", "--out", folder.path("x")])
        #expect(wrong.status == 64)
        #expect(!wrong.errors.contains("s3cret"))
    }

    @Test(
        "https works with curl, whose certificate check stands",
        .enabled(
            if: ["/usr/bin/curl", "/usr/bin/openssl"].allSatisfy(FileManager.default.fileExists),
            "needs curl and openssl"))
    func tls() throws {
        let folder = try TemporaryFolder()
        let made = try runProgram(
            URL(fileURLWithPath: "/usr/bin/env"),
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder.path("key"), "-out",
                folder.path("cert"),
                "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            ])
        #expect(made.status == 0, "\(made.errors)")
        try folder.write(
            """
            import http.server, ssl
            class H(http.server.BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"
                def log_message(self, *a): pass
                def do_GET(self):
                    body = b"# TYPE a gauge\\na{b=\\"" + self.headers.get("Authorization", "").encode() + b"\\"} 1\\n"
                    self.send_response(200); self.send_header("Transfer-Encoding", "chunked"); self.end_headers()
                    self.wfile.write(b"%x\\r\\n%s\\r\\n0\\r\\n\\r\\n" % (len(body), body))
            s = http.server.HTTPServer(("127.0.0.1", 0), H)
            c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain("\(folder.path("cert"))", "\(folder.path("key"))")
            s.socket = c.wrap_socket(s.socket, server_side=True)
            print(s.server_address[1], flush=True); s.serve_forever()
            """, to: "server.py")
        let server = try Running(python, ["python3", folder.path("server.py")])
        let url = "https://localhost:\(server.port)/metrics"
        let token = try folder.write("a\"b\\c", to: "token")
        let good = try scrape(url, ["--ca-file", folder.path("cert"), "--bearer-token-file", token])
        #expect(good.status == 0, "\(good.said)")
        #expect(good.text?.contains("a{b=\"Bearer a\"b\\c\"} 1") == true)
        let bad = try scrape(url)
        #expect(bad.status == 66)
        #expect(bad.said.contains("certificate"))
    }

    private static let hasPrometheusClient =
        (try? runProgram(URL(fileURLWithPath: python), ["python3", "-c", "import prometheus_client"]))?.status == 0

    @Test(
        "a page of Python's real client is kept as it is",
        .enabled(if: hasPrometheusClient, "needs Python's prometheus_client"))
    func realClient() throws {
        let script =
            "import prometheus_client as p,time;p.Histogram('h','x').observe(1);s=p.start_http_server(0,addr='127.0.0.1');print((s[0] if isinstance(s,tuple) else s).server_address[1],flush=True);time.sleep(60)"
        let server = try Running(python, ["python3", "-c", script])
        let (text, said, status) = try scrape("http://127.0.0.1:\(server.port)/metrics")
        #expect(status == 0, "\(said)")
        #expect(text?.contains("h_bucket{le=\"+Inf\"} 1.0") == true)
    }
}
