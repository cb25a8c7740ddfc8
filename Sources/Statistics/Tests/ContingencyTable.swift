internal import Glibc

/// A test of independence of rows and columns: Pearson's chi-squared Σ (o − e)² / e or the likelihood ratio G = 2 Σ o log(o / e).
///
/// `expected` are the counts that independence would give; where many of them are below 5 the law is a poor approximation.
/// Cramér's V = √(χ² / (n · (min(rows, columns) − 1))) is the strength in 0...1, from Pearson's uncorrected statistic; nil with one
/// row or one column, where there is nothing to test: statistic 0 and p 1.
/// > Source: K. Pearson, "On the Criterion that a Given System of Deviations ...", 1900; F. Yates, "Contingency Tables Involving
/// > Small Numbers and the χ² Test", 1934; H. Cramér, "Mathematical Methods of Statistics", 1946.
public struct ContingencyTest: Sendable, Equatable {
    public enum Kind: Sendable { case pearson, likelihoodRatio }

    public var statistic: Double
    public var pValue: Double
    public var degreesOfFreedom: Int
    public var expected: [[Double]]
    public var cramersV: Double?

    /// - Parameter correction: Yates' correction, which acts only with one degree of freedom: each count is moved by at most ½ towards
    ///   its expected one.
    /// - Throws: ``StatisticsError`` when the table is empty or ragged, holds a negative or infinite number, or has a zero row or column.
    public init(_ table: [[Double]], kind: Kind = .pearson, correction: Bool = true) throws(StatisticsError) {
        guard let width = table.first?.count, width > 0 else {
            throw StatisticsError(.empty, "the table is empty, expected rows of counts")
        }
        guard table.allSatisfy({ $0.count == width }) else {
            throw StatisticsError(.unequalLengths, "rows of unequal length, expected a table")
        }
        guard table.allSatisfy({ $0.allSatisfy { $0 >= 0 && $0.isFinite } }) else {
            throw StatisticsError(.outOfRange, "the table holds a negative or missing number, expected counts of at least 0")
        }
        let rows = table.map { $0.reduce(0, +) }
        let columns = (0..<width).map { column in table.reduce(0) { $0 + $1[column] } }
        if let zero = rows.firstIndex(of: 0) {
            throw StatisticsError(.undefined, "row \(zero) of the table is all zero, expected a count in every row and column")
        }
        if let zero = columns.firstIndex(of: 0) {
            throw StatisticsError(.undefined, "column \(zero) of the table is all zero, expected a count in every row and column")
        }
        let total = rows.reduce(0, +)
        guard total < 1e150 else { throw StatisticsError(.outOfRange, "the counts sum to \(total), expected less than 1e150") }
        let expected = rows.map { row in columns.map { row * $0 / total } }
        self.expected = expected
        degreesOfFreedom = (rows.count - 1) * (width - 1)
        guard degreesOfFreedom > 0 else {
            (statistic, pValue, cramersV) = (0, 1, nil)
            return
        }
        let cells = zip(table, expected).flatMap { zip($0, $1) }
        let pearson = Self.pearson(cells)
        let corrected =
            correction && degreesOfFreedom == 1 ? cells.map { ($0 + min(max($1 - $0, -0.5), 0.5), $1) } : cells.map { ($0, $1) }
        statistic = kind == .pearson ? Self.pearson(corrected) : Self.likelihoodRatio(corrected)
        pValue = try Distributions.chiSquared(statistic, degreesOfFreedom: Double(degreesOfFreedom)).tail
        cramersV = min(1, (pearson / (total * Double(min(rows.count, width) - 1))).squareRoot())
    }

    private static func pearson(_ cells: [(Double, Double)]) -> Double { cells.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) / $1.1 } }

    /// Observed and expected counts have the same sum, so o − e may be taken from each term: it keeps digits that o log(o / e) loses.
    private static func likelihoodRatio(_ cells: [(Double, Double)]) -> Double {
        max(0, 2 * cells.reduce(0) { $0 + ($1.0 == 0 ? $1.1 : -$1.0 * log1pMinusX(($1.1 - $1.0) / $1.0)) })
    }
}
