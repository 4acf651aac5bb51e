import TidemarkBase

/// The keys of a span's object, in all dialects; those with capitals are Go's stdouttrace's.
enum SpanKey {
    case traceID, spanID, parentID, parent, context, name, kind, startNanos, startMicros, endNanos, duration, shared
    case attributes, tags, status, events, logs, links, references, processID, inlineResource, scope, other

    static func find(_ key: Bytes) -> SpanKey {
        switch key.count {
        case 2: if key.equals("id") { return .spanID }
        case 3: if key.equals("tag") { return .tags }
        case 4:
            if key.equals("name") || key.equals("Name") { return .name }
            if key.equals("kind") { return .kind }
            if key.equals("tags") { return .tags }
            if key.equals("logs") { return .logs }
        case 5: if key.equals("links") || key.equals("Links") { return .links }
        case 6:
            if key.equals("spanId") || key.equals("spanID") || key.equals("SpanID") { return .spanID }
            if key.equals("status") || key.equals("Status") { return .status }
            if key.equals("events") || key.equals("Events") { return .events }
            if key.equals("Parent") { return .parent }
            if key.equals("shared") { return .shared }
        case 7:
            if key.equals("traceId") || key.equals("traceID") || key.equals("TraceID") { return .traceID }
            if key.equals("EndTime") { return .endNanos }
            if key.equals("span_id") { return .spanID }
            if key.equals("context") { return .context }
            if key.equals("process") { return .inlineResource }
        case 8:
            if key.equals("trace_id") { return .traceID }
            if key.equals("parentId") { return .parentID }
            if key.equals("duration") { return .duration }
            if key.equals("end_time") { return .endNanos }
            if key.equals("resource") || key.equals("Resource") { return .inlineResource }
            if key.equals("SpanKind") { return .kind }
        case 9:
            if key.equals("startTime") || key.equals("timestamp") { return .startMicros }
            if key.equals("StartTime") { return .startNanos }
            if key.equals("parent_id") { return .parentID }
            if key.equals("processID") { return .processID }
        case 10:
            if key.equals("attributes") || key.equals("Attributes") { return .attributes }
            if key.equals("references") { return .references }
            if key.equals("start_time") { return .startNanos }
        case 11:
            if key.equals("annotations") { return .logs }
            if key.equals("SpanContext") { return .context }
        case 12: if key.equals("parentSpanId") || key.equals("parentSpanID") { return .parentID }
        case 13:
            if key.equals("operationName") { return .name }
            if key.equals("localEndpoint") { return .inlineResource }
        case 14: if key.equals("parent_span_id") { return .parentID }
        case 15: if key.equals("endTimeUnixNano") { return .endNanos }
        case 17:
            if key.equals("startTimeUnixNano") { return .startNanos }
        case 18: if key.equals("end_time_unix_nano") { return .endNanos }
        case 20:
            if key.equals("start_time_unix_nano") { return .startNanos }
            if key.equals("InstrumentationScope") { return .scope }
        case 22: if key.equals("InstrumentationLibrary") { return .scope }
        default: break
        }
        return .other
    }
}
