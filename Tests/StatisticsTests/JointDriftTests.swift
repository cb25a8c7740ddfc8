import Statistics
import TestSupport
import Testing

@Suite("Drift of columns together") struct JointDriftTests {
    private func rows(_ count: Int, _ seed: UInt64, correlation: Double = 0, shift: Double = 0) -> [[Double]] {
        var random = Seeded(seed)
        return (0..<count).map { _ in
            let x = random.gaussian()
            let y = correlation * x + (1 - correlation * correlation).squareRoot() * random.gaussian()
            return [x + shift, y, random.gaussian()]
        }
    }

    @Test("MMD of a sample with itself is 0 where it is biased, below 0 where it is not") func mmdItself() throws {
        let sample = rows(30, 1)
        let mmd = try MaximumMeanDiscrepancy(reference: sample, current: sample)
        #expect(abs(try #require(mmd.biased)) < 1e-12)
        #expect(try #require(mmd.unbiased) < 0)
    }

    @Test("equal rows have no median distance, so no MMD by it") func mmdConstant() throws {
        let same = [[Double]](repeating: [1, 1], count: 5)
        let mmd = try MaximumMeanDiscrepancy(reference: same, current: same)
        #expect(mmd.bandwidth == 0 && mmd.biased == nil && mmd.unbiased == nil)
        #expect(try MaximumMeanDiscrepancy(reference: same, current: same, bandwidth: 0.5).biased == 0)
        #expect(throws: StatisticsError.self) { try MaximumMeanDiscrepancy(reference: same, current: same, bandwidth: 0) }
    }

    @Test("random splits agree with all splits") func permutations() throws {
        let mmd = try MaximumMeanDiscrepancy(reference: rows(6, 2), current: rows(6, 3, shift: 1))
        let exact = try mmd.exactPermutation()
        let drawn = try mmd.permutation(4000, seed: 5)
        #expect(exact.splits == 924)
        #expect(abs(exact.pValue - drawn.pValue) < 0.03)
        #expect(try mmd.permutation(100, seed: 5) == mmd.permutation(100, seed: 5))
    }

    @Test("random Fourier features come near the exact MMD, and see a shift") func features() throws {
        let (a, b) = (rows(800, 4), rows(800, 5, shift: 0.5))
        let exact = try MaximumMeanDiscrepancy(reference: a, current: b, bandwidth: 1.5)
        let near = try FourierDiscrepancy(reference: a, current: b, bandwidth: 1.5, features: 512)
        #expect(abs(near.biased - (try #require(exact.biased))) < 0.02)
        #expect(near.pValue < 1e-6)
    }

    @Test("random Fourier features reject about as often as they should under no drift") func featuresUnderNoDrift() throws {
        let rejected = try (0..<60).count { seed in
            let result = try FourierDiscrepancy(
                reference: rows(300, UInt64(2 * seed + 100)), current: rows(300, UInt64(2 * seed + 101)), features: 64, seed: UInt64(seed))
            return result.pValue <= 0.1
        }
        #expect(rejected <= 14)
    }

    @Test("eigenvectors rebuild their matrix") func components() {
        let matrix: [Double] = [4, 1, 0.5, 1, 3, -1, 0.5, -1, 2]
        let parts = PrincipalComponents(symmetric: matrix, size: 3)
        for i in 0..<3 {
            for j in 0..<3 {
                let rebuilt = (0..<3).reduce(0.0) { $0 + parts.variances[$1] * parts.directions[$1][i] * parts.directions[$1][j] }
                #expect(isNear(rebuilt, matrix[3 * i + j], absolute: 1e-12))
            }
        }
        #expect(parts.variances == parts.variances.sorted(by: >))
    }

    @Test("lost correlation shows in the reconstruction error and in the pair's name, though no column moved") func correlation() throws {
        let (a, b) = (rows(2000, 6, correlation: 0.9), rows(2000, 7))
        let error = try ReconstructionError(reference: a, current: b)
        #expect(error.ratio > 1.1 && error.pValue < 1e-6)
        func columns(_ rows: [[Double]]) -> [[Double]] { (0..<3).map { c in rows.map { $0[c] } } }
        let drift = try CorrelationDrift(reference: columns(a), current: columns(b))
        let top = drift.pairs[0]
        #expect(top.first == 0 && top.second == 1 && top.difference < -0.7 && top.adjustedP < 1e-12)
        let calm = try CorrelationDrift(reference: columns(a), current: columns(rows(2000, 8, correlation: 0.9)))
        #expect(calm.pairs.allSatisfy { $0.adjustedP > 0.001 })
    }

    @Test("a domain classifier knows shifted rows, and not equal ones; the seed repeats it") func classifier() throws {
        func columns(_ rows: [[Double]]) -> [DomainClassifier.Column] { (0..<3).map { c in .numbers(rows.map { $0[c] }) } }
        let calm = try DomainClassifier(columns(rows(600, 9) + rows(500, 10)), referenceRows: 600, currentRows: 500, seed: 1)
        #expect(abs(calm.auc - 0.5) < 0.06)
        let moved = columns(rows(600, 9) + rows(500, 10, shift: 1))
        let drifted = try DomainClassifier(moved, referenceRows: 600, currentRows: 500, seed: 1)
        #expect(drifted.auc > 0.7 && drifted.pValue < 1e-12)
        #expect(drifted.importance[0] > 0.5)
        let again = try DomainClassifier(moved, referenceRows: 600, currentRows: 500, seed: 1)
        #expect(again.auc == drifted.auc)
    }

    @Test("a domain classifier reads levels and missing values") func classifierOfLevels() throws {
        var random = Seeded(11)
        let levels = (0..<800).map { row -> Int in random.uniform() < (row < 400 ? 0.2 : 0.7) ? 0 : Int(random.uniform() * 5) - 1 }
        let numbers = (0..<800).map { row in random.uniform() < (row < 400 ? 0.0 : 0.3) ? Double.nan : random.gaussian() }
        let ofLevels = try DomainClassifier([.levels(levels)], referenceRows: 400, currentRows: 400, seed: 2)
        #expect(ofLevels.auc > 0.65)
        let ofMissing = try DomainClassifier([.numbers(numbers)], referenceRows: 400, currentRows: 400, seed: 2)
        #expect(ofMissing.auc > 0.6)
        #expect(throws: StatisticsError.self) { try DomainClassifier([], referenceRows: 40, currentRows: 40, seed: 1) }
    }
}
