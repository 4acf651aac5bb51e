import TidemarkSeries

extension Evaluator {
    func binaryVector(_ binary: BinaryExpr, _ expr: Expr) throws -> [Column] {
        if binary.right.type == .scalar {
            let columns = try vector(binary.left)
            return try withScalar(binary, columns, try scalar(binary.right), scalarLeft: false, expr)
        }
        if binary.left.type == .scalar {
            let values = try scalar(binary.left)
            return try withScalar(binary, try vector(binary.right), values, scalarLeft: true, expr)
        }
        let left = try vector(binary.left)
        let right = try vector(binary.right)
        if binary.operation.isSetOperator { return try setOperation(binary, left, right) }
        return try matched(binary, left, right, expr)
    }

    private func withScalar(
        _ binary: BinaryExpr, _ columns: [Column], _ scalars: [Double], scalarLeft: Bool, _ expr: Expr
    ) throws -> [Column] {
        let operation = binary.operation
        let returnBool = binary.returnBool
        var results = columns
        for index in results.indices {
            if !columns[index].histograms.isEmpty {
                for (step, histogram) in columns[index].histograms.enumerated() {
                    guard let histogram else { continue }
                    results[index].remove(step)
                    let value =
                        scalarLeft
                        ? mixed(operation, .float(scalars[step]), .histogram(histogram), expr)
                        : mixed(operation, .histogram(histogram), .float(scalars[step]), expr)
                    results[index].set(value, at: step)
                }
            }
            results[index].values.withUnsafeMutableBufferPointer { values in
                for step in values.indices where !Absent.matches(columns[index].values[step]) {
                    let value = columns[index].values[step]
                    if operation.isComparison {
                        let holds =
                            scalarLeft
                            ? operation.compare(scalars[step], value) : operation.compare(value, scalars[step])
                        values[step] = returnBool ? holds ? 1 : 0 : holds ? value : Absent.value
                    } else if operation.isTrim {
                        noteIncompatible(operation, "float", "float", expr)
                        values[step] = Absent.value
                    } else {
                        values[step] =
                            scalarLeft
                            ? operation.arithmetic(scalars[step], value) : operation.arithmetic(value, scalars[step])
                    }
                }
            }
        }
        if operation.isTrim || operation.isComparison && !returnBool { return results }
        return try unnamed(results)
    }

    /// The labels that decide which series belong together.
    func signature(_ labels: Labels, _ matching: VectorMatching, _ names: Set<String>) -> Labels {
        matching.on ? labels.filter { names.contains($0) } : labels.filter { !names.contains($0) }
    }

    func matchingNames(_ matching: VectorMatching) -> Set<String> {
        Set(matching.on ? matching.labels : matching.labels + [Labels.metricName])
    }

    /// Numbers the match groups of both sides from 0.
    fileprivate func numbered(
        _ left: [Column], _ right: [Column], _ matching: VectorMatching
    ) -> (left: [Int], right: [Int], labels: [Labels]) {
        let names = matchingNames(matching)
        var numbers: [Labels: Int] = [:]
        var labels: [Labels] = []
        func number(_ column: Column) -> Int {
            let key = signature(column.labels, matching, names)
            if let known = numbers[key] { return known }
            numbers[key] = labels.count
            labels.append(key)
            return labels.count - 1
        }
        return (left.map(number), right.map(number), labels)
    }

    // MARK: set operators

    private func setOperation(_ binary: BinaryExpr, _ left: [Column], _ right: [Column]) throws -> [Column] {
        let (leftKeys, rightKeys, labels) = numbered(left, right, binary.matching)
        func presence(_ columns: [Column], _ keys: [Int]) -> [[Bool]] {
            var present = [[Bool]](repeating: [], count: labels.count)
            for (column, key) in zip(columns, keys) {
                if present[key].isEmpty { present[key] = [Bool](repeating: false, count: grid.count) }
                for step in 0..<grid.count where column.isPresent(step) { present[key][step] = true }
            }
            return present
        }
        /// `columns` where the other side has (or has not) their key.
        func kept(_ columns: [Column], _ keys: [Int], _ other: [[Bool]], when wanted: Bool) -> [Column] {
            zip(columns, keys).compactMap { column, key in
                if other[key].isEmpty { return wanted ? nil : column }
                var column = column
                for step in 0..<grid.count where other[key][step] != wanted { column.remove(step) }
                return column
            }
        }
        try context.charge(left.count * grid.count)
        switch binary.operation {
        case .and: return kept(left, leftKeys, presence(right, rightKeys), when: true)
        case .unless: return kept(left, leftKeys, presence(right, rightKeys), when: false)
        default:
            let both = left + kept(right, rightKeys, presence(left, leftKeys), when: false)
            return delaysNames ? both : try merged(both)
        }
    }

