import TidemarkBase

/// A process that the kernel killed because memory ran out: of the host, or of a control group.
///
/// Kernels tell of one kill in two lines: before 4.19 `Out of memory: Kill process 4142 (python3) score 68 or sacrifice
/// child` and `Killed process 4150 (python3) total-vm:…`, which may be a child of the former; since 4.19
/// `oom-kill:constraint=…,task=python3,pid=4142,uid=0` and `Out of memory: Killed process 4142 (python3) total-vm:…`. Of
/// control groups the sentence begins with `Memory cgroup out of memory: `. Source: Linux `mm/oom_kill.c`.
struct KernelKill: Sendable {
    enum Form: Sendable, Equatable {
        /// `oom-kill:…`, with the place of `task=` in the line.
        case chosen(Int)
        /// `Kill process`: a child may be killed in place of it.
        case announced
        case done
        /// `Killed process` without what ran out of memory: the line behind an announcement.
        case bare
    }

    let form: Form
    let pid: Int
    let name: String

    /// The kill that a line tells of, and where its words begin; nil for any other line.
    static func find(_ line: Bytes) -> (KernelKill, at: Int)? {
        if let at = line.range(of: "oom-kill:constraint=") {
            // The names of control groups stand before the task.
            guard let task = line.range(of: ",task=", from: at).map({ $0 + 1 }),
                let end = line.range(of: ",pid=", from: task)
            else { return nil }
            var stop = end + 5
            while stop < line.count, line[stop] &- 48 <= 9 { stop += 1 }
            guard let pid = Decimal.parseInt(line.slice(end + 5, stop)) else { return nil }
            return (KernelKill(form: .chosen(task), pid: pid, name: line.slice(task + 5, end).text(limit: 64)), at)
        }
        guard let verb = line.range(of: "Kill") else { return nil }
        let form: Form
        let number: Int
        if line.has("Killed process ", at: verb) {
            (form, number) = (.done, verb + 15)
        } else if line.has("Kill process ", at: verb) {
            (form, number) = (.announced, verb + 13)
        } else {
            return nil
        }
        var end = number
        while end < line.count, line[end] &- 48 <= 9 { end += 1 }
        // The name may have parentheses of its own.
        guard let pid = Decimal.parseInt(line.slice(number, end)), line.has(" (", at: end) || line.has(", ", at: end)
        else { return nil }
        let open = line.firstIndex(of: 40, from: end) ?? end
        let rest = line.slice(open, min(line.count, open + 80))
        let ends = [") total-vm", "), UID ", ") vsz:", ") score ", ") or sacrifice", ") with score"] as [StaticString]
        guard let close = ends.lazy.compactMap({ rest.range(of: $0) }).first ?? rest.firstIndex(of: 41), close > 0
        else {
            return nil
        }
        let name = rest.slice(1, close).text(limit: 64)
        let sentences: [StaticString] = ["Memory cgroup out of memory: ", "Out of memory: "]
        for sentence in sentences {
            let at = verb - sentence.utf8CodeUnitCount
            if line.has(sentence, at: at) { return (KernelKill(form: form, pid: pid, name: name), at) }
        }
        // Others speak of processes that are killed, too: the kernel adds their memory.
        guard form == .done, line.range(of: "total-vm:", from: end) != nil || line.range(of: " vsz:", from: end) != nil
        else { return nil }
        return (KernelKill(form: .bare, pid: pid, name: name), verb)
    }

    /// Whether this line tells again of a kill that a line before it told of.
    func isSame(as earlier: KernelKill) -> Bool {
        pid == earlier.pid || form == .bare && earlier.form == .announced
    }

    /// The form of ``init(state:)``: what ``isSame(as:)`` asks for.
    var state: String { "\(pid)\(form == .announced ? " announced" : "")" }

    init?(state: Substring) {
        let words = state.split(separator: " ")
        guard let pid = words.first.flatMap({ Int($0) }), pid >= 0 else { return nil }
        self.init(form: words.count > 1 ? .announced : .done, pid: pid, name: "")
    }

    init(form: Form, pid: Int, name: String) { (self.form, self.pid, self.name) = (form, pid, name) }
}
