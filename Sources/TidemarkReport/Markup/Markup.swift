import TidemarkBase

/// Writes HTML with SVG in it. Only elements of ``Tag`` and attributes of ``Attribute/Name`` exist, every text is
/// escaped, and every element that is opened is closed: what comes out is well-formed whatever goes in.
struct Markup: Sendable {
    /// Elements with content.
    enum Tag: String, Sendable {
        case a, article, body, caption, code, dd, defs, desc, details, div, dl, dt, figcaption, figure, footer
        case g, h1, h2, h3, h4, head, header, html, li, main, nav, ol, p, pattern, script, section, span
        case strong, style, summary, svg, table, tbody, td, text, th, thead, time, title, tr, tspan, ul
    }

    /// Elements without content.
    enum VoidTag: String, Sendable {
        case img, meta
        case circle, line, path, rect
    }

    private(set) var out: ByteWriter

    init(capacity: Int = 1 << 18) { out = ByteWriter(capacity: capacity) }

    var bytes: [UInt8] { out.bytes }

    mutating func doctype() { out.write("<!doctype html>\n") }

    mutating func element(_ tag: Tag, _ attributes: Attribute?..., content: (inout Markup) -> Void) {
        open(tag, attributes)
        content(&self)
        close(tag)
    }

    mutating func element(_ tag: Tag, _ attributes: Attribute?..., text: String) {
        open(tag, attributes)
        SafeText.write(text, to: &out, place: .content)
        close(tag)
    }

    mutating func empty(_ tag: VoidTag, _ attributes: Attribute?...) {
        out.write(byte: 60)
        out.write(tag.rawValue)
        write(attributes)
        out.write(tag == .meta || tag == .img ? ">" : "/>")
    }

    mutating func text(_ text: String) { SafeText.write(text, to: &out, place: .content) }

    mutating func newline() { out.write(byte: 10) }

    /// A style sheet or script that this module brings along; never text from elsewhere.
    mutating func raw(_ tag: Tag, _ attributes: Attribute?..., source: String) {
        open(tag, attributes)
        out.write(source)
        close(tag)
    }

    mutating func open(_ tag: Tag, _ attributes: [Attribute?]) {
        out.write(byte: 60)
        out.write(tag.rawValue)
        write(attributes)
        out.write(byte: 62)
    }

    mutating func close(_ tag: Tag) {
        out.write("</")
        out.write(tag.rawValue)
        out.write(byte: 62)
        if Self.block.contains(tag) { newline() }
    }

    private mutating func write(_ attributes: [Attribute?]) {
        for attribute in attributes {
            guard let attribute else { continue }
            out.write(byte: 32)
            out.write(attribute.name.markup)
            out.write("=\"")
            SafeText.write(attribute.value, to: &out, place: .attribute)
            out.write(byte: 34)
        }
    }

    /// Elements after which a line of source ends.
    private static let block: Set<Tag> = [
        .article, .caption, .details, .div, .dl, .figcaption, .figure, .footer, .h1, .h2, .h3, .h4, .head, .header,
        .html, .li, .main, .nav, .ol, .p, .script, .section, .style, .summary, .svg, .table, .thead, .title, .tr,
        .ul,
    ]
}
