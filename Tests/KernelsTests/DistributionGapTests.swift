import Kernels
import TestSupport
import Testing

@Suite("The gap between two distribution functions, found without sorting, is the one found by sorting")
struct DistributionGapTests {
    /// By the definition: the gap after every value.
    private func bySorting(_ x: [Double], _ y: [Double]) -> (above: Int64, below: Int64) {
        let (x, y) = (x.sorted(), y.sorted())
        var (above, below): (Int64, Int64) = (0, 0)
        var (i, j) = (0, 0)
        while i < x.count || j < y.count {
            let value = min(i < x.count ? x[i] : .infinity, j < y.count ? y[j] : .infinity)
            while i < x.count, x[i] == value { i += 1 }
            while j < y.count, y[j] == value { j += 1 }
            let gap = Int64(i) * Int64(y.count) - Int64(j) * Int64(x.count)
            above = max(above, gap)
            below = max(below, -gap)
        }
        return (above, below)
    }

    private func check(_ x: [Double], _ y: [Double], _ name: String) {
        let expected = bySorting(x, y)
        check(DistributionGap(x, y), x, y, expected, name)
        check(DistributionGap(PreparedSample(x), y), x, y, expected, "\(name), prepared")
    }

    private func check(_ gap: DistributionGap, _ x: [Double], _ y: [Double], _ expected: (above: Int64, below: Int64), _ name: String) {
        #expect(gap.above == expected.above && gap.below == expected.below, "\(name)")
        for (value, place, sign) in [(gap.above, gap.aboveAt, Int64(1)), (gap.below, gap.belowAt, -1)] {
            guard let place else {
                #expect(value == 0, "\(name)")
                continue
            }
            let (i, j) = (x.count { $0 <= place }, y.count { $0 <= place })
            #expect(sign * (Int64(i) * Int64(y.count) - Int64(j) * Int64(x.count)) == value, "\(name): at \(place)")
        }
    }

    /// Shapes that break grids: ties, far values, infinities, huge and tiny numbers, all alike.
    static let shapes: [(String, @Sendable (inout Seeded) -> Double)] = [
        ("normal", { $0.gaussian() }), ("uniform", { $0.uniform() }), ("whole numbers", { ($0.uniform() * 100).rounded() }),
        ("heavy tail", { 1 / (1e-9 + $0.uniform() * $0.uniform()) }), ("constant", { _ in 7 }),
        ("two values", { $0.uniform() < 0.3 ? -1 : 5 }),
        (
            "all magnitudes",
            { Double(sign: $0.uniform() < 0.5 ? .plus : .minus, exponent: Int($0.uniform() * 2000) - 1000, significand: 1.5) }
        ),
        (
            "infinities",
            {
                let u = $0.uniform(); return u < 0.1 ? -.infinity : u < 0.2 ? .infinity : u
            }
        ),
        ("only infinities", { $0.uniform() < 0.5 ? -.infinity : .infinity }),
        ("zero or anything", { $0.uniform() < 0.9 ? 0 : $0.gaussian() }),
        ("close together", { 1 + ($0.uniform() * 40).rounded() * .ulpOfOne }),
    ]

    @Test("whatever the shape and the size", arguments: shapes.indices)
    func anyShape(_ shape: Int) {
        var random = Seeded(UInt64(shape + 1))
        for (n, m) in [(1, 1), (3, 700), (600, 500), (5000, 4000), (40_000, 30_000), (3, 40_000)] {
            for shift in [0.0, 0.25] {
                let x = (0..<n).map { _ in Self.shapes[shape].1(&random) }
                let y = (0..<m).map { _ in Self.shapes[shape].1(&random) + shift }
                check(x, y, "\(Self.shapes[shape].0) \(n) \(m) \(shift)")
            }
        }
    }

    @Test("different shapes against each other")
    func mixed() {
        var random = Seeded(99)
        for _ in 0..<60 {
            let (a, b) = (Int.random(in: Self.shapes.indices, using: &random), Int.random(in: Self.shapes.indices, using: &random))
            let x = (0..<Int.random(in: 1...9000, using: &random)).map { _ in Self.shapes[a].1(&random) }
            let y = (0..<Int.random(in: 1...9000, using: &random)).map { _ in Self.shapes[b].1(&random) }
            check(x, y, "\(Self.shapes[a].0) against \(Self.shapes[b].0)")
        }
    }

    @Test("of nothing there is no gap; of separate samples it is whole")
    func ends() {
        #expect(DistributionGap([], [1]).above == 0)
        let gap = DistributionGap([1, 2, 3], [4, 5])
        #expect(gap.above == 6 && gap.aboveAt == 3 && gap.below == 0 && gap.belowAt == nil)
    }
}
