import TidemarkBase

/// Faults of the structure, and the counting of lines.
extension JSONSplitter {
    mutating func garbage<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ at: Int, _ handler: inout Handler
    ) throws -> Int {
        beginDocument(at)
        try fail("a JSON object or array is expected", at: offset + at, &handler)
        return at
    }

    /// The structure is broken at `fault` (an offset of the stream): the document ends here.
    mutating func fail<Handler: JSONSplitHandler>(
        _ reason: String, at fault: Int, _ handler: inout Handler
    ) throws {
        stack.removeAll(keepingCapacity: true)
        nest.removeAll(keepingCapacity: true)
        carry.removeAll(keepingCapacity: carry.capacity <= 1 << 20)
        (keeps, isProbed, inString, isEscaped, isBare) = (false, false, false, false, false)
        if try handler.documentEnded(failed: true) {
            counts.contentLines += documentLines
        } else {
            counts.rejectedLines += documentLines
        }
        documentLines = 0
        isRejected = true
        lastRejected = line
        afterFault = true
        mode = .resync
        expected = .document
        pending = FormatReject(line: line, offset: fault, reason: reason, text: "")
    }

    /// Passes on the reject that waits; it concerns the lines up to `last`.
    mutating func emit<Handler: JSONSplitHandler>(through last: Int, _ handler: inout Handler) throws {
        guard var reject = pending else { return }
        pending = nil
        reject.lineCount = max(1, last - reject.line + 1)
        while let last = head.last, last <= 32 { head.removeLast() }
        reject.text = head.withUnsafeBytes { $0.text(limit: Self.headLimit) }
        try handler.reject(reject)
    }

    /// Looks for the next line that begins as a document does.
    mutating func resync<Handler: JSONSplitHandler>(
        _ bytes: Bytes, _ start: Int, _ handler: inout Handler
    ) throws -> Int {
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            if offset + at == lineOffset, offset + at > documentOffset, byte == 123 || byte == 91 {
                try emit(through: line - 1, &handler)
                isRejected = false
                mode = .structure
                return at
            }
            hasContent = hasContent || byte > 32
            if byte == 10 {
                at += 1
                lineFeed(offset + at)
                isRejected = true
                lastRejected = line
            } else {
                let end = bytes.firstIndex(of: 10, from: at) ?? bytes.count
                if pending?.line == line { fillHead(bytes, end) }
                hasContent = true
                at = end
            }
        }
        return at
    }

    // MARK: Lines

    /// A line feed was passed; the next line begins at the offset `next`.
    mutating func lineFeed(_ next: Int) {
        endLine()
        line += 1
        lineOffset = next
        (hasContent, hasRecord, isRejected) = (false, false, false)
    }

    mutating func endLine() {
        counts.lines += 1
        if isRejected {
            counts.rejectedLines += 1
        } else if unfinished != nil {
            documentLines += 1
        } else if !hasContent {
            counts.blankLines += 1
        } else if hasRecord {
            counts.contentLines += 1
        } else {
            counts.emptyLines += 1
        }
    }

    /// The lines from `first` to this one hold something that can't be used.
    /// - Returns: how many they are.
    mutating func markRejected(from first: Int) -> Int {
        let moved = max(0, line - max(first, lastRejected + 1))
        documentLines -= moved
        counts.rejectedLines += moved
        isRejected = true
        lastRejected = line
        return line - first + 1
    }
}
