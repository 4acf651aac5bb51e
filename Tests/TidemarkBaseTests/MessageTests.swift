import Testing
import TidemarkBase

@Suite("Messages")
struct MessageTests {
    private func share(_ value: Int) -> Message { "\(value) %" }

    @Test("what was filled in stays apart from the sentence")
    func parts() {
        let message: Message = "\("api-1") waited \(share(93)) of the time"
        #expect(message.pattern == "{0} waited {1} of the time")
        #expect(message.arguments == [.verbatim("api-1"), .message(share(93))])
        #expect(message.text == "api-1 waited 93 % of the time")
        #expect("\(message)" == message.text)
    }

    @Test("what is filled in is not looked into again")
    func fillsOnce() {
        #expect(Message.fill("{1} of {0}{2}{x}{", ["{1}", "b"]) == "b of {1}{2}{x}{")
        #expect(Message.fill("{10}", (0...10).map(String.init)) == "10")
        #expect(Message(pattern: "{0}").text == "{0}")
        #expect(Message(verbatim: "{0} {1}").text == "{0} {1}")
    }

    @Test("lists and sums read like sentences")
    func joined() {
        let names = (0..<300).map { "r\($0)" }
        #expect(Message.list(names).text == names.joined(separator: ", "))
        #expect(Message.list([]).isEmpty)
        #expect(Message.sentences(["One.", "Two.", "Three."]).text == "One. Two. Three.")
        #expect((("a" as Message) + " b").text == "a b")
    }

    @Test(
        "JSON and back",
        arguments: [
            "plain", "", "\("quote \" and \\")\n\("\u{0}") in 台北", "\("a" as Message) \("\("b") c" as Message) {0}",
            Message.list((0..<500).map { "r\($0)" }),
        ] as [Message])
    func json(_ message: Message) throws {
        let text = Array(message.json.utf8)
        let back = try text.withUnsafeBytes { try Message(json: Bytes($0)) }
        #expect(back == message)
    }

    @Test("what is no message throws", arguments: ["", "[", "{}", "[1]", "[\"a\",{}]", "[[\"a\"]]", "[\"a\"] x"])
    func malformed(_ text: String) {
        #expect(throws: (any Error).self) {
            try Array(text.utf8).withUnsafeBytes { try Message(json: Bytes($0)) }
        }
    }
}
