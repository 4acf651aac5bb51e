import TidemarkBase

/// `capture.json`: who is who in a folder of evidence. All keys are optional; what it says is not guessed.
///
/// Keys: `case`; `replicas` (each `name`, scrape `instance`, `log`, `gpu_indexes`); `gpus_per_replica`; `slo`;
/// `log_utc_offset_minutes` (null: unknown); `gpu_utc_offset_minutes` likewise, of GPU captures.
public struct Capture: Sendable {
    public struct Replica: Sendable {
        public var name: String
        public var instance: String?
        public var log: String?
        public var gpuIndexes: [Int]

        public init(name: String, instance: String? = nil, log: String? = nil, gpuIndexes: [Int] = []) {
            self.name = name
            self.instance = instance
            self.log = log
            self.gpuIndexes = gpuIndexes
        }
    }

    public static let fileName = "capture.json"

    public var name: String?
    public var replicas: [Replica] = []
    public var logUTCOffsetMinutes: Int?
    public var gpuUTCOffsetMinutes: Int?
    /// Objectives as given, for instance `ttft_p95_s`: 1.5.
    public var slo: [(name: String, value: Double)] = []

    public init() {}

    /// - Throws: `unusableInput` with the byte offset when it isn't the JSON that is expected.
    public init(json: Bytes, file: String) throws {
        do {
            var reader = JSONReader(json)
            try reader.object { key, reader in
                switch key.text {
                case "case": name = try reader.scalarText()
                case "log_utc_offset_minutes": logUTCOffsetMinutes = try reader.scalarText().flatMap { Int($0) }
                case "gpu_utc_offset_minutes": gpuUTCOffsetMinutes = try reader.scalarText().flatMap { Int($0) }
                case "slo" where try reader.peek() == .object:
                    try reader.object { key, reader in
                        let name = key.text
                        if let value = try reader.scalarText().flatMap({ Double($0) }) { slo.append((name, value)) }
                    }
                case "replicas" where try reader.peek() == .array:
                    try reader.array { replicas.append(try Self.replica(&$0, number: replicas.count)) }
                default: try reader.skip()
                }
            }
            slo.sort { $0.name < $1.name }
        } catch let error as JSONReader.JSONError {
            throw TidemarkError(
                .unusableInput, "expected \(error.expected)", file: file, offset: error.offset,
                hint: "mend the file, or remove it: everything is then inferred")
        }
    }

    private static func replica(_ reader: inout JSONReader, number: Int) throws -> Replica {
        var replica = Replica(name: "replica-\(number)")
        try reader.object { key, reader in
            switch key.text {
            case "name": replica.name = try reader.scalarText() ?? replica.name
            case "instance": replica.instance = try reader.scalarText()
            case "log": replica.log = try reader.scalarText()
            case "gpu_indexes" where try reader.peek() == .array:
                try reader.array { element in
                    if let index = try element.scalarText().flatMap({ Int($0) }) { replica.gpuIndexes.append(index) }
                }
            default: try reader.skip()
            }
        }
        return replica
    }

    /// The replica whose log (with its rotations `.1`, `.2.gz`, …) is the file at `relativePath`.
    public func replica(ofLog relativePath: String) -> Replica? {
        let stem = LogName.stem(relativePath)
        let base = LogName.base(relativePath)
        return replicas.first { $0.log.map { LogName.stem($0) == stem } ?? false }
            ?? replicas.first { $0.log.map { LogName.stem(LogName.base($0)) == LogName.stem(base) } ?? false }
    }

    /// The replica that a path belongs to because one of its folders has the replica's name.
    public func replica(inPath relativePath: String) -> Replica? {
        let folders = relativePath.split(separator: "/").map(String.init)
        return replicas.first { folders.contains($0.name) }
    }
}

/// Names of log files and their rotations.
enum LogName {
    static func base(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The name without what rotation and compression add: `server.log.2.gz` → `server.log`,
    /// `server.log-20260822.gz` → `server.log`.
    static func stem(_ path: String) -> String {
        var name = Substring(path)
        if name.hasSuffix(".gz") { name = name.dropLast(3) }
        while let dot = name.lastIndex(of: "."), dot != name.startIndex {
            let suffix = name[name.index(after: dot)...]
            guard !suffix.isEmpty, suffix.allSatisfy({ $0.isNumber || $0 == "-" }), name[..<dot].contains(".") else {
                break
            }
            name = name[..<dot]
        }
        // `-20260822`, `-20260822-031500`, `-2026-08-22`, `-1755844500`.
        let date = name.reversed().prefix { $0.isNumber || $0 == "-" }
        if date.count(where: \.isNumber) >= 8, date.last == "-", date.count < name.count {
            name = name.dropLast(date.count)
        }
        return String(name)
    }

    /// When a rotated piece was closed, as its name says, read as UTC, Unix ms: `x.log-20260822`, `x.log.20260822-031500`,
    /// `x.log.2026-08-22`, `x.log-1755844500` (seconds since 1970). nil without such a date.
    static func rotationMs(_ path: String) -> Int64? {
        let numbers = base(path).split { !$0.isNumber || !$0.isASCII }.map { $0.utf8.count <= 14 ? String($0) : "" }
        func day(_ text: String) -> Int64? {
            guard text.utf8.count == 8, let number = Int(text), (2000..<2100).contains(number / 10_000),
                CivilTime.isValid(year: number / 10_000, month: number / 100 % 100, day: number % 100)
            else { return nil }
            return CivilTime.millis(year: number / 10_000, month: number / 100 % 100, day: number % 100)
        }
        func time(_ text: String) -> Int64 {
            guard text.utf8.count == 6, let number = Int(text) else { return 0 }
            return Int64(number / 10_000 * 3600 + number / 100 % 100 * 60 + number % 100) * 1000
        }
        for (index, text) in numbers.enumerated().reversed() {
            if let day = day(text) { return day + (index + 1 < numbers.count ? time(numbers[index + 1]) : 0) }
            if text.utf8.count == 14, let day = day(String(text.prefix(8))) {
                return day + time(String(text.suffix(6)))
            }
            if text.utf8.count == 10, let seconds = Int64(text), seconds > 1_000_000_000 { return seconds * 1000 }
            if text.utf8.count == 2, index >= 2, numbers[index - 1].utf8.count == 2,
                let day = day(numbers[(index - 2)...index].joined())
            {
                return day
            }
        }
        return nil
    }

    /// What a log without a `capture.json` is called as a replica: its stem without `.log`.
    static func replicaName(_ relativePath: String) -> String {
        var name = stem(relativePath)
        for suffix in [".log", ".txt", ".out", ".json", ".jsonl"] where name.hasSuffix(suffix) {
            name = String(name.dropLast(suffix.count))
        }
        return name
    }
}
