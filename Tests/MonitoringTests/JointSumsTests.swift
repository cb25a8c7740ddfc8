import Monitoring
import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

/// Rows of three numeric features that vary, one that does not, one that is mostly missing, and a level; the first two go together.
private func batch(_ count: Int, _ random: inout Seeded, correlation: Double = 0.6, isWild: Bool = false) -> PredictionBatch {
    var rows = Rows()
    let residual = (1 - correlation * correlation).squareRoot()
    let first = (0..<count).map { _ in random.gaussian() }
    let second = first.map { correlation * $0 + residual * random.gaussian() }
    let third = (0..<count).map { _ in random.uniform() * 1000 }
    func spoiled(_ values: [Double]) -> [Double] {
        values.map { isWild && random.uniform() < 0.05 ? [.nan, .infinity, -.infinity, 1e30][Int.random(in: 0..<4, using: &random)] : $0 }
    }
    rows.numeric = [
        spoiled(first), [Double](repeating: 3, count: count), spoiled(second), spoiled(third),
        (0..<count).map { $0 % 3 == 0 ? .nan : Double($0) },
    ]
    rows.categorical = [random.levels(count, ["a", "b"])]
    return rows.batch(schema)
}

private let schema = FeatureSchema(
    features: ["x", "constant", "y", "z", "sparse"].map { Feature(name: $0, kind: .numeric) } + [Feature(name: "city", kind: .categorical)],
    sensitive: [])

@Suite("Joint sums") struct JointSumsTests {
    private func grid(sampleEvery: Int = 1) throws -> JointGrid {
        var random = Seeded(2026)
        return try #require(JointGrid(reference: batch(2000, &random), sampleEvery: sampleEvery))
    }

    private func sums(_ grid: JointGrid, _ batches: PredictionBatch...) -> JointSums {
        var out = JointSums(grid: grid)
        for batch in batches { out.fold(batch, grid: grid) }
        return out
    }

    private func merged(_ parts: JointSums...) -> JointSums {
        var out = parts[0]
        for part in parts.dropFirst() { out.merge(part) }
        return out
    }

    @Test("add in any order and grouping, bit for bit, as values and as bytes", arguments: [1, 3], [UInt64(1), 2, 3])
    func laws(sampleEvery: Int, seed: UInt64) throws {
        let grid = try grid(sampleEvery: sampleEvery)
        var random = Seeded(seed)
        let parts = (0..<3).map { _ in batch(Int.random(in: 0...700, using: &random), &random, isWild: true) }
        let (a, b, c) = (sums(grid, parts[0]), sums(grid, parts[1]), sums(grid, parts[2]))
        var together = parts[0]
        together.append(parts[1])
        together.append(parts[2])
        let whole = sums(grid, together)
        for other in [merged(a, b, c), merged(c, b, a), merged(a, merged(b, c)), sums(grid, parts[2], parts[0], parts[1])] {
            let isSame = other == whole && other.encoded() == whole.encoded()
            #expect(isSame, "seed \(seed)")
        }
        #expect(whole.count > 0 && whole.incomplete > 0 && whole.clipped.contains { $0 > 0 })
    }

    @Test("rows given by place are folded as if they came alone") func places() throws {
        let grid = try grid(sampleEvery: 2)
        var random = Seeded(7)
        let all = batch(900, &random, isWild: true)
        let odd = (0..<all.count).filter { $0 % 2 == 1 }
        var picked = JointSums(grid: grid)
        picked.fold(all, grid: grid, rows: odd)
        let isSame = picked == sums(grid, all.rows(at: odd))
        #expect(isSame)
    }

    @Test("what varies and is mostly there takes part; a third of the records by their ids, whoever counts") func sampling() throws {
        let grid = try grid(sampleEvery: 3)
        #expect(grid.features == [0, 2, 3])
        var random = Seeded(8)
        let sums = sums(grid, batch(9000, &random))
        #expect(abs(sums.count - 3000) < 200)
    }

