/// bias + Σ weight · feature for each output.
struct LinearModel: Sendable {
    /// Of each output, of each feature.
    var weights: [[Double]]
    var bias: [Double]
    var link: Link
    /// Whether a missing value adds nothing (XGBoost's gblinear); else the sum is missing, too.
    var skipsMissing: Bool

    func margins(_ columns: [[Double]], rows: Int) -> [[Double]] {
        weights.indices.map { output in
            var sums = [Double](repeating: bias[output], count: rows)
            for (feature, weight) in weights[output].enumerated() {
                let column = columns[feature]
                for row in 0..<rows where !(skipsMissing && column[row].isNaN) {
                    if link.isSingle {
                        sums[row] = Double(Float(sums[row]) + Float(column[row]) * Float(weight))
                    } else {
                        sums[row] += column[row] * weight
                    }
                }
            }
            return sums
        }
    }
}
