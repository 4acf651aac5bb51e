import TidemarkBase
import TidemarkEvidence
import TidemarkFormats

/// Access logs of gateways, in every dialect and framing.
enum GatewayFuzz {
    private struct Sink: GatewaySink {
        var accesses = 0
        var events = 0
        var rejects = 0
        var digest: UInt64 = 0

        mutating func access(_ access: borrowing GatewayAccess) {
            accesses += 1
            add(UInt64(bitPattern: access.startMs ?? -1) &+ UInt64(access.line))
            for micros in [
                access.durationMicros, access.headersMicros, access.upstreamMicros, access.connectMicros,
                access.queueMicros, access.firstTokenMicros,
            ] {
                if let micros, micros < 0 || micros > 1_000_000_000_000_000 { broken("a duration's bounds") }
                add(UInt64(micros ?? 0))
            }
            if let status = access.status, !(100...999).contains(status) { broken("a status' bounds") }
            for text in [
                access.method, access.route, access.client, access.upstream, access.flags, access.requestID,
                access.traceID, access.model,
            ] {
                for byte in text { add(UInt64(byte)) }
            }
            if access.route.contains(63) { broken("no query in a route") }
        }

        mutating func event(_ event: borrowing GatewayEvent) {
            events += 1
            if event.message.count > 4_003 { broken("the bound of a message") }
            add(UInt64(event.line) &+ UInt64(event.message.count))
        }

        mutating func reject(_ reject: FormatReject) {
            if reject.line < 1 || reject.offset < 0 { broken("the place of a reject") }
            rejects += 1
        }

        private mutating func add(_ value: UInt64) { digest = digest &* 31 &+ value }
    }

    static func run(_ bytes: Bytes) {
        _ = GatewayFormat.sniff(head: bytes, fileName: "")
        let framing = GatewayFormat.framing(head: bytes)
        let whole = read(bytes, framing, size: { _ in bytes.count })
        let cut = read(bytes, framing, size: { 1 + Int($0 % 37) })
        if whole.digest != cut.digest || whole.rejects != cut.rejects || whole.events != cut.events {
            broken("buffers don't show")
        }
    }

    private static func read(_ bytes: Bytes, _ framing: LogFraming, size: (UInt8) -> Int) -> Sink {
        var sink = Sink()
        var parser = GatewayFormat.parser(head: bytes, framing: framing)
        var unframer = LogUnframer(framing)
        var reader = LineReader()
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, at + max(1, size(bytes[at])))
            reader.feed(bytes.slice(at, end)) { line in
                unframer.feed(line) { inner, frame in try? parser.parse(line: inner, frame: frame, into: &sink) }
            }
            at = end
        }
        reader.finish { line in
            unframer.feed(line) { inner, frame in try? parser.parse(line: inner, frame: frame, into: &sink) }
        }
        unframer.finish { inner, frame in try? parser.parse(line: inner, frame: frame, into: &sink) }
        try? parser.finish(into: &sink)
        let counts = parser.counts
        if counts.lines != counts.recordLines + counts.noiseLines + counts.rejectedLines {
            broken("every line counted once")
        }
        if counts.accesses != sink.accesses || counts.events != sink.events || counts.rejects != sink.rejects {
            broken("records counted")
        }
        return sink
    }
}
