import TidemarkBase

/// The scalars of a document by their paths, `successes/latency/request_latency/mean`; an element of a list has its number
/// for a name. Lists without end and long texts don't get in, so the memory is bounded, however large the document is.
struct LoadTestFields {
    enum Value: Equatable {
        case number(Double)
        case text(String)
        case flag(Bool)
    }

    static let mostFields = 5000
    static let longestText = 400

    /// In the order in which they were met.
    private(set) var paths: [String] = []
    private var values: [String: Value] = [:]
    /// Numbers of lists that are needed as a whole.
    private(set) var lists: [String: [Double]] = [:]
    static let longestList = 200_000

    mutating func set(_ path: String, _ value: Value) {
        if values.updateValue(value, forKey: path) != nil { return }
        guard paths.count < Self.mostFields else {
            values[path] = nil
            return
        }
        paths.append(path)
    }

    mutating func append(_ number: Double, to list: String) {
        guard lists[list, default: []].count < Self.longestList else { return }
        lists[list, default: []].append(number)
    }

    mutating func removeAll() { self = LoadTestFields() }

    func has(_ path: String) -> Bool { values[path] != nil }

    /// A finite number.
    func number(_ path: String) -> Double? {
        guard case .number(let number) = values[path], number.isFinite else { return nil }
        return number
    }

    /// A number that counts, or measures what can't be below zero.
    func positive(_ path: String) -> Double? { number(path).flatMap { $0 >= 0 ? $0 : nil } }

    func count(_ path: String) -> Int? { Self.count(number(path)) }

    static func count(_ number: Double?) -> Int? {
        guard let number, number >= 0, number < 1e15 else { return nil }
        return Int(number.rounded())
    }

    func text(_ path: String) -> String? {
        guard case .text(let text) = values[path], !text.isEmpty else { return nil }
        return text
    }

    /// A scalar of any kind, as text.
    func scalar(_ path: String) -> String? {
        switch values[path] {
        case .text(let text): text.isEmpty ? nil : text
        case .number(let number): ByteWriter.shortest(number)
        case .flag(let flag): flag ? "true" : "false"
        case nil: nil
        }
    }

    func flag(_ path: String) -> Bool? {
        guard case .flag(let flag) = values[path] else { return nil }
        return flag
    }

    func first<T>(_ paths: [String], _ read: (String) -> T?) -> T? {
        for path in paths { if let found = read(path) { return found } }
        return nil
    }
}
