import TidemarkBase
import TidemarkPromQL
import Yams

/// A mapping of a rule file: its known keys, with a finding for every other one.
struct YAMLMapping {
    private var values: [String: Node] = [:]
    private var keyLines: [String: Int] = [:]
    let line: Int
    /// What the mapping is, for messages.
    let place: String

    /// - Parameters:
    ///   - known: the keys that it may have.
    ///   - node: nil or a null: an empty mapping.
    init(_ node: Node?, known: [String], place: String, findings: inout FindingList) {
        self.place = place
        line = node?.mark?.line ?? 1
        guard let node, !node.isNull else { return }
        guard case .mapping = node else {
            findings.add(line, "\(place): a mapping with \(known.joined(separator: ", ")) is expected")
            return
        }
        for (key, value) in Self.pairs(node) {
            let keyLine = key.mark?.line ?? line
            guard let name = key.scalar?.string else {
                findings.add(keyLine, "\(place): a key must be a word")
                continue
            }
            guard known.contains(name) else {
                let near = NearestWord.of(name, in: known).map { "; did you mean \($0)?" } ?? ""
                findings.add(keyLine, "\(place): unknown key \(name)\(near) (known: \(known.joined(separator: ", ")))")
                continue
            }
            values[name] = value
            keyLines[name] = keyLine
        }
    }

    /// Keys and values, with those of merged mappings (`<<`) behind the mapping's own, which win.
    static func pairs(_ node: Node) -> [(Node, Node)] {
        guard case .mapping(let mapping) = node else { return [] }
        var own: [(Node, Node)] = []
        var merged: [Node] = []
        for (key, value) in mapping {
            if let scalar = key.scalar, scalar.style == .plain, scalar.string == "<<" {
                switch value {
                case .sequence(let all): merged += Array(all)
                default: merged.append(value)
                }
            } else {
                own.append((key, value))
            }
        }
        var names = Set(own.compactMap { $0.0.scalar?.string })
        for case .mapping(let other) in merged {
            for (key, value) in other where names.insert(key.scalar?.string ?? "").inserted { own.append((key, value)) }
        }
        return own
    }

    func has(_ key: String) -> Bool { values[key].map { !$0.isNull } ?? false }

    func node(_ key: String) -> Node? { values[key] }

    /// The line of a key, or of the mapping where the key is missing.
    func line(of key: String) -> Int { keyLines[key] ?? line }

    /// The items of a list; a missing or null one is empty.
    func list(_ key: String, _ findings: inout FindingList) -> [Node] {
        guard let node = values[key], !node.isNull else { return [] }
        guard case .sequence(let items) = node else {
            findings.add(line(of: key), "\(place): \(key) must be a list")
            return []
        }
        return Array(items)
    }

    /// The scalar of a key; nil where it is missing, null or, with a finding, of another kind.
    func scalar(_ key: String, _ findings: inout FindingList) -> Node.Scalar? {
        guard let node = values[key], !node.isNull else { return nil }
        guard case .scalar(let scalar) = node else {
            findings.add(line(of: key), "\(place): \(key) must be a text")
            return nil
        }
        return scalar
    }

    /// Seconds of a duration such as `1h30m`.
    func duration(_ key: String, _ findings: inout FindingList) -> Double? {
        guard let text = scalar(key, &findings)?.string else { return nil }
        if text == "0" { return 0 }
        guard let seconds = NumberLiteral.duration(text) else {
            findings.add(line(of: key), "\(place): \(key): '\(text)' is not a duration such as 30s, 5m or 1h30m")
            return nil
        }
        return seconds
    }

    func integer(_ key: String, _ findings: inout FindingList) -> Int? {
        guard let scalar = scalar(key, &findings) else { return nil }
        let text = scalar.string.filter { $0 != "_" }
        if scalar.style == .plain {
            if let value = Int(text) { return value }
            if text.hasPrefix("0x"), let value = Int(text.dropFirst(2), radix: 16) { return value }
            if text.hasPrefix("0o"), let value = Int(text.dropFirst(2), radix: 8) { return value }
            if let value = withBytes(of: text, { Decimal.parse($0) }), let whole = Int(exactly: value) { return whole }
        }
        findings.add(line(of: key), "\(place): \(key): '\(scalar.string)' is not a whole number")
        return nil
    }

    /// The texts of a mapping from names to texts, in the order of the file, with the scalars for places in them.
    func texts(_ key: String, _ findings: inout FindingList) -> [(key: Node.Scalar, value: Node.Scalar)] {
        guard let node = values[key], !node.isNull else { return [] }
        guard case .mapping = node else {
            findings.add(line(of: key), "\(place): \(key) must be a mapping from names to texts")
            return []
        }
        var texts: [(key: Node.Scalar, value: Node.Scalar)] = []
        for (name, value) in Self.pairs(node) {
            guard let name = name.scalar, let scalar = value.scalar else {
                let text = name.scalar?.string ?? "a key"
                findings.add(name.mark?.line ?? line(of: key), "\(place): \(key): the value of \(text) must be a text")
                continue
            }
            texts.append((name, scalar))
        }
        return texts
    }
}

extension Node {
    /// Whether it is a plain null of YAML.
    var isNull: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}
