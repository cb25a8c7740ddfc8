import Kernels
import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

@Suite("Drift from a profile is drift from the raw values")
struct DriftFromProfilesTests {
    private func counts(_ values: [Double], _ grid: ProfileGrid) -> [Int64] { numericProfile(values, grid).numeric(0).counts }

    private func kolmogorovSmirnov(_ reference: [Double], _ current: [Double]) throws -> (
        raw: KolmogorovSmirnov, cells: KolmogorovSmirnov, grid: NumericGrid
    ) {
        let grid = numericGrid(reference)
        let raw = try KolmogorovSmirnov(reference: reference.filter { !$0.isNaN }, current: current.filter { !$0.isNaN })
        let cells = try KolmogorovSmirnov(
            cuts: grid.numeric(0).cuts, referenceCells: counts(reference, grid), currentCells: counts(current, grid))
        return (raw, cells, grid.numeric(0))
    }

    @Test("with a complete grid the KS distance is exact", arguments: Workshop.seeds)
    func ksComplete(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<20 {
            let reference = (0..<Int.random(in: 1...200, using: &random)).map { _ in (random.gaussian() * 10).rounded() }
            let current =
                (0..<Int.random(in: 1...200, using: &random)).map { _ in
                    random.uniform() < 0.05
                        ? (random.uniform() < 0.5 ? .infinity : -.infinity)
                        : random.uniform() < 0.1 ? .nan : random.gaussian() * 12 + (random.uniform() < 0.5 ? 0 : 3).rounded()
                } + [0]
            let ks = try kolmogorovSmirnov(reference, current)
            #expect(ks.grid.isComplete, "seed \(seed)")
            #expect(ks.cells.statistic == ks.raw.statistic && ks.cells.upperBound == ks.raw.statistic, "seed \(seed)")
            #expect(ks.cells.sign == ks.raw.sign && ks.cells.pValue == ks.raw.pValue, "seed \(seed)")
        }
    }

    @Test("without one it lies between the distance seen and its bound", arguments: Workshop.seeds)
    func ksBounded(seed: UInt64) throws {
        var random = Seeded(seed)
        let reference = (0..<4000).map { _ in random.gaussian() }
        for shift in [0, 0.01, 0.2, 5, -50] {
            let current = (0..<1500).map { _ in random.gaussian() * (random.uniform() < 0.5 ? 1 : 1.1) + shift }
            let ks = try kolmogorovSmirnov(reference, current)
            #expect(!ks.grid.isComplete, "seed \(seed)")
            #expect(ks.cells.statistic <= ks.raw.statistic && ks.raw.statistic <= ks.cells.upperBound, "seed \(seed), shift \(shift)")
            #expect(ks.cells.upperBound - ks.cells.statistic < 0.01, "seed \(seed), shift \(shift)")
        }
    }

    @Test("infinite reference values leave a bound that holds", arguments: Workshop.seeds)
    func ksInfiniteReference(seed: UInt64) throws {
        var random = Seeded(seed)
        let reference = (0..<300).map { _ in random.uniform() < 0.2 ? -.infinity : (random.gaussian() * 5).rounded() }
        let current = (0..<300).map { _ in random.gaussian() * 20 }
        let ks = try kolmogorovSmirnov(reference, current)
        #expect(ks.cells.statistic <= ks.raw.statistic && ks.raw.statistic <= ks.cells.upperBound, "seed \(seed)")
    }

