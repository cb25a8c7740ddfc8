import Statistics
import Testing

@Suite("Values outside a range that was seen before")
struct ExceedancesTests {
    /// scipy 1.16: sums of betabinom.pmf(k, m, 2, n − 1).
    @Test(
        "have the beta-binomial law",
        arguments: [
            (1, 100, 1000, 0.17362891885224307), (5, 100, 50, 0.34667609629011886), (2, 2, 2, 0.5),
            (30, 2000, 5000, 9.175757209349962e-16), (3, 100_000, 100_000, 0.3124981250243874),
        ] as [(Int64, Int64, Int64, Double)])
    func law(outside: Int64, m: Int64, n: Int64, p: Double) throws {
        let found = try Exceedances(outside: outside, of: m, reference: n).pValue
        #expect(abs(found - p) < 1e-8 * p)
    }

    @Test("none is no surprise, all are nearly impossible") func ends() throws {
        #expect(try Exceedances(outside: 0, of: 10, reference: 10).pValue == 1)
        #expect(try Exceedances(outside: 1000, of: 1000, reference: 1000).pValue < 1e-290)
    }

    @Test(
        "too few earlier values, and more than there are, are refused",
        arguments: [(1, 5, 1), (6, 5, 10), (-1, 5, 10)] as [(Int64, Int64, Int64)])
    func refused(outside: Int64, m: Int64, n: Int64) {
        #expect(throws: StatisticsError.self) { try Exceedances(outside: outside, of: m, reference: n) }
    }

    /// Goal: the p-value keeps its level. Method: 2,000 pairs of samples of 200 and 100 normal values. Bound: 5 % and three standard deviations.
    @Test("reject no more often than they say") func level() throws {
        var random = SeededRandom(seed: 1)
        var rejected = 0
        for _ in 0..<2000 {
            let earlier = (0..<200).map { _ in random.normal() }
            let new = (0..<100).map { _ in random.normal() }
            guard let low = earlier.min(), let high = earlier.max() else { continue }
            let outside = new.count { $0 < low || $0 > high }
            rejected += try Exceedances(outside: Int64(outside), of: 100, reference: 200).pValue <= 0.05 ? 1 : 0
        }
        #expect(rejected <= 130 && rejected >= 20)
    }
}
