#if canImport(Glibc)
    import Glibc
#endif

/// What one step of an engine costs, in seconds:
///
/// T = a + b · prompt tokens + c · decoding sequences + g · tokens in the KV cache + e · (1 − missʷ), all coefficients ≥ 0,
/// w = tokens of the step. The last term is that of a mixture of experts, whose weights are read once a token of the batch
/// needs them: it is full with a few tokens already, so that the cost of more sequences bends (`docs/methods.md`, Capacity).
public struct StepCostLaw: Sendable, Equatable {
    /// a: seconds of every step.
    public var fixed: Double
    /// b: seconds a prompt token that is computed.
    public var perPromptToken: Double
    /// c: seconds a sequence that decodes.
    public var perSequence: Double
    /// g: seconds a token held in the KV cache.
    public var perKVToken: Double
    /// e: seconds when every expert is read; 0 for a dense model.
    public var experts: Double
    /// Share of the experts that one token leaves alone, 0…1; without meaning for a dense model.
    public var expertMiss: Double
    /// Extra cost of a prompt token for each token before it, as a share of `perPromptToken`: attention.
    public var attention: Double

    /// 4·layers·width floating-point operations a token of context over 2·parameters: 2…3.3 · 10⁻⁵ for models of 7 to 70
    /// thousand million parameters.
    public static let usualAttention = 2.5e-5

    public init(
        fixed: Double, perPromptToken: Double, perSequence: Double, perKVToken: Double, experts: Double = 0,
        expertMiss: Double = 0.5, attention: Double = usualAttention
    ) {
        (self.fixed, self.perPromptToken, self.perSequence) = (fixed, perPromptToken, perSequence)
        (self.perKVToken, self.experts, self.expertMiss) = (perKVToken, experts, expertMiss)
        self.attention = attention
    }

    /// The share of the experts that a step with so many tokens reads.
    @inlinable public func expertShare(_ tokens: Double) -> Double { 1 - pow(expertMiss, tokens) }

    /// - Parameter promptTokens: already weighted by ``attention``.
    @inlinable public func seconds(promptTokens: Double, sequences: Double, kvTokens: Double) -> Double {
        var time = fixed + perPromptToken * promptTokens + perSequence * sequences + perKVToken * kvTokens
        if experts > 0 { time += experts * expertShare(promptTokens + sequences) }
        return time
    }

    /// The same law on a machine whose every step takes `factor` times as long.
    public func slower(_ factor: Double) -> StepCostLaw {
        var law = self
        law.fixed *= factor
        law.perPromptToken *= factor
        law.perSequence *= factor
        law.perKVToken *= factor
        law.experts *= factor
        return law
    }

    /// a, b, c, g, e.
    public var coefficients: [Double] { [fixed, perPromptToken, perSequence, perKVToken, experts] }
}
