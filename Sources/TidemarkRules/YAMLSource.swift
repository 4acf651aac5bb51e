import TidemarkBase
import Yams

/// The text of a YAML file by lines. Finds the line of a place inside of a scalar, whatever its style.
struct YAMLSource {
    let bytes: [UInt8]
    private let starts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        for (index, byte) in bytes.enumerated() where byte == 10 { starts.append(index + 1) }
        if starts.count > 1, starts.last == bytes.count { starts.removeLast() }
        self.starts = starts
    }

    /// Number of lines.
    var count: Int { starts.count }

    /// A line by its 1-based number, without its line feed.
    func line(_ number: Int) -> ArraySlice<UInt8> {
        let end = number < starts.count ? starts[number] - 1 : bytes.count
        return bytes[starts[number - 1]..<max(starts[number - 1], end)]
    }

    /// The file's line of a byte of a scalar's content.
    ///
    /// Folding and indentation change only blanks, so the other characters are matched one by one; a scalar whose text
    /// does not match (an escape that is not one character) keeps the line reached.
    func line(of offset: Int, in scalar: Node.Scalar) -> Int {
        guard let mark = scalar.mark, mark.line >= 1, mark.line <= count else { return 1 }
        var line = mark.line
        var at = starts[line - 1] + columnOffset(mark)
        if scalar.style == .literal || scalar.style == .folded {
            guard line < count else { return line }
            at = starts[line]
            line += 1
        } else if scalar.style == .singleQuoted || scalar.style == .doubleQuoted {
            at += 1
        }
        let isEscaped = scalar.style == .doubleQuoted
        // The place itself counts, and if it is a blank or the end, the last character before it.
        var reached = line
        for (index, byte) in scalar.string.utf8.enumerated() {
            guard byte > 32 else { continue }
            if index > offset { break }
            while at < bytes.count, bytes[at] <= 32 {
                if bytes[at] == 10 { line += 1 }
                at += 1
            }
            if isEscaped { skipEscapes(&at, &line) }
            guard at < bytes.count else { break }
            if bytes[at] != byte { return reached }
            at += scalar.style == .singleQuoted && byte == 39 ? 2 : 1
            reached = line
        }
        return reached
    }

    /// Steps over what a double-quoted scalar writes for a blank or in front of a character.
    private func skipEscapes(_ at: inout Int, _ line: inout Int) {
        while at + 1 < bytes.count, bytes[at] == 92 {
            switch bytes[at + 1] {
            case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"), 32: at += 2
            case 10:
                at += 2
                line += 1
            default:
                at += 1
                return
            }
            while at < bytes.count, bytes[at] <= 32 {
                if bytes[at] == 10 { line += 1 }
                at += 1
            }
        }
    }

    /// Bytes in front of the mark's column, which counts characters.
    private func columnOffset(_ mark: Mark) -> Int {
        var characters = 0
        let line = line(mark.line)
        for (index, byte) in zip(line.indices, line) where byte & 0xC0 != 0x80 {
            characters += 1
            if characters == mark.column { return index - line.startIndex }
        }
        return line.count
    }
}
