import Testing
import TidemarkBase
import TidemarkFormats

@Suite("vLLM log: what users wrote, and secrets")
struct PrivacyTests {
    static let debug = "DEBUG 01-31 09:15:00 [x.py:1] "
    static let error = "ERROR 01-31 09:15:00 [x.py:1] "

    /// Messages that hold `WORD` as a user's, and what stays of them.
    static let messages: [(String, String)] = [
        (
            "Request a details: prompt: 'WORD', prompt_token_ids: [7, 8], prompt_embeds shape: None.",
            "Request a details: prompt: <4 characters>, prompt_token_ids: <2 ids>, prompt_embeds shape: None."
        ),
        (
            #"Request a details: prompt: 'it\'s ", WORD\n', prompt_token_ids: None."#,
            "Request a details: prompt: <13 characters>, prompt_token_ids: None."
        ),
        (
            #"Request a details: prompt: "it's \" WORD \\", prompt_token_ids: None."#,
            "Request a details: prompt: <13 characters>, prompt_token_ids: None."
        ),
        (
            "Request a details: prompt: 'WORD', params: never closed 'WORD",
            "Request a details: prompt: <4 characters>, params: never closed 'WORD"
        ),
        ("Request a details: prompt: 'never closed WORD", "Request a details: prompt: <17 characters>"),
        ("Request a details: something new WORD", "Request a details:"),
        ("delta_text: <WORD {\"", "delta_text: <8 characters>"),
        (
            #"Request a JSON body: {"messages": [{"role": "user", "content": "WORD"}]}"#,
            "Request a JSON body: <51 characters>"
        ),
        (
            "Generated chunk (prompt='WORD', text=\"a 'WORD'\", token_ids=[1, 2], stop_token_ids=[9])",
            "Generated chunk (prompt=<4 characters>, text=<8 characters>, token_ids=<2 ids>, stop_token_ids=[9])"
        ),
        (
            "SchedulerOutput(scheduled_new_reqs=[NewRequestData(req_id=a,prompt_token_ids=[1, 22, 333],mm_inputs=[],new_token_ids=[[4], [5]])])",
            "SchedulerOutput(scheduled_new_reqs=[NewRequestData(req_id=a,prompt_token_ids=<3 ids>,mm_inputs=[],new_token_ids=<2 ids>)])"
        ),
        (
            #"ChatCompletionRequest(messages=[{'role': 'user', 'content': 'a ] } WORD'}], model='m', max_tokens=5)"#,
            "ChatCompletionRequest(messages=<43 characters>, model='m', max_tokens=5)"
        ),
        (
            #"1 validation error: [type=missing, input_value={'prompt': 'WORD'}, input_type=dict]"#,
            "1 validation error: [type=missing, input_value=<18 characters>, input_type=dict]"
        ),
        ("prompt: None, prompts=[], output: 12, text=hello", "prompt: None, prompts=[], output: 12, text=hello"),
        ("output: 'héé\\u00e9\\x41 \\U0001F600'", "output: <7 characters>"),
    ]

    @Test(arguments: messages)
    func events(message: String, expected: String) {
        let result = LogCollector.parse(Self.debug + message + "\n")
        #expect(result.records.count == 1)
        var writer = ByteWriter()
        writer.writeJSONString(expected)
        #expect(result.records[0].contains("\"message\":" + writer.text), "\(result.records)")
        let kept = LogCollector.parse(Self.debug + message + "\n", keepPrompts: true)
        var whole = ByteWriter()
        whole.writeJSONString(message)
        #expect(kept.records[0].contains("\"message\":" + whole.text), "\(kept.records)")
    }

    @Test func exceptionsAreMaskedToo() {
        let text =
            Self.error + "Traceback (most recent call last):\n" + Self.error + "  File \"/a.py\", line 1, in f\n"
            + Self.error
            + "ValueError: bad content='WORD' with api_key=abcdef123\n"
        let record = LogCollector.parse(text).records[0]
        #expect(record.contains(#""exception_message":"bad content=<4 characters> with api_key=***""#), "\(record)")
        #expect(!record.contains("WORD") && !record.contains("abcdef123"))
    }

    @Test func rejectsAreMaskedToo() {
        let result = LogCollector.parse("INFO 01-31 09:15:00 [x.py:1] Received request without an id prompt='WORD'\n")
        #expect(result.rejects.count == 1)
        #expect(result.rejects[0].text.contains("<4 characters>"))
    }

    @Test(arguments: [
        #"INFO:     1.1.1.1:1 - "GET /v1/models?api_key=abcdef HTTP/1.1" 401 Unauthorized"#,
        "INFO 01-31 09:15:00 [x.py:1] Request a failed due to Bearer abcdef123456.",
        "INFO 01-31 09:15:00 [x.py:1] non-default args: {'model': 'm', 'hf_token': 'abcdef', 'api_key': ['abcdef']}",
        "INFO 01-31 09:15:00 [x.py:1] Using s3 with AWS_SECRET_ACCESS_KEY=abcdef",
        "ERROR:    Authorization: Bearer abcdef123456",
    ])
    func secrets(line: String) {
        let record = LogCollector.parse(line + "\n").records[0]
        #expect(record.contains("***") && !record.contains("abcdef"), "\(record)")
        #expect(LogCollector.parse(line + "\n", keepPrompts: true).records[0].contains("***"))
    }
}
