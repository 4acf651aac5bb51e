import TidemarkBase

/// What gives a name away by its form: addresses, e-mails, names of hosts, paths of users. Each gives the end of what begins at
/// a place of a text, nil when it isn't there.
enum TextPattern {
    static func lower(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 <= 9 }
    static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 97 < 26 }
    private static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 97 < 6 }

    /// Whether a name may begin or end between two bytes.
    static func isEdge(_ before: UInt8, _ after: UInt8) -> Bool { !(isAlphanumeric(before) && isAlphanumeric(after)) }

    /// An IPv4, IPv6 or MAC address.
    static func address(_ text: Bytes, at start: Int) -> Int? { ipv4(text, at: start) ?? colons(text, at: start) }

    /// Addresses of the machine itself and of nobody.
    static func saysNothing(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "0.0.0.0" || address == "::1" || address == "::"
            || address == "localhost"
            || address == "255.255.255.255"
    }

    private static func ipv4(_ text: Bytes, at start: Int) -> Int? {
        var at = start
        for part in 0..<4 {
            if part > 0 {
                guard at < text.count, text[at] == 46 else { return nil }
                at += 1
            }
            var value = 0
            let first = at
            while at < text.count, isDigit(text[at]), at - first < 4 {
                value = value * 10 + Int(text[at] - 48)
                at += 1
            }
            guard at > first, at - first < 4, value < 256 else { return nil }
        }
        if at < text.count, isAlphanumeric(text[at]) || text[at] == 95 { return nil }
        if at + 1 < text.count, text[at] == 46, isDigit(text[at + 1]) { return nil }
        return at
    }

    private static func colons(_ text: Bytes, at start: Int) -> Int? {
        var at = start
        var groups = 0
        var digits = 0
        var isShort = false
        var isMAC = true
        while at < text.count, at - start < 46 {
            if isHex(text[at]) {
                digits += 1
                guard digits <= 4 else { return nil }
            } else if text[at] == 58 || text[at] == 46 && groups > 0 && isDigit(at > start ? text[at - 1] : 0) {
                if text[at] == 46 {
                    // The last part may be written as an IPv4 address.
                    let first = at - digits
                    guard let end = ipv4(text, at: first), isShort || groups == 6 else { return nil }
                    return end
                }
                if at + 1 < text.count, text[at + 1] == 58 {
                    guard !isShort else { return nil }
                    isShort = true
                    if digits > 0 { groups += 1 }
                    at += 1
                } else {
                    guard digits > 0 else { return nil }
                    groups += 1
                }
                isMAC = isMAC && digits == 2
                digits = 0
            } else {
                break
            }
            at += 1
        }
        // A colon at the end belongs to the sentence.
        if digits == 0, at > start, text[at - 1] == 58, !(at > start + 1 && text[at - 2] == 58) {
            at -= 1
        } else if digits > 0 {
            groups += 1
        }
        isMAC = isMAC && digits == 2
        if at < text.count, isAlphanumeric(text[at]) || text[at] == 95 { return nil }
        guard isShort ? groups >= 1 && groups < 8 : groups == 8 || groups == 6 && isMAC else { return nil }
        if at < text.count, text[at] == 37 {
            // fe80::1%eth0
            at += 1
            while at < text.count, isAlphanumeric(text[at]) { at += 1 }
        }
        return at
    }

    /// `name@host`.
    static func email(_ text: Bytes, at start: Int) -> Int? {
        var at = start
        while at < text.count, isAlphanumeric(text[at]) || [46, 95, 37, 43, 45].contains(text[at]) { at += 1 }
        guard at > start, at < text.count - 1, text[at] == 64 else { return nil }
        at += 1
        let host = at
        while at < text.count, isAlphanumeric(text[at]) || text[at] == 46 || text[at] == 45 { at += 1 }
        while at > host, text[at - 1] == 46 || text[at - 1] == 45 { at -= 1 }
        return at > host ? at : nil
    }

    /// A name of at least two parts that ends as names of hosts do, or one that a cloud made of an address.
    static func host(_ text: Bytes, at start: Int) -> Int? {
        var at = start
        var lastDot: Int?
        while at < text.count, isAlphanumeric(text[at]) || text[at] == 45 || text[at] == 46 || text[at] == 95 {
            if text[at] == 46 { lastDot = at }
            at += 1
        }
        while at > start, text[at - 1] == 46 || text[at - 1] == 45 {
            at -= 1
            lastDot = (start..<at).last { text[$0] == 46 }
        }
        if text.has("ip-", at: start), at - start >= 10, text.slice(start + 3, at).prefix(4).contains(where: isDigit) {
            return at
        }
        guard let lastDot, lastDot > start, lastDot < at - 1 else { return nil }
        let ending = String(decoding: text.slice(lastDot + 1, at).map { lower($0) }, as: UTF8.self)
        return endings.contains(ending) ? at : nil
    }

    private static let endings: Set<String> = [
        "local", "internal", "lan", "corp", "intranet", "localdomain", "home", "svc", "com", "net", "org", "io", "ai",
        "dev",
        "cloud", "app", "edu", "gov", "mil", "biz", "uk", "de", "fr", "nl", "eu", "jp", "cn", "tw", "hk", "kr", "au",
        "br",
        "ch", "se", "fi", "es",
    ]

    /// Hosts that everybody's logs link to.
    static let publicHosts: Set<String> = [
        "github.com", "docs.vllm.ai", "huggingface.co", "pytorch.org", "docs.nvidia.com", "errors.pydantic.dev",
        "docs.python.org", "hf.co", "docs.ray.io", "arxiv.org",
    ]

    /// A path below a folder that belongs to people or sites; `/usr`, `/opt`, routes and the like say nothing.
    static func path(_ text: Bytes, at start: Int) -> Int? {
        var at = start
        if text.has("~/", at: at) {
            at += 2
        } else if at + 2 < text.count, isAlphanumeric(text[at]), text[at + 1] == 58, text[at + 2] == 92 {
            at += 3
        } else {
            guard folders.contains(where: { text.has($0, at: start) }) else { return nil }
        }
        while at < text.count, !isDelimiter(text[at]) {
            // server.py:12
            if text[at] == 58, at + 1 < text.count, isDigit(text[at + 1]) { break }
            at += 1
        }
        while at > start + 1, [46, 58].contains(text[at - 1]) { at -= 1 }
        return at
    }

    private static let folders: [StaticString] = [
        "/home/", "/root/", "/Users/", "/mnt/", "/data/", "/srv/", "/nfs/", "/scratch/", "/workspace/", "/models/",
        "/tmp/",
        "/var/", "/work/", "/media/", "/lustre/", "/gpfs/", "/fsx/", "/efs/", "/shared/", "/private/",
    ]

    /// What ends a word of a log line.
    static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...32, 34, 39, 44, 59, 60, 62, 40, 41, 91, 93, 96, 123, 124, 125: true
        default: false
        }
    }

    /// Names before a value that say whose it is: `user=…`, `"client_ip": "…"`, a label, an attribute.
    static func kind(ofKey key: String) -> NameBook.Kind? {
        let plain = String(key.lowercased().map { $0 == "-" || $0 == "." || $0 == " " ? "_" : $0 })
        if let kind = keys[plain] { return kind }
        // http.client_ip, k8s.pod.name, x-litellm-end-user
        for (ending, kind) in keyEndings where plain.hasSuffix(ending) { return kind }
        return nil
    }

    private static let keys: [String: NameBook.Kind] = {
        var keys: [String: NameBook.Kind] = [:]
        for key in [
            "instance", "exported_instance", "host", "hostname", "host_name", "node", "node_name", "nodename", "pod",
            "pod_name",
            "pod_uid", "namespace", "exported_namespace", "exported_pod", "exported_container", "container",
            "container_name",
            "container_id", "domainname", "server_address", "service_instance", "service_instance_id", "service",
            "service_name",
            "net_host_name", "cluster", "datacenter", "rack", "upstream", "server_name", "kubernetes_node",
            "kubernetes_pod_name", "kubernetes_namespace",
        ] { keys[key] = .host }
        for key in [
            "client", "client_ip", "client_address", "remote_addr", "remote_address", "x_forwarded_for", "x_real_ip",
            "net_peer_ip", "net_peer_name", "source_ip", "peer", "ip",
        ] { keys[key] = .client }
        for key in [
            "user", "user_id", "userid", "username", "user_name", "end_user", "tenant", "tenant_id", "customer",
            "customer_id", "account", "account_id", "org", "organization", "organization_id", "team", "team_id",
            "project",
            "project_id", "email", "user_email", "session", "session_id", "conversation_id", "api_key", "key_alias",
            "api_key_alias", "api_key_hash", "hashed_api_key", "owner", "department", "client_id",
        ] { keys[key] = .user }
        for key in ["lora_name", "running_lora_adapters", "waiting_lora_adapters", "adapter", "lora_adapter"] {
            keys[key] = .adapter
        }
        return keys
    }()

    private static let keyEndings: [(String, NameBook.Kind)] = [
        ("_hostname", .host), ("_host", .host), ("_pod", .host), ("_node", .host), ("pod_name", .host),
        ("node_name", .host),
        ("_user", .user), ("user_id", .user), ("_tenant", .user), ("tenant_id", .user), ("_customer", .user),
        ("_client_ip", .client), ("client_address", .client), ("_email", .user), ("session_id", .user),
    ]
}
