import Foundation
import Statistics
import TestSupport
import Testing

@Suite("Tests of tables of counts")
struct TablesTests {
    // SciPy 1.17.1: chi2_contingency.
    @Test("Pearson's and the likelihood ratio, with and without Yates' correction")
    func fixtures() throws {
        let table: [[Double]] = [[12, 5], [7, 20]]
        let corrected = try ContingencyTest(table)
        #expect(isNear(corrected.statistic, 6.758472652218781))
        #expect(isNear(corrected.pValue, 0.00933035874515043, relative: 1e-9))
        #expect(isNear(corrected.cramersV ?? .nan, 0.43903658690554426))
        #expect(isNear(try ContingencyTest(table, correction: false).statistic, 8.481137484233457))
        #expect(isNear(try ContingencyTest(table, kind: .likelihoodRatio, correction: false).statistic, 8.675942619114128))
    }

    @Test("proportional rows have statistic 0, separate ones V = 1")
    func ends() throws {
        #expect(try ContingencyTest([[10, 20, 30], [20, 40, 60]]).statistic == 0)
        #expect(try ContingencyTest([[10, 20, 30], [20, 40, 60]], kind: .likelihoodRatio).pValue == 1)
        #expect(isNear(try ContingencyTest([[5, 0, 0], [0, 6, 0], [0, 0, 7]]).cramersV ?? .nan, 1))
    }

    @Test("one column leaves nothing to test")
    func oneColumn() throws {
        let test = try ContingencyTest([[5], [9]])
        #expect(test.statistic == 0 && test.pValue == 1 && test.degreesOfFreedom == 0 && test.cramersV == nil)
    }

    @Test(
        "bad tables are refused",
        arguments: [
            [], [[]], [[1, 2], [3]], [[0, 0], [1, 2]], [[0, 1], [0, 2]], [[-1, 2], [3, 4]], [[.nan, 2], [3, 4]],
            [[1e300, 1e300], [1, 1]],
        ]
            as [[[Double]]])
    func refused(table: [[Double]]) {
        #expect(throws: StatisticsError.self) { try ContingencyTest(table) }
    }

    @Test("Fisher's p-values are sums of the hypergeometric law, counted by hand")
    func tea() throws {
        // The lady and eight cups: C(4, k)² / C(8, 4) = 1, 16, 36, 16, 1 of 70.
        let all = try FisherExact(a: 4, b: 0, c: 0, d: 4)
        #expect(isNear(all.pValueGreater, 1.0 / 70))
        #expect(isNear(all.pValue, 2.0 / 70))
        #expect(all.oddsRatio == .infinity)
        let three = try FisherExact(a: 3, b: 1, c: 1, d: 3)
        #expect(isNear(three.pValueGreater, 17.0 / 70))
        #expect(isNear(three.pValueLess, 69.0 / 70))
        #expect(isNear(three.pValue, 34.0 / 70))
        #expect(three.oddsRatio == 9)
    }

    @Test("Fisher's test holds for every small table, against the definition")
    func definition() throws {
        func choose(_ n: Int, _ k: Int) -> Double { k < 0 || k > n ? 0 : (0..<k).reduce(1) { $0 * Double(n - $1) / Double($1 + 1) } }
        for a in 0...4 {
            for b in 0...5 {
                for c in 0...4 {
                    for d in 0...3 where a + b > 0 && c + d > 0 && a + c > 0 && b + d > 0 {
                        let law = (0...(a + c)).map { choose(a + b, $0) * choose(c + d, a + c - $0) / choose(a + b + c + d, a + c) }
                        let test = try FisherExact(a: Int64(a), b: Int64(b), c: Int64(c), d: Int64(d))
                        #expect(isNear(test.pValueLess, law[...a].reduce(0, +), relative: 1e-12))
                        #expect(isNear(test.pValueGreater, law[a...].reduce(0, +), relative: 1e-12))
                        #expect(isNear(test.pValue, law.filter { $0 <= law[a] * (1 + 1e-9) }.reduce(0, +), relative: 1e-12))
                    }
                }
            }
        }
    }

    @Test("Fisher's test of billions of rows is finite and symmetric")
    func large() throws {
        let n: Int64 = 1_000_000_000
        let test = try FisherExact(a: n, b: n, c: n + 40_000, d: n)
        let mirrored = try FisherExact(a: n, b: n, c: n, d: n + 40_000)
        #expect(isNear(test.pValueLess, mirrored.pValueGreater, relative: 1e-6))
        #expect(test.pValue > 0.5 && test.pValue < 0.55)
    }

    @Test("an empty row leaves no odds ratio and every p at 1")
    func emptyRow() throws {
        let test = try FisherExact(a: 0, b: 0, c: 3, d: 4)
        #expect(test.oddsRatio == nil && test.pValue == 1 && test.pValueLess == 1 && test.pValueGreater == 1)
        #expect(throws: StatisticsError.self) { try FisherExact(a: -1, b: 0, c: 3, d: 4) }
    }

    @Test("McNemar's test by hand: 1 against 9")
    func mcNemar() throws {
        let test = try McNemarTest(onlyFirst: 1, onlySecond: 9)
        #expect(isNear(test.exact.pValue, 2 * 11.0 / 1024))
        #expect(test.exact.statistic == 1)
        #expect(isNear(test.uncorrected.statistic ?? .nan, 6.4))
        #expect(isNear(test.corrected.statistic ?? .nan, 4.9))
    }

    @Test("without a discordant pair nothing speaks against equality; one alone says nothing")
    func concordant() throws {
        let test = try McNemarTest(onlyFirst: 0, onlySecond: 0)
        #expect(test.exact.pValue == 1 && test.corrected.pValue == 1 && test.uncorrected.pValue == 1 && test.corrected.statistic == nil)
        #expect(try McNemarTest(onlyFirst: 1, onlySecond: 0).exact.pValue == 1)
    }
}
