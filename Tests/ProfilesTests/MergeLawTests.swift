import Profiles
import Statistics
import TestSupport
import Testing
import Vocabulary

/// Profiles are equal as values and as stored bytes.
private func expectSame(_ a: Profile, _ b: Profile, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation) {
    let isEqual = a == b  // taken out of the macro, which would print both profiles whole
    #expect(isEqual, comment, sourceLocation: sourceLocation)
    let (left, right) = (a.encoded(), b.encoded())
    #expect(left.count == right.count, comment, sourceLocation: sourceLocation)
    let firstDifference = zip(left, right).enumerated().first { $1.0 != $1.1 }?.offset
    #expect(firstDifference == nil, comment, sourceLocation: sourceLocation)
}

@Suite("Profiles add in any order and grouping, bit for bit")
struct MergeLawTests {
    let workshop = Workshop()

    /// Three labelled profiles of different sizes, and the batches behind them.
    private func parts(_ seed: UInt64, isWild: Bool) -> (batches: [PredictionBatch], profiles: [Profile]) {
        var random = Seeded(seed)
        let batches = (0..<3).map { _ in
            workshop.batch(Int.random(in: isWild ? 400...700 : 0...200, using: &random), &random, isWild: isWild)
        }
        let profiles = batches.map { batch in
            var profile = workshop.profile(batch)
            for label in workshop.labels(of: batch, &random) { profile.foldLabel(label, grid: workshop.grid) }
            return profile
        }
        return (batches, profiles)
    }

    @Test("merge is commutative", arguments: Workshop.seeds, [false, true])
    func commutative(seed: UInt64, isWild: Bool) {
        let p = parts(seed, isWild: isWild).profiles
        expectSame(workshop.merged(p[0], p[1]), workshop.merged(p[1], p[0]), "seed \(seed)")
        expectSame(workshop.merged(p[0], p[1], p[2]), workshop.merged(p[2], p[1], p[0]), "seed \(seed)")
    }

    @Test("merge is associative", arguments: Workshop.seeds, [false, true])
    func associative(seed: UInt64, isWild: Bool) {
        let p = parts(seed, isWild: isWild).profiles
        let left = workshop.merged(workshop.merged(p[0], p[1]), p[2])
        let right = workshop.merged(p[0], workshop.merged(p[1], p[2]))
        expectSame(left, right, "seed \(seed)")
        if isWild {  // else the law would be shown only where nothing overflows
            #expect(left.categorical(2).unseen.rest > 0, "seed \(seed)")
            #expect(left.outcomes.rows { $0.group == [Stratum.overflowLevel, Stratum.overflowLevel] } > 0, "seed \(seed)")
        }
    }

    @Test(
        "stored profiles add as those in memory do, and one that is damaged adds nothing that is used", arguments: Workshop.seeds,
        [false, true])
    func stored(seed: UInt64, isWild: Bool) throws {
        let p = parts(seed, isWild: isWild).profiles
        var sum = Profile(grid: workshop.grid)
        for profile in p { try sum.add(encoded: profile.encoded(), grid: workshop.grid) }
        expectSame(sum, workshop.merged(p[0], p[1], p[2]), "seed \(seed)")
        let taken = p[0].encoded()
        #expect(throws: EncodingError.self) { try sum.add(encoded: Array(taken.dropLast()), grid: workshop.grid) }
        let other = Workshop(seed: 7).grid
        #expect(throws: EncodingError.self) { try Profile(encoded: taken, grid: other) }
    }

    @Test("a part is taken out of a sum again, but for the smallest and largest values", arguments: Workshop.seeds, [false, true])
    func without(seed: UInt64, isWild: Bool) {
        let p = parts(seed, isWild: isWild).profiles
        let rest = workshop.merged(p[0], p[1]).without(p[1], grid: workshop.grid)
        #expect(rest.rows == p[0].rows && rest.errors == p[0].errors && rest.labelled == p[0].labelled)
        for i in 0..<2 {
            let (a, b) = (rest.numeric(i), p[0].numeric(i))
            let isSame = a.counts == b.counts && a.missing == b.missing && a.sum == b.sum && a.sumOfSquares == b.sumOfSquares
            #expect(isSame, "seed \(seed)")
        }
        #expect(rest.score.counts == p[0].score.counts)
        #expect(rest.categorical(2).counts == p[0].categorical(2).counts)
        #expect(rest.categorical(2).unseen.total == p[0].categorical(2).unseen.total)
        let isSame = isWild ? rest.outcomes.rows { _ in true } == p[0].outcomes.rows { _ in true } : rest.outcomes == p[0].outcomes
        #expect(isSame, "seed \(seed)")
    }

