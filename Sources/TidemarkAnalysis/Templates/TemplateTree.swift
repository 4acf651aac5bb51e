import TidemarkBase

/// Groups masked messages into templates: a tree as Drain's (He et al., ICWS 2017), with the origin of a message in the
/// place of its first words.
///
/// A leaf holds the templates of one origin and one number of words. An origin is the exception and its frame, the call
/// site that a logger printed, or else the first word. Within a leaf a message joins the template that it agrees with
/// most. Words of one call site may differ as they like; where only the first word is common, a word that differs must
/// look like a value, for "startup" and "shutdown" are two messages.
///
/// Messages that were seen before are found by their hash, so the work for each is one look-up. Memory is bounded by
/// ``templateLimit``, ``leafLimit`` and ``memoLimit``; what finds no room belongs to one template, ``other``.
struct TemplateTree {
    static let templateLimit = 2000
    /// Templates of one leaf: a call site that prints free text gives no more.
    static let leafLimit = 100
    static let memoLimit = 65_536
    /// Least share of words in which a message agrees with its template, with a known origin and without.
    static let similarity = 0.5
    static let freeSimilarity = 0.8
    /// The template of everything that found no room. Its place is always the first.
    static let other = 0
    static let otherText = "<other> messages beyond \(templateLimit) templates, or beyond \(leafLimit) of one origin"
    private static let wildcard = Array("<*>".utf8)

    /// Where a message comes from, as far as it is known.
    enum Origin {
        case exception(type: Bytes, frame: Bytes)
        case callSite(file: Bytes, line: Int)
        case unknown
    }

    private struct Template {
        var head: [UInt8]
        var words: [[UInt8]]
    }

    private var templates: [Template] = [Template(head: [], words: [Array(Self.otherText.utf8)])]
    private var leaves: [[UInt8]: [Int]] = [:]
    private var memo: [UInt64: Int] = [:]
    private var key: [UInt8] = []

    var count: Int { templates.count }

    /// The template of a masked message.
    mutating func place(_ masked: [UInt8], _ origin: Origin) -> Int {
        let words = masked.split(separator: 32)
        let headEnd = writeKey(origin, words)
        let mark = key.count
        key += masked
        let hash = key.withUnsafeBytes { XXH64.hash($0) }
        if let known = memo[hash] { return known }
        key.removeSubrange(mark...)
        var isFree = false
        if case .unknown = origin { isFree = true }
        let found = find(words, head: Array(key[..<headEnd]), isFree: isFree)
        if memo.count < Self.memoLimit { memo[hash] = found }
        return found
    }

    /// The finished text of a template.
    func text(_ template: Int) -> String {
        let one = templates[template]
        let words = one.words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        return one.head.isEmpty ? words : String(decoding: one.head, as: UTF8.self) + ": " + words
    }

    /// Writes the leaf's name into ``key``; gives the length of its beginning that belongs to the template's text.
    private mutating func writeKey(_ origin: Origin, _ words: [ArraySlice<UInt8>]) -> Int {
        key.removeAll(keepingCapacity: true)
        var headEnd = 0
        switch origin {
        case .exception(let type, let frame):
            key += type
            if frame.count > 0 {
                key += Array(" at ".utf8)
                key += frame
            }
            headEnd = key.count
            key += [0, 69]
        case .callSite(let file, let line):
            key += file
            key += Array(":\(line)".utf8)
            key += [0, 67]
        case .unknown:
            key += words.first ?? []
            key += [0, 87]
        }
        key += Array(String(words.count).utf8)
        key.append(0)
        return headEnd
    }

    private mutating func find(_ words: [ArraySlice<UInt8>], head: [UInt8], isFree: Bool) -> Int {
        var leaf = leaves[key] ?? []
        var best = -1
        var most = -1
        for candidate in leaf {
            guard let equal = agreement(templates[candidate].words, words, isFree: isFree), equal > most else {
                continue
            }
            (best, most) = (candidate, equal)
        }
        if best >= 0 {
            for (place, word) in words.enumerated() where !templates[best].words[place].elementsEqual(word) {
                templates[best].words[place] = Self.wildcard
            }
            return best
        }
        guard templates.count < Self.templateLimit, leaf.count < Self.leafLimit else { return Self.other }
        leaf.append(templates.count)
        leaves[key] = leaf
        templates.append(Template(head: head, words: words.map(Array.init)))
        return templates.count - 1
    }

    /// In how many words a message agrees with a template of its length; nil when they are two different messages.
    private func agreement(_ template: [[UInt8]], _ words: [ArraySlice<UInt8>], isFree: Bool) -> Int? {
        var equal = 0
        var literal = 0
        for (mine, word) in zip(template, words) {
            if mine.elementsEqual(word) {
                equal += 1
                if mine.contains(where: { ($0 | 32) &- 97 < 26 }) { literal += 1 }
            } else if mine == Self.wildcard {
                equal += 1
            } else if isFree, Self.isPlain(mine[...]), Self.isPlain(word) {
                return nil
            }
        }
        let least = isFree ? Self.freeSimilarity : Self.similarity
        guard equal == words.count || literal > 0 && Double(equal) >= least * Double(words.count) else { return nil }
        return equal
    }

    /// Letters only, but for a mark at the end: a word of the message rather than a value.
    private static func isPlain(_ word: ArraySlice<UInt8>) -> Bool {
        word.dropLast().allSatisfy { ($0 | 32) &- 97 < 26 }
    }
}
