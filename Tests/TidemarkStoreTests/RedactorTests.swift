import Testing
import TidemarkBase

@testable import TidemarkStore

@Suite struct RedactorTests {
    private func redactor() -> Redactor {
        let redactor = Redactor(key: Array("a key for tests".utf8))
        for name in ["gpu-node-7.example.lan:8000", "server", "replica-0", "Österreich-1"] {
            _ = redactor.name(name, .host)
        }
        _ = redactor.name("acme corp", .user)
        return redactor
    }

    @Test(arguments: [
        "GPU 3 at 00000000:19:00.0, driver 550.54.15, CUDA 12.8", "12:34:56 took 1.5 s, 0.9.1.2.3",
        "std::vector<c10::Error>",
        "vllm.engine.async_llm_engine:42 in step", "http://127.0.0.1:8000/v1/completions and 0.0.0.0",
        "POST /v1/chat/completions 200",
        "see https://docs.vllm.ai/en/latest/usage.html and https://github.com/vllm-project/vllm",
        "user: not found; host unknown",
        "The server waited for replica-00", "score-based router, 5a5a5a5a-1111-2222-3333-444455556666",
        "--max-num-seqs 64, backend='flash_attn', ratio 0.5", "/usr/lib/python3/x.py:3 and /opt/vllm/a",
    ])
    func whatNamesNobodyStays(text: String) {
        #expect(redactor().text(text) == text)
    }

    @Test(arguments: [
        "10.1.2.3", "10.1.2.3:8000", "[2001:db8::1]:80", "fe80::1%eth0", "::ffff:10.1.2.3", "02:42:ac:11:00:02",
        "someone@example.org", "node3.prod.example.com", "pod.svc.cluster.local:8000", "ip-10-0-0-1", "~/secret/x.bin",
        "/home/alice/x", "/data/acme/weights.safetensors", "user=alice", "\"tenant_id\": \"alice\"",
        "'client_ip': 'alice'",
        "https://inner.alice.corp/a", "gpu-node-7.example.lan", "GPU-NODE-7.example.lan", "acme corp", "Österreich-1",
        "/v1/x?user=alice&b=2", "api_key=sk-alice1234567890", "C:\\Users\\alice\\x", "chatcmpl-alice-7",
    ])
    func whatNamesSomebodyGoes(text: String) {
        let redactor = redactor()
        for whole in [text, "before \(text), after", "(\(text))", "x \(text)"] {
            let out = redactor.text(whole)
            #expect(out != whole)
            for name in [
                "10.1.2.3", "2001:db8", "fe80", "ac:11", "someone", "node3", "svc.cluster", "10-0-0-1", "secret",
                "alice",
                "acme", "gpu-node", "GPU-NODE", "sterreich",
            ] { #expect(!out.contains(name), "\(whole) → \(out)") }
        }
    }

    @Test func oneNameHasOneToken() {
        let redactor = redactor()
        let token = redactor.name("gpu-node-7.example.lan", .host)
        #expect(redactor.name("gpu-node-7.example.lan:8000", .host) == token + ":8000")
        #expect(redactor.text("at gpu-node-7.example.lan:9000!") == "at \(token):9000!")
        #expect(
            redactor.labels("{\"instance\":\"gpu-node-7.example.lan:8000\",\"le\":\"0.5\",\"odd\":\"7\"}")
                == "{\"instance\":\"\(token):8000\",\"le\":\"0.5\",\"odd\":\"7\"}")
        #expect(
            redactor.json("[\"server\",\"replica-0\"]")
                == "[\"\(redactor.name("server", .host))\",\"\(redactor.name("replica-0", .host))\"]")
        #expect(
            redactor.file("replica-0/server.log.gz:12")
                == "\(redactor.name("replica-0", .host))/\(redactor.name("server", .host)).log.gz:12")
        // Another key, another token; the same key, the same.
        #expect(Redactor(key: [1]).name("gpu-node-7.example.lan", .host) != token)
        #expect(self.redactor().name("gpu-node-7.example.lan", .host) == token)
        #expect(token.count == 10 && token.hasPrefix("h-"))
    }

    @Test func requestsCanStillBeJoined() {
        let redactor = redactor()
        let atGateway = redactor.requestID("lg-000002")
        #expect(redactor.requestID("chatcmpl-lg-000002") == "chatcmpl-" + atGateway)
        #expect(redactor.requestID("cmpl-lg-000002-0-0123abcd") == "cmpl-" + atGateway + "-0-0123abcd")
        #expect(!atGateway.contains("lg"))
    }

    @Test func routesOfServersStay() {
        let redactor = redactor()
        #expect(redactor.route("/v1/chat/completions") == "/v1/chat/completions")
        let other = redactor.route("/acme-team/v1/models?key=alice")
        #expect(!other.contains("acme") && !other.contains("alice") && other.contains("/v1/models?s-"))
    }

    @Test func numbersAreAllThatStaysOfAttributes() {
        let redactor = redactor()
        #expect(
            redactor.numbers("{\"a\":1,\"b\":\"alice\",\"c\":{\"d\":2.5,\"e\":[\"x\"]},\"f\":[1]}")
                == "{\"a\":1,\"c\":{\"d\":2.5}}")
        #expect(redactor.numbers("not json") == "{}")
    }

    @Test func sentencesKeepTheirPatterns() throws {
        let redactor = redactor()
        let made = redactor.message("\("replica-0") crashed; \("server" as String) did not" as Message)
        #expect(made.pattern == "{0} crashed; {1} did not")
        #expect(made.text == "\(redactor.name("replica-0", .host)) crashed; \(redactor.name("server", .host)) did not")
    }

    /// RFC 4231, test cases 2 and 6.
    @Test func hmacs() {
        #expect(
            HMAC(key: Array("Jefe".utf8)).hex("what do ya want for nothing?")
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            HMAC(key: [UInt8](repeating: 0xAA, count: 131)).hex(
                "Test Using Larger Than Block-Size Key - Hash Key First")
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }
}
