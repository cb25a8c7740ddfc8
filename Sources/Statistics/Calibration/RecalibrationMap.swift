internal import Glibc

/// A map from scores to better calibrated scores, fitted on labelled rows.
///
/// It never reorders scores (a Platt map with a negative slope, from scores that rank backwards, reverses them). Judge it on rows that
/// it has not seen: ``crossFitted(_:method:folds:seed:)`` does.
public enum RecalibrationMap: Sendable, Equatable {
    /// σ(α + β·logit(score)).
    case platt(intercept: Double, slope: Double)
    case isotonic(IsotonicRegression)
    /// σ(logit(score)/temperature).
    case temperature(Double)

    public enum Method: String, Sendable, CaseIterable { case platt, isotonic, temperature }

    /// Scores are kept in [2⁻⁵², 1 − 2⁻⁵²] before logit is taken.
    private static let limit = Double.ulpOfOne

    /// - Platt: maximum likelihood with targets (n₊ + 1)/(n₊ + 2) and 1/(n₋ + 2) instead of 1 and 0, so that it exists even when the
    ///   scores separate the classes.
    /// - Temperature: the least log loss, by Newton's method within a bracket.
    /// - Throws: ``StatisticsError`` `.undefined` when no map is best: all labels equal (temperature), all scores equal (Platt), or
    ///   scores without any relation to the labels, or with a perfect one (temperature 0 or infinite).
    /// > Source: J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999; C. Guo et al., "On Calibration of Modern Neural
    /// > Networks", 2017.
    public init(_ method: Method, _ sample: CalibrationSample) throws(StatisticsError) {
        switch method {
        case .isotonic:
            self = .isotonic(
                try IsotonicRegression(scores: sample.scores, outcomes: sample.labels.map { $0 ? 1 : 0 }, weights: sample.weights))
        case .platt:
            let x = sample.scores.map { logit($0, limit: Self.limit) }
            guard x.contains(where: { $0 != x[0] }) else { throw StatisticsError(.undefined, "all scores are equal") }
            let positives = sample.baseRate * sample.totalWeight
            let high = (positives + 1) / (positives + 2)
            let low = 1 / (sample.totalWeight - positives + 2)
            let fit = try LogisticFit(x, weights: sample.weights) { sample.labels[$0] ? high : low }
            self = .platt(intercept: fit.intercept, slope: fit.slope)
        case .temperature: self = .temperature(try Self.temperature(sample))
        }
    }

    private static func temperature(_ sample: CalibrationSample) throws(StatisticsError) -> Double {
        let x = sample.scores.map { logit($0, limit: limit) }
        // The derivative of the log likelihood by β = 1/temperature falls with β: its zero is bracketed, then found.
        func derivative(_ beta: Double) -> (value: Double, slope: Double) {
            var value = 0.0
            var slope = 0.0
            for row in x.indices {
                let p = logistic(beta * x[row])
                value += sample.weight(row) * ((sample.labels[row] ? 1 : 0) - p) * x[row]
                slope -= sample.weight(row) * p * (1 - p) * x[row] * x[row]
            }
            return (value, slope)
        }
        guard sample.labels.indices.contains(where: { sample.weight($0) > 0 && (sample.labels[$0] ? x[$0] < 0 : x[$0] > 0) }) else {
            throw StatisticsError(.undefined, "no score is on the wrong side of 0.5, so the best temperature is 0")
        }
        guard derivative(0).value > 0 else {
            throw StatisticsError(.undefined, "the scores do not favour what happened, so the best temperature is infinite")
        }
        var low = 0.0
        var high = 1.0
        while derivative(high).value > 0 {
            low = high
            high *= 2
            guard high < 1e9 else { throw StatisticsError(.undefined, "the best temperature is too near 0") }
        }
        var beta = (low + high) / 2
        for _ in 0..<200 {
            let (value, slope) = derivative(beta)
            if value > 0 { low = beta } else { high = beta }
            let newton = beta - value / slope
            let next = newton > low && newton < high ? newton : (low + high) / 2
            if abs(next - beta) <= 1e-14 * beta { break }
            beta = next
        }
        return 1 / beta
    }

    /// A NaN stays one.
    public func callAsFunction(_ score: Double) -> Double {
        if score.isNaN { return score }
        switch self {
        case .platt(let intercept, let slope): return logistic(intercept + slope * logit(score, limit: Self.limit))
        case .isotonic(let function): return function(score)
        case .temperature(let temperature): return logistic(logit(score, limit: Self.limit) / temperature)
        }
    }

    /// The scores that each row gets from a map fitted on the other rows: rows are put into `folds` parts at random.
    /// - Throws: as the fit does, for any part.
    public static func crossFitted(
        _ sample: CalibrationSample, method: Method, folds: Int = 5, seed: UInt64 = 1
    ) throws(StatisticsError) -> [Double] {
        var order = Array(sample.scores.indices)
        var random = SeededRandom(seed: seed)
        order.shuffle(using: &random)
        var out = sample.scores
        for fold in 0..<folds {
            let training = order.indices.filter { $0 % folds != fold }.map { order[$0] }
            let part = try CalibrationSample(
                scores: training.map { sample.scores[$0] }, labels: training.map { sample.labels[$0] },
                weights: sample.weights.map { weights in training.map { weights[$0] } })
            let map = try RecalibrationMap(method, part)
            for place in order.indices where place % folds == fold { out[order[place]] = map(sample.scores[order[place]]) }
        }
        return out
    }
}
