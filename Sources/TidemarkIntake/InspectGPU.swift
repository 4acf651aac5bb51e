import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Records of GPUs as JSON lines.
struct InspectGPUSink: GPUCaptureSink {
    var clock: WallClock
    var lines: JSONLines

    init(clock: WallClock, emit: @escaping ([UInt8]) -> Void) {
        self.clock = clock
        lines = JSONLines(emit: emit)
    }

    private mutating func time(_ wallMs: Int64?) -> String {
        wallMs.map { "\"\(CivilTime.rfc3339(clock.utc($0)))\"" } ?? "null"
    }

    /// A time of the day has no date to be shown with.
    private mutating func time(_ wallMs: Int64?, isTimeOfDay: Bool) -> String {
        guard isTimeOfDay, let wallMs else { return time(wallMs) }
        return "null,\"time_of_day\":\"\(CivilTime.clock(wallMs))\""
    }

    private mutating func member(_ key: String, _ text: String?) {
        guard let text else { return }
        lines.out.write(",\"\(key)\":")
        lines.out.writeJSONString(text)
    }

    mutating func gpu(_ sample: GPUSample, line: Int) throws {
        lines.out.write("{\"line\":\(line),\"kind\":\"gpu_sample\",\"time\":")
        lines.out.write(time(sample.wallMs, isTimeOfDay: sample.isTimeOfDay))
        if sample.wallMs != nil { lines.out.write(",\"time_source\":\"own\"") }
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
            lines.out.write(",\"errors\":[")
            for (index, text) in sample.errors.enumerated() {
                if index > 0 { lines.out.write(",") }
                lines.out.writeJSONString(text)
            }
            lines.out.write("]")
        }
        lines.out.write("}")
        lines.end()
    }

    mutating func process(_ process: GPUProcess, line: Int) throws {
        lines.out.write("{\"line\":\(line),\"kind\":\"gpu_process\",\"time\":")
        lines.out.write(time(process.wallMs, isTimeOfDay: process.isTimeOfDay))
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
        let text = event.timeMs.map { "\"\(CivilTime.rfc3339($0))\"" } ?? time(event.wallMs ?? event.afterWallMs)
        lines.out.write("{\"line\":\(event.line),\"kind\":\"gpu_event\",\"time\":\(text),\"event\":")
        lines.out.writeJSONString(event.kind.rawValue)
        if let code = event.code { lines.out.write(",\"code\":\(code)") }
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
