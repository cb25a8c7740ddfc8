internal import CKernels

/// Sums over scores between 0 and 1 and what happened, in one pass: what calibration error, Brier score and log loss are made of.
///
/// - Complexity: about 3 ns a row. Logarithms are taken of products of 512 probabilities, as exact as a sum of logarithms.
public struct ScoreSums: Sendable, Equatable {
    /// By cell.
    public var counts: [Int64]
    public var positives: [Int64]
    public var scores: [Double]
    /// Σ (score − label)².
    public var squares: Double
    /// Σ −log of the probability given to the label, scores clipped to [2⁻⁵², 1 − 2⁻⁵²].
    public var logarithms: Double

    /// - Parameters:
    ///   - scores: in 0…1. - labels: as many.
    ///   - edges: of the cells, ascending from 0 to 1 in equal steps: cell k holds edges[k] < score ≤ edges[k + 1].
    public init(scores: [Double], labels: [Bool], edges: [Double]) {
        precondition(scores.count == labels.count && edges.count >= 2, "as many labels as scores, and a cell")
        let cells = edges.count - 1
        var sums = [Double](repeating: 0, count: cells * 32)
        var (squares, logarithms) = (0.0, 0.0)
        unsafe labels.withUnsafeBytes { bytes in
            let bits = unsafe bytes.assumingMemoryBound(to: UInt8.self)
            guard let base = bits.baseAddress else { return }
            unsafe ek_score_losses(scores, base, scores.count, edges, Int32(cells), &sums, &squares, &logarithms)
        }
        (self.squares, self.logarithms) = (squares, logarithms)
        let totals = sums
        func total(_ cell: Int, _ what: Int) -> Double { (0..<8).reduce(0) { $0 + totals[cell * 32 + $1 * 4 + what] } }
        counts = (0..<cells).map { Int64(total($0, 0)) }
        positives = (0..<cells).map { Int64(total($0, 1)) }
        self.scores = (0..<cells).map { total($0, 2) }
    }
}

/// Rows by group, decision and label, at 4 · group + 2 · decision + label; rows with a negative group are skipped.
///
/// - Returns: nil when a group is not below `groups`, or a decision or label is neither 0 nor 1.
/// - Complexity: about 1 ns a row.
public func confusionCounts(groups: Int, codes: [Int32], decisions: [UInt8], labels: [UInt8]) -> [Int64]? {
    precondition(codes.count == decisions.count && codes.count == labels.count, "as many decisions and labels as groups")
    var counts = [Int64](repeating: 0, count: groups * 4)
    guard let limit = Int32(exactly: groups) else { return nil }
    return unsafe ek_confusion(codes, decisions, labels, codes.count, limit, &counts) != 0 ? counts : nil
}

/// Of each group, tenth of the scores and label four sums: rows, scores, (score − label)² and nothing. Scores beyond 0…1 count with the first
/// or last tenth; `isOutside` says which groups have some.
///
/// - Returns: nil when a group is not below `groups`, a label is neither 0 nor 1, or a score is NaN.
/// - Complexity: about 2.5 ns a row. Rows are added in their order.
public func groupScoreSums(groups: Int, codes: [Int32], scores: [Double], labels: [UInt8]) -> (sums: [Double], isOutside: [Bool])? {
    precondition(codes.count == scores.count && codes.count == labels.count, "as many scores and labels as groups")
    var sums = [Double](repeating: 0, count: groups * 80)
    var outside = [UInt8](repeating: 0, count: groups)
    guard groups < 1 << 26,
        unsafe ek_group_scores(codes, scores, labels, codes.count, Int32(groups), &sums, &outside) != 0
    else { return nil }
    return (sums, outside.map { $0 == 1 })
}
