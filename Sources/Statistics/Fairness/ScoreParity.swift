/// What the scores of one group look like, and how well they rank and fit its labels.
public struct GroupScores: Sendable, Equatable {
    public var mean: Double?
    /// The squared standard error of the mean.
    public var meanVariance: Double?
    /// Weighted, ties counting half; nil when the group lacks a label.
    public var auc: Double?
    /// DeLong's variance of `auc`; nil with weights or too few rows of a label.
    public var aucVariance: Double?
    /// nil when some score lies outside 0…1.
    public var brier: Double?
    public var ece: Double?
}

/// Scores by group: ten cells for calibration in one pass, one sort for the exact AUC and the distance of the distributions.
public struct ScoreParity: Sendable, Equatable {
    public var groups: [GroupScores]
    /// The largest Kolmogorov-Smirnov distance of the scores of two groups, the group with the lower scores first.
    public struct Distance: Sendable, Equatable {
        public var value = 0.0
        public var lower: Int
        public var higher: Int
    }
    /// nil with fewer than two groups.
    public var distance: Distance?
    /// The same among the groups that are large enough.
    public var distanceOfLarge: Distance?
    public static let bins = 10

    /// - Parameters:
    ///   - order: rows by ascending score (``ascending(_:)``), so that several attributes share one sort.
    ///   - rowsMin: rows of a group that is large enough for ``distanceOfLarge``.
    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.outOfRange` for a score that is NaN.
    /// - Complexity: O(rows · groups) at worst for the distance, O(rows) for the rest.
    public init(
        groupCount: Int, codes: [Int32], scores: [Double], labels: [UInt8], weights: [Double]?, order: [Int32], rowsMin: Int64 = 0
    ) throws(StatisticsError) {
        guard codes.count == scores.count, labels.count == scores.count, order.count == scores.count,
            weights.map({ $0.count == scores.count }) ?? true
        else { throw StatisticsError(.unequalLengths, "as many scores as rows expected") }
        var sums = [ScoreSums](repeating: ScoreSums(), count: groupCount)
        var isProbability = true
        for row in scores.indices where codes[row] >= 0 {
            let score = scores[row]
            guard !score.isNaN else { throw StatisticsError(.outOfRange, "NaN among the scores") }
            if score < 0 || score > 1 { isProbability = false }
            sums[Int(codes[row])].add(score, labels[row] == 1, weights?[row] ?? 1)
        }
        var ranks = [RankSums](repeating: RankSums(), count: groupCount)
        for g in ranks.indices {
            (ranks[g].positives, ranks[g].negatives, ranks[g].total) = (sums[g].positive, sums[g].weight - sums[g].positive, sums[g].weight)
        }
        let present = ranks.indices.filter { ranks[$0].total > 0 }
        let large = present.filter { sums[$0].rows >= rowsMin }
        var all = present.count > 1 ? Distance(lower: present[0], higher: present[1]) : nil
        var ofLarge = large.count > 1 ? Distance(lower: large[0], higher: large[1]) : nil
        var at = 0
        while at < order.count {
            let score = scores[Int(order[at])]
            var end = at
            while end < order.count, scores[Int(order[end])] == score {
                let row = Int(order[end])
                if codes[row] >= 0 { ranks[Int(codes[row])].collect(labels[row] == 1, weights?[row] ?? 1) }
                end += 1
            }
            for row in order[at..<end] where codes[Int(row)] >= 0 { ranks[Int(codes[Int(row)])].settle() }
            at = end
            Self.widen(&all, present, ranks)
            if large.count < present.count { Self.widen(&ofLarge, large, ranks) }
        }
        distance = all
        distanceOfLarge = large.count < present.count ? ofLarge : all
        groups = zip(sums, ranks).map { sum, rank in sum.scores(rank, isProbability: isProbability, isWeighted: weights != nil) }
    }

    /// At the present score, the groups with the largest and the smallest share at or below it.
    private static func widen(_ distance: inout Distance?, _ groups: [Int], _ ranks: [RankSums]) {
        guard let known = distance, let first = groups.first else { return }
        var (low, high) = (first, first)
        var (least, most) = (ranks[first].share, ranks[first].share)
        for g in groups {
            let share = ranks[g].share
            if share < least { (low, least) = (g, share) }
            if share > most { (high, most) = (g, share) }
        }
        if most - least > known.value { distance = Distance(value: most - least, lower: high, higher: low) }
    }

    /// Row numbers by ascending score, equal scores in the order of rows.
    public static func ascending(_ scores: [Double]) -> [Int32] {
        let keyed = scores.enumerated().map { (score: $1, row: Int32(truncatingIfNeeded: $0)) }
        return keyed.sorted { ($0.score, $0.row) < ($1.score, $1.row) }.map(\.row)
    }
}

private struct ScoreSums {
    var rows: Int64 = 0
    var weight = 0.0
    var squares = 0.0
    var positive = 0.0
    var score = 0.0
    var squaredScore = 0.0
    var error = 0.0
    var cells = [(weight: Double, score: Double, positive: Double)](repeating: (0, 0, 0), count: ScoreParity.bins)

    mutating func add(_ s: Double, _ isPositive: Bool, _ w: Double) {
        let y = isPositive ? 1.0 : 0
        rows += 1
        weight += w
        squares += w * w
        positive += w * y
        score += w * s
        squaredScore += w * s * s
        error += w * (s - y) * (s - y)
        // Right-closed cells of equal width, 0 in the first; scores outside 0…1 are not used for calibration.
        let k = Double(ScoreParity.bins)
        var cell = min(max(0, Int(min(max(s, 0), 1) * k)), ScoreParity.bins - 1)
        if cell > 0, s <= Double(cell) / k { cell -= 1 } else if cell + 1 < ScoreParity.bins, s > Double(cell + 1) / k { cell += 1 }
        cells[cell].weight += w
        cells[cell].score += w * s
        cells[cell].positive += w * y
    }

    func scores(_ rank: RankSums, isProbability: Bool, isWeighted: Bool) -> GroupScores {
        var out = GroupScores()
        guard weight > 0 else { return out }
        let mean = score / weight
        out.mean = mean.isFinite ? mean : nil
        let effective = weight * weight / squares
        let variance = max(0, squaredScore / weight - mean * mean)
        if effective > 1, variance.isFinite { out.meanVariance = variance / (effective - 1) }
        if isProbability {
            out.brier = error / weight
            out.ece = cells.reduce(0) { $0 + abs($1.positive - $1.score) } / weight
        }
        out.auc = rank.auc
        out.aucVariance = isWeighted ? nil : rank.variance
        return out
    }
}

/// The running sums of one group while scores ascend.
private struct RankSums {
    var positives = 0.0
    var negatives = 0.0
    var total = 0.0
    private var negativesBelow = 0.0
    private var positivesBelow = 0.0
    private var area = 0.0
    private var pendingPositives = 0.0
    private var pendingNegatives = 0.0
    private var ofPositives = 0.0
    private var ofNegatives = 0.0

    mutating func collect(_ isPositive: Bool, _ weight: Double) {
        if isPositive { pendingPositives += weight } else { pendingNegatives += weight }
    }

    /// Ends a run of equal scores; a second call changes nothing.
    mutating func settle() {
        if pendingPositives == 0, pendingNegatives == 0 { return }
        let below = negativesBelow + pendingNegatives / 2
        let above = positives - positivesBelow - pendingPositives / 2
        area += pendingPositives * below
        ofPositives += pendingPositives * below * below
        ofNegatives += pendingNegatives * above * above
        positivesBelow += pendingPositives
        negativesBelow += pendingNegatives
        share = (positivesBelow + negativesBelow) / total
        pendingPositives = 0
        pendingNegatives = 0
    }

    /// The share of the group at or below the present score.
    private(set) var share = 0.0
    var auc: Double? { positives > 0 && negatives > 0 ? area / positives / negatives : nil }
    /// From sums of squares: Σ(placement − auc)² = Σ placement² − n · auc².
    var variance: Double? {
        guard let auc, positives > 1, negatives > 1 else { return nil }
        let p = max(0, ofPositives / (negatives * negatives) - positives * auc * auc)
        let q = max(0, ofNegatives / (positives * positives) - negatives * auc * auc)
        return p / (positives - 1) / positives + q / (negatives - 1) / negatives
    }
}
