internal import Vocabulary

/// What a person reads about the changes of a stream.
struct DetectionPage {
    let column: String
    let detector: DetectorKind
    let frame: Frame
    let stream: DetectorStream
    let segments: [DetectorStream.Segment]

    /// More rows than this are no table any more; JSON has them all.
    static let tableRowsMax = 200
    static let chartPointsMax = 200

    func blocks(changes: [Int], warnings: [Int]) -> [Report.Block] {
        var summary = "\(Digits.count(stream.values.count, "value")) of \(column) in \(frame.file): "
        summary += changes.isEmpty ? "no change" : Digits.count(changes.count, "change")
        if !warnings.isEmpty { summary += ", " + Digits.count(warnings.count, "warning") }
        let missing = frame.rows - stream.values.count
        if missing > 0 { summary += "; left out: " + Digits.count(missing, "missing value") }
        var out: [Report.Block] = [.text(summary + ". Rows count from 0.")]
        if !changes.isEmpty {
            let rows = zip(changes, zip(segments, segments.dropFirst().map(Optional.some) + [nil])).map { row, sides in
                [
                    String(row), Digits.short(sides.0.mean), String(sides.0.count), Digits.short(sides.1?.mean),
                    sides.1.map { String($0.count) } ?? "–",
                ]
            }
            let shown = Array(rows.prefix(Self.tableRowsMax))
            out.append(.table(Report.Table(["change seen at row", "mean before", "values", "mean after", "values"], shown)))
            if rows.count > shown.count { out.append(.text("… and \(rows.count - shown.count) more changes.")) }
        }
        if let chart = chart(changes) { out.append(.chart(chart)) }
        return out
    }

    /// The stream in equal parts, and the mean of each segment.
    private func chart(_ changes: [Int]) -> Report.Chart? {
        guard stream.values.count >= 2 else { return nil }
        let step = max(1, (stream.values.count + Self.chartPointsMax - 1) / Self.chartPointsMax)
        var x: [Double] = []
        var y: [Double] = []
        for start in stride(from: 0, to: stream.values.count, by: step) {
            let end = min(start + step, stream.values.count)
            x.append(Double(stream.rows[start]))
            y.append(stream.values[start..<end].reduce(0, +) / Double(end - start))
        }
        let levels = segments.prefix(Self.tableRowsMax)
        return Report.Chart(
            "\(column) over the rows",
            summary: "Means of \(step) values at a time, and the mean between changes; changes at \(list(changes)).", shape: .lines,
            series: [
                Report.Chart.Series("mean of \(step) values", x: x, y: y),
                Report.Chart.Series(
                    "mean between changes", x: levels.flatMap { [Double($0.start), Double($0.end)] },
                    y: levels.flatMap { [$0.mean, $0.mean] }),
            ],
            xLabel: "row", yLabel: column, isZoomed: true)
    }

    private func list(_ changes: [Int]) -> String {
        if changes.isEmpty { return "no row" }
        let shown = changes.prefix(10).map { String($0) }.joined(separator: ", ")
        return changes.count > 10 ? "\(shown) and \(changes.count - 10) more rows" : "row\(changes.count == 1 ? "" : "s") \(shown)"
    }
}
