/// The known word that a wrong one was probably meant to be.
public enum NearestWord {
    /// nil when none is near: more than a third of the letters would have to change.
    public static func of(_ word: String, in known: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let lower = word.lowercased().filter { $0 != "-" && $0 != "_" }
        let ranked = known.map { (distance(lower, $0.lowercased().filter { $0 != "_" }), $0) }.sorted { $0 < $1 }
        guard let best = ranked.first, best.0 <= max(1, word.utf8.count / 3) else { return nil }
        return best.1
    }

    /// Letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
    static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.utf8)
        let b = Array(b.utf8)
        var rows = [Array(0...b.count)]
        for i in 1..<(a.count + 1) {
            var row = [i]
            for j in 1..<(b.count + 1) {
                let replace = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                var best = min(replace, rows[i - 1][j] + 1, row[j - 1] + 1)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, rows[i - 2][j - 2] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