    /// Goal: the bins of the grid are the right-closed bins between its edges. Method: count raw values by hand.
    @Test("PSI and its kin from the grid's bins are those of the counted raw values", arguments: Workshop.seeds, [30, 3000])
    func binned(seed: UInt64, count: Int) throws {
        var random = Seeded(seed)
        let isTied = random.uniform() < 0.5
        func sample(_ shift: Double) -> [Double] {
            (0..<count).map { _ in
                let x = random.gaussian() + shift
                return random.uniform() < 0.05 ? .nan : random.uniform() < 0.02 ? .infinity : isTied ? (x * 3).rounded() : x
            }
        }
        let reference = sample(0) + [0, 1]
        let current = sample(0.3) + reference.prefix(5)
        let grid = numericGrid(reference)
        let edges = grid.numeric(0).binEdges
        func byHand(_ values: [Double]) -> [Int64] {
            var bins = [Int64](repeating: 0, count: edges.count + 1)
            for x in values where !x.isNaN { bins[edges.count { $0 < x }] += 1 }
            return bins
        }
        let referenceBins = grid.numeric(0).bins(of: counts(reference, grid))
        let currentBins = grid.numeric(0).bins(of: counts(current, grid))
        #expect(referenceBins == byHand(reference) && currentBins == byHand(current), "seed \(seed)")
        #expect(
            try PopulationStabilityIndex(reference: referenceBins, current: currentBins)
                == PopulationStabilityIndex(reference: byHand(reference), current: byHand(current)), "seed \(seed)")
    }

    @Test("any cuts serve as edges when cells are regrouped", arguments: Workshop.seeds)
    func regrouping(seed: UInt64) {
        var random = Seeded(seed)
        let reference = (0..<200).map { _ in (random.gaussian() * 8).rounded() }
        let grid = numericGrid(reference).numeric(0)
        let values = (0..<500).map { _ in random.gaussian() * 9 } + reference
        var cells = [Int64](repeating: 0, count: grid.cellCount)
        for cell in grid.locator.cells(of: values) { cells[Int(cell)] += 1 }
        for _ in 0..<20 {
            let edges = grid.cuts.filter { _ in random.uniform() < 0.3 }
            var byHand = [Int64](repeating: 0, count: edges.count + 1)
            for x in values { byHand[edges.count { $0 < x }] += 1 }
            #expect(grid.regroup(cells, edges: edges) == byHand, "seed \(seed)")
        }
    }

    @Test("counts, ends, mean and variance are those of the values", arguments: Workshop.seeds)
    func moments(seed: UInt64) throws {
        var random = Seeded(seed)
        let center = random.gaussian() * 1e6
        let values = (0..<2000).map { _ in center + random.gaussian() }
        let grid = numericGrid(values)
        let cells = numericProfile(values + [.nan, .infinity, -.infinity], grid).numeric(0)
        let n = Double(values.count)
        let mean = values.reduce(0) { $0 + ($1 - center) } / n
        let variance = values.reduce(0) { $0 + ($1 - center - mean) * ($1 - center - mean) } / n
        #expect(cells.missing == 1 && cells.finite == 2000 && cells.present == 2002, "seed \(seed)")
        #expect(cells.minimum == -.infinity && cells.maximum == .infinity, "seed \(seed)")
        #expect(isNear(try #require(cells.mean(center: grid.numeric(0).center)), center + mean), "seed \(seed)")
        #expect(isNear(try #require(cells.variance), variance, relative: 1e-9), "seed \(seed)")
    }

    @Test("levels, missing ones and unseen ones are counted as they came", arguments: Workshop.seeds)
    func levels(seed: UInt64) throws {
        var random = Seeded(seed)
        let workshop = Workshop()
        var batch = workshop.batch(400, &random, isWild: true)
        batch.errors = batch.errors.map { _ in nil }
        let cells = workshop.profile(batch).categorical(2)
        guard case .categorical(let column) = batch.features[2], case .categorical(let grid) = workshop.grid.features[2] else {
            Issue.record("not categorical")
            return
        }
        let truth = Dictionary((0..<column.count).compactMap { column[$0] }.map { ($0, Int64(1)) }, uniquingKeysWith: +)
        #expect(cells.counts == grid.levels.map { truth[$0] ?? 0 }, "seed \(seed)")
        #expect(cells.missing == Int64(column.codes.count { $0 < 0 }), "seed \(seed)")
        #expect(cells.present + cells.missing == 400, "seed \(seed)")
        for (name, count) in cells.unseen.counts { #expect(count == truth[name], "seed \(seed)") }
    }
}
