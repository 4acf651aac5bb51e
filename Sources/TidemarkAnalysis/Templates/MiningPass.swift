import TidemarkBase
import TidemarkEvidence
import TidemarkStore

extension LogTemplates {
    /// One pass over the log events: the tree of templates, and what is counted meanwhile.
    struct Pass {
        struct Key: Hashable {
            var template: Int
            var instance: Int
            /// Number of the step; negative before the anchor.
            var step: Int64
        }
        struct Count {
            var events = 0
            /// The smallest id of the events, which is that of the first line.
            var first = 0
        }
        /// Of one template.
        struct Tally {
            var level: LogLevel?
            var kind = ""
            var events = 0
            var untimed = 0
            var firstMs: Int64?
            var lastMs: Int64?
            /// Where its first event stands.
            var source = 0
            var line = 0
        }

        let anchorMs: Int64
        private(set) var stepMs: Int64
        private(set) var tree = TemplateTree()
        private(set) var tallies: [Tally] = [Tally()]
        private(set) var cells: [Key: Count] = [:]
        private var mask = LineMask()
        private var room = LogTemplates.cellLimit

        init(anchorMs: Int64, stepMs: Int64) {
            self.anchorMs = anchorMs
            self.stepMs = stepMs
        }

        /// Takes a row of `log_event`, in the order of columns of ``LogTemplates/init(mining:period:grid:)``.
        mutating func take(_ row: Statement, id: Int) {
            let message = row.bytes(11)
            let number: Int
            if row.isNull(8) {
                mask.mask(message)
                if row.isNull(6) {
                    number = tree.place(mask.text, .unknown)
                } else {
                    // A logger may print the whole path.
                    let file = row.bytes(6)
                    let name = file.slice((file.lastIndex(of: 47) ?? -1) + 1, file.count)
                    number = tree.place(mask.text, .callSite(file: name, line: row.int(7)))
                }
            } else {
                mask.mask(row.bytes(9))
                let frame = ProjectFrame.name(message: message, innermost: row.bytes(10))
                number = withBytes(of: frame) {
                    tree.place(mask.text, .exception(type: row.bytes(8), frame: $0))
                }
            }
            while tallies.count < tree.count { tallies.append(Tally()) }
            let level = row.optionalText(4).flatMap(LogLevel.init(rawValue:))
            if LogLevel.severity(level?.rawValue) > LogLevel.severity(tallies[number].level?.rawValue) {
                tallies[number].level = level
            }
            if tallies[number].events == 0 { tallies[number].start(row) }
            tallies[number].events += 1
            guard let time = row.optionalInt64(3) else {
                tallies[number].untimed += 1
                return
            }
            if time < tallies[number].firstMs ?? .max {
                tallies[number].start(row)
                tallies[number].firstMs = time
            }
            tallies[number].lastMs = max(time, tallies[number].lastMs ?? time)
            // As in ``TimeGrid``, a step holds its end and not its start.
            let step = CivilTime.floorDivide(time &- anchorMs &- 1, stepMs)
            cells[Key(template: number, instance: row.int(0), step: step)].add(Count(events: 1, first: id))
            if cells.count > room { coarsen() }
        }

        /// Doubles the step until half of the room is free.
        private mutating func coarsen() {
            while cells.count > LogTemplates.cellLimit / 2, stepMs < 1 << 45 {
                stepMs *= 2
                var joined: [Key: Count] = [:]
                for (key, count) in cells {
                    joined[Key(template: key.template, instance: key.instance, step: key.step >> 1)].add(count)
                }
                cells = joined
            }
            room = max(LogTemplates.cellLimit, 2 * cells.count)
        }
    }
}

extension LogTemplates.Pass.Tally {
    fileprivate mutating func start(_ row: Statement) {
        (source, line, kind) = (row.int(1), row.int(2), row.text(5))
    }
}

extension Optional where Wrapped == LogTemplates.Pass.Count {
    mutating func add(_ other: LogTemplates.Pass.Count) {
        if let mine = self {
            self = LogTemplates.Pass.Count(events: mine.events + other.events, first: min(mine.first, other.first))
        } else {
            self = other
        }
    }
}

/// The place in vLLM where an exception came from.
enum ProjectFrame {
    /// `renderer.py in _validate`: the last frame of a traceback whose file lies in a package `vllm`, else the innermost
    /// one; without its line, which changes with every version. Empty when neither is known. A traceback that fills the
    /// column was cut, so that its end is not there: the innermost frame stands for it.
    ///
    /// - Parameter message: the stored text with the traceback, which may have been cut.
    /// - Parameter innermost: `renderer.py:398 in _validate`.
    static func name(message: Bytes, innermost: Bytes) -> String {
        var found = ""
        var at = 0
        while message.count < 3990, let start = message.range(of: "File \"", from: at) {
            at = start + 6
            guard let quote = message.firstIndex(of: 34, from: at) else { break }
            let path = message.slice(at, quote)
            at = quote
            guard path.range(of: "/vllm/") != nil else { continue }
            let end = message.firstIndex(of: 10, from: quote) ?? message.count
            let rest = message.slice(quote, end)
            guard let name = rest.range(of: ", in ") else { continue }
            let file = path.slice((path.lastIndex(of: 47) ?? -1) + 1, path.count)
            found = "\(file.text(limit: 100)) in \(rest.slice(name + 5, rest.count).trimmed.text(limit: 100))"
        }
        if !found.isEmpty { return found }
        guard let colon = innermost.firstIndex(of: 58), let name = innermost.range(of: " in ", from: colon) else {
            return innermost.text(limit: 200)
        }
        return innermost.slice(0, colon).text(limit: 100) + innermost.slice(name, innermost.count).text(limit: 100)
    }
}
