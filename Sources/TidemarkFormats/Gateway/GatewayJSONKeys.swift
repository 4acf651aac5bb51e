import TidemarkBase

/// What a key of a JSON access log means, whoever chose its spelling.
enum GatewayKey: Int, CaseIterable {
    case time, start, startUTC, end, firstToken
    /// nginx' own variables for the time; a letter that only counts where nothing else is a time.
    case nginxTime, letterTime
    case client, clientFallback, method, path, request, nestedRequest, status, upstreamStatus
    /// In Caddy's object of the request.
    case caddyClient, caddyPeer
    /// In pino's object of the response.
    case pinoStatus
    /// May be a host and a path without a scheme.
    case googleURL
    case bytesIn, bytesOut
    /// nginx' own variable for them.
    case nginxBytesOut
    /// `duration` and its like: the unit depends on who wrote it.
    case duration
    case durationSeconds, durationMillis, durationMicros, durationNanos
    /// Only with a unit: Echo's, Google's load balancers'.
    case durationHuman, googleLatency
    /// The same as an object.
    case googleSeconds, googleNanos
    /// Azure Application Gateway's: seconds in version 2, milliseconds in version 1.
    case azureTime
    case queueMillis, firstTokenMillis, firstByteMillis
    /// Cloudflare's times at the origin.
    case originNanos, originMillis
    /// Higress' statistics: an object in a string.
    case higressLog
    case connectSeconds, headersSeconds, headersMillis, upstreamSeconds, upstreamNanos
    /// Heroku's router's, only with a unit.
    case herokuConnect, herokuService
    /// APISIX' and Kong's.
    case upstreamLatency, kongProxy, receiveMillis
    case upstream, googleServer, requestID, traceID, flags, retries, attempts
    case level, message, logger
    case model, modelGroup, promptTokens, completionTokens
    /// Keys that only tell whose line it is.
    case envoySign, traefikSign, caddySign, apisixSign, railsController, railsAction, railsView, nginxSign, herokuSign

    /// The meaning of a key in lower case without punctuation; of keys in objects with the names of the objects in front.
    static func find(_ normalised: Bytes) -> GatewayKey? { byHash[ByteTable.hash(normalised)] }

    private static let byHash: [UInt64: GatewayKey] = {
        var found: [UInt64: GatewayKey] = [:]
        for (key, names) in names {
            for name in names.split(separator: " ") {
                found[withBytes(of: String(name)) { ByteTable.hash($0) }] = key
            }
        }
        return found
    }()

