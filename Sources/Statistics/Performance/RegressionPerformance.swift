internal import Glibc

/// Every metric of a numeric prediction ŷ of a label y, with weights; e = ŷ − y.
///
/// `mae`, `mse`, `rmse`, `bias` (mean e), `median_absolute_error`, `max_error`; `mape` divides by max(|y|, 2⁻⁵²); `smape` is the mean of
/// 2|e|/(|y| + |ŷ|) in 0…2, 0 where both are 0; `rmsle` needs y and ŷ above −1; `pinball_loss` at quantile q is the mean of
/// max(q·(y − ŷ), (q − 1)·(y − ŷ)); the Poisson deviance needs y ≥ 0 and ŷ > 0, the Gamma deviance both > 0. `r2` and
/// `explained_variance` of a constant label are 1 when nothing is left to explain, else 0; `r2` needs two rows.
/// > Source: R. Koenker, "Quantile Regression", 2005 (pinball); P. McCullagh, J. A. Nelder, "Generalized Linear Models", 1989 (deviances);
/// > conventions of scikit-learn.
public struct RegressionPerformance: Sendable {
    public var metrics: [PerformanceMetric]

    /// Places of a row's terms among the sums.
    private enum Term: Int, CaseIterable {
        case weight, absolute, square, error, label, squaredLabel, percentage, symmetric, logarithmic, pinball, poisson, gamma
    }
    private struct Sums {
        var values: [Double]
        subscript(_ term: Term) -> Double { values[term.rawValue] }
        func mean(_ term: Term) -> Double { self[term] / self[.weight] }
        /// Σ w(x − x̄)² / Σ w.
        func variance(_ square: Term, _ plain: Term) -> Double { max(0, mean(square) - mean(plain) * mean(plain)) }
    }

    /// - Throws: ``StatisticsError`` `.unequalLengths`.
    public init(
        labels: [Double], predictions: [Double], weights: [Double]? = nil, quantile: Double = 0.5, plan: IntervalPlan?
    ) throws(StatisticsError) {
        guard labels.count == predictions.count, weights.map({ $0.count == labels.count }) ?? true else {
            throw StatisticsError(.unequalLengths, "as many predictions and weights as labels expected")
        }
        let rows = labels.count
        var total = 0.0
        var labelSum = 0.0
        var errorSum = 0.0
        for row in 0..<rows {
            let w = weights?[row] ?? 1
            total += w
            labelSum += w * labels[row]
            errorSum += w * (predictions[row] - labels[row])
        }
        guard rows > 0, total > 0 else {
            metrics = Self.names.map { PerformanceMetric($0, nil, why: "no rows") }
            return
        }
        // Squares are summed around the means, so that nothing is lost to large ones.
        let center = labelSum / total
        let bias = errorSum / total
        func add(_ row: Int, _ sums: inout [Double]) {
            let (y, f, w) = (labels[row], predictions[row], weights?[row] ?? 1)
            let e = f - y
            sums[Term.weight.rawValue] += w
            sums[Term.absolute.rawValue] += w * abs(e)
            sums[Term.square.rawValue] += w * e * e
            sums[Term.error.rawValue] += w * e
            sums[Term.label.rawValue] += w * (y - center)
            sums[Term.squaredLabel.rawValue] += w * (y - center) * (y - center)
            sums[Term.percentage.rawValue] += w * (abs(e) / max(abs(y), Double.ulpOfOne))
            sums[Term.symmetric.rawValue] += e == 0 ? 0 : w * (2 * abs(e) / (abs(y) + abs(f)))
            let ratio = log1p(f) - log1p(y)
            sums[Term.logarithmic.rawValue] += w * ratio * ratio
            sums[Term.pinball.rawValue] += w * max(quantile * (y - f), (quantile - 1) * (y - f))
            sums[Term.poisson.rawValue] += 2 * w * ((y == 0 ? 0 : y * log(y / f)) - y + f)
            sums[Term.gamma.rawValue] += 2 * w * (log(f / y) + y / f - 1)
        }
        var values = [Double](repeating: 0, count: Term.allCases.count)
        var left = 0.0  // Σ w(e − ē)²
        var apart = 0.0
        for row in 0..<rows {
            add(row, &values)
            let w = weights?[row] ?? 1
            let e = predictions[row] - labels[row]
            left += w * (e - bias) * (e - bias)
            apart = max(apart, abs(e))
        }
        let sums = Sums(values: values)
        let draws = plan.map {
            SumBootstrap(rows: rows, width: Term.allCases.count, terms: add).resample($0, stream: 4).map { Sums(values: $0) }
        }

        func metric(_ name: String, _ why: String? = nil, value: Double? = nil, _ statistic: (Sums) -> Double) -> PerformanceMetric {
            let value = value ?? statistic(sums)
            let interval = draws.flatMap { draws in
                plan?.percentile(draws.map(statistic), value: value, center: statistic(sums), within: PerformanceMetric.range(of: name))
            }
            return why.map { PerformanceMetric(name, nil, why: $0) }
                ?? PerformanceMetric(
                    name, value, why: "infinite values, or squares that overflow, cancel", interval: interval, method: .bootstrap)
        }
        func explained(_ left: Double, _ all: Double) -> Double { all > 0 ? 1 - left / all : all == 0 ? (left == 0 ? 1 : 0) : .nan }
        let lowest = zip(labels, predictions).reduce(Double.infinity) { min($0, $1.0, $1.1) }
        let isPoisson = labels.allSatisfy { $0 >= 0 } && predictions.allSatisfy { $0 > 0 }
        let counted = weights.map { $0.count { $0 > 0 } } ?? rows
        metrics = [
            metric("mae") { $0.mean(.absolute) }, metric("mse") { $0.mean(.square) }, metric("rmse") { $0.mean(.square).squareRoot() },
            metric(
                "r2", counted < 2 ? "one row, expected at least two" : nil, value: explained(sums[.square], sums[.squaredLabel])
            ) { explained($0.mean(.square), $0.variance(.squaredLabel, .label)) },
            Self.median(labels, predictions, weights, plan),
            PerformanceMetric("max_error", apart, why: "infinite values cancel"),
            metric("mape") { $0.mean(.percentage) },
            metric("explained_variance", value: explained(left, sums[.squaredLabel])) {
                explained($0.variance(.square, .error), $0.variance(.squaredLabel, .label))
            },
            metric("pinball_loss") { $0.mean(.pinball) }, metric("bias") { $0.mean(.error) }, metric("smape") { $0.mean(.symmetric) },
            metric("rmsle", lowest > -1 ? nil : "a label or prediction is −1 or less") { $0.mean(.logarithmic).squareRoot() },
            metric("mean_poisson_deviance", isPoisson ? nil : "a label is negative, or a prediction not positive") { $0.mean(.poisson) },
            metric("mean_gamma_deviance", lowest > 0 ? nil : "a label or prediction is not positive") { $0.mean(.gamma) },
        ]
    }

