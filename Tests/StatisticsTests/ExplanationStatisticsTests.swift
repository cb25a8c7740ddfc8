import Testing

@testable import Statistics

@Suite("What an answer depends on, and what moved it")
struct ExplanationStatisticsTests {
    @Test("an unused column has importance 0, a used one the mean distance of its values")
    func permutation() throws {
        var random = SeededRandom(seed: 3)
        let x = (0..<4000).map { _ in random.uniform() }
        let found = try PermutationImportance.each(of: 2, rows: x.count, seed: 5) { column, order in
            column == 0 ? x.indices.map { 3 * abs(x[order[$0]] - x[$0]) } : [Double](repeating: 0, count: x.count)
        }
        // E|U − V| = 1/3 of uniform numbers.
        #expect(abs(found[0].mean - 1) < 0.03 && found[0].interval.lower < 1.01 && found[0].interval.upper > 0.99)
        #expect(found[1].mean == 0 && found[1].interval == Interval(lower: 0, upper: 0))
        #expect(
            try found
                == PermutationImportance.each(of: 2, rows: x.count, seed: 5) { column, order in
                    column == 0 ? x.indices.map { 3 * abs(x[order[$0]] - x[$0]) } : [Double](repeating: 0, count: x.count)
                })
    }

    @Test("intervals of importances cover those of the whole population") func importanceCoverage() throws {
        // Of f = x uniform: E|x − x′| = 1/3; of a loss (x − x′)²: 1/6.
        var covered = [0, 0]
        for turn in 0..<300 {
            var random = SeededRandom(seed: 78, stream: UInt64(turn))
            let x = (0..<100).map { _ in random.uniform() }
            let found = try PermutationImportance.each(of: 2, rows: x.count, seed: UInt64(turn)) { column, order in
                x.indices.map { column == 0 ? abs(x[order[$0]] - x[$0]) : (x[order[$0]] - x[$0]) * (x[order[$0]] - x[$0]) }
            }
            for (place, wanted) in [1.0 / 3, 1.0 / 6].enumerated()
            where found[place].interval.lower <= wanted && wanted <= found[place].interval.upper { covered[place] += 1 }
        }
        for count in covered { #expect((270...297).contains(count), "\(covered)") }
    }

    @Test("no row is in two pairs, and there are as many as there can be") func pairs() {
        let pairs = ShapleyShift.pairs(before: 30, after: 50, limit: 100, seed: 2)
        #expect(pairs.count == 30 && Set(pairs.map(\.before)).count == 30 && Set(pairs.map(\.after)).count == 30)
        #expect(ShapleyShift.pairs(before: 30, after: 50, limit: 7).count == 7)
        #expect(
            ShapleyShift.pairs(before: 30, after: 50, limit: 7, seed: 1) != ShapleyShift.pairs(before: 30, after: 50, limit: 7, seed: 2))
    }

    /// f(a, b, c) = 2a + bc of mixed rows.
    private func shift(_ before: [[Double]], _ after: [[Double]], seed: UInt64 = 1, confidence: Double = 0.95) throws -> ShapleyShift {
        try ShapleyShift(columns: 3, pairs: before[0].count, confidence: confidence, seed: seed) { isAfter in
            before[0].indices.map { row in
                func value(_ column: Int) -> Double { isAfter[column][row] ? after[column][row] : before[column][row] }
                return 2 * value(0) + value(1) * value(2)
            }
        }
    }

    @Test("values are Shapley's of every pair, and add up to the change") func exact() throws {
        let before = [[0.0, 1, 4], [1, 2, 3], [1, 1, 2]]
        let after = [[1.0, 3, 4], [2, 2, 5], [3, 1, 0]]
        let found = try shift(before, after)
        // Of a product of two the Shapley value is the change times the mean of the other's two values.
        #expect(abs(found.values[0] - 2 * (1 + 2 + 0) / 3) < 1e-12)
        #expect(abs(found.values[1] - (1 * 2 + 0 + 2 * 1) / 3.0) < 1e-12)
        #expect(abs(found.values[2] - (2 * 1.5 + 0 - 2 * 4) / 3.0) < 1e-12)
        #expect(abs(found.values.reduce(0, +) - (found.after - found.before)) < 1e-12)
    }

    @Test("intervals cover the value of the whole populations") func coverage() throws {
        // Uniform before; b moves by 0.5, c by 1: φ of b is 0.5 · mean of E c before and after = 0.5 · 1, of c 1 · 0.75, of a 0.
        let wanted = [0, 0.5, 0.75]
        var covered = [0, 0, 0]
        for turn in 0..<300 {
            var random = SeededRandom(seed: 77, stream: UInt64(turn))
            func column(_ shift: Double) -> [Double] { (0..<80).map { _ in random.uniform() + shift } }
            let found = try shift([column(0), column(0), column(0)], [column(0), column(0.5), column(1)], seed: UInt64(turn))
            for place in 0..<3 where found.intervals[place].lower <= wanted[place] && wanted[place] <= found.intervals[place].upper {
                covered[place] += 1
            }
        }
        // 95 % of 300 is 285, with a standard deviation of 3.8.
        for count in covered { #expect((270...297).contains(count), "\(covered)") }
    }

    @Test("what is no number, or too little, is said") func refused() {
        #expect(throws: StatisticsError.self) { try ShapleyShift(columns: 1, pairs: 1) { _ in [1] } }
        #expect(throws: StatisticsError.self) { try ShapleyShift(columns: 1, pairs: 2) { _ in [1, .nan] } }
        #expect(throws: StatisticsError.self) { try PermutationImportance.each(of: 1, rows: 2) { _, _ in [1, .infinity] } }
    }
}
