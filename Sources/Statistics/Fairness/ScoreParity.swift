/// What the scores of one group look like, and how well they rank and fit its labels.
public struct GroupScores: Sendable, Equatable {
    public var mean: Double?
    /// The squared standard error of the mean.
    public var meanVariance: Double?
    /// Weighted, ties counting half; nil when the group lacks a label.
    public var auc: Double?
    /// DeLong's variance of `auc`, with weights that of its linear part with weights fixed; nil with too few rows of a label. Of a perfect
    /// ranking, where DeLong's is 0 however few the rows, that of a proportion of the rarer label's rows with two more of each kind.
    /// > Source: A. Agresti, B. A. Coull, "Approximate Is Better than 'Exact' for Interval Estimation of Binomial Proportions", 1998.
    public var aucVariance: Double?
    /// Rows of the rarer label, with weights as many as know as much (Kish).
    public var aucRows = 0.0
    /// nil when some score lies outside 0…1.
    public var brier: Double?
    /// The squared standard error of `brier`.
    public var brierVariance: Double?
    public var ece: Double?

    /// Of `auc`: DeLong's, of a perfect ranking Wilson's for a proportion of the rarer label's rows.
    public func areaInterval(confidence: Double) -> Interval? {
        guard let auc, let aucVariance else { return nil }
        return Statistics.areaInterval(auc, aucVariance, rarer: aucRows, confidence)
    }
}

/// How the scores of groups rank their labels and differ: exact AUC and the distance of the distributions, from one sort.
public struct ScoreParity: Sendable, Equatable {
    public var groups: [GroupScores]
    /// What calibration is compared by.
    public var cells: GroupScoreCells
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

    /// - Parameters:
    ///   - cells: of the same rows and groups. - order: rows by ascending score (``ascending(_:)``); several attributes share it.
    ///   - rowsMin: rows of a group that is large enough for ``distanceOfLarge``.
    /// - Throws: ``StatisticsError`` `.unequalLengths`.
    /// - Complexity: O(rows + distinct scores · groups).
    public init(
        _ cells: GroupScoreCells, codes: [Int32], scores: [Double], labels: [UInt8], weights: [Double]?, order: [Int32], rowsMin: Int64 = 0
    ) throws(StatisticsError) {
        guard codes.count == scores.count, labels.count == scores.count, order.count == scores.count,
            weights.map({ $0.count == scores.count }) ?? true
        else { throw StatisticsError(.unequalLengths, "as many scores as rows expected") }
        self.cells = cells
        var ranks = (0..<cells.groupCount).map { group in
            RankSums(positives: cells.positives(group), total: cells.weight(group))
        }
        let present = ranks.indices.filter { ranks[$0].total > 0 }
        let large = present.filter { cells.rows[$0] >= rowsMin }
        var all = Extremes(present, groupCount: ranks.count)
        var ofLarge = large.count < present.count ? Extremes(large, groupCount: ranks.count) : nil
        var at = 0
        while at < order.count {
            let score = scores[Int(order[at])]
            let start = at
            while at < order.count {
                let row = Int(order[at])
                guard scores[row] == score else { break }
                if codes[row] >= 0 { ranks[Int(codes[row])].collect(labels[row] == 1, weights?[row] ?? 1) }
                at += 1
            }
            for place in start..<at {
                let code = Int(codes[Int(order[place])])
                if code < 0 || !ranks[code].settle() { continue }
                all?.rise(code, ranks)
                ofLarge?.rise(code, ranks)
            }
            all?.widen()
            ofLarge?.widen()
        }
        distance = all?.distance
        distanceOfLarge = large.count < present.count ? ofLarge?.distance : distance
        groups = ranks.indices.map { group in
            var out = cells.summary(group)
            out.auc = ranks[group].auc
            out.aucVariance = ranks[group].variance
            out.aucRows = ranks[group].rarer
            return out
        }
    }

    /// Row numbers by ascending score, equal scores in the order of rows.
    public static func ascending(_ scores: [Double]) -> [Int32] {
        stableOrder(scores).map { Int32(truncatingIfNeeded: $0) }
    }
}

/// The groups with the largest and the smallest share at or below the present score, while scores ascend; the first of equal ones.
private struct Extremes {
    private let groups: [Int]
    private let isMember: [Bool]
    private var low: Int
    private var high: Int
    private var least = 0.0
    private var most = 0.0
    private(set) var distance: ScoreParity.Distance

