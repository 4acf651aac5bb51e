import TidemarkBase
import TidemarkEvidence

/// vLLM's server log as a format: detection by content.
public enum VLLMLog {
    /// How surely `head` (unframed, 64 KiB suffice) is the beginning of a vLLM server log: 0 no, 1 certain.
    ///
    /// A log may begin with foreign lines, or hold access lines only when vLLM's own go elsewhere.
    public static func sniff(head: Bytes) -> Double { survey(head: head).score }

    /// Whether a log holds what only an engine prints: statistics, requests, start-up facts.
    public static func hasOwnRecords(head: Bytes) -> Bool { survey(head: head).own > 0 }

    /// A date with its year within a message whose own time has none: Unix ms, as if UTC. Only that of CANN's errors.
    public static func date(in message: Bytes) -> Int64? { ForeignLine.dateOfCANN(in: message) }

    private static func survey(head: Bytes) -> SniffSink {
        var counts = SniffSink()
        var parser = VLLMLogParser()
        var reader = LineReader(limit: 64 << 10)
        reader.feed(head.slice(0, min(head.count, 64 << 10))) { parser.feed($0, frame: FrameInfo(), &counts) }
        parser.finish(&counts)
        // Dynamo's runtime around vLLM logs JSON with the names of its crates.
        if head.range(of: "\"target\":\"dynamo_") != nil { counts.proofs += 1 }
        return counts
    }

    private struct SniffSink: VLLMLogSink {
        var records = 0
        /// Records with the text prefix, or JSON ones of a logger named vllm.
        var prefixed = 0
        /// Access lines, and those of paths that vLLM serves.
        var access = 0
        var knownPaths = 0
        /// Records that nothing else prints: statistics, requests, start-up facts of an engine.
        var own = 0
        var foreign = 0
        /// Lines of other writers that stand in a vLLM server's output more than anywhere else: typed failures,
        /// processes and files of vLLM, uvicorn's notices.
        var hints = 0
        /// Records that say by themselves whose log it is, though they have no prefix of the logger: one of vLLM's processes,
        /// an exception that only vLLM raises.
        var proofs = 0
        /// Words of the service manager about the end of a unit that is named after vLLM.
        var unitExits = 0

        mutating func record(_ record: LogRecord) {
            if case .event(let kind, nil) = record.payload, isSupervisor(kind, record) {
                // They count only where they name vLLM's unit: a service that restarts logs more of them than of anything.
                if kind == .serviceExit, Self.namesUnit(record.message) { unitExits += 1 }
                return
            }
            records += 1
            if Self.proves(record) { proofs += 1 }
            switch record.payload {
            case .access(let access):
                self.access += 1
                if access.path.has("/v1/") || access.path.equals("/metrics") || access.path.equals("/health") {
                    knownPaths += 1
                }
            case .stats, .iteration, .companion, .request, .preemption: own += 1
            case .event(let kind, _): if hints(at: kind, record) { hints += 1 }
            case .startup(let facts):
                if facts.contains(where: { $0.name != "server_pid" && $0.name != "ready" && $0.name != "listen" }) {
                    own += 1
                } else {
                    hints += 1
                }
            }
            if record.stamp != nil, record.level != nil, StatisticsLine.hasSuffix(record.sourceFile, ".py") {
                prefixed += 1
            } else if record.level == nil, case .event = record.payload {
                foreign += 1
            }
        }

        /// What the service manager and the journal say between a server's lines.
        private func isSupervisor(_ kind: LogEventKind, _ record: LogRecord) -> Bool {
            switch kind {
            case .logGap, .hostBoot: return true
            case .serviceExit: return record.level == nil
            case .other: break
            default: return false
            }
            guard record.level == nil, record.process.isEmpty else { return false }
            let text = record.message
            for verb in ["Starting ", "Started ", "Stopping ", "Stopped "] as [StaticString]
            where text.has(verb) && text.range(of: ".service") != nil { return true }
            guard let unit = text.range(of: ".service: "), unit < 100 else { return false }
            return !text.slice(0, unit).contains(32)
        }

