import TidemarkBase

/// What becomes of a value that a ``JSONSplitter`` meets.
enum JSONSplitAction {
    /// Its members are met one by one; the number comes back with them.
    case descend(UInt8)
    /// It is delivered as a whole; the number comes back with it.
    case collect(UInt8)
    /// As `collect`, but a key of it may still turn it into a container, see ``JSONSplitHandler/container(key:)``.
    case probe(UInt8)
    case skip
}

/// Decides about the values that a ``JSONSplitter`` meets, and takes them.
protocol JSONSplitHandler {
    /// - Parameters:
    ///   - key: of a member; nil for an element, and for a document.
    ///   - role: of the container that was descended into; 0 for a document.
    mutating func action(key: Bytes?, kind: JSONReader.Kind, in role: UInt8) throws -> JSONSplitAction
    /// Role of the probed object when this key of it shows that it is a container; nil: not yet.
    mutating func container(key: Bytes) -> UInt8?
    /// A container is entered; `line` and `offset` are those of its bracket, or of the key that showed what it is.
    mutating func opened(_ role: UInt8, line: Int, offset: Int)
    mutating func closed(_ role: UInt8) throws
    /// Takes a collected value. `line` and `offset` are those of its first byte.
    /// - Returns: why it can't be used; nil when it can.
    mutating func collected(_ tag: UInt8, _ bytes: Bytes, line: Int, offset: Int) throws -> String?
    /// A document is over, completely or (`failed`) not.
    /// - Returns: whether a record came out of it.
    mutating func documentEnded(failed: Bool) throws -> Bool
    mutating func reject(_ reject: FormatReject) throws
}

/// Where lines went. `lines` = content + empty documents + blank + rejected.
struct JSONSplitCounts: Sendable, Equatable {
    var lines = 0
    /// Lines of documents with records.
    var contentLines = 0
    /// Lines of documents without any.
    var emptyLines = 0
    var blankLines = 0
    var rejectedLines = 0
}
