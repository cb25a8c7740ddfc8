import Statistics
import TestSupport
import Testing

/// Groups of given sizes with known rates, drawn row by row.
private func drawn(_ sizes: [Int], base: [Double], tpr: [Double], fpr: [Double], _ random: inout Seeded) throws -> FairnessTable {
    var codes: [Int32] = []
    var decisions: [UInt8] = []
    var labels: [UInt8] = []
    for (group, size) in sizes.enumerated() {
        for _ in 0..<size {
            let label = random.uniform() < base[group]
            codes.append(Int32(group))
            labels.append(label ? 1 : 0)
            decisions.append(random.uniform() < (label ? tpr[group] : fpr[group]) ? 1 : 0)
        }
    }
    return try FairnessTable(groups: sizes.indices.map { "g\($0)" }, codes: codes, decisions: decisions, labels: labels)
}

private let odds = FairnessMetric.all.filter { $0.name == "equalized_odds_difference" }

@Suite("Intervals of disparities, drawn from the count table")
struct FairnessBootstrapTests {
    private func coverage(
        _ metrics: [FairnessMetric], truth: [Double], sizes: [Int], base: [Double], tpr: [Double], fpr: [Double], rounds: Int = 600
    ) throws -> [Double] {
        var random = Seeded(7)
        var held = [Int](repeating: 0, count: metrics.count)
        for round in 0..<rounds {
            let table = try drawn(sizes, base: base, tpr: tpr, fpr: fpr, &random)
            let found = FairnessBootstrap(replicates: 400, seed: UInt64(round)).intervals(metrics, table: table)
            for (i, interval) in found.enumerated() {
                let interval = try #require(interval)
                if interval.lower <= truth[i], truth[i] <= interval.upper { held[i] += 1 }
            }
        }
        return held.map { Double($0) / Double(rounds) }
    }

    @Test("95 % intervals of the equalized-odds difference of two groups hold the truth 93 to 97 times in 100")
    func coverageOfOdds() throws {
        let share = try coverage(odds, truth: [0.2], sizes: [800, 600], base: [0.4, 0.5], tpr: [0.8, 0.6], fpr: [0.2, 0.25])
        #expect((0.93...0.97).contains(share[0]), "\(share)")
    }

    @Test("with four groups, and with equal groups, they hold it at least 93 times in 100")
    func coverageOfMany() throws {
        let metrics = FairnessMetric.all.filter {
            ["demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference"].contains($0.name)
        }
        let rates = [0.5, 0.5, 0.5, 0.5]
        let equal = try coverage(
            metrics, truth: [0, 1, 0], sizes: [400, 300, 300, 200], base: rates, tpr: rates, fpr: rates, rounds: 400)
        #expect(equal.allSatisfy { $0 >= 0.93 }, "\(equal)")
        let apart = try coverage(
            metrics, truth: [0.2, 0.6, 0.3], sizes: [400, 300, 300, 200], base: rates, tpr: [0.7, 0.6, 0.55, 0.4],
            fpr: [0.3, 0.3, 0.25, 0.2], rounds: 400)
        #expect(apart.allSatisfy { $0 >= 0.93 }, "\(apart)")
    }

    @Test("1,000 replicates of every disparity of 40 groups take no time worth speaking of, however many rows there are")
    func speed() throws {
        let groups = (0..<40).map { "g\($0)" }
        var random = Seeded(3)
        let n = 1_000_000
        let codes = (0..<n).map { _ in Int32(random.next() % 40) }
        let decisions = (0..<n).map { _ in UInt8(random.next() & 1) }
        let labels = (0..<n).map { _ in UInt8(random.next() & 1) }
        let clock = ContinuousClock()
        var table: FairnessTable?
        let building = try clock.measure {
            table = try FairnessTable(groups: groups, codes: codes, decisions: decisions, labels: labels)
        }
        let scores = (0..<n).map { _ in random.uniform() }
        let counting = try clock.measure {
            _ = try GroupScoreCells(groupCount: 40, codes: codes, scores: scores, labels: labels, weights: nil)
        }
        print("score cells: \(counting)")
        let found = try #require(table)
        var intervals: [Interval?] = []
        var indices: [Interval?] = []
        let drawing = clock.measure {
            intervals = FairnessBootstrap().intervals(FairnessMetric.all, table: found)
            indices = FairnessBootstrap().intervals(
                found, [1, 2].map { alpha in (0...Double.infinity, { EntropyIndices.betweenGroups($0, alpha: alpha) }) })
        }
        #expect(indices.allSatisfy { $0 != nil })
        print("table of \(n) rows: \(building); 1000 replicates of \(intervals.count) disparities: \(drawing)")
        #expect(intervals.allSatisfy { $0 != nil })
        #expect(drawing < .seconds(2))  // far above the goal: the machine is shared
    }

    @Test("the same seed gives the same bits, another seed others")
    func seeded() throws {
        var random = Seeded(1)
        let table = try drawn([60, 50], base: [0.5, 0.5], tpr: [0.8, 0.6], fpr: [0.2, 0.3], &random)
        let metrics = FairnessMetric.all
        #expect(FairnessBootstrap(seed: 5).intervals(metrics, table: table) == FairnessBootstrap(seed: 5).intervals(metrics, table: table))
        #expect(FairnessBootstrap(seed: 5).intervals(metrics, table: table) != FairnessBootstrap(seed: 6).intervals(metrics, table: table))
    }

