/// The step-cost law fitted to windows of ordinary data by robust non-negative least squares on relative errors.
public struct StepCostRegression: Sendable {
    /// Means over the steps that one observed time stands for.
    public struct Row: Sendable {
        /// The observed mean time, in seconds.
        public var seconds: Double
        /// Steps in that time: 1 for the time of a step, more for a gap or a prefill of several steps.
        public var steps: Double
        /// Prompt tokens computed in those steps, weighted by attention.
        public var promptTokens: Double
        public var sequences: Double
        public var kvTokens: Double
        /// Sum of the shares of experts read.
        public var experts: Double
        /// Equal rows that this one stands for.
        public var importance: Double
        /// Rows of one block are resampled together; those of negative ones are in every draw.
        public var block: Int

        public init(
            seconds: Double, steps: Double = 1, promptTokens: Double, sequences: Double, kvTokens: Double,
            experts: Double = 0, importance: Double = 1, block: Int = 0
        ) {
            (self.seconds, self.steps, self.promptTokens) = (seconds, steps, promptTokens)
            (self.sequences, self.kvTokens, self.experts) = (sequences, kvTokens, experts)
            (self.importance, self.block) = (importance, block)
        }

        var numbers: [Double] { [steps, promptTokens, sequences, kvTokens, experts] }
    }

    public let law: StepCostLaw
    /// Robust spread of observed over fitted.
    public let residualCV: Double
    /// Of the columns at length 1: above about 30 single coefficients are unsure, though not what they predict together.
    public let conditionNumber: Double
    /// Largest over smallest number of sequences among the rows (10th and 90th percentile): below 2 nothing tells fixed cost
    /// from cost of sequences.
    public let spread: Double
    public let rows: Int
    private let fits: [Row]
    private let weights: [Double]
    private let columns: [Int]

    /// - Parameters:
    ///   - expertMiss: for a mixture of experts, the share of experts that a token leaves alone; nil for a dense model.
    /// - Returns: nil with fewer than eight sound rows, or where nothing can be fitted.
    public init?(_ raw: [Row], expertMiss: Double? = nil, attention: Double = StepCostLaw.usualAttention) {
        let rows = raw.filter {
            $0.seconds > 0 && $0.seconds.isFinite && $0.importance > 0
                && $0.numbers.allSatisfy { $0.isFinite && $0 >= 0 }
        }
        guard rows.count >= 8 else { return nil }
        // A column of zeros has no coefficient.
        let columns = (0..<5).filter { column in
            (column < 4 || expertMiss != nil) && rows.contains { $0.numbers[column] > 0 }
        }
        guard let design = Matrix(rows.map { row in columns.map { row.numbers[$0] } }),
            let fit = RobustNonNegativeFit(
                design, rows.map(\.seconds), relative: true, importance: rows.map(\.importance))
        else { return nil }
        law = Self.law(fit.coefficients, columns, expertMiss, attention)
        residualCV = fit.scale
        conditionNumber = fit.conditionNumber
        let load = rows.map(\.sequences).sorted()
        let (low, high) = (load[load.count / 10], load[load.count - 1 - load.count / 10])
        spread = low > 0 ? high / low : .infinity
        self.rows = rows.count
        (fits, weights, self.columns) = (rows, fit.weights, columns)
    }

    private static func law(_ x: [Double], _ columns: [Int], _ miss: Double?, _ attention: Double) -> StepCostLaw {
        var all = [Double](repeating: 0, count: 5)
        for (place, column) in columns.enumerated() { all[column] = x[place] }
        return StepCostLaw(
            fixed: all[0], perPromptToken: all[1], perSequence: all[2], perKVToken: all[3], experts: all[4],
            expertMiss: miss ?? 0.5, attention: attention)
    }

    /// Laws that other draws of the same blocks would have given. Each block is summed once into its normal equations, so
    /// that a thousand draws cost little: O(rows + draws × blocks).
    public func resampled(_ draws: Int, seed: UInt64) -> [StepCostLaw] {
        let p = columns.count
        var blocks: [Int: (gram: [Double], target: [Double])] = [:]
        for (row, weight) in zip(fits, weights) {
            var block = blocks[row.block] ?? (Array(repeating: 0, count: p * p), Array(repeating: 0, count: p))
            let x = columns.map { row.numbers[$0] / row.seconds }
            for i in 0..<p {
                block.target[i] += weight * row.importance * x[i]
                for j in 0..<p { block.gram[i * p + j] += weight * row.importance * x[i] * x[j] }
            }
            blocks[row.block] = block
        }
        let all = blocks.filter { $0.key >= 0 }.sorted { $0.key < $1.key }.map(\.value)
        let always = blocks.filter { $0.key < 0 }.sorted { $0.key < $1.key }.map(\.value)
        guard all.count >= 3,
            var bootstrap = MovingBlockBootstrap(count: all.count, block: 1, seed: seed)
        else { return [] }
        var laws: [StepCostLaw] = []
        for _ in 0..<draws {
            var gram = Matrix(rows: p, columns: p)
            var target = [Double](repeating: 0, count: p)
            for block in bootstrap.places().map({ all[$0] }) + always {
                for index in gram.values.indices { gram.values[index] += block.gram[index] }
                for index in 0..<p { target[index] += block.target[index] }
            }
            guard let fit = NonNegativeLeastSquares(gram: gram, target) else { continue }
            laws.append(Self.law(fit.coefficients, columns, law.expertMiss, law.attention))
        }
        return laws
    }
}

extension NonNegativeLeastSquares {
    /// From the normal equations AᵀA x = Aᵀb, by the Cholesky factor of AᵀA; a column that depends on others gets a hair of a
    /// ridge. nil for a matrix that isn't square, or not of this kind.
    public init?(gram: Matrix, _ target: [Double]) {
        let p = gram.columns
        guard gram.rows == p, target.count == p, p > 0 else { return nil }
        let scale = (0..<p).map { gram[$0, $0] > 0 ? gram[$0, $0].squareRoot() : 1 }
        var r = Matrix(rows: p, columns: p)
        var top = [Double](repeating: 0, count: p)
        for i in 0..<p {
            for j in i..<p {
                var sum = gram[i, j] / (scale[i] * scale[j]) + (i == j ? 1e-10 : 0)
                for k in 0..<i { sum -= r[k, i] * r[k, j] }
                if i == j {
                    guard sum > 0 else { return nil }
                    r[i, i] = sum.squareRoot()
                } else {
                    r[i, j] = sum / r[i, i]
                }
            }
            var sum = target[i] / scale[i]
            for k in 0..<i { sum -= r[k, i] * top[k] }
            top[i] = sum / r[i, i]
        }
        for i in 0..<p { for j in i..<p { r[i, j] *= scale[j] } }
        self.init(r, top)
    }
}
