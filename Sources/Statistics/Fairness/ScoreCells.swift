/// Scores counted by group, cell of the score and label, in one pass: what calibration, Brier score and means need.
///
/// Cells have equal width, their edges are k/10, right-closed with 0 in the first. Attributes are folded from their intersection.
public struct ScoreCells: Sendable, Equatable {
    public static let bins = 10
    private static let width = bins * 2
    /// Rows by group.
    public private(set) var rows: [Int64]
    /// By group, cell and label: sums of weights, of weighted scores and of weighted squared errors.
    private var weights: [Double]
    private var scores: [Double]
    private var errors: [Double]
    /// By group: sums of squared weights and of weighted squared scores.
    private var squares: [Double]
    private var scoreSquares: [Double]
    /// By group, whether every score lies in 0…1.
    private var areProbabilities: [Bool]
    public var groupCount: Int { rows.count }

    private init(groupCount: Int) {
        rows = Array(repeating: 0, count: groupCount)
        weights = Array(repeating: 0, count: groupCount * Self.width)
        scores = weights
        errors = weights
        squares = Array(repeating: 0, count: groupCount)
        scoreSquares = squares
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
        var (sums, scoreSums, errorSums) = (self.weights, self.scores, self.errors)
        let bins = Double(Self.bins)
        for row in codes.indices {
            let code = Int(codes[row])
            if code < 0 { continue }
            let score = scores[row]
            let label = labels[row]
            guard code < groupCount, label < 2, !score.isNaN else {
                throw StatisticsError(.outOfRange, "a group code or a label that is none, or a score that is NaN")
            }
            let inside = min(max(score, 0), 1)
            if inside != score { areProbabilities[code] = false }
            var cell = min(Int(inside * bins), Self.bins - 1)
            // k/10 itself belongs to the cell below, whatever the product was rounded to.
            if cell > 0, inside <= Double(cell) / bins { cell -= 1 } else if inside > Double(cell + 1) / bins { cell += 1 }
            let at = code * Self.width + cell * 2 + Int(label)
            let weight = weights?[row] ?? 1
            let error = score - Double(label)
            sums[at] += weight
            scoreSums[at] += weight * score
            errorSums[at] += weight * error * error
            rows[code] += 1
            squares[code] += weight * weight
            scoreSquares[code] += weight * score * score
        }
        (self.weights, self.scores, self.errors) = (sums, scoreSums, errorSums)
    }

    /// The cells of coarser groups, as of ``FairnessTable/folded(into:_:)``.
    public func folded(groupCount: Int, _ coarse: [Int]) -> ScoreCells {
        var out = ScoreCells(groupCount: groupCount)
        for group in rows.indices {
            let new = coarse[group]
            out.rows[new] += rows[group]
            out.squares[new] += squares[group]
            out.scoreSquares[new] += scoreSquares[group]
            if !areProbabilities[group] { out.areProbabilities[new] = false }
            for cell in 0..<Self.width {
                out.weights[new * Self.width + cell] += weights[group * Self.width + cell]
                out.scores[new * Self.width + cell] += scores[group * Self.width + cell]
                out.errors[new * Self.width + cell] += errors[group * Self.width + cell]
            }
        }
        return out
    }

    private func sum(_ values: [Double], _ group: Int, step: Int = 1, from first: Int = 0) -> Double {
        var total = 0.0
        for cell in stride(from: first, to: Self.width, by: step) { total += values[group * Self.width + cell] }
        return total
    }
    public func weight(_ group: Int) -> Double { sum(weights, group) }
    public func positives(_ group: Int) -> Double { sum(weights, group, step: 2, from: 1) }

    /// Mean, Brier score and calibration error of a group; ranks need the sorted scores.
    func summary(_ group: Int) -> GroupScores {
        var out = GroupScores()
        let total = weight(group)
        guard total > 0 else { return out }
        let mean = sum(scores, group) / total
        out.mean = mean.isFinite ? mean : nil
        let effective = total * total / squares[group]
        let variance = max(0, scoreSquares[group] / total - mean * mean)
        if effective > 1, variance.isFinite { out.meanVariance = variance / (effective - 1) }
        guard areProbabilities[group] else { return out }
        out.brier = sum(errors, group) / total
        out.ece =
            (0..<Self.bins).reduce(0) { sum, bin in
                let at = group * Self.width + bin * 2
                return sum + abs(weights[at + 1] - scores[at] - scores[at + 1])
            } / total
        return out
    }
}
