import ArgumentParser
import Glibc
import TidemarkAnalysis
import TidemarkBase
import TidemarkCapture

struct CaptureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture", abstract: "Collect evidence from running servers into a folder.",
        discussion: """
            Scrapes, nvidia-smi's samples, copies of logs, and capture.json that says who is who; `tidemark run` reads the
            folder, also while it is being filled. Run again with the same --out it goes on, nothing twice. SIGTERM and
            Ctrl-C end it cleanly. When --max-size is reached the oldest pieces go, of that kind first which takes most.

            Example: tidemark capture --metrics http://localhost:8000/metrics --gpu --log /var/log/vllm/server.log --out evidence/
            Several: tidemark capture --metrics a=http://node1:8000/metrics --metrics b=http://node2:8000/metrics \\
                --log a=/mnt/node1/server.log --out evidence/
            """)

    @Option(
        help: ArgumentHelp(
            "Where to scrape; may be given several times.",
            discussion: "NAME=URL names the replica, else it is called by its host and port.", valueName: "[name=]url"))
    var metrics: [String] = []

    @Option(
        help: ArgumentHelp(
            "A log to copy as it grows, across its rotations; may be given several times.",
            discussion: "NAME=PATH says whose it is. With one --metrics it is that server's.", valueName: "[name=]path")
    )
    var log: [String] = []

    @Flag(help: "Sample the GPUs of this machine by nvidia-smi.")
    var gpu = false

    @Option(help: ArgumentHelp("The program that is asked; implies --gpu.", valueName: "path"), completion: .file())
    var gpuCommand: String?

    @Option(
        help: ArgumentHelp(
            "GPUs of a replica, where there are several replicas: a=0,1.", valueName: "name=indexes"))
    var gpuIndexes: [String] = []

    @Option(help: "The folder to fill.", completion: .directory)
    var out: String

    @Option(help: ArgumentHelp("Time between scrapes: 15s, 1m.", valueName: "time"))
    var every = "15s"

    @Option(help: ArgumentHelp("Time between samples of the GPUs.", valueName: "time"))
    var gpuEvery = "5s"

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long: 24h, 30m; until it is ended when not given.", valueName: "time"))
    var duration: String?

    @Option(help: ArgumentHelp("Most room on the disk: 2GB, 500MiB.", valueName: "size"))
    var maxSize = "2GB"

    @Option(help: ArgumentHelp("What stays free on the disk.", valueName: "size"))
    var reserve = "1GiB"

    @Option(help: ArgumentHelp("Most time that a server gets for an answer; at most --every.", valueName: "time"))
    var timeout = "10s"

    @Option(
        help: ArgumentHelp("A file whose first line is sent as bearer token; it is never stored.", valueName: "file"),
        completion: .file())
    var bearerTokenFile: String?

    @Option(help: ArgumentHelp("Certificates to trust for https://, PEM.", valueName: "file"), completion: .file())
    var caFile: String?

    @Flag(help: "One scrape of each server, one sample, the logs as they are; then end.")
    var once = false

    @Flag(help: "Print errors only.")
    var quiet = false

    func run() throws {
        let plan = try plan()
        let stop = StopSignal()
        stop.onSignals()
        signal(SIGPIPE, SIG_IGN)
        let isQuiet = quiet
        let session = try CaptureSession(plan, into: out, stop: stop) { line in
            if !isQuiet { Console.error("\(CivilTime.rfc3339(SystemClock.secondMs)) \(line)") }
        }
        let outcome = session.run()
        if !quiet {
            Console.error(
                "\(out): \(outcome.scrapes) scrapes, \(outcome.gpuRows) GPU rows, \(outcome.logBytes) bytes of logs")
        }
        guard once, outcome.isEmpty else { return }
        throw TidemarkError(.missingInput, "nothing answered: nothing was captured", hint: "see the lines above")
    }

    private func plan() throws -> CapturePlan {
        var plan = CapturePlan()
        plan.toolVersion = Analysis.toolVersion
        for text in metrics {
            let (name, url) = Self.named(text)
            let address = try HTTPAddress(url)
            let own =
                try name.map { try Self.checked($0, "--metrics") }
                ?? String(address.instance.map { ":[]".contains($0) ? "-" : $0 })
            guard !plan.targets.contains(where: { $0.name == own }) else {
                throw TidemarkError(
                    .usage, "--metrics: two servers are called '\(own)'", hint: "give names: a=URL b=URL")
            }
            plan.targets.append(.init(name: own, address: address))
        }
        for text in log {
            let (name, path) = Self.named(text)
            let own =
                try name.map { try Self.checked($0, "--log") } ?? (plan.targets.count == 1 ? plan.targets[0].name : nil)
            plan.logs.append(.init(replica: own, path: path))
        }
        if gpu || gpuCommand != nil { plan.gpuCommand = gpuCommand ?? "nvidia-smi" }
        for text in gpuIndexes {
            let (name, list) = Self.named(text)
            let indexes = list.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard let name, !indexes.isEmpty, indexes.allSatisfy({ $0 != nil && $0! >= 0 }),
                plan.targets.contains(where: { $0.name == name }) || plan.logs.contains(where: { $0.replica == name })
            else {
                throw TidemarkError(
                    .usage, "--gpu-indexes: '\(text)' is not NAME=0,1 of a replica of --metrics or --log")
            }
            plan.gpuIndexes[name] = indexes.compactMap { $0 }
        }
        guard !plan.targets.isEmpty || !plan.logs.isEmpty || plan.gpuCommand != nil else {
            throw TidemarkError(.usage, "nothing to capture", hint: "give --metrics URL, --log PATH or --gpu")
        }
        plan.intervalSeconds = try Self.seconds(every, "--every", 0.1...86_400)
        plan.gpuIntervalSeconds = try Self.seconds(gpuEvery, "--gpu-every", 0.1...86_400)
        plan.timeoutSeconds = min(plan.intervalSeconds, try Self.seconds(timeout, "--timeout", 0.1...3600))
        plan.durationSeconds = try duration.map { try Self.seconds($0, "--for", 1...315_360_000) }
        plan.mostBytes = try Self.bytes(maxSize, "--max-size", least: 1_000_000)
        plan.reserveBytes = try Self.bytes(reserve, "--reserve", least: 0)
        plan.isOnce = once
        plan.bearerToken = try bearerTokenFile.map(Self.token)
        if let caFile {
            guard access(caFile, R_OK) == 0 else {
                throw TidemarkError(.missingInput, "cannot be read: \(String(cString: strerror(errno)))", file: caFile)
            }
            plan.authorities = caFile
        }
        return plan
    }

    /// `NAME=REST`; a `=` behind a slash or a scheme is part of the rest.
    private static func named(_ text: String) -> (name: String?, rest: String) {
        guard let equals = text.firstIndex(of: "="), !text[..<equals].contains(where: { "/?:".contains($0) }) else {
            return (nil, text)
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    /// A name becomes a folder.
    private static func checked(_ name: String, _ option: String) throws -> String {
        let isPlain =
            !name.isEmpty && name.utf8.count <= 100 && !name.hasPrefix(".") && !name.hasPrefix("-")
            && name.utf8.allSatisfy { ($0 | 0x20) &- 97 < 26 || $0 &- 48 < 10 || [45, 46, 95].contains($0) }
        guard isPlain, !["gpu", "logs"].contains(name) else {
            throw TidemarkError(
                .usage, "\(option): '\(name.prefix(60))' can't be a replica's name",
                hint: "letters, digits, '.', '-' and '_'; not 'gpu' and not 'logs'")
        }
        return name
    }

    static func seconds(_ text: String, _ option: String, _ range: ClosedRange<Double>) throws -> Double {
        let seconds = Double(try QueryCommand.duration(text, option)) / 1000
        guard range.contains(seconds) else {
            throw TidemarkError(
                .usage,
                "\(option): '\(text)' is outside of \(ByteWriter.shortest(range.lowerBound)) to \(ByteWriter.shortest(range.upperBound)) s"
            )
        }
        return seconds
    }

    static func bytes(_ text: String, _ option: String, least: Double) throws -> Int {
        let units: [(String, Double)] = [
            ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776), ("KB", 1e3),
            ("MB", 1e6),
            ("GB", 1e9), ("TB", 1e12), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("B", 1), ("", 1),
        ]
        for (unit, factor) in units where text.uppercased().hasSuffix(unit.uppercased()) {
            guard let number = Double(text.dropLast(unit.count)), number.isFinite else { continue }
            guard number * factor >= least, number * factor <= 1e15 else {
                throw TidemarkError(.usage, "\(option): '\(text)' is outside of \(Int(least)) bytes to 1 PB")
            }
            return Int(number * factor)
        }
        throw TidemarkError(.usage, "\(option): '\(text.prefix(40))' is no size", hint: "2GB, 500MiB")
    }

    /// The first line of a file; it is printed nowhere.
    private static func token(_ path: String) throws -> String {
        guard let file = fopen(path, "rb") else {
            throw TidemarkError(.missingInput, "cannot be read: \(String(cString: strerror(errno)))", file: path)
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 16_385)
        let count = fread(&bytes, 1, bytes.count, file)
        let line = bytes[..<count].prefix { $0 != 10 && $0 != 13 }
        guard !line.isEmpty, line.count <= 16_384, line.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw TidemarkError(
                .unusableInput, "its first line is no bearer token", file: path,
                hint: "a token is one word of printable ASCII characters")
        }
        return String(decoding: line, as: UTF8.self)
    }
}
