import TidemarkBase

/// A parser under fuzzing: bytes in, nothing out. A crash, a trap, a hang or a broken invariant is a finding.
///
/// The same entries serve the fuzzer (`Fuzz/Main`) and the test that feeds every input that was ever a finding.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// Index, tombstones and meta.json of a block; checksums are put right first, so that the parser is reached.
    case tsdbIndex = "tsdb-index"
    /// Chunk data: XOR and native histograms, and the files that hold chunks.
    case tsdbChunk = "tsdb-chunk"
    /// Segments and records of `wal` and `wbl`, and their compressions.
    case tsdbLog = "tsdb-log"
    /// Exposition text 0.0.4 and OpenMetrics.
    case exposition
    /// `promtool tsdb dump`.
    case dump
    /// Answers of the Prometheus HTTP API.
    case answers
    /// VictoriaMetrics' JSON lines.
    case export
    /// CSV and JSON of Grafana's panels.
    case panels
    /// Server logs of vLLM, in every framing.
    case serverLog = "server-log"
    /// Access logs of gateways.
    case gateway
    /// The parser and the evaluator of PromQL.
    case promql
    /// Captures of GPUs in all their forms, framed or not.
    case nvidiaSMI = "nvidia-smi"
    /// Kernel logs, framed or not.
    case kernelLog = "kernel-log"
    /// Exports of traces.
    case traces
    /// Results of load generators.
    case loadTest = "load-test"
    /// What containers, shippers and exports put around the lines of a log.
    case framing

    /// Runs the target on one input.
    public func run(_ bytes: Bytes) {
        switch self {
        case .tsdbIndex: BlockFuzz.index(bytes)
        case .tsdbChunk: BlockFuzz.chunk(bytes)
        case .tsdbLog: LogFuzz.run(bytes)
        case .exposition: TextFuzz.exposition(bytes)
        case .dump: TextFuzz.dump(bytes)
        case .answers: TextFuzz.answers(bytes)
        case .export: TextFuzz.export(bytes)
        case .panels: TextFuzz.panels(bytes)
        case .serverLog: ServerLogFuzz.run(bytes)
        case .gateway: GatewayFuzz.run(bytes)
        case .promql: QueryFuzz.run(bytes)
        case .nvidiaSMI: CaptureFuzz.gpu(bytes)
        case .kernelLog: CaptureFuzz.kernelLog(bytes)
        case .traces: CaptureFuzz.traces(bytes)
        case .loadTest: LoadTestFuzz.run(bytes)
        case .framing: FramingFuzz.run(bytes)
        }
    }
}

/// Ends the process: the fuzzer takes it for a finding.
func broken(_ invariant: String) -> Never { fatalError("broken invariant: \(invariant)") }
