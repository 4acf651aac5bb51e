import TidemarkBase

/// A table of the page: a caption, column heads with scopes, rows whose first cell names them.
struct Table {
    enum Alignment: String {
        case text = ""
        case number = "n"
        case time = "t"
        /// Prose that needs room.
        case long
        case message
        case file
        /// An offset and how it was found.
        case clock
    }

    struct Column {
        var title: String
        var alignment: Alignment

        init(_ title: String, _ alignment: Alignment = .text) {
            self.title = title
            self.alignment = alignment
        }
    }

    enum Cell {
        case text(String)
        case code(String)
        /// Code that leads to a place in the page.
        case link(String, anchor: String)
        /// Leads to a page beside this one.
        case page(String, path: String)
        /// A number with its unit in a quieter tone.
        case quantity(Double?, DisplayUnit)
        /// Unix milliseconds UTC, and how to show them.
        case time(Int64?, String)
        /// Text with a class of its own.
        case styled(String, css: String)
    }

    var caption: String
    /// Read out, but not shown: the heading above says the same.
    var isCaptionHidden = false
    /// Link behind the caption.
    var csv: ReportModel.FileLink?
    var csvLabel = ""
    var columns: [Column]
    var rows: [[Cell]]

    init(
        caption: String, isCaptionHidden: Bool = false, csv: ReportModel.FileLink? = nil, csvLabel: String = "",
        columns: [Column], rows: [[Cell]]
    ) {
        self.caption = caption
        self.isCaptionHidden = isCaptionHidden
        self.csv = csv
        self.csvLabel = csvLabel
        self.columns = columns
        self.rows = rows
    }

    func write(_ out: inout Markup) {
        out.element(
            .div, .css("scroll"), Attribute(.role, "group"), .label(caption), Attribute(.tabindex, 0)
        ) { out in
            out.element(.table) { out in
                out.element(.caption) { out in
                    out.element(.span, isCaptionHidden ? .css("unseen") : nil, text: caption)
                    if let csv, let link = Attribute.file(csv.path) { out.element(.a, link, text: csvLabel) }
                }
                out.element(.thead) { out in
                    out.element(.tr) { out in
                        for column in columns {
                            out.element(.th, Attribute(.scope, "col"), css(column), text: column.title)
                        }
                    }
                }
                out.element(.tbody) { out in
                    for row in rows {
                        out.element(.tr) { out in
                            for (index, cell) in row.enumerated() where index < columns.count {
                                write(cell, isHead: index == 0, columns[index], &out)
                            }
                        }
                    }
                }
            }
        }
    }

    private func css(_ column: Column) -> Attribute? {
        column.alignment == .text ? nil : .css(column.alignment.rawValue)
    }

    private func write(_ cell: Cell, isHead: Bool, _ column: Column, _ out: inout Markup) {
        out.element(isHead ? .th : .td, isHead ? Attribute(.scope, "row") : nil, css(column)) { out in
            switch cell {
            case .text(let text): out.text(text)
            case .code(let text): out.element(.code, text: text)
            case .link(let text, let anchor):
                out.element(.a, .anchor(anchor)) { $0.element(.code, text: text) }
            case .page(let text, let path): out.element(.a, Attribute.file(path), text: text)
            case .quantity(let value, let unit):
                let parts = NumberText.parts(value, unit)
                out.text(parts.number)
                if !parts.unit.isEmpty { out.element(.span, .css("u"), text: parts.unit) }
            case .time(let timeMs, let text):
                if let timeMs {
                    out.element(.time, Attribute(.datetime, CivilTime.rfc3339(timeMs)), text: text)
                } else {
                    out.text(NumberText.missing)
                }
            case .styled(let text, let css): out.element(.span, .css(css), text: text)
            }
        }
    }
}
