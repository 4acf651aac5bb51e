import TidemarkBase

/// Cells of separated values as spreadsheets write them (RFC 4180): quoted or not, `""` for a quote inside.
struct CSVTable {
    /// A comma, or what a first line `sep=;` says.
    private(set) var separator: UInt8 = 44
    /// More cells than any panel has series; a damaged line must not cost memory without end.
    static let mostCells = 20_000

    /// Whether the line is `sep=X`, the first line that Excel wants; its separator holds from then on.
    mutating func separator(_ line: Bytes) -> Bool {
        var text = line.trimmed
        if text.count == 7, text[0] == 34, text[6] == 34 { text = text.slice(1, 6) }
        guard text.count == 5, text.has("sep=") else { return false }
        separator = text[4]
        return true
    }

    /// The cells of a line, unquoted and trimmed. Allocates.
    func cells(_ line: Bytes) -> [String] {
        var cells: [String] = []
        forEachCell(line) { cell, escaped in cells.append(Self.text(cell, escaped)) }
        return cells
    }

    /// Calls `body` with each cell, trimmed; `escaped`: it holds `""`, which stand for one quote each.
    func forEachCell(_ line: Bytes, _ body: (_ cell: Bytes, _ escaped: Bool) -> Void) {
        var at = 0
        var count = 0
        while count < Self.mostCells {
            count += 1
            while at < line.count, line[at] == 32 || line[at] == 9 && separator != 9 { at += 1 }
            if at < line.count, line[at] == 34 {
                let start = at + 1
                at = start
                var escaped = false
                while at < line.count {
                    if line[at] == 34 {
                        guard at + 1 < line.count, line[at + 1] == 34 else { break }
                        escaped = true
                        at += 1
                    }
                    at += 1
                }
                body(line.slice(start, min(at, line.count)), escaped)
                at = line.firstIndex(of: separator, from: min(at + 1, line.count)) ?? line.count
            } else {
                let end = line.firstIndex(of: separator, from: at) ?? line.count
                body(line.slice(at, end).trimmed, false)
                at = end
            }
            guard at < line.count else { return }
            at += 1
        }
    }

    /// The text of a cell as ``forEachCell(_:_:)`` gives it.
    static func text(_ cell: Bytes, _ escaped: Bool) -> String {
        guard escaped else { return cell.text }
        var out: [UInt8] = []
        var at = 0
        while at < cell.count {
            out.append(cell[at])
            at += cell[at] == 34 && at + 1 < cell.count && cell[at + 1] == 34 ? 2 : 1
        }
        return String(decoding: out, as: UTF8.self)
    }
}
