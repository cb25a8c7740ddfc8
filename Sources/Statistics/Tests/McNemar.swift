/// McNemar's test that two judges of the same rows, [[both, only first], [only second, neither]], are right equally often.
///
/// Only the discordant rows b and c count: under no difference b is binomial(b + c, ½). Without any the p-value is 1.
/// > Source: Q. McNemar, "Note on the Sampling Error of the Difference between Correlated Proportions or Percentages", 1947;
/// > A. L. Edwards, "Note on the 'Correction for Continuity' in Testing the Significance ...", 1948.
public struct McNemarTest: Sendable, Equatable {
    public struct Outcome: Sendable, Equatable {
        /// nil for 0/0.
        public var statistic: Double?
        public var pValue: Double
    }
    /// min(b, c), with the binomial p-value.
    public var exact: Outcome
    /// (|b − c| − 1)² / (b + c) against chi-squared with one degree of freedom.
    public var corrected: Outcome
    /// (b − c)² / (b + c).
    public var uncorrected: Outcome

    /// - Throws: ``StatisticsError`` `.outOfRange` for a negative count.
    public init(onlyFirst b: Int64, onlySecond c: Int64) throws(StatisticsError) {
        guard b >= 0, c >= 0, b < 50_000_000_000_000, c < 50_000_000_000_000 else {
            throw StatisticsError(.outOfRange, "discordant counts \(b) and \(c), expected at least 0")
        }
        let n = Double(b + c)
        let tail = try Distributions.binomial(Double(min(b, c)), n: n, p: 0.5).cdf
        exact = Outcome(statistic: Double(min(b, c)), pValue: min(1, 2 * tail))
        guard n > 0 else {
            corrected = Outcome(statistic: nil, pValue: 1)
            uncorrected = corrected
            return
        }
        let difference = Double(abs(b - c))
        func outcome(_ distance: Double) throws(StatisticsError) -> Outcome {
            let statistic = distance * distance / n
            return Outcome(statistic: statistic, pValue: try Distributions.chiSquared(statistic, degreesOfFreedom: 1).tail)
        }
        corrected = try outcome(difference - 1)
        uncorrected = try outcome(difference)
    }
}
