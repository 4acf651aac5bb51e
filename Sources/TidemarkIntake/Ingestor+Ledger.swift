import TidemarkBase
import TidemarkFormats
import TidemarkSeries
import TidemarkStore

/// What the ledger knows of a file, and what becomes of it.
extension Ingestor {
    /// What the ledger knows about the content of a stream.
    enum Known {
        case new(SourceRow)
        /// The same stream, with more content than was read.
        case grown(SourceRow)
        case unchanged(SourceRow)
    }

    /// - Parameter part: of the file's lines, as ``LineIngest/part``.
    func look(
        up file: FoundFile, _ stream: InputStream, head: [UInt8], period: Int, format: String, part: String? = nil
    ) throws -> Known {
        var row = SourceRow(period: period, path: file.relative, format: format)
        row.compression = stream.isGzip ? "gzip" : "none"
        row.prefixBytes = min(head.count, Ledger.identityBytes)
        row.prefixSHA256 = head.withUnsafeBytes { SHA256.hex($0.slice(0, row.prefixBytes)) }
        try ledger.forgetUnread(path: file.relative, period: period)
        for known in try head.withUnsafeBytes({ try ledger.candidates(head: $0, period: period) })
        where known.part == part {
            guard let match = try Self.verify(known, path: file.path) else { continue }
            let read = known.progressBytes + (known.tail?.bytes ?? 0)
            if known.path != file.relative {
                // Another file of this run is that stream: this one only begins in the same way.
                if let other = present[known.path], try Self.verify(known, path: other) != nil { continue }
                if match.length > read + known.pendingBytes, read < CopySearch.leastShared,
                    LogName.replicaName(known.path) != LogName.replicaName(file.relative)
                {
                    continue
                }
            }
            var found = known
            found.path = file.relative
            found.compression = row.compression
            (found.prefixBytes, found.prefixSHA256) = (row.prefixBytes, row.prefixSHA256)
            if known.format != format {
                // What was taken for something else when it was shorter is read again.
                try store.database.transaction {
                    try ledger.forget(&found)
                    found.format = format
                    try ledger.save(&found)
                }
                return .grown(found)
            }
            let isSettled = stream.isGzip || stream.isSettled(afterSeconds: options.settleSeconds)
            let hasMore =
                match.length > read + known.pendingBytes || known.pendingBytes > 0 && isSettled
                || !match.holdsTail && (match.length >= read || known.path == file.relative)
            if hasMore { return .grown(found) }
            if known.path != found.path { try store.database.transaction { try ledger.save(&found) } }
            return .unchanged(found)
        }
        return .new(row)
    }

    /// Whether a file holds, before the ledger's progress, what was read of a stream: its length, and whether it still ends
    /// as it did. nil when it is another stream.
    static func verify(_ known: SourceRow, path: String) throws -> (length: Int, holdsTail: Bool)? {
        let stream = try InputStream(path: path)
        var prefix = SHA256()
        var position = 0
        var tail = TailHash()
        var behind = SHA256()
        let end = known.progressBytes + (known.tail?.bytes ?? 0)
        var matches = true
        try stream.read { bytes in
            if position < known.prefixBytes {
                prefix.update(bytes.slice(0, min(bytes.count, known.prefixBytes - position)))
                if position + bytes.count >= known.prefixBytes {
                    var whole = prefix
                    matches = whole.finish() == known.prefixSHA256
                }
            }
            if position < known.progressBytes {
                let cut = min(bytes.count, known.progressBytes - position)
                tail.update(bytes.slice(0, cut), pending: 0)
                if position + cut == known.progressBytes, !known.tailSHA256.isEmpty, tail.sha256 != known.tailSHA256 {
                    matches = false
                }
            }
            let from = max(0, known.progressBytes - position)
            let to = min(bytes.count, end - position)
            if from < to { behind.update(bytes.slice(from, to)) }
            position += bytes.count
            return matches
        }
        guard matches, position >= known.progressBytes, position >= known.prefixBytes else { return nil }
        let holdsTail = known.tail.map { $0.sha256.isEmpty || behind.finish() == $0.sha256 } ?? true
        return (position, holdsTail && position >= end)
    }

