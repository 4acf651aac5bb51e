import Testing
import TidemarkFormats

@Suite("vLLM log: start-up facts")
struct StartupFactTests {
    static let p = "INFO 01-31 09:15:00 [x.py:1] "

    @Test(arguments: [
        LineCase(p + "vLLM API server version 0.8.5.post1", #""facts":{"version":"0.8.5.post1","server_start":true}"#),
        LineCase(
            p + "vLLM server version 0.33.0, serving model org/m",
            #"{"version":"0.33.0","model":"org/m","server_start":true}"#),
        LineCase(
            p + "args: Namespace(host=None, port=8000, model='org/m', max_num_seqs=64, allowed_origins=['*', 'a'], "
                + "api_key='sk-x', enforce_eager=True, gpu_memory_utilization=0.9, "
                + "dispatch_function=<function serve at 0x7f>, max_model_len=4096)",
            #""arg.port":8000,"arg.model":"org/m","arg.max_num_seqs":64,"arg.allowed_origins":"['*', 'a']","arg.api_key":"***""#,
            #""arg.enforce_eager":true"#,
            #""arg.dispatch_function":"<function serve at 0x7f>","arg.max_model_len":4096"#,
            #","model":"org/m","max_model_len":4096,"max_num_seqs":64,"gpu_memory_utilization":0.9}"#,
            #"api_key=***, enforce_eager"#),
        LineCase(
            p
                + "non-default args: {'model': 'org/m', 'max_model_len': 4096, 'api_key': ['sk-x', 'sk-y'], 'enforce_eager': True, "
                + "'speculative_config': {'method': 'ngram', 'n': 3}, 'hf_token': 'hf_x'}",
            #""arg.model":"org/m","arg.max_model_len":4096,"arg.api_key":"***","arg.enforce_eager":true"#,
            #""arg.speculative_config":"{'method': 'ngram', 'n': 3}","arg.hf_token":"***""#, #""model":"org/m""#),
        LineCase(
            p
                + "Initializing an LLM engine with config: model='a', tokenizer='a', dtype=torch.float16, max_seq_len=2048, "
                + "tensor_parallel_size=2, quantization=None)", #""arg.model":"a""#, #""tensor_parallel_size":2"#,
            #""max_model_len":2048"#),
        LineCase(
            p
                + "Initializing an LLM engine (v0.5.4) with config: model='a', speculative_config=None, dtype=torch.float16",
            #""version":"0.5.4""#, #""arg.dtype":"torch.float16""#),
        LineCase(
            p
                + "Initializing a V0 LLM engine (v0.8.5) with config: model='a', decoding_config=DecodingConfig(a='b, c', d=[1]), "
                + #"compilation_config={"splitting_ops":[],"x":{"y":1}}, use_cached_outputs=True, "#,
            #""engine_generation":"V0","version":"0.8.5""#, #""arg.decoding_config":"DecodingConfig(a='b, c', d=[1])""#,
            #""arg.use_cached_outputs":true"#),
        LineCase(
            p + "Initializing a V1 LLM engine (v0.11.2) with config: model='a'",
            #""engine_generation":"V1","version":"0.11.2""#),
        LineCase(p + "Using max model len 8192", #"{"max_model_len":8192}"#),
        LineCase(p + "Resolved architecture: LlamaForCausalLM", #"{"architecture":"LlamaForCausalLM"}"#),
        LineCase(
            p + "Chunked prefill is enabled with max_num_batched_tokens=2048.",
            #"{"chunked_prefill":true,"max_num_batched_tokens":2048}"#),
        LineCase(
            p + "Defaulting max_num_batched_tokens to 2048 for OPENAI_API_SERVER usage context.",
            #"{"max_num_batched_tokens":2048}"#),
        LineCase(p + "Asynchronous scheduling is enabled.", #"{"async_scheduling":true}"#),
        LineCase(p + "Asynchronous scheduling is disabled.", #"{"async_scheduling":false}"#),
        LineCase(p + "Loading model weights took 14.9596 GB", #"{"model_memory_bytes":16062748190}"#),
        LineCase(p + "Loading weights took 3.50 seconds", #"{"weights_load_seconds":3.5}"#),
        LineCase(
            p + "Model loading took 2.0 GB and 3.25 seconds",
            #"{"model_memory_bytes":2147483648,"model_load_seconds":3.25}"#),
        LineCase(
            p + "Model loading took 2.0 GiB and 3.25 seconds",
            #"{"model_memory_bytes":2147483648,"model_load_seconds":3.25}"#),
        LineCase(
            p + "Model loading took 2.0 GiB memory and 3.25 seconds",
            #"{"model_memory_bytes":2147483648,"model_load_seconds":3.25}"#),
        LineCase(
            p
                + "Memory profiling results: total_gpu_memory=80.0GiB initial_memory_usage=15.0GiB peak_torch_memory=16.0GiB "
                + "memory_usage_post_profile=15.6GiB non_torch_memory=0.5GiB kv_cache_size=54.0GiB gpu_memory_utilization=0.90",
            #"{"gpu_memory_bytes":85899345920,"non_torch_memory_bytes":536870912,"kv_cache_memory_bytes":57982058496,"gpu_memory_utilization":0.9}"#
        ),
        LineCase(p + "Available KV cache memory: 5.5 GiB", #"{"kv_cache_memory_bytes":5905580032}"#),
        LineCase(p + "# GPU blocks: 819, # CPU blocks: 2048", #"{"gpu_blocks":819,"cpu_blocks":2048}"#),
        LineCase(p + "# cuda blocks: 819, # CPU blocks: 2048", #"{"gpu_blocks":819,"cpu_blocks":2048}"#),
        LineCase(p + "# TPU blocks: 819, # CPU blocks: 2048", #"{"gpu_blocks":819,"cpu_blocks":2048}"#),
        LineCase(p + "# GPU blocks: 819", #"{"gpu_blocks":819}"#),
        LineCase(p + "GPU KV cache size: 1,234,560 tokens", #"{"kv_cache_tokens":1234560}"#),
        LineCase(p + "XPU KV cache size: 560 tokens", #"{"kv_cache_tokens":560}"#),
        LineCase(
            p + "Maximum concurrency for 4096 tokens per request: 3.50x",
            #"{"max_model_len":4096,"max_concurrency":3.5}"#),
        LineCase(
            p + "GPU KV cache size: 45,872 tokens, Maximum concurrency for 8,192 tokens per request: 5.60x",
            #"{"kv_cache_tokens":45872,"max_model_len":8192,"max_concurrency":5.6}"#),
        LineCase(p + "vllm cache_config_info with initialization after num_gpu_blocks is: 819", #"{"gpu_blocks":819}"#),
        LineCase(
            p + "Engine 000: vllm cache_config_info with initialization after num_gpu_blocks is: 819",
            #"{"gpu_blocks":819}"#),
        LineCase(p + "Dynamo bytecode transform time: 4.50 s", #"{"dynamo_seconds":4.5}"#),
        LineCase(p + "Compiling a graph for general shape takes 20.5 s", #"{"graph_compile_seconds":20.5}"#),
        LineCase(p + "Compiling a graph for dynamic shape takes 20.5 s", #"{"graph_compile_seconds":20.5}"#),
        LineCase(p + "Compiling a graph for compile range (1, 8192) takes 20.5 s", #"{"graph_compile_seconds":20.5}"#),
        LineCase(p + "torch.compile takes 25.0 s in total", #"{"compile_seconds":25}"#),
        LineCase(p + "[decoder] torch.compile took 25.0 s in total", #"{"compile_seconds":25}"#),
        LineCase(p + "Graph capturing finished in 9 secs.", #"{"graph_capture_seconds":9}"#),
        LineCase(
            p + "Graph capturing finished in 9 secs, took 0.50 GiB",
            #"{"graph_capture_seconds":9,"graph_memory_bytes":536870912}"#),
        LineCase(p + "Estimated CUDA graph memory: 0.50 GiB total", #"{"graph_memory_estimate_bytes":536870912}"#),
        LineCase(
            p + "init engine (profile, create kv cache, warmup model) took 30.50 seconds", #"{"init_seconds":30.5}"#),
        LineCase(
            p
                + "init engine (profile, create kv cache, warmup model) took 30.50 s (compilation: 20.25 s — language_model: 1.0 s)",
            #"{"init_seconds":30.5,"init_compile_seconds":20.25}"#),
        LineCase(p + "Using FlashAttention-2 backend.", #"{"attention_backend":"FlashAttention-2"}"#),
        LineCase(p + "Using Flash Attention backend on V1 engine.", #"{"attention_backend":"Flash Attention"}"#),
        LineCase(
            p + "Using FLASH_ATTN attention backend out of potential backends: ['FLASH_ATTN', 'TRITON_ATTN'].",
            #"{"attention_backend":"FLASH_ATTN"}"#),
        LineCase(p + "Using AttentionBackendEnum.TRITON_ATTN backend.", #"{"attention_backend":"TRITON_ATTN"}"#),
        LineCase(p + "Starting vLLM API server on http://0.0.0.0:8000", #"{"listen":"http://0.0.0.0:8000"}"#),
        LineCase(p + "Starting vLLM API server 0 on http://0.0.0.0:8000", #"{"listen":"http://0.0.0.0:8000"}"#),
        LineCase(p + "Starting vLLM server on http://0.0.0.0:8000", #"{"listen":"http://0.0.0.0:8000"}"#),
        LineCase(
            p + "rank 1 in world size 4 is assigned as DP rank 0, PP rank 0, TP rank 1",
            #"{"rank":1,"world_size":4,"dp_rank":0,"pp_rank":0,"tp_rank":1}"#),
        LineCase(p + "Started 2 API server processes", #"{"api_server_processes":2}"#),
    ])
    func form(line: LineCase) { line.check() }

    @Test func memoryProfilingIsOneRecord() {
        for end in ["\r\n", "\n"] {
            let result = LogCollector.parse(
                [
                    "Memory profiling takes 5.50 seconds",
                    "the current vLLM instance can use total_gpu_memory (80.0GiB) x gpu_memory_utilization (0.90) = 72.0GiB",
                    "model weights take 16.0GiB; non_torch_memory takes 0.5GiB; PyTorch activation peak memory takes 1.0GiB; "
                        + "the rest of the memory reserved for KV Cache is 54.5GiB.",
                ].map { Self.p + $0 }.joined(separator: end) + "\n")
            #expect(result.lineCounts == [3])
            #expect(
                result.records[0].contains(
                    #"{"memory_profiling_seconds":5.5,"gpu_memory_bytes":85899345920,"gpu_memory_utilization":0.9,"#
                        + #""usable_memory_bytes":77309411328,"model_memory_bytes":17179869184,"#
                        + #""non_torch_memory_bytes":536870912,"activation_memory_bytes":1073741824,"#
                        + #""kv_cache_memory_bytes":58518929408}"#))
        }
    }

    @Test func logoNamesVersionAndModel() {
        let logo = ["", "   █ █▄ ", " ▄▄ █  version 0.33.0", "  █▄█▀  model   org/m", "   ▀▀ ", ""]
        for end in ["\r\n", "\n"] {
            let result = LogCollector.parse(logo.map { Self.p + $0 }.joined(separator: end) + "\n")
            #expect(result.lineCounts == [6])
            #expect(result.records[0].contains(#"{"version":"0.33.0","model":"org/m","server_start":true}"#))
        }
    }

    @Test func secretsStayOut() {
        let lines = [
            "args: Namespace(api_key='sk-secret', hf_token='sk-secret', max_tokens=3)",
            "non-default args: {'api_key': ['sk-secret'], 'a': {'password': \"sk-secret\"}}",
            "Initializing a V1 LLM engine (v1) with config: model='m', api_key=sk-secret, x=1",
        ]
        for line in lines {
            let record = LogCollector.parse(Self.p + line + "\n").records[0]
            #expect(!record.contains("sk-secret"), "\(record)")
        }
    }

    @Test(arguments: [
        "args: Namespace(a=1, b='unterminated, c=2", "args: Namespace(", "non-default args: {'a': {'b': [1, 2}, 'c'",
        "non-default args: {", "Initializing a V1 LLM engine (v1) with config: ((((", "args: Namespace(=,=,'=)",
    ])
    func unbalancedSettingsDoNotStopIt(message: String) {
        let result = LogCollector.parse(Self.p + message + "\n")
        #expect(result.records.count == 1)
        #expect(result.rejects.isEmpty)
    }
}
