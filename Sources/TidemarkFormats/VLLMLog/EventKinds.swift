import TidemarkBase
import TidemarkEvidence

/// Typed meanings of messages: failures, warnings and notices, by the words that vLLM, torch, NCCL and uvicorn print.
enum EventKinds {
    private struct Pattern {
        let text: StaticString
        let bytes: ByteSet
        let kind: LogEventKind
        /// Whether the message must begin with the text.
        let anchored: Bool
        /// A longer text whose part `text` is without meaning this.
        let unless: StaticString?

        init(_ text: StaticString, _ kind: LogEventKind, anchored: Bool = false, unless: StaticString? = nil) {
            self.text = text
            bytes = ByteSet(text)
            self.kind = kind
            self.anchored = anchored
            self.unless = unless
        }
    }

    /// The meaning of a message. Notices are looked for at every level; failures only where the line is a warning or
    /// worse, or has no level.
    static func kind(of message: Bytes, level: LogLevel?) -> LogEventKind {
        guard !message.isEmpty else { return .other }
        if level == .info || level == .debug || level == .trace {
            return first(notices, message).map { notices[$0].kind } ?? .other
        }
        if let index = first(failures, message) { return failures[index].kind }
        return first(notices, message).map { notices[$0].kind } ?? .other
    }

    /// The meaning of a traceback: of its head line, its exception and the root cause, the most special one.
    static func kind(head: Bytes, exception: ExceptionInfo) -> LogEventKind {
        var best: Int?
        for text in [head, exception.type, exception.text, exception.rootType, exception.rootText] {
            guard let index = first(failures, text.slice(0, min(text.count, 4096))) else { continue }
            best = min(best ?? index, index)
        }
        if let best { return failures[best].kind }
        // vLLM says so of templates and images too; without the exception, the prompt's length is the common cause.
        let isCut = exception.type.isEmpty && head.has("Error in preprocessing prompt inputs")
        return isCut ? .promptTooLong : .traceback
    }

    private static func first(_ patterns: [Pattern], _ message: Bytes) -> Int? {
        guard !message.isEmpty else { return nil }
        let bytes = ByteSet(message)
        for (index, pattern) in patterns.enumerated() where bytes.holds(pattern.bytes) {
            guard pattern.anchored ? message.has(pattern.text) : message.range(of: pattern.text) != nil else {
                continue
            }
            if let unless = pattern.unless, message.range(of: unless) != nil { continue }
            return index
        }
        return nil
    }

    /// Messages at INFO and DEBUG that mean something.
    private static let notices: [Pattern] = [
        Pattern("No available block found in ", .hangHint, anchored: true),
        Pattern("No available shared memory broadcast block found in ", .hangHint, anchored: true),
        Pattern("Failed to reset prefix cache", .cacheReset, anchored: true),
        Pattern("Successfully reset prefix cache", .cacheReset, anchored: true),
        Pattern("Sleep mode freed ", .sleepMode, anchored: true),
        Pattern("seconds to fall asleep", .sleepMode),
        Pattern("seconds to wake up", .sleepMode),
        Pattern("[Watchdog]", .watchdog, anchored: true),
        Pattern("Shutting down", .shutdown, anchored: true),
        Pattern("[shutdown] ", .shutdown, anchored: true),
        Pattern("Waiting for application shutdown", .shutdown, anchored: true),
        Pattern("Application shutdown complete", .shutdown, anchored: true),
        Pattern("Finished server process", .shutdown, anchored: true),
        Pattern("disabling stats logging to avoid incomplete stats", .statsDisabled),
        Pattern("Reducing Torch parallelism from ", .configWarning, anchored: true),
        Pattern("sampling parameters have been overridden", .configWarning),
        Pattern("Falling back to V0", .configWarning),
        Pattern("is experimental on VLLM_USE_V1=1", .configWarning),
        Pattern("Waiting for connections to close", .shutdown, anchored: true),
        Pattern("CUDA graph memory profiling", .configWarning),
        Pattern("Main process exited", .serviceExit),
        Pattern("Failed with result '", .serviceExit),
        Pattern("Scheduled restart job", .serviceExit),
        Pattern("Start request repeated too quickly", .serviceExit),
        Pattern(" blob data]", .logGap),
        Pattern("Suppressed ", .logGap, anchored: true),
        Pattern("Missed ", .logGap, anchored: true),
        Pattern("message left out by the journal", .logGap),
        Pattern("-- Boot ", .hostBoot, anchored: true),
        Pattern("-- Reboot --", .hostBoot, anchored: true),
    ]