    @Test("the profile of two batches together is the sum of their profiles", arguments: Workshop.seeds, [false, true])
    func union(seed: UInt64, isWild: Bool) {
        let b = parts(seed, isWild: isWild).batches
        let together = workshop.profile(joined(b[0], b[1], b[2]))
        expectSame(together, workshop.merged(workshop.profile(b[0]), workshop.profile(b[1]), workshop.profile(b[2])), "seed \(seed)")
        expectSame(together, workshop.profile(b[0], b[1], b[2]), "seed \(seed)")
    }

    @Test("the order of the rows does not matter", arguments: Workshop.seeds, [false, true])
    func rowOrder(seed: UInt64, isWild: Bool) {
        var random = Seeded(seed)
        let batch = workshop.batch(600, &random, isWild: isWild)
        let shuffled = batch.rows(at: Array(0..<batch.count).shuffled(using: &random))
        expectSame(workshop.profile(batch), workshop.profile(shuffled), "seed \(seed)")
    }

    @Test("labels that come later and apart give the same sum", arguments: Workshop.seeds, [false, true])
    func labelsApart(seed: UInt64, isWild: Bool) {
        var random = Seeded(seed)
        let batch = workshop.batch(500, &random, isWild: isWild)
        let labels = workshop.labels(of: batch, &random)
        var whole = workshop.profile(batch)
        for label in labels { whole.foldLabel(label, grid: workshop.grid) }
        var delta = Profile(grid: workshop.grid)
        for label in labels.shuffled(using: &random) { delta.foldLabel(label, grid: workshop.grid) }
        expectSame(workshop.merged(workshop.profile(batch), delta), whole, "seed \(seed)")
        expectSame(workshop.merged(delta, workshop.profile(batch)), whole, "seed \(seed)")
    }

    @Test("a profile with nothing in it changes nothing", arguments: Workshop.seeds, [false, true])
    func identity(seed: UInt64, isWild: Bool) {
        var random = Seeded(seed)
        let batch = workshop.batch(1000, &random, isWild: isWild)
        let profile = workshop.profile(batch)
        let empty = Profile(grid: workshop.grid)
        #expect(empty.isEmpty && !profile.isEmpty)
        expectSame(workshop.merged(profile, empty), profile, "seed \(seed)")
        expectSame(workshop.merged(empty, profile), profile, "seed \(seed)")
        expectSame(workshop.merged(profile, workshop.profile(workshop.batch(0, &random))), profile, "seed \(seed)")
        expectSame(workshop.profile(PredictionBatch(schema: workshop.schema)), empty, "seed \(seed)")
    }

    @Test("folding some rows is folding the batch of these rows", arguments: Workshop.seeds, [false, true])
    func someRows(seed: UInt64, isWild: Bool) {
        var random = Seeded(seed)
        let batch = workshop.batch(300, &random, isWild: isWild)
        let rows = (0..<batch.count).filter { _ in random.uniform() < 0.3 }
        var some = Profile(grid: workshop.grid)
        some.fold(batch, grid: workshop.grid, rows: rows)
        expectSame(some, workshop.profile(batch.rows(at: rows)), "seed \(seed)")
        var none = Profile(grid: workshop.grid)
        none.fold(batch.rows(at: []), grid: workshop.grid, rows: [])
        #expect(none.isEmpty, "seed \(seed)")
    }
}

@Suite("Profiles add also where the values are awkward")
struct MergeEdgeTests {
    let workshop = Workshop()

    @Test("a label that is taken back leaves no trace", arguments: Workshop.seeds, [false, true])
    func takingBack(seed: UInt64, isWild: Bool) {
        var random = Seeded(seed)
        let batch = workshop.batch(500, &random, isWild: isWild)
        let original = workshop.profile(batch)
        let labels = workshop.labels(of: batch, &random)
        var profile = original
        for label in labels { profile.foldLabel(label, grid: workshop.grid) }
        #expect(profile.labelled == Int64(labels.count) && profile != original, "seed \(seed)")
        for label in labels.shuffled(using: &random) { profile.foldLabel(label, grid: workshop.grid, times: -1) }
        expectSame(profile, original, "seed \(seed)")
    }

