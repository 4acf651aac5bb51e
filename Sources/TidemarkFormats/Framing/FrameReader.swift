import TidemarkBase
import TidemarkEvidence

/// One unwrapped physical line.
struct FramedLine {
    var info = FrameInfo()
    /// Where the text begins in the line; -1 when it was decoded into the scratch buffer.
    var textStart = 0
    /// Where it ends; -1: at the end of the line.
    var textEnd = -1
    /// The runtime cut the line here; the next part of the same stream continues it.
    var partial = false
    /// The name of the pod, service or host, as a range of the line, and of the container in it.
    var source = 0..<0
    var container = 0..<0
    /// Where another message begins in the same line (octet-counted syslog); 0: none.
    var next = 0

    var isDecoded: Bool { textStart < 0 }

    init() {}

    init(timeMs: Int64?, text: Int) {
        info.timeMs = timeMs
        textStart = text
    }
}

/// Reads the wrapper of one line. nil: the line doesn't wear it.
enum FrameReader {
    /// - Parameter key: of the text in objects of an unknown tool.
    @inline(__always)
    static func read(
        _ line: Bytes, as wrapper: LogWrapper, key: TextKey? = nil, into scratch: inout [UInt8]
    ) -> FramedLine? {
        switch wrapper {
        case .dockerJSON: return DockerFrame.read(line, &scratch)
        case .cri: return TextFrame.cri(line)
        case .timestamps: return TextFrame.timestamp(line, from: 0)
        case .json: return ShipperJSON.learned(line, key, &scratch)
        default: return readOther(line, as: wrapper, into: &scratch)
        }
    }

    private static func readOther(_ line: Bytes, as wrapper: LogWrapper, into scratch: inout [UInt8]) -> FramedLine? {
        switch wrapper {
        case .dockerJSON, .cri, .timestamps, .json: return nil
        case .torchServe: return ModelServerFrame.torchServe(line)
        case .djl: return ModelServerFrame.djl(line)
        case .dynamo: return ModelServerFrame.dynamo(line)
        case .nerdctl: return LabelFrame.nerdctl(line)
        case .tag: return SyslogFrame.tag(line, &scratch)
        case .awsText: return LabelFrame.awsText(line)
        case .buildkite: return LabelFrame.buildkite(line)
        case .label: return LabelFrame.label(line)
        case .names: return LabelFrame.names(line)
        case .blank: return LabelFrame.blank(line)
        case .quoted: return LabelFrame.quoted(line)
        case .indented: return line.has("    ") ? FramedLine(timeMs: nil, text: 4) : nil
        case .grep: return LabelFrame.grep(line)
        case .rank: return LabelFrame.rank(line)
        case .clock: return LabelFrame.clock(line)
        case .kubectlPrefix: return TextFrame.kubectl(line)
        case .podPrefix: return TextFrame.pod(line)
        case .compose: return TextFrame.compose(line)
        case .logcli: return TextFrame.logcli(line)
        case .journaldShortISO: return JournalFrame.iso(line)
        case .journaldShort: return JournalFrame.short(line, &scratch)
        case .journaldFull: return JournalFrame.full(line)
        case .journaldUnix: return JournalFrame.unix(line)
        case .journaldMonotonic: return JournalFrame.monotonic(line)
        case .journaldJSON, .journaldPretty: return JournalEntry.json(line, &scratch)
        case .journaldExport: return JournalEntry.export(line, &scratch)
        case .journaldVerbose: return JournalVerbose.read(line, &scratch)
        case .syslog: return SyslogFrame.read(line, &scratch)
        case .fluentdFile: return ShipperJSON.fluentdFile(line, &scratch)
        case .fluentBitStdout: return ShipperJSON.fluentBitStdout(line, &scratch)
        case .loki, .elastic, .fluentBit, .vector, .gcp, .datadog, .splunk, .cloudWatch, .azure:
            return ShipperJSON.line(line, &scratch)
        }
    }
}
