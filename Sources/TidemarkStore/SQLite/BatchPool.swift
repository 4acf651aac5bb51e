/// What one thread fills and the ``WriteLane`` empties.
protocol LaneBatch: AnyObject {
    /// Set while it is the lane's: then it must not be touched.
    var isUnderWay: Bool { get set }
    func removeAll()
}

/// Batches in turn: one is being filled while others wait for the lane. They are made when they are needed, up to a limit,
/// so that a lane which waits for the disk does not stop the parser, and memory stays flat.
struct BatchPool<Batch: LaneBatch> {
    private let limit: Int
    private let make: () -> Batch
    private var batches: [Batch] = []

    /// - Parameter limit: batches at the most; 2 and more.
    init(limit: Int, make: @escaping () -> Batch) {
        self.limit = limit
        self.make = make
    }

    /// A batch that is not under way. Waits for one when there are as many as there may be.
    /// - Throws: what failed on the lane meanwhile.
    mutating func next(_ lane: WriteLane) throws -> Batch {
        if batches.count == limit { try lane.settle { batches.contains { !$0.isUnderWay } } }
        if lane.isIdle { reset() }
        if let free = batches.first(where: { !$0.isUnderWay }) { return free }
        batches.append(make())
        return batches[batches.count - 1]
    }

    /// Empties all batches, those too which the lane did not take after a failure. Only when nothing is under way.
    func reset() {
        for batch in batches {
            batch.removeAll()
            batch.isUnderWay = false
        }
    }
}
