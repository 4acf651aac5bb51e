/// The verdict around its causes, the quality of the evidence, the names of signals. A line each: English pattern ⇒ translation.
enum ChineseDiagnosis {
    static let table = """
        ,  ⇒ 、
        ;  ⇒ ；
        {0}: {1} ⇒ {0}：{1}
        {0}. ⇒ {0}。
        {0}, {1} ⇒ {0} {1}
        {0} {1}{2} ({3}) ⇒ {0} {1}{2}（{3}）
        {0} % ⇒ {0}%
        {0}\u{A0}% ⇒ {0}%
        {0} s ⇒ {0} 秒
        {0} ms ⇒ {0} 毫秒
        {0} min ⇒ {0} 分鐘
        {0} min {1} s ⇒ {0} 分 {1} 秒
        {0} h {1} min ⇒ {0} 小時 {1} 分
        {0} MHz ⇒ {0} MHz
        , usually {0} ⇒ ，平常 {0}
        more requests ({0} times) ⇒ 請求增加（{0} 倍）
        other lengths (prompts {0}, answers {1} times) ⇒ 長度改變（提示 {0} 倍，回答 {1} 倍）
        cache hits {0}, usually {1} ⇒ 快取命中率 {0}，平常 {1}
        the same work took {0} times as long ⇒ 相同的工作花了 {0} 倍時間
        not explained by the model ⇒ 模型無法解釋
        unexplained ⇒ 無法解釋的部分
        running requests are {0} times finished requests × their time ({1}); Little's law wants 0.8 to 1.25 ⇒ 執行中的請求為完成請求 × 其時間的 {0} 倍（{1}）；依利特爾法則應在 0.8 到 1.25 之間
        from the first to the last sample nothing is missing ⇒ 從第一筆到最後一筆取樣沒有缺漏
        less than 1 % ⇒ 不到 1%
        {0} of the time is without evidence ({1}) ⇒ {0} 的時間沒有證據（{1}）
        no server started in the period ⇒ 期間內沒有伺服器啟動
        {0} starts of servers in the period; counters were followed across them ⇒ 期間內伺服器啟動 {0} 次；計數器已跨越啟動接續計算
        nothing is known of {0} ⇒ 沒有 {0} 的任何資料
        some logs and scrape targets could not be put together ⇒ 部分日誌與抓取目標無法對應
        {0} replicas, all with evidence ⇒ {0} 個副本，全部都有證據
        {0} ({1} sure) ⇒ {0}（把握 {1}）
        all clocks are known ⇒ 所有時鐘皆已知
        the clock is in doubt of {0} ⇒ 時鐘有疑慮：{0}
        vLLM {0} ⇒ vLLM {0}
        vLLM {0} are mixed: some metrics mean different things ⇒ vLLM {0} 混用：部分指標的意義不同
        {0} of {1} lines could not be read ⇒ {1} 行中有 {0} 行無法讀取
        {0}: not excluded ⇒ {0}：尚未排除
        worst P95 time to first token ⇒ 最差的 P95 首個 token 時間
        worst P95 inter-token latency ⇒ 最差的 P95 token 間延遲
        Users of {0} suffered and the evidence does not decide why ⇒ {0} 的使用者受到影響，但證據無法判定原因
        Users suffered; the evidence does not decide why ⇒ 使用者受到影響，但證據無法判定原因
        GPU temperature: add temperature.gpu to the capture ⇒ GPU 溫度：在記錄中加入 temperature.gpu
        temperature ⇒ 溫度
        hottest GPU ⇒ 最熱的 GPU
        GPU power: add power.draw to the capture ⇒ GPU 功耗：在記錄中加入 power.draw
        the other GPUs drew less power ⇒ 其他 GPU 的功耗下降
        a step took {0} times what its tokens and requests explain ⇒ 步驟時間為其 token 與請求所能解釋的 {0} 倍
        mean time to first token ⇒ 平均首個 token 時間
        steps took far longer than their work: something else slowed the machine ⇒ 步驟時間遠超過工作量：另有原因拖慢機器
        users lost their time to longer steps, not to the queue ⇒ 使用者的時間損失在變長的步驟，而非排隊
        capture nvidia-smi --query-gpu=… --format=csv -l 1, or scrape the DCGM exporter ⇒ 以 nvidia-smi --query-gpu=… --format=csv -l 1 記錄，或抓取 DCGM exporter
        scrape the node exporter ⇒ 抓取 node exporter
        keep the gateway's access log ⇒ 保留閘道的存取日誌
        scrape the server's /metrics ⇒ 抓取伺服器的 /metrics
        first seen: {0} ⇒ 首次出現：{0}
        more often: {0} ⇒ 變得更頻繁：{0}
         Predicted: inter-token latency {0} instead of {1}. ⇒ 預測：token 間延遲由 {1} 降為 {0}。
         Predicted: up to {0} more tokens a second with twice as many requests at once. ⇒ 預測：同時執行的請求加倍時，每秒 token 最多增加 {0}。
         with {0} ⇒ ，變更：{0}
        {0} was started anew{1} ⇒ {0} 重新啟動{1}
        arrivals went to ⇒ 到達率變為
        prompts went to ⇒ 提示長度變為
        answers went to ⇒ 回答長度變為
        prefix-cache hits went to ⇒ 前綴快取命中率變為
        accepted draft tokens went to ⇒ 草稿 token 接受率變為
        requests given up went to ⇒ 被放棄的請求變為
        waiting for a CPU went to ⇒ 等待 CPU 的時間變為
        {0} {1} times the usual ⇒ {0} 平常的 {1} 倍
        the SM clock of {0} fell by {1} ⇒ {0} 的 SM 時脈下降 {1}
        {0} {1} of GPU time on the replicas concerned ⇒ 相關副本的 GPU 時間成本為 {0} {1}
        {0}: {1} slower than {2} s ⇒ {0}：{1} 慢於 {2} 秒
        , where {0} may be: {1} times the budget's rate, {2} % of 30 days' budget ⇒ ，容許值為 {0}：消耗速度為預算的 {1} 倍，用掉 30 天預算的 {2}%
        ; nothing of the budget ⇒ ；未動用預算
        n too small ⇒ 樣本數太少
        Requests arriving ⇒ 到達的請求
        Time per output token of a request, mean ⇒ 請求的每個輸出 token 時間，平均
        Time that a gateway or client saw beyond the engine's, mean ⇒ 閘道或用戶端在引擎之外所見的時間，平均
        Scrapes that the server answered ⇒ 伺服器有回應的抓取
        Start of the API server process ⇒ API 伺服器行程的啟動時間
        Requests whose admission is deferred ⇒ 被延後排入的請求
        Requests that ask for structured output ⇒ 要求結構化輸出的請求
        Tokens of an engine step, mean ⇒ 引擎每步的 token，平均
        Prompt tokens that were computed, not cached ⇒ 實際計算（未命中快取）的提示 token
        Draft tokens accepted ⇒ 草稿 token 接受率
        Share of time in which a task waited for a CPU ⇒ 有工作在等待 CPU 的時間比例
        Requests at the gateway ⇒ 閘道的請求
        Duration at the gateway, P50 ⇒ 閘道處理時間，P50
        Duration at the gateway, P95 ⇒ 閘道處理時間，P95
        Duration at the gateway, P99 ⇒ 閘道處理時間，P99
        Time to the head of the answer at the gateway, P95 ⇒ 閘道收到回應標頭的時間，P95
        Time to first token at the gateway, P95 ⇒ 閘道的首個 token 時間，P95
        Time in the gateway's queue, P95 ⇒ 閘道佇列中的時間，P95
        Share of requests with status 5xx at the gateway ⇒ 閘道上狀態為 5xx 的請求比例
        Requests that clients left ⇒ 用戶端離開的請求
        Requests whose upstream took too long for the gateway ⇒ 上游逾時的請求
        Requests finished ⇒ 完成的請求
        HTTP requests for inference ⇒ 推論的 HTTP 請求
        Time to first token ⇒ 首個 token 時間
        Inter-token latency ⇒ token 間延遲
        End-to-end latency ⇒ 端到端延遲
        Time to first token, mean ⇒ 首個 token 時間，平均
        Inter-token latency, mean ⇒ token 間延遲，平均
        End-to-end latency, mean ⇒ 端到端延遲，平均
        Answers with status 4xx ⇒ 狀態 4xx 的回應
        Answers with status 5xx ⇒ 狀態 5xx 的回應
        Requests aborted by the client ⇒ 用戶端中止的請求
        Requests running ⇒ 執行中的請求
        Requests waiting ⇒ 等待中的請求
        Prompt tokens ⇒ 提示 token
        Generated tokens ⇒ 產生的 token
        Time in the queue, mean ⇒ 佇列中的時間，平均
        Prefill time, mean ⇒ 預填時間，平均
        Decode time, mean ⇒ 解碼時間，平均
        KV cache in use ⇒ KV 快取使用率
        Prefix-cache hits ⇒ 前綴快取命中率
        Preemptions ⇒ 搶占
        Engine steps ⇒ 引擎步驟
        Prompt length, mean ⇒ 提示長度，平均
        Generation length, mean ⇒ 產生長度，平均
        GPU utilisation (share of time with a kernel running) ⇒ GPU 使用率（有 kernel 執行的時間比例）
        Share of SMs with a warp, over time ⇒ 有 warp 執行的 SM 比例
        Tensor pipes busy ⇒ Tensor 管線忙碌比例
        Memory interface busy ⇒ 記憶體介面忙碌比例
        SM clock ⇒ SM 時脈
        Share of samples with a thermal or power-brake slowdown ⇒ 因過熱或電源制動而降速的樣本比例
        Share of samples at the software power cap ⇒ 達到軟體功耗上限的樣本比例
        Share of time held back by power ⇒ 受功耗限制的時間比例
        Share of time held back by heat ⇒ 受溫度限制的時間比例
        GPU temperature ⇒ GPU 溫度
        GPU power draw ⇒ GPU 功耗
        GPU memory in use ⇒ GPU 記憶體使用量
        Host CPU busy ⇒ 主機 CPU 忙碌比例
        Host memory available ⇒ 主機可用記憶體
        Network received ⇒ 網路接收
        Network sent ⇒ 網路傳送
        Memory of the API server process ⇒ API 伺服器行程的記憶體

        """
}
