internal import Kernels
public import Vocabulary

/// The sums of a stretch of predictions of one model version: what every monitor is a function of.
///
/// Profiles of the same grid add: `merge` is associative and commutative, and the profile of A ∪ B is profile(A) + profile(B),
/// bit for bit. A delta may be negative: a corrected label takes back what the first one added.
public struct Profile: Sendable, Equatable {
    /// Of the grid on which this was counted.
    public let gridFingerprint: UInt64
    public internal(set) var rows: Int64 = 0
    /// Predictions that the caller marked as failed. They count in `rows` and nowhere else but in measures.
    public internal(set) var errors: Int64 = 0
    /// Predictions that have their label.
    public internal(set) var labelled: Int64 = 0
    public internal(set) var features: [FeatureCells]
    public internal(set) var score: NumericCells
    /// Empty for a regression. Of several classes the score is that of the predicted one, and the label whether it was right.
    public internal(set) var outcomes = Outcomes()
    /// Of a regression.
    public internal(set) var residuals = GroupTable<ErrorSums>()
    /// Of a model of several classes.
    public internal(set) var classes = GroupTable<ClassCounts>()
    /// nil where the grid has none.
    public internal(set) var joint: JointSums?
    public internal(set) var measures: [String: MeasureCells] = [:]

    public enum FeatureCells: Sendable, Equatable {
        case numeric(NumericCells)
        case categorical(CategoricalCells)
        case vector(VectorCells)
    }

    /// Distinct measure names in a profile; a request that brings more is refused.
    public static let measuresMax = 64

    public init(grid: ProfileGrid) {
        gridFingerprint = grid.fingerprint
        features = grid.features.map {
            switch $0 {
            case .numeric(let grid): .numeric(NumericCells(cellCount: grid.cellCount))
            case .categorical(let grid): .categorical(CategoricalCells(levelCount: grid.levels.count))
            case .vector(let grid): .vector(VectorCells(grid: grid))
            }
        }
        score = NumericCells(cellCount: grid.score.cellCount)
        joint = grid.joint.map { JointSums(grid: $0) }
    }

    public var isEmpty: Bool {
        rows == 0 && labelled == 0 && errors == 0 && outcomes.strata.isEmpty && residuals.groups.isEmpty && classes.groups.isEmpty
    }

    /// Adds predictions.
    ///
    /// - Parameter rows: the rows of the batch to fold; nil for all.
    public mutating func fold(_ batch: PredictionBatch, grid: ProfileGrid, rows positions: [Int]? = nil) {
        precondition(grid.fingerprint == gridFingerprint, "a profile is folded on its own grid")
        let batch = positions.map(batch.rows) ?? batch
        for (name, values) in batch.measures { measures[name, default: MeasureCells(missing: rows)].fold(values) }
        for name in measures.keys where batch.measures[name] == nil { measures[name]?.missing += Int64(batch.count) }
        trimMeasures()
        rows += Int64(batch.count)
        let served = batch.served
        errors += Int64(batch.count - served.count)
        for (i, column) in served.features.enumerated() {
            switch (column, grid.features[i], features[i]) {
            case (.numeric(let values), .numeric(let numeric), .numeric(var cells)):
                features[i] = .numeric(NumericCells(cellCount: 0))  // so that `cells` is the only owner and is changed in place
                cells.fold(values, grid: numeric)
                features[i] = .numeric(cells)
            case (.categorical(let levels), .categorical(let categorical), .categorical(var cells)):
                cells.fold(levels, grid: categorical)
                features[i] = .categorical(cells)
            case (.vector(let vectors), .vector(let vector), .vector(var cells)):
                cells.fold(vectors, grid: vector)
                features[i] = .vector(cells)
            default: preconditionFailure("the batch's columns are of the schema's kinds")
            }
        }
        switch grid.outcome {
        case .binary:
            score.fold(served.scores, grid: grid.score)
            outcomes.fold(served, grid: grid)
        case .numeric: score.fold(served.estimates, grid: grid.score)
        case .classes(let count):
            score.fold(served.scores, grid: grid.score)
            outcomes.fold(served, grid: grid)
            classes.fold(served, classes: count, grid.attributes)
        }
        if let jointGrid = grid.joint { joint?.fold(served, grid: jointGrid) }
    }

