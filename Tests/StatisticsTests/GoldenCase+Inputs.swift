import Statistics
import Testing
import Vocabulary

extension GoldenCase {
    /// The counts that a case compares: as given, by level, or in the bins that its notes spell.
    func cells() throws -> (reference: [Int64], current: [Int64]) {
        switch try input("kind") {
        case "counts":
            return (try GoldenData.counts(input("x_counts")), try GoldenData.counts(input("y_counts")))
        case "categorical":
            return try countsByLevel()
        default:
            return try countsByBin()
        }
    }

    /// Missing values are dropped, levels are in code-point order.
    private func countsByLevel() throws -> ([Int64], [Int64]) {
        let x = try GoldenData.texts(input("x")).filter { !$0.isEmpty }
        let y = try GoldenData.texts(input("y")).filter { !$0.isEmpty }
        let levels = Set(x + y).sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        func counted(_ side: [String]) -> [Int64] {
            let bag: [String: Int64] = side.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            return levels.map { bag[$0] ?? 0 }
        }
        return (counted(x), counted(y))
    }

    /// Bins between the case's own edges, or between the quantiles of ours, which must be those of the case.
    private func countsByBin() throws -> ([Int64], [Int64]) {
        let x = try GoldenData.numbers(input("x")).filter { !$0.isNaN }.sorted()
        let y = try GoldenData.numbers(input("y")).filter { !$0.isNaN }
        var edges = try GoldenData.numbers(#require(expected["interior_edges"]))
        if try input("kind") == "quantile_bins" {
            let ours = quantileEdges(ofSorted: x, bins: Int(try inputCount("bins")))
            #expect(ours.count == edges.count, "\(id)")
            for (edge, wanted) in zip(ours, edges) { expect(edge, equals: wanted, "interior_edges") }
            edges = ours
        }
        func counted(_ side: [Double]) -> [Int64] {
            side.reduce(into: [Int64](repeating: 0, count: edges.count + 1)) { cells, value in
                cells[edges.firstIndex { value <= $0 } ?? edges.count] += 1
            }
        }
        let (r, c) = (counted(x), counted(y))
        #expect(try r == GoldenData.counts(#require(expected["x_counts"])), "\(id)")
        #expect(try c == GoldenData.counts(#require(expected["y_counts"])), "\(id)")
        return (r, c)
    }

    /// Confusion counts by the text of the group columns, joined with '|' where there are several.
    func groupCounts() throws -> [GroupCounts] {
        let labels = try GoldenData.labels(input("label"))
        let decisions = try GoldenData.labels(input("prediction"))
        let columns = try #require(input("groups").objectValue).members.map { try GoldenData.texts($0.value) }
        var groups: [String: GroupCounts] = [:]
        for i in labels.indices {
            let name = columns.map { $0[i] }.joined(separator: "|")
            var group = groups[name] ?? GroupCounts(group: name)
            group.predictions += 1
            group.selected += decisions[i] ? 1 : 0
            switch (decisions[i], labels[i]) {
            case (true, true): group.truePositives += 1
            case (true, false): group.falsePositives += 1
            case (false, true): group.falseNegatives += 1
            case (false, false): group.trueNegatives += 1
            }
            groups[name] = group
        }
        return groups.values.sorted { $0.group < $1.group }
    }

    /// Compares an interval with an expected pair of ends.
    func expect(_ interval: Interval?, _ field: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let wanted = try #require(expected[field]?.arrayValue)
        expect(interval?.lower, equals: wanted[0].doubleValue, field, sourceLocation: sourceLocation)
        expect(interval?.upper, equals: wanted[1].doubleValue, field, sourceLocation: sourceLocation)
    }
}

extension GroupCounts {
    /// fairlearn calls a rate without denominator 0, ours leaves the group out: one row that was not selected makes the same 0.
    var inFairlearnsConvention: GroupCounts {
        var group = self
        if truePositiveRate.total == 0 { group.falseNegatives += 1 }
        if falsePositiveRate.total == 0 { group.trueNegatives += 1 }
        return group
    }
}
