import TidemarkBase

/// Colour codes in logs: `ESC[1;36m`, and what is left of them when a paste lost or rewrote the ESC byte (`[36m`, `^[[0m`,
/// `#033[0m`, `\u001b[0m`, `ESC[0m`) or the bracket with it (`36m(APIServer pid=7)0m `).
enum ANSI {
    /// Index after any colour codes at `index`.
    @inline(__always)
    static func skip(_ bytes: Bytes, _ index: Int) -> Int {
        guard index < bytes.count else { return index }
        let byte = bytes[index]
        guard byte == 27 || byte == 91 || byte == 94 else { return index }
        return skipSlowly(bytes, index)
    }

    private static func skipSlowly(_ bytes: Bytes, _ index: Int) -> Int {
        var at = index
        while let length = codeLength(bytes, at) { at += length }
        return at
    }

    /// Length of the colour code that stands at `at`; nil when there is none.
    static func codeLength(_ bytes: Bytes, _ at: Int) -> Int? {
        guard at < bytes.count else { return nil }
        var index = at
        var escaped = false
        if bytes[index] == 27 {
            escaped = true
            index += 1
        } else if bytes[index] == 94, index + 1 < bytes.count, bytes[index + 1] == 91 {
            escaped = true
            index += 2
        }
        guard index < bytes.count, bytes[index] == 91 else { return nil }
        index += 1
        let start = index
        while index < bytes.count, index - start < 16, bytes[index] &- 48 <= 9 || bytes[index] == 59 { index += 1 }
        guard index < bytes.count else { return nil }
        // Without ESC only the forms that vLLM and uvicorn print are taken: `[0m`, `[36m`, `[1;36m`, `[0;0m`.
        if !escaped { guard bytes[index] == 109, index > start, index - start <= 4 else { return nil } }
        let final = bytes[index]
        guard (64...126).contains(final) else { return nil }
        return index + 1 - at
    }

    /// Whether a line may hold colour codes at all. Two memchr passes at most.
    static func mayOccur(in bytes: Bytes) -> Bool {
        if bytes.firstIndex(of: 27) != nil || residueLength(bytes, 0) != nil { return true }
        var from = 0
        // Bracket forms matter only when a code stands before a process prefix or level, so the head is enough.
        let head = bytes.slice(0, min(bytes.count, 400))
        while let at = head.firstIndex(of: 91, from: from) {
            if codeLength(bytes, at) != nil { return true }
            if at > 0, codeLength(bytes, at - 1) != nil { return true }
            from = at + 1
        }
        return false
    }

    /// Length of an ESC byte that stands as text before a bracket.
    private static func writtenEscape(_ bytes: Bytes, _ at: Int) -> Int? {
        let forms: [StaticString] =
            switch bytes[at] {
            case 92: ["\\u001b[", "\\u001B[", "\\x1b[", "\\x1B[", "\\033[", "\\e["]
            case 35: ["#033["]
            case 69: ["ESC["]
            case 60: ["<ESC>[", "<0x1b>[", "<0x1B>["]
            case 0xE2: ["\u{241B}[", "\u{2190}["]
            case 0xEF: ["\u{FFFD}["]
            default: []
            }
        return forms.first { bytes.has($0, at: at) }.map { $0.utf8CodeUnitCount - 1 }
    }

    /// Length of what is left of a code without its bracket, around the name of a process.
    private static func residueLength(_ bytes: Bytes, _ at: Int) -> Int? {
        guard at < bytes.count, bytes[at] &- 48 <= 9, at == 0 || bytes[at - 1] == 41 else { return nil }
        var end = at
        while end < bytes.count, end - at < 5, bytes[end] &- 48 <= 9 || bytes[end] == 59 { end += 1 }
        return bytes.has(at == 0 ? "m(" : "m ", at: end) ? end + 1 - at : nil
    }

    /// The bytes without colour codes, in the memory of `scratch`, which is given away with it: then the owner of the scratch
    /// may be changed while the text is in use. Put the text back afterwards.
    static func stripped(_ bytes: Bytes, reusing scratch: inout [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        swap(&text, &scratch)
        text.removeAll(keepingCapacity: true)
        strip(bytes, into: &text)
        return text
    }

    /// Appends `bytes` without colour codes.
    static func strip(_ bytes: Bytes, into out: inout [UInt8]) {
        var at = 0
        var copied = 0
        while at < bytes.count {
            let byte = bytes[at]
            var length: Int?
            switch byte {
            case 27, 91, 94: length = codeLength(bytes, at)
            case 92, 35, 69, 60, 0xE2, 0xEF:
                if let escape = writtenEscape(bytes, at) {
                    length = codeLength(bytes, at + escape).map { $0 + escape }
                }
            case 48...57: length = residueLength(bytes, at)
            default: break
            }
            if let length {
                // A paste may show ESC as a blank: ` [36m(RayWorkerVllm pid=7) [0m `.
                let isBlank =
                    byte == 91 && at > copied && bytes[at - 1] == 32
                    && (at == 1 || bytes[at - 2] == 41 || bytes[at - 2] == 93 || bytes.has(" ", at: at + length))
                out.append(contentsOf: bytes.slice(copied, isBlank ? at - 1 : at))
                at += length
                copied = at
            } else if byte == 27 {
                out.append(contentsOf: bytes.slice(copied, at))
                at += 1
                copied = at
            } else {
                at += 1
            }
        }
        out.append(contentsOf: bytes.slice(copied, bytes.count))
    }
}
