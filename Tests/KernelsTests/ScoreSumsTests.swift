import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Sums over scores and labels are those of a plain loop")
struct ScoreSumsTests {
    @Test("log loss, Brier score and cells, at every length around a block, with scores on edges and at the ends", arguments: [1, 10])
    func losses(cells: Int) {
        var random = Seeded(3)
        let edges = (0...cells).map { Double($0) / Double(cells) }
        for count in Array(0...33) + [511, 512, 513, 2000] {
            let scores = (0..<count).map { row -> Double in
                switch row % 7 {
                case 0: Double(row % 11) / 10
                case 1: random.uniform() * 1e-9
                case 2: 1 - random.uniform() * 1e-6
                default: random.uniform()
                }
            }
            let labels = scores.map { _ in random.uniform() < 0.4 }
            let sums = ScoreSums(scores: scores, labels: labels, edges: edges)
            var (squares, logarithms) = (0.0, 0.0)
            var counts = [Int64](repeating: 0, count: cells)
            var positives = counts
            for (score, label) in zip(scores, labels) {
                let cell = (1...cells).first { score <= edges[$0] }.map { $0 - 1 } ?? cells - 1
                counts[cell] += 1
                positives[cell] += label ? 1 : 0
                squares += (score - (label ? 1 : 0)) * (score - (label ? 1 : 0))
                let clipped = min(max(score, 0x1p-52), 1 - 0x1p-52)
                logarithms -= label ? log(clipped) : log1p(-clipped)
            }
            #expect(sums.counts == counts && sums.positives == positives, "\(count)")
            #expect(isNear(sums.squares, squares) && isNear(sums.logarithms, logarithms), "\(count)")
            #expect(isNear(sums.scores.reduce(0, +), scores.reduce(0, +)), "\(count)")
        }
    }

    @Test("losses of near perfect forecasts keep their digits")
    func tiny() {
        let scores = [Double](repeating: 1e-9, count: 1000)
        let sums = ScoreSums(scores: scores, labels: scores.map { _ in false }, edges: [0, 1])
        #expect(isNear(sums.logarithms, -1000 * log1p(-1e-9)))
    }

    @Test("confusion by group skips negative groups and refuses what is none", arguments: [3, 5000])
    func confusion(groups: Int) {
        var random = Seeded(4)
        let rows = 2000
        let codes = (0..<rows).map { _ in Int32(random.uniform() * Double(groups + 1)) - 1 }
        let decisions = codes.map { _ in random.uniform() < 0.5 ? UInt8(1) : 0 }
        let labels = codes.map { _ in random.uniform() < 0.5 ? UInt8(1) : 0 }
        var expected = [Int64](repeating: 0, count: 4 * groups)
        for row in 0..<rows where codes[row] >= 0 { expected[4 * Int(codes[row]) + 2 * Int(decisions[row]) + Int(labels[row])] += 1 }
        #expect(confusionCounts(groups: groups, codes: codes, decisions: decisions, labels: labels) == expected)
        #expect(confusionCounts(groups: 1, codes: [1], decisions: [0], labels: [0]) == nil)
        #expect(confusionCounts(groups: 1, codes: [0], decisions: [2], labels: [0]) == nil)
        #expect(confusionCounts(groups: 1, codes: [-1], decisions: [2], labels: [0]) == [0, 0, 0, 0])
    }

    @Test("scores by group, cell and label; those beyond 0…1 are marked")
    func groupScores() throws {
        let scores = [0, 0.1, 0.10000000000000002, 0.3, 1, 1.5, -2, 0.55]
        let found = try #require(
            groupScoreSums(groups: 2, codes: [0, 0, 0, 0, 0, 1, 1, -1], scores: scores, labels: [0, 0, 0, 1, 1, 1, 0, 1]))
        func rows(_ group: Int, _ cell: Int, _ label: Int) -> Double { found.sums[4 * (20 * group + 2 * cell + label)] }
        #expect(rows(0, 0, 0) == 2 && rows(0, 1, 0) == 1 && rows(0, 2, 1) == 1 && rows(0, 9, 1) == 1)
        #expect(rows(1, 9, 1) == 1 && rows(1, 0, 0) == 1)
        #expect(found.isOutside == [false, true])
        #expect((0..<40).reduce(0) { $0 + found.sums[4 * $1] } == 7)
        #expect(groupScoreSums(groups: 1, codes: [0], scores: [.nan], labels: [0]) == nil)
    }
}

@Suite("Keys are put in ascending order")
struct SortedKeysTests {
    @Test("as the standard library does", arguments: [0, 1, 2, 24, 25, 26, 1000, 5000])
    func order(count: Int) {
        var random = Seeded(5)
        let shapes: [(Double) -> UInt64] = [
            { $0.bitPattern << 1 }, { UInt64($0 * 7) }, { $0 < 0.5 ? 3 : UInt64.max - UInt64($0 * 100) }, { _ in 42 },
            { (1 / ($0 + 1e-9)).bitPattern },
        ]
        for shape in shapes {
            let keys = (0..<count).map { _ in shape(random.uniform()) }
            #expect(SortedKeys(keys).keys == keys.sorted())
        }
    }

    @Test("pairs in order and precisions, with ties")
    func rankSums() {
        // Scores 1+, 1−, 2+, 3−, 3+, 4+, as keys 2·score + label.
        let sums = SortedKeys([9, 7, 6, 5, 3, 2]).rankSums
        // Positives 4, 3, 2, 1 against negatives 3, 1: in order 2 + 1.5 + 1 + 0.5 pairs.
        #expect(sums.pairs == 10)
        #expect(isNear(sums.precisions, 1 + 2.0 / 3 + 3.0 / 4 + 4.0 / 6))
    }
}
