import TidemarkBase

/// What becomes of an attribute's value.
enum AttributeClass: UInt8, Sendable {
    case plain
    /// What users wrote or got: stored only on request.
    case content
    /// A key, a password: never stored.
    case secret
    /// A URL or path: its query and user are never stored.
    case url
}

/// Judges attributes by their names, so that no prompt and no key gets into a store.
///
/// OpenTelemetry's, OpenLLMetry's, OpenInference's, LiteLLM's and Langfuse's names of contents differ, but they end in
/// the same few words; secrets are known by words anywhere in the name.
enum AttributePolicy {
    static func judge(_ key: Bytes) -> AttributeClass {
        let name = key.text(limit: 256).lowercased()
        if name == "url.query" || isSecret(name) { return .secret }
        if isContent(name) { return .content }
        if ["url.full", "url.original", "http.url", "http.target", "http.request.url"].contains(name)
            || name.hasSuffix(".url") || name.hasSuffix("_url") || name == "url"
        {
            return .url
        }
        return .plain
    }

    private static let secretParts = [
        "authorization", "api_key", "apikey", "api-key", "api.key", "password", "passwd", "secret", "cookie",
        "credential", "private_key", "private-key", "access_key", "access-key", "bearer", "x-auth",
    ]

    private static func isSecret(_ name: String) -> Bool {
        if secretParts.contains(where: { contains(name, $0) }) { return true }
        // `time_to_first_token` and the counts of tokens are no secrets.
        if name.hasPrefix("gen_ai.") || name.hasPrefix("llm.") { return false }
        return words(name).contains("token")
    }

    private static let contentPrefixes = [
        "gen_ai.prompt.", "gen_ai.completion.", "gen_ai.input.", "gen_ai.output.", "gen_ai.system_instructions",
        "gen_ai.tool.definitions", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.content.",
        "gen_ai.choice", "llm.prompts", "llm.completions", "llm.prompt_template", "llm.input_messages",
        "llm.output_messages", "llm.request.messages", "traceloop.entity.input", "traceloop.entity.output",
        "retrieval.documents", "message.",
    ]

    private static let contentWords: Set<String> = [
        "prompt", "prompts", "completion", "completions", "content", "contents", "message_content", "messages", "input",
        "inputs", "output", "outputs", "body", "text", "arguments", "instructions", "request_body", "response_body",
        "system_prompt", "user_prompt", "raw_request", "raw_response", "query",
    ]

    private static func isContent(_ name: String) -> Bool {
        if name == "input.value" || name == "output.value" { return true }
        if contentPrefixes.contains(where: { name.hasPrefix($0) }) {
            // Counts stay: gen_ai.input.tokens.
            return !name.hasSuffix("tokens")
        }
        guard let last = name.split(separator: ".").last else { return false }
        return contentWords.contains(String(last))
    }

    /// Whether a value looks like a credential, whatever its name: `Bearer …`, `Basic …`, `sk-…`.
    static func looksSecret(_ value: Bytes) -> Bool {
        if value.has("Bearer ") || value.has("bearer ") || value.has("Basic ") { return true }
        return value.count >= 20 && (value.has("sk-") || value.has("hf_") || value.has("xoxb-") || value.has("ghp_"))
    }

    private static func contains(_ name: String, _ part: String) -> Bool {
        withBytes(of: name) { name in
            withBytes(of: part) { part in
                guard name.count >= part.count else { return false }
                return (0...name.count - part.count).contains { start in
                    part.indices.allSatisfy { name[start + $0] == part[$0] }
                }
            }
        }
    }

    private static func words(_ name: String) -> [Substring] {
        name.split { !($0.isLetter || $0.isNumber) }
    }
}
