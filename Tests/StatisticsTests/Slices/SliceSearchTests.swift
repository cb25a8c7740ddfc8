import TestSupport
import Testing

@testable import Statistics

@Suite("The search for slices with the largest loss") struct SliceSearchTests {
    /// Columns of random levels; −1 now and then.
    private func columns(_ rows: Int, _ random: inout Seeded, levels: [Int] = [3, 4, 2]) -> [SliceColumn] {
        levels.map { count in
            SliceColumn(codes: (0..<rows).map { _ in Int32(Int.random(in: -1..<count, using: &random)) }, levelCount: count)
        }
    }

    /// What a slice is, counted row by row.
    private func plain(_ conditions: [Slice.Condition], _ losses: [Double], _ columns: [SliceColumn]) -> (
        rows: Int, mean: Double, rest: Double
    ) {
        let own = losses.indices.filter { row in conditions.allSatisfy { columns[$0.column].codes[row] == Int32($0.level) } }
        let rest = losses.indices.filter { !own.contains($0) }
        func mean(_ rows: [Int]) -> Double { rows.reduce(0) { $0 + losses[$1] } / Double(rows.count) }
        return (own.count, mean(own), mean(rest))
    }

    @Test("counts and means are those of the rows, and the number of slices is that of all with enough rows", arguments: [true, false])
    func plainly(isBinary: Bool) throws {
        var random = Seeded(5)
        let columns = columns(600, &random)
        let losses = (0..<600).map { _ in isBinary ? (random.uniform() < 0.3 ? 1.0 : 0) : 1e9 + random.gaussian() }
        let search = try SliceSearch(losses: losses, columns: columns, rowsMin: 30, limit: 100)
        var expected = 0
        for a in columns.indices {
            for x in 0..<columns[a].levelCount {
                let single = plain([.init(column: a, level: x)], losses, columns).rows
                expected += single >= 30 && 600 - single >= 30 ? 1 : 0
                for b in columns.indices.dropFirst(a + 1) {
                    for y in 0..<columns[b].levelCount {
                        let both = plain([.init(column: a, level: x), .init(column: b, level: y)], losses, columns).rows
                        expected += both >= 30 && 600 - both >= 30 ? 1 : 0
                    }
                }
            }
        }
        #expect(search.searched == expected && expected > 20)
        #expect(!search.slices.isEmpty)
        for slice in search.slices {
            let own = plain(slice.conditions, losses, columns)
            #expect(slice.rows == own.rows && slice.difference > 0)
            #expect(abs(slice.mean - own.mean) < 1e-6 && abs(slice.rest - own.rest) < 1e-6)
            #expect(slice.interval.lower < slice.difference && slice.difference < slice.interval.upper)
            #expect(slice.adjustedP == min(1, slice.pValue * Double(expected)))
        }
    }

    @Test("p and interval are Fisher's and Newcombe's of the slice's table, or Welch's of its losses") func laws() throws {
        var random = Seeded(6)
        let columns = columns(400, &random, levels: [3])
        let errors = (0..<400).map { row in random.uniform() < (columns[0].codes[row] == 1 ? 0.5 : 0.2) ? 1.0 : 0 }
        let search = try SliceSearch(losses: errors, columns: columns, rowsMin: 20)
        let slice = try #require(search.slices.first)
        #expect(slice.conditions == [.init(column: 0, level: 1)] && search.searched == 3)
        let own = errors.indices.filter { columns[0].codes[$0] == 1 }
        let (k, n) = (Int64(own.reduce(0) { $0 + errors[$1] }), Int64(own.count))
        let other = Int64(errors.reduce(0, +)) - k
        #expect(try slice.pValue == FisherExact(a: k, b: n - k, c: other, d: 400 - n - other).pValueGreater)
        let interval = newcombeInterval(count1: k, n1: n, count2: other, n2: 400 - n, confidence: 1 - 0.05 / 3)
        #expect(slice.interval == interval)

        let losses = errors.map { $0 + random.gaussian() }
        let real = try #require(try SliceSearch(losses: losses, columns: columns, rowsMin: 20).slices.first)
        let rest = losses.indices.filter { columns[0].codes[$0] != 1 }
        let test = try TTest.welch(own.map { losses[$0] }, rest.map { losses[$0] })
        #expect(abs(real.pValue - (test.pValue ?? 0) / 2) < 1e-12)
        // At the end of the interval the difference has the p of its level.
        let error = real.difference / (test.t ?? 0)
        let t = (real.difference - real.interval.lower) / error
        #expect(abs(2 * (try Distributions.studentTail(t, degreesOfFreedom: test.degreesOfFreedom)) - 0.05 / 3) < 1e-9)
    }

    @Test("a pair of which one follows from the other is not searched again, nor is the same part shown twice") func repeated() throws {
        var random = Seeded(7)
        let first = SliceColumn(codes: (0..<500).map { Int32($0 % 2) }, levelCount: 2)
        let losses = (0..<500).map { random.uniform() < ($0 % 2 == 0 ? 0.6 : 0.1) ? 1.0 : 0 }
        let search = try SliceSearch(losses: losses, columns: [first, first], rowsMin: 20)
        #expect(search.searched == 4)
        #expect(search.slices.map(\.conditions) == [[.init(column: 0, level: 0)]])
    }

    @Test("a planted pair is found first, and in few of many searches without one anything is sure") func power() throws {
        var random = Seeded(8)
        var found = 0
        var falseAlarms = 0
        for _ in 0..<200 {
            let columns = columns(2000, &random, levels: [4, 4, 4, 4, 4])
            let none = (0..<2000).map { _ in random.uniform() < 0.2 ? 1.0 : 0 }
            let quiet = try SliceSearch(losses: none, columns: columns, limit: 1)
            if quiet.slices.contains(where: { $0.adjustedP <= 0.05 }) { falseAlarms += 1 }
            let planted = none.indices.map { row in
                columns[1].codes[row] == 2 && columns[3].codes[row] == 0 && random.uniform() < 0.5 ? 1 : none[row]
            }
            let best = try SliceSearch(losses: planted, columns: columns, limit: 1).slices.first
            let isIt = best?.conditions == [.init(column: 1, level: 2), .init(column: 3, level: 0)]
            if isIt, (best?.adjustedP ?? 1) <= 0.05 { found += 1 }
        }
        // 5 % of 200 and four standard deviations; it is exact, and Bonferroni's bound, so far fewer.
        #expect(falseAlarms <= 22, "\(falseAlarms)")
        #expect(found >= 150, "\(found)")
    }

    @Test("what it cannot search is said") func refused() throws {
        let column = SliceColumn(codes: [0, 1], levelCount: 2)
        #expect(throws: StatisticsError.self) { try SliceSearch(losses: [1], columns: [column]) }
        #expect(throws: StatisticsError.self) { try SliceSearch(losses: [1, .nan], columns: [column]) }
        #expect(throws: StatisticsError.self) {
            try SliceSearch(losses: [1, 0], columns: [SliceColumn(codes: [0, 1], levelCount: SliceSearch.levelsMax + 1)])
        }
        let small = try SliceSearch(losses: [1, 0], columns: [column])
        #expect(small.searched == 0 && small.slices.isEmpty)
        #expect(try SliceSearch(losses: [], columns: []).searched == 0)
    }
}
