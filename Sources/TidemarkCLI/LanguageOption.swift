import ArgumentParser
import TidemarkBase
import TidemarkReport

/// `--lang` of the commands that write reports.
struct LanguageOption: ParsableArguments {
    @Option(
        name: .customLong("lang"),
        help:
            "Language of the report: \(Language.allValueStrings.joined(separator: " or ")); by default en, or that of the configuration. CSV and JSON stay English."
    )
    var chosen: Language?

    var language: Language { chosen ?? .english }
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
