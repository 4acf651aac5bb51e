import TidemarkSeries

// Binary operators with a native histogram on at least one side.
extension Evaluator {
    /// Whether the operator is defined for operands of these kinds.
    func hasResult(_ operation: BinaryOperator, _ a: WindowValue, _ b: WindowValue) -> Bool {
        switch (a, b) {
        case (.histogram, .histogram):
            return [.add, .subtract, .equal, .notEqual].contains(operation)
        case (.histogram, .float): return operation == .multiply || operation == .divide || operation.isTrim
        case (.float, .histogram): return operation == .multiply
        default: return !operation.isTrim
        }
    }

    /// The value of an operator of which at least one side is a histogram, or of a trim; a comparison that holds gives
    /// its left side.
    func mixed(_ operation: BinaryOperator, _ a: WindowValue, _ b: WindowValue, _ expr: Expr) -> WindowValue {
        guard hasResult(operation, a, b) else {
            noteIncompatible(operation, Self.kind(a), Self.kind(b), expr)
            return .none
        }
        switch (a, b) {
        case (.histogram(let x), .float(let y)):
            switch operation {
            case .multiply: return .histogram(x.multiplied(by: y).compacted)
            case .divide: return .histogram(x.divided(by: y).compacted)
            default: return .histogram(x.trimmed(at: y, keepsLower: operation == .trimUpper))
            }
        case (.float(let x), .histogram(let y)): return .histogram(y.multiplied(by: x).compacted)
        case (.histogram(let x), .histogram(let y)):
            if operation == .equal || operation == .notEqual {
                return x.equals(y) == (operation == .equal) ? a : .none
            }
            return sum(x, y, subtracting: operation == .subtract, expr)
        default: return .none
        }
    }

    private func sum(
        _ x: NativeHistogram, _ y: NativeHistogram, subtracting: Bool, _ expr: Expr
    ) -> WindowValue {
        let word = subtracting ? "subtraction" : "addition"
        var sum = HistogramSum(x)
        do {
            let (reconciled, collision) = try sum.add(y, subtracting: subtracting)
            if collision { noteCollision(word, expr) }
            if reconciled { noteReconciled(word, expr) }
        } catch {
            context.warn(
                "incompatible bucket layout encountered for binary operator \(subtracting ? "-" : "+")", expr)
            return .none
        }
        var result = sum.total
        if subtracting { result.resetHint = .gauge }
        return .histogram(result)
    }

    private static func kind(_ value: WindowValue) -> String {
        if case .histogram = value { return "histogram" }
        return "float"
    }

    func noteIncompatible(_ operation: BinaryOperator, _ left: String, _ right: String, _ expr: Expr) {
        context.inform(
            "incompatible sample types encountered for binary operator \"\(operation.rawValue)\": \(left) \(operation.rawValue) \(right)",
            expr)
    }
}
