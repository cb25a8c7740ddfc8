/// Intervals of a proportion count/n; Wilson's is ``wilsonInterval(count:of:confidence:)``.
public enum ProportionInterval {
    /// Exact: what binomial tests of either tail do not reject. At least the nominal coverage, often more.
    /// > Source: C. J. Clopper and E. S. Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial", 1934.
    public static func clopperPearson(count: Int64, of n: Int64, confidence: Double) throws(StatisticsError) -> Interval {
        let (x, y, tail) = try parts(count, n, confidence)
        return Interval(
            lower: x == 0 ? 0 : try IncompleteBeta.quantile(a: x, b: y + 1, p: tail),
            upper: y == 0 ? 1 : try IncompleteBeta.quantile(a: x + 1, b: y, p: 1 - tail))
    }

    /// Equal tails of the posterior from Jeffreys' prior, beta(½, ½).
    /// > Source: L. D. Brown, T. T. Cai, A. DasGupta, "Interval Estimation for a Binomial Proportion", 2001.
    public static func jeffreys(count: Int64, of n: Int64, confidence: Double) throws(StatisticsError) -> Interval {
        let (x, y, tail) = try parts(count, n, confidence)
        return Interval(
            lower: try IncompleteBeta.quantile(a: x + 0.5, b: y + 0.5, p: tail),
            upper: try IncompleteBeta.quantile(a: x + 0.5, b: y + 0.5, p: 1 - tail))
    }

    /// Wald's interval after z²/2 successes and as many failures are added; kept within 0...1.
    /// > Source: A. Agresti and B. A. Coull, "Approximate Is Better than 'Exact' for Interval Estimation of Binomial Proportions", 1998.
    public static func agrestiCoull(count: Int64, of n: Int64, confidence: Double) throws(StatisticsError) -> Interval {
        let (x, y, tail) = try parts(count, n, confidence)
        let z = -Distributions.normalQuantile(tail)
        let size = x + y + z * z
        return symmetric((x + z * z / 2) / size, size, z)
    }

    /// p̂ ∓ z √(p̂(1 − p̂)/n), kept within 0...1: for comparison only, it covers too rarely for small n and near 0 and 1.
    public static func wald(count: Int64, of n: Int64, confidence: Double) throws(StatisticsError) -> Interval {
        let (x, y, tail) = try parts(count, n, confidence)
        return symmetric(x / (x + y), x + y, -Distributions.normalQuantile(tail))
    }

    private static func symmetric(_ p: Double, _ size: Double, _ z: Double) -> Interval {
        let spread = z * (p * (1 - p) / size).squareRoot()
        return Interval(lower: max(0, p - spread), upper: min(1, p + spread))
    }

    private static func parts(_ count: Int64, _ n: Int64, _ confidence: Double) throws(StatisticsError) -> (Double, Double, Double) {
        guard n > 0 else { throw StatisticsError(.empty, "n is \(n), expected at least 1") }
        guard count >= 0, count <= n else { throw StatisticsError(.outOfRange, "count is \(count), expected 0...\(n)") }
        guard confidence > 0, confidence < 1 else {
            throw StatisticsError(.outOfRange, "confidence is \(confidence), expected a number between 0 and 1")
        }
        return (Double(count), Double(n - count), (1 - confidence) / 2)
    }
}
