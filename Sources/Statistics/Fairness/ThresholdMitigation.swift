/// A threshold for each group, chosen so that a rate is as equal as it can be without drawing lots.
///
/// For every target in 0, 0.01, ..., 1 each group gets the threshold whose rate is nearest to it (of equally near ones the higher);
/// these make the trade-off curve. The point chosen is the most accurate one whose disparity is below the floor, or the least
/// disparate one when none is.
/// > Source: M. Hardt, E. Price, N. Srebro, "Equality of Opportunity in Supervised Learning", 2016 (without its randomization).
public struct ThresholdMitigation: Sendable, Equatable {
    /// What is to be equal: selection rate, true positive rate, false positive rate, or both of the latter (thresholds then follow
    /// the true positive rate, the disparity counts both).
    public enum Criterion: String, Sendable, CaseIterable {
        case demographicParity = "demographic_parity"
        case equalOpportunity = "equal_opportunity"
        case predictiveEquality = "predictive_equality"
        case equalizedOdds = "equalized_odds"

        var followed: GroupRate {
            switch self {
            case .demographicParity: .selectionRate
            case .equalOpportunity, .equalizedOdds: .tpr
            case .predictiveEquality: .fpr
            }
        }
        public var rates: [GroupRate] { self == .equalizedOdds ? [.tpr, .fpr] : [followed] }
    }
    public struct Point: Sendable, Equatable {
        /// The rate that was aimed at; nil for the decisions as they were.
        public var target: Double?
        /// By group; infinite selects nobody.
        public var thresholds: [Double]
        public var cells: [ConfusionCells]
        public var accuracy: Double
        public var selectionRate: Double
        /// max − min of the criterion's rates over groups; nil when fewer than two groups have one of them.
        public var disparity: Double?
    }
    public var before: Point
    public var after: Point
    public var curve: [Point]

    /// - Parameters:
    ///   - order: rows by ascending score, as from ``ScoreParity/ascending(_:)``. - threshold: the common one of ``before``.
    /// - Throws: ``StatisticsError`` `.empty`, `.unequalLengths`, or `.undefined` when the followed rate is undefined in some group.
    /// - Complexity: O(rows + targets · groups · log rows) after the sort.
    public init(
        _ criterion: Criterion, groupCount: Int, codes: [Int32], scores: [Double], labels: [UInt8], weights: [Double]?, order: [Int32],
        threshold: Double, floor: Double
    ) throws(StatisticsError) {
        guard !scores.isEmpty, groupCount > 0 else { throw StatisticsError(.empty, "no rows") }
        guard codes.count == scores.count, labels.count == scores.count, order.count == scores.count else {
            throw StatisticsError(.unequalLengths, "as many scores as rows expected")
        }
        var steps = [[Step]](repeating: [Step(threshold: .infinity, selected: ConfusionCells())], count: groupCount)
        for at in order.reversed() {
            let row = Int(at)
            let group = Int(codes[row])
            if group < 0 { continue }
            let last = steps[group].count - 1
            if steps[group][last].threshold != scores[row] || last == 0 {
                steps[group].append(Step(threshold: scores[row], selected: steps[group][last].selected))
            }
            let weight = weights?[row] ?? 1
            if labels[row] == 1 {
                steps[group][steps[group].count - 1].selected.tp += weight
            } else {
                steps[group][steps[group].count - 1].selected.fp += weight
            }
        }
        let sweep = Sweep(criterion: criterion, steps: steps)
        guard sweep.isDefined else {
            throw StatisticsError(.undefined, "a group has no rows for \(criterion.followed.rawValue), so no threshold makes it equal")
        }
        before = sweep.point(target: nil) { group in sweep.place(group, threshold: threshold) }
        curve = (0...100).map { percent in
            let target = Double(percent) / 100
            return sweep.point(target: target) { group in sweep.nearest(group, target) }
        }
        let good = curve.filter { $0.disparity.map { $0 < floor } ?? false }
        let best =
            good.max { $0.accuracy < $1.accuracy } ?? curve.min { ($0.disparity ?? .infinity) < ($1.disparity ?? .infinity) }
        after = best ?? before
    }
}

/// What a group's decisions are at each of its scores as the threshold, highest first.
private struct Step {
    var threshold: Double
    /// Only `tp` and `fp` are meant.
    var selected: ConfusionCells
}

private struct Sweep {
    var criterion: ThresholdMitigation.Criterion
    var steps: [[Step]]

    var isDefined: Bool { steps.indices.allSatisfy { criterion.followed.value(cells($0, 0)) != nil } }

    func cells(_ group: Int, _ place: Int) -> ConfusionCells {
        let selected = steps[group][place].selected
        let all = steps[group][steps[group].count - 1].selected
        return ConfusionCells(tp: selected.tp, fp: selected.fp, fn: all.tp - selected.tp, tn: all.fp - selected.fp)
    }

    private func rate(_ group: Int, _ place: Int) -> Double { criterion.followed.value(cells(group, place)) ?? 0 }

    /// The last step at or above a threshold.
    func place(_ group: Int, threshold: Double) -> Int { lastPlace(group) { steps[group][$0].threshold >= threshold } }

    /// Rates rise from step to step: the last step not above the target, or the next one if that is nearer.
    func nearest(_ group: Int, _ target: Double) -> Int {
        let below = lastPlace(group) { rate(group, $0) <= target }
        var first = below  // of steps with equal rates the highest threshold
        let same = rate(group, below)
        first = lastPlace(group) { rate(group, $0) < same }
        if rate(group, first) < same { first += 1 }
        guard below + 1 < steps[group].count else { return first }
        return rate(group, below + 1) - target < target - same ? below + 1 : first
    }

    /// The last place where a condition holds that first holds and then does not; 0 if nowhere.
    private func lastPlace(_ group: Int, _ holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = steps[group].count
        while high - low > 1 {
            let middle = (low + high) / 2
            if holds(middle) { low = middle } else { high = middle }
        }
        return low
    }

    func point(target: Double?, place: (Int) -> Int) -> ThresholdMitigation.Point {
        let places = steps.indices.map(place)
        let groups = steps.indices.map { cells($0, places[$0]) }
        let all = groups.reduce(into: ConfusionCells()) { $0.add($1) }
        let gaps = criterion.rates.map { RateSpread($0, groups: groups, overall: all).difference }
        return ThresholdMitigation.Point(
            target: target, thresholds: steps.indices.map { steps[$0][places[$0]].threshold }, cells: groups,
            accuracy: GroupRate.accuracy.value(all) ?? 0, selectionRate: GroupRate.selectionRate.value(all) ?? 0,
            disparity: gaps.contains(nil) ? nil : gaps.compactMap { $0 }.max())
    }
}
