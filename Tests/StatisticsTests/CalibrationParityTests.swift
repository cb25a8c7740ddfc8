import Statistics
import TestSupport
import Testing

@Suite("Calibration errors of groups") struct CalibrationParityTests {
    /// Scores spread evenly; labels drawn with the probability that `chance` makes of the score.
    private func cells(
        _ sizes: [Int], seed: UInt64, weights: Bool = false, _ chance: (Int, Double) -> Double
    ) throws -> GroupScoreCells {
        var random = SeededRandom(seed: seed)
        var (codes, scores, labels): ([Int32], [Double], [UInt8]) = ([], [], [])
        for (group, size) in sizes.enumerated() {
            for _ in 0..<size {
                let score = random.uniform()
                codes.append(Int32(group))
                scores.append(score)
                labels.append(random.uniform() < chance(group, score) ? 1 : 0)
            }
        }
        return try GroupScoreCells(
            groupCount: sizes.count, codes: codes, scores: scores, labels: labels,
            weights: weights ? scores.map { _ in 2.5 } : nil)
    }

    @Test("by hand: two bins, one of them off") func byHand() throws {
        // Scores 0.05 with labels 0, 0 and 0.95 with labels 0, 1: gaps 0.1 and 0.9 over 4 rows.
        let cells = try GroupScoreCells(
            groupCount: 1, codes: [0, 0, 0, 0], scores: [0.05, 0.05, 0.95, 0.95], labels: [0, 0, 0, 1], weights: nil)
        let parity = try #require(CalibrationParity(cells, isJudged: { _ in true }))
        #expect(isNear(try #require(parity.groups[0]).error, 0.25))
        #expect(parity.pValue == nil && parity.excess == nil)
    }

    @Test("groups of one curve, calibrated or not, small or large, are called different in about one of twenty", arguments: [0.0, 0.15])
    func level(off: Double) throws {
        var (rejected, values) = (0, 0.0)
        let files = 300
        for seed in 0..<UInt64(files) {
            let cells = try cells([2000, 60, 300], seed: 1000 + seed) { _, s in min(1, max(0, s + off)) }
            let parity = try #require(CalibrationParity(cells, isJudged: { _ in true }, draws: 300))
            if try #require(parity.pValue) <= 0.05 { rejected += 1 }
            values += try #require(parity.excess).value
        }
        #expect((3...30).contains(rejected), "\(rejected) of \(files) with an offset of \(off)")
        // The plain errors differ by some 0.08, for the small group's is mostly chance.
        #expect(values / Double(files) < 0.06)
    }

    @Test("a group whose scores are off by 0.15 is found, and the difference is about that") func power() throws {
        let cells = try cells([1500, 1500], seed: 5) { group, s in group == 0 ? s : min(1, s + 0.15) }
        let parity = try #require(CalibrationParity(cells, isJudged: { _ in true }))
        #expect(try #require(parity.pValue) < 0.01)
        let debiased = parity.groups.compactMap { $0?.debiased }
        #expect(isNear(debiased[1] - debiased[0], 0.14, absolute: 0.04))
        #expect(parity.excess?.highest == 1)
    }

    @Test("equal weights change nothing") func weights() throws {
        let plain = try #require(CalibrationParity(cells([200, 300], seed: 3) { _, s in s * s }, isJudged: { _ in true }))
        let weighted = try #require(
            CalibrationParity(cells([200, 300], seed: 3, weights: true) { _, s in s * s }, isJudged: { _ in true }))
        #expect(plain.pValue == weighted.pValue && plain.groups.count == weighted.groups.count)
    }

    @Test("a score that is no probability has no parity; a group without rows no error; a small one no say") func nothing() throws {
        let odd = try GroupScoreCells(groupCount: 2, codes: [0, 1], scores: [0.5, 1.5], labels: [0, 1], weights: nil)
        #expect(CalibrationParity(odd, isJudged: { _ in true }) == nil)
        let some = try cells([100, 0, 20, 100], seed: 1) { _, s in s }
        let parity = try #require(CalibrationParity(some, isJudged: { $0 != 2 }))
        #expect(parity.groups[1] == nil && parity.groups[2]?.expected == nil && parity.groups[0]?.expected != nil)
    }

    @Test("the same seed gives the same numbers") func repeatable() throws {
        let cells = try cells([100, 200], seed: 2) { _, s in s }
        #expect(CalibrationParity(cells, isJudged: { _ in true }, seed: 4) == CalibrationParity(cells, isJudged: { _ in true }, seed: 4))
    }

    @Test("the Brier score has its standard error") func brier() throws {
        // Squared errors 0.01, 0.04, 0.25, 0.36: variance about the mean / (n - 1).
        let cells = try GroupScoreCells(
            groupCount: 1, codes: [0, 0, 0, 0], scores: [0.1, 0.8, 0.5, 0.6], labels: [0, 1, 1, 0], weights: nil)
        let scores = try ScoreParity(
            cells, codes: [0, 0, 0, 0], scores: [0.1, 0.8, 0.5, 0.6], labels: [0, 1, 1, 0], weights: nil,
            order: ScoreParity.ascending([0.1, 0.8, 0.5, 0.6]))
        let squares = [0.01, 0.04, 0.25, 0.36]
        let mean = squares.reduce(0, +) / 4
        let variance = squares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4 / 3
        #expect(isNear(try #require(scores.groups[0].brierVariance), variance, relative: 1e-9))
    }
}