    public static let names = [
        "mae", "mse", "rmse", "r2", "median_absolute_error", "max_error", "mape", "explained_variance", "pinball_loss", "bias", "smape",
        "rmsle",
        "mean_poisson_deviance", "mean_gamma_deviance",
    ]

    /// The weighted median of |e| (the mean of two neighbours where half of the weight lies on each side); its interval by the binomial
    /// law of how many lie below, on the scale of weights.
    private static func median(_ labels: [Double], _ predictions: [Double], _ weights: [Double]?, _ plan: IntervalPlan?)
        -> PerformanceMetric
    {
        let name = "median_absolute_error"
        let errors = zip(labels, predictions).map { abs($1 - $0) }
        guard !errors.contains(where: \.isNaN) else { return PerformanceMetric(name, nil, why: "infinite values cancel") }
        let order = stableOrder(errors).filter { (weights?[$0] ?? 1) > 0 }
        var running: [Double] = []
        var (sum, squares) = (0.0, 0.0)
        for row in order {
            let w = weights?[row] ?? 1
            sum += w
            squares += w * w
            running.append(sum)
        }
        func quantile(_ p: Double) -> Double {
            let at = running.firstIndex { $0 >= p * sum } ?? order.count - 1
            let here = errors[order[at]]
            return running[at] == p * sum && at + 1 < order.count ? (here + errors[order[at + 1]]) / 2 : here
        }
        let interval = plan.flatMap { plan -> Interval? in
            let spread = Distributions.normalQuantile(0.5 + plan.confidence / 2) * 0.5 / (sum * sum / squares).squareRoot()
            return spread < 0.5 ? Interval(lower: quantile(0.5 - spread), upper: quantile(0.5 + spread)) : nil
        }
        return PerformanceMetric(name, quantile(0.5), interval: interval, method: .orderStatistics)
    }
}
