internal import Glibc
public import Statistics

/// A candidate beside the champion over the same rows: how far they agree, which one is better, and for whom.
public struct PairedComparison: Sendable, Equatable {
    /// How alike the two are, labels or not.
    public struct Agreement: Sendable, Equatable {
        /// Share of rows with the same decision; nil for a regression.
        public var decisions: Double?
        /// Of the scores, of several classes of all of them.
        public var meanAbsoluteDifference: Double
        public var largestDifference: Double
        /// Pearson's; nil where one is constant.
        public var correlation: Double?
        /// Of the candidate's scores from the champion's; nil for other tasks than binary.
        public var populationStability: Double?
    }
    public var count: Int
    public var labelled: Int
    public var agreement: Agreement
    /// The primary metric first.
    public var differences: [PairedDifference]
    public var sequential: [SequentialDifference]
    public var fairness: [GroupComparison]
    /// Declared parts of the rows.
    public var segments: [GroupComparison.Group]

    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.empty`; `.outOfRange` for a score that is not finite, or a label out of range.
    public init(_ pairs: PairedPredictions, primary: String? = nil, confidence: Double = 0.95) throws(StatisticsError) {
        try Self.check(pairs)
        count = pairs.count
        let rows = (0..<pairs.count).filter { !pairs.labels[$0].isNaN }
        labelled = rows.count
        agreement = Self.agreement(pairs)
        var blocks = BlockSums()
        var joint = JointOutcomes(positives: DecisionSums(), negatives: DecisionSums())
        if pairs.task == .binary {
            var cells = ScoreCells()
            for row in 0..<pairs.count {
                let (a, b, label) = (pairs.champion[0][row], pairs.candidate[0][row], pairs.labels[row])
                cells.add(a, b, ScoreCells.Label(label), times: 1)
                if label.isNaN { continue }
                let (was, now) = pairs.decisions(row)
                blocks.add((a, b), (was, now), label: label, block: row % BlockSums.blocks, times: 1)
                if label == 1 { joint.positives.add(was, now, times: 1) } else { joint.negatives.add(was, now, times: 1) }
            }
            agreement.populationStability = cells.populationStability
        }
        let losses = rows.isEmpty ? [] : PairedLoss.all(pairs, rows: rows)
        var all = losses.map {
            PairedDifference(
                $0.name, isBetterBelow: $0.isBetterBelow, $0.champion, $0.candidate, areShares: $0.name == "accuracy",
                confidence: confidence)
        }
        if pairs.task == .binary, !rows.isEmpty {
            all.append(
                PairedDifference(
                    areas: rows.map { pairs.labels[$0] == 1 }, champion: rows.map { pairs.champion[0][$0] },
                    candidate: rows.map { pairs.candidate[0][$0] }, confidence: confidence))
            all += blocks.differences(confidence: confidence)
            all += joint.differences(confidence: confidence)
        }
        if let primary, let place = all.firstIndex(where: { $0.metric == primary }) { all.insert(all.remove(at: place), at: 0) }
        differences = all
        sequential = losses.map { SequentialDifference($0, confidence: confidence) }
        fairness = pairs.groups.map { GroupComparison(pairs, $0, confidence: confidence) }
        segments = pairs.segments.map { segment in
            GroupComparison.Group(pairs, segment.name, (0..<pairs.count).filter { segment.holds[$0] }, confidence: confidence)
        }
        let primary = all.first?.metric
        let loss = sequential.first { $0.metric == primary }?.metric ?? sequential.first?.metric
        put(
            adjusted: benjaminiHochberg((fairness.flatMap(\.groups) + segments).map { $0.differences.first { $0.metric == loss }?.pValue }))
    }

    /// The groups' and segments' tests of the primary metric are one family.
    mutating func put(adjusted: [Double?]) {
        var adjusted = adjusted[...]
        for place in fairness.indices {
            for group in fairness[place].groups.indices { fairness[place].groups[group].adjustedP = adjusted.removeFirst() }
        }
        for place in segments.indices { segments[place].adjustedP = adjusted.removeFirst() }
    }

    private static func check(_ pairs: PairedPredictions) throws(StatisticsError) {
        guard pairs.count > 0 else { throw StatisticsError(.empty, "no rows") }
        let columns = pairs.champion + pairs.candidate
        guard pairs.champion.count == pairs.candidate.count, columns.allSatisfy({ $0.count == pairs.count }),
            pairs.labels.count == pairs.count, pairs.groups.allSatisfy({ $0.codes.count == pairs.count }),
            pairs.segments.allSatisfy({ $0.holds.count == pairs.count })
        else { throw StatisticsError(.unequalLengths, "columns of unequal length, or a different number of classes") }
        for (name, scores) in [("champion", pairs.champion), ("candidate", pairs.candidate)] {
            for column in scores {
                if let row = column.firstIndex(where: { !$0.isFinite || (pairs.task != .regression && !(0...1).contains($0)) }) {
                    throw StatisticsError(
                        .outOfRange,
                        "the \(name)'s score in row \(row + 1) is \(column[row]), expected \(pairs.task == .regression ? "a number" : "a probability")"
                    )
                }
            }
        }
        let classes = pairs.task == .binary ? 2.0 : Double(pairs.champion.count)
        for (row, label) in pairs.labels.enumerated() where !label.isNaN && pairs.task != .regression {
            guard label == label.rounded(), label >= 0, label < classes else {
                throw StatisticsError(.outOfRange, "the label in row \(row + 1) is \(label), expected a class")
            }
        }
    }

    private static func agreement(_ pairs: PairedPredictions) -> Agreement {
        var (sum, largest, cells) = (0.0, 0.0, 0.0)
        var (one, two, both) = (RunningMoments(), RunningMoments(), RunningMoments())
        for (a, b) in zip(pairs.champion, pairs.candidate) {
            for (x, y) in zip(a, b) {
                sum += abs(x - y)
                largest = max(largest, abs(x - y))
                cells += 1
                one.add(x)
                two.add(y)
                both.add(x + y)
            }
        }
        // Var(x + y) = Var x + Var y + 2 Cov.
        var correlation: Double?
        if let v = one.variance, let w = two.variance, let whole = both.variance, v > 0, w > 0 {
            correlation = min(1, max(-1, (whole - v - w) / 2 / (v * w).squareRoot()))
        }
        let same = (0..<pairs.count).count { row in
            let (was, now) = pairs.decisions(row)
            return was == now
        }
        return Agreement(
            decisions: pairs.task == .regression ? nil : Double(same) / Double(pairs.count), meanAbsoluteDifference: sum / cells,
            largestDifference: largest, correlation: correlation)
    }
}
