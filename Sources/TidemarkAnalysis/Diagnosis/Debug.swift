import Glibc
enum Debug {
    static let on = getenv("TMDEBUG") != nil
    static func line(_ s: String) { if on { let t = s + "\n"; t.withCString { _ = write(2, $0, strlen($0)) } } }
    static func episode(_ e: Episode, _ s: Situation) {
        guard on else { return }
        line(
            "EPISODE \(e.range) of \(s.grid.count) step \(s.grid.stepMs) from \(Double(e.range.lowerBound) * Double(s.grid.stepMs)/60000) to \(Double(e.range.upperBound) * Double(s.grid.stepMs)/60000) min"
        )
        for y in e.symptoms { line("   \(y.kind) \(y.replica) \(y.range) z \(y.score) \(y.before) > \(y.during)") }
    }
    static func judgement(_ id: String, _ scene: Scene, _ j: Judgement) {
        guard on else { return }
        line("  \(scene.replica) \(id) \(j.isFound ? "FOUND \(j.confidence)" : "no")")
        for s in j.required { line("      R \(s.state) \(s.text)") }
        if j.isFound {
            for s in j.supporting { line("      S \(s.state) \(s.text)") };
            for s in j.counter { line("      C \(s.state) \(s.text)") }
        }
    }
}
