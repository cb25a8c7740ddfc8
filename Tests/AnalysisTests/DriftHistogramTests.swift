import Analysis
import Foundation
import Tables
import Testing
import Vocabulary

@Suite("Histograms of drift") struct DriftHistogramTests {
    private func charts(_ reference: [String], _ current: [String]) throws -> [Report.Chart] {
        func frame(_ cells: [String], _ name: String) throws -> Frame {
            Frame(try CSVTable(Array(("x,y\n" + cells.map { "\($0),1\n" }.joined()).utf8), file: name))
        }
        let report = try DriftAnalysis.report(
            reference: frame(reference, "ref.csv"), current: frame(current, "cur.csv"), options: DriftOptions())
        return report.blocks.compactMap { if case .chart(let chart) = $0, case .histogram = chart.shape { chart } else { nil } }
    }

    private func edges(_ chart: Report.Chart) -> [Double] { if case .histogram(let edges) = chart.shape { edges } else { [] } }

    @Test("both sides are counted in the same bins, and their shares sum to 1") func shares() throws {
        let chart = try #require(try charts((0..<1000).map { "\(Double($0) / 7)" }, (0..<500).map { "\(Double($0) / 7 + 100)" }).first)
        #expect(edges(chart).count >= 20 && edges(chart).count <= 62)
        for series in chart.series {
            #expect(series.y.count == edges(chart).count - 1)
            #expect(abs(series.y.reduce(0, +) - 1) < 1e-9)
        }
        #expect(edges(chart)[0] <= 0 && (edges(chart).last ?? 0) >= 100 + 499.0 / 7)
    }

    @Test("few whole numbers have a bin each") func whole() throws {
        let chart = try #require(try charts((0..<600).map { "\($0 % 6)" }, (0..<600).map { "\($0 % 3 + 3)" }).first)
        #expect(edges(chart) == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
        #expect(chart.series[1].y.map { ($0 * 1000).rounded() } == [0, 0, 0, 333, 333, 333])
    }

    @Test("a value far out does not press the others into one bin; it is said") func outlier() throws {
        let r = (0..<999).map { "\(Double($0) / 1000)" } + ["1e300"]
        let chart = try #require(try charts(r, (0..<1000).map { "\(Double($0) / 1000 + 0.5)" }).first)
        #expect((edges(chart).last ?? 9) < 3)
        #expect(chart.summary.contains("outermost bars"))
        #expect(abs(chart.series[0].y.reduce(0, +) - 1) < 1e-9)
    }

    @Test(
        "infinite, tiny, huge and constant values do no harm",
        arguments: [
            ["inf", "-inf", "1", "2"], ["1e-300", "2e-300", "3e-300"], ["1e300", "-1e300", "5"], ["1e308", "-1e308"], ["4.5"],
            ["9e15", "9.1e15"],
        ])
    func nasty(values: [String]) throws {
        for chart in try charts((0..<400).map { values[$0 % values.count] }, (0..<400).map { "\($0)" }) {
            #expect(edges(chart).allSatisfy(\.isFinite) && edges(chart).count >= 2)
            #expect(zip(edges(chart), edges(chart).dropFirst()).allSatisfy { $0 < $1 })
            for series in chart.series { #expect(abs(series.y.reduce(0, +) - 1) < 1e-9) }
        }
    }
}
