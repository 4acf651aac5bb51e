import TidemarkBase

/// Encoded samples of one series, on their way from a file to the store or back.
public struct SeriesChunk {
    private enum Storage {
        /// Inside a file's bytes, which someone else keeps alive.
        case borrowed(Bytes)
        case owned([UInt8])
    }

    /// Unix milliseconds of the first and last sample.
    public var startMs: Int64
    public var endMs: Int64
    /// ``XORChunk/encoding``, ``HistogramChunk/encoding``, ``HistogramChunk/floatEncoding``, or one that nobody knows.
    public var encoding: UInt8
    /// Number of the part of the source that holds it.
    public var part: Int
    /// Where in that part's file it begins; for messages.
    public var offset: Int
    private let storage: Storage

    /// - Parameter data: must stay valid as long as the chunk.
    public init(startMs: Int64, endMs: Int64, encoding: UInt8, part: Int, offset: Int = 0, data: Bytes) {
        (self.startMs, self.endMs, self.encoding, self.part, self.offset) = (startMs, endMs, encoding, part, offset)
        storage = .borrowed(data)
    }

    public init(startMs: Int64, endMs: Int64, encoding: UInt8, part: Int, owned data: [UInt8]) {
        (self.startMs, self.endMs, self.encoding, self.part, offset) = (startMs, endMs, encoding, part, 0)
        storage = .owned(data)
    }

    /// Runs `body` on the encoded samples.
    public func withData<R, Failure: Error>(_ body: (Bytes) throws(Failure) -> R) throws(Failure) -> R {
        switch storage {
        case .borrowed(let bytes): return try body(bytes)
        case .owned(let array):
            // `withUnsafeBytes` of an array rethrows untyped; the result carries the typed error through.
            let result = array.withUnsafeBytes { bytes -> Result<R, Failure> in
                do throws(Failure) { return .success(try body(bytes)) } catch { return .failure(error) }
            }
            return try result.get()
        }
    }

    /// Samples in time order as chunks of the usual size, floats before native histograms.
    public static func chunks(of samples: SeriesSamples, part: Int) -> [SeriesChunk] {
        var chunks: [SeriesChunk] = []
        var at = 0
        while at < samples.count {
            let end = min(at + XORChunk.usualSamples, samples.count)
            chunks.append(
                SeriesChunk(
                    startMs: samples.timesMs[at], endMs: samples.timesMs[end - 1], encoding: XORChunk.encoding,
                    part: part,
                    owned: XORChunk.encode(timesMs: samples.timesMs[at..<end], values: samples.values[at..<end])))
            at = end
        }
        return chunks
            + HistogramChunk.chunks(timesMs: samples.histogramTimesMs, histograms: samples.histograms, part: part)
    }
}