    /// Failures, the more special first: a traceback that ends in EngineDeadError is `engine_dead` only when no line of
    /// it names the root cause.
    private static let failures: [Pattern] = [
        Pattern("Dumping input data", .crashDump, anchored: true),
        Pattern("Dumping scheduler output", .crashDump, anchored: true),
        Pattern("Dumping scheduler stats", .crashDump, anchored: true),
        // 0.9 prints its parts one by one.
        Pattern("SchedulerOutput(", .crashDump, anchored: true),
        Pattern("SchedulerStats(", .crashDump, anchored: true),
        Pattern("stream generator.", .streamFailure),
        // Start-up memory
        Pattern("No available memory for the cache blocks", .startupMemory),
        Pattern("is larger than the maximum number of tokens that can be stored in KV cache", .startupMemory),
        Pattern("To serve at least one request with the model", .startupMemory),
        Pattern("on startup is less than desired GPU memory utilization", .startupMemory),
        // GPU
        Pattern("Error in memory profiling. Initial free memory", .startupMemory),
        // Ray kills for the host's memory.
        Pattern("due to the node running low on memory", .outOfHostMemory),
        Pattern("DefaultCPUAllocator: ", .outOfHostMemory),
        Pattern("Cannot allocate memory", .outOfHostMemory),
        Pattern("MemoryError", .outOfHostMemory, anchored: true),
        Pattern("CUDA out of memory", .gpuOutOfMemory),
        Pattern("CUDA error: out of memory", .gpuOutOfMemory),
        Pattern("OutOfMemoryError", .gpuOutOfMemory),
        Pattern("Triton Error [CUDA]: out of memory", .gpuOutOfMemory),
        Pattern("hipErrorOutOfMemory", .gpuOutOfMemory),
        Pattern("Ran out of memory in memory space hbm", .gpuOutOfMemory),
        Pattern("RESOURCE_EXHAUSTED: ", .gpuOutOfMemory),
        Pattern("HIP out of memory", .gpuOutOfMemory),
        Pattern("CUDA error: ", .cudaError),
        Pattern("CUDA driver error: ", .cudaError),
        Pattern("Triton Error [CUDA]: ", .cudaError),
        Pattern("Unexpected error from cudaGetDeviceCount()", .cudaError),
        Pattern("HW Exception by GPU", .cudaError),
        Pattern("device-side assert triggered", .cudaError),
        Pattern("uncorrectable ECC error", .cudaError),
        Pattern("an illegal memory access was encountered", .cudaError),
        Pattern("unspecified launch failure", .cudaError),
        Pattern("NVRM: Xid", .xid),
        Pattern("has fallen off the bus", .xid),
        // The same on other accelerators: ROCm, Ascend, XPU.
        Pattern("HIP error: ", .cudaError),
        Pattern("Memory access fault by GPU", .cudaError),
        Pattern("HSA_STATUS_ERROR", .cudaError),
        Pattern("NPU out of memory", .gpuOutOfMemory),
        Pattern("XPU out of memory", .gpuOutOfMemory),
        Pattern("UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY", .gpuOutOfMemory),
        Pattern("UR_RESULT_ERROR_", .cudaError),
        Pattern("HCCL watchdog", .ncclError),
        Pattern("function error: Hccl", .ncclError),
        Pattern("HCCL error", .ncclError),
        Pattern("Some HCCL operations have failed or timed out", .ncclError),
        Pattern("DIST call hccl api failed", .ncclError),
        Pattern("oneCCL: ", .ncclError),
        Pattern("RCCL error", .ncclError),
        Pattern("NPU function error", .cudaError),
        Pattern("NPU warning, error code is", .cudaError),
        Pattern("NPU error, error code is", .cudaError),
        Pattern("aicore execution times out", .cudaError),
        Pattern("The execution of the internal task times out", .cudaError),
        Pattern("fftsplus aicore error", .cudaError),
        Pattern("PTA call acl api failed", .cudaError),
        Pattern("OPS call acl api failed", .cudaError),
        Pattern("EH9999: Inner Error!", .cudaError),
        Pattern("EH9999: [PID: ", .cudaError),
        Pattern(" (EH9999): ", .cudaError),
        Pattern("ACL stream synchronize failed", .cudaError),
        // Communication
        Pattern("Watchdog caught collective operation timeout", .ncclError),
        Pattern("NCCL error", .ncclError),
        Pattern("NCCL Error ", .ncclError),
        Pattern("DistStoreError: ", .ncclError),
        Pattern("Some NCCL operations have failed or timed out", .ncclError),
        Pattern("Timeout at NCCL work", .ncclError),
        Pattern("Heartbeat monitor timed out!", .ncclError),
        Pattern("watchdog got stuck for", .ncclError),
        Pattern("Received a dump signal due to a collective timeout", .ncclError),
        Pattern("Exception (either an error or timeout) detected by watchdog", .ncclError),
        Pattern("NCCL WARN ", .ncclError),
        Pattern("ncclSystemError", .ncclError),
        Pattern("ncclUnhandledCudaError", .ncclError),
        Pattern("ncclRemoteError", .ncclError),
        Pattern("ncclInternalError", .ncclError),
        Pattern("RPC call to ", .rpcTimeout),
        Pattern("MQLLMEngine didn't reply within", .rpcTimeout),
        // Host
        // `Kill process` before Linux 4.19; a control group's sentence has a small o.
        Pattern("ut of memory: Kill", .outOfHostMemory),
        Pattern("oom-kill", .outOfHostMemory),
        Pattern("killed due to memory pressure", .outOfHostMemory),
        // Ray says so of every worker that died, as the first of three common causes.
        Pattern(
            "killed by the OOM killer", .outOfHostMemory,
            unless: "include: (1) the process was killed by the OOM killer"),
        Pattern("Aborted due to the lack of CPU swap space", .swapExhausted),
        Pattern("Main process exited", .serviceExit),
        // Requests
        Pattern("is too long and exceeds limit of", .promptTooLong),
        Pattern("is too long and exceeds the capacity of", .promptTooLong),
        Pattern("maximum context length is", .promptTooLong),
        Pattern("is too long to fit into the model", .promptTooLong),
        Pattern("exceeds model's maximum context length", .promptTooLong),
        Pattern("the model's context length is only", .promptTooLong),
        Pattern("'max_tokens' or 'max_completion_tokens' is too large", .promptTooLong),
        Pattern("is longer than the maximum model length", .promptTooLong),
        Pattern("(parameter=input_tokens", .promptTooLong),
        Pattern("Failed to advance FSM for request", .structuredOutput),
        Pattern("grammar rejected tokens", .structuredOutput),
        Pattern("FSM failed to advance", .structuredOutput),
        Pattern("LoRA rank ", .lora),
        Pattern("Loading lora ", .lora),
        Pattern("add_lora method failed", .lora),
        Pattern("is unsupported LoRA weight", .lora),
        Pattern("No adapter found for ", .lora),
        Pattern("Error with model ", .unknownModel, anchored: true),
        Pattern("QueueOverflowError", .requestRejected),
        Pattern("MaxQueuedTokensError", .requestRejected),
        Pattern("engine is currently busy", .requestRejected),
        // Workers and engine
        Pattern("died unexpectedly, shutting down executor", .workerDied),
        Pattern("WorkerProc hit an exception", .workerDied),
        Pattern("WorkerProc failed to start", .workerDied),
        Pattern("WorkerProc initialization failed", .workerDied),
        Pattern("A worker died or was killed while executing", .workerDied),
        Pattern("The actor died ", .workerDied),
        Pattern("The actor is dead because its worker process has died", .workerDied),
        Pattern("Worker unexpectedly exits with a connection error", .workerDied),
        Pattern("Fatal Python error: ", .workerDied, anchored: true),
        Pattern("Segfault encountered", .workerDied),
        Pattern("Got fatal signal from worker processes", .workerDied),
        Pattern("got fatal signal from worker processes", .workerDied),
        Pattern("died with exit code ", .workerDied),
        Pattern(" died, exit code: ", .workerDied),
        Pattern("Worker proc ", .workerDied, anchored: true),
        Pattern("EngineDeadError", .engineDead),
        Pattern("Background loop has errored", .engineDead),
        Pattern("Background loop is not running", .engineDead),
        Pattern("Engine background task failed", .engineDead),
        Pattern("Task finished unexpectedly", .engineDead),
        Pattern("Engine iteration timed out", .engineDead),
        Pattern("MQLLMEngine is already dead", .engineDead),
        Pattern("Engine loop has died", .engineDead),
        Pattern("Engine loop is not running", .engineDead),
        Pattern("Engine process (pid ", .engineDead),
        Pattern("Engine process failed to start", .engineDead),
        Pattern("EngineCore encountered ", .engineDead),
        Pattern("EngineCore failed to start", .engineDead),
        Pattern("EngineCore hit an exception", .engineDead),
        Pattern("AsyncLLM output_handler failed", .engineDead),
        Pattern("Engine core initialization failed", .engineDead),
        Pattern("process failed during engine core initialization", .engineDead),
        Pattern("died unexpectedly", .engineDead),
        Pattern("Exception in ASGI application", .asgiException, anchored: true),
        Pattern("No heartbeat received from MQLLMEngine", .rpcTimeout),
        Pattern("TimeoutError", .rpcTimeout),
        // Compose's word about a container.
        Pattern(" exited with code ", .serviceExit),
        // Configuration
        Pattern("Possibly too large swap space", .configWarning),
        Pattern("is smaller than max_model_len", .configWarning),
        Pattern("must be greater than or equal to max_num_seqs", .configWarning),
        Pattern("Found ulimit of ", .configWarning, anchored: true),
        Pattern("Custom allreduce is disabled because", .configWarning),
        Pattern("gpu-memory-utilization", .configWarning),
        Pattern("Enforce eager set", .configWarning, anchored: true),
    ]

    /// `Sequence group ID is preempted by PreemptionMode.RECOMPUTE mode because … total_num_cumulative_preemption=N`
    /// (V0, `core/scheduler.py`, 0.4.3–0.10.2; older name `total_cumulative_preemption_cnt`).
    static func preemption(_ message: Bytes) -> PreemptionWarning? {
        // A paste may be bold or stand behind a blank, and its words not quite the server's.
        let start = message.has("**") ? 2 : message.has(" ") ? 1 : 0
        guard message.has("Sequence group ", at: start), let verb = message.range(of: " is preempted "),
            let mode = message.range(of: " PreemptionMode.", from: verb), mode - verb < 20
        else { return nil }
        var scan = FieldScanner(message, from: mode + 16)
        let name = scan.until(32)
        var cumulative: Int?
        if scan.find("total_num_cumulative_preemption=") || scan.find("total_cumulative_preemption_cnt=") {
            cumulative = scan.integer()
        }
        return PreemptionWarning(mode: name.text(limit: 32), cumulative: cumulative)
    }
}
