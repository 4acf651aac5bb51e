/// Capacity, load tests, demand, comparison. A line each: English pattern ⇒ translation.
enum ChineseOutlook {
    static let table = """
        {0}: no estimate: {1}. ⇒ {0}：無法估計：{1}。
        {0} on 1 replica ⇒ {0}（1 個副本）
        {0} on {1} replicas ⇒ {0}（{1} 個副本）
        {0} holds at least {1}, perhaps {2}: no load came within half of it; {3}. ⇒ {0} 至少可承受 {1}，可能達 {2}：實際負載未達其一半；{3}。
        {0} holds {1} (80 %: {2} to {3}); {4}. ⇒ {0} 可承受 {1}（80% 區間：{2} 至 {3}）；{4}。
        {0}: within {1}. ⇒ {0}：以 {1} 為限。
        Load test {0}({1}): {2}. ⇒ 負載測試 {0}（{1}）：{2}。
        What each limit alone would allow ⇒ 各項限制單獨存在時的最高速率
        capacity limits ⇒ 容量限制
        no estimate ⇒ 無法估計
        the batch slots (max_num_seqs) bind ⇒ 受限於批次槽位（max_num_seqs）
        the KV cache binds ⇒ 受限於 KV 快取
        the time between tokens binds ⇒ 受限於 token 間的時間
        the wait for the first token binds ⇒ 受限於首個 token 的等待時間
        the token budget of a step (max_num_batched_tokens) binds ⇒ 受限於每步的 token 預算（max_num_batched_tokens）
        the API server's process binds ⇒ 受限於 API 伺服器行程
        Replica group ⇒ 副本群組
        Highest rate ⇒ 最高速率
        80 % from ⇒ 80% 下限
        95 % from ⇒ 95% 下限
        to ⇒ 上限
        Limit ⇒ 限制
        Grade ⇒ 等級
        Observed mean ⇒ 觀察平均
        Observed high ⇒ 觀察高點
        Residuals ⇒ 殘差
        Highest rate within the objectives ⇒ 符合目標的最高速率
        capacity ⇒ 容量
        Capacity ⇒ 容量
        Time between tokens by load, {0} ⇒ 各負載下的 token 間時間，{0}
        each point a window of one engine; line: fitted cost of a step at the mean mix; band: 80 % ⇒ 每個點為一個引擎的一個時段；線：平均組成下擬合的步驟成本；帶狀：80%
        sequences that decode together ⇒ 同時解碼的序列數
        sequences ⇒ 條序列
        fit ⇒ 擬合
        {0} against {1} ⇒ {0} 與 {1} 比較
        load ⇒ 負載
        mix of requests ⇒ 請求組成
        configuration ⇒ 組態
        remainder ⇒ 餘數
        What the change of inter-token latency is made of ⇒ token 間延遲變化的組成
        mean over all tokens ⇒ 所有 token 的平均
        mean over all tokens of {0} ⇒ {0} 所有 token 的平均
        before ⇒ 之前
        after ⇒ 之後
        parts ⇒ 組成
        {0}, share of requests ⇒ {0}，占請求的比例
        Before and after; verdicts hold after correction for the number of comparisons (5 % false ones) ⇒ 前後對照；判定已依比較次數校正（錯誤判定 5%）
        Before ⇒ 之前
        After ⇒ 之後
        Change ⇒ 變化
        At equal load ⇒ 相同負載下
        signals ⇒ 訊號
        slower ⇒ 變慢
        faster ⇒ 變快
        same ⇒ 相同
        higher ⇒ 較高
        lower ⇒ 較低
        Versions, arguments and start-up figures that differ ⇒ 不同的版本、參數與啟動數據
        Name ⇒ 名稱
        arguments ⇒ 參數
        Next week's busiest hour: {0} on {1} (UTC), 90 % between {2} and {3}. ⇒ 下週最忙碌的一小時：{1}（UTC）的 {0}，90% 區間為 {2} 至 {3}。
        not in sight ⇒ 尚不可見
        It exceeds the capacity of {0} on {1}; earliest {2}, latest {3}. ⇒ 將於 {1} 超過容量 {0}；最早 {2}，最晚 {3}。
        It does not exceed the capacity of {0}{1}. ⇒ 不會超過容量 {0}{1}。
         before {0}, as far as the history tells ⇒ （依現有歷史，至少到 {0} 為止）
        When that is too much is not known: there is no capacity estimate. ⇒ 何時超過容量尚不可知：沒有容量估計。
        Made from earlier midnights the error was {0} of the seasonal naive one (MASE), and the interval held {1} of the hours. ⇒ 以先前各日午夜回測，誤差為季節性單純預測的 {0} 倍（MASE），區間涵蓋了 {1} 的小時。
        Method: {0}; days and weeks in {1}. ⇒ 方法：{0}；以 {1} 計日與週。
        ensemble on the logarithm with {0}: {1}{2} ⇒ 對數尺度的集成預測，{0}：{1}{2}
        daily and weekly seasons ⇒ 含每日與每週季節性
        a daily season ⇒ 含每日季節性
        a weekly season ⇒ 含每週季節性
        no season ⇒ 不含季節性
        , {0} more ⇒ ，另有 {0} 個
        level of {0} h ⇒ {0} 小時水準
        level of {0} h, returning ⇒ {0} 小時水準（回歸平均）
        trend, level of {0} h ⇒ 趨勢，{0} 小時水準
        Requests an hour, and what is expected ⇒ 每小時請求與預期
        mean of the hour, counted from {0}; band: 90 % ⇒ 每小時平均，依 {0} 計數；帶狀：90%
        observed ⇒ 觀察值
        expected ⇒ 預期值
        forecast ⇒ 預測
        Demand and exhaustion ⇒ 需求與容量耗盡
        Replicas and money ⇒ 副本與成本
        Quantity ⇒ 項目
        Value ⇒ 數值
        plan ⇒ 規劃
        Capacity, lower end of 80 % ⇒ 容量，80% 下限
        Capacity, upper end of 80 % ⇒ 容量，80% 上限
        Replicas now ⇒ 目前副本數
        Replicas for next week's peak, with headroom and spare ⇒ 下週尖峰所需副本數（含餘裕與備援）
        Cost an hour ⇒ 每小時成本
        Cost a request ⇒ 每個請求的成本
        Cost a million output tokens, all costs on them ⇒ 每百萬個輸出 token 的成本（所有成本計入）
        Idle share of the capacity ⇒ 容量的閒置比例
        lengths of requests are not in the evidence: log-normal around their means ⇒ 證據中沒有請求長度：以平均值周圍的對數常態分布代替
        prompts in steps of their own, as the V0 engine schedules ⇒ 提示在獨立的步驟中處理，如 V0 引擎的排程
        requests come in bursts: their number varies {0} times as much as at random ⇒ 請求成批到達：數量的變異是隨機到達的 {0} 倍
        the sum of {0} groups: holds when each gets the load that it can take; costs are those of {1} ⇒ {0} 個群組的總和：前提是各群組分得其可承受的負載；成本取自 {1}
        single costs are unsure (condition number {0}); their sum is not ⇒ 個別成本不確定（條件數 {0}）；總和則確定
        {0} is {1} for a lone request: no rate holds {2} ⇒ 單一請求的 {0} 就達 {1}：任何速率都無法符合 {2}
        no limit was found below a million requests a second ⇒ 每秒一百萬個請求以下沒有找到上限
        the load never varied enough ({0}-fold) to tell fixed cost from the cost of load ⇒ 負載變化不足（{0} 倍），無法區分固定成本與負載成本
        nothing to analyse ⇒ 沒有可分析的資料
        the evidence is shorter than {0} seconds ⇒ 證據短於 {0} 秒
        from the server logs alone: steps are not counted there ⇒ 僅依伺服器日誌：其中沒有步驟計數
        no engine's running requests and tokens are in the evidence ⇒ 證據中沒有任何引擎的執行中請求與 token
        unknown model ⇒ 未知模型
        without the time of {0} ⇒ 不含 {0} 的時間
        too little time is left outside of {0}: the estimate is for that state ⇒ {0} 以外的時間太少：估計值適用於該狀態
        since the restart with other arguments at {0} ⇒ 自 {0} 以其他參數重新啟動後
        the objective on {0} is not checked: the simulation has no such latency ⇒ 未檢查 {0} 的目標：模擬沒有這種延遲
        default, none is configured ⇒ 預設值，未設定目標
        assumed: {0} ⇒ 假設：{0}
        max_num_seqs {0} (not in the log; as many ran while others waited for a slot) ⇒ max_num_seqs {0}（日誌中沒有；其他請求等待槽位時有這麼多在執行）
        max_num_seqs 256 (not in the log) ⇒ max_num_seqs 256（日誌中沒有）
        max_num_batched_tokens {0} (not in the log) ⇒ max_num_batched_tokens {0}（日誌中沒有）
        a KV cache without limit (its size is not in the evidence) ⇒ KV 快取沒有上限（證據中沒有其大小）
        no counters of steps or tokens in the evidence ⇒ 證據中沒有步驟或 token 的計數器
        only {0} windows with traffic outside of incidents; 12 are needed ⇒ 事故以外有流量的時段只有 {0} 個；需要 12 個
        the lengths of prompts and answers are not in the evidence ⇒ 證據中沒有提示與回答的長度
        the windows don't determine what a step costs ⇒ 這些時段不足以確定每步的成本
        the windows don't determine what a step costs: the fixed part comes out as zero ⇒ 這些時段不足以確定每步的成本：固定部分算出為零
        {0} was not measured at every load: that objective is not checked ⇒ 並非每個負載都量測了 {0}：未檢查該目標
        {0} was not printed: {1} stands for it ⇒ 沒有印出 {0}：以 {1} 代替
        no run below saturation: latencies say nothing of what users would feel ⇒ 沒有低於飽和的測試：延遲無法反映使用者的感受
        all requests at once: {0} requests/s ⇒ 一次送出所有請求：{0} 請求/秒
        no load is known ⇒ 沒有已知的負載
        the lowest load, {0}, already missed its objectives ⇒ 最低的負載 {0} 就已未達目標
        at least {0} requests/s: no load was too much, the highest was {1} ⇒ 至少 {0} 請求/秒：沒有過高的負載，最高為 {1}
        closed loop: the clients waited for their answers; the same rate from independent users waits longer ⇒ 閉迴路：用戶端會等待回答；相同速率的獨立使用者會等更久
        {0} requests/s ⇒ {0} 請求/秒
        {0} in flight ⇒ {0} 個處理中
        between {0} and {1} requests/s ⇒ 介於 {0} 與 {1} 請求/秒之間
        {0} met its objectives ⇒ {0} 達到目標
        missed {0} ⇒ 未達 {0}
        outran the server ⇒ 超過伺服器的處理能力
        {0} % failed ⇒ {0}% 失敗
        {0}; throughput levels off at {1} ⇒ {0}；吞吐量在 {1} 趨於平緩
        from {0} on the client could not send what it was told to ({1} requests/s there): waiting times are those of a closed loop ⇒ 自 {0} 起，用戶端無法送出指定的量（該處為 {1} 請求/秒）：等待時間屬於閉迴路
        at {0} Little's law gives {1} in flight, not {2}: ramp-up, drain or a limit of the client counts ⇒ 在 {0} 時，依利特爾法則有 {1} 個處理中，而非 {2}：受暖身、排空或用戶端限制影響
        at {0} {1} % of the requests failed ⇒ 在 {0} 時有 {1}% 的請求失敗
        no prices are given: `prices:` with `gpu_hour:` in tidemark.yaml adds what it costs ⇒ 沒有提供價格：在 tidemark.yaml 的 `prices:` 下加入 `gpu_hour:` 即可算出成本
        how many GPUs there are is not known (no GPU capture, no start-up log): costs are left open; gpus_per_replica in capture.json says it ⇒ 不知道有多少 GPU（沒有 GPU 記錄，也沒有啟動日誌）：成本未計；可在 capture.json 以 gpus_per_replica 指定
        no price is given for the GPUs, whose name is not known ⇒ 未知名稱的 GPU 沒有提供價格
        no price is given for {0} ⇒ 沒有提供 {0} 的價格
        electricity is not in the costs: the power of all GPUs was not measured ⇒ 成本不含電費：並未量測所有 GPU 的功耗
        no request was counted: a forecast needs metrics, access lines, gateway logs or request logs ⇒ 沒有計數到任何請求：預測需要指標、存取日誌行、閘道日誌或請求日誌
        {0} more ⇒ 多 {0}
        {0} less ⇒ 少 {0}
        a request costs the engines {0} than in the first week (lengths, cache): exhaustion and replicas count requests at the last week's cost ⇒ 每個請求的引擎成本比第一週{0}（長度、快取）：容量耗盡與副本數以最後一週的成本計算
        no capacity is known: `tidemark capacity` says what it lacks, --capacity gives it; exhaustion and replicas are left open ⇒ 容量未知：`tidemark capacity` 會說明缺少什麼，--capacity 可直接指定；容量耗盡與副本數未計
        {0} of {1} hours were not observed; they count as unknown, not as zero ⇒ {1} 小時中有 {0} 小時沒有觀測；視為未知，而非零
        {0} hours of exactly zero are taken for gaps of the collection ⇒ {0} 個完全為零的小時視為收集缺口
        in {0} hours requests waited: demand may have been more than what was finished ⇒ 有 {0} 個小時出現等待中的請求：需求可能高於完成的量
        refused requests are counted as demand ⇒ 被拒絕的請求計入需求
        {0} hours with requests are too few: a forecast needs {1} ⇒ 有請求的小時只有 {0} 個，太少：預測需要 {1} 個
        less than two days: no daily pattern can be told, the level is carried on ⇒ 不到兩天：無法辨識每日型態，以目前水準延續
        less than two weeks: no weekly pattern can be told ⇒ 不到兩週：無法辨識每週型態
        left out as unlike the days around: {0}{1} ⇒ 與前後日期差異過大而略過：{0}{1}
        lasting change of {0}{1} on {2}: what lies before is scaled to the new level ⇒ {2} 發生持續性變化 {0}{1}：之前的資料已調整到新水準
        in the backtest the 90 % interval held only {0} of the hours ⇒ 回測中 90% 區間只涵蓋 {0} 的小時
        finished requests (vllm:request_success_total) ⇒ 完成的請求（vllm:request_success_total）
        finished requests (vllm:request_success) ⇒ 完成的請求（vllm:request_success）
        end-to-end latencies counted ⇒ 端到端延遲的計數
        first tokens counted ⇒ 首個 token 的計數
        requests of the gateway's log ⇒ 閘道日誌的請求
        access lines of the servers' logs ⇒ 伺服器日誌的存取行
        requests of the servers' logs ⇒ 伺服器日誌的請求
        {0} has no evidence with times ⇒ {0} 沒有含時間的證據
        not served in {0} ⇒ 在 {0} 中沒有服務
        {0} shows no gaps between tokens: scrape /metrics, or keep the statistics lines of the log ⇒ {0} 沒有 token 間的間隔：抓取 /metrics，或保留日誌的統計行
        {0} holds {1} moments with tokens, {2} are needed ⇒ {0} 有 token 的時刻為 {1} 個，需要 {2} 個
        the load explains too little of the latency to fit a line ⇒ 負載對延遲的解釋太少，無法擬合
        only {0} % of the moments have work that the other side has seen, too ⇒ 只有 {0}% 的時刻有另一側也出現過的工作量
        no model on either side ⇒ 兩側都沒有模型
        not comparable ⇒ 無法比較
        no common evidence ⇒ 沒有共同的證據
        Not comparable: {0}. ⇒ 無法比較：{0}。
        95 % interval {0} to {1} % ⇒ 95% 區間 {0} 至 {1}%
        {0} is {1} % slower than {2} at equal load and mix ({3}). ⇒ 在相同負載與組成下，{0} 比 {2} 慢 {1}%（{3}）。
        {0} is {1} % faster than {2} at equal load and mix (95 % interval {3} to {4} %). ⇒ 在相同負載與組成下，{0} 比 {2} 快 {1}%（95% 區間 {3} 至 {4}%）。
        {0} is as fast as {1} at equal load and mix: the change of {2} % is surely within ± {3} % ({4}). ⇒ 在相同負載與組成下，{0} 與 {1} 一樣快：變化 {2}% 確定在 ± {3}% 以內（{4}）。
        , and less than {0} % could hide ⇒ ，小於 {0}% 的差異可能無法察覺
        No evidence that {0} is slower than {1} at equal load and mix: {2} % ({3}){4}. ⇒ 沒有證據顯示在相同負載與組成下 {0} 比 {1} 慢：{2}%（{3}）{4}。

        """
}