    /// Adds (or with `times` −1 takes back) the label of one stored prediction.
    public mutating func foldLabel(_ labelled: LabelledPrediction, grid: ProfileGrid, times: Int64 = 1) {
        precondition(grid.fingerprint == gridFingerprint, "a profile is folded on its own grid")
        self.labelled += times
        switch grid.outcome {
        case .binary: foldOutcome(labelled, grid: grid, times: times)
        case .classes(let count):
            guard let predicted = place(labelled.prediction, classes: count), let label = place(labelled.label, classes: count) else {
                return
            }
            classes.update(labelled.group, grid.attributes) { $0.add(ClassCounts.Cell(predicted: predicted, label: label), times) }
            var labelled = labelled
            labelled.label = predicted == label ? 1 : 0
            foldOutcome(labelled, grid: grid, times: times)
        case .numeric:
            residuals.update(labelled.group, grid.attributes) {
                $0.add(label: labelled.label, predicted: labelled.estimate, center: grid.score.center, times: times)
            }
        }
    }

    private mutating func foldOutcome(_ labelled: LabelledPrediction, grid: ProfileGrid, times: Int64) {
        let label: Stratum.Label = labelled.label == 1 ? .positive : .negative
        let stratum = Stratum(
            label: label,
            decision: grid.decision(score: labelled.score, prediction: labelled.prediction), group: labelled.group)
        var cells = ScoreCells()
        cells.add(labelled.score, cell: grid.score.locator.cell(of: labelled.score), label: label, times: times)
        outcomes.absorb(stratum, cells)
        outcomes.trim(grid.attributes)
    }

    /// Adds the labels of predictions that were folded; NaN for one that has none. A prediction that failed takes no label.
    public mutating func foldLabels(_ labels: [Double], of batch: PredictionBatch, grid: ProfileGrid) {
        for (row, label) in labels.enumerated() where !label.isNaN && batch.errors[row] == nil {
            let labelled = LabelledPrediction(
                label: label, score: batch.scores[row], prediction: batch.predictions[row], group: batch.groups.map { $0[row] })
            foldLabel(labelled, grid: grid)
        }
    }

    /// Adds another profile of the same grid.
    public mutating func merge(_ other: Profile, grid: ProfileGrid) {
        precondition(other.gridFingerprint == gridFingerprint && grid.fingerprint == gridFingerprint, "profiles add on one grid only")
        merge(other.measures, rows: other.rows, into: rows)
        rows += other.rows
        errors += other.errors
        labelled += other.labelled
        for i in features.indices {
            switch (features[i], other.features[i]) {
            case (.numeric(var mine), .numeric(let theirs)):
                features[i] = .numeric(NumericCells(cellCount: 0))
                mine.merge(theirs)
                features[i] = .numeric(mine)
            case (.categorical(var mine), .categorical(let theirs)):
                mine.merge(theirs)
                features[i] = .categorical(mine)
            case (.vector(var mine), .vector(let theirs)):
                mine.merge(theirs)
                features[i] = .vector(mine)
            default: preconditionFailure("profiles of one grid have the same columns")
            }
        }
        score.merge(other.score)
        outcomes.merge(other.outcomes, attributes: grid.attributes)
        residuals.merge(other.residuals, attributes: grid.attributes)
        classes.merge(other.classes, attributes: grid.attributes)
        if let theirs = other.joint { joint?.merge(theirs) }
    }

    /// - Parameters: others: of so many rows. - before: the rows that were here.
    mutating func merge(_ others: [String: MeasureCells], rows count: Int64, into before: Int64) {
        for name in measures.keys where others[name] == nil { measures[name]?.missing += count }
        for (name, cells) in others { measures[name, default: MeasureCells(missing: before)].merge(cells) }
        trimMeasures()
    }

    /// Of too many names those with the smallest hashes stay: one that stays in the end stayed in every part.
    private mutating func trimMeasures() {
        guard measures.count > Profile.measuresMax else { return }
        let order = measures.keys.sorted { (stableHash($0), $0) < (stableHash($1), $1) }
        for name in order.dropFirst(Profile.measuresMax) { measures[name] = nil }
    }
}

/// A stored prediction with its label: what a labelled row adds to a profile.
public struct LabelledPrediction: Sendable, Equatable {
    public var label: Double
    public var score: Double
    public var prediction: Double
    public var group: [String?]

    public init(label: Double, score: Double, prediction: Double, group: [String?]) {
        self.label = label
        self.score = score
        self.prediction = prediction
        self.group = group
    }
}

extension LabelledPrediction {
    /// The value of a regression.
    var estimate: Double { prediction.isNaN ? score : prediction }
}

extension PredictionBatch {
    /// The values of a regression: each record's prediction, or its score where it has none.
    var estimates: [Double] { zip(predictions, scores).map { $0.isNaN ? $1 : $0 } }
}

extension ProfileGrid {
    /// The record's own prediction if it has one, else score ≥ threshold; nil where there is neither, and where an answer is not yes or no.
    func decision(score: Double, prediction: Double) -> Bool? {
        guard outcome == .binary else { return nil }
        if !prediction.isNaN { return prediction >= 0.5 }
        return score.isNaN ? nil : score >= threshold
    }
}