    @Test("a stored grid and stored sums come back as they were; damage and another grid are refused") func coding() throws {
        let grid = try grid()
        var random = Seeded(9)
        let sums = sums(grid, batch(300, &random, isWild: true))
        let back = try JointGrid(encoded: grid.encoded())
        #expect(back == grid && back.encoded() == grid.encoded())
        let isSame = try JointSums(encoded: sums.encoded(), grid: back) == sums
        #expect(isSame)
        var damaged = sums.encoded()
        damaged[20] ^= 1
        #expect(throws: EncodingError.self) { try JointSums(encoded: damaged, grid: grid) }
        let other = try self.grid(sampleEvery: 2)
        #expect(throws: EncodingError.self) { try JointSums(encoded: sums.encoded(), grid: other) }
        #expect(throws: EncodingError.self) { try JointGrid(encoded: Array(grid.encoded().dropLast())) }
    }

    @Test("a reference of one feature, of equal rows, or of few rows has no joint grid") func nothing() {
        var random = Seeded(10)
        var alone = batch(500, &random)
        alone.features[2] = alone.features[1]
        alone.features[3] = alone.features[1]
        #expect(JointGrid(reference: alone) == nil)
        #expect(JointGrid(reference: batch(50, &random)) == nil)
    }

    @Test("statistics from the sums are those of the raw rows, to the rounding of z") func raw() throws {
        let grid = try grid()
        var random = Seeded(11)
        let batches = (batch(3000, &random), batch(800, &random, correlation: 0.2))
        func rows(_ batch: PredictionBatch) -> [[Double]] {
            (0..<batch.count).map { row in
                grid.features.indices.map { i in
                    guard case .numeric(let values) = batch.features[grid.features[i]] else { return .nan }
                    return (values[row] - grid.scale.centers[i]) * grid.scale.inverses[i]  // not rounded
                }
            }
        }
        let drift = JointDrift(reference: sums(grid, batches.0), current: sums(grid, batches.1), grid: grid)
        let (r, a) = (rows(batches.0), rows(batches.1))
        // Correlations: rounding adds at most 1/4096 to a value of variance near 1.
        for pair in try #require(drift.correlation).pairs {
            func pearson(_ rows: [[Double]]) -> Double {
                let n = Double(rows.count)
                let (i, j) = (pair.first, pair.second)
                let (x, y) = (rows.reduce(0) { $0 + $1[i] } / n, rows.reduce(0) { $0 + $1[j] } / n)
                let products = rows.reduce((0.0, 0.0, 0.0)) {
                    ($0.0 + ($1[i] - x) * ($1[j] - y), $0.1 + ($1[i] - x) * ($1[i] - x), $0.2 + ($1[j] - y) * ($1[j] - y))
                }
                return products.0 / (products.1 * products.2).squareRoot()
            }
            #expect(abs(pair.reference - pearson(r)) < 1e-3 && abs(pair.current - pearson(a)) < 1e-3)
        }
        let law = try #require(JointLaw(numbers: grid.law, size: 3))
        let error = a.reduce(0) { $0 + law.squaredError($1) } / Double(a.count)
        #expect(isNear(try #require(drift.reconstruction).current, error, relative: 2e-3))
        let exact = try FourierDiscrepancy(reference: r, current: a, frequencies: grid.scale.radians, bandwidth: grid.bandwidth)
        let found = try #require(drift.discrepancy)
        #expect(abs(found.biased.squareRoot() - exact.biased.squareRoot()) < 1e-3)
        #expect(abs(try #require(found.unbiased) - (try #require(exact.unbiased))) < 1e-3)
    }

    @Test("a correlation that turns its sign moves no column and yet is found, by each of the three") func power() throws {
        let grid = try grid()
        var random = Seeded(12)
        let reference = sums(grid, batch(4000, &random))
        let turned = JointDrift(reference: reference, current: sums(grid, batch(1000, &random, correlation: -0.6)), grid: grid)
        #expect(try #require(turned.correlation).pairs[0].adjustedP < 1e-12)
        #expect(try #require(turned.correlation).pairs[0].difference < -1)
        #expect(try #require(turned.reconstruction).pValue < 1e-6)
        #expect(try #require(turned.discrepancy).pValue < 1e-12)
        let calm = JointDrift(reference: reference, current: sums(grid, batch(1000, &random)), grid: grid)
        #expect(try #require(calm.discrepancy).pValue > 0.001)
        #expect(try #require(calm.reconstruction).pValue > 0.001)
        #expect(try #require(calm.correlation).pairs.allSatisfy { $0.adjustedP > 0.001 })
    }
}