    /// - Parameter groups: ascending; nil for fewer than two.
    init?(_ groups: [Int], groupCount: Int) {
        guard groups.count > 1 else { return nil }
        self.groups = groups
        isMember = (0..<groupCount).map(Set(groups).contains)
        (low, high) = (groups[0], groups[0])
        distance = ScoreParity.Distance(lower: groups[0], higher: groups[1])
    }

    /// A group's share has become larger. Only when it was the smallest must the others be looked at.
    mutating func rise(_ group: Int, _ ranks: [RankSums]) {
        guard isMember[group] else { return }
        let share = ranks[group].share
        if share > most || (share == most && group < high) { (high, most) = (group, share) }
        guard group == low else { return }
        (low, least) = (groups[0], ranks[groups[0]].share)
        for g in groups where ranks[g].share < least { (low, least) = (g, ranks[g].share) }
    }

    mutating func widen() {
        if most - least > distance.value { distance = ScoreParity.Distance(value: most - least, lower: high, higher: low) }
    }
}

/// The running sums of one group while scores ascend.
private struct RankSums {
    let positives: Double
    let total: Double
    private var negatives: Double { total - positives }
    private var negativesBelow = 0.0
    private var positivesBelow = 0.0
    private var area = 0.0
    private var pending = (positives: WeightSums(), negatives: WeightSums())
    private var ofPositives = PlacementSums()
    private var ofNegatives = PlacementSums()

    init(positives: Double, total: Double) {
        self.positives = positives
        self.total = total
    }

    mutating func collect(_ isPositive: Bool, _ weight: Double) {
        if isPositive { pending.positives.add(weight) } else { pending.negatives.add(weight) }
    }

    /// Ends a run of equal scores; a second call changes nothing, and says so.
    mutating func settle() -> Bool {
        if pending.positives.sum == 0, pending.negatives.sum == 0 { return false }
        let below = negativesBelow + pending.negatives.sum / 2
        let above = positives - positivesBelow - pending.positives.sum / 2
        area += pending.positives.sum * below
        ofPositives.add(pending.positives.squares, below)
        ofNegatives.add(pending.negatives.squares, above)
        positivesBelow += pending.positives.sum
        negativesBelow += pending.negatives.sum
        share = (positivesBelow + negativesBelow) / total
        pending = (WeightSums(), WeightSums())
        return true
    }

    /// The share of the group at or below the present score.
    private(set) var share = 0.0
    var auc: Double? { positives > 0 && negatives > 0 ? area / positives / negatives : nil }
    /// Kish's effective numbers of rows, Σ(w)²/Σw².
    private var rows: (positives: Double, negatives: Double) {
        (positives * positives / ofPositives.weights, negatives * negatives / ofNegatives.weights)
    }
    var rarer: Double { auc == nil ? 0 : min(rows.positives, rows.negatives) }
    var variance: Double? {
        guard let auc, rows.positives > 1, rows.negatives > 1 else { return nil }
        if auc <= 0 || auc >= 1 {
            let share = (auc * rarer + 2) / (rarer + 4)
            return share * (1 - share) / (rarer + 4)
        }
        let p = ofPositives.spread(around: auc * negatives) / (negatives * negatives)
        let q = ofNegatives.spread(around: auc * positives) / (positives * positives)
        return p / (positives * positives) * (rows.positives / (rows.positives - 1))
            + q / (negatives * negatives) * (rows.negatives / (rows.negatives - 1))
    }
}

/// Σw and Σw² of some rows.
private struct WeightSums {
    private(set) var sum = 0.0
    private(set) var squares = 0.0
    mutating func add(_ weight: Double) {
        sum += weight
        squares += weight * weight
    }
}

/// Σw², Σw²v and Σw²v² of rows with placements v.
private struct PlacementSums {
    private(set) var weights = 0.0
    private var first = 0.0
    private var second = 0.0
    mutating func add(_ squaredWeights: Double, _ placement: Double) {
        weights += squaredWeights
        first += squaredWeights * placement
        second += squaredWeights * placement * placement
    }
    /// Σw²(v − c)².
    func spread(around center: Double) -> Double { max(0, second - 2 * center * first + center * center * weights) }
}
