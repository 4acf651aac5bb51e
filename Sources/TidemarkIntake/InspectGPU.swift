import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Records of GPUs as JSON lines.
struct InspectGPUSink: GPUCaptureSink {
    var clock: CaptureClock
    /// Of a kernel log whose times have no year.
    var stampClock: LogClock?
    var lines: JSONLines

    init(
        zone: LocalZone?, start: (ms: Int64, intervalMs: Int64)? = nil, emit: @escaping ([UInt8]) -> Void
    ) {
        clock = CaptureClock(zone: zone)
        clock.start = start
        lines = JSONLines(emit: emit)
    }

    /// A record's time and where it is from. A time of the day has no date to be shown with.
    private mutating func time(_ wallMs: Int64?, isTimeOfDay: Bool, isUTC: Bool, index: Int?) -> String {
        if isTimeOfDay, let wallMs, clock.outer == nil {
            return "null,\"time_of_day\":\"\(CivilTime.clock(wallMs))\""
        }
        if wallMs == nil, clock.outer == nil, let counted = clock.counted(index: index) {
            return "\"\(CivilTime.rfc3339(counted))\",\"time_source\":\"counted\""
        }
        let isOuter = isTimeOfDay || wallMs == nil
        guard let timeMs = clock.utc(isOuter ? nil : wallMs, isUTC: isUTC) else { return "null" }
        return "\"\(CivilTime.rfc3339(timeMs))\",\"time_source\":\"\(isOuter ? "outer" : "own")\""
    }

    private mutating func member(_ key: String, _ text: String?) {
        guard let text else { return }
        lines.out.write(",\"\(key)\":")
        lines.out.writeJSONString(text)
    }

    mutating func gpu(_ sample: GPUSample, line: Int) throws {
        lines.out.write("{\"line\":\(line),\"kind\":\"gpu_sample\",\"time\":")
        lines.out.write(time(sample.wallMs, isTimeOfDay: sample.isTimeOfDay, isUTC: sample.isUTC, index: sample.index))
        if let index = sample.index { lines.out.write(",\"index\":\(index)") }
        for (key, value) in [
            ("uuid", sample.uuid), ("name", sample.name), ("bus_id", sample.busID),
            ("driver_version", sample.driverVersion), ("pstate", sample.pstate),
        ] {
            member(key, value)
        }
        if let mask = sample.throttleReasons { lines.out.write(",\"throttle_reasons\":\(mask)") }
        for field in GPUField.allCases {
            if let value = sample[field] { lines.out.write(",\"\(field.column)\":\(ByteWriter.shortest(value))") }
        }
        if !sample.errors.isEmpty {
            lines.out.write(",\"errors\":")
            lines.out.writeJSON(sample.errors)
        }
        lines.out.write("}")
        lines.end()
    }

    mutating func process(_ process: GPUProcess, line: Int) throws {
        lines.out.write("{\"line\":\(line),\"kind\":\"gpu_process\",\"time\":")
        lines.out.write(
            time(process.wallMs, isTimeOfDay: process.isTimeOfDay, isUTC: process.isUTC, index: process.index))
        if let index = process.index { lines.out.write(",\"index\":\(index)") }
        member("uuid", process.uuid)
        member("bus_id", process.busID)
        if let pid = process.pid { lines.out.write(",\"pid\":\(pid)") }
        member("name", process.name)
        member("type", process.type)
        for (key, value) in [
            ("used_memory_mib", process.usedMemory), ("utilization_percent", process.utilization),
            ("memory_utilization_percent", process.memoryUtilization),
            ("encoder_utilization_percent", process.encoderUtilization),
            ("decoder_utilization_percent", process.decoderUtilization),
        ] {
            if let value { lines.out.write(",\"\(key)\":\(ByteWriter.shortest(value))") }
        }
        lines.out.write("}")
        lines.end()
    }

    mutating func event(_ event: GPUCaptureEvent) throws {
        let timeMs =
            event.timeMs ?? event.stamp.flatMap { stampClock?.utc($0) } ?? clock.outerMs
            ?? clock.utc(event.wallMs ?? event.afterWallMs)
        let text = timeMs.map { "\"\(CivilTime.rfc3339($0))\"" } ?? "null"
        lines.out.write("{\"line\":\(event.line),\"kind\":\"gpu_event\",\"time\":\(text),\"event\":")
        lines.out.writeJSONString(event.kind.rawValue)
        if let code = event.code {
            lines.out.write(",\"code\":\(code)")
            if event.kind == .xid || event.kind == .fallenOffBus, let meaning = XidCatalogue.meaning(code) {
                member("meaning", meaning.text)
                member("class", meaning.class.rawValue)
            }
        }
        member("action", event.action)
        if let pid = event.pid { lines.out.write(",\"pid\":\(pid)") }
        member("name", event.processName)
        member("bus_id", event.busID)
        member("uuid", event.uuid)
        member("message", event.text)
        lines.out.write("}")
        lines.end()
    }

    mutating func reject(_ reject: FormatReject) throws {
        lines.reject(line: reject.line, offset: reject.offset, reason: reject.reason, text: reject.text)
    }

    mutating func flush() { lines.flush() }
}