    // MARK: arithmetic and comparison between vectors

    private func matched(
        _ binary: BinaryExpr, _ left: [Column], _ right: [Column], _ expr: Expr
    ) throws -> [Column] {
        var matcher = VectorMatcher(self, binary, expr, left, right)
        return try matcher.run()
    }
}

/// One vector-to-vector operation: pairs the series once, then calculates step by step.
private struct VectorMatcher {
    private let evaluator: Evaluator
    private let binary: BinaryExpr
    private let expr: Expr
    private let steps: Int
    /// The side that may have several series per group; its opposite has one. Sides are swapped for `group_right`.
    private let many: [Column]
    private let one: [Column]
    private let swapped: Bool
    private let manyKeys: [Int]
    private let oneKeys: [Int]
    private let keyLabels: [Labels]
    private var results: [Column] = []
    private var places: [Labels: Int] = [:]

    init(_ evaluator: Evaluator, _ binary: BinaryExpr, _ expr: Expr, _ left: [Column], _ right: [Column]) {
        self.evaluator = evaluator
        self.expr = expr
        self.binary = binary
        steps = evaluator.grid.count
        swapped = binary.matching.cardinality == .oneToMany
        many = swapped ? right : left
        one = swapped ? left : right
        let numbers = evaluator.numbered(many, one, binary.matching)
        (manyKeys, oneKeys, keyLabels) = (numbers.left, numbers.right, numbers.labels)
    }

    private var isOneToOne: Bool { binary.matching.cardinality == .oneToOne }
    private var fillMany: Double? { swapped ? binary.matching.fillRight : binary.matching.fillLeft }
    private var fillOne: Double? { swapped ? binary.matching.fillLeft : binary.matching.fillRight }

    mutating func run() throws -> [Column] {
        var partners = [[Int]](repeating: [], count: keyLabels.count)
        for (index, key) in oneKeys.enumerated() { partners[key].append(index) }
        var lookup = [Int](repeating: -1, count: keyLabels.count)
        var taken = [Int](repeating: -1, count: keyLabels.count)
        // Most often each group has one series on either side: a straight loop over the steps.
        var membersOfKey = [Int](repeating: 0, count: keyLabels.count)
        for key in manyKeys { membersOfKey[key] += 1 }
        let simple =
            fillMany == nil && fillOne == nil && partners.allSatisfy { $0.count <= 1 }
            && (!isOneToOne || membersOfKey.allSatisfy { $0 <= 1 })
        if simple {
            for (index, key) in manyKeys.enumerated() {
                guard let partner = partners[key].first else { continue }
                try pair(index, partner)
            }
            return results
        }
        for step in 0..<steps {
            for key in lookup.indices {
                lookup[key] = -1
                taken[key] = -1
            }
            guard fillMany != nil || fillOne != nil || many.contains(where: { $0.isPresent(step) }) else { continue }
            for (index, key) in oneKeys.enumerated() where one[index].isPresent(step) {
                guard lookup[key] < 0 else {
                    if evaluator.isV2 || hasMember(key, step) { throw duplicate(index, lookup[key], key) }
                    continue
                }
                lookup[key] = index
            }
            for (index, key) in manyKeys.enumerated() where many[index].isPresent(step) {
                let partner = lookup[key]
                guard partner >= 0 || fillOne != nil else { continue }
                if isOneToOne, taken[key] >= 0 {
                    throw PromQLError.execution(
                        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)")
                }
                taken[key] = index
                try store(
                    labels(many[index], partner >= 0 ? one[partner].labels : keyLabels[key]), value(many[index], step),
                    partner >= 0 ? value(one[partner], step) : .float(fillOne ?? .nan), step)
            }
            guard let fillMany else { continue }
            for (key, index) in lookup.enumerated() where index >= 0 && taken[key] < 0 {
                let column = Column(labels: keyLabels[key], values: [], dropsName: one[index].dropsName)
                try store(labels(column, one[index].labels), .float(fillMany), value(one[index], step), step)
            }
        }
        return results
    }

