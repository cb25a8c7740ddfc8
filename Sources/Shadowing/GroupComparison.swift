internal import Statistics

/// What a candidate changes for the groups of one attribute.
public struct GroupComparison: Sendable, Equatable {
    public struct Group: Sendable, Equatable {
        public var name: String
        public var count: Int
        public var labelled: Int
        /// Of the labelled rows: how each model does there, and the difference.
        public var differences: [PairedDifference]
        /// Of the primary metric's p-value, corrected over all groups of all attributes.
        public var adjustedP: Double?
        /// Share of rows with the same decision, where only sums are known.
        public var agreement: Double?
    }
    /// A disparity between groups, of both models.
    public struct Disparity: Sendable, Equatable {
        public var metric: String
        public var champion: Double
        public var candidate: Double
        /// That the two groups which are farthest apart under the candidate are no farther apart than under the champion: z test of the
        /// difference between the groups' mean paired differences.
        public var pValue: Double?
        public var change: Double { candidate - champion }
    }
    public var attribute: String
    public var groups: [Group]
    public var disparities: [Disparity]

    init(_ pairs: PairedPredictions, _ attribute: PairedPredictions.Groups, confidence: Double) {
        self.attribute = attribute.attribute
        var rows = [[Int]](repeating: [], count: attribute.names.count)
        for (row, code) in attribute.codes.enumerated() where code >= 0 { rows[Int(code)].append(row) }
        groups = attribute.names.indices.filter { !rows[$0].isEmpty }.map { place in
            let labelled = rows[place].filter { !pairs.labels[$0].isNaN }
            let differences = PairedLoss.all(pairs, rows: labelled).map {
                PairedDifference(
                    $0.name, isBetterBelow: $0.isBetterBelow, $0.champion, $0.candidate, areShares: $0.name == "accuracy",
                    confidence: confidence)
            }
            return Group(name: attribute.names[place], count: rows[place].count, labelled: labelled.count, differences: differences)
        }
        disparities = pairs.task == .binary ? Self.disparities(pairs, rows.filter { !$0.isEmpty }) : []
    }

    private static func disparities(_ pairs: PairedPredictions, _ groups: [[Int]]) -> [Disparity] {
        /// Over all rows, over positive labels, over negative ones.
        let sums = groups.map { rows in
            rows.reduce(into: [DecisionSums](repeating: DecisionSums(), count: 3)) { sums, row in
                let (was, now) = pairs.decisions(row)
                sums[0].add(was, now, times: 1)
                let label = pairs.labels[row]
                if !label.isNaN { sums[label == 1 ? 1 : 2].add(was, now, times: 1) }
            }
        }
        return disparities(sums) { _, z in Distributions.normalTwoSided(z) }
    }

    /// Rows below which a group's rate says too little: it is shown, and no disparity is judged by it.
    public static let judgedRows = 100.0

    /// Largest minus smallest rate over the groups, in each stratum. Where two groups or more have enough rows it is of these alone, and tested.
    ///
    /// - Parameters:
    ///   - groups: of each the decisions over all rows, over positive labels, over negative ones.
    ///   - pValue: of a count of rows and a z statistic.
    static func disparities(_ groups: [[DecisionSums]], pValue: (_ count: Double, _ z: Double) -> Double?) -> [Disparity] {
        func was(_ s: DecisionSums) -> Double { s.champion / s.rows }
        func now(_ s: DecisionSums) -> Double { s.candidate / s.rows }
        func disparity(_ metric: String, _ stratum: Int) -> Disparity? {
            let some = groups.map { $0[stratum] }.filter { $0.rows > 0 }
            let enough = some.filter { $0.rows >= judgedRows }
            let isJudged = enough.count >= 2
            let sums = isJudged ? enough : some
            guard sums.count >= 2, let least = sums.map(was).min(), let most = sums.map(was).max(),
                let lowest = sums.map(now).min(), let highest = sums.map(now).max()
            else { return nil }
            // The two groups between which it is larger: under the candidate, or where that has levelled it under the champion.
            let rate = highest - lowest >= most - least ? now : was
            guard let low = sums.min(by: { rate($0) < rate($1) }), let high = sums.max(by: { rate($0) < rate($1) }) else { return nil }
            let error = (low.squaredError + high.squaredError).squareRoot()
            let grown = (now(high) - was(high)) - (now(low) - was(low))
            return Disparity(
                metric: metric, champion: most - least, candidate: highest - lowest,
                pValue: isJudged && error > 0 ? pValue(low.rows + high.rows, grown / error) : nil)
        }
        return all(
            parity: disparity("demographic_parity_difference", 0), opportunity: disparity("equal_opportunity_difference", 1),
            alarm: disparity("equalized_odds_difference", 2))
    }

    static func all(parity: Disparity?, opportunity: Disparity?, alarm: Disparity?) -> [Disparity] {
        var odds: Disparity?
        // The worse of the two rates' disparities, of each model; tested is that which is worse under the candidate.
        if let opportunity, let alarm {
            odds = opportunity.candidate >= alarm.candidate ? opportunity : alarm
            odds?.metric = "equalized_odds_difference"
            odds?.champion = max(opportunity.champion, alarm.champion)
        }
        return [parity, opportunity, odds].compactMap { $0 }
    }
}
