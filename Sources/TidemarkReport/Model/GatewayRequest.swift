extension ReportModel {
    /// A request as a gateway saw it, beside what the engine says of it. A value that is not known is nil.
    public struct GatewayRequest: Sendable, Equatable {
        /// Unix ms UTC.
        public var startMs: Int64
        public var gateway: String
        /// Method and path.
        public var request: String
        public var status: Int?
        /// Seconds, all of them.
        public var duration: Double
        public var timeToHeaders: Double?
        /// Of the engine, from its span or its request log.
        public var engineEndToEnd: Double?
        public var engineFirstToken: Double?
        public var upstream: String
        public var requestID: String
        /// Why it ended otherwise than with the whole answer; empty: it did not.
        public var ending: String

        public init(
            startMs: Int64, gateway: String, request: String, status: Int?, duration: Double,
            timeToHeaders: Double? = nil, engineEndToEnd: Double? = nil, engineFirstToken: Double? = nil,
            upstream: String = "", requestID: String = "", ending: String = ""
        ) {
            self.startMs = startMs
            self.gateway = gateway
            self.request = request
            self.status = status
            self.duration = duration
            self.timeToHeaders = timeToHeaders
            self.engineEndToEnd = engineEndToEnd
            self.engineFirstToken = engineFirstToken
            self.upstream = upstream
            self.requestID = requestID
            self.ending = ending
        }
    }
}
