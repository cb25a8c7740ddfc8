/// A column whose values cut the rows into slices.
public struct SliceColumn: Sendable, Equatable {
    /// By row: the place of its level; negative for a row that no slice of this column holds.
    public var codes: [Int32]
    public var levelCount: Int

    public init(codes: [Int32], levelCount: Int) {
        self.codes = codes
        self.levelCount = levelCount
    }
}

/// Rows with one level of one column, or one level of each of two, and how their mean loss compares with that of all other rows.
public struct Slice: Sendable, Equatable {
    public struct Condition: Sendable, Equatable {
        public var column: Int
        public var level: Int
        public init(column: Int, level: Int) {
            self.column = column
            self.level = level
        }
    }
    public var conditions: [Condition]
    public var rows: Int
    /// Mean loss in the slice, and outside.
    public var mean: Double
    public var rest: Double
    public var difference: Double { mean - rest }
    /// Of the difference; the intervals of all slices that were searched hold together at the level that was asked for.
    public var interval: Interval
    /// Of a difference as large or larger if the slice is as good as the rest.
    public var pValue: Double
    /// Corrected for the search.
    public var adjustedP: Double
}

/// Looks for the slices in which a loss is largest: every level of every column, and every pair of levels of two columns.
///
/// For a slice of n of N rows with mean loss m, and m' outside, the difference is m − m'. Losses of 0 and 1: p = P(X ≥ k), X hypergeometric
/// (Fisher), and Newcombe's interval. Other losses: Welch's t, one-sided, and its interval. Over S slices p is corrected by Bonferroni,
/// min(1, S·p), and an interval has the level 1 − (1 − confidence)/S: valid whatever the slices have to do with each other, so also after
/// choosing among them. A slice is searched if it and the rest have at least `rowsMin` rows; a pair of which one condition follows from the
/// other is the same rows once more and left out.
///
/// The result is ordered by the lower end of the interval: what is surely worst comes first. Of slices that share at least half of their rows
/// (Jaccard) only the first is kept.
/// - Complexity: O(rows · columns²); a pair of columns needs its cells in memory.
/// > Source: after Y. Chung, T. Kraska, N. Polyzotis, K. H. Tae, S. E. Whang, "Automated Data Slicing for Model Validation", 2019; C. E.
/// > Bonferroni, 1936; R. G. Newcombe, 1998; B. L. Welch, 1947.
public struct SliceSearch: Sendable, Equatable {
    /// Slices whose losses were compared.
    public let searched: Int
    /// Mean loss of all rows.
    public let mean: Double
    /// The surely worst first.
    public let slices: [Slice]

    public static let columnsMax = 200
    public static let levelsMax = 100
    /// Candidates that are looked at for the result; what is worse than all of these is not far down.
    static let candidatesMax = 1000

    /// - Parameters:
    ///   - losses: of each row, finite.
    ///   - limit: of slices in the result.
    /// - Throws: ``StatisticsError`` for unequal lengths, a loss that is not finite, or too many columns or levels.
    public init(
        losses: [Double], columns: [SliceColumn], rowsMin: Int = 50, limit: Int = 10, confidence: Double = 0.95
    ) throws(StatisticsError) {
        precondition(rowsMin >= 2 && limit >= 0 && confidence > 0 && confidence < 1, "rowsMin ≥ 2, limit ≥ 0, 0 < confidence < 1")
        guard columns.allSatisfy({ $0.codes.count == losses.count }) else {
            throw StatisticsError(.unequalLengths, "columns of other lengths than the losses, expected a level for each row")
        }
        guard losses.allSatisfy(\.isFinite) else { throw StatisticsError(.outOfRange, "a loss that is not finite, expected finite ones") }
        guard columns.count <= Self.columnsMax, columns.allSatisfy({ $0.levelCount <= Self.levelsMax }) else {
            throw StatisticsError(
                .outOfRange, "too many columns or levels, expected at most \(Self.columnsMax) columns of \(Self.levelsMax) levels")
        }
        // Sums around the mean, so that squares do not cancel.
        let mean = losses.isEmpty ? 0 : losses.reduce(0, +) / Double(losses.count)
        self.mean = mean
        let isBinary = losses.allSatisfy { $0 == 0 || $0 == 1 }
        let centre = isBinary ? 0 : mean
        let all = losses.reduce(into: Sums()) { $0.add($1 - centre) }
        var found: [(conditions: [Slice.Condition], sums: Sums)] = []
        func isSearched(_ sums: Sums) -> Bool { sums.rows >= rowsMin && all.rows - sums.rows >= rowsMin }

        let singles = columns.map { column in
            var sums = [Sums](repeating: Sums(), count: column.levelCount)
            for (row, code) in column.codes.enumerated() where code >= 0 { sums[Int(code)].add(losses[row] - centre) }
            return sums
        }
        for (place, sums) in singles.enumerated() {
            for (level, sums) in sums.enumerated() where isSearched(sums) { found.append(([.init(column: place, level: level)], sums)) }
        }
        for a in columns.indices {
            for b in columns.indices.dropFirst(a + 1) {
                let width = columns[b].levelCount
                var cells = [Sums](repeating: Sums(), count: columns[a].levelCount * width)
                for row in losses.indices {
                    let (x, y) = (columns[a].codes[row], columns[b].codes[row])
                    if x >= 0, y >= 0 { cells[Int(x) * width + Int(y)].add(losses[row] - centre) }
                }
                for (cell, sums) in cells.enumerated() where isSearched(sums) {
                    let (x, y) = (cell / width, cell % width)
                    if sums.rows == singles[a][x].rows || sums.rows == singles[b][y].rows { continue }
                    found.append(([.init(column: a, level: x), .init(column: b, level: y)], sums))
                }
            }
        }
        searched = found.count
        let law = Law(
            all: all, isBinary: isBinary, centre: centre, searched: found.count,
            confidence: 1 - (1 - confidence) / Double(max(1, found.count)))
        let ranked = found.map { (conditions: $0.conditions, sums: $0.sums, lower: law.roughLower($0.sums)) }.enumerated()
            .filter { $0.element.sums.sum * Double(all.rows) > all.sum * Double($0.element.sums.rows) }
            .sorted { ($1.element.lower, $0.offset) < ($0.element.lower, $1.offset) }.prefix(Self.candidatesMax)
        var slices: [Slice] = []
        var members: [[Bool]] = []
        for (_, candidate) in ranked where slices.count < limit {
            let own = losses.indices.map { row in candidate.conditions.allSatisfy { columns[$0.column].codes[row] == Int32($0.level) } }
            let isCovered = members.contains { other in
                let both = own.indices.count { own[$0] && other[$0] }
                let either = own.indices.count { own[$0] || other[$0] }
                return 2 * both >= either
            }
            if isCovered { continue }
            members.append(own)
            slices.append(try law.slice(candidate.conditions, candidate.sums))
        }
        self.slices = slices
    }

