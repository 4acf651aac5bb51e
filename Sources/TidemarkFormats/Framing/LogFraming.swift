import TidemarkBase
import TidemarkEvidence

/// What stands around the lines of a log: the container of the file, and the layers around each line, outermost first.
public struct LogFraming: Sendable, Hashable {
    /// How the entries lie in the file.
    public enum Container: Sendable, Hashable {
        /// A line each (or a few), in the order of time: read as a stream.
        case lines
        /// A line each, the newest first: held and put in order.
        case newestFirst
        /// Inside a JSON document, or several of them: held.
        case document(LogWrapper)
        /// Documents in YAML, as `gcloud logging read` writes them: held.
        case yaml
        /// Rows of a table (RFC 4180): held.
        case table(LogColumns)
    }

    public var container: Container
    public var wrappers: [LogWrapper]
    /// Where objects of an unknown tool hold the line.
    public internal(set) var key: TextKey?

    public init(_ wrappers: [LogWrapper], in container: Container = .lines) {
        self.wrappers = wrappers
        self.container = container
    }

    /// The application's lines as they are.
    public static let plain = LogFraming([])
    public static let dockerJSON = LogFraming([.dockerJSON])
    public static let timestamps = LogFraming([.timestamps])
    public static let kubectlPrefix = LogFraming([.kubectlPrefix])
    public static let compose = LogFraming([.compose])
    public static let cri = LogFraming([.cri])
    public static let journaldShortISO = LogFraming([.journaldShortISO])
    public static let journaldShort = LogFraming([.journaldShort])
    public static let journaldJSON = LogFraming([.journaldJSON])

    /// Layers that are peeled off at most.
    static let mostLayers = 4

    /// Most bytes of a file that has to be held as a whole. Peak memory is up to three times of it.
    public static let heldLimit = 256 << 20

    /// Whether the file has to be held until its end before its first line comes out. Such a file is read to its end in
    /// one go, also when no line feed ends it, and with lines as long as ``lineLimit``.
    public var isHeld: Bool { container != .lines }

    /// The longest physical line that a reader must pass on whole.
    public var lineLimit: Int { isHeld ? Self.heldLimit + 1 : 1 << 20 }

    /// Stable name: `plain`, `docker_json`, `loki_document+cri`.
    public var rawValue: String {
        var names: [String] = []
        switch container {
        case .lines: break
        case .newestFirst: names.append("newest_first")
        case .document(let shape): names.append(shape.rawValue + "_document")
        case .yaml: names.append("yaml")
        case .table: names.append("csv")
        }
        names += wrappers.map(\.rawValue)
        return names.isEmpty ? "plain" : names.joined(separator: "+")
    }

    /// The lines of `head` without the framing, for content detection. The last line may be incomplete.
    public func unframe(head: Bytes) -> [UInt8] {
        var out: [UInt8] = []
        var unframer = LogUnframer(self)
        var reader = LineReader(limit: lineLimit)
        let keep: (borrowing Line, FrameInfo) -> Void = { line, _ in
            out.append(contentsOf: line.bytes)
            out.append(10)
        }
        reader.feed(head) { unframer.feed($0, keep) }
        reader.finish { unframer.feed($0, keep) }
        unframer.finish(keep)
        return out
    }
}