    @Test("a corrected label is as if only the right one had come", arguments: Workshop.seeds)
    func correction(seed: UInt64) {
        var random = Seeded(seed)
        let batch = workshop.batch(200, &random)
        let grid = workshop.grid
        var right = workshop.profile(batch)
        var corrected = workshop.profile(batch)
        for row in 0..<batch.count where batch.errors[row] == nil {
            let label = random.uniform() < 0.5 ? 1.0 : 0
            right.foldLabel(workshop.labelled(batch, row, label), grid: grid)
            corrected.foldLabel(workshop.labelled(batch, row, 1 - label), grid: grid)
            var delta = Profile(grid: grid)
            delta.foldLabel(workshop.labelled(batch, row, 1 - label), grid: grid, times: -1)
            delta.foldLabel(workshop.labelled(batch, row, label), grid: grid)
            corrected.merge(delta, grid: grid)
        }
        expectSame(corrected, right, "seed \(seed)")
    }

    /// −0 and 0 are equal, so neither is the smaller one; which of them is kept must not depend on which came first.
    @Test("minus zero and zero give the same bytes in either order")
    func minusZero() {
        let grid = numericGrid([-1, 0, 1])
        func sum(_ first: Double, _ second: Double) -> Profile {
            var profile = numericProfile([first], grid)
            profile.merge(numericProfile([second], grid), grid: grid)
            return profile
        }
        expectSame(sum(-0.0, 0), sum(0, -0.0), "merged")
        expectSame(numericProfile([-0.0, 0], grid), numericProfile([0, -0.0], grid), "folded")
    }

    @Test("a measure that only one batch has is missing in the other's rows, apart or together")
    func measureOfOneBatch() {
        var random = Seeded(7)
        let a = workshop.batch(20, &random)
        var b = workshop.batch(30, &random)
        b.measures["tokens"] = (0..<30).map(Double.init)
        expectSame(workshop.profile(joined(a, b)), workshop.merged(workshop.profile(a), workshop.profile(b)), "seed 7")
    }

    @Test("more measure names than the limit are bounded, the same in every order")
    func tooManyMeasures() {
        var random = Seeded(8)
        var a = workshop.batch(3, &random)
        var b = workshop.batch(3, &random)
        for i in 0..<Profile.measuresMax { a.measures["a\(i)"] = [1, 2, 3] }
        for i in 0..<Profile.measuresMax { b.measures["b\(i)"] = [1, 2, 3] }
        let ab = workshop.merged(workshop.profile(a), workshop.profile(b))
        let ba = workshop.merged(workshop.profile(b), workshop.profile(a))
        #expect(ab.measures.count <= Profile.measuresMax)
        expectSame(ab, ba, "seed 8")
        expectSame(ab, workshop.profile(a, b), "seed 8")
    }

    /// "é" may be one scalar or two: Swift calls these texts equal, but their bytes, and so their hashes and encodings, differ.
    @Test("names that only Unicode calls equal give the same bytes in either order")
    func canonicalEquivalence() {
        var random = Seeded(9)
        func one(_ name: String) -> Profile {
            var batch = workshop.batch(1, &random)
            batch.errors = [nil]
            batch.features[2] = .categorical(LevelColumn([name]))
            batch.groups[0] = LevelColumn([name])
            return workshop.profile(batch)
        }
        let a = one("caf\u{E9}")
        let b = one("cafe\u{301}")
        expectSame(workshop.merged(a, b), workshop.merged(b, a), "seed 9")
    }

    @Test("predictions that failed count as rows, errors and measures only")
    func failures() {
        var random = Seeded(10)
        var batch = workshop.batch(50, &random)
        batch.errors = batch.errors.map { _ in "timeout" }
        let profile = workshop.profile(batch)
        #expect(profile.rows == 50 && profile.errors == 50)
        #expect(profile.features == Profile(grid: workshop.grid).features)
        #expect(profile.score == Profile(grid: workshop.grid).score)
        #expect(profile.outcomes.strata.isEmpty)
        #expect(profile.measures[PredictionBatch.latencyMeasure]?.present == 50)
    }
}
