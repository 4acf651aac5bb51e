import TidemarkBase
import TidemarkEvidence

/// Whether a text begins as vLLM's lines or uvicorn's do. It proves that what stands before it in a line, or around it in
/// an object, is a framing, however common its form is.
enum ServerText {
    /// `[(NAME pid=N) ]INFO 11-23 17:40:00 [file.py:1] …`, `[(NAME pid=N) ]INFO:     …`.
    static func begins(_ text: Bytes) -> Bool {
        let at = ProcessPrefix.parseChain(text).end
        guard let (_, end) = RecordHeader.level(text, at: at) else { return false }
        var header = RecordHeader()
        if header.parseFromLevel(text, at: at) { return true }
        // uvicorn pads the level and its colon to ten columns.
        let colon = ANSI.skip(text, end)
        guard text.has(":", at: colon) else { return false }
        let width = end - at + 1
        for blank in 0..<max(1, 10 - width) where !text.has(" ", at: colon + 1 + blank) { return false }
        return true
    }

    /// Whether it does so itself or behind a further layer of the common ones.
    static func follows(in text: Bytes) -> Bool {
        if begins(text) { return true }
        // Heroku's router behind `heroku[router]: `.
        if text.has("at=info method=") || text.has("at=error code=") { return true }
        guard let first = text.first, first != 40 else { return false }
        if first == 32 { return begins(text.slice(1, text.count)) }
        let frame =
            TextFrame.timestamp(text, from: 0) ?? TextFrame.compose(text) ?? TextFrame.kubectl(text)
            ?? TextFrame.pod(text)
        return frame.map { begins(text.slice($0.textStart, text.count)) } ?? false
    }
}