    struct Sums: Equatable {
        var rows = 0
        var sum = 0.0
        var squares = 0.0
        mutating func add(_ x: Double) {
            rows += 1
            sum += x
            squares += x * x
        }
        static func - (a: Sums, b: Sums) -> Sums {
            Sums(rows: a.rows - b.rows, sum: a.sum - b.sum, squares: a.squares - b.squares)
        }
        var moments: MeanMoments {
            let n = Double(rows)
            return MeanMoments(count: n, mean: sum / n, variance: max(0, squares - sum * sum / n) / (n - 1))
        }
    }

    /// How a slice is compared with the rest.
    private struct Law {
        var all: Sums
        var isBinary: Bool
        var centre: Double
        var searched: Int
        /// Of one interval, so that all hold together.
        var confidence: Double
        var z: Double { Distributions.normalQuantile(0.5 + confidence / 2) }

        /// The lower end by the normal law; of 0 and 1 with two rows added on either side (Agresti and Caffo), so that a slice of few rows
        /// that are all bad does not look certain.
        func roughLower(_ own: Sums) -> Double {
            var (a, b) = (own, all - own)
            if isBinary {
                for x in [0.0, 1] {
                    a.add(x)
                    b.add(x)
                }
            }
            let (x, y) = (a.moments, b.moments)
            return x.mean - y.mean - z * (x.variance / x.count + y.variance / y.count).squareRoot()
        }

        func slice(_ conditions: [Slice.Condition], _ own: Sums) throws(StatisticsError) -> Slice {
            let rest = all - own
            let (a, b) = (own.moments, rest.moments)
            let p: Double
            let interval: Interval
            if isBinary {
                let (k, other) = (Int64(own.sum), Int64(rest.sum))
                p = try FisherExact(a: k, b: Int64(own.rows) - k, c: other, d: Int64(rest.rows) - other).pValueGreater
                let newcombe = newcombeInterval(
                    count1: k, n1: Int64(own.rows), count2: other, n2: Int64(rest.rows), confidence: confidence)
                interval = newcombe ?? Interval(lower: -1, upper: 1)
            } else {
                let test = try TTest.welch(a, b)
                let error = (a.variance / a.count + b.variance / b.count).squareRoot()
                p = error == 0 ? 0 : try Distributions.studentTail((a.mean - b.mean) / error, degreesOfFreedom: test.degreesOfFreedom)
                // Student's quantile from that of 1 − x, where x = df / (df + t²) has the law of a beta variable.
                let df = test.degreesOfFreedom
                let y = try IncompleteBeta.quantile(a: 0.5, b: df / 2, p: confidence)
                let t = (df * y / (1 - y)).squareRoot()
                interval = Interval(lower: a.mean - b.mean - t * error, upper: a.mean - b.mean + t * error)
            }
            return Slice(
                conditions: conditions, rows: own.rows, mean: a.mean + centre, rest: b.mean + centre, interval: interval, pValue: p,
                adjustedP: min(1, p * Double(searched)))
        }
    }
}
