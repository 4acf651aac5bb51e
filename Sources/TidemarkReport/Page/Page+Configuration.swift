import TidemarkBase

extension Page {
    /// Runs of equal configuration in one column, differing settings marked.
    mutating func writeConfiguration() {
        let columns = ConfigurationColumn.group(model.engineRuns)
        let heads = columns.map { column in say(.joined(column.runs.map { Message(verbatim: describe($0)) }, by: "; "))
        }
        let span = columns.count + 1
        out.element(
            .div, .css("scroll"), Attribute(.role, "group"), .label(Phrases.configuration), Attribute(.tabindex, 0)
        ) { out in
            out.element(.table) { out in
                out.element(.caption) { $0.element(.span, .css("unseen"), text: Phrases.configuration) }
                out.element(.thead) { out in
                    out.element(.tr) { out in
                        out.element(.th, Attribute(.scope, "col"), text: Phrases.setting)
                        for head in heads { out.element(.th, Attribute(.scope, "col"), .css("long"), text: head) }
                    }
                }
                out.element(.tbody) { out in
                    Self.row(&out, Phrases.version, columns.map(\.version), isCode: false)
                    Self.row(&out, Phrases.model, columns.map(\.model), isCode: false)
                }
                Self.group(&out, Phrases.arguments, columns.map(\.arguments), span: span)
                Self.group(&out, Phrases.capacity, columns.map(\.capacity), span: span)
            }
        }
    }

    /// `r0: 09:12 to its end`, with how it ended.
    private func describe(_ run: ReportModel.EngineRun) -> String {
        let start = run.startMs.map { frame.moment($0) } ?? Phrases.runBeforeEvidence
        let text =
            run.endMs.map { Phrases.fill(Phrases.runUntil, run.replica, start, frame.moment($0)) }
            ?? Phrases.fill(Phrases.runSince, run.replica, start)
        return run.ending.isEmpty ? text : Phrases.noted(text, run.ending)
    }

    /// The facts of all columns under one heading, in the order in which they first come up.
    private static func group(
        _ out: inout Markup, _ heading: String, _ facts: [[ReportModel.Fact]], span: Int
    ) {
        var names: [String] = []
        for name in facts.joined().map(\.name) where !names.contains(name) { names.append(name) }
        guard !names.isEmpty else { return }
        out.element(.tbody) { out in
            out.element(.tr, .css("group")) { out in
                out.element(.th, Attribute(.scope, "rowgroup"), Attribute(.colspan, span), text: heading)
            }
            for name in names {
                let values = facts.map { column in column.first { $0.name == name }?.value ?? NumberText.missing }
                row(&out, name, values, isCode: true)
            }
        }
    }

    private static func row(
        _ out: inout Markup, _ name: String, _ values: [String], isCode: Bool
    ) {
        let differs = Set(values).count > 1
        out.element(.tr) { out in
            out.element(.th, Attribute(.scope, "row")) { out in
                if isCode { out.element(.code, text: name) } else { out.text(name) }
            }
            for value in values {
                out.element(.td, .css("long")) { out in
                    if isCode { out.element(.code, text: value) } else { out.text(value) }
                    if differs { out.element(.span, .css("differs"), text: Phrases.differs) }
                }
            }
        }
    }
}

/// Engine runs that agree in version, model, arguments and capacity.
struct ConfigurationColumn: Equatable {
    var version: String
    var model: String
    var arguments: [ReportModel.Fact]
    var capacity: [ReportModel.Fact]
    var runs: [ReportModel.EngineRun]

    static func group(_ runs: [ReportModel.EngineRun]) -> [ConfigurationColumn] {
        var columns: [ConfigurationColumn] = []
        for run in runs {
            let same = columns.firstIndex {
                $0.version == run.version && $0.model == run.model && $0.arguments == run.arguments
                    && $0.capacity == run.capacity
            }
            if let same {
                columns[same].runs.append(run)
            } else {
                columns.append(
                    ConfigurationColumn(
                        version: run.version, model: run.model, arguments: run.arguments, capacity: run.capacity,
                        runs: [run]))
            }
        }
        return columns
    }
}
