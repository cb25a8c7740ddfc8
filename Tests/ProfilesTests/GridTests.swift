import Kernels
import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

private func edges(_ sorted: [Double]) -> [Double] { Statistics.quantileEdges(ofSorted: sorted, bins: NumericGrid.binCount) }

@Suite("A grid is frozen from its reference")
struct GridTests {
    @Test("with few distinct values every one is a cut", arguments: Workshop.seeds)
    func complete(seed: UInt64) {
        var random = Seeded(seed)
        let values = (0..<3000).map { _ in random.uniform() < 0.1 ? .nan : (random.gaussian() * 100).rounded() }
        let grid = NumericGrid(reference: values + [.infinity, -.infinity], quantileEdges: edges)
        #expect(grid.isComplete, "seed \(seed)")
        #expect(Set(grid.cuts).isSuperset(of: values.filter(\.isFinite)), "seed \(seed)")
        expectWellFormed(grid, "seed \(seed)")
    }

    @Test("with many distinct values the cuts are bounded and hold both ends", arguments: Workshop.seeds)
    func incomplete(seed: UInt64) {
        var random = Seeded(seed)
        let values = (0..<3000).map { _ in random.gaussian() }
        let grid = NumericGrid(reference: values, quantileEdges: edges, required: [0, 0.5])
        #expect(!grid.isComplete, "seed \(seed)")
        #expect(grid.cuts.contains(0) && grid.cuts.contains(0.5), "seed \(seed)")
        #expect(grid.cuts.first == values.min() && grid.cuts.last == values.max(), "seed \(seed)")
        expectWellFormed(grid, "seed \(seed)")
    }

    @Test(
        "a reference without values, with one, and with infinite ones only, has a grid",
        arguments: [
            [], [.nan, .nan], [3], [3, 3, 3], [.infinity, -.infinity], [.infinity], [-0.0, 0],
            [.greatestFiniteMagnitude, -.greatestFiniteMagnitude],
        ] as [[Double]])
    func degenerate(values: [Double]) {
        let grid = NumericGrid(reference: values, quantileEdges: edges)
        #expect(grid.isComplete)
        expectWellFormed(grid, "\(values)")
    }

    @Test("the order of the reference's rows does not matter", arguments: Workshop.seeds)
    func rowOrder(seed: UInt64) {
        var random = Seeded(seed)
        let workshop = Workshop()
        let batch = workshop.batch(2000, &random, isWild: true)
        let shuffled = batch.rows(at: Array(0..<batch.count).shuffled(using: &random))
        func grid(_ batch: PredictionBatch) -> ProfileGrid {
            ProfileGrid(reference: batch, schema: workshop.schema) { Statistics.quantileEdges(ofSorted: $0, bins: $1) }
        }
        #expect(grid(batch) == grid(shuffled), "seed \(seed)")
        #expect(grid(batch).fingerprint == grid(shuffled).fingerprint, "seed \(seed)")
    }

    @Test("minus zero and zero in the reference give the same fingerprint in either order")
    func minusZero() {
        #expect(numericGrid([-0.0, 0]).fingerprint == numericGrid([0, -0.0]).fingerprint)
        #expect(numericGrid([-0.0]).fingerprint == numericGrid([0]).fingerprint)
    }

    @Test("the score's cuts hold the ends, the threshold and the calibration edges")
    func scoreCuts() {
        let score = Workshop().grid.score
        #expect(Set(score.cuts).isSuperset(of: [0, 1, 0.5] + ProfileGrid.calibrationEdges))
    }

    @Test("levels are the reference's in code-point order; of too many the commonest stay")
    func levels() {
        let few = CategoricalGrid(reference: LevelColumn(["b", nil, "a", "é", "Z", "b"]))
        #expect(few.levels == ["Z", "a", "b", "é"] && few.isComplete)
        var column = LevelColumn()
        for i in 0..<CategoricalGrid.levelsMax + 10 {
            column.append("level \(i)")
            if i >= 10 { column.append("level \(i)") }
        }
        let many = CategoricalGrid(reference: column)
        #expect(many.levels.count == CategoricalGrid.levelsMax && !many.isComplete)
        #expect(!(0..<10).contains { many.levels.contains("level \($0)") })
    }

