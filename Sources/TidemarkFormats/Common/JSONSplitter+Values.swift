import TidemarkBase

/// Inside a value.
extension JSONSplitter {
    mutating func value<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ start: Int, _ handler: inout Handler
    ) throws -> Int {
        try value(bytes, start, from: start, &handler)
    }

    /// Passes over a value, or as much of it as the buffer holds. `from` is where what isn't in `carry` begins.
    mutating func value<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ start: Int, from: Int, _ handler: inout Handler
    ) throws -> Int {
        var at = start
        while at < bytes.count {
            if inString {
                at = skipString(bytes, at)
                if inString, at < bytes.count, bytes[at] == 10 {
                    fillHead(bytes, at)
                    try fail("the end of a string is expected", at: offset + at, &handler)
                    return at
                }
                if inString { break }
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
                if isProbed, nest.count == 1, isKey {
                    isKey = false
                    let name = key
                    if let role = name.withUnsafeBytes({ handler.container(key: $0) }) {
                        carry.removeAll(keepingCapacity: true)
                        nest.removeAll(keepingCapacity: true)
                        try push(role, isArray: false, &handler, at)
                        expected = .colon
                        return at
                    }
                }
                continue
            }
            let byte = bytes[at]
            switch byte {
            case 34:
                guard !isBare else { return try mismatch(bytes, at, &handler) }
                inString = true
                if isProbed, nest.count == 1, isKey { key.removeAll(keepingCapacity: true) }
                at += 1
            case 123, 91:
                if try beginsAnotherDocument(bytes, at, &handler) { return at }
                guard !isBare, nest.count < Self.deepest else { return try mismatch(bytes, at, &handler) }
                nest.append(byte == 123 ? 125 : 93)
                at += 1
            case 125, 93:
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
                guard nest.removeLast() == byte else { return try mismatch(bytes, at, &handler) }
                at += 1
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
            case 44:
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
                if isProbed, nest.count == 1 { isKey = true }
                at += 1
            case 10:
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
                at += 1
                lineFeed(offset + at)
            case 32, 9, 13:
                if nest.isEmpty { return try complete(bytes, from, at, &handler) }
                at += 1
            default: at += 1
            }
        }
        keep(bytes, from, at)
        return at
    }

    mutating func mismatch<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ at: Int, _ handler: inout Handler
    ) throws -> Int {
        fillHead(bytes, at)
        try fail("brackets that match are expected", at: offset + at, &handler)
        return at
    }

    /// The index behind the string's end, with `inString` false; or where the buffer or the line ends.
    @inline(__always) private mutating func skipString(_ bytes: Bytes, _ start: Int) -> Int {
        let takesKey = isProbed && isKey && nest.count == 1
        var at = start
        while at < bytes.count {
            if !isEscaped, !takesKey {
                // Eight bytes at a time, until one of them is a quote, a backslash or a line feed.
                while at + 8 <= bytes.count {
                    let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    if Self.has(word, 34) | Self.has(word, 92) | Self.has(word, 10) != 0 { break }
                    at += 8
                }
                guard at < bytes.count else { break }
            }
            let byte = bytes[at]
            if byte == 10 { return at }
            at += 1
            if isEscaped {
                isEscaped = false
            } else if byte == 92 {
                isEscaped = true
            } else if byte == 34 {
                inString = false
                return at
            }
            if takesKey, key.count < Self.keyLimit { key.append(byte) }
        }
        return at
    }

    /// Not zero when a byte of `word` is `byte` (and perhaps when a byte beside it nearly is).
    @inline(__always) private static func has(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }

    mutating func keep(_ bytes: Bytes, _ from: Int, _ to: Int) {
        guard keeps, to > from else { return }
        guard carry.count + to - from <= Self.valueLimit else {
            (keeps, isOversize) = (false, true)
            carry = []
            return
        }
        carry.append(contentsOf: bytes.slice(from, to))
    }

    /// The value ends before `end`.
    mutating func complete<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ from: Int, _ end: Int, _ handler: inout Handler
    ) throws -> Int {
        hasContent = true
        var reason: String?
        if keeps, carry.count + end - from > Self.valueLimit {
            (keeps, isOversize) = (false, true)
        }
        if keeps {
            if carry.isEmpty {
                reason = try handler.collected(tag, bytes.slice(from, end), line: valueLine, offset: valueOffset)
            } else {
                carry.append(contentsOf: bytes.slice(from, end))
                reason = try carry.withUnsafeBytes {
                    try handler.collected(tag, $0, line: valueLine, offset: valueOffset)
                }
            }
        } else if isOversize {
            reason = "it is larger than \(Self.valueLimit >> 20) MiB"
        }
        (keeps, isProbed) = (false, false)
        if let reason {
            let lines = markRejected(from: valueLine)
            // Not the value itself: it may hold what users wrote.
            try handler.reject(
                FormatReject(line: valueLine, offset: valueOffset, reason: reason, text: "", lineCount: lines))
        }
        try ended(&handler)
        return end
    }
}
