import ArgumentParser
import TidemarkBase
import TidemarkReport

/// `--lang` of the commands that write reports.
struct LanguageOption: ParsableArguments {
    @Option(
        name: .customLong("lang"),
        help: "Language of the report: \(Language.all.map(\.tag).joined(separator: " or ")). CSV and JSON stay English."
    )
    var language = Language.english

    /// - Throws: `usage` for a language that the pages of weeks are not written in.
    func refuseForWeeks() throws {
        guard language.tag != Language.english.tag else { return }
        throw TidemarkError(
            .usage, "pages of weeks are written in English only, not in \(language.tag)",
            hint: "--lang goes with reports of evidence: tidemark run evidence/ --lang \(language.tag)")
    }
}

extension Language: ExpressibleByArgument {
    public init?(argument: String) {
        // `zh-hant` and `zh_Hant` mean the same to everyone who types them.
        let tag = argument.lowercased().replacing("_", with: "-")
        guard let known = Self.all.first(where: { $0.tag.lowercased() == tag }) else { return nil }
        self = known
    }

    public static var allValueStrings: [String] { all.map(\.tag) }
    public var defaultValueDescription: String { tag }
}
