import TidemarkBase
import TidemarkEvidence

/// Reads who made spans: OTLP's resource, Jaeger's process, Zipkin's endpoint.
struct ResourceReader {
    private var names = AttributeNames()
    private var writer: AttributeWriter
    private var scratch: [UInt8] = []

    init(keepsContent: Bool) { writer = AttributeWriter(keepsContent: keepsContent) }

    /// - Parameter bytes: the object. Of a damaged one what came before the damage counts.
    mutating func read(_ bytes: Bytes) -> TraceResource {
        var resource = TraceResource()
        writer.removeAll()
        writer.begin()
        var reader = JSONReader(bytes)
        if (try? reader.peek()) == .array {
            try? pairs(&reader, &resource)
        } else {
            try? reader.object { key, reader in try member(key, &reader, &resource) }
        }
        writer.end()
        resource.attributes = String(decoding: writer.out, as: UTF8.self)
        return resource
    }

    private mutating func member(
        _ key: JSONReader.RawString, _ reader: inout JSONReader, _ resource: inout TraceResource
    ) throws {
        switch (key.bytes, try reader.peek()) {
        case (let name, .array) where name.equals("attributes") || name.equals("tags"):
            try pairs(&reader, &resource)
        case (let name, .object) where name.equals("attributes") || name.equals("tags") || name.equals("tag"):
            try reader.object { key, reader in
                try take(key, try AttributeValue.plain(&reader), &resource, in: reader.bytes)
            }
        case (let name, .string) where name.equals("serviceName"): resource.service = try reader.string().text
        case (let name, .string) where name.equals("ipv4") || name.equals("ipv6"):
            resource.host = try reader.string().text
        default: try reader.skip()
        }
    }

    /// A list of `{key, value}`; Go's stdouttrace has it without an object around.
    private mutating func pairs(_ reader: inout JSONReader, _ resource: inout TraceResource) throws {
        try reader.array { reader in
            guard try reader.peek() == .object else { return try reader.skip() }
            var name: JSONReader.RawString?
            var value = AttributeValue.null
            try reader.object { key, reader in
                if key.equals("key") || key.equals("Key"), try reader.peek() == .string {
                    name = try reader.string()
                } else if key.equals("value") || key.equals("Value") {
                    value = try AttributeValue.typed(&reader)
                } else {
                    try reader.skip()
                }
            }
            if let name { try take(name, value, &resource, in: reader.bytes) }
        }
    }

    private mutating func take(
        _ key: JSONReader.RawString, _ value: AttributeValue, _ resource: inout TraceResource, in document: Bytes
    ) throws {
        let (attribute, judged) = names.look(up: key.bytes)
        func text() -> String {
            value.text(into: &scratch, limit: 256)
            return String(decoding: scratch, as: UTF8.self)
        }
        switch attribute {
        case .serviceName: resource.service = text()
        case .serviceInstance: resource.instance = text()
        case .hostName: resource.host = text()
        case .podName:
            if resource.host == nil { resource.host = text() }
            try writer.member(key, value, judged, in: document)
        default: try writer.member(key, value, judged, in: document)
        }
    }
}
