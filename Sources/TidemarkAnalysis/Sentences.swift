import TidemarkBase
import TidemarkStore

/// The sentences of a period's or a week's results with their parts: the result tables hold them in English, `sentence` and
/// `week_sentence` how they are made.
public struct Sentences {
    private var messages: [String: Message] = [:]

    public init(_ store: Store, period: Int) throws {
        try self.init(store, "SELECT text, message FROM sentence WHERE period_id = ?", period)
    }

    public init(_ store: Store, week: Int) throws {
        try self.init(store, "SELECT text, message FROM week_sentence WHERE week_id = ?", week)
    }

    private init(_ store: Store, _ sql: String, _ owner: Int) throws {
        let rows = try store.database.prepare(sql)
        rows.bind(1, owner)
        // What somebody else wrote there stays the English sentence that it stands for.
        while try rows.step() { messages[rows.text(0)] = try? Message(json: rows.bytes(1)) }
    }

    /// A stored sentence; one that nothing was filled into is its own pattern.
    public subscript(_ text: String) -> Message { messages[text] ?? Message(pattern: text) }

    /// Notes how sentences are made. The caller holds the transaction.
    struct Writer {
        private let insert: Statement
        private let owner: Int

        init(_ store: Store, period: Int) throws {
            insert = try store.database.prepare("INSERT OR REPLACE INTO sentence VALUES (?, ?, ?)")
            owner = period
        }

        init(_ store: Store, week: Int) throws {
            insert = try store.database.prepare("INSERT OR REPLACE INTO week_sentence VALUES (?, ?, ?)")
            owner = week
        }

        /// - Returns: the English sentence, for its own table.
        func callAsFunction(_ message: Message) throws -> String {
            let text = message.text
            if !message.arguments.isEmpty { try insert.run(owner, text, message.json) }
            return text
        }
    }
}
