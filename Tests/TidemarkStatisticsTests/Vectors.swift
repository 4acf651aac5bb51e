import Foundation
import Testing
import TidemarkTestSupport

/// Reference answers that `scripts/statistics_vectors.py` wrote: lists of numbers under flat names.
struct Vectors {
    private let lists: [String: [Double]]

    init(_ family: String) throws {
        lists = try JSONDecoder().decode(
            [String: [Double]].self, from: Data(contentsOf: fixture("statistics/\(family).json")))
    }

    subscript(_ name: String) -> [Double] {
        guard let list = lists[name] else {
            Issue.record("no vector \(name)")
            return []
        }
        return list
    }

    /// The list in rows of a width.
    func rows(_ name: String, _ width: Int) -> [[Double]] {
        let list = self[name]
        #expect(!list.isEmpty && list.count % width == 0)
        return stride(from: 0, to: list.count, by: width).map { Array(list[$0..<$0 + width]) }
    }
}

/// Whether a number agrees with its reference: by `relative`, or absolutely where both are nearly zero.
func expectClose(
    _ value: Double?, _ reference: Double, relative: Double, absolute: Double = 1e-300, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard let value else {
        Issue.record("nil instead of \(reference) \(what)", sourceLocation: sourceLocation)
        return
    }
    let isClose = value == reference || abs(value - reference) <= max(absolute, relative * abs(reference))
    #expect(isClose, "\(value) is not \(reference) \(what)", sourceLocation: sourceLocation)
}

func expectClose(
    _ values: [Double]?, _ references: [Double], relative: Double, absolute: Double = 1e-300, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(values?.count == references.count, sourceLocation: sourceLocation)
    for (index, (value, reference)) in zip(values ?? [], references).enumerated() {
        expectClose(
            value, reference, relative: relative, absolute: absolute, "\(what) [\(index)]",
            sourceLocation: sourceLocation)
    }
}
