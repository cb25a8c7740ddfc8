import Statistics
import TestSupport
import Testing

@Suite("The p-value of PSI by random divisions")
struct StabilityTestTests {
    @Test("rejects about 5 % without drift at 100 rows, where the law rejects more")
    func noDrift() throws {
        var random = Seeded(11)
        let runs = 150
        var rejected = 0
        for _ in 0..<runs {
            let reference = try SortedSample((0..<100).map { _ in random.uniform() })
            let current = try SortedSample((0..<100).map { _ in random.uniform() })
            if try StabilityTest(reference: reference, current: current, bins: 10).pValue <= 0.05 { rejected += 1 }
        }
        // 150 runs of 5 % have a standard deviation of 2.7.
        #expect(rejected <= 16, "\(rejected) of \(runs)")
    }

    @Test("is the same every time, small for drift, and 1 when nothing can be farther apart than what was seen")
    func values() throws {
        let reference = try SortedSample((0..<60).map(Double.init))
        let moved = try SortedSample((0..<60).map { Double($0) + 30 })
        let test = try StabilityTest(reference: reference, current: moved, bins: 5)
        #expect(test == (try StabilityTest(reference: reference, current: moved, bins: 5)))
        #expect(test.pValue == 0.0001)
        #expect(try StabilityTest(reference: [7, 3], current: [7, 3]).pValue == 1)
        #expect(try StabilityTest(reference: [10, 0], current: [0, 10]).pValue < 0.001)
        #expect(throws: StatisticsError.self) { try StabilityTest(reference: [1, 2], current: [0, 0]) }
    }

    @Test("agrees with the exact share of all divisions of a small table")
    func exact() throws {
        // 6 + 6 rows in two cells: the reference holds k of the 6 rows of the first cell with the chance C(6, k) C(6, 6 − k) / C(12, 6).
        let ways = [1.0, 36, 225, 400, 225, 36, 1]
        let farther = (ways[0] + ways[1] + ways[5] + ways[6]) / 924
        #expect(abs(try StabilityTest(reference: [5, 1], current: [1, 5]).pValue - farther) < 0.01)
    }

    @Test("is asked for where cells are small and rows are few")
    func need() {
        #expect(StabilityTest.isNeeded(reference: [10, 10], current: [10, 10]))
        #expect(!StabilityTest.isNeeded(reference: [100, 100], current: [100, 100]))
        #expect(!StabilityTest.isNeeded(reference: [100_000, 1], current: [100_000, 1]))
        #expect(!StabilityTest.isNeeded(reference: [0, 0], current: [10, 10]))
    }
}
