/// The page: headings, tables, charts, methods. A line each: English pattern ⇒ translation.
enum ChineseReport {
    static let table = """
        Skip to the verdict ⇒ 跳到判定結果
        Contents ⇒ 目錄
        Written by Tidemark from the files listed under Coverage. All times UTC. ⇒ 由 Tidemark 依「證據涵蓋範圍」所列檔案產生。所有時間均為 UTC。
        Redacted: hosts, addresses, clients, users and files are replaced by tokens such as h-1a2b3c4d, the same name by the same token; prompts are left out. ⇒ 已遮蔽：主機、位址、用戶端、使用者與檔案名稱均以代號（例如 h-1a2b3c4d）取代，同一名稱一律為同一代號；提示詞已移除。
        Logo ⇒ 標誌
        {0} more rows are in the CSV files. ⇒ 另有 {0} 列，見 CSV 檔案。
        Healthy ⇒ 健康
        Notice ⇒ 注意
        Incident ⇒ 事故
        Undecided ⇒ 無法判定
        Data quality ⇒ 資料品質
        good ⇒ 良好
        fair ⇒ 尚可
        poor ⇒ 不佳
        Verdict ⇒ 判定
        Key numbers ⇒ 關鍵數字
        Findings ⇒ 發現
        Ruled out ⇒ 已排除
        Could not be checked ⇒ 無法檢查
        What happened when ⇒ 事件經過
        Key figures ⇒ 關鍵數據
        Distributions ⇒ 分布
        Replicas ⇒ 副本
        Log events ⇒ 日誌事件
        Busiest clients ⇒ 最忙碌的用戶端
        Slowest traced requests ⇒ 最慢的追蹤請求
        Line of the request log ⇒ 請求日誌行
        At the gateway ⇒ 閘道
        Slowest requests at the gateway ⇒ 閘道上最慢的請求
        Configuration ⇒ 組態
        Coverage of the evidence ⇒ 證據涵蓋範圍
        Methods ⇒ 方法
        Files beside this report ⇒ 隨附檔案
        Nothing was found that slowed users down. ⇒ 沒有發現讓使用者變慢的原因。
        high ⇒ 高
        medium ⇒ 中
        low ⇒ 低
        {0} confidence ({1}) ⇒ 信心{0}（{1}）
        {0} of the impact ⇒ 占影響的 {0}
        Share of the impact by cause ⇒ 各原因占影響的比例
        Unexplained ⇒ 無法解釋
        on {0} ⇒ 於 {0}
        Do now ⇒ 立即處理
        Do next ⇒ 後續處理
        Expected: {0} ⇒ 預期：{0}
        Evidence ({0}) ⇒ 證據（{0}）
        Evidence for: {0} ⇒ 證據：{0}
        Observed ⇒ 觀察值
        Normal ⇒ 平常值
        Needed to blame it ⇒ 歸因所需值
        needed {0} ⇒ 需 {0}
        normally {0} ⇒ 平常 {0}
        To see it: {0} ⇒ 如何取得：{0}
        log scale ⇒ 對數刻度
        Share of the observations up to a latency ⇒ 各延遲以下的觀測比例
        known at the buckets' bounds, straight between them ⇒ 僅在桶的邊界上已知，其間以直線相連
        As a table ⇒ 表格
        During incidents ⇒ 事故期間
        Otherwise ⇒ 其他時間
        up to it ⇒ 累計
        during incidents ⇒ 事故期間
        otherwise ⇒ 其他時間
        {0}: half lie at most {1}. ⇒ {0}：半數至多在 {1}。
        {0} or more ⇒ {0} 以上
        {0} observations; the most, {1}, {2}. ⇒ {0} 次觀測；最多的 {1} 在 {2}。
        {0} replicas from {1} ({2}) to {3} ({4}). ⇒ {0} 個副本，自 {1}（{2}）至 {3}（{4}）。
        Out of line: {0} with {1}. ⇒ 偏離：{0}，{1}。
        {0}: none stands out ⇒ {0}：無突出者
        {0}: {1} out of line ⇒ {0}：{1} 偏離
        {0}: {1} of {2} out of line ⇒ {0}：{2} 個中有 {1} 個偏離
        line: median, {0} ⇒ 線：中位數，{0}
        no value for {0} ⇒ {0} 個沒有數值
        too few replicas to say which stands out ⇒ 副本太少，無法判斷何者突出
        high: {0} ⇒ 偏高：{0}
        low: {0} ⇒ 偏低：{0}
        Engine starts ⇒ 引擎啟動次數
        grey: a week earlier ⇒ 灰線：一週前
        {0} last week ⇒ 上週 {0}
        gaps between tokens ⇒ token 間隔
        share of the {0} in each {1} by bucket of the histogram, all replicas ⇒ 每 {1} 內的 {0} 落在各直方圖桶的比例，所有副本
        share of the traced requests in each {0} by bucket, all replicas ⇒ 每 {0} 內的追蹤請求落在各桶的比例，所有副本
        {0}, by time and bucket ⇒ {0}，依時間與桶
        95 % within {0} ⇒ 95 % 在 {0} 以內
        95 % not within {0} ⇒ 95 % 超出 {0}
        {0}: {1}, during incidents too ⇒ {0}：{1}，事故期間亦同
        {0}: during incidents {1}, otherwise {2} ⇒ {0}：事故期間 {1}，其他時間 {2}
        Where steps are longer than the evidence is fine, charts show the lowest and the highest value of each step, from the same expressions minute by minute, and from every sample of vLLM's gauges: no spike is lost, and a line that jumps up and down spans what happened within a step. Key figures and findings don't rest on these points. ⇒ 若每個步距長於證據的解析度，圖表顯示每個步距內的最低值與最高值：以相同運算式逐分鐘計算，vLLM 的量規則取每一個樣本。因此不會遺漏尖峰；上下跳動的線代表該步距內的變化範圍。關鍵數據與發現不以這些點為依據。
        The grey line is the same signal exactly seven days earlier, made in the same way and in the same steps. It is drawn where this database has evidence of the same replicas serving the same models at that time. It may double a chart's axis; what lies higher stands at the upper border. Nothing else in this report rests on it. ⇒ 灰線是同一訊號恰好七天前的值，以相同方式與步距計算。僅當此資料庫含有當時相同副本服務相同模型的證據時才會畫出。它最多使圖表的座標軸加倍，更高的值畫在上緣。本報告的其他內容皆不以它為依據。
        Of five or more replicas one is called out of line when its figure over the whole window lies more than 3.5 robust standard deviations from the replicas' median (Iglewicz and Hoaglin's modified z-score: 1.4826 times the median absolute deviation; where that is zero the interquartile range over 1.349, then 1.2533 times the mean absolute deviation) and a tenth of the median away. That says that it differs, not why. ⇒ 有五個以上副本時，若某副本整個時段的數據與各副本中位數相差超過 3.5 個穩健標準差（Iglewicz 與 Hoaglin 的修正 z 分數：1.4826 倍的中位數絕對離差；若為零則用四分位距除以 1.349，再不然用 1.2533 倍的平均絕對離差），且相差超過中位數的十分之一，即稱為偏離。這只說明它不同，不說明原因。
        CSV of {0} ⇒ {0} 的 CSV
        {0}: {1} to {2}, highest at {3}, last {4}. ⇒ {0}：{1} 至 {2}，最高在 {3}，最後為 {4}。
        {0}: constantly {1}. ⇒ {0}：固定為 {1}。
        {0}: no values. ⇒ {0}：沒有數值。
        Limit: {0}. ⇒ 上限：{0}。
        Incident {0}. ⇒ 事故 {0}。
        No evidence {0}. ⇒ {0} 沒有證據。
        Times are UTC. Shaded: incident. Hatched: no evidence. Dotted: events. ⇒ 時間為 UTC。底色：事故。斜線：沒有證據。虛線：事件。
        Drag over a chart to zoom into all of them, click to mark a moment; a double click goes back. ⇒ 在任一圖上拖曳可同時放大所有圖，點一下可標記時刻，連按兩下則還原。
        Keys: arrows and Page Up or Down move, + and − zoom, C copies a link, Escape goes back. ⇒ 按鍵：方向鍵與 Page Up、Page Down 移動，+ 與 − 縮放，C 複製連結，Escape 還原。
        Lines keep the extremes of every {0}, small charts of twice that: zooming in shows nothing finer. ⇒ 線條保留每 {0} 的極值，小圖則為其兩倍長度：放大不會顯示更細的資料。
        Selected time ⇒ 選取的時間
        Series shown ⇒ 顯示的序列
        Shows or hides the line; with Shift in all charts ⇒ 顯示或隱藏線條；按住 Shift 則套用到所有圖
        Zoom in ⇒ 放大
        Zoom out ⇒ 縮小
        Reset ⇒ 還原
        Copy link ⇒ 複製連結
        shown: {0} ⇒ 顯示範圍：{0}
        link copied ⇒ 已複製連結
        the link is in the address bar ⇒ 連結在網址列中
        the link points outside this report's time ⇒ 連結指向本報告時間範圍之外
        Events and incidents on the time axis ⇒ 時間軸上的事件與事故
        Incidents and events ({0}) ⇒ 事故與事件（{0}）
        Restart ⇒ 重新啟動
        Crash ⇒ 崩潰
        Error burst ⇒ 錯誤暴增
        Deployment ⇒ 部署
        Throttling ⇒ 降頻
        Note ⇒ 附註
        Bars from {0} to {1}; the most, {2}, in {3}. ⇒ 長條由 {0} 到 {1}；最多為 {2}，位於 {3}。
        outlined: period compared with ⇒ 外框：比較的期間
        nothing in the window ⇒ 時段內沒有資料
        Which source covers which part of the window ⇒ 各來源涵蓋時段的哪些部分
        Signal ⇒ 訊號
        Unit ⇒ 單位
        Source ⇒ 來源
        Whole window ⇒ 整個時段
        Worst 5 min ⇒ 最差 5 分鐘
        From (UTC) ⇒ 起始 (UTC)
        Histogram bucket ⇒ 直方圖區間
        {0} to {1} ⇒ {0} 至 {1}
         ({0}) ⇒ （{0}）
        {0} ({1}) ⇒ {0}（{1}）
        {0}  ({1}) ⇒ {0}（{1}）
        {0}: {1}. ⇒ {0}：{1}。
        {0}: –. ⇒ {0}：–。
        {0}: {1}, gaps {2}. ⇒ {0}：{1}，缺口 {2} 個。
        {0} {1}: {2}. ⇒ {0} {1}：{2}。
        above {0} ⇒ 高於 {0}
        below {0} ⇒ 低於 {0}
        the axis does not begin at zero ⇒ 座標軸不從零開始
        {0} points by {1}. ⇒ {0} 個點，依 {1}。
        The line goes from {0} at {1} to {2} at {3}. ⇒ 線由 {1} 處的 {0} 到 {3} 處的 {2}。
        n too small ({0}) ⇒ 樣本數太少（{0}）
        As PromQL ⇒ PromQL 結果
        Observations ⇒ 觀測數
        Replica ⇒ 副本
        Time (UTC) ⇒ 時間 (UTC)
        Level ⇒ 等級
        Count ⇒ 次數
        Message ⇒ 訊息
        Client ⇒ 用戶端
        Requests ⇒ 請求
        Share ⇒ 比例
        Errors ⇒ 錯誤
        Request ⇒ 請求
        Trace ⇒ 追蹤
        End to end ⇒ 端到端
        First token ⇒ 首個 token
        In the queue ⇒ 佇列中
        Gateway ⇒ 閘道
        Request line ⇒ 請求行
        Status ⇒ 狀態
        Duration ⇒ 處理時間
        Head of the answer ⇒ 回應標頭
        Engine, end to end ⇒ 引擎，端到端
        Engine, first token ⇒ 引擎，首個 token
        Upstream ⇒ 上游
        Ended by ⇒ 結束原因
        client disconnect ⇒ 用戶端斷線
        upstream timeout ⇒ 上游逾時
        upstream failure ⇒ 上游失敗
        no upstream ⇒ 沒有上游
        overload ⇒ 過載
        failure ⇒ 失敗
        Peak rate (requests/s) ⇒ 最高速率（請求/秒）
        Setting ⇒ 設定
        vLLM version ⇒ vLLM 版本
        Model ⇒ 模型
        Arguments ⇒ 參數
        Capacity as the engine stated it ⇒ 引擎自述的容量
        {0}: from {1} ⇒ {0}：自 {1}
        {0}: {1} to {2} ⇒ {0}：{1} 至 {2}
        before the evidence ⇒ 證據開始之前
        differs ⇒ 不同
        File ⇒ 檔案
        Format ⇒ 格式
        Kind ⇒ 種類
        First (UTC) ⇒ 最早 (UTC)
        Last (UTC) ⇒ 最晚 (UTC)
        Records ⇒ 紀錄
        Lines ⇒ 行數
        Noise ⇒ 雜訊行
        Rejects ⇒ 無法讀取
        Clock offset ⇒ 時鐘偏移
        Gaps ⇒ 缺口
        Sources ⇒ 來源
        Files that no format claimed ⇒ 無法辨識格式的檔案
        Left out: the same samples came from a better source ⇒ 已略過：相同的樣本已由更好的來源提供
        {0} – in favour of {1} ⇒ {0} – 改用 {1}
        Key figures: {0} ⇒ 關鍵數據：{0}
        {0} January {1} ⇒ {1} 年 1 月 {0} 日
        {0} February {1} ⇒ {1} 年 2 月 {0} 日
        {0} March {1} ⇒ {1} 年 3 月 {0} 日
        {0} April {1} ⇒ {1} 年 4 月 {0} 日
        {0} May {1} ⇒ {1} 年 5 月 {0} 日
        {0} June {1} ⇒ {1} 年 6 月 {0} 日
        {0} July {1} ⇒ {1} 年 7 月 {0} 日
        {0} August {1} ⇒ {1} 年 8 月 {0} 日
        {0} September {1} ⇒ {1} 年 9 月 {0} 日
        {0} October {1} ⇒ {1} 年 10 月 {0} 日
        {0} November {1} ⇒ {1} 年 11 月 {0} 日
        {0} December {1} ⇒ {1} 年 12 月 {0} 日
        {0} Jan ⇒ 1/{0}
        {0} Feb ⇒ 2/{0}
        {0} Mar ⇒ 3/{0}
        {0} Apr ⇒ 4/{0}
        {0} May ⇒ 5/{0}
        {0} Jun ⇒ 6/{0}
        {0} Jul ⇒ 7/{0}
        {0} Aug ⇒ 8/{0}
        {0} Sep ⇒ 9/{0}
        {0} Oct ⇒ 10/{0}
        {0} Nov ⇒ 11/{0}
        {0} Dec ⇒ 12/{0}
        s ⇒ 秒
        ms ⇒ 毫秒
        µs ⇒ 微秒
        min ⇒ 分鐘
        h ⇒ 小時
        d ⇒ 天
        requests ⇒ 請求
        {0}\u{A0}requests ⇒ {0}\u{A0}個請求
        requests/s ⇒ 請求/秒
        tokens ⇒ token
        tokens/s ⇒ token/秒
        cores ⇒ 核心
        steps/s ⇒ 步/秒
        preemptions/s ⇒ 次搶占/秒
        segments/s ⇒ 區段/秒
        events ⇒ 起事件
        starts ⇒ 次啟動
        1 connection ⇒ 1 條連線
        {0} connections ⇒ {0} 條連線
        {0} ({1} scrapes) ⇒ {0}（{1} 次抓取）
        {0} series in the form ‘{1}’ ⇒ 「{1}」形式的 {0} 條序列
        no vLLM metrics: latencies are those of the traced requests ⇒ 沒有 vLLM 指標：延遲取自追蹤的請求
        no vLLM metrics: latencies cannot be seen ⇒ 沒有 vLLM 指標：無法看到延遲
        no server log: crashes, configuration and clients cannot be seen ⇒ 沒有伺服器日誌：無法看到崩潰、組態與用戶端
        no GPU capture: throttling cannot be seen ⇒ 沒有 GPU 記錄：無法看到降頻
        {0} lines could not be read ({1}) ⇒ {0} 行無法讀取（{1}）
        {0} sources are damaged or cut off ⇒ {0} 個來源損壞或不完整
        the clock of a source is doubtful (see Coverage) ⇒ 某個來源的時鐘有疑慮（見「證據涵蓋範圍」）
        1 log could not be joined with metrics ⇒ 1 份日誌無法與指標對應
        {0} logs could not be joined with metrics ⇒ {0} 份日誌無法與指標對應
        log, metrics and GPU capture cover the window; every line was read ⇒ 日誌、指標與 GPU 記錄涵蓋整個時段；每一行都已讀取
        log ⇒ 日誌
        traces ⇒ 追蹤
        gateway ⇒ 閘道
        gpu ⇒ GPU
        metrics ⇒ 指標
        Duration P50 ⇒ 處理時間 P50
        Duration P95 ⇒ 處理時間 P95
        Duration P99 ⇒ 處理時間 P99
        Head of the answer P95 ⇒ 回應標頭 P95
        First token P95 ⇒ 首個 token P95
        In the queue P95 ⇒ 佇列中 P95
        Left by the client ⇒ 用戶端離開
        Upstream too slow ⇒ 上游過慢
        Engines ⇒ 引擎
        vLLM\u{2019}s end-to-end latency, aborts for disconnects ⇒ vLLM 的端到端延遲；以中止數代表斷線
        Gateways ⇒ 閘道
        Charts ⇒ 圖表
        Each point stands for the {0} that end there. Values from metrics are PromQL expressions over the stored samples, as Prometheus would evaluate them; the table signal_origin of the database names the expression of each. A step without evidence has no point. ⇒ 每個點代表到該時刻為止的 {0}。取自指標的數值是對所存樣本計算的 PromQL 運算式，與 Prometheus 的計算方式相同；資料庫的 signal_origin 資料表列出各訊號的運算式。沒有證據的時段不畫點。
        Rates, means and quantiles over the whole window and over the worst five minutes come from the exact increases of counters, resets included, without extrapolation. A quantile of a histogram is known only to lie inside the bucket that holds it: its bounds stand beside it. The value is a monotone cubic of the bounds' logarithms over the cumulative share; what a dashboard's PromQL says, linear within the bucket, stands in a column of its own. A quantile in the first bucket is below its bound and nothing else is known. Of fewer observations than a 95 % upper bound needs (59 for P95, 299 for P99) it is called too small. ⇒ 整個時段與最差五分鐘的速率、平均與分位數，都來自計數器的實際增量（含重設），不做外插。直方圖的分位數只知道落在所屬區間之內：區間邊界列在旁邊。數值是以邊界對數對累積比例做單調三次內插所得；儀表板的 PromQL 在區間內線性內插的結果另列一欄。落在第一個區間的分位數只知道低於其上界。觀測數少於 95% 上界所需（P95 為 59，P99 為 299）時，標示為樣本數太少。
        Of several replicas, buckets are added before a quantile is taken; quantiles are never averaged. ⇒ 多個副本時，先將各區間相加再取分位數；分位數絕不取平均。
        A cause is named when its required signs are there for long enough; supporting signs raise the confidence, counter-signs and missing evidence lower it. Confidence is high from 0.8, medium above 0.5, otherwise low. Excess waiting is the sum of waiting requests over time (Little's law), or the excess of latency over its mean outside the incident. ⇒ 必要跡象持續夠久時才會指名原因；輔助跡象提高信心，反證與缺少的證據降低信心。信心 0.8 以上為高，超過 0.5 為中，其餘為低。多等的時間是等待中請求對時間的總和（利特爾法則），或延遲超出事故以外平均值的部分。
        An objective on a percentile allows the rest to be slower: P95 one in twenty. That share of 30 days of the period's mean traffic is the error budget; how fast an incident spent it is the share that was slower, by the histogram's buckets, over the share that may be. ⇒ 以百分位數訂定的目標容許其餘請求較慢：P95 容許二十分之一。以期間平均流量計，30 天內的這個比例就是錯誤預算；事故消耗預算的速度，是依直方圖區間得出的較慢比例除以容許的比例。
        Time ⇒ 時間
        All times are UTC. A server log prints neither year nor zone, an access line no time at all: how each source's clock was found stands under Coverage. ⇒ 所有時間均為 UTC。伺服器日誌不印年份與時區，存取行則完全沒有時間：各來源的時鐘如何得出，列於「證據涵蓋範圍」。
        What happened to {0} ⇒ {0} 發生了什麼事
        The database: all evidence and results ⇒ 資料庫：所有證據與結果
        The verdict for programs ⇒ 供程式讀取的判定結果
        Period ⇒ 期間
        {0} crashed ⇒ {0} 崩潰
        {0} was shut down ⇒ {0} 已關閉
        {0} ready ⇒ {0} 就緒
        Prompt length ⇒ 提示長度
        Requests by tokens in the prompt, at most ⇒ 依提示 token 數上限分組的請求
        Generation length ⇒ 產生長度
        Requests by generated tokens, at most ⇒ 依產生 token 數上限分組的請求
        Finish reasons ⇒ 結束原因
        Finished requests ⇒ 完成的請求
        HTTP status ⇒ HTTP 狀態
        Answers of the inference routes ⇒ 推論路由的回應
        KV cache, tokens ⇒ KV 快取（token）
        Maximum concurrency ⇒ 最大並行數
        GPU blocks ⇒ GPU 區塊
        KV cache, bytes ⇒ KV 快取（位元組）
        Model weights, bytes ⇒ 模型權重（位元組）
        Attention backend ⇒ Attention 後端
        Engine start, seconds ⇒ 引擎啟動（秒）
        crashed ⇒ 崩潰
        shut down ⇒ 關閉
        Fleet ⇒ 整個叢集
        Key figures of {0} ⇒ {0} 的關鍵數據
        percentiles over all replicas ⇒ 所有副本的百分位數
        Running and waiting requests ⇒ 執行中與等待中的請求
        sum over replicas ⇒ 副本總和
        running ⇒ 執行中
        waiting ⇒ 等待中
        Token throughput ⇒ token 吞吐量
        prompt ⇒ 提示
        generated ⇒ 產生
        Errors and aborts ⇒ 錯誤與中止
        HTTP answers and aborted requests, sum over replicas ⇒ HTTP 回應與中止的請求，副本總和
        aborts ⇒ 中止
        Duration at the gateway ⇒ 閘道處理時間
        percentiles over all gateways ⇒ 所有閘道的百分位數
        Left and timed-out requests at the gateway ⇒ 閘道上離開與逾時的請求
        sum over gateways ⇒ 閘道總和
        left ⇒ 離開
        timed out ⇒ 逾時
        Queue, prefill and decode ⇒ 排隊、預填與解碼
        means of requests finished in the step ⇒ 該時段完成請求的平均
        queue ⇒ 排隊
        prefill ⇒ 預填
        decode ⇒ 解碼
        Request lengths ⇒ 請求長度
        Service ⇒ 服務
        What users saw: load, latency, errors. ⇒ 使用者所見：負載、延遲、錯誤。
        Inference ⇒ 推論
        What the engines did: tokens, cache, phases of a request. ⇒ 引擎的工作：token、快取、請求的各階段。
        System ⇒ 系統
        What the GPUs, the hosts and the processes did. ⇒ GPU、主機與行程的狀況。
        , from {0} ⇒ ，取自 {0}
        from {0} ⇒ 取自 {0}
        replicas ⇒ 副本
        hosts ⇒ 主機
        gateways ⇒ 閘道
        sum over {0}{1} ⇒ {0} 總和{1}
        highest of the {0}{1} ⇒ {0} 最高值{1}
        mean over {0}{1} ⇒ {0} 平均{1}
        Nothing that users suffered from was found. ⇒ 沒有發現影響使用者的問題。
        {0} of the {1} causes that this version knows were ruled out. ⇒ 本版本所知的 {1} 種原因中，已排除 {0} 種。
        {0} of the {1} causes that this version knows were ruled out; {2} could not be checked. ⇒ 本版本所知的 {1} 種原因中，已排除 {0} 種；{2} 種無法檢查。
        From {0} to {1} UTC ({2}): {3}. Confidence {4} ({5}). ⇒ {0} 至 {1} UTC（{2}）：{3}。信心{4}（{5}）。
        ; users felt it {0} later ⇒ ；{0} 後使用者開始有感
        Just before, at {0}, {1}{2}. ⇒ 在此之前的 {0}，{1}{2}。
         (normally {0}) ⇒ （平常 {0}）
        Users waited up to {0} for the first token at P95{1}. ⇒ 使用者等待首個 token 的 P95 時間最長達 {0}{1}。
        {0} is {1} ⇒ {0} 來自 {1}
        Of the longer steps {0}. ⇒ 步驟變長的部分：{0}。
        1 more finding below. ⇒ 下方另有 1 項發現。
        {0} more findings below. ⇒ 下方另有 {0} 項發現。
        Requests affected, about ⇒ 受影響請求（約）
        Excess waiting of all users ⇒ 全體使用者多等的時間
        P95 time to first token ⇒ P95 首個 token 時間
        Mean inter-token latency ⇒ 平均 token 間延遲
        Answers with 5xx ⇒ 5xx 回應
        of {0}: n too small ⇒ 共 {0}：樣本數太少
        over the whole window ⇒ 整個時段
        worst five minutes {0} ⇒ 最差五分鐘 {0}
        {0} of excess waiting over all users ⇒ 全體使用者共多等 {0}
        about {0} affected ⇒ 約 {0} 受影響
        error budget, {0} ⇒ 錯誤預算，{0}
        {0} Of the longer steps: {1}. ⇒ {0}步驟變長的部分：{1}。
        UTC in the data ⇒ 資料本身為 UTC
        taken as UTC, which fits {0} ⇒ 視為 UTC，與 {0} 相符
        taken as UTC, which does not fit {0} ⇒ 視為 UTC，與 {0} 不符
        taken as UTC ⇒ 視為 UTC
        zone {0} from --timezone ⇒ 時區 {0}，取自 --timezone
        zone {0} from capture.json ⇒ 時區 {0}，取自 capture.json
        zone {0} from the container's times ⇒ 時區 {0}，取自容器的時間
        zone from the times around the lines ⇒ 時區取自各行外層的時間
        zone {0} of another piece of the log, {1} ⇒ 時區 {0}，取自日誌的另一段，{1}
        zone by alignment with {0} (± {1} s, correlation {2}, elsewhere {3}, {4} samples) ⇒ 時區以對齊得出，對照 {0}（± {1} 秒，相關係數 {2}，他處 {3}，{4} 個樣本）
        zone by coverage: so it begins and ends within {0} s of the metrics ⇒ 時區以涵蓋範圍得出：起訖與指標相差在 {0} 秒內
        zone printed in each line ⇒ 每一行都印出時區
        zone printed in most lines ⇒ 多數行印出時區
        the others: {0} ⇒ 其餘：{0}
        zone printed ⇒ 已印出時區
        no line has a time of its own ⇒ 沒有任何一行有自己的時間
        start and interval given ⇒ 已指定起始時間與間隔
        year from {0} ⇒ 年份取自 {0}
        year given ⇒ 已指定年份
        year printed ⇒ 已印出年份
        from the file's name ⇒ 取自檔名
        {0} records before the first time take it ⇒ 第一個時間之前的 {0} 筆紀錄沿用該時間
        forward 1 h at {0} (daylight-saving time) ⇒ 於 {0} 撥快 1 小時（日光節約時間）
        back 1 h at {0} (daylight-saving time) ⇒ 於 {0} 撥慢 1 小時（日光節約時間）
        not aligned: {0} ⇒ 未對齊：{0}
        the log's clock is {0} s ahead of the container's ⇒ 日誌的時鐘比容器快 {0} 秒
        the container's times are {0} s late ⇒ 容器的時間晚 {0} 秒
        the log has no statistics lines ⇒ 日誌沒有統計行
        nothing to compare it with ⇒ 沒有可對照的資料
        {0}: the numbers to compare are flat ⇒ {0}：可對照的數值沒有變化
        {0} and {1} fit at different shifts ⇒ {0} 與 {1} 在不同的位移處相符
        {0} fits best at {1} minutes, correlation {2}: too weak ⇒ {0} 在 {1} 分鐘處最相符，相關係數 {2}：太弱
        the gauges of {0} ⇒ {0} 的指標
        {0} by its {1} ⇒ {0}，依其 {1}
        the logs' throughput ⇒ 日誌的吞吐量
        the servers' throughput ⇒ 伺服器的吞吐量
        the metrics ⇒ 指標
        the container's times ⇒ 容器的時間
        the time in gzip's header ⇒ gzip 標頭中的時間
        the file's modification time ⇒ 檔案修改時間
        a full date in the log ⇒ 日誌中的完整日期
        the date in the file's name ⇒ 檔名中的日期
        utilisation ⇒ 使用率
        memory utilisation ⇒ 記憶體使用率
        power ⇒ 功耗
        Periods of the evidence ⇒ 證據的期間
        Time to first token, P50 ⇒ 首個 token 時間，P50
        Time to first token, P90 ⇒ 首個 token 時間，P90
        Time to first token, P95 ⇒ 首個 token 時間，P95
        Time to first token, P99 ⇒ 首個 token 時間，P99
        Inter-token latency, P50 ⇒ token 間延遲，P50
        Inter-token latency, P90 ⇒ token 間延遲，P90
        Inter-token latency, P95 ⇒ token 間延遲，P95
        Inter-token latency, P99 ⇒ token 間延遲，P99
        End-to-end latency, P50 ⇒ 端到端延遲，P50
        End-to-end latency, P90 ⇒ 端到端延遲，P90
        End-to-end latency, P95 ⇒ 端到端延遲，P95
        End-to-end latency, P99 ⇒ 端到端延遲，P99

        """
}