    private func expectWellFormed(_ grid: NumericGrid, _ comment: Comment) {
        #expect(grid.cuts.count <= NumericGrid.cutsMax, comment)
        #expect(grid.cellCount == grid.locator.cellCount, comment)
        #expect(grid.cuts.allSatisfy(\.isFinite) && grid.center.isFinite, comment)
        #expect(zip(grid.cuts, grid.cuts.dropFirst()).allSatisfy { $0 < $1 }, comment)
        #expect(grid.binEdges.allSatisfy(grid.cuts.contains), comment)
    }
}

@Suite("A grid is stored as bytes and read back")
struct GridCodingTests {
    @Test("what is written is read back with the same fingerprint", arguments: Workshop.seeds)
    func roundTrip(seed: UInt64) throws {
        let grid = Workshop(seed: seed).grid
        let back = try ProfileGrid(encoded: grid.encoded())
        #expect(back == grid, "seed \(seed)")
        #expect(back.fingerprint == grid.fingerprint, "seed \(seed)")
        #expect(back.encoded() == grid.encoded(), "seed \(seed)")
    }

    @Test("a grid without features, levels or attributes survives, and so does one of awkward names")
    func extremes() throws {
        let score = NumericGrid(reference: [], quantileEdges: edges)
        let grids = [
            ProfileGrid(features: [], score: score, attributes: [], threshold: 0.5, outcome: .numeric),
            ProfileGrid(
                features: [.categorical(CategoricalGrid(levels: ["", "\u{1}", "日本", "e\u{301}"], isComplete: false))], score: score,
                attributes: [[], ["a", ""]], threshold: -.infinity, outcome: .binary),
        ]
        for grid in grids {
            let back = try ProfileGrid(encoded: grid.encoded())
            #expect(back == grid && back.fingerprint == grid.fingerprint)
        }
        #expect(grids[0].fingerprint != grids[1].fingerprint)
    }

    @Test("anything that differs changes the fingerprint")
    func fingerprints() {
        let score = NumericGrid(cuts: [0, 1], binEdges: [0], isComplete: true, center: 0)
        func grid(_ feature: NumericGrid, attributes: [[String]] = [["f", "m"]], threshold: Double = 0.5, outcome: OutcomeKind = .binary)
            -> UInt64
        {
            ProfileGrid(features: [.numeric(feature)], score: score, attributes: attributes, threshold: threshold, outcome: outcome)
                .fingerprint
        }
        let all = [
            grid(score), grid(NumericGrid(cuts: [0, 2], binEdges: [0], isComplete: true, center: 0)),
            grid(NumericGrid(cuts: [0, 1], binEdges: [1], isComplete: true, center: 0)),
            grid(NumericGrid(cuts: [0, 1], binEdges: [0], isComplete: false, center: 0)),
            grid(NumericGrid(cuts: [0, 1], binEdges: [0], isComplete: true, center: 1)),
            grid(score, attributes: [["f"], ["m"]]), grid(score, attributes: [["fm"]]), grid(score, threshold: 0.25),
            grid(score, outcome: .numeric),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test("every changed byte and every truncation is noticed")
    func damage() {
        let bytes = numericGrid([1, 2, 3, 4, 5]).encoded()
        for at in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[at] ^= 1 << UInt8(bit)
                #expect(throws: EncodingError.self, "byte \(at), bit \(bit)") { try ProfileGrid(encoded: damaged) }
            }
            #expect(throws: EncodingError.self, "cut at \(at)") { try ProfileGrid(encoded: Array(bytes.prefix(at))) }
        }
    }
}
