import TidemarkSeries

// label_replace, label_join, sort and sort_by_label.
extension Evaluator {
    func labelReplace(_ arguments: [Expr]) throws -> [Column] {
        let (destination, replacement) = (try string(arguments[1]), try string(arguments[2]))
        let (source, text) = (try string(arguments[3]), try string(arguments[4]))
        guard let pattern = try? LabelPattern(text) else {
            throw PromQLError.execution("invalid regular expression in label_replace(): \(text)")
        }
        guard isLabelName(destination) else {
            throw PromQLError.execution("invalid destination label name in label_replace(): \(destination)")
        }
        var columns = try vector(arguments[0])
        for index in columns.indices {
            let value = columns[index].labels[source] ?? ""
            guard let result = pattern.expand(replacement, matching: value) else { continue }
            relabel(&columns[index], destination, result)
        }
        return try distinct(columns)
    }

    func labelJoin(_ arguments: [Expr]) throws -> [Column] {
        let (destination, separator) = (try string(arguments[1]), try string(arguments[2]))
        let sources = try arguments.dropFirst(3).map(string)
        for source in sources where !isLabelName(source) {
            throw PromQLError.execution("invalid source label name in label_join(): \(source)")
        }
        guard isLabelName(destination) else {
            throw PromQLError.execution("invalid destination label name in label_join(): \(destination)")
        }
        var columns = try vector(arguments[0])
        for index in columns.indices {
            let labels = columns[index].labels
            relabel(&columns[index], destination, sources.map { labels[$0] ?? "" }.joined(separator: separator))
        }
        return try distinct(columns)
    }

    /// Any text that is not empty; bytes that are no UTF-8 were replaced when the query was read.
    private func isLabelName(_ name: String) -> Bool {
        !name.isEmpty && !name.unicodeScalars.contains("\u{FFFD}")
    }

    private func relabel(_ column: inout Column, _ name: String, _ value: String) {
        column.labels = column.labels.with(name, value)
        // A name that is set on purpose stays.
        if name == Labels.metricName { column.dropsName = false }
    }

    private func distinct(_ columns: [Column]) throws -> [Column] { delaysNames ? columns : try merged(columns) }

    // MARK: order

    /// Sorted by value, NaN last. Only instant queries have an order.
    func sorted(_ columns: [Column], descending: Bool) -> [Column] {
        // Histograms have no order.
        let columns = columns.map { column in
            var column = column
            column.histograms = []
            return column
        }
        guard grid.count == 1 else { return columns }
        return stablySorted(columns) { a, b in
            let (x, y) = (a.values[0], b.values[0])
            if x.isNaN || y.isNaN { return !x.isNaN && y.isNaN }
            return descending ? x > y : x < y
        }
    }

    /// Sorted by the named labels in natural order, then by all labels.
    func sorted(_ columns: [Column], byLabels names: [String], descending: Bool) -> [Column] {
        guard grid.count == 1 else { return columns }
        return stablySorted(columns) { a, b in
            for name in names {
                let (x, y) = (a.labels[name] ?? "", b.labels[name] ?? "")
                if x != y { return Self.naturallyPrecedes(x, y) != descending }
            }
            return descending ? b.labels < a.labels : a.labels < b.labels
        }
    }

    private func stablySorted(_ columns: [Column], by precedes: (Column, Column) -> Bool) -> [Column] {
        // Steps without a value would spoil the order of those with one.
        columns.filter { $0.isPresent(0) }.enumerated().sorted { a, b in
            if precedes(a.element, b.element) { return true }
            if precedes(b.element, a.element) { return false }
            return a.offset < b.offset
        }.map(\.element)
    }

    /// Runs of digits compare as numbers, the rest as bytes.
    static func naturallyPrecedes(_ a: String, _ b: String) -> Bool {
        let (x, y) = (Array(a.utf8), Array(b.utf8))
        var (i, j) = (0, 0)
        func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
        while i < x.count, j < y.count {
            if isDigit(x[i]), isDigit(y[j]) {
                var (endX, endY) = (i, j)
                while endX < x.count, isDigit(x[endX]) { endX += 1 }
                while endY < y.count, isDigit(y[endY]) { endY += 1 }
                let numberX = Array(x[i..<endX].drop { $0 == 48 })
                let numberY = Array(y[j..<endY].drop { $0 == 48 })
                if numberX.count != numberY.count { return numberX.count < numberY.count }
                if numberX != numberY { return numberX.lexicographicallyPrecedes(numberY) }
                if endX - i != endY - j { return endX - i < endY - j }
                (i, j) = (endX, endY)
            } else {
                if x[i] != y[j] { return x[i] < y[j] }
                (i, j) = (i + 1, j + 1)
            }
        }
        return x.count - i < y.count - j
    }
}
