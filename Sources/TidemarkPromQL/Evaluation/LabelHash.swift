import TidemarkBase
import TidemarkSeries

/// The 64-bit hash by which Prometheus picks series for `limit_ratio`: XXH64 (seed 0) over the labels, each name and
/// value preceded by its length in one byte, or by 255 and three bytes when longer than 254.
enum LabelHash {
    static func hash(_ labels: Labels) -> UInt64 {
        var bytes: [UInt8] = []
        func add(_ text: String) {
            let length = text.utf8.count
            if length < 255 {
                bytes.append(UInt8(length))
            } else {
                bytes.append(255)
                for shift in [0, 8, 16] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
            }
            bytes.append(contentsOf: text.utf8)
        }
        for pair in labels.pairs {
            add(pair.name)
            add(pair.value)
        }
        return bytes.withUnsafeBytes { XXH64.hash($0) }
    }
}