    @Test("an interval holds its value and stays in range, also with empty cells and rates of 0 and 1")
    func nasty() throws {
        let table = try FairnessTable(
            groups: ["a", "b", "empty"], codes: [0, 0, 0, 1, 1, 1], decisions: [1, 1, 1, 0, 0, 0], labels: [1, 1, 0, 1, 0, 0])
        let cells = (0..<3).map { table.cells($0) }
        for (metric, interval) in zip(FairnessMetric.all, FairnessBootstrap().intervals(FairnessMetric.all, table: table)) {
            let value = metric.value(metric.rates.map { RateSpread($0, groups: cells, overall: table.overall) })?.value
            #expect((value == nil) == (interval == nil), "\(metric.name)")
            if let value, let interval {
                #expect(interval.lower <= value && value <= interval.upper, "\(metric.name) \(value) \(interval)")
                #expect(interval.lower >= 0)
            }
        }
        #expect(FairnessBootstrap().replicateCount(groups: 40) == 1000)
        #expect(FairnessBootstrap().replicateCount(groups: 1_000_000) == FairnessBootstrap.replicatesMin)
    }

    @Test("equal weights say the same as no weights; more spread weights give wider intervals")
    func weighted() throws {
        var random = Seeded(11)
        let n = 400
        let codes = (0..<n).map { Int32($0 % 2) }
        let labels = (0..<n).map { _ in UInt8(random.next() & 1) }
        let decisions = labels.enumerated().map { i, y in random.uniform() < (i % 2 == 0 ? 0.8 : 0.5) ? y : 1 - y }
        func width(_ weights: [Double]?) throws -> Double {
            let table = try FairnessTable(groups: ["a", "b"], codes: codes, decisions: decisions, labels: labels, weights: weights)
            let interval = try #require(FairnessBootstrap().intervals(odds, table: table)[0])
            return interval.upper - interval.lower
        }
        let plain = try width(nil)
        #expect(isNear(try width([Double](repeating: 2.5, count: n)), plain, absolute: 0.02))
        #expect(try width((0..<n).map { $0 % 10 < 2 ? 5.0 : 0.1 }) > 1.3 * plain)
    }
}

@Suite("Tests that groups share a rate")
struct HomogeneityTests {
    @Test("chi-squared where it holds: the p-value of the 2×3 table by hand")
    func chiSquared() throws {
        // SciPy 1.17.1 chi2_contingency([[100, 65, 19], [100, 135, 31]], correction=False)
        let p = try #require(HomogeneityTest.pValue([(count: 100, rows: 200), (count: 65, rows: 200), (count: 19, rows: 50)]))
        let share = 184.0 / 450
        let chi = [(100.0, 200.0), (65, 200), (19, 50)].reduce(0.0) { sum, g in
            sum + (g.0 - g.1 * share) * (g.0 - g.1 * share) / (g.1 * share * (1 - share))
        }
        #expect(isNear(p, Distributions.chiSquaredTail(chi, degreesOfFreedom: 2)))
    }

    @Test("with few rows its law is drawn: under no difference it rejects no more than it may")
    func few() throws {
        var random = Seeded(5)
        var rejected = 0
        let rounds = 400
        for round in 0..<rounds {
            let counts = [12, 9, 15].map { n in (count: Double((0..<n).count { _ in random.uniform() < 0.15 }), rows: Double(n)) }
            if try #require(HomogeneityTest.pValue(counts, seed: UInt64(round))) <= 0.05 { rejected += 1 }
        }
        #expect(rejected <= rounds * 8 / 100, "\(rejected) of \(rounds)")
    }

    @Test("no difference is found 5 times in 100, in groups of 4 rows as of 200", arguments: [4, 200])
    func alarms(size: Int) throws {
        var random = Seeded(8)
        var rejected = (benefit: 0, odds: 0)
        let rounds = 300
        let rates = [Double](repeating: 0.4, count: 6)
        for round in 0..<rounds {
            let table = try drawn([Int](repeating: size, count: 6), base: rates, tpr: rates, fpr: rates, &random)
            let cells = (0..<6).map { table.cells($0) }
            if (EntropyIndices.betweenGroupsPValue(cells, seed: UInt64(round)) ?? 1) <= 0.05 { rejected.benefit += 1 }
            if (HomogeneityTest.pValue(.averageOdds, cells, seed: UInt64(round)) ?? 1) <= 0.05 { rejected.odds += 1 }
        }
        #expect(rejected.benefit <= rounds * 9 / 100 && rejected.odds <= rounds * 9 / 100, "\(rejected)")
    }

    @Test("one group is nothing to compare; all alike is certain to be alike")
    func degenerate() {
        #expect(HomogeneityTest.pValue([(count: 3, rows: 9)]) == nil)
        #expect(HomogeneityTest.pValue([(count: 3, rows: 9), (count: 0, rows: 0)]) == nil)
        #expect(HomogeneityTest.pValue([(count: 0, rows: 9), (count: 0, rows: 4)]) == 1)
        #expect(HomogeneityTest.pValue(values: [1, 1], variances: [0, 0]) == 1)
        #expect(HomogeneityTest.pValue(values: [1, 2], variances: [0, 0]) == nil)
    }
}
