/// Causes: what happened, what shows it, what to do. A line each: English pattern ⇒ translation.
enum ChineseCauses {
    static let table = """
        All batch slots were taken ⇒ 批次槽位全部占滿
        at most ⇒ 最多
         ran at once, below max_num_seqs ⇒ 同時執行，低於 max_num_seqs
        running and waiting requests: keep the statistics lines, or scrape /metrics ⇒ 執行中與等待中的請求：保留統計行，或抓取 /metrics
        max_num_seqs of {0}: keep the start-up lines of the server log, or set --max-num-seqs so that they show it ⇒ {0} 的 max_num_seqs：保留伺服器日誌的啟動行，或設定 --max-num-seqs 讓日誌印出
        {0} requests ran in {1} batch slots, all taken in {2} of the time ⇒ {0} 個請求在 {1} 個批次槽位中執行，{2} 的時間全部占滿
        requests running, of {0} batch slots ⇒ 執行中的請求，共 {0} 個批次槽位
         (seen, not configured) ⇒ （觀察值，非設定值）
        requests waiting ⇒ 等待中的請求
        the KV cache was full ⇒ KV 快取已滿
        {0} ran its {1} batch slots full in {2} of the time while {3} requests waited ⇒ {0} 的 {1} 個批次槽位在 {2} 的時間內全部占滿，同時有 {3} 個請求在等待
        mean KV-cache usage ⇒ 平均 KV 快取使用率
        preemptions ⇒ 搶占
        a larger batch would bring nothing ⇒ 更大的批次也不會有幫助
        Raise --max-num-seqs above {0} while KV-cache usage stays below 90 %; inter-token latency grows with the batch.{1} ⇒ 在 KV 快取使用率低於 90% 的前提下，將 --max-num-seqs 提高到 {0} 以上；token 間延遲會隨批次變大而增加。{1}
        If the inter-token latency allows no larger batch, add a replica.{0} ⇒ 若 token 間延遲不容許更大的批次，請增加副本。{0}
        The CPU held up the server ⇒ CPU 拖慢了伺服器
        the host's CPU: scrape the node exporter ⇒ 主機的 CPU：抓取 node exporter
        the front end took {0} of the time to first token ⇒ 前端占首個 token 時間中的 {0}
        the host's CPU had room ⇒ 主機的 CPU 仍有餘裕
        time to first token beyond queue and prefill ⇒ 扣除排隊與預填後的首個 token 時間
        The API server of {0} took {1} of each request's time to first token ⇒ {0} 的 API 伺服器在每個請求的首個 token 時間中占了 {1}
        The host of {0} had no CPU to spare, and its engine waited for it ⇒ {0} 的主機沒有多餘的 CPU，引擎只能等待
        CPU of the API server ⇒ API 伺服器的 CPU
        CPU of the API server: scrape its /metrics ⇒ API 伺服器的 CPU：抓取它的 /metrics
        CPU of the API server process ⇒ API 伺服器行程的 CPU
        the host's CPU ⇒ 主機的 CPU
        share of time in which a task waited for a CPU ⇒ 有工作在等待 CPU 的時間比例
        the front end ⇒ 前端
        SM clocks fell ⇒ SM 時脈下降
        Raise --api-server-count when one API process uses a core, and give the server cores of its own. ⇒ 當單一 API 行程用滿一個核心時，提高 --api-server-count，並給伺服器專用的核心。
        Move neighbours off the host, or pin the server's cores (CPU manager policy static). ⇒ 將同主機的其他工作移走，或固定伺服器使用的核心（CPU manager policy static）。
        GPU utilisation: capture nvidia-smi, or scrape the DCGM exporter ⇒ GPU 使用率：記錄 nvidia-smi 輸出，或抓取 DCGM exporter
        GPU utilisation ⇒ GPU 使用率
        utilisation of the busiest GPU ⇒ 最忙碌 GPU 的使用率
        Clients sent requests that were refused ⇒ 用戶端送出的請求遭到拒絕
        answers with 4xx reached at most ⇒ 4xx 回應最高達
        answers with 4xx: keep access lines or scrape http_requests_total ⇒ 4xx 回應：保留存取日誌行，或抓取 http_requests_total
        {0} requests were refused with 4xx ⇒ {0} 個請求遭 4xx 拒絕
        answers with 4xx ⇒ 4xx 回應
        {0} of the requests at {1} were refused with 4xx, usually {2} ⇒ {1} 的請求有 {0} 遭 4xx 拒絕，平常為 {2}
        few answers with 5xx ⇒ 5xx 回應很少
        one client behind most ⇒ 多數來自同一個用戶端
        latency unchanged ⇒ 延遲沒有變化
        more 5xx than 4xx ⇒ 5xx 多於 4xx
        Ask the owner of the client named above; the server answers as it should. 400: malformed or too long; 401: key; 404: model or path. ⇒ 請詢問上述用戶端的負責人；伺服器的回應是正確的。400：格式錯誤或過長；401：金鑰；404：模型或路徑。
        of them are {0} on {1} from {2} ⇒ 其中來自 {2}、對 {1} 的 {0} 所占比例
        A restart left the server cold ⇒ 重新啟動後伺服器處於冷狀態
        no server started in the incident ⇒ 事故期間沒有伺服器啟動
        the server started anew ⇒ 伺服器重新啟動
        whether a crash or an orderly stop came before the start: keep the server's log ⇒ 啟動之前是崩潰還是正常停止：保留伺服器日誌
        the start followed a crash or a hang ⇒ 啟動是接在崩潰或停滯之後
        {0} was restarted ⇒ {0} 重新啟動
        , was away for {0} ⇒ ，中斷 {0}
         and worked off its backlog with cold caches ⇒ ，並以冷快取消化積壓的請求
        prefix-cache hits ⇒ 前綴快取命中率
        Drain a replica before its restart and give it traffic only after warm-up requests; restart one replica at a time. ⇒ 重新啟動副本前先排空流量，完成暖機請求後再接流量；一次只重新啟動一個副本。
        Keep the compilation cache (VLLM_CACHE_ROOT) on a disk that survives the restart. ⇒ 將編譯快取（VLLM_CACHE_ROOT）放在重新啟動後仍保留的磁碟上。
        Decoding reached the memory's bandwidth ⇒ 解碼達到記憶體頻寬上限
        Admission of requests was deferred ⇒ 請求的排入被延後
        deferred requests reached at most ⇒ 被延後的請求最多達
        deferred requests: vLLM 0.20.2 or newer exports them ⇒ 被延後的請求：vLLM 0.20.2 以上才會輸出
        requests waiting: scrape /metrics, or keep the statistics lines ⇒ 等待中的請求：抓取 /metrics，或保留統計行
        {0} requests were deferred ⇒ {0} 個請求被延後
        {0} requests waited with slots and cache free ⇒ 槽位與快取仍有空間，卻有 {0} 個請求在等待
        slots or cache were full ⇒ 槽位或快取已滿
        requests waiting for their admission ⇒ 等待排入的請求
        steps became slower ⇒ 步驟變慢
        At {0} {1} requests waited for their admission while slots and KV cache were free ⇒ {0} 有 {1} 個請求在等待排入，但槽位與 KV 快取仍有空間
        vLLM counted them as deferred ⇒ vLLM 將它們計為延後
        LoRA adapters share {0} slots ⇒ LoRA 轉接器共用 {0} 個槽位
        LoRA adapters share few slots ⇒ LoRA 轉接器共用少數槽位
        Raise --max-loras (memory permitting) or spread the adapters over replicas, when adapters wait for a slot. ⇒ 若轉接器在等待槽位，請（在記憶體允許時）提高 --max-loras，或將轉接器分散到多個副本。
        With a KV connector look at its transfer times and errors. ⇒ 若使用 KV connector，請檢查其傳輸時間與錯誤。
        The engine crashed ⇒ 引擎崩潰
        no server run ended in a crash, and every scrape was answered ⇒ 沒有任何伺服器執行以崩潰結束，且每次抓取都有回應
        a crash's own words: keep the server's log (stdout and stderr) ⇒ 崩潰時的訊息：保留伺服器日誌（stdout 與 stderr）
        the server was away ⇒ 伺服器曾中斷
        its process vanished ⇒ 行程消失
        the engine died ⇒ 引擎終止
        the server stopped in order ⇒ 伺服器正常停止
        The engine of {0} died ({1}) ⇒ {0} 的引擎終止（{1}）
         and did not come back within the evidence ⇒ ，在證據涵蓋期間內沒有恢復
         and was ready again after {0} ⇒ ，{0} 後恢復就緒
        {0} fatal events around it ⇒ 前後有 {0} 個致命事件
        {0} requests failed with it ⇒ {0} 個請求隨之失敗
        requests that failed with the engine ⇒ 隨引擎失敗的請求
        a later start was ready ⇒ 之後的啟動已就緒
        from the crash until the next server was ready ⇒ 從崩潰到下一個伺服器就緒的時間
        generated tokens ⇒ 產生的 token
        Lower --gpu-memory-utilization by 0.02 to 0.05: activations and graphs need the room. ⇒ 將 --gpu-memory-utilization 調低 0.02 至 0.05：啟動值（activation）與 CUDA graph 需要空間。
        Or lower --max-num-batched-tokens: it bounds the activations of a step. ⇒ 或調低 --max-num-batched-tokens：它限制每一步的啟動值大小。
        The host's memory ran out, or the container's: give it more, or find out what else took it. ⇒ 主機或容器的記憶體耗盡：請增加記憶體，或找出還有什麼占用了它。
        Look for Xid lines of that minute in the kernel log (journalctl -k): they tell hardware from software. ⇒ 在核心日誌（journalctl -k）中尋找該分鐘的 Xid 行：可分辨是硬體還是軟體問題。
        Reproduce with CUDA_LAUNCH_BLOCKING=1 and report the stack of the engine core to vLLM with its version. ⇒ 以 CUDA_LAUNCH_BLOCKING=1 重現，並將引擎核心的堆疊連同版本回報給 vLLM。
        Read the first traceback before the engine's death; what follows it is an echo. ⇒ 閱讀引擎終止前的第一個 traceback；其後的都是連帶訊息。
        One GPU held up the others ⇒ 一張 GPU 拖慢了其他 GPU
        SM clocks of each GPU: capture nvidia-smi, or scrape the DCGM exporter ⇒ 每張 GPU 的 SM 時脈：記錄 nvidia-smi 輸出，或抓取 DCGM exporter
        the SM clocks of all GPUs moved alike ({0} at most) ⇒ 所有 GPU 的 SM 時脈變化一致（最多 {0}）
        SM clock of {0}; the others' changed by {1} ⇒ {0} 的 SM 時脈；其他 GPU 變化 {1}
        {0} of {1} ran {2} below its usual SM clock while the others kept theirs ⇒ {1} 的 {0} 比平常的 SM 時脈低 {2}，其他 GPU 則維持不變
        it lost {0} ⇒ 下降 {0}
        an Xid of a GPU ⇒ GPU 的 Xid
        Drain the node and look at {0}: nvidia-smi -q, dcgmi diag -r 3, NVLink and PCIe replay counters, Xid lines in the kernel log. ⇒ 排空該節點並檢查 {0}：nvidia-smi -q、dcgmi diag -r 3、NVLink 與 PCIe 重送計數器、核心日誌中的 Xid 行。
        GPUs were throttled ⇒ GPU 降頻
        slowdown reasons in at most ⇒ 出現降速原因最多占
         of the samples of a minute ⇒ （每分鐘樣本）
        SM clocks and throttle reasons: capture nvidia-smi --query-gpu=…,clocks.sm,clocks_event_reasons.active --format=csv -l 1, or scrape the DCGM exporter ⇒ SM 時脈與降頻原因：以 nvidia-smi --query-gpu=…,clocks.sm,clocks_event_reasons.active --format=csv -l 1 記錄，或抓取 DCGM exporter
        only {0} ran below its clock ⇒ 只有 {0} 低於平常時脈
        the SM clock lost {0} of its usual ⇒ SM 時脈比平常低 {0}
        SM clock of {0} under load ⇒ {0} 在負載下的 SM 時脈
        {0} of {1} ran {2} below the usual SM clock ⇒ {1} 的 {0} 比平常的 SM 時脈低 {2}
        slowdown reasons ⇒ 降速原因
        throttle reasons: add clocks_event_reasons.active to the capture ⇒ 降頻原因：在記錄中加入 clocks_event_reasons.active
        share of samples with a slowdown reason ⇒ 有降速原因的樣本比例
        the clock fell by {0} ⇒ 時脈下降 {0}
        Look at cooling and power of the node (nvidia-smi -q -d PERFORMANCE,TEMPERATURE,POWER), and take traffic from it meanwhile. ⇒ 檢查節點的散熱與供電（nvidia-smi -q -d PERFORMANCE,TEMPERATURE,POWER），期間先將流量移走。
        Alert on slowdown reasons and on the SM clock under load, not on GPU utilisation. ⇒ 請對降速原因與負載下的 SM 時脈設定告警，而不是 GPU 使用率。
        The engine stood still ⇒ 引擎停滯
        generated tokens: scrape /metrics, or keep the statistics lines of the log ⇒ 產生的 token：抓取 /metrics，或保留日誌的統計行
        no tokens for {0} while requests ran ⇒ 有請求執行，卻有 {0} 沒有產生任何 token
        tokens came without a pause of 30 s ⇒ token 持續產生，沒有超過 30 秒的停頓
        generated tokens while requests were running ⇒ 有請求執行時產生的 token
        The engine of {0} held requests and made no tokens ⇒ {0} 的引擎持有請求卻沒有產生 token
         for {0} ⇒ ，持續 {0}
        the log hints at a hang ⇒ 日誌顯示有停滯跡象
        a restart ended it ⇒ 以重新啟動結束
        Before the next restart take stacks of the engine core and its workers (py-spy dump), and look for NCCL and Xid lines of that minute. ⇒ 下次重新啟動前，先取得引擎核心與 worker 的堆疊（py-spy dump），並尋找該分鐘的 NCCL 與 Xid 行。
        Set VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS so that a step that never ends becomes a crash, which a supervisor repairs. ⇒ 設定 VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS，讓永不結束的步驟變成崩潰，由監管程式重新啟動。
        GPU power: capture nvidia-smi, or scrape the DCGM exporter ⇒ GPU 功耗：記錄 nvidia-smi 輸出，或抓取 DCGM exporter
        GPU power fell to {0} of the usual ⇒ GPU 功耗降到平常的 {0}
        power of the busiest GPU ⇒ 最忙碌 GPU 的功耗
        The GPUs waited for each other's data ⇒ GPU 之間互相等待資料
        no NCCL warnings, and power went with utilisation ⇒ 沒有 NCCL 警告，且功耗隨使用率變化
        power of the GPUs over the usual, at utilisation {0} of the usual ⇒ GPU 功耗與平常之比，使用率為平常的 {0}
        steps as long as their work says ⇒ 步驟時間與工作量相符
        steps and their tokens: scrape /metrics ⇒ 步驟與其 token：抓取 /metrics
        step time over that of the cost model ⇒ 步驟時間與成本模型之比
        an SM clock fell ⇒ 有 SM 時脈下降
        The {0} GPUs of {1} drew less power at the same utilisation while steps took {2} times what their work says: they waited for each other ⇒ {1} 的 {0} 張 GPU 在相同使用率下功耗較低，步驟時間卻是工作量應有的 {2} 倍：GPU 在互相等待
        NCCL warnings ⇒ NCCL 警告
        SM clocks as usual ⇒ SM 時脈如常
        SM clocks: capture nvidia-smi ⇒ SM 時脈：記錄 nvidia-smi 輸出
        Look at the links: nvidia-smi topo -m, nvidia-smi nvlink -s, PCIe width, NCCL_DEBUG=INFO at the next start. ⇒ 檢查連結：nvidia-smi topo -m、nvidia-smi nvlink -s、PCIe 寬度，下次啟動時設定 NCCL_DEBUG=INFO。
        A smaller tensor-parallel size with more replicas needs less exchange. ⇒ 縮小張量平行度並增加副本，可減少資料交換。
        The KV cache was full ⇒ KV 快取已滿
        KV-cache usage reached at most ⇒ KV 快取使用率最高達
        KV-cache usage and waiting requests: keep vLLM's statistics lines, or scrape its /metrics ⇒ KV 快取使用率與等待中的請求：保留 vLLM 的統計行，或抓取它的 /metrics
        all batch slots were taken ⇒ 批次槽位全部占滿
        twice the batch would bring only {0} more tokens: the machine was saturated ⇒ 批次加倍只會多出 {0} 的 token：機器已飽和
        The KV cache of {0} was {1} full while {2} requests waited ⇒ {0} 的 KV 快取使用率達 {1}，同時有 {2} 個請求在等待
        slots were free ⇒ 槽位仍有空位
        max_num_seqs: keep the start-up lines of the server log ⇒ max_num_seqs：保留伺服器日誌的啟動行
        requests running ⇒ 執行中的請求
        , of {0} batch slots ⇒ ，共 {0} 個批次槽位
        Raise --gpu-memory-utilization if the GPU has memory to spare: more KV blocks. ⇒ 若 GPU 記憶體仍有餘裕，提高 --gpu-memory-utilization：可有更多 KV 區塊。
        Try --kv-cache-dtype fp8: it about doubles the tokens that fit.{0} ⇒ 嘗試 --kv-cache-dtype fp8：可容納的 token 約可加倍。{0}
         (vLLM {0}) ⇒ （vLLM {0}）
        Lower --max-model-len or route long prompts elsewhere; else add a replica{0}. ⇒ 調低 --max-model-len，或將長提示導向他處；否則增加副本{0}。
        Load grew beyond what the replicas hold ⇒ 負載超過副本所能承受
        arrivals reached at most ⇒ 到達率最高達
         without hurting anyone ⇒ ，沒有影響任何人
        arrivals: log requests, keep access lines or scrape /metrics ⇒ 到達的請求：記錄請求、保留存取日誌行，或抓取 /metrics
        arrivals changed by a factor of {0} ⇒ 到達率變為 {0} 倍
        requests arriving ⇒ 到達的請求
        {0} got {1} times its usual requests ({2} a second) ⇒ {0} 收到平常 {1} 倍的請求（每秒 {2} 個）
        they more than doubled ⇒ 超過兩倍
        Add replicas, or shed and queue at the gateway, until the surplus is understood.{0} ⇒ 在查明多出的流量之前，增加副本，或在閘道限流與排隊。{0}
        Find who sends the surplus: clients and routes in the access log, a retry storm, a batch job. ⇒ 找出多出的流量來源：存取日誌中的用戶端與路由、重試風暴、批次工作。
        arrivals and the time of steps: scrape /metrics ⇒ 到達率與步驟時間：抓取 /metrics
        mean inter-token latency ⇒ 平均 token 間延遲
        {0} of the rise is prompt tokens ⇒ 增加的部分有 {0} 來自提示 token
        prompt and generated tokens: scrape /metrics ⇒ 提示與產生的 token：抓取 /metrics
        share of prompt tokens in the longer steps ⇒ 變長的步驟中提示 token 的比例
        Prompts made the steps of {0} longer: {1}, usually {2} ⇒ 提示使 {0} 的步驟變長：{1}，平常為 {2}
        More answers at once made the steps of {0} longer: {1}, usually {2} ⇒ 同時產生的回答變多，使 {0} 的步驟變長：{1}，平常為 {2}
        clearly so ⇒ 差異明顯
        steps longer than their work ⇒ 步驟時間超出工作量
        Lower --max-num-batched-tokens for steadier inter-token latency, or raise it for prompt throughput; serve prefill on replicas of its own when both are needed. ⇒ 調低 --max-num-batched-tokens 可讓 token 間延遲更穩定，調高可增加提示吞吐量；兩者都需要時，將預填放在專用副本上。
        Add a replica, or raise the prefix cache's hits.{0} ⇒ 增加副本，或提高前綴快取的命中率。{0}
        A lower --max-num-seqs keeps the pace of answers and lets the surplus queue; more tensor parallelism or fp8 (weights, --kv-cache-dtype) makes steps shorter. ⇒ 調低 --max-num-seqs 可維持回答速度，讓多出的請求排隊；提高張量平行度或使用 fp8（權重、--kv-cache-dtype）可縮短步驟。
        Add a replica.{0} ⇒ 增加副本。{0}
        steps took {0} times what their work says ⇒ 步驟時間為工作量應有的 {0} 倍
        it passed in less than four minutes ⇒ 不到四分鐘就過去了
        arrivals were those of other hours ⇒ 到達率與其他時段相同
        latency stayed within its objectives ⇒ 延遲維持在目標之內
        latency rose by less than a fifth ⇒ 延遲增加不到五分之一
        latency objectives: slo in capture.json ⇒ 延遲目標：capture.json 中的 slo
        latency near or beyond its objective ⇒ 延遲接近或超過目標
        percentile over the episode, against its objective ⇒ 事故期間的百分位數，與目標相比
        The mix of requests changed ⇒ 請求的組成改變
        lengths of prompts and answers: scrape /metrics, or trace requests ⇒ 提示與回答的長度：抓取 /metrics，或追蹤請求
        prompts {0} and answers {1} times as long as usual, arrivals {2} times ⇒ 提示長度為平常的 {0} 倍，回答為 {1} 倍，到達率為 {2} 倍
        mean prompt length ⇒ 平均提示長度
        mean answer length ⇒ 平均回答長度
        requests were as long as those of other hours ⇒ 請求長度與其他時段相同
        Requests at {0} became longer: {1} of {2} tokens, usually {3}, at about the same rate ⇒ {0} 的請求變長：{1} 達 {2} 個 token，平常為 {3}，請求率則大致不變
        prompts ⇒ 提示
        answers ⇒ 回答
        arrivals as usual ⇒ 到達率如常
        by half or more ⇒ 增加一半以上
        Find out which client or feature sends the longer requests; bound max_tokens, or route them to replicas of their own. ⇒ 找出是哪個用戶端或功能送出較長的請求；限制 max_tokens，或將它們導向專用副本。
        The network or the clients were at fault ⇒ 問題出在網路或用戶端
        what clients saw: keep the gateway's access log or its spans, or log requests ⇒ 用戶端所見：保留閘道的存取日誌或其 span，或記錄請求
        clients gave up {0} of their requests, usually {1} ⇒ 用戶端放棄了 {0} 的請求（平常為 {1}）
        they waited {0} beyond the engine, usually {1} ⇒ 在引擎之外多等了 {0}（平常為 {1}）
        requests given up and the time beyond the engine did not change ⇒ 被放棄的請求與引擎之外的時間都沒有變化
        requests aborted by clients ⇒ 用戶端中止的請求
        the server's own inter-token latency ⇒ 伺服器本身的 token 間延遲
         and  ⇒ 、
        At {0} {1}, while the server was as fast as ever ⇒ 在 {0}，{1}，伺服器的速度則一如往常
        TCP segments sent again ⇒ TCP 重送區段
        both rose ⇒ 兩者都增加
        time beyond the engine ⇒ 引擎之外的時間
        what clients saw: keep the gateway's access log or its spans ⇒ 用戶端所見：保留閘道的存取日誌或其 span
        mean time at the gateway beyond the engine's ⇒ 閘道上扣除引擎後的平均時間
        Look at the path between clients and server: retransmissions by interface, the proxy's buffering and timeouts, the clients' deadlines. ⇒ 檢查用戶端與伺服器之間的路徑：各介面的重送、代理伺服器的緩衝與逾時、用戶端的期限。
        Preemptions made the engine repeat its work ⇒ 搶占使引擎重複運算
        preemptions reached at most ⇒ 搶占最多達
        preemptions: scrape /metrics (vllm:num_preemptions_total) ⇒ 搶占：抓取 /metrics（vllm:num_preemptions_total）
        {0} preempted {1} requests a second, {2} for each that finished ⇒ {0} 每秒搶占 {1} 個請求，每完成一個請求就搶占 {2} 次
        , and computed about {0} of its tokens again ⇒ ，約有 {0} 的 token 重複計算
         below {0} ⇒ 至 {0} 以下
        Lower --max-num-seqs{0}: fewer requests share the cache, and none is computed twice. ⇒ 調低 --max-num-seqs{0}：共用快取的請求變少，就不會重複計算。
        Raise --gpu-memory-utilization or try --kv-cache-dtype fp8: more KV blocks. ⇒ 提高 --gpu-memory-utilization，或嘗試 --kv-cache-dtype fp8：可有更多 KV 區塊。
        Prefill took the GPU's time ⇒ 預填占用了 GPU 的時間
        The prefix cache lost its hits ⇒ 前綴快取命中率下降
        the prefix cache found ⇒ 前綴快取命中率為
         or more ⇒ 以上
        prefix-cache hits: scrape /metrics, or keep the statistics lines ⇒ 前綴快取命中率：抓取 /metrics，或保留統計行
        the KV cache was full and evicted: a consequence ⇒ KV 快取已滿而淘汰內容：這是後果，不是原因
        prompts became {0} times as long ⇒ 提示變為 {0} 倍長
        At {0} the prefix cache found {1} of the prompt tokens, usually {2} ⇒ {0} 的前綴快取命中 {1} 的提示 token，平常為 {2}
        arrivals and prompts as usual ⇒ 到達率與提示如常
        prompt tokens computed ⇒ 實際計算的提示 token
        tokens of a step ⇒ 每步的 token
        a restart emptied the cache ⇒ 重新啟動清空了快取
        Look at what changed in front of the prompts (a date, an id, a new template) or in the router: what varies belongs at the end. ⇒ 檢查提示開頭（日期、識別碼、新範本）或路由器有何改變：會變動的內容應放在結尾。
        Route by session or prefix, so that a conversation meets the replica that knows it. ⇒ 依工作階段或前綴路由，讓同一對話回到已有快取的副本。
        Load was spread unevenly ⇒ 負載分配不均
        arrivals of each replica: scrape /metrics or log requests ⇒ 各副本的到達率：抓取 /metrics，或記錄請求
        its arrivals changed by a factor of {0}, the fleet's by {1} ⇒ 此副本的到達率變為 {0} 倍，整個叢集為 {1} 倍
        requests arriving at {0} ⇒ 到達 {0} 的請求
        {0} got {1} times its usual requests while the fleet got {2} times ⇒ {0} 收到平常 {1} 倍的請求，整個叢集則為 {2} 倍
        another replica got less than before ⇒ 另一個副本收到的比之前少
        the fleet as a whole got no more ⇒ 整個叢集並沒有增加
        by far more than its share ⇒ 遠超過應分得的比例
        Let the router choose by least outstanding requests, and look at its sticky sessions, hash keys and health checks. ⇒ 讓路由器選擇未完成請求最少的副本，並檢查其黏著工作階段、雜湊鍵與健康檢查。
        A change of version or arguments made steps slower ⇒ 版本或參數的變更使步驟變慢
        no restart with another version or other arguments ⇒ 沒有換版本或參數的重新啟動
        the restart changed nothing that was printed ⇒ 重新啟動前後印出的內容相同
        steps as long as before at equal work ⇒ 相同工作量下步驟與之前一樣長
        step time over that of the cost model of before ⇒ 步驟時間與先前成本模型之比
        it did not last ⇒ 沒有持續
        Since its restart ({0}) the steps of {1} take {2} longer at equal work ⇒ {1} 自重新啟動（{0}）後，相同工作量下步驟時間增加 {2}
        by a tenth or more ⇒ 增加一成以上
        Compare the start-up lines of both runs (attention backend, CUDA graphs, quantisation), go back to the former, and report it with both versions. ⇒ 比較兩次執行的啟動行（attention 後端、CUDA graph、量化），退回前一版，並附上兩個版本回報問題。
        version {0} → {1} ⇒ 版本 {0} → {1}
        model {0} → {1} ⇒ 模型 {0} → {1}
        Speculative decoding lost its acceptance ⇒ 推測解碼的接受率下降
        draft tokens were accepted at ⇒ 草稿 token 的接受率為
        draft tokens accepted: only servers with speculative decoding export them ⇒ 草稿 token 接受率：只有使用推測解碼的伺服器會輸出
        draft tokens accepted ⇒ 草稿 token 接受率
        At {0} {1} of the draft tokens were accepted, usually {2} ⇒ {0} 的草稿 token 接受率為 {1}，平常為 {2}
        mean time per output token ⇒ 每個輸出 token 的平均時間
        acceptance fell by more than half ⇒ 接受率下降超過一半
        Lower num_speculative_tokens in --speculative-config, or turn it off, while acceptance is below {0}: drafts cost time and give little. ⇒ 接受率低於 {0} 時，調低 --speculative-config 中的 num_speculative_tokens 或關閉推測解碼：草稿耗時卻收穫不大。
        Find out which traffic changed: language, code or sampling temperature; retrain the draft on it. ⇒ 找出哪些流量改變了：語言、程式碼或取樣溫度；以這些流量重新訓練草稿模型。
        Structured output slowed every step ⇒ 結構化輸出拖慢了每一步
        which requests ask for structured output: log requests (--enable-log-requests) ⇒ 哪些請求要求結構化輸出：記錄請求（--enable-log-requests）
        requests with structured output were {0} ⇒ 結構化輸出的請求占 {0}
        no request was held back for a grammar ⇒ 沒有請求因文法而被擋下
        share of requests with structured output ⇒ 結構化輸出請求的比例
        {0} of the requests at {1} asked for structured output, and every step took longer ⇒ {1} 有 {0} 的請求要求結構化輸出，每一步都變長
        Requests at {0} were held for their grammars, and every step took longer ⇒ {0} 的請求因文法編譯而被擋下，每一步都變長
        structured output became more ⇒ 結構化輸出增加
        requests held back ⇒ 被擋下的請求
        requests whose admission is deferred ⇒ 被延後排入的請求
        the API server's CPU as usual ⇒ API 伺服器的 CPU 如常
        the host's CPU was taken ⇒ 主機的 CPU 被占用
        Try another grammar backend (--structured-outputs-config.backend; --guided-decoding-backend before 0.11). ⇒ 嘗試其他文法後端（--structured-outputs-config.backend；0.11 之前為 --guided-decoding-backend）。
        Reuse schemas across requests so that compiled grammars are found again, or send such traffic to replicas of its own. ⇒ 讓各請求重複使用相同的 schema，以便找回已編譯的文法；或將這類流量導向專用副本。

        """
}
