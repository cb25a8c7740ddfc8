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

    /// The decisions of both models over some rows of a group.
    private struct Rates {
        var champion: Double
        var candidate: Double
        /// Squared standard error of their difference.
        var squaredError: Double

        init?(_ pairs: PairedPredictions, _ rows: [Int]) {
            if rows.isEmpty { return nil }
            var (was, now, change) = (0.0, 0.0, RunningMoments())
            for row in rows {
                let (a, b) = (pairs.decision(pairs.champion, row), pairs.decision(pairs.candidate, row))
                was += a
                now += b
                change.add(b - a)
            }
            let n = Double(rows.count)
            (champion, candidate, squaredError) = (was / n, now / n, (change.variance ?? 0) / n)
        }
    }

    private static func disparities(_ pairs: PairedPredictions, _ groups: [[Int]]) -> [Disparity] {
        /// Largest minus smallest over the groups that have the rate.
        func disparity(_ metric: String, _ label: Double?) -> Disparity? {
            let rates = groups.compactMap { rows in
                Rates(pairs, label.map { label in rows.filter { pairs.labels[$0] == label } } ?? rows)
            }
            guard rates.count >= 2, let low = rates.min(by: { $0.candidate < $1.candidate }),
                let high = rates.max(by: { $0.candidate < $1.candidate }), let least = rates.map(\.champion).min(),
                let most = rates.map(\.champion).max()
            else { return nil }
            let error = (low.squaredError + high.squaredError).squareRoot()
            let grown = (high.candidate - high.champion) - (low.candidate - low.champion)
            return Disparity(
                metric: metric, champion: most - least, candidate: high.candidate - low.candidate,
                pValue: error > 0 ? Distributions.normalTwoSided(grown / error) : nil)
        }
        return all(
            parity: disparity("demographic_parity_difference", nil), opportunity: disparity("equal_opportunity_difference", 1),
            alarm: disparity("equalized_odds_difference", 0))
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
