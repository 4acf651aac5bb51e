#if canImport(Glibc)
    import Glibc
#endif
import TidemarkBase
import TidemarkEvidence

/// What stood around the request's id and `max_tokens` in the last `Received request` line.
///
/// Most clients ask with the same sampling parameters, so that their lines differ in these two alone: then comparing
/// replaces searching. Only lines without a prompt or token ids are kept.
struct RecentParameters: Sendable {
    private static let longest = 1024

    /// `: params: SamplingParams(n=1, …, max_tokens=`
    private var before: [UInt8] = []
    /// `, min_tokens=0, …, lora_request: None.`
    private var behind: [UInt8] = []

    /// The event of a line that is like the last one; nil when it isn't.
    /// - Parameter start: where the id begins.
    @inline(__always)
    func parse(_ message: Bytes, from start: Int) -> RequestEvent? {
        guard !before.isEmpty, let base = message.baseAddress,
            let colon = message.firstIndex(of: 58, from: start), colon > start, colon - start <= 1024,
            message.count - colon > before.count + behind.count,
            isSame(before, base + colon), isSame(behind, base + (message.count - behind.count))
        else { return nil }
        let number = message.slice(colon + before.count, message.count - behind.count)
        guard number.count <= 18, number[0] &- 49 <= 8 else { return nil }
        var tokens = 0
        for digit in number {
            guard digit &- 48 <= 9 else { return nil }
            tokens = tokens &* 10 &+ Int(digit &- 48)
        }
        var event = RequestEvent(
            phase: .received, requestID: message.slice(start, colon), reason: message.slice(0, 0))
        event.maxTokens = tokens
        return event
    }

    @inline(__always)
    private func isSame(_ text: [UInt8], _ bytes: UnsafeRawPointer) -> Bool {
        text.withUnsafeBytes { memcmp($0.baseAddress.unsafelyUnwrapped, bytes, text.count) == 0 }
    }

    /// Keeps what stands around the variable parts of a line that was parsed otherwise.
    mutating func remember(_ message: Bytes, _ event: RequestEvent) {
        guard let tokens = event.maxTokens, event.promptTokens == nil, !event.isStructured,
            message.count <= Self.longest
        else { return }
        let colon = 17 + event.requestID.count
        guard message.has(": params: ", at: colon),
            let parameters = message.range(of: "max_tokens=", rarest: 2, from: colon), tokens > 0
        else { return }
        let start = parameters + 11
        var end = start
        while end < message.count, message[end] &- 48 <= 9 { end += 1 }
        // Nothing else may be glued to it.
        guard end > start, end < message.count, message.last == 46,
            RecordSearch.firstHeader(in: message, from: end) == nil
        else { return }
        before = Array(message.slice(colon, start))
        behind = Array(message.slice(end, message.count))
    }
}
