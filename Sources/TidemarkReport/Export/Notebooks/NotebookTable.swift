/// A table of the database as notebooks see it: texts instead of keys, units in the columns' names.
///
/// One list, ``all``, makes the CSV files, the queries of the Python module and its documentation.
public struct NotebookTable: Sendable {
    /// What a column holds; the module knows the pandas dtype of each.
    public enum Kind: String, Sendable {
        case text, integer, number
        /// Unix milliseconds in the database, RFC 3339 UTC in CSV.
        case time
        /// 0 or 1.
        case flag
    }

    public struct Column: Sendable {
        /// In CSV and in the frame, with its unit.
        public var name: String
        public var kind: Kind
        /// SQL.
        public var expression: String
        public var about: String
    }

    /// Of the CSV file and of the module's function.
    public var name: String
    /// A sentence or two: what a row is, and the traps.
    public var about: String
    /// SQL behind FROM.
    public var source: String
    /// SQL behind ORDER BY: the same rows always come in the same order.
    public var order: String
    public var columns: [Column]

    init(_ name: String, _ about: String, from source: String, order: String, _ columns: [Column]) {
        self.name = name
        self.about = about
        self.source = source
        self.order = order
        self.columns = columns
    }

    public var query: String {
        let list = columns.map { "\($0.expression) AS \"\($0.name)\"" }.joined(separator: ", ")
        return "SELECT \(list) FROM \(source) ORDER BY \(order)"
    }
}

extension NotebookTable.Column {
    /// A column whose name is that of the database unless another one is given.
    static func text(_ expression: String, as name: String? = nil, _ about: String) -> Self {
        Self(name: name ?? expression, kind: .text, expression: expression, about: about)
    }
    static func integer(_ expression: String, as name: String? = nil, _ about: String) -> Self {
        Self(name: name ?? expression, kind: .integer, expression: expression, about: about)
    }
    static func number(_ expression: String, as name: String? = nil, _ about: String) -> Self {
        Self(name: name ?? expression, kind: .number, expression: expression, about: about)
    }
    static func flag(_ expression: String, as name: String? = nil, _ about: String) -> Self {
        Self(name: name ?? expression, kind: .flag, expression: expression, about: about)
    }
    /// The name says UTC, for the unit of an instant is its zone.
    static func time(_ expression: String, as name: String, _ about: String) -> Self {
        Self(name: name + "_utc", kind: .time, expression: expression, about: about)
    }
    static let period = Self.text("period.name", as: "period", "the stretch of evidence, a folder's name")
}
