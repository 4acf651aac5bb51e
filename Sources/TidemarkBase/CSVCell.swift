/// A cell of comma-separated values.
public enum CSVCell {
    /// `text` as one cell by RFC 4180: in quotes when it holds a comma, a quote or a line end. Formulas are not defused.
    public static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 44 || $0 == 34 || $0 == 10 || $0 == 13 }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