        /// `vllm.service: Main process exited, code=exited, status=1/FAILURE`.
        private static func namesUnit(_ text: Bytes) -> Bool {
            guard let unit = text.range(of: ".service: "), let name = text.range(of: "vllm") else { return false }
            return name < unit && unit < 100
        }

        private static func proves(_ record: LogRecord) -> Bool {
            if record.pid != nil {
                for name in ["APIServer", "ApiServer", "EngineCore", "Worker", "VllmWorker"] as [StaticString]
                where record.process.has(name) { return true }
            }
            guard case .event(let kind, .some) = record.payload else { return false }
            return kind == .engineDead || kind == .workerDied || kind == .startupMemory
        }

        private static let files: [StaticString] = [
            "parallel_state.py", "gpu_model_runner.py", "gpu_worker.py", "kv_cache_utils.py", "async_llm.py",
            "llm_engine.py", "multiproc_executor.py", "core_client.py",
        ]

        private func hints(at kind: LogEventKind, _ record: LogRecord) -> Bool {
            if record.pid != nil, !record.process.isEmpty { return true }
            // The other half of a server's output, alone when only its standard error was kept.
            if kind == .progress || kind == .pythonWarning || record.message.has("(Ray deduplicates logs") {
                return true
            }
            if StatisticsLine.hasSuffix(record.sourceFile, ".cpp") || StatisticsLine.hasSuffix(record.sourceFile, ".ts")
                || StatisticsLine.hasSuffix(record.sourceFile, ".cc") || record.message.range(of: " UCX ") != nil
            {
                return true
            }
            // Without its time, by the names of its files.
            if record.level != nil, record.stamp == nil, record.sourceLine != nil {
                for file in Self.files where record.sourceFile.equals(file) { return true }
            }
            // Notes about an incident use the same words, but no levels and no tracebacks.
            var isTraceback = kind == .traceback
            if case .event(_, .some) = record.payload { isTraceback = true }
            guard record.level != nil || isTraceback else { return false }
            let isAnyones = record.level == nil && [.rpcTimeout, .requestRejected, .promptTooLong].contains(kind)
            switch kind {
            case _ where isAnyones: break
            case .other, .progress, .pythonWarning, .traceback, .xid, .outOfHostMemory, .serviceExit, .asgiException:
                break
            default: return true
            }
            if record.level == .warning, record.message.has("Invalid HTTP request received") { return true }
            for word in ["/vllm/", "vllm.", "NCCL ", "ProcessGroup", "LMCache", "vllm_worker.py"] as [StaticString]
            where record.message.range(of: word) != nil { return true }
            return false
        }

        /// What claims to be a line of a known kind.
        mutating func reject(_ reject: LogReject) {
            records += 1
            hints += 1
        }

        mutating func noise(line: Int, offset: Int, lineCount: Int) {}

        var score: Double {
            guard records > 0 else { return unitExits > 0 ? 0.4 : 0 }
            if own > 0 { return prefixed > 0 || own > 1 ? 1 : 0.9 }
            let share = Double(prefixed) / Double(records)
            if prefixed >= 2 { return share > 0.1 ? 0.95 : 0.8 }
            if access == 0, prefixed == 1 { return 0.7 }
            let hinted = hints * 3 >= records ? 0.35 + 0.25 * Double(hints) / Double(records) : 0
            let proven = max(hinted, proofs > 0 ? 0.5 : unitExits > 0 ? 0.35 : 0)
            guard access > 0 else { return proven }
            let known = Double(knownPaths) / Double(access)
            return max(proven, Double(access) > 0.5 * Double(records) ? 0.4 + 0.35 * known : 0.3 + 0.1 * known)
        }
    }
}
