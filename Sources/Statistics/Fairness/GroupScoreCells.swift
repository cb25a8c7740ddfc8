internal import Kernels

/// Scores counted by group, cell of the score and label, in one pass: what calibration, Brier score and means need.
///
/// Cells have equal width, their edges are k/10, right-closed with 0 in the first. Attributes are folded from their intersection.
public struct GroupScoreCells: Sendable, Equatable {
    public static let bins = 10
    private static let width = bins * 2
    /// Rows by group.
    public private(set) var rows: [Int64]
    /// By group, cell and label four numbers: sums of weights, of weighted scores, of weighted squared errors, and of their weighted squares.
    private var sums: [Double]
    /// By group: sum of squared weights.
    private var squares: [Double]
    /// By group, whether every score lies in 0…1.
    private var areProbabilities: [Bool]
    public var groupCount: Int { rows.count }

    private init(groupCount: Int) {
        rows = Array(repeating: 0, count: groupCount)
        sums = Array(repeating: 0, count: groupCount * Self.width * 4)
        squares = Array(repeating: 0, count: groupCount)
        areProbabilities = Array(repeating: true, count: groupCount)
    }

    /// - Parameters: as of ``FairnessTable``; a score need not be a probability.
    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for a score that is NaN, a code or a label that is none.
    /// - Complexity: O(rows + groups).
    public init(groupCount: Int, codes: [Int32], scores: [Double], labels: [UInt8], weights: [Double]?) throws(StatisticsError) {
        guard codes.count == scores.count, labels.count == scores.count, weights.map({ $0.count == scores.count }) ?? true else {
            throw StatisticsError(.unequalLengths, "as many groups, scores, labels and weights as rows expected")
        }
        self.init(groupCount: groupCount)
        guard let weights else {
            guard let found = groupScoreSums(groups: groupCount, codes: codes, scores: scores, labels: labels) else { throw Self.refusal }
            sums = found.sums
            areProbabilities = found.isOutside.map { !$0 }
            rows = (0..<groupCount).map { Int64(weight($0)) }
            squares = rows.map(Double.init)
            return
        }
        var sums = self.sums
        var rows = self.rows
        var areProbabilities = self.areProbabilities
        let edges = (0...Self.bins).map { Double($0) / Double(Self.bins) }
        let bins = Double(Self.bins)
        for row in codes.indices {
            let code = Int(codes[row])
            if code < 0 { continue }
            let score = scores[row]
            let label = labels[row]
            guard code < groupCount, label < 2, !score.isNaN else {
                throw Self.refusal
            }
            let inside = min(max(score, 0), 1)
            if inside != score { areProbabilities[code] = false }
            var cell = min(Int(inside * bins), Self.bins - 1)
            // k/10 itself belongs to the cell below, whatever the product was rounded to.
            if inside <= edges[cell], cell > 0 { cell -= 1 } else if inside > edges[cell + 1] { cell += 1 }
            let at = (code * Self.width + cell * 2 + Int(label)) * 4
            let weight = weights[row]
            let error = score - Double(label)
            sums[at] += weight
            sums[at + 1] += weight * score
            sums[at + 2] += weight * error * error
            sums[at + 3] += weight * error * error * error * error
            rows[code] += 1
        }
        var squares = self.squares
        for row in codes.indices where codes[row] >= 0 { squares[Int(codes[row])] += weights[row] * weights[row] }
        (self.sums, self.rows, self.squares, self.areProbabilities) = (sums, rows, squares, areProbabilities)
    }

    private static let refusal = StatisticsError(.outOfRange, "a group code or a label that is none, or a score that is NaN")

    /// The cells of coarser groups, as of ``FairnessTable/folded(into:_:)``.
    public func folded(groupCount: Int, _ coarse: [Int]) -> GroupScoreCells {
        var out = GroupScoreCells(groupCount: groupCount)
        let size = Self.width * 4
        for group in rows.indices {
            let new = coarse[group]
            out.rows[new] += rows[group]
            out.squares[new] += squares[group]
            if !areProbabilities[group] { out.areProbabilities[new] = false }
            for cell in 0..<size { out.sums[new * size + cell] += sums[group * size + cell] }
        }
        return out
    }

    /// Sum over the cells of a group: of weights (0), weighted scores (1) or squared errors (2), of one label or both.
    private func sum(_ what: Int, _ group: Int, label: Int? = nil) -> Double {
        var total = 0.0
        for cell in stride(from: label ?? 0, to: Self.width, by: label == nil ? 1 : 2) {
            total += sums[(group * Self.width + cell) * 4 + what]
        }
        return total
    }
    public func weight(_ group: Int) -> Double { sum(0, group) }
    public func positives(_ group: Int) -> Double { sum(0, group, label: 1) }

    /// Rows by bin and label; with weights as many as equally weighted ones would have to be. nil when some score is no probability.
    var calibrationCells: [CalibrationCells]? {
        guard areProbabilities.allSatisfy({ $0 }) else { return nil }
        return rows.indices.map { group in
            let total = weight(group)
            let scale = total > 0 && squares[group] > 0 ? total / squares[group] : 0
            return CalibrationCells(
                bins: (0..<Self.bins).map { bin in
                    let negative = (group * Self.width + bin * 2) * 4
                    let positive = negative + 4
                    func mean(_ at: Int) -> Double { sums[at] > 0 ? sums[at + 1] / sums[at] : 0 }
                    return CalibrationCells.Bin(
                        negatives: Int64((sums[negative] * scale).rounded()), positives: Int64((sums[positive] * scale).rounded()),
                        scoreOfNegatives: mean(negative), scoreOfPositives: mean(positive))
                })
        }
    }

    /// Mean, Brier score and calibration error of a group; ranks need the sorted scores.
    func summary(_ group: Int) -> GroupScores {
        var out = GroupScores()
        let total = weight(group)
        guard total > 0 else { return out }
        let mean = sum(1, group) / total
        out.mean = mean.isFinite ? mean : nil
        let effective = total * total / squares[group]
        // Σ w s² from Σ w (s − y)², since y is 0 or 1.
        let scoreSquares = sum(2, group) + 2 * sum(1, group, label: 1) - positives(group)
        let variance = max(0, scoreSquares / total - mean * mean)
        if effective > 1, effective.isFinite, variance.isFinite { out.meanVariance = variance / (effective - 1) }
        guard areProbabilities[group] else { return out }
        let brier = sum(2, group) / total
        out.brier = brier
        if effective > 1, effective.isFinite { out.brierVariance = max(0, sum(3, group) / total - brier * brier) / (effective - 1) }
        var gaps = 0.0
        for bin in 0..<Self.bins {
            let negative = (group * Self.width + bin * 2) * 4
            let positive = negative + 4
            gaps += abs(sums[positive] - sums[negative + 1] - sums[positive + 1])
        }
        out.ece = gaps / total
        return out
    }
}
