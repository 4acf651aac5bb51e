import Foundation
import Testing
import TidemarkTestSupport

@testable import TidemarkIntake
@testable import TidemarkStore

/// Nothing that users wrote and no secret of a log may be found in the file of the database.
@Suite struct LogPrivacyTests {
    private static let secret = "S3cretValue99"
    private static let users = "USERWORDS"

    private static let log = """
        INFO 01-31 09:15:00 [utils.py:1] non-default args: {'model': 'm', 'api_key': ['\(secret)'], 'hf_token': '\(secret)', \
        'middleware': ['https://u:\(secret)@h/x']}
        INFO 01-31 09:15:00 [x.py:1] Received request a-1: prompt: '\(users) "x" \\'y', params: SamplingParams(max_tokens=5), \
        prompt_token_ids: [1, 2], lora_request: None.
        INFO 01-31 09:15:01 [x.py:1] Request a-1 failed due to Authorization: Bearer \(secret).
        INFO 01-31 09:15:01 [x.py:1] Received request prompt='\(users)'
        DEBUG 01-31 09:15:01 [x.py:1] Request a-1 details: prompt: '\(users)', prompt_token_ids: [77777, 88888].
        DEBUG 01-31 09:15:01 [x.py:1] Request a-1 JSON body: {"messages": [{"content": "\(users)"}]}
        INFO 01-31 09:15:01 [x.py:1] Generated response a-1: output: '\(users)', output_token_ids: [1], finish_reason: stop
        ERROR 01-31 09:15:02 [x.py:1] Dumping scheduler output for model execution: SchedulerOutput(scheduled_new_reqs=[\
        NewRequestData(req_id=a-1,prompt_token_ids=[77777, 88888],block_ids=([1],))])
        ERROR 01-31 09:15:02 [x.py:2] Traceback (most recent call last):
        ERROR 01-31 09:15:02 [x.py:2]   File "/a.py", line 1, in f
        ERROR 01-31 09:15:02 [x.py:2] ValueError: content='\(users)' password=\(secret)
        INFO:     1.2.3.4:1 - "GET /v1/models?api_key=\(secret) HTTP/1.1" 401 Unauthorized
        INFO:     1.2.3.4:1 - "GET /sk-\(secret)ABCDEF0123456789/v1/models HTTP/1.1" 404 Not Found

        """

    private func database(keepPrompts: Bool) throws -> Data {
        let folder = try TemporaryFolder()
        let path = folder.path("t.sqlite")
        do {
            let store = try Store.create(path: path)
            var options = IngestOptions()
            options.year = 2026
            options.keepPrompts = keepPrompts
            let ingestor = Ingestor(store, options: options)
            try ingestor.ingest([try folder.write(Self.log, to: "in/server.log")])
            #expect(ingestor.outcomes.map(\.action) == [.read])
            try store.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        return try Data(contentsOf: URL(fileURLWithPath: path))
    }

    @Test func nothingIsStored() throws {
        let data = try database(keepPrompts: false)
        for word in [Self.secret, Self.users, "77777"] { #expect(data.range(of: Data(word.utf8)) == nil, "\(word)") }
        #expect(data.range(of: Data("<9 characters>".utf8)) != nil)
        #expect(data.range(of: Data("<2 ids>".utf8)) != nil)
    }

    @Test func promptsOnRequestSecretsNever() throws {
        let data = try database(keepPrompts: true)
        #expect(data.range(of: Data(Self.users.utf8)) != nil)
        #expect(data.range(of: Data(Self.secret.utf8)) == nil)
    }
}
