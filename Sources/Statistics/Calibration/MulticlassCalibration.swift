/// Calibration of a score for every class.
///
/// Top-label: the largest score of a row (the first of equal ones) against whether it names the label. Class-wise: every class's
/// score against whether the label is that class; `mean` is over classes. The Brier score is the mean over rows of the sum over
/// classes of squared gaps, in 0…2. For the log loss alone a row's scores are divided by their sum.
/// > Source: C. Guo et al., "On Calibration of Modern Neural Networks", 2017 (top-label); M. Kull et al., "Beyond Temperature Scaling",
/// > 2019 (class-wise).
public struct MulticlassCalibration: Sendable {
    public var accuracy: Double
    public var brierScore: Double
    /// nil when the scores of some row sum to 0.
    public var logLoss: Double?
    public var topLabel: CalibrationErrors
    public var topLabelBins: [CalibrationBin]
    public var topLabelDebiased: DebiasedCalibrationError
    /// One for each class.
    public var classwise: [CalibrationErrors]

    /// - Parameters:
    ///   - scores: one column for each class.
    ///   - labels: the number of the row's class.
    /// - Throws: ``StatisticsError`` as ``CalibrationSample``.
    public init(
        scores: [[Double]], labels: [Int], weights: [Double]?, bins: Int = 10, by binning: CalibrationBinning = .equalWidth,
        confidence: Double = 0.95, seed: UInt64 = 1
    ) throws(StatisticsError) {
        precondition(!scores.isEmpty && labels.allSatisfy { scores.indices.contains($0) }, "labels are numbers of classes")
        guard scores.allSatisfy({ $0.count == labels.count }) else {
            throw StatisticsError(.unequalLengths, "columns of one length expected")
        }
        let top = topClasses(scores)
        let right = zip(top, labels).map { $0 == $1 }
        let sample = try CalibrationSample(scores: top.indices.map { scores[top[$0]][$0] }, labels: right, weights: weights)
        accuracy = sample.baseRate
        let binned = try CalibrationBins(sample, count: bins, by: binning)
        topLabelBins = binned.bins
        topLabel = try CalibrationErrors(binned.bins)
        let width = try CalibrationBins(sample, count: bins)
        topLabelDebiased = DebiasedCalibrationError(sample, width, confidence: confidence, seed: seed)
        classwise = []
        brierScore = 0
        for (number, column) in scores.enumerated() {
            let one = try CalibrationSample(scores: column, labels: labels.map { $0 == number }, weights: weights)
            classwise.append(try CalibrationErrors(try CalibrationBins(one, count: bins, by: binning).bins))
            brierScore += one.brierScore
        }
        logLoss = multiclassLogLoss(scores: scores, labels: labels, weights: weights)
    }
}

/// Of every row, the class with the largest score, the first of equal ones.
public func topClasses(_ scores: [[Double]]) -> [Int] {
    guard var best = scores.first else { return [] }
    var out = [Int](repeating: 0, count: best.count)
    for (number, column) in scores.enumerated().dropFirst() {
        for row in column.indices where column[row] > best[row] {
            best[row] = column[row]
            out[row] = number
        }
    }
    return out
}

/// The mean of −ln of the label's share of its row's scores, the share clipped to [2⁻⁵², 1 − 2⁻⁵²]; nil when a row sums to 0 or less, or
/// has a score outside 0…1.
public func multiclassLogLoss(scores: [[Double]], labels: [Int], weights: [Double]?) -> Double? {
    var sum = 0.0
    var total = 0.0
    for row in labels.indices {
        var all = 0.0
        for column in scores {
            guard column[row] >= 0, column[row] <= 1 else { return nil }
            all += column[row]
        }
        guard all > 0 else { return nil }
        let w = weights?[row] ?? 1
        sum += w * logarithmicLoss(scores[labels[row]][row] / all, 1)
        total += w
    }
    return total > 0 ? sum / total : nil
}
