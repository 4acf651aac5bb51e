import Testing
import TidemarkBase

@Suite("Secrets in text")
struct SecretMaskTests {
    @Test(arguments: [
        ("Authorization: Bearer sk-proj-abcdef0123456789XYZ", "Authorization: Bearer ***"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic ***"),
        (#"headers={'authorization': 'Bearer abc.def', 'x': 1}"#, #"headers={'authorization': 'Bearer ***', 'x': 1}"#),
        (#"{"api_key": "a\"b", "n": 1}"#, #"{"api_key": "***", "n": 1}"#),
        ("api_key='secret value', n=1", "api_key='***', n=1"), ("--api-key abc", "--api-key abc"),
        ("GET /v1/models?api_key=abc123&x=1 HTTP/1.1", "GET /v1/models?api_key=***&x=1 HTTP/1.1"),
        ("/v1/models?token=abcdef", "/v1/models?token=***"), ("HF_TOKEN=hf_x1y2z3", "HF_TOKEN=***"),
        ("X-Api-Key: 12345678", "X-Api-Key: ***"), ("password: hunter2!", "password: ***"),
        ("redis://user:pass@host:6379/0", "redis://***@host:6379/0"), ("http://host:80/a@b", "http://host:80/a@b"),
        ("got sk-0123456789abcdefABCDEF here", "got *** here"), ("hf_AbCdEfGhIjKlMnOpQr12345", "***"),
        ("key AKIAIOSFODNN7EXAMPLE.", "key ***."),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "AWS_SECRET_ACCESS_KEY=***"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-_123, next", "jwt ***, next"),
        ("ghp_0123456789abcdefghijABCD", "***"), ("a Bearer%20abcdef123456 b", "a Bearer%20*** b"),
        ("password=one password=two", "password=*** password=***"),
        ("'api_key': ['first', 'x']", "'api_key': ['***', 'x']"),
    ])
    func hidden(text: String, expected: String) {
        #expect(SecretMask.masked(text) == expected)
        #expect(SecretMask.masked(expected) == expected)
        withBytes(of: text) { #expect(SecretMask.mayOccur(in: $0) == (text != expected)) }
    }

    @Test(arguments: [
        "max_tokens=512, prompt tokens: 12", "api_key=None, password=''", "allow_credentials=False",
        "the bearer of news",
        "sk-learn and task-0123456789abcdef0123", "tokens 271. Please file an issue", "Unexpected token: foobar",
        "Avg prompt throughput: 1254.4 tokens/s", "eos_token='</s>'", "api_key_file=/etc/key", "12:30:45 core.py:710",
        "cmpl-50c32d7a66084c3f9980d2bf06d79900-0", "hf_transfer is enabled", "eyJub3RhIjoidG9rZW4ifQabcdefgh", "",
        "https://docs.vllm.ai/en/latest/", "***", "api_key='***'",
    ])
    func kept(text: String) { #expect(SecretMask.masked(text) == text) }

    @Test func anyCutIsHarmless() {
        let text = Array(#"x api_key='a\'b' token=q&sk-0123456789abcdef0 ://u:p@h Bearer ab1-cd2-ef "#.utf8)
        for start in text.indices {
            for end in start...text.count {
                Array(text[start..<end]).withUnsafeBytes { bytes in
                    SecretMask.withMasked(bytes) { #expect($0.count <= bytes.count + 12) }
                }
            }
        }
    }

    @Test func longTextIsPlainWork() {
        for filler in ["=", ":", "-", "_", "J", "key=", "api_key=", "sk-", "a:b@", "://a:", "Bearer ", "\\", "'"] {
            let text = String(repeating: filler, count: 200_000 / filler.count)
            let time = ContinuousClock().measure { _ = SecretMask.masked(text) }
            #expect(time < .seconds(10), "\(filler)")
        }
    }
}
