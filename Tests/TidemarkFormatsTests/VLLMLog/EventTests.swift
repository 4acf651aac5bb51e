import Testing
import TidemarkFormats

@Suite("vLLM log: failures and warnings")
struct EventTests {
    static let e = "ERROR 01-31 09:15:00 [x.py:1] "
    static let w = "WARNING 01-31 09:15:00 [x.py:1] "
    static let i = "INFO 01-31 09:15:00 [x.py:1] "

    @Test(arguments: [
        LineCase(
            w
                + "Sequence group a is preempted by PreemptionMode.RECOMPUTE mode because there is not enough KV cache space. "
                + "This can affect the end-to-end performance. total_num_cumulative_preemption=51",
            #""kind":"preemption""#, #""mode":"RECOMPUTE","cumulative_preemptions":51"#),
        LineCase(
            w
                + "Sequence group a is preempted by PreemptionMode.SWAP mode because x. total_cumulative_preemption_cnt=1",
            #""mode":"SWAP","cumulative_preemptions":1"#),
        LineCase(e + "Aborted due to the lack of CPU swap space. Please increase", #""event":"swap_exhausted""#),
        LineCase(w + "Possibly too large swap space. 8.00 GiB out of", #""event":"config_warning""#),
        LineCase(
            e
                + "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacty of",
            #""event":"gpu_out_of_memory""#),
        LineCase(
            e + "No available memory for the cache blocks. Try increasing `gpu_memory_utilization`",
            #""event":"startup_memory""#),
        LineCase(
            e
                + "The model's max seq len (4096) is larger than the maximum number of tokens that can be stored in KV cache (1).",
            #""event":"startup_memory""#),
        LineCase(
            e
                + "To serve at least one request with the models's max seq len (4096), (1.0 GiB KV cache is needed, which is larger",
            #""event":"startup_memory""#),
        LineCase(
            e
                + "Free memory on device cuda:0 (1/80 GiB) on startup is less than desired GPU memory utilization (0.9, 72 GiB).",
            #""event":"startup_memory""#),
        LineCase(e + "AsyncEngineDeadError: Background loop has errored already.", #""event":"engine_dead""#),
        LineCase(e + "Task finished unexpectedly. This should never happen!", #""event":"engine_dead""#),
        LineCase(e + "Engine background task failed", #""event":"engine_dead""#),
        LineCase(e + "Engine iteration timed out. This should never happen!", #""event":"engine_dead""#),
        LineCase(
            "CRITICAL 01-31 09:15:00 [launcher.py:1] MQLLMEngine is already dead, terminating server process",
            #""event":"engine_dead""#),
        LineCase(e + "EngineCore encountered a fatal error.", #""event":"engine_dead""#),
        LineCase(e + "EngineCore failed to start.", #""event":"engine_dead""#),
        LineCase(e + "AsyncLLM output_handler failed.", #""event":"engine_dead""#),
        LineCase(
            e + "Engine core initialization failed. See root cause above. Failed core proc(s): {}",
            #""event":"engine_dead""#),
        LineCase(
            e + "Engine core proc EngineCore_0 died unexpectedly, shutting down client.", #""event":"engine_dead""#),
        LineCase(e + "Engine core process EngineCore died unexpectedly.", #""event":"engine_dead""#),
        LineCase(e + "Worker VllmWorkerProcess pid 31 died, exit code: -9", #""event":"worker_died""#),
        LineCase(e + "Worker proc VllmWorker-1 died unexpectedly, shutting down executor.", #""event":"worker_died""#),
        LineCase(
            e + "Worker proc VllmWorker-1 died unexpectedly (exit code: -9), shutting down executor.",
            #""event":"worker_died""#),
        LineCase(e + "WorkerProc hit an exception.", #""event":"worker_died""#),
        LineCase(e + "WorkerProc failed to start.", #""event":"worker_died""#),
        LineCase(e + "Process Worker (PID: 31) died with exit code -11", #""event":"worker_died""#),
        LineCase(
            "CRITICAL 01-31 09:15:00 [x.py:1] MulitprocExecutor got fatal signal from worker processes, shutting down.",
            #""event":"worker_died""#),
        LineCase(
            e + "Dumping input data for V1 LLM engine (v0.11.2) with config: model='m'",
            #""event":"crash_dump","message""#),
        LineCase(e + "Dumping scheduler output for model execution: SchedulerOutput(a=[])", #""event":"crash_dump""#),
        LineCase(e + "Dumping scheduler stats: SchedulerStats(num_running_reqs=5)", #""event":"crash_dump""#),
        LineCase(e + "TimeoutError: RPC call to execute_model timed out.", #""event":"rpc_timeout""#),
        LineCase(e + "MQLLMEngine didn't reply within 10000ms", #""event":"rpc_timeout""#),
        LineCase(w + "No available block found in 60 second. ", #""event":"hang_hint""#),
        LineCase(
            i + "No available shared memory broadcast block found in 60 seconds. This typically happens",
            #""event":"hang_hint""#),
        LineCase(
            "DEBUG 01-31 09:15:00 [x.py:1] No available shared memory broadcast block found in 60 second.",
            #""event":"hang_hint""#),
        LineCase(e + "NCCL error: unhandled system error", #""event":"nccl_error""#),
        LineCase(
            "[rank0]:[E ProcessGroupNCCL.cpp:1] Some NCCL operations have failed or timed out.",
            #""event":"nccl_error""#),
        LineCase(e + "CUDA error: an illegal memory access was encountered", #""event":"cuda_error""#),
        LineCase(e + "CUDA error: device-side assert triggered", #""event":"cuda_error""#),
        LineCase(e + "CUDA error: uncorrectable ECC error encountered", #""event":"cuda_error""#),
        LineCase(e + "CUDA error: unspecified launch failure", #""event":"cuda_error""#),
        LineCase(e + "CUDA error: out of memory", #""event":"gpu_out_of_memory""#),
        LineCase(w + "Input prompt (9000 tokens) is too long and exceeds limit of 8192", #""event":"prompt_too_long""#),
        LineCase(
            e + "This model's maximum context length is 8192 tokens. However, you requested 9000",
            #""event":"prompt_too_long""#),
        LineCase(e + "'max_tokens' or 'max_completion_tokens' is too large: 9000.", #""event":"prompt_too_long""#),
        LineCase(e + "x (parameter=input_tokens, value=9000)", #""event":"prompt_too_long""#),
        LineCase(
            e + "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
            #""event":"prompt_too_long""#),
        LineCase(e + "Error in chat completion stream generator.", #""event":"stream_failure""#),
        LineCase(e + "Loading lora a failed: No adapter found for b", #""event":"lora""#),
        LineCase(e + "LoRA rank 64 is greater than max_lora_rank 16.", #""event":"lora""#),
        LineCase(e + "Invocation of add_lora method failed", #""event":"lora""#),
        LineCase(e + "a.b is unsupported LoRA weight", #""event":"lora""#),
        LineCase(
            e + "Failed to advance FSM for request a for tokens 1. Please file an issue.",
            #""event":"structured_output""#),
        LineCase(
            w + "max_num_batched_tokens (512) is smaller than max_model_len (4096). x", #""event":"config_warning""#),
        LineCase(
            w + "max_num_batched_tokens (2) must be greater than or equal to max_num_seqs (4)",
            #""event":"config_warning""#),
        LineCase(w + "Found ulimit of 1024 and failed to automatically increase", #""event":"config_warning""#),
        LineCase(
            w + "Default sampling parameters have been overridden by the model's Hugging Face generation config",
            #""event":"config_warning""#),
        LineCase(w + "Reducing Torch parallelism from 32 threads to 1 to avoid", #""event":"config_warning""#),
        LineCase(w + "Custom allreduce is disabled because it's not supported", #""event":"config_warning""#),
        LineCase(w + "X is experimental on VLLM_USE_V1=1. Falling back to V0 Engine.", #""event":"config_warning""#),
        LineCase(
            w + "Failed to reset prefix cache because some blocks (3) are not freed yet", #""event":"cache_reset""#),
        LineCase(i + "Successfully reset prefix cache", #""event":"cache_reset""#),
        LineCase(i + "Sleep mode freed 10.0 GiB memory, 1.0 GiB memory is still in use.", #""event":"sleep_mode""#),
        LineCase(i + "It took 1.5 seconds to fall asleep.", #""event":"sleep_mode""#),
        LineCase(i + "It took 1.5 seconds to wake up tags {'weights'}.", #""event":"sleep_mode""#),
        LineCase(i + "[Watchdog]Dumped stack to /x due to y", #""event":"watchdog""#),
        LineCase(i + "Shutting down FastAPI HTTP server.", #""event":"shutdown""#),
        LineCase(
            w
                + "AsyncLLM created with api_server_count more than 1; disabling stats logging to avoid incomplete stats.",
            #""event":"stats_disabled""#, #""kind":"warning""#),
        LineCase(
            e + "Error with model error=ErrorInfo(message='The model `x` does not exist.')", #""event":"unknown_model""#
        ),
        LineCase("Out of memory: Killed process 31 (python3)", #""event":"out_of_host_memory""#),
        LineCase("Memory cgroup out of memory: Killed process 31 (python3)", #""event":"out_of_host_memory""#),
        LineCase("Out of memory: Kill process 4142 (python3) score 68", #""event":"out_of_host_memory""#),
    ])
    func form(line: LineCase) { line.check() }
}
