internal import Statistics
internal import Vocabulary

/// An estimate as JSON and as a page.
struct EstimationPage {
    let result: EstimationResult
    let reference: Frame
    let current: Frame
    private let bands: [EstimatedMetric: UsualBand]

    init(result: EstimationResult, reference: Frame, current: Frame) {
        self.result = result
        self.reference = reference
        self.current = current
        bands = result.bands
    }

    func report() -> Report {
        var members: [(String, JSON)] = [
            ("command", "estimate"), ("task", .string(result.task.rawValue)),
            ("method", .string(result.task == .regression ? "dle" : "cbpe")), ("calibrated", .bool(result.isCalibrated)),
            ("reference", side(result.reference)), ("current", side(result.current)),
        ]
        if result.task == .multiclass {
            members.append(("calibrated_classes", .array(result.calibratedClasses.map { .string($0) })))
        }
        if result.task == .regression { members.append(("features", .array(result.features.map { .string($0) }))) }
        members.append(
            (
                "chunks",
                .array(result.reference.chunks.map { json($0, "reference") } + result.current.chunks.map { json($0, "analysis") })
            ))
        return Report(
            title: "Estimated performance of \(current.file)", json: .object(JSONObject(members)), blocks: blocks(),
            hasFinding: result.current.chunks.contains { isUnusual($0) })
    }

    private func side(_ part: EstimationResult.Part) -> JSON {
        .object(["rows": JSON(part.rows), "missing": JSON(part.rows - part.used)])
    }

    /// The metrics whose estimate is unusual.
    private func alerts(_ chunk: EstimationResult.Chunk) -> Set<EstimatedMetric> {
        Set(result.metrics.filter { metric in chunk.performance.estimated[metric].map { bands[metric]?.isUnusual($0) ?? false } ?? false })
    }

    /// Counts take no part: a smaller chunk has smaller ones.
    private func isUnusual(_ chunk: EstimationResult.Chunk) -> Bool {
        !alerts(chunk).isDisjoint(with: EstimatedMetric.ofClasses + EstimatedMetric.ofRegression)
    }

    private func json(_ chunk: EstimationResult.Chunk, _ period: String) -> JSON {
        let performance = chunk.performance
        func values(_ value: (EstimatedMetric) -> Double?, else reason: (String) -> String?) -> JSON {
            .statistics(result.metrics.map { ($0.rawValue, value($0)) }, else: reason)
        }
        let found = alerts(chunk)
        let needed = result.task == .regression ? "a prediction" : "a score and a prediction"
        let withoutEstimate = performance.rows == 0 ? "no row has \(needed)" : "one class only is expected or predicted"
        let hasLabels = performance.labelsMissing < chunk.place.rows.count
        let withoutLabels = hasLabels ? "labels or predictions of one class only, or no complete row with a label" : "no labels"
        let withoutError = performance.rows == 0 ? withoutEstimate : "undefined on the reference"
        func withoutBound(_ name: String) -> String {
            EstimatedMetric(rawValue: name).flatMap { performance.estimated[$0] } == nil ? withoutEstimate : "there is no sampling error"
        }
        var members: [(String, JSON)] = [
            ("period", .string(period)), ("start", JSON(chunk.place.start)), ("end", JSON(chunk.place.end)), ("n", JSON(performance.rows)),
            ("label_missing", JSON(performance.labelsMissing)),
            ("estimated", values({ performance.estimated[$0] }, else: { _ in withoutEstimate })),
            ("realized", values({ performance.realized[$0] }, else: { _ in withoutLabels })),
            ("sampling_error", values({ performance.samplingError[$0] }, else: { _ in withoutError })),
            ("lower_bound", values({ performance.bounds($0)?.lower }, else: withoutBound)),
            ("upper_bound", values({ performance.bounds($0)?.upper }, else: withoutBound)),
            ("lower_threshold", values({ bands[$0]?.lower }, else: { _ in Self.withoutBand })),
            ("upper_threshold", values({ bands[$0]?.upper }, else: { _ in Self.withoutBand })),
            ("alerts", .object(JSONObject(result.metrics.map { ($0.rawValue, .bool(found.contains($0))) }))),
            ("alert", .bool(isUnusual(chunk))),
        ]
        if period == "reference" { members.append(("without_itself", withoutItself(performance))) }
        return .object(JSONObject(members))
    }

    private static let withoutBand = "undefined in every chunk of the reference"

    /// A chunk of the reference against the bands of the other ones.
    private func withoutItself(_ performance: ChunkPerformance) -> JSON {
        let alone = "undefined in every other chunk of the reference"
        let others = result.metrics.map { ($0, bands[$0]?.excluding(performance.realized[$0])) }
        return .object([
            "lower_threshold": .statistics(others.map { ($0.rawValue, $1?.lower) }) { _ in alone },
            "upper_threshold": .statistics(others.map { ($0.rawValue, $1?.upper) }) { _ in alone },
            "alerts": .object(
                JSONObject(
                    others.map { metric, band in
                        (metric.rawValue, .bool(performance.estimated[metric].map { band?.isUnusual($0) ?? false } ?? false))
                    })),
        ])
    }

