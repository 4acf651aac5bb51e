import ArgumentParser
import Glibc
import TidemarkBase

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a commented configuration to begin with.",
        discussion: """
            A file that is there is not touched.

            Example: tidemark init /etc/tidemark/tidemark.yaml
            """)

    @Argument(help: "The file to write.", completion: .file(extensions: ["yaml"]))
    var path = "tidemark.yaml"

    func run() throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            let why = errno
            throw TidemarkError(
                .cannotWrite,
                why == EEXIST ? "is there already" : "cannot be written: \(String(cString: strerror(why)))",
                file: path,
                hint: why == EEXIST ? "edit it, or name another file: tidemark init other.yaml" : "check the folder")
        }
        Console.write(Array(ConfigurationExample.text.utf8), to: file)
        guard close(file) == 0 else {
            throw TidemarkError(.inputOutput, "cannot be written: \(String(cString: strerror(errno)))", file: path)
        }
        Console.print("\(path) is written. Name your evidence in it, then: tidemark run --config \(path)")
    }
}
