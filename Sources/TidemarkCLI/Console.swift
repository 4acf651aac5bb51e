import Glibc
import TidemarkBase

/// Standard output and standard error as bytes.
enum Console {
    static func write(_ bytes: [UInt8], to descriptor: Int32 = 1) {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
                if count < 0 {
                    if errno == EINTR || errno == EAGAIN { continue }
                    return
                }
                done += count
            }
        }
    }

    static func print(_ text: String) { write(Array((text + "\n").utf8)) }

    static func error(_ text: String) { write(Array((visible(text) + "\n").utf8), to: 2) }

    /// Text from evidence for a terminal: control characters become visible, so that no escape sequence gets through.
    static func visible(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 32 && $0 != 10 && $0 != 9 || $0 == 127 || $0 == 0xC2 }) else {
            return text
        }
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<9, 11..<32: out.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value)!)
            case 127: out += "\u{2421}"
            case 0x80..<0xA0: out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// Text in columns; numbers are given as text and aligned to the right where `right` says so.
    static func table(_ header: [String], _ rows: [[String]], right: Set<Int> = []) -> String {
        let all = [header] + rows.map { $0.map(visible) }
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let fill = String(repeating: " ", count: widths[column] - cell.count)
                if column > 0 { line += "  " }
                line += right.contains(column) ? fill + cell : (column == row.count - 1 ? cell : cell + fill)
            }
            return line
        }.joined(separator: "\n")
    }
}

/// Progress of long work: one line on a terminal's standard error, nothing elsewhere.
final class Progress {
    private let isActive: Bool
    private var lastShown = 0.0

    init(quiet: Bool) { isActive = !quiet && isatty(2) == 1 }

    func show(_ path: String, _ share: Double) {
        guard isActive else { return }
        let seconds = SystemClock.monotonicSeconds
        guard seconds - lastShown > 0.1 else { return }
        lastShown = seconds
        let text = "\(Int(min(1, share) * 100)) %  \(Console.visible(path))"
        Console.write(Array("\r\u{1B}[K\(text.prefix(78))".utf8), to: 2)
    }

    func clear() {
        guard isActive, lastShown > 0 else { return }
        Console.write(Array("\r\u{1B}[K".utf8), to: 2)
    }
}
