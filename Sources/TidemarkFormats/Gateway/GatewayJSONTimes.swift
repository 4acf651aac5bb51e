import TidemarkBase
import TidemarkEvidence

/// Whose object it is, and so in what units it has its times.
extension GatewayJSONLine {
    private var isTraefik: Bool {
        values.has(.startUTC) || values.has(.upstreamNanos) || values.has(.traefikSign)
    }
    var isEnvoy: Bool {
        values.has(.flags) || values.has(.headersMillis) || values.has(.envoySign)
    }
    private var isAPISIX: Bool {
        values.has(.apisixSign) || values.has(.nestedRequest) && values.has(.upstreamLatency)
    }
    /// Other gateways have an object of the request, too.
    private var isCaddy: Bool {
        guard values.has(.nestedRequest), !isAPISIX else { return false }
        return values.has(.caddySign) || values.has(.caddyClient) || values.has(.caddyPeer)
            || values.text(.logger).has("http.") || values.text(.message).equals("handled request")
    }
    private var isRails: Bool {
        values.has(.railsController) && values.has(.railsAction)
            || GatewayText.micros(values.text(.railsView)) != nil
    }
    /// Google's load balancers; what nginx writes in their form has nginx' time.
    var isGoogle: Bool {
        (values.has(.googleLatency) || values.has(.googleSeconds) || values.has(.googleNanos))
            && !values.has(.upstreamStatus) && !values.has(.upstream) && !values.has(.nginxSign)
    }
    /// Whoever writes nginx' variables, or the time as seconds with a fraction (nginx' `$msec`, zap), writes durations in
    /// seconds, too.
    private var countsSeconds: Bool {
        let signs: [GatewayKey] = [
            .nginxTime, .nginxSign, .nginxBytesOut, .upstreamStatus, .upstreamSeconds, .connectSeconds, .headersSeconds,
        ]
        if signs.contains(where: { values.has($0) }) { return true }
        guard let time = values[.time] else { return false }
        if time.bytes.count == CommonTime.length, time.bytes[2] == 47 { return true }
        return !time.isString && time.bytes.firstIndex(of: 46).map { (9...11).contains($0) } == true
    }

    /// Microseconds in a unit of a duration without any; nil: it isn't known.
    private func unit(_ duration: Bytes) -> Int64? {
        if isCaddy { return 1_000_000 }
        if isEnvoy || isAPISIX || values.has(.pinoStatus) || isRails { return 1000 }
        guard let point = duration.firstIndex(of: 46) else { return nil }
        if countsSeconds { return 1_000_000 }
        // nginx' variables in quotes, under names of the operator's: three decimals, and the status in quotes, too.
        let isQuoted = values[.duration]?.isString == true && values[.status]?.isString == true
        return isQuoted && duration.count == point + 4 ? 1_000_000 : nil
    }

    func durations(_ access: inout GatewayAccess) {
        let duration = values.text(.duration)
        // A unit in the value holds, whoever wrote it.
        let written = GatewayText.duration(values.text(.durationHuman)) ?? GatewayText.duration(duration)
        if values.has(.herokuSign) {
            let connect = GatewayText.duration(values.text(.herokuConnect))
            let service = GatewayText.duration(values.text(.herokuService))
            (access.connectMicros, access.upstreamMicros) = (connect, service)
            access.durationMicros = service.map { $0 + (connect ?? 0) }
        } else if let written = written ?? GatewayText.duration(values.text(.googleLatency)) ?? googleLatency() {
            access.durationMicros = written
        } else if !duration.isEmpty {
            if isTraefik {
                access.durationMicros = GatewayText.nanos(duration)
            } else if let unit = unit(duration) {
                access.durationMicros = GatewayText.micros(duration, microsPerUnit: unit)
            }
        }
        if values.has(.azureTime) {
            let text = values.text(.azureTime)
            let isSecond = values.has(.upstreamSeconds) || values.has(.requestID) || text.firstIndex(of: 46) != nil
            access.durationMicros = GatewayText.micros(text, microsPerUnit: isSecond ? 1_000_000 : 1000)
        }
        let named: [(GatewayKey, Int64)] = [
            (.durationSeconds, 1_000_000), (.durationMillis, 1000), (.durationMicros, 1),
        ]
        for (key, unit) in named where access.durationMicros == nil {
            let text = values.text(key)
            let unit = key == .durationSeconds && countsMillis(text) ? 1000 : unit
            access.durationMicros = GatewayText.micros(text, microsPerUnit: unit) ?? GatewayText.duration(text)
        }
        if access.durationMicros == nil { access.durationMicros = GatewayText.nanos(values.text(.durationNanos)) }
        if access.durationMicros == nil { access.durationMicros = edgeTime() }
        access.queueMicros = GatewayText.micros(values.text(.queueMillis), microsPerUnit: 1000)
        access.firstTokenMicros = GatewayText.micros(values.text(.firstTokenMillis), microsPerUnit: 1000)
    }

