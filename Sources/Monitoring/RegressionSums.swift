internal import Profiles
internal import Statistics

/// What a regression's errors are, from their exact sums.
struct RegressionSums {
    let rows: Int64
    let leftOut: Int64
    let meanError: Double
    /// Mean absolute error.
    let mae: Double
    let rmse: Double
    /// nil with fewer than two rows; of a constant label 1 when nothing is left to explain, else 0.
    let r2: Double?
    /// Of errors and of absolute errors, unbiased.
    private let errorVariance: Double
    private let absoluteVariance: Double

    /// - Returns: nil without a row.
    init?(_ sums: ErrorSums) {
        guard sums.rows > 0 else { return nil }
        (rows, leftOut) = (sums.rows, sums.leftOut)
        let n = Double(sums.rows)
        let squares = sums.squaredErrorTotal
        let (error, absolute, label) = (sums.errorTotal / n, sums.absoluteErrorTotal / n, sums.labelTotal / n)
        (meanError, mae, rmse) = (error, absolute, (squares / n).squareRoot())
        func variance(_ squares: Double, _ mean: Double) -> Double { n < 2 ? 0 : max(0, squares - n * mean * mean) / (n - 1) }
        (errorVariance, absoluteVariance) = (variance(squares, error), variance(squares, absolute))
        let spread = max(0, sums.squaredLabelTotal - n * label * label)
        r2 = n < 2 ? nil : spread > 0 ? 1 - squares / spread : squares == 0 ? 1 : 0
    }

    var errors: MeanMoments { MeanMoments(count: Double(rows), mean: meanError, variance: errorVariance) }
    var absoluteErrors: MeanMoments { MeanMoments(count: Double(rows), mean: mae, variance: absoluteVariance) }
}

extension MeanMoments {
    /// The squared standard error of the mean.
    var squaredError: Double { variance / count }

    func interval(confidence: Double) -> Interval? { count < 2 ? nil : normalInterval(confidence: confidence) }
}
