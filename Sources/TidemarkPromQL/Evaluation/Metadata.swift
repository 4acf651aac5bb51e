import TidemarkSeries

extension Labels {
    /// The labels that name a metric or tell its kind: they go when a calculation changes what a series means.
    private static let metadata: Set<String> = [metricName, "__type__", "__unit__"]

    /// Without the metric's name, type and unit.
    var withoutMetadata: Labels {
        guard pairs.contains(where: { $0.name.utf8.first == 95 && Self.metadata.contains($0.name) }) else {
            return self
        }
        return filter { !Self.metadata.contains($0) }
    }
}
