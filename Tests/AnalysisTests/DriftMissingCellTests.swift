import Analysis
import Foundation
import Tables
import TestSupport
import Testing
import Vocabulary

@Suite("Missing values as a cell of drift") struct DriftMissingCellTests {
    private func report(_ reference: [String], _ current: [String], _ change: (inout DriftOptions) -> Void = { _ in }) throws -> Report {
        var options = DriftOptions()
        options.missingValues = .cell
        change(&options)
        func frame(_ cells: [String], _ name: String) throws -> Frame {
            Frame(try CSVTable(Array(("x,y\n" + cells.map { "\($0),1\n" }.joined()).utf8), file: name))
        }
        return try DriftAnalysis.report(reference: frame(reference, "ref.csv"), current: frame(current, "cur.csv"), options: options)
    }

    private func column(_ report: Report) throws -> JSON { try #require(report.json["columns"]?.arrayValue?.first) }

    private func statistic(_ report: Report, _ test: String) throws -> Double {
        try #require(try column(report)["tests"]?[test]?["statistic"]?.doubleValue)
    }

    // 50 a, 50 b against 30 a, 30 b and 40 without a value.
    private let levels = Array(repeating: "a", count: 50) + Array(repeating: "b", count: 50)
    private let fewer = Array(repeating: "a", count: 30) + Array(repeating: "b", count: 30) + Array(repeating: "", count: 40)

    @Test("of levels: PSI, chi-squared and total variation by hand") func categorical() throws {
        let result = try report(levels, fewer)
        // Shares 0.5, 0.5, 0 (raised to 1e-4) against 0.3, 0.3, 0.4.
        let psi = 2 * (0.3 - 0.5) * log(0.3 / 0.5) + (0.4 - 1e-4) * log(0.4 / 1e-4)
        #expect(isNear(try statistic(result, "psi"), psi))
        #expect(isNear(try statistic(result, "total_variation"), 0.4))
        // Expected 40, 40, 20 on both sides.
        #expect(isNear(try statistic(result, "chi_squared"), 2 * (100.0 / 40 + 100.0 / 40 + 400.0 / 20)))
        #expect(try column(result)["tests"]?["chi_squared"]?["degrees_of_freedom"] == 2)
        #expect(try column(result)["cells"]?["missing"]?["current"] == 40)
        #expect(result.json["settings"]?["missing_values"] == "cell")
    }

    @Test("apart, which is the default, they take no part") func apart() throws {
        let result = try report(levels, fewer) { $0.missingValues = .apart }
        #expect(try statistic(result, "psi") == 0)
        #expect(try column(result)["cells"]?["missing"] == nil)
        #expect(result.json["settings"]?["missing_values"] == "apart")
    }

    @Test("without any missing value nothing changes", arguments: ["psi", "jensen_shannon", "hellinger", "l_infinity"])
    func same(test: String) throws {
        let (r, a) = ((0..<300).map { "\($0 % 50)" }, (0..<300).map { "\($0 % 40)" })
        #expect(try statistic(report(r, a), test) == statistic(report(r, a) { $0.missingValues = .apart }, test))
    }

    @Test("of numbers: one cell more than there are bins, whether values are sorted or counted", arguments: [400, 30_000])
    func numeric(count: Int) throws {
        let r = (0..<count).map { "\($0 % 100)" }
        let a = (0..<count).map { $0 % 2 == 0 ? "" : "\($0 / 2 % 100)" }
        let result = try report(r, a)
        // The values are spread alike, so half of each bin went to the missing ones.
        #expect(isNear(try statistic(result, "total_variation"), 0.5, absolute: 0.01))
        #expect(try statistic(result, "ks") < 0.02)
        #expect(try column(result)["verdict"] == "drifted")
    }

    @Test("a side without values is compared all the same") func empty() throws {
        for (r, a) in [(levels, Array(repeating: "", count: 80)), ((0..<100).map { "\($0)" }, Array(repeating: "", count: 80))] {
            let result = try report(r, a)
            #expect(isNear(try statistic(result, "total_variation"), 1))
            let turned = try report(a, r)
            #expect(isNear(try statistic(turned, "total_variation"), 1))
        }
        let numbers = try column(report((0..<100).map { "\($0)" }, Array(repeating: "", count: 80)))
        #expect(numbers["tests"]?["ks"]?["statistic"] == .null && numbers["tests"]?["ks"]?["why"] != nil)
    }

    @Test("chunks have the cell too, one without any value included") func chunks() throws {
        let r = (0..<400).map { "\($0 % 100)" }
        let a = (0..<100).map { "\($0)" } + Array(repeating: "", count: 100)
        let result = try report(r, a) { options in
            options.chunking = .size(100)
            options.tests = [.psi, .totalVariation]
        }
        let chunks = try #require(try column(result)["chunks"]?.arrayValue).filter { $0["period"] == "analysis" }
        #expect(chunks.map { $0["tests"]?["total_variation"]?["statistic"]?.doubleValue } == [0, 1])
        #expect(chunks.last?["tests"]?["psi"]?["alert"] == true)
    }

    @Test("tests of two by two say that there are three") func fisher() throws {
        let result = try report(levels, fewer) { $0.tests = [.fisherExact] }
        #expect(try column(result)["tests"]?["fisher_exact"]?["why"]?.stringValue?.contains("missing as one") == true)
    }

    @Test("NannyML's convention does not know it") func convention() throws {
        #expect(throws: AnalysisError.self) { try report(levels, fewer) { $0.isNannyML = true } }
    }
}
