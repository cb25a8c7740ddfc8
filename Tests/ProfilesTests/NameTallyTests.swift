import Profiles
import TestSupport
import Testing

private typealias Row = (name: String, count: Int64)

private func tally(_ rows: [Row], limit: Int) -> NameTally {
    var tally = NameTally(limit: limit)
    for row in rows { tally.add(row.name, row.count) }
    return tally
}

/// Rows of up to `names` distinct names, some much commoner than others.
private func randomRows(_ names: Int, _ random: inout Seeded) -> [Row] {
    (0..<400).map { _ in
        let rank = Int(Double(names) * random.uniform() * random.uniform())
        return (name: "name \(rank)", count: Int64.random(in: 1...5, using: &random))
    }
}

@Suite("A tally of names is bounded and does not know the order")
struct NameTallyTests {
    @Test("up to the limit every name has its count and nothing is lost", arguments: Workshop.seeds)
    func belowLimit(seed: UInt64) {
        var random = Seeded(seed)
        let rows = randomRows(8, &random)
        let counted = tally(rows, limit: 8)
        #expect(counted.counts == Dictionary(rows.map { ($0.name, $0.count) }, uniquingKeysWith: +), "seed \(seed)")
        #expect(counted.rest == 0, "seed \(seed)")
    }

    @Test("beyond the limit the kept names have exact counts and the others are the rest", arguments: Workshop.seeds)
    func beyondLimit(seed: UInt64) {
        var random = Seeded(seed)
        let rows = randomRows(60, &random)
        let truth = Dictionary(rows.map { ($0.name, $0.count) }, uniquingKeysWith: +)
        let counted = tally(rows, limit: 8)
        #expect(truth.count > 8 && counted.counts.count == 8, "seed \(seed)")
        for (name, count) in counted.counts { #expect(count == truth[name], "seed \(seed)") }
        #expect(counted.total == truth.values.reduce(0, +), "seed \(seed)")
        #expect(counted.rest == counted.total - counted.counts.values.reduce(0, +), "seed \(seed)")
    }

    @Test("any order of rows gives the same tally", arguments: Workshop.seeds, [0, 1, 8, 256])
    func order(seed: UInt64, limit: Int) {
        var random = Seeded(seed)
        let rows = randomRows(60, &random)
        let counted = tally(rows, limit: limit)
        for _ in 0..<5 { #expect(tally(rows.shuffled(using: &random), limit: limit) == counted, "seed \(seed)") }
    }

    @Test("any grouping and order of merging gives the same tally", arguments: Workshop.seeds, [0, 1, 8, 256])
    func grouping(seed: UInt64, limit: Int) {
        var random = Seeded(seed)
        let rows = randomRows(60, &random)
        let whole = tally(rows, limit: limit)
        for _ in 0..<5 {
            var parts = [[Row]](repeating: [], count: 5)
            for row in rows { parts[Int.random(in: 0..<5, using: &random)].append(row) }
            var tallies = parts.map { tally($0, limit: limit) }
            while tallies.count > 1 {
                tallies.shuffle(using: &random)
                let last = tallies.removeLast()
                tallies[tallies.count - 1].merge(last)
            }
            #expect(tallies[0] == whole, "seed \(seed)")
        }
    }

    @Test("the heaviest come first, and of equal ones the first by code point")
    func heaviest() {
        let counted = tally([("b", 2), ("a", 2), ("é", 2), ("z", 2), ("top", 9), ("low", 1)], limit: 10)
        #expect(counted.heaviest(5).map(\.name) == ["top", "a", "b", "z", "é"])
        #expect(counted.heaviest(1).map(\.count) == [9])
        #expect(counted.heaviest(0).isEmpty)
        #expect(counted.heaviest(100).count == 6)
    }
}

@Suite("Strata have one order")
struct StratumOrderTests {
    @Test("of two different strata one is the smaller")
    func strictOrder() {
        let strata = [
            Stratum(label: .negative, decision: nil, group: []),
            Stratum(label: .any, decision: true, group: ["f", nil]),
            Stratum(label: .any, decision: true, group: ["f", ""]),
            Stratum(label: .any, decision: true, group: [nil, "f"]),
            Stratum(label: .any, decision: false, group: ["f", "-"]),
            Stratum(label: .positive, decision: true, group: ["f", "="]),
            Stratum(label: .any, decision: true, group: [Stratum.overflowLevel, Stratum.overflowLevel]),
        ]
        expectStrict(strata)
    }

    /// A level may hold any character, also the one that our sort key puts between levels.
    @Test("levels with control characters are not confused with two levels")
    func controlCharacters() {
        expectStrict([
            Stratum(label: .any, decision: true, group: ["a\u{1}=b", "c"]),
            Stratum(label: .any, decision: true, group: ["a", "b\u{1}=c"]),
        ])
    }

    private func expectStrict(_ strata: [Stratum]) {
        for (i, a) in strata.enumerated() {
            for (j, b) in strata.enumerated() {
                #expect([a < b, b < a].count { $0 } == (i == j ? 0 : 1), "\(a) and \(b)")
            }
        }
    }
}
