internal import Glibc

/// How many rows a comparison of two groups needs, and what difference it can see: for tests at level α that shall find a true
/// difference with probability `power`.
///
/// By the normal law. Of proportions with the pooled variance under no difference; of means with Guenther's addition of z²/4 for the
/// unknown variance, which brings it within a row of the exact answer by the noncentral t.
/// > Source: J. L. Fleiss, B. Levin, M. C. Paik, "Statistical Methods for Rates and Proportions", 2003, chapter 4; W. C. Guenther,
/// > "Sample Size Formulas for Normal Theory T Tests", 1981.
public struct SampleSize: Sendable, Equatable {
    private let zAlpha: Double
    private let zPower: Double

    /// - Throws: ``StatisticsError`` `.outOfRange` for levels outside 0...1, or a power that chance alone reaches.
    public init(alpha: Double = 0.05, power: Double = 0.8, isTwoSided: Bool = true) throws(StatisticsError) {
        guard alpha > 0, alpha < 1, power > 0, power < 1 else {
            throw StatisticsError(.outOfRange, "alpha is \(alpha) and power \(power), expected numbers between 0 and 1")
        }
        guard power > alpha else { throw StatisticsError(.outOfRange, "power is \(power), expected more than alpha, \(alpha)") }
        zAlpha = -Distributions.normalQuantile(isTwoSided ? alpha / 2 : alpha)
        zPower = Distributions.normalQuantile(power)
    }

    /// The rows of the first group, not rounded; the second has `ratio` times as many.
    /// - Throws: ``StatisticsError`` `.outOfRange` unless 0 ≤ p ≤ 1 and the ratio is positive, `.undefined` for equal proportions.
    public func rows(p1: Double, p2: Double, ratio: Double = 1) throws(StatisticsError) -> Double {
        guard p1 >= 0, p1 <= 1, p2 >= 0, p2 <= 1, ratio > 0, ratio.isFinite else {
            throw StatisticsError(.outOfRange, "proportions \(p1) and \(p2), ratio \(ratio), expected 0...1 and above 0")
        }
        guard p1 != p2 else { throw StatisticsError(.undefined, "the proportions are equal: no number of rows shows a difference") }
        return needed(p1, p2, ratio)
    }

    private func needed(_ p1: Double, _ p2: Double, _ ratio: Double) -> Double {
        let pooled = (p1 + ratio * p2) / (1 + ratio)
        let under = ((1 + 1 / ratio) * pooled * (1 - pooled)).squareRoot()
        let beside = (p1 * (1 - p1) + p2 * (1 - p2) / ratio).squareRoot()
        let root = (zAlpha * under + zPower * beside) / (p1 - p2)
        return root * root
    }

    /// The rows of the first group, not rounded, to see a difference of means; the second group has `ratio` times as many.
    /// - Throws: ``StatisticsError`` `.outOfRange` unless deviation and ratio are positive, `.undefined` for no difference.
    public func rows(difference: Double, deviation: Double, ratio: Double = 1) throws(StatisticsError) -> Double {
        guard deviation > 0, deviation.isFinite, ratio > 0, ratio.isFinite, difference.isFinite else {
            throw StatisticsError(.outOfRange, "difference \(difference), deviation \(deviation), ratio \(ratio), expected numbers above 0")
        }
        guard difference != 0 else { throw StatisticsError(.undefined, "no difference: no number of rows shows it") }
        let root = deviation * (zAlpha + zPower) / difference
        return (1 + 1 / ratio) * root * root + guenther(ratio)
    }

    private func guenther(_ ratio: Double) -> Double { zAlpha * zAlpha / (2 * (1 + ratio)) }

    /// The nearest p₁ above and below p₂ that groups of n₁ and n₂ rows can tell from it; nil where none can.
    /// - Throws: ``StatisticsError`` `.outOfRange` unless 0 ≤ p₂ ≤ 1 and there are rows, finitely many.
    public func detectable(p2: Double, n1: Double, n2: Double) throws(StatisticsError) -> (above: Double?, below: Double?) {
        guard p2 >= 0, p2 <= 1, n1 >= 1, n2 >= 1, n1.isFinite, n2.isFinite else {
            throw StatisticsError(.outOfRange, "proportion \(p2), \(n1) and \(n2) rows, expected 0...1 and finite numbers of at least 1")
        }
        func nearest(to end: Double) -> Double? {
            guard end != p2, needed(end, p2, n2 / n1) <= n1 else { return nil }
            var far = end
            var near = p2
            for _ in 0..<200 {
                let middle = near + (far - near) / 2
                if middle == near || middle == far { break }
                if needed(middle, p2, n2 / n1) <= n1 { far = middle } else { near = middle }
            }
            return far
        }
        return (nearest(to: 1), nearest(to: 0))
    }

    /// The smallest difference of means that groups of n₁ and n₂ rows can see; nil for groups too small for any.
    /// - Throws: ``StatisticsError`` `.outOfRange` unless the deviation is positive and there are rows, finitely many.
    public func detectable(deviation: Double, n1: Double, n2: Double) throws(StatisticsError) -> Double? {
        guard deviation > 0, deviation.isFinite, n1 >= 1, n2 >= 1, n1.isFinite, n2.isFinite else {
            throw StatisticsError(
                .outOfRange, "deviation \(deviation), \(n1) and \(n2) rows, expected above 0 and finite numbers of at least 1")
        }
        let left = n1 - guenther(n2 / n1)
        guard left > 0 else { return nil }
        return deviation * (zAlpha + zPower) * ((1 + n1 / n2) / left).squareRoot()
    }
}
