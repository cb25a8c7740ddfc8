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
        /// Why one of them is undefined.
        var withoutError: String
    }
    var chunks: [Chunk] = []
    /// Mean ∓ 3 population standard deviations of a metric over the reference chunks where it is defined, within the metric's range.
    var thresholds: [String: Interval] = [:]
    private static let deviations = 3.0

    private let hasReference: Bool

    /// A file's rows and how they are cut.
    typealias Part = (data: PerformanceData, cut: [Chunking.Chunk])

    init(_ part: Part, reference: Part?) throws {
        hasReference = reference != nil
        var errors: MetricSamplingErrors?
        var withoutError = "there is no --reference to take it from"
        if let reference {
            let data = reference.data
            errors = data.samplingErrors((0..<data.rowCount).filter(data.isUsable))
            withoutError = errors == nil ? "there is no rule with weights" : "there is no rule, or it is undefined on the reference"
            chunks = try Self.chunks(reference, isReference: true, errors, withoutError)
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
        chunks += try Self.chunks(part, isReference: false, errors, withoutError)
    }

    private static func chunks(
        _ part: Part, isReference: Bool, _ errors: MetricSamplingErrors?, _ withoutError: String
    ) throws -> [Chunk] {
        let data = part.data
        return try part.cut.map { chunk in
            let rows = chunk.rows.filter(data.isUsable)
            return Chunk(
                isReference: isReference, start: chunk.start, end: chunk.end, rows: rows.count,
                labelMissing: Double(chunk.rows.count { !data.isLabelled($0) }) / Double(chunk.rows.count),
                metrics: try data.outcome(rows, nil).metrics, samplingErrors: errors?.of(rows: rows.count) ?? [:],
                withoutError: rows.isEmpty ? "no rows to count in the chunk" : withoutError)
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
                let reasons = Dictionary(chunk.metrics.map { ($0.name, $0.why) }, uniquingKeysWith: { first, _ in first })
                let withoutThreshold =
                    hasReference ? "undefined in every chunk of the reference" : "there is no --reference whose chunks would set it"
                func each(_ value: (PerformanceMetric) -> Double?, else reason: (String) -> String?) -> JSON {
                    .statistics(chunk.metrics.map { ($0.name, value($0)) }, else: reason)
                }
                return .object([
                    "period": .string(chunk.isReference ? "reference" : "analysis"), "start": JSON(chunk.start), "end": JSON(chunk.end),
                    "n": JSON(chunk.rows), "label_missing": .number(chunk.labelMissing),
                    "realized": each({ $0.value }, else: { reasons[$0] ?? "undefined" }),
                    "sampling_error": each({ chunk.samplingErrors[$0.name] }, else: { _ in chunk.withoutError }),
                    "lower_threshold": each({ thresholds[$0.name]?.lower }, else: { _ in withoutThreshold }),
                    "upper_threshold": each({ thresholds[$0.name]?.upper }, else: { _ in withoutThreshold }),
                    "alerts": .object(JSONObject(chunk.metrics.map { ($0.name, .bool(isAlert($0))) })),
                ])
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