    /// Takes out what was read as the lines of a gateway, when more of the file showed that they are none.
    func dropParts(beside candidates: [Candidate], period: Int) throws {
        for row in try ledger.parts(period: period) {
            let ofFile = candidates.filter { $0.file.relative == row.path }
            guard !ofFile.isEmpty, !ofFile.contains(where: { $0.part == row.part }) else { continue }
            try store.database.transaction { try ledger.remove(row) }
        }
    }

    func report(_ candidate: Candidate, _ source: SourceRow, before: SourceRow, continued: Bool) {
        note(
            candidate.file, continued ? .continued : .read, candidate.guess.format,
            records: source.records - before.records, rejects: source.rejectLines - before.rejectLines,
            message: source.message)
    }

    func isSettled(_ stream: InputStream) -> Bool { stream.isSettled(afterSeconds: options.settleSeconds) }

    func share(_ stream: InputStream) -> (Int) -> Void {
        { [progress] done in progress(stream.path, stream.fileBytes > 0 ? Double(done) / Double(stream.fileBytes) : 1) }
    }

    /// Runs one source; a failure of its own is an outcome, a failure of the store ends the run.
    func guarded(_ candidate: Candidate, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as TidemarkError where error.kind == .unusableInput || error.kind == .missingInput {
            note(candidate.file, .failed, candidate.guess.format, message: error.message)
        }
    }

    /// Runs `body` on a source that is new or has grown.
    func continuing(
        _ candidate: Candidate, period: Int, _ body: (InputStream, [UInt8], inout SourceRow) throws -> Void
    ) throws {
        try guarded(candidate) {
            let stream = try InputStream(path: candidate.file.path)
            let head = stream.head()
            let known = try look(
                up: candidate.file, stream, head: head, period: period, format: candidate.guess.format,
                part: candidate.part)
            switch known {
            case .unchanged: note(candidate.file, .unchanged, candidate.guess.format, message: nil)
            case .grown(var row), .new(var row):
                let before = row
                try body(stream, head, &row)
                report(candidate, row, before: before, continued: before.id != 0)
            }
        }
    }

    /// The zone that was given for a file.
    func zone(_ file: FoundFile) -> LocalZone? { file.hints.zone ?? options.zone }

    func hints(
        _ file: FoundFile, _ stream: InputStream, capture: Capture, reference: Reference?, before: SourceRow
    ) throws -> LogClock.Hints {
        var hints = LogClock.Hints()
        hints.year = file.hints.year ?? options.year
        if let reference {
            (hints.reference, hints.referenceName) = (reference.range, reference.name)
            hints.referenceIsUTC = reference.isUTC
        }
        hints.date(stream)
        let words = ClockMethod(before.clockMethod ?? "")
        if let state = before.state, LogState(json: state).clock != nil {
            hints.known = (
                before.clockOffsetMs ?? 0, words, before.clockConfidence ?? 0
            )
            hints.zone = try place(before)
        } else if let given = zone(file) {
            (hints.zone, hints.zoneSource) = (given, "--timezone")
        } else if before.id != 0, words.isGiven {
            // A log that goes on keeps the zone that an earlier run was given.
            let minutes = Int((before.clockOffsetMs ?? 0) / 60_000)
            hints.zone = try place(before) ?? .fixed(minutesEast: minutes)
            hints.zoneSource = words.zone.hasSuffix("capture.json") ? "capture.json" : "--timezone"
        } else if let captured = capture.logUTCOffsetMinutes {
            (hints.zone, hints.zoneSource) = (.fixed(minutesEast: captured), "capture.json")
        }
        return hints
    }

    /// The zone of the place that an earlier run was given for a source.
    func place(_ source: SourceRow) throws -> LocalZone? {
        try ClockMethod(source.clockMethod ?? "").place.map { try ZoneDatabase.zone(named: $0) }
    }
}
