import ArgumentParser
import TidemarkBase
import TidemarkReport

/// `--logo` of the commands that write pages.
struct LogoOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Picture at the head of the report: PNG, JPEG, WebP or SVG, at most 256 KiB.", valueName: "file"),
        completion: .file())
    var logo: String?

    @Option(help: ArgumentHelp("What is read out in the logo's place; by default Logo.", valueName: "text"))
    var logoAlt: String?

    /// - Parameter configured: the file that a configuration names.
    func picture(configured: String? = nil, _ language: Language = .english) throws -> ReportModel.Logo? {
        guard let path = logo ?? configured else {
            guard logoAlt == nil else { throw TidemarkError(.usage, "--logo-alt goes with --logo") }
            return nil
        }
        let bytes = try InputBytes.read(path, most: 64 << 20)
        return try Language.$current.withValue(language) {
            try ReportModel.Logo(bytes, text: logoAlt, file: path)
        }
    }
}
