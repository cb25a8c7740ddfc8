/// Rows of a regression's log.
public struct PredictedRows: Sendable {
    /// The inputs of the loss model beside the prediction.
    public var features: [LossFeature]
    /// NaN for missing.
    public var predictions: [Double]
    /// NaN for missing.
    public var labels: [Double]

    public init(features: [LossFeature], predictions: [Double], labels: [Double]) {
        self.features = features
        self.predictions = predictions
        self.labels = labels
    }
    public var count: Int { predictions.count }
}

/// Direct loss estimation (DLE): a model of the loss, learned on the labelled reference, is averaged over rows without labels.
///
/// The inputs are the features and the prediction; the losses are |e|, e² and |e| / |y|. It sees a shift towards inputs where the
/// regression was always bad; it cannot see a changed relation of inputs and target. On the rows that it learned from it flatters.
/// > Source: NannyML 0.13.1, `DLE`; its loss model is LightGBM, ours ``BoostedTrees`` with the same settings.
public struct LossEstimator: Sendable {
    /// More rows than this are thinned evenly before the loss models are fitted.
    public static let fitRowsMax = 100_000

    private struct Model {
        var cells: [FeatureCells]
        var trees: BoostedTrees
    }
    private let models: [(metric: EstimatedMetric, model: Model)]
    private let samplingErrors: SamplingErrors

    /// - Throws: ``StatisticsError`` `.empty` without a row that has a label and a prediction.
    public init(reference: PredictedRows) throws(StatisticsError) {
        let rows = (0..<reference.count).filter { !reference.labels[$0].isNaN && !reference.predictions[$0].isNaN }
        guard !rows.isEmpty else { throw StatisticsError(.empty, "no row of the reference has a label and a prediction") }
        var losses: [EstimatedMetric: [Double]] = [:]
        for metric in [EstimatedMetric.mae, .mse, .mape] {
            losses[metric] = rows.map { Self.loss(metric, reference.labels[$0], reference.predictions[$0]) }
        }
        samplingErrors = SamplingErrors(losses: losses)
        let kept = rows.count <= Self.fitRowsMax ? rows : (0..<Self.fitRowsMax).map { rows[$0 * rows.count / Self.fitRowsMax] }
        models = [EstimatedMetric.mae, .mse, .mape].map { metric in (metric, Self.fit(reference, kept, metric)) }
    }

    private static func fit(_ reference: PredictedRows, _ rows: [Int], _ metric: EstimatedMetric) -> Model {
        var target = [Double](repeating: 0, count: reference.count)
        for row in rows { target[row] = loss(metric, reference.labels[row], reference.predictions[row]) }
        let features = reference.features + [.numeric(reference.predictions)]
        let cells = features.map { FeatureCells($0, rows: rows, target: target) }
        let columns = zip(cells, features).map { cells, feature in
            let all = cells.cells(feature)
            return rows.map { all[$0] }
        }
        return Model(cells: cells, trees: BoostedTrees(columns: columns, cells: cells.map(\.cells), target: rows.map { target[$0] }))
    }

    /// The expected losses of each row, by metric.
    public func losses(_ rows: PredictedRows) -> [EstimatedMetric: [Double]] {
        let features = rows.features + [.numeric(rows.predictions)]
        var out: [EstimatedMetric: [Double]] = [:]
        for (metric, model) in models {
            var cells = [UInt8](repeating: 0, count: rows.count * features.count)
            for (place, column) in zip(model.cells, features).map({ $0.cells($1) }).enumerated() {
                for row in column.indices { cells[row * features.count + place] = column[row] }
            }
            out[metric] = model.trees.predictions(cells, features: features.count).map { max(0, $0) }
        }
        return out
    }

    /// - Parameters:
    ///   - chunk: rows, in any order. - losses: those of all rows, from ``losses(_:)``.
    public func performance(_ rows: PredictedRows, chunk: [Int], losses: [EstimatedMetric: [Double]]) -> ChunkPerformance {
        let complete = chunk.filter { !rows.predictions[$0].isNaN }
        let labelled = complete.filter { !rows.labels[$0].isNaN }
        var estimated = MetricValues()
        var realized = MetricValues()
        for metric in [EstimatedMetric.mae, .mse, .mape] {
            if let expected = losses[metric] { estimated[metric] = Self.mean(complete.map { expected[$0] }) }
            realized[metric] = Self.mean(labelled.map { Self.loss(metric, rows.labels[$0], rows.predictions[$0]) })
        }
        estimated[.rmse] = estimated[.mse]?.squareRoot()
        realized[.rmse] = realized[.mse]?.squareRoot()
        return ChunkPerformance(
            estimated: estimated, realized: realized, samplingError: samplingErrors.at(rows: complete.count), rows: complete.count,
            labelsMissing: chunk.count { rows.labels[$0].isNaN })
    }

    private static func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }

    /// A label of 0 has no relative error: as in scikit-learn its absolute value is then taken as 2⁻⁵².
    private static func loss(_ metric: EstimatedMetric, _ label: Double, _ prediction: Double) -> Double {
        let error = abs(label - prediction)
        switch metric {
        case .mse: return error * error
        case .mape: return error / max(abs(label), 0x1p-52)
        default: return error
        }
    }
}
