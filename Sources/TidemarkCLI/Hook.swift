import Glibc
import TidemarkBase

/// The command of `--on-finding`: started directly, without a shell, with a JSON object on its standard input.
struct Hook {
    let words: [String]
    let limitSeconds: Double

    /// - Throws: `usage` when `command` is empty, a quote is open, or a program that is named by its path isn't there.
    init(_ command: String, limitSeconds: Double) throws {
        guard let words = Self.split(command), let program = words.first else {
            throw TidemarkError(
                .usage,
                "--on-finding: a command is expected: words by blanks, '…' and \"…\" keep blanks, \\ keeps the next character"
            )
        }
        if program.contains("/"), access(program, X_OK) != 0 {
            throw TidemarkError(
                .usage, "--on-finding: cannot be run: \(String(cString: strerror(errno)))", file: program)
        }
        self.words = words
        self.limitSeconds = limitSeconds
    }

    /// Words as the documented rules cut them: blanks separate; within single quotes everything stands for itself; within double
    /// quotes and outside of quotes a backslash keeps the next character. Nothing is expanded. nil: a quote or backslash is open,
    /// or there is no word.
    static func split(_ command: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in command {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\t" || character == "\n" {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil, !isEscaped else { return nil }
        if let done = word { words.append(done) }
        return words.isEmpty || words[0].isEmpty || words.contains { $0.utf8.contains(0) } ? nil : words
    }

    /// Runs the command to its end. What it prints goes to standard error.
    /// - Returns: nil when it ended with status 0, else what went wrong.
    func run(_ input: [UInt8]) -> String? {
        // A file, not a pipe: a command that doesn't read must not stop this program.
        var name = Array("/tmp/tidemark-finding-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        guard file >= 0 else { return "no temporary file can be made: \(String(cString: strerror(errno)))" }
        unlink(name)
        defer { close(file) }
        Console.write(input, to: file)
        guard lseek(file, 0, SEEK_SET) == 0 else { return "its input cannot be written" }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, file, 0)
        posix_spawn_file_actions_adddup2(&actions, 2, 1)
        if file > 2 { posix_spawn_file_actions_addclose(&actions, file) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that what it starts ends with it.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let status = posix_spawnp(&process, words[0], &actions, &attributes, arguments, environ)
        guard status == 0 else { return "cannot be started: \(String(cString: strerror(status)))" }
        return wait(process)
    }

    private func wait(_ process: pid_t) -> String? {
        let start = SystemClock.monotonicSeconds
        var isStopped = false
        while true {
            var status: Int32 = 0
            let found = waitpid(process, &status, WNOHANG)
            if found == process {
                if isStopped { return "took longer than \(ByteWriter.shortest(limitSeconds)) s and was ended" }
                if status & 0x7F == 0 {
                    let code = status >> 8 & 0xFF
                    return code == 0 ? nil : "ended with status \(code)"
                }
                return "was ended by signal \(status & 0x7F)"
            }
            if found < 0, errno != EINTR { return "was lost: \(String(cString: strerror(errno)))" }
            let spent = SystemClock.monotonicSeconds - start
            if spent > limitSeconds {
                // First a word, two seconds later no more words.
                kill(-process, isStopped && spent > limitSeconds + 2 ? SIGKILL : SIGTERM)
                isStopped = true
                usleep(50_000)
            }
            usleep(spent < 1 ? 5_000 : 50_000)
        }
    }

}