    // MARK: - For people

    /// Those that a page shows; JSON has them all.
    private var shown: [EstimatedMetric] {
        result.task == .regression ? EstimatedMetric.ofRegression : [.rocAUC, .f1, .precision, .recall, .accuracy]
    }

    /// Fewer chunks of the reference than this hardly show what is usual.
    private static let chunksFew = 5

    private func blocks() -> [Report.Block] {
        var out: [Report.Block] = [.text(summary())]
        let rows = result.current.chunks.map { chunk in
            ["\(chunk.place.start)–\(chunk.place.end)"]
                + shown.flatMap { [Digits.short(chunk.performance.estimated[$0]), Digits.short(chunk.performance.realized[$0])] }
        }
        let header = ["rows"] + shown.flatMap { [$0.rawValue, "realized"] }
        out.append(.table(Report.Table(header, rows, tones: result.current.chunks.map { isUnusual($0) ? .bad : .plain })))
        let unusual = result.metrics.filter { metric in
            !EstimatedMetric.ofConfusion.contains(metric) && result.current.chunks.contains { alerts($0).contains(metric) }
        }
        for metric in unusual {
            guard let band = bands[metric] else { continue }
            let count = result.current.chunks.count { alerts($0).contains(metric) }
            out.append(
                .text(
                    "\(metric.rawValue) leaves its usual band, \(Digits.short(band.lower)) to \(Digits.short(band.upper)), in \(count) of "
                        + "\(Digits.count(result.current.chunks.count, "chunk"))."))
        }
        if result.reference.chunks.count < Self.chunksFew {
            out.append(
                .text(
                    "The usual bands come from \(Digits.count(result.reference.chunks.count, "chunk")) of the reference only: too few to "
                        + "know what is usual."))
        }
        for metric in shown { out.append(.chart(chart(metric))) }
        return out
    }

    private func summary() -> String {
        var text =
            "\(Digits.count(result.current.used, "row")) in \(Digits.count(result.current.chunks.count, "chunk")), judged by "
            + "\(Digits.count(result.reference.used, "row")) of \(reference.file). "
        switch result.task {
        case .regression:
            text += "The loss was learned from \(result.features.isEmpty ? "the prediction" : "the features and the prediction"). "
        case .binary: text += result.isCalibrated ? "Scores were calibrated on the reference. " : "Scores were taken as they are. "
        case .multiclass:
            let classes = result.calibratedClasses.joined(separator: ", ")
            text += result.isCalibrated ? "Calibrated on the reference: \(classes). " : "Scores were taken as they are. "
        }
        let missing = result.current.rows - result.current.used
        if missing > 0 { text += "Left out for a missing value: \(Digits.count(missing, "row")). " }
        return text + "An estimate holds while the model relates inputs to labels as it did in the reference."
    }

    /// Chunks where a value is undefined have no point.
    private func chart(_ metric: EstimatedMetric) -> Report.Chart {
        let chunks = result.reference.chunks + result.current.chunks
        func series(_ name: String, _ value: (ChunkPerformance) -> Double?) -> Report.Chart.Series {
            let points = chunks.enumerated().compactMap { place, chunk in value(chunk.performance).map { (Double(place), $0) } }
            return Report.Chart.Series(name, x: points.map(\.0), y: points.map(\.1))
        }
        var estimated = series("estimated") { $0.estimated[metric] }
        let bounds = chunks.filter { $0.performance.estimated[metric] != nil }.compactMap { $0.performance.bounds(metric) }
        if bounds.count == estimated.y.count {
            estimated.lower = bounds.map(\.lower)
            estimated.upper = bounds.map(\.upper)
        }
        var all = [estimated]
        let realized = series("realized") { $0.realized[metric] }
        if !realized.y.isEmpty { all.append(realized) }
        if let band = bands[metric], !chunks.isEmpty {
            let ends = [0, Double(chunks.count - 1)]
            all.append(Report.Chart.Series("usual, lower", x: ends, y: [band.lower, band.lower]))
            if band.upper.isFinite { all.append(Report.Chart.Series("usual, upper", x: ends, y: [band.upper, band.upper])) }
        }
        let words = estimated.y.min().flatMap { low in
            estimated.y.max().map { "from \(Digits.short(low)) to \(Digits.short($0))" }
        }
        return Report.Chart(
            "\(metric.rawValue) by chunk",
            summary:
                "Estimated \(words ?? "nowhere"); of the reference: the first \(Digits.count(result.reference.chunks.count, "chunk")).",
            shape: .lines, series: all, xLabel: "chunk", yLabel: metric.rawValue, isZoomed: true)
    }
}
