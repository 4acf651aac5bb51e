#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import TidemarkPromQL

/// `promqltest FILE…`: runs test scripts in the format of Prometheus' own; a line for each failing case, then the sums.

func content(_ path: String) -> String? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { break }
        bytes.append(contentsOf: buffer[..<count])
    }
    return ferror(file) == 0 ? String(decoding: bytes, as: UTF8.self) : nil
}

func complain(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
}

let files = CommandLine.arguments.dropFirst()
guard !files.isEmpty else {
    complain("usage: promqltest FILE…")
    exit(2)
}
var runner = ScriptRunner()
var unreadable = false
for file in files {
    guard let text = content(file) else {
        complain("\(file): cannot be read")
        unreadable = true
        continue
    }
    runner.run(text, file: file)
}
for mistake in runner.mistakes { complain("\(mistake)") }
for failure in runner.failures { print(failure) }
print("\(runner.passed) passed, \(runner.failures.count) failed")
exit(runner.failures.isEmpty && !unreadable ? 0 : 1)