    private static let names: [(GatewayKey, String)] = [
        (.time, "time timestamp ts date datetime timems timestampms asctime"),
        (.start, "starttime requeststarttime requeststart startedat edgestarttimestamp"),
        (.nginxTime, "timelocal timeiso8601 msec"),
        (.letterTime, "t"),
        (.startUTC, "startutc"),
        (.end, "endtime edgeendtimestamp"),
        (.firstToken, "completionstarttime"),
        (
            .client,
            "remoteaddr clientip clienthost clientaddr client reqremoteaddress remoteip sourceip sourceaddress remotehost srcaddr httprequestremoteip propertiesclientip"
        ),
        (.clientFallback, "downstreamremoteaddress xforwardedfor forwardedfor ip fwd"),
        (.caddyClient, "requestclientip"),
        (.caddyPeer, "requestremoteip requestremoteaddr"),
        (
            .method,
            "method requestmethod reqmethod httpmethod httprequestmethod httprequestrequestmethod propertieshttpmethod verb clientrequestmethod spanmethod"
        ),
        (
            .path,
            "path uri requesturi requestpath url urlpath reqpath xenvoyoriginalpath xenvoyoriginpath originalpath httppath httpurl requrl propertiesrequesturi clientrequesturi spanuri"
        ),
        (.googleURL, "httprequestrequesturl"),
        (.request, "request requestline"),
        (
            .status,
            "status statuscode responsecode downstreamstatus httpstatus responsestatus httpresponsestatuscode httprequeststatus propertieshttpstatus statusnum edgeresponsestatus fieldsstatus"
        ),
        (.pinoStatus, "resstatuscode"),
        (.upstreamStatus, "upstreamstatus originstatus propertiesserverstatus originresponsestatus"),
        (
            .bytesIn,
            "requestlength bytesreceived bytesread requestcontentsize requestsize httprequestrequestsize propertiesreceivedbytes bytesin"
        ),
        (
            .bytesOut,
            "bytessent size responsesize downstreamcontentsize bytesout responselength httprequestresponsesize propertiessentbytes bytes edgeresponsebytes"
        ),
        (.nginxBytesOut, "bodybytessent"),
        (.duration, "duration latency elapsed responsetime totaltime requestduration dur totalduration"),
        (.durationSeconds, "requesttime reqtime rt durationseconds durations latencyseconds latencys requesttimes"),
        (
            .durationMillis,
            "durationms latencyms requesttimems responsetimems elapsedms totaltimems requestdurationms latenciesrequest httpdurationms"
        ),
        (.durationMicros, "durationus latencyus durationmicros"),
        (.durationNanos, "durationns latencyns eventduration"),
        (.durationHuman, "latencyhuman durationhuman fieldslatency"),
        (.googleLatency, "httprequestlatency"),
        (.googleSeconds, "httprequestlatencyseconds"),
        (.googleNanos, "httprequestlatencynanos"),
        (.azureTime, "propertiestimetaken"),
        (.connectSeconds, "upstreamconnecttime uct"),
        (.headersSeconds, "upstreamheadertime uht"),
        (
            .headersMillis,
            "upstreamservicetime xenvoyupstreamservicetime respxenvoyupstreamservicetime respupstreamservicetime"
        ),
        (.upstreamSeconds, "upstreamresponsetime urt upstreamtime propertiesserverresponselatency"),
        (.upstreamNanos, "originduration"),
        (.herokuConnect, "connect"), (.herokuService, "service"),
        (.upstreamLatency, "upstreamlatency"),
        (.kongProxy, "latenciesproxy"), (.receiveMillis, "latenciesreceive"),
        (
            .upstream,
            "upstreamaddr upstreamhost upstreamaddress serviceaddr upstream upstreamservice apibase backendhost propertiesserverrouted"
        ),
        (.googleServer, "httprequestserverip"),
        (
            .requestID,
            "requestid reqid xrequestid requestxrequestid requestheadersxrequestid downstreamxrequestid respheadersxrequestid httpxrequestid propertiestransactionid rayid spanrequestid"
        ),
        (.traceID, "traceid traceparent requesttraceparent requestheaderstraceparent xb3traceid"),
        (.flags, "responseflags responseflag"),
        (.retries, "retryattempts"),
        (.attempts, "upstreamrequestattemptcount"),
        (.level, "level severity loglevel"),
        (.message, "message msg"),
        (.logger, "logger"),
        (.model, "model genairequestmodel genaimodelname llmrequestmodel aiproxymetarequestmodel ailogmodel"),
        (.modelGroup, "modelgroup"),
        (
            .promptTokens,
            "prompttokens genaiusageinputtokens genaitokensinput llmrequesttokens inputtokens aiproxyusageprompttokens aiproxyusageprompttoken ailoginputtoken"
        ),
        (
            .completionTokens,
            "completiontokens genaiusageoutputtokens genaitokensoutput llmresponsetokens outputtokens aiproxyusagecompletiontokens aiproxyusagecompletiontoken ailogoutputtoken"
        ),
        (.queueMillis, "proxyqueuems queuewaitms queuems"),
        (.firstTokenMillis, "aiproxyusagetimetofirsttoken ailogllmfirsttokenduration timetofirsttokenms ttftms"),
        (.firstByteMillis, "timetofirstbytems edgetimetofirstbytems"),
        (.originNanos, "originresponsetime"), (.originMillis, "originresponsedurationms"),
        (.higressLog, "ailog"),
        (.envoySign, "upstreamcluster responsecodedetails upstreamtransportfailurereason downstreamlocaladdress"),
        (.traefikSign, "requestcount routername entrypointname overhead"),
        (.caddySign, "respheaders"), (.herokuSign, "dyno"),
        (.apisixSign, "apisixlatency"),
        (.railsController, "controller"), (.railsAction, "action"), (.railsView, "view"),
        (
            .nginxSign,
            "proxyupstreamname proxyalternativeupstreamname upstreamcachestatus remoteuser serverprotocol httpreferer"
        ),
    ]
}

/// The values of one JSON object by their meaning.
struct GatewayValues {
    struct Value {
        var bytes = GatewayText.none
        var isString = false
    }

    private var values: [Value?] = Array(repeating: nil, count: GatewayKey.allCases.count)

    subscript(key: GatewayKey) -> Value? {
        get { values[key.rawValue] }
        set { values[key.rawValue] = newValue }
    }

    mutating func removeAll() {
        for index in values.indices { values[index] = nil }
    }

    /// Text of a value; empty without one.
    func text(_ key: GatewayKey) -> Bytes { GatewayText.present(self[key]?.bytes ?? GatewayText.none) }

    func has(_ key: GatewayKey) -> Bool { self[key] != nil }
}