    /// Cloudflare's two times of a request, where they are finer than the seconds of their default form.
    private func edgeTime() -> Int64? {
        guard values.has(.originNanos) || values.has(.originMillis) || values.has(.upstreamStatus),
            let start = moment(.start), let end = moment(.end), end.ms >= start.ms,
            values.text(.end).count > 20 || values.text(.end).count >= 13 && values.text(.end).firstIndex(of: 45) == nil
        else { return nil }
        return (end.ms - start.ms) * 1000
    }

    /// Envoy's whole milliseconds under the names of nginx' variables, as Apigee's and Anthos' meshes have them.
    private func countsMillis(_ text: Bytes) -> Bool {
        isEnvoy && !text.isEmpty && text.allSatisfy { $0 &- 48 <= 9 }
    }

    /// `{"seconds":2,"nanos":417000000}`
    private func googleLatency() -> Int64? {
        guard values.has(.googleSeconds) || values.has(.googleNanos) else { return nil }
        let seconds = GatewayText.micros(values.text(.googleSeconds)) ?? 0
        return seconds + (GatewayText.nanos(values.text(.googleNanos)) ?? 0)
    }

    func upstreamTimes(_ access: inout GatewayAccess) {
        if values.has(.herokuSign) { return }
        access.connectMicros = GatewayText.seconds(values.text(.connectSeconds)).last
        access.headersMicros =
            GatewayText.seconds(values.text(.headersSeconds)).last
            ?? GatewayText.micros(values.text(.headersMillis), microsPerUnit: 1000)
            ?? GatewayText.micros(values.text(.kongProxy), microsPerUnit: 1000)
            ?? GatewayText.micros(values.text(.firstByteMillis), microsPerUnit: 1000)
        let upstream = values.text(.upstreamSeconds)
        if countsMillis(upstream) {
            access.upstreamMicros = GatewayText.micros(upstream, microsPerUnit: 1000)
        } else if !upstream.isEmpty {
            NginxVariable.setUpstream(GatewayText.seconds(upstream).sum, upstream, &access)
        } else if values.has(.upstreamNanos) {
            // Traefik answered by itself: its zeros are no times.
            let nanos = values.text(.upstreamNanos)
            if !nanos.equals("0") || !values.text(.upstreamStatus).equals("0") {
                access.upstreamMicros = GatewayText.nanos(nanos)
            }
        } else if values.has(.originNanos) || values.has(.originMillis) {
            access.upstreamMicros =
                GatewayText.micros(values.text(.originMillis), microsPerUnit: 1000)
                ?? GatewayText.nanos(values.text(.originNanos))
        } else if isAPISIX {
            access.upstreamMicros = GatewayText.micros(values.text(.upstreamLatency), microsPerUnit: 1000)
        } else if let headers = access.headersMicros,
            let receive = GatewayText.micros(values.text(.receiveMillis), microsPerUnit: 1000)
        {
            // Kong's `proxy` is the time to the head; newer ones say how long the rest took.
            access.upstreamMicros = headers + receive
        }
    }
}
