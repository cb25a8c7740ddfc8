import TestSupport
import Testing

@testable import Kernels

@Suite("Folding a column gives what its values give one by one")
struct ColumnFoldTests {
    private static let hard: [Double] = [
        0, -0.0, .nan, .infinity, -.infinity, 1, -1, 1e150, -1e150, 1e149, 1e300, -1e300, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
        .greatestFiniteMagnitude, 1e-300, 0.1, 0.2, 0.30000000000000004, 4_503_599_627_370_496, -1.5, 2.5,
    ]

    /// The kernel's twin.
    private func check(_ values: [Double], cuts: [Double], center: Double, _ comment: Comment) {
        let locator = Locator(cuts: cuts)
        var counts = [Int64](repeating: 3, count: locator.cellCount)
        var sum = exactSum([0.5]), squares = exactSum([0.25])
        let fold = locator.fold(values, around: center, counts: &counts, sum: &sum, squares: &squares)

        var expectedCounts = [Int64](repeating: 3, count: locator.cellCount)
        var expected = ColumnFold(missing: 0, finite: 0, minimum: .infinity, maximum: -.infinity)
        var (expectedSum, expectedSquares) = (exactSum([0.5]), exactSum([0.25]))
        for x in values {
            if x.isNaN { expected.missing += 1; continue }
            expectedCounts[Int(locator.cell(of: x))] += 1
            expected.minimum = min(expected.minimum, x + 0)
            expected.maximum = max(expected.maximum, x + 0)
            let shifted = x - center
            guard abs(shifted) < ColumnFold.distanceMax else { continue }
            expected.finite += 1
            expectedSum.add(shifted)
            expectedSquares.add(shifted * shifted)
        }
        #expect(counts == expectedCounts && fold == expected, comment)
        #expect(fold.minimum.sign == expected.minimum.sign && fold.maximum.sign == expected.maximum.sign, comment)
        #expect(sameDigits(sum, expectedSum) && sameDigits(squares, expectedSquares), comment)
    }

    @Test("at every length", arguments: 0...33)
    func lengths(count: Int) {
        var random = Seeded(UInt64(count))
        let values = (0..<count).map { _ in Double.random(in: -3...3, using: &random) }
        check(values, cuts: [-1, 0, 0.5, 2], center: 0.25, "\(count) values")
    }

    @Test("for hard values, around hard centers", arguments: [0, 1, -1e100, 1e-300, 0.1])
    func hardValues(center: Double) {
        check(Self.hard, cuts: [-1, 0, 1], center: center, "center \(center)")
        check(Self.hard.reversed(), cuts: [], center: center, "center \(center), no cuts")
    }

    @Test("for random bit patterns")
    func bitPatterns() {
        let seed: UInt64 = 71
        var random = Seeded(seed)
        let values = (0..<5000).map { _ in Double(bitPattern: random.next()) }
        let cuts = Set(values.filter(\.isFinite).prefix(100)).sorted()
        check(values, cuts: cuts, center: 0, "seed \(seed)")
    }
}
