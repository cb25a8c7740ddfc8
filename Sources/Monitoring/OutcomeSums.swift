internal import Profiles
internal import Statistics
internal import Vocabulary

/// What calibration, performance and fairness need of a profile's outcome table.
struct OutcomeSums {
    let outcomes: Outcomes
    let grid: NumericGrid

    init(_ profile: Profile, _ reference: ReferenceProfile) {
        outcomes = profile.outcomes
        grid = reference.grid.score
    }

    func cells(_ label: Stratum.Label) -> [Int64] { outcomes.cells(grid) { $0.label == label } }

    private func total(_ value: (ScoreCells) -> Int128, where matches: (Stratum) -> Bool) -> Int128 {
        outcomes.strata.reduce(0) { matches($1.key) ? $0 + value($1.value) : $0 }
    }

    /// Labelled rows that have a score.
    var scoredLabelled: Int64 {
        outcomes.strata.reduce(0) { $1.key.label == .any ? $0 : $0 + $1.value.rows - $1.value.unscored }
    }
    /// Why probabilities cannot be judged; nil when they can.
    var probabilityProblem: String? {
        if scoredLabelled == 0 { return "no labelled rows with a score" }
        let outside = outcomes.strata.reduce(Int64(0)) { $1.key.label == .any ? $0 : $0 + $1.value.outsideUnit }
        return outside > 0 ? "\(outside) scores lie outside 0…1, so they are no probabilities" : nil
    }

    /// Mean of (score − label)²: (Σp² − 2 Σ_{label 1} p + n₁) / n, all sums exact.
    var brier: Double {
        let squares = total(\.sumOfSquares) { $0.label != .any }
        let positiveScores = total(\.sum) { $0.label == .positive }
        let positives = Int128(cells(.positive).reduce(0, +)) * ScoreCells.one
        return ScoreCells.double(squares - 2 * positiveScores + positives) / Double(scoredLabelled)
    }

    var logLoss: Double { ScoreCells.double(total(\.logLoss) { $0.label != .any }) / Double(scoredLabelled) }

    /// Ten equal-width bins with their exact score sums.
    func reliability() -> [ReliabilityBin] {
        let edges = ProfileGrid.calibrationEdges
        var bins = (0...edges.count).map { i in
            ReliabilityBin(lower: i == 0 ? 0 : edges[i - 1], upper: i == edges.count ? 1 : edges[i], count: 0, positives: 0, scoreSum: 0)
        }
        // Which bin a cell belongs to: cell 2i is the interval below cut i, cell 2i + 1 the cut itself; bins are right-closed.
        var binOfCell: [Int] = []
        var bin = 0
        for cell in 0..<grid.cellCount {
            while bin < edges.count, cell % 2 == 0, cell > 0, grid.cuts[cell / 2 - 1] >= edges[bin] { bin += 1 }
            binOfCell.append(bin)
        }
        var sums = [Int128](repeating: 0, count: bins.count)
        for (stratum, scores) in outcomes.strata where stratum.label != .any {
            for (cell, entry) in scores.cells {
                let bin = binOfCell[Int(cell)]
                bins[bin].count += entry.count
                if stratum.label == .positive { bins[bin].positives += entry.count }
                sums[bin] += entry.sum
            }
        }
        for i in bins.indices { bins[i].scoreSum = ScoreCells.double(sums[i]) }
        return bins
    }

    /// Confusion counts by group. `name` says which group a stratum belongs to; nil leaves it out.
    func groups(_ name: ([String?]) -> String?) -> [GroupCounts] {
        var counts: [String: GroupCounts] = [:]
        for (stratum, scores) in outcomes.strata {
            guard let group = name(stratum.group), let decision = stratum.decision else { continue }
            var entry = counts[group] ?? GroupCounts(group: group, predictions: 0, selected: 0)
            switch (stratum.label, decision) {
            case (.any, let selected):
                entry.predictions += scores.rows
                if selected { entry.selected += scores.rows }
            case (.positive, true): entry.truePositives += scores.rows
            case (.positive, false): entry.falseNegatives += scores.rows
            case (.negative, true): entry.falsePositives += scores.rows
            case (.negative, false): entry.trueNegatives += scores.rows
            }
            counts[group] = entry
        }
        return counts.keys.sorted().compactMap { counts[$0] }
    }

    var overall: GroupCounts? { groups { _ in "" }.first }
}
