extension ReportModel {
    /// What an engine's span says about one request. A value that it doesn't have is nil.
    public struct TracedRequest: Sendable, Equatable {
        /// Unix ms UTC.
        public var startMs: Int64
        public var requestID: String
        public var traceID: String
        /// From arrival to the last token, seconds.
        public var endToEnd: Double
        public var timeToFirstToken: Double?
        public var queue: Double?
        public var promptTokens: Int?
        public var completionTokens: Int?
        /// Name of the engine; empty when it isn't known.
        public var instance: String
        /// Where the request stands in the request log: `server.log:12`; empty when it doesn't.
        public var logLine: String

        public init(
            startMs: Int64, requestID: String, traceID: String, endToEnd: Double, timeToFirstToken: Double? = nil,
            queue: Double? = nil, promptTokens: Int? = nil, completionTokens: Int? = nil, instance: String = "",
            logLine: String = ""
        ) {
            self.startMs = startMs
            self.requestID = requestID
            self.traceID = traceID
            self.endToEnd = endToEnd
            self.timeToFirstToken = timeToFirstToken
            self.queue = queue
            self.promptTokens = promptTokens
            self.completionTokens = completionTokens
            self.instance = instance
            self.logLine = logLine
        }
    }
}
