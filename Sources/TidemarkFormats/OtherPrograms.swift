import TidemarkBase
import TidemarkEvidence

/// The programs beside vLLM whose lines one file holds, as `docker compose logs` and `kubectl logs --prefix` of a whole stack
/// write it: told apart by the names that the framing prints.
public struct OtherPrograms: Sendable, Equatable {
    /// Names of the containers or services that aren't vLLM's, sorted.
    public let names: [String]

    public var isEmpty: Bool { names.isEmpty }

    public init(names: [String] = []) { self.names = names }

    /// Judged by the beginning of the file; empty unless vLLM's and a gateway's lines are both there.
    public init(head: Bytes, framing: LogFraming) {
        var texts: [String: [UInt8]] = [:]
        if framing.namesSources {
            var unframer = LogUnframer(framing)
            var reader = LineReader(limit: framing.lineLimit)
            let keep: (borrowing Line, FrameInfo) -> Void = { inner, frame in
                guard texts.count < 64 || texts[frame.source] != nil else { return }
                texts[frame.source, default: []].append(contentsOf: inner.bytes)
                texts[frame.source, default: []].append(10)
            }
            reader.feed(head) { unframer.feed($0, keep) }
            reader.finish { unframer.feed($0, keep) }
            // A document is read at its end.
            unframer.finish(keep)
        }
        guard texts.count > 1 else {
            names = []
            return
        }
        var others: [String] = []
        var hasVLLM = false
        for (name, text) in texts {
            text.withUnsafeBytes { bytes in
                let text = Bytes(rebasing: bytes[...])
                // LiteLLM's access lines are uvicorn's, as vLLM's are.
                if GatewayFormat.claims(text) || name.contains("litellm") {
                    others.append(name)
                } else if VLLMLog.sniff(head: text) >= 0.7 {
                    hasVLLM = true
                }
            }
        }
        names = hasVLLM ? others.sorted() : []
    }

    /// Whether a line whose framing names this container or service is another program's.
    @inline(__always)
    public func contains(_ name: String) -> Bool { !names.isEmpty && names.contains(name) }

    /// What the reader of the ledger should know.
    public var remark: String? {
        names.isEmpty
            ? nil
            : "holds the lines of \(names.joined(separator: ", ")), too: each is a source of its own, a gateway"
    }
}

extension LogFraming {
    /// Whether a line of it may name the container or service that wrote it.
    var namesSources: Bool { container != .lines || !wrappers.isEmpty }
}
