/// The knee of a rising curve that levels off: Kneedle (Satopää and others, 2011) with its sensitivity left out. It depends
/// on how far the axis goes, so it describes a measurement and is no capacity.
enum KneePoint {
    /// Where the curve, brought to the unit square, is farthest above the diagonal. nil for fewer than four places, a curve
    /// that doesn't rise, or one without a bend.
    static func find(_ x: [Double], _ y: [Double]) -> Double? {
        let points = zip(x, y).sorted { $0.0 < $1.0 }
        guard points.count >= 4, let first = points.first, let last = points.last, last.0 > first.0,
            let low = points.map(\.1).min(), let high = points.map(\.1).max(), high > low
        else { return nil }
        var best: (distance: Double, place: Double)?
        for point in points {
            let distance = (point.1 - low) / (high - low) - (point.0 - first.0) / (last.0 - first.0)
            if distance > best?.distance ?? 0.05 { best = (distance, point.0) }
        }
        return best?.place
    }
}
