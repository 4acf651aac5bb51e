import TidemarkBase

/// The report as one self-contained HTML file.
public enum HTMLReport {
    /// The page as UTF-8 bytes; the same model gives the same bytes. Linear in the number of points and rows.
    public static func render(_ model: ReportModel) -> [UInt8] {
        var page = Page(model)
        page.write()
        return page.out.bytes
    }
}

/// A page being written.
struct Page {
    var out = Markup()
    var anchors = Anchors()
    let model: ReportModel
    let frame: ChartFrame

    /// One entry of the contents list.
    private struct Part {
        var title: String
        var write: (inout Page) -> Void
    }

    init(_ model: ReportModel) {
        self.model = model
        frame = ChartFrame(model)
    }

    mutating func write() {
        let parts = parts()
        let verdictID = anchors.take("verdict", "")
        let ids = parts.map { anchors.take("part", $0.title) }
        out.doctype()
        element(.html, Attribute(.lang, Language.current.tag)) { page in
            page.writeHead()
            page.element(.body) { page in
                page.out.element(.a, .css("skip"), .anchor(verdictID), text: Phrases.skipToContent)
                ChartFrame.drawDefinitions(&page.out)
                page.element(.div, .css("page")) { page in
                    page.writeContents(zip(ids, parts).map { ($0, $1.title) }, verdictID)
                    page.element(.main) { page in
                        page.writeVerdict(verdictID)
                        for (id, part) in zip(ids, parts) {
                            page.element(.section, Attribute(.ariaLabelledby, id)) { page in
                                page.out.element(.h2, .id(id), text: part.title)
                                part.write(&page)
                            }
                        }
                        page.out.element(.footer, text: Phrases.footer)
                    }
                }
                page.out.raw(.script, Attribute(.dataWords, ScriptWords(page.frame).json), source: Script.source)
            }
        }
    }

    /// As ``Markup/element(_:_:content:)``, for content that needs the page.
    mutating func element(_ tag: Markup.Tag, _ attributes: Attribute?..., content: (inout Page) -> Void) {
        out.open(tag, attributes)
        content(&self)
        out.close(tag)
    }

    /// The parts that have something to show, in reading order.
    private func parts() -> [Part] {
        var parts = model.showsFindings ? [Part(title: Phrases.findings) { $0.writeFindings() }] : []
        if !model.overview.isEmpty { parts.append(Part(title: Phrases.timeline) { $0.writeTimeline() }) }
        for section in model.outlook { parts.append(Part(title: section.title) { $0.write(section) }) }
        for section in model.sections where !section.strips.isEmpty {
            parts.append(Part(title: section.title) { $0.writeSection(section) })
        }
        if !model.keyFigures.isEmpty { parts.append(Part(title: Phrases.keyFigures) { $0.writeKeyFigures() }) }
        if !model.distributions.isEmpty || !model.heatMaps.isEmpty {
            parts.append(Part(title: Phrases.distributions) { $0.writeDistributions() })
        }
        if !model.replicas.rows.isEmpty { parts.append(Part(title: Phrases.replicas) { $0.writeReplicas() }) }
        if !model.logEvents.isEmpty { parts.append(Part(title: Phrases.logEvents) { $0.writeLogEvents() }) }
        if !model.topClients.isEmpty { parts.append(Part(title: Phrases.topClients) { $0.writeTopClients() }) }
        if !model.gateways.rows.isEmpty { parts.append(Part(title: Phrases.gateways) { $0.writeGateways() }) }
        if !model.slowestRequests.isEmpty {
            parts.append(Part(title: Phrases.slowestRequests) { $0.writeSlowestRequests() })
        }
        if !model.engineRuns.isEmpty { parts.append(Part(title: Phrases.configuration) { $0.writeConfiguration() }) }
        let coverage = model.coverage
        if !coverage.sources.isEmpty || !coverage.unknownFiles.isEmpty || !coverage.shadowed.isEmpty {
            parts.append(Part(title: Phrases.coverage) { $0.writeCoverage() })
        }
        if !model.methods.isEmpty { parts.append(Part(title: Phrases.methods) { $0.writeMethods() }) }
        if !model.downloads.isEmpty { parts.append(Part(title: Phrases.downloads) { $0.writeDownloads() }) }
        return parts
    }

    /// The same for every page, but for a logo.
    private static let policy = ContentPolicy.text(script: Script.source, style: Stylesheet.source)
    private static let policyWithLogo = ContentPolicy.text(
        script: Script.source, style: Stylesheet.source, pictures: true)

    private mutating func writeHead() {
        let policy = model.logo == nil ? Self.policy : Self.policyWithLogo
        let title = model.title
        let product = Phrases.product
        out.element(.head) { out in
            out.empty(.meta, Attribute(.charset, "utf-8"))
            out.newline()
            out.empty(.meta, Attribute(.httpEquiv, "Content-Security-Policy"), Attribute(.content, policy))
            out.newline()
            out.empty(.meta, Attribute(.name, "viewport"), Attribute(.content, "width=device-width, initial-scale=1"))
            out.newline()
            out.empty(.meta, Attribute(.name, "generator"), Attribute(.content, product))
            out.newline()
            out.element(.title, text: title)
            out.raw(.style, source: Stylesheet.source)
        }
    }

    private mutating func writeContents(_ entries: [(id: String, title: String)], _ verdictID: String) {
        out.element(.nav, .css("contents"), .label(Phrases.contents)) { out in
            out.element(.ul) { out in
                out.element(.li) { $0.element(.a, .anchor(verdictID), text: Phrases.verdict) }
                for entry in entries {
                    out.element(.li) { $0.element(.a, .anchor(entry.id), text: entry.title) }
                }
            }
        }
    }
}
