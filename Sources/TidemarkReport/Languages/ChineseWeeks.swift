/// The pages of weeks and the index over them.
enum ChineseWeeks {
    static let table = """
        {0}, week {1} ⇒ {0}，{1} 週
        {0} to {1}, days of {2} ⇒ {0} 至 {1}，日期依 {2}
        {0}; the week is still going on ⇒ {0}；本週尚未結束
        {0}: all weeks ⇒ {0}：所有週次
        {0}. {1} ⇒ {0}。{1}
        Week {0}: {1} ⇒ {0} 週：{1}
        All weeks ⇒ 所有週次
        Weeks ⇒ 各週
        Week ⇒ 週
        From ⇒ 起始
        {0} weeks are kept; the newest is on top. ⇒ 共保留 {0} 週；最新的在最上面。
        {0}: no evidence ⇒ {0}：無證據
        {0}, so far ⇒ {0}，至目前為止
        How it develops ⇒ 各週走勢
        One point a week, at its Monday. A week without evidence is a gap. ⇒ 每週一個點，位於該週的週一。沒有證據的那一週留白。
        {0} weeks ⇒ {0} 週
        no evidence of {0}: {1} ⇒ {0} 週沒有證據：{1}
        less than 70 % of the hours in {0} ⇒ {0} 週的證據不到時數的 70%
        {0} (80 % interval {1} to {2}) ⇒ {0}（80% 區間 {1} 至 {2}）
        {0}, {1} UTC, confidence {2} ⇒ {0}，{1} UTC，信心{2}
        1 finding, {0}. ⇒ 1 項發現：{0}。
        {0} findings, the largest: {1}. ⇒ {0} 項發現，影響最大的是：{1}。
        What was asked of the fleet in this week is not known. ⇒ 本週叢集承受的需求不明。
        The busiest hour had {0}; how much the fleet can take is not known. ⇒ 最忙碌的一小時有 {0}；叢集能承受多少不明。
        At the busiest hour ({0}) {1} of the capacity were free ⇒ 最忙碌的一小時（{0}）仍有 {1} 的容量可用
        The busiest hour ({0}) asked for {1} more than the capacity ⇒ 最忙碌的一小時（{0}）的需求超出容量 {1}
        It runs out: {0}. ⇒ 容量何時耗盡：{0}。
        When it runs out is not known. ⇒ 容量何時耗盡不明。
        Demand exceeds it already. ⇒ 需求已超過容量。
        It runs out in about {0} weeks (80 %: {1} to {2}). ⇒ 約 {0} 週後耗盡（80%：{1} 至 {2}）。
        last week {0} ⇒ 上週 {0}
        Headroom at the busiest hour ⇒ 最忙碌一小時的餘裕
        Weeks to exhaustion ⇒ 距耗盡的週數
        not known ⇒ 不明
        Error budget left ⇒ 剩餘的錯誤預算
        of {0} weeks, {1} ⇒ {0} 週的預算，{1}
        no objective is measured ⇒ 沒有可量測的目標
        Slower than last week ⇒ 比上週慢
        at equal load, {0} to {1} ⇒ 同等負載下，{0} 至 {1}
        Cost a million output tokens ⇒ 每百萬輸出 token 成本
        no price or no tokens ⇒ 沒有單價或 token 數
        Objectives and error budget ⇒ 目標與錯誤預算
        No objective is measured: `slo:` in tidemark.yaml names them, and histograms of vLLM's metrics (or their absence) decide whether they can be. ⇒ 沒有可量測的目標：目標寫在 tidemark.yaml 的 `slo:`，能否量測取決於是否有 vLLM 指標的直方圖。
        {0}: {1} slower than {2} where {3} may be, a burn rate of {4}. ⇒ {0}：有 {1} 慢於 {2}，容許 {3}，燃燒率 {4}。
        No alert on the burn rate would have come. ⇒ 不會有任何燃燒率告警。
        An alert on the burn rate would have been on for 1 hour. ⇒ 燃燒率告警會持續 1 小時。
        An alert on the burn rate would have been on for {0} hours. ⇒ 燃燒率告警會持續 {0} 小時。
        whole fleet ⇒ 整個叢集
        Observations against objectives ⇒ 觀測值與目標
        Scope ⇒ 範圍
        Objective ⇒ 目標
        Slower ⇒ 較慢
        at least ⇒ 至少
        Burn rate ⇒ 燃燒率
        worst hour ⇒ 最差的一小時
        worst 6 h ⇒ 最差的 6 小時
        worst 3 d ⇒ 最差的 3 天
        Left of {0} weeks' budget ⇒ {0} 週預算的剩餘
        Slower than the objective: {0} ⇒ 慢於目標：{0}
        share slower than {0} ⇒ 慢於 {0} 的占比
        allowed ⇒ 容許
        Demand and headroom ⇒ 需求與餘裕
        Next week's busiest hour is expected at {0}, 90 % between {1} and {2}. ⇒ 下週最忙碌的一小時預計為 {0}，90% 介於 {1} 與 {2} 之間。
        Demand grows by {0} a week. ⇒ 需求每週成長 {0}。
        Demand falls by {0} a week. ⇒ 需求每週下降 {0}。
        Exhaustion: {0}. ⇒ 容量耗盡：{0}。
        Next week needs {0}, headroom and spares included; there are {1}. ⇒ 下週需要 {0}（含餘裕與備援）；現有 {1}。
        No estimate: {0}. ⇒ 無法估計：{0}。
        No estimate for {0}: {1}. ⇒ 無法估計 {0}：{1}。
        Demand was counted, the capacity was not estimated. ⇒ 已統計需求，但未估計容量。
        last week ⇒ 上週
        this week ⇒ 本週
        Requests asked of the fleet, by the hour ⇒ 叢集每小時收到的請求
        mean of the hour, {0} ⇒ 每小時平均，{0}
        demand ⇒ 需求
        Headroom by model ⇒ 各模型的餘裕
        Busiest hour ⇒ 最忙碌的一小時
        busiest hour ⇒ 最忙碌的一小時
        Headroom ⇒ 餘裕
        share of the capacity, band: 80 % ⇒ 占容量的比例，色帶：80%
        wanted ⇒ 期望
        Demand and capacity ⇒ 需求與容量
        busiest hour and mean of the week ⇒ 最忙碌的一小時與全週平均
        mean ⇒ 平均
        all costs on them ⇒ 全部成本計入
        Slower than the week before ⇒ 比前一週慢
        at equal load, band: 95 % ⇒ 同等負載下，色帶：95%
        mean over the observed hours ⇒ 有觀測時數的平均
        Active users ⇒ 活躍使用者
        distinct in the week ⇒ 一週內不重複
        Hours with evidence ⇒ 有證據的時數
        share of the week ⇒ 占一週的比例
        Highest burn rate ⇒ 最高燃燒率
        Slower than before ⇒ 比先前慢
        New errors ⇒ 新錯誤
        Against the week before ⇒ 與前一週比較
        There is no evidence of the week before to compare with. ⇒ 沒有前一週的證據可比較。
        What changed beyond chance, at equal load where that matters ⇒ 超出隨機波動的變化（與負載有關者以同等負載計）
        Arguments and versions that changed ⇒ 改變的參數與版本
        New kinds of errors ⇒ 新種類的錯誤
        No errors were seen, nor statistics lines of a server's log: it may be missing. ⇒ 沒有看到錯誤，也沒有伺服器記錄的統計行：記錄可能缺失。
        None that no earlier week has. ⇒ 沒有先前各週未出現過的錯誤。
        None that no earlier week has. {0} known kinds came again. ⇒ 沒有先前各週未出現過的錯誤。有 {0} 種已知錯誤再次出現。
        {0} kinds of errors; this is the first week, so none is known. ⇒ {0} 種錯誤；這是第一週，因此都算未知。
        1 kind of error that no earlier week has. ⇒ 有 1 種先前各週未出現過的錯誤。
        {0} kinds of errors that no earlier week has. ⇒ 有 {0} 種先前各週未出現過的錯誤。
        The {0} most frequent are shown. ⇒ 顯示最常見的 {0} 種。
        Messages with their variable parts masked ⇒ 已遮蔽可變部分的訊息
        Times ⇒ 次數
        One less the demand of the week's busiest hour over the capacity that was estimated from the week's own traffic (80 % interval of the estimate). Exhaustion is the first hour of the forecast whose mean demand exceeds the capacity; earliest and latest set the ends of both intervals against each other. ⇒ 一減去該週最忙碌一小時的需求除以由該週流量估得的容量（估計值的 80% 區間）。耗盡是指預測中平均需求首次超過容量的那一小時；最早與最晚則取兩個區間相對的端點。
        Error budget ⇒ 錯誤預算
        An objective on P95 lets one observation in twenty be slower: that share is the budget. The burn rate is the share that was slower over it; at 1 the budget lasts exactly as long as its period. Alerts are counted by the Site Reliability Workbook's rates, 14.4 over an hour and 6 over six hours, where the lower end of Wilson's 95 % interval exceeds them and at least 50 requests were observed. ⇒ P95 的目標容許每二十次觀測有一次較慢：這個比例就是預算。燃燒率是實際較慢的比例除以它；等於 1 時預算恰好用到期末。告警依 Site Reliability Workbook 的速率計算：一小時 14.4、六小時 6，且 Wilson 95% 區間的下界超過該值、並觀測到至少 50 個請求。
        Waste ⇒ 浪費
        Idle: the share of the capacity that demand left unused, in GPU-hours of the observed hours. Preempted: prompts and half the answers computed again. Aborted and missed in the cache: at most, for an abort may come early, and not every prefix comes twice. ⇒ 閒置：需求未用到的容量占比，換算為有觀測時數的 GPU 小時。搶占：重新計算的提示與一半的回答。中止與快取未命中為上限，因為中止可能發生得早，而且並非每個前綴都會出現兩次。
        users waited {0} longer, all together ⇒ 使用者合計多等了 {0}
        {0} of GPU time ⇒ GPU 時間 {0}
        evidence of {0} of the hours ⇒ {0} 的時數有證據
        evidence of {0} of the hours so far ⇒ 至目前為止 {0} 的時數有證據
        vLLM metrics ⇒ vLLM 指標
        Server logs, statistics lines ⇒ 伺服器記錄的統計行
        GPU samples ⇒ GPU 取樣
        Gateway logs ⇒ 閘道記錄
        vLLM metrics of {0} ⇒ {0} 的 vLLM 指標
        In doubt: {0}. ⇒ 存疑：{0}。
        Completeness of the evidence ⇒ 證據的完整度
        Something was recorded in {0} of the hours. Hours without are gaps, not zeros. ⇒ {0} 的時數有記錄。沒有記錄的時數是缺漏，不是零。
        Something was recorded in {0} of the hours so far. Hours without are gaps, not zeros. ⇒ 至目前為止 {0} 的時數有記錄。沒有記錄的時數是缺漏，不是零。
        With ⇒ 有
        Of ⇒ 共
        Idle capacity ⇒ 閒置容量
        Computed again after preemption ⇒ 搶占後重新計算
        For requests that clients gave up, at most ⇒ 用於用戶端放棄的請求（上限）
        Prompt tokens that no cache held, at most ⇒ 快取未命中的提示 token（上限）
        {0} in the observed hours cost {1}. ⇒ 有觀測的時數中共 {0}，成本 {1}。
        The largest waste: {0} ({1}). ⇒ 最大的浪費：{0}（{1}）。
        What the week cost is not known. ⇒ 本週成本不明。
        Cost and waste ⇒ 成本與浪費
        The observed hours ⇒ 有觀測的時數
        A GPU-hour ⇒ 每 GPU 小時
        A request ⇒ 每個請求
        A million output tokens, all costs on them ⇒ 每百萬輸出 token（全部成本計入）
        A million prompt tokens, by what they cost the engines ⇒ 每百萬提示 token（依引擎實際花費）
        A million generated tokens, by what they cost the engines ⇒ 每百萬生成 token（依引擎實際花費）
        A session ⇒ 每個工作階段
        Energy measured ⇒ 量測到的能量
        GPU-hours ⇒ GPU 小時
        A million output tokens of {0} ⇒ {0} 每百萬輸出 token
        Costs and amounts ⇒ 成本與用量
        This week ⇒ 本週
        Last week ⇒ 上週
        Waste, the largest first ⇒ 浪費，由大到小
        What ⇒ 項目
        GPU time ⇒ GPU 時間
        Money ⇒ 金額
        Number ⇒ 數量
        Not known, because ⇒ 不明的原因
        Models ⇒ 模型
        Tenants ⇒ 租戶
        Routes ⇒ 路由
        Adapters (LoRA) ⇒ 轉接器（LoRA）
        what the evidence names ⇒ 證據中的名稱
        {0} active users, counted by {1}, in {2} sessions ⇒ {0} 位活躍使用者（依{1}計算），共 {2} 個工作階段
        {0}; half of the sessions last longer than {1}. ⇒ {0}；半數的工作階段長於 {1}。
        {0} of the sessions touch the border of what was observed; their lengths are left out. A session ends with a pause of 30 minutes. ⇒ {0} 的工作階段碰到觀測範圍的邊界，其長度不列入。停頓 30 分鐘即視為工作階段結束。
        Behind an address may stand many users, or a proxy that stands for all. ⇒ 一個位址後面可能有許多使用者，或是代表所有人的代理。
        The busiest tenth of the users made {0} of the requests. ⇒ 最活躍的十分之一使用者發出 {0} 的請求。
        Users and sessions are not known. ⇒ 使用者與工作階段不明。
        Users and use ⇒ 使用者與用量
        Active users a day, mean ⇒ 每日活躍使用者，平均
        Sessions ⇒ 工作階段
        Requests a session ⇒ 每個工作階段的請求數
        Length of a session, median ⇒ 工作階段長度，中位數
        Length of a session, P90 ⇒ 工作階段長度，P90
        Sessions at the border of the evidence ⇒ 位於證據邊界的工作階段
        Cost of a session ⇒ 工作階段的成本
        Answers that reached their length limit ⇒ 達到長度上限的回答
        Prompt tokens for a generated one, median ⇒ 每個生成 token 的提示 token，中位數
        Used of max_tokens, mean ⇒ max_tokens 的使用比例，平均
        Users and sessions ⇒ 使用者與工作階段
        tenant {0} ⇒ 租戶 {0}
        {0}, the {1} with the most requests of {2} ⇒ {0}：{2} 項中請求最多的 {1} 項
        Cost ⇒ 成本
        Length of prompts, tokens ⇒ 提示長度，token
        Length of answers, tokens ⇒ 回答長度，token
        Prompt tokens for each generated one ⇒ 每個生成 token 的提示 token
        Length of sessions ⇒ 工作階段長度
        Above ⇒ 高於
        Up to ⇒ 至多
        users named in traces ⇒ 追蹤中的使用者
        client addresses ⇒ 用戶端位址
        conversations named in traces ⇒ 追蹤中的對話
        the gateway's log ⇒ 閘道記錄
        the clocks of some sources are in doubt ⇒ 部分來源的時鐘存疑
        kept weeks ⇒ 保留的各週
        kept week ⇒ 保留的一週
        {0} hours with requests are too few for a forecast ⇒ 只有 {0} 小時有請求，不足以預測
        no capacity is known, so nothing tells when it runs out ⇒ 容量不明，無從得知何時耗盡
        it lies further ahead than the history is long ⇒ 時點比歷史的長度更遠
        it may also stay within the capacity for the half year looked at ⇒ 在所看的半年內也可能一直低於容量
        not within {0} weeks, as far as the history tells ⇒ 就歷史所見，{0} 週內不會
        {0}; at the upper end of demand and the lower end of capacity in {1} weeks ⇒ {0}；若取需求上界與容量下界，則為 {1} 週
        no access lines, gateway logs or traces of this week: users and sessions are not known ⇒ 本週沒有存取行、閘道記錄或追蹤：使用者與工作階段不明
        only the first {0} requests of the week were looked at for users and sessions ⇒ 使用者與工作階段只看了本週前 {0} 個請求
        {0} name no user, conversation or client address ⇒ {0}沒有使用者、對話或用戶端位址
        of adapter {0} only its presence is known: requests by adapter need a gateway log or traces with the model's name ⇒ 轉接器 {0} 只知其存在：要得知各轉接器的請求，需要帶有模型名稱的閘道記錄或追蹤
        nothing names a tenant: an attribute tenant.id in the spans of a gateway would ⇒ 沒有任何資料指出租戶：閘道 span 中的 tenant.id 屬性可以
        the number of GPUs is not known ⇒ GPU 數量不明
        no capacity is known ⇒ 容量不明
        what a token costs the engines is not known ⇒ 每個 token 花費引擎多少不明
        preemptions are not counted: scrape /metrics ⇒ 沒有計數搶占：請擷取 /metrics
        aborts are not counted: scrape /metrics ⇒ 沒有計數中止：請擷取 /metrics
        hits of the prefix cache are not counted, or it is off ⇒ 沒有計數前綴快取的命中，或快取已關閉
        """
}
