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
    public var attribute: String
    public var groups: [Group]
    public var disparities: [DisparityChange]

    init(_ pairs: PairedPredictions, _ attribute: PairedPredictions.Groups, confidence: Double) {
        self.attribute = attribute.attribute
        var rows = [[Int]](repeating: [], count: attribute.names.count)
        for (row, code) in attribute.codes.enumerated() where code >= 0 { rows[Int(code)].append(row) }
        groups = attribute.names.indices.filter { !rows[$0].isEmpty }.map {
            Group(pairs, attribute.names[$0], rows[$0], confidence: confidence)
        }
        disparities = pairs.task == .binary ? Self.disparities(pairs, rows.filter { !$0.isEmpty }, confidence) : []
    }

    private static func disparities(_ pairs: PairedPredictions, _ groups: [[Int]], _ confidence: Double) -> [DisparityChange] {
        /// Over all rows, over positive labels, over negative ones.
        let sums = groups.map { rows in
            rows.reduce(into: [DecisionSums](repeating: DecisionSums(), count: 3)) { sums, row in
                let (was, now) = pairs.decisions(row)
                sums[0].add(was, now, times: 1)
                let label = pairs.labels[row]
                if !label.isNaN { sums[label == 1 ? 1 : 2].add(was, now, times: 1) }
            }
        }
        return DisparityChange.all(sums.map { $0.map(\.rates) }, confidence: confidence) { _, z in Distributions.normalTwoSided(z) }
    }
}

extension GroupComparison.Group {
    init(_ pairs: PairedPredictions, _ name: String, _ rows: [Int], confidence: Double) {
        let labelled = rows.filter { !pairs.labels[$0].isNaN }
        let differences = PairedLoss.all(pairs, rows: labelled).map {
            PairedDifference(
                $0.name, isBetterBelow: $0.isBetterBelow, $0.champion, $0.candidate, areShares: $0.name == "accuracy",
                confidence: confidence)
        }
        self.init(name: name, count: rows.count, labelled: labelled.count, differences: differences)
    }
}
