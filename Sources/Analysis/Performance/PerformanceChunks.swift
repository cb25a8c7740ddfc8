internal import Statistics
internal import Vocabulary

/// Metrics chunk by chunk, with thresholds from the chunks of a reference.
struct PerformanceChunks {
    struct Chunk {
        var isReference: Bool
        var start: Int
        var end: Int
        var rows: Int
        var labelMissing: Double
        var metrics: [PerformanceMetric]
        var samplingErrors: [String: Double]
    }
    var chunks: [Chunk] = []
    /// Mean ∓ 3 population standard deviations of a metric over the reference chunks where it is defined, within the metric's range.
    var thresholds: [String: Interval] = [:]
    private static let deviations = 3.0

    init(_ data: PerformanceData, reference: PerformanceData?, _ chunking: Chunking, seed: UInt64) throws {
        var errors: MetricSamplingErrors?
        if let reference {
            errors = try reference.samplingErrors((0..<reference.rowCount).filter(reference.isUsable), seed: seed)
            chunks = try Self.chunks(reference, chunking, isReference: true, errors)
            var values: [String: [Double]] = [:]
            for chunk in chunks {
                for metric in chunk.metrics {
                    if let value = metric.value, value.isFinite { values[metric.name, default: []].append(value) }
                }
            }
            for (name, values) in values {
                let mean = values.reduce(0, +) / Double(values.count)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
                let range = PerformanceMetric.range(of: name)
                let spread = Self.deviations * variance.squareRoot()
                thresholds[name] = Interval(lower: max(mean - spread, range.lowerBound), upper: min(mean + spread, range.upperBound))
            }
        }
        chunks += try Self.chunks(data, chunking, isReference: false, errors)
    }

    private static func chunks(_ data: PerformanceData, _ chunking: Chunking, isReference: Bool, _ errors: MetricSamplingErrors?) throws
        -> [Chunk]
    {
        try chunking.chunks(rows: data.rowCount, times: data.times).map { chunk in
            let rows = chunk.rows.filter(data.isUsable)
            return Chunk(
                isReference: isReference, start: chunk.start, end: chunk.end, rows: rows.count,
                labelMissing: Double(chunk.rows.count { !data.isLabelled($0) }) / Double(chunk.rows.count),
                metrics: try data.outcome(rows, nil).metrics, samplingErrors: errors?.of(rows: rows.count) ?? [:])
        }
    }

    func isAlert(_ metric: PerformanceMetric) -> Bool {
        guard let value = metric.value, let threshold = thresholds[metric.name] else { return false }
        return value < threshold.lower || value > threshold.upper
    }

    var hasAlert: Bool { chunks.contains { !$0.isReference && $0.metrics.contains(where: isAlert) } }

    var json: JSON {
        .array(
            chunks.map { chunk in
                func each(_ value: (PerformanceMetric) -> JSON) -> JSON { .object(JSONObject(chunk.metrics.map { ($0.name, value($0)) })) }
                var out = JSONObject([
                    ("period", .string(chunk.isReference ? "reference" : "analysis")), ("start", JSON(chunk.start)),
                    ("end", JSON(chunk.end)),
                    ("n", JSON(chunk.rows)), ("label_missing", .number(chunk.labelMissing)), ("realized", each { .statistic($0.value) }),
                    ("sampling_error", each { .statistic(chunk.samplingErrors[$0.name]) }),
                    ("lower_threshold", each { .statistic(thresholds[$0.name]?.lower) }),
                    ("upper_threshold", each { .statistic(thresholds[$0.name]?.upper) }), ("alerts", each { .bool(isAlert($0)) }),
                ])
                let undefined = chunk.metrics.compactMap { metric in metric.why.map { (metric.name, JSON.string($0)) } }
                if !undefined.isEmpty { out["why"] = .object(JSONObject(undefined)) }
                return .object(out)
            })
    }

    /// A table of one metric's course, and its line with the thresholds.
    func blocks(_ names: [String]) -> [Report.Block] {
        var out: [Report.Block] = [.heading("Chunks")]
        let rows = chunks.map { chunk -> [String] in
            let values = names.map { name -> String in
                guard let metric = chunk.metrics.first(where: { $0.name == name }) else { return "" }
                return tableNumber(metric.value) + (isAlert(metric) ? " !" : "")
            }
            return [chunk.isReference ? "reference" : "analysis", "\(chunk.start) to \(chunk.end)", "\(chunk.rows)"] + values
        }
        let tones = chunks.map { chunk -> Report.Tone in
            if chunk.isReference { return .faint }
            return chunk.metrics.contains { names.contains($0.name) && isAlert($0) } ? .bad : .plain
        }
        out.append(.table(.init(["period", "rows", "used"] + names, rows, tones: tones)))
        guard let name = names.first else { return out }
        let values = chunks.map { chunk in chunk.metrics.first { $0.name == name }?.value ?? .nan }
        let places = chunks.indices.map(Double.init)
        var series = [Report.Chart.Series(name, x: places, y: values)]
        var summary = "\(chunks.count) chunks"
        if let threshold = thresholds[name] {
            series.append(.init("lower threshold", x: places, y: places.map { _ in threshold.lower }))
            series.append(.init("upper threshold", x: places, y: places.map { _ in threshold.upper }))
            let outside = chunks.count { chunk in !chunk.isReference && chunk.metrics.contains { $0.name == name && isAlert($0) } }
            let all = chunks.count { !$0.isReference }
            summary = "\(outside) of \(all) chunks lie outside of \(threshold.text), what the reference's chunks allow"
        }
        out.append(
            .chart(
                .init("\(name) by chunk", summary: summary, shape: .lines, series: series, xLabel: "chunk", yLabel: name, isZoomed: true)))
        return out
    }
}
