internal import Kernels

/// The counts that every fairness metric is a function of: group × decision × label, built in one pass over integer group codes.
///
/// Whatever follows (rates, disparities, bootstrap) reads only this table, so its cost does not depend on the number of rows.
/// With sample weights a cell holds the sum of its rows' weights beside their number.
public struct FairnessTable: Sendable, Equatable {
    /// Names of the groups, in the order of their codes.
    public private(set) var groups: [String]
    /// Rows by `4 · group + 2 · decision + label`.
    public private(set) var rows: [Int64]
    /// Sums of the weights of the rows of each cell; the counts themselves without weights.
    public private(set) var weights: [Double]
    /// Sum of the squared weights of each group: what the effective number of rows needs.
    private var squares: [Double]
    public private(set) var isWeighted: Bool

    /// Beyond this the squares of weights would overflow.
    public static let weightMax = 1e100

    /// - Parameters:
    ///   - groups: names; code `g` means `groups[g]`.
    ///   - codes: the group of each row; rows with a negative code are skipped.
    ///   - decisions: 1 where the decision is positive, else 0. - labels: likewise.
    ///   - weights: 0 to ``weightMax``, one a row; nil for none.
    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for a code, a bit or a weight that is none.
    /// - Complexity: O(rows + groups).
    public init(groups: [String], codes: [Int32], decisions: [UInt8], labels: [UInt8], weights: [Double]? = nil) throws(StatisticsError) {
        guard codes.count == decisions.count, codes.count == labels.count, weights.map({ $0.count == codes.count }) ?? true else {
            throw StatisticsError(.unequalLengths, "as many groups, decisions, labels and weights as rows expected")
        }
        self.groups = groups
        isWeighted = weights != nil
        guard let counts = confusionCounts(groups: groups.count, codes: codes, decisions: decisions, labels: labels) else {
            throw StatisticsError(.outOfRange, "a group code, a decision or a label that is none")
        }
        var sums = [Double](repeating: 0, count: groups.count * 4)
        squares = [Double](repeating: 0, count: groups.count)
        if let weights {
            for row in codes.indices where codes[row] >= 0 {
                let weight = weights[row]
                guard weight >= 0, weight <= Self.weightMax else {
                    throw StatisticsError(.outOfRange, "a weight below 0 or above \(Self.weightMax)")
                }
                sums[Int(codes[row]) << 2 | Int(decisions[row]) << 1 | Int(labels[row])] += weight
                squares[Int(codes[row])] += weight * weight
            }
        } else {
            for cell in counts.indices { sums[cell] = Double(counts[cell]) }
            for group in groups.indices { squares[group] = (0..<4).reduce(0) { $0 + sums[group << 2 | $1] } }
        }
        rows = counts
        self.weights = sums
    }

    private init(groups: [String], rows: [Int64], weights: [Double], squares: [Double], isWeighted: Bool) {
        (self.groups, self.rows, self.weights, self.squares, self.isWeighted) = (groups, rows, weights, squares, isWeighted)
    }

    /// The table of coarser groups: `coarse[g]` is the new code of group `g`, so that attributes are had from their intersection.
    public func folded(into names: [String], _ coarse: [Int]) -> FairnessTable {
        var rows = [Int64](repeating: 0, count: names.count * 4)
        var weights = [Double](repeating: 0, count: names.count * 4)
        var squares = [Double](repeating: 0, count: names.count)
        for group in groups.indices {
            let new = coarse[group]
            for cell in 0..<4 {
                rows[new << 2 | cell] += self.rows[group << 2 | cell]
                weights[new << 2 | cell] += self.weights[group << 2 | cell]
            }
            squares[new] += self.squares[group]
        }
        return FairnessTable(groups: names, rows: rows, weights: weights, squares: squares, isWeighted: isWeighted)
    }

    public func rowCount(_ group: Int) -> Int64 { (0..<4).reduce(0) { $0 + rows[group << 2 | $1] } }

    /// The weighted cells of a group.
    public func cells(_ group: Int) -> ConfusionCells { Self.cells(weights, group) }

    /// The cells of all rows.
    public var overall: ConfusionCells {
        groups.indices.reduce(into: ConfusionCells()) { $0.add(cells($1)) }
    }

    /// The number of equally weighted rows that would say as much as those of the group: (Σw)² / Σw².
    /// > Source: L. Kish, "Survey Sampling", 1965.
    public func effectiveRows(_ group: Int) -> Double {
        let total = cells(group).total
        return squares[group] > 0 ? total * total / squares[group] : 0
    }

    /// The cells of a group scaled to its effective number of rows, for intervals and tests.
    public func effectiveCells(_ group: Int) -> ConfusionCells {
        let cells = cells(group)
        guard isWeighted else { return cells }
        return cells.total > 0 ? cells.scaled(by: effectiveRows(group) / cells.total) : ConfusionCells()
    }

    private static func cells(_ values: [Double], _ group: Int) -> ConfusionCells {
        let at = group << 2
        return ConfusionCells(tp: values[at + 3], fp: values[at + 2], fn: values[at + 1], tn: values[at])
    }
}

/// The four cells of decision × label, as counts or sums of weights.
public struct ConfusionCells: Sendable, Equatable {
    public var tp: Double
    public var fp: Double
    public var fn: Double
    public var tn: Double
    public init(tp: Double = 0, fp: Double = 0, fn: Double = 0, tn: Double = 0) {
        (self.tp, self.fp, self.fn, self.tn) = (tp, fp, fn, tn)
    }
    public var total: Double { tp + fp + fn + tn }
    public mutating func add(_ other: ConfusionCells) {
        tp += other.tp
        fp += other.fp
        fn += other.fn
        tn += other.tn
    }
    public func scaled(by factor: Double) -> ConfusionCells {
        ConfusionCells(tp: tp * factor, fp: fp * factor, fn: fn * factor, tn: tn * factor)
    }
    /// Decision and label with the other value as the positive one.
    public var inverted: ConfusionCells { ConfusionCells(tp: tn, fp: fn, fn: fp, tn: tp) }
}
