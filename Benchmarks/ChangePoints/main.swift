import TidemarkStatistics

// The finder of change points as a filter, for `changepoints.py`: a series of numbers a line in, the places a line out.
// Arguments: least relative change, `log` or `plain`.
var settings = ChangePoints.Settings()
settings.leastRelativeChange = CommandLine.arguments.dropFirst().first.flatMap(Double.init) ?? 0.05
settings.usesLogarithm = CommandLine.arguments.dropFirst(2).first != "plain"
while let line = readLine() {
    let values = line.split(separator: " ").compactMap { Double($0) }
    let points = ChangePoints.find(values, settings)?.points ?? []
    print(points.map { String($0.index) }.joined(separator: " "))
}
