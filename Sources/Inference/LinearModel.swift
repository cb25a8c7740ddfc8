/// bias + Σ weight · feature for each output.
struct LinearModel: Sendable {
    /// Of each output, of each feature.
    var weights: [[Double]]
    var bias: [Double]
    var link: Link
    /// Whether a missing value adds nothing (XGBoost's gblinear); else the sum is missing, too.
    var skipsMissing: Bool

    /// Of each output, of each feature and last of the bias, a column: weight · x, nothing of a missing value, as XGBoost's `pred_contribs`.
    func contributions(_ columns: [[Double]], rows: Int) -> [[[Double]]] {
        weights.indices.map { output in
            let parts = zip(weights[output], columns).map { weight, column in
                column[..<rows].map { $0.isNaN ? 0 : link.isSingle ? Double(Float($0) * Float(weight)) : $0 * weight }
            }
            return parts + [[Double](repeating: bias[output], count: rows)]
        }
    }

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
