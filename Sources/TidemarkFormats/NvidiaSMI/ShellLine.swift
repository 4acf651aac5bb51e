import TidemarkBase

/// What stands in a paste beside a tool's output and says nothing: the command with or without a prompt, amd-smi's note
/// about how to stop it, a script's `--- heading ---`.
enum ShellLine {
    /// Whether a line is one. Readers ask it of lines that are nothing else, before they reject them.
    static func matches(_ line: Bytes) -> Bool {
        let line = line.trimmed
        guard line.count >= 3, line.count < 600 else { return false }
        if line.has("---"), line.count < 200, line.has("---", at: line.count - 3) { return true }
        if line.has("'CTRL' + 'C' to stop watching output") { return true }
        if isCommand(line, of: smiTools) { return true }
        // `$ `, `root@host:~# `, `[root@x]# `, `% `, `Singularity> `, `(.venv) me@host:~$ `
        for at in 0..<min(line.count - 2, 120) {
            let byte = line[at]
            if byte == 44 || byte == 124 || byte == 34 || byte == 123 { return false }
            guard byte == 35 || byte == 36 || byte == 37 || byte == 62, isPrompt(line.slice(0, at)) else { continue }
            let command = line.slice(at + 1, line.count).trimmed
            if isCommand(command, of: smiTools) || isCommand(command, of: others) { return true }
            // A quoted prompt: `> $ nvidia-smi`.
            if at > 0 || byte != 62 { return false }
        }
        return false
    }

    /// Nothing, a name, or what shells put in front: `me@host:~`, `[root@host dir]`, `PS C:\\>`.
    private static func isPrompt(_ text: Bytes) -> Bool {
        let text = text.trimmed
        guard let last = text.last else { return true }
        if text.equals(">") || last == 93 || last == 126 || text.firstIndex(of: 64) != nil { return true }
        return (text[0] | 0x20) &- 97 < 26
            && text.allSatisfy { ($0 | 0x20) &- 97 < 26 || $0 &- 48 < 10 || $0 == 45 || $0 == 95 || $0 == 46 }
    }

    private static let smiTools: [StaticString] = [
        "nvidia-smi", "rocm-smi", "amd-smi", "dcgmi", "gpustat", "dmesg", "journalctl",
    ]
    private static let others: [StaticString] = [
        "kubectl", "docker", "podman", "crictl", "nerdctl", "oc", "curl", "cat", "watch", "ssh", "srun", "while",
        "timeout", "tail", "head", "grep", "singularity", "apptainer", "talosctl", "nvtop", "ps",
    ]

    /// Whether a text is a call of one of the tools: its name, perhaps behind a path or `sudo`, then nothing or arguments.
    private static func isCommand(_ text: Bytes, of tools: [StaticString]) -> Bool {
        var word = text.slice(0, text.firstIndex(of: 32) ?? text.count)
        var rest = text.slice(word.count, text.count).trimmed
        if word.equals("sudo") {
            word = rest.slice(0, rest.firstIndex(of: 32) ?? rest.count)
            rest = rest.slice(word.count, rest.count).trimmed
        }
        if let slash = word.lastIndex(of: 47) { word = word.slice(slash + 1, word.count) }
        if word.count > 4, word.has(".exe", at: word.count - 4) { word = word.slice(0, word.count - 4) }
        guard tools.contains(where: { word.equals($0) }) else { return false }
        // Arguments: an option, a subcommand, a pipe; not a sentence.
        guard let first = rest.first else { return true }
        return first == 45 || first == 124 || first == 62 || first == 47 || first == 59 || (first | 0x20) &- 97 < 26
    }
}