    private func hasMember(_ key: Int, _ step: Int) -> Bool {
        zip(many, manyKeys).contains { $1 == key && $0.isPresent(step) }
    }

    /// All steps of two series that have only each other.
    private mutating func pair(_ index: Int, _ partner: Int) throws {
        let operation = binary.operation
        let (a, b) = (many[index], one[partner])
        let result = labels(a, b.labels)
        let place = try place(of: result)
        if operation.isTrim || !a.histograms.isEmpty || !b.histograms.isEmpty {
            for step in 0..<steps where a.isPresent(step) && b.isPresent(step) {
                try store(result, value(a, step), value(b, step), step)
            }
            return
        }
        for step in 0..<steps where !Absent.matches(a.values[step]) && !Absent.matches(b.values[step]) {
            let (x, y) = swapped ? (b.values[step], a.values[step]) : (a.values[step], b.values[step])
            let value: Double
            if operation.isComparison {
                let holds = operation.compare(x, y)
                // The filtered sample is the left one, whichever side is many.
                value = binary.returnBool ? holds ? 1 : 0 : holds ? x : Absent.value
            } else {
                value = operation.arithmetic(x, y)
            }
            if Absent.matches(results[place].values[step]) {
                results[place].values[step] = value
            } else {
                throw repeated
            }
        }
    }

    private var repeated: PromQLError {
        .execution("multiple matches for labels: grouping labels must ensure unique matches")
    }

    private func value(_ column: Column, _ step: Int) -> WindowValue {
        column.histogram(step).map { .histogram($0) } ?? .float(column.values[step])
    }

    private mutating func store(_ labels: Labels, _ a: WindowValue, _ b: WindowValue, _ step: Int) throws {
        let operation = binary.operation
        let (x, y) = swapped ? (b, a) : (a, b)
        let place = try place(of: labels)
        guard !results[place].isPresent(step) else { throw repeated }
        guard case .float(let left) = x, case .float(let right) = y, !operation.isTrim else {
            var value = evaluator.mixed(operation, x, y, expr)
            if binary.returnBool, evaluator.hasResult(operation, x, y) {
                if case .none = value { value = .float(0) } else { value = .float(1) }
            }
            results[place].set(value, at: step)
            return
        }
        if operation.isComparison {
            let holds = operation.compare(left, right)
            results[place].values[step] = binary.returnBool ? holds ? 1 : 0 : holds ? left : Absent.value
        } else {
            results[place].values[step] = operation.arithmetic(left, right)
        }
    }

    private mutating func place(of labels: Labels) throws -> Int {
        if let known = places[labels] { return known }
        places[labels] = results.count
        var column = try evaluator.absentColumn(labels)
        // Between vectors only `bool` leaves the name to be dropped later.
        column.dropsName = evaluator.delaysNames && binary.returnBool
        results.append(column)
        return results.count - 1
    }

    private var dropsMetricName: Bool {
        // Prometheus before 3.0 forgot atan2 in its list of operators that change a metric's meaning.
        binary.returnBool
            || !binary.operation.isComparison && !binary.operation.isTrim
                && !(evaluator.isV2 && binary.operation == .atan2)
    }

    /// The labels of a result.
    private func labels(_ many: Column, _ one: Labels) -> Labels {
        let matching = binary.matching
        var labels = many.labels
        if isOneToOne {
            let names = Set(matching.labels)
            labels = matching.on ? labels.filter { names.contains($0) } : labels.filter { !names.contains($0) }
        }
        if dropsMetricName, !evaluator.delaysNames || !binary.returnBool { labels = labels.withoutMetadata }
        for name in matching.include { labels = labels.with(name, one[name] ?? "") }
        return labels
    }

    private func duplicate(_ index: Int, _ other: Int, _ key: Int) -> PromQLError {
        let side = swapped ? "left" : "right"
        return .execution(
            "found duplicate series for the match group \(evaluator.fullText(keyLabels[key])) on the \(side) hand-side of the operation: [\(evaluator.fullText(one[index].labels)), \(evaluator.fullText(one[other].labels))];many-to-many matching not allowed: matching labels must be unique on one side"
        )
    }
}
