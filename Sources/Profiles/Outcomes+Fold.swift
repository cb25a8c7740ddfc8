internal import Kernels
internal import Vocabulary

extension Outcomes {
    /// Adds predictions, each to the stratum of its decision and group.
    mutating func fold(_ batch: PredictionBatch, grid: ProfileGrid) {
        let kinds = RowKinds(batch, grid)
        let cells = grid.score.locator.cells(of: batch.scores)
        // The rows of one stratum after the other, so that its cells are counted in one small table.
        var tally = [ScoreCells.Cell](repeating: ScoreCells.Cell(), count: grid.score.cellCount)
        for (kind, rows) in kinds.rows.enumerated() {
            var scores = ScoreCells()
            var touched: [UInt32] = []
            for row in rows {
                let score = batch.scores[row]
                guard !score.isNaN else { scores.unscored += 1; continue }
                let cell = Int(cells[row])
                if tally[cell].count == 0 { touched.append(cells[row]) }
                tally[cell].count += 1
                if score >= 0, score <= 1 {
                    tally[cell].sum += ScoreCells.fixed(score)
                    scores.sumOfSquares += ScoreCells.fixed(score * score)
                } else {
                    scores.outsideUnit += 1
                }
            }
            touched.sort()
            for cell in touched {
                scores.cells.append(cell, tally[Int(cell)])
                tally[Int(cell)] = ScoreCells.Cell()
            }
            absorb(kinds.stratum(kind, of: batch), scores)
        }
        trim(grid.attributes)
    }
}

/// The rows of a batch by stratum.
private struct RowKinds {
    private(set) var rows: [[Int]] = []
    private let decisions: [Bool?]

    init(_ batch: PredictionBatch, _ grid: ProfileGrid) {
        decisions = (0..<batch.count).map { grid.decision(score: batch.scores[$0], prediction: batch.predictions[$0]) }
        var kinds = decisions.map { $0.map { $0 ? 1 : 0 } ?? 2 }
        var count = 3
        for column in batch.groups {
            let width = column.levels.count + 1
            for i in kinds.indices { kinds[i] = kinds[i] * width + Int(column.codes[i]) + 1 }
            // There are never more kinds than rows, so the next product stays small.
            count = Self.renumber(&kinds, below: count * width)
        }
        if batch.groups.isEmpty { count = Self.renumber(&kinds, below: count) }
        rows = [[Int]](repeating: [], count: count)
        for (row, kind) in kinds.enumerated() { rows[kind].append(row) }
    }

    /// Gives kinds numbers in the order of their first row.
    private static func renumber(_ kinds: inout [Int], below limit: Int) -> Int {
        var count = 0
        if limit <= 1 << 16 {
            var numbers = [Int](repeating: -1, count: limit)
            for i in kinds.indices {
                if numbers[kinds[i]] < 0 {
                    numbers[kinds[i]] = count
                    count += 1
                }
                kinds[i] = numbers[kinds[i]]
            }
        } else {
            var numbers: [Int: Int] = [:]
            for i in kinds.indices {
                if let number = numbers[kinds[i]] {
                    kinds[i] = number
                } else {
                    numbers[kinds[i]] = count
                    kinds[i] = count
                    count += 1
                }
            }
        }
        return count
    }

    func stratum(_ kind: Int, of batch: PredictionBatch) -> Stratum {
        let row = rows[kind][0]
        return Stratum(label: .any, decision: decisions[row], group: batch.groups.map { $0[row] })
    }
}
