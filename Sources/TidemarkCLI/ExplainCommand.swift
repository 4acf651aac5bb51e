import ArgumentParser
import TidemarkAnalysis
import TidemarkBase
import TidemarkRules

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain a cause: its signs, why it happens, what to do.",
        discussion: """
            Without a name lists all causes.

            Example: tidemark explain kv_cache_limit
            """)

    @Argument(help: "A cause as findings name it.", completion: .list(CauseDocument.identifiers))
    var cause: String?

    func run() throws {
        guard let cause else {
            for id in CauseDocument.identifiers { Console.print(id) }
            return
        }
        guard let text = CauseDocument.text(cause) else {
            let near = NearestWord.of(cause, in: CauseDocument.identifiers)
            throw TidemarkError(
                .usage, "no cause is called \(cause)",
                hint: near.map { "did you mean \($0)? " } ?? "tidemark explain lists them")
        }
        Console.print(text)
    }
}
