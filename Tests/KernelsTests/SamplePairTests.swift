import Kernels
import TestSupport
import Testing

@Suite("What is read off two samples' cells is what sorting gives")
struct SamplePairTests {
    private func wasserstein(_ x: [Double], _ y: [Double]) -> Double {
        let (x, y) = (x.sorted(), y.sorted())
        let all = (x + y).sorted()
        var (i, j, sum) = (0, 0, 0.0)
        for (a, b) in zip(all, all.dropFirst()) where a < b {
            while i < x.count, x[i] <= a { i += 1 }
            while j < y.count, y[j] <= a { j += 1 }
            sum += abs(Double(i) / Double(x.count) - Double(j) / Double(y.count)) * (b - a)
        }
        return sum
    }

    @Test("for every shape of numbers, small and large", arguments: DistributionGapTests.shapes.indices)
    func anyShape(_ shape: Int) {
        var random = Seeded(UInt64(shape + 1))
        let (name, draw) = DistributionGapTests.shapes[shape]
        for (n, m) in [(1, 1), (2, 900), (3000, 2000), (25_000, 15_000)] {
            let x = (0..<n).map { _ in draw(&random) }
            let y = (0..<m).map { _ in draw(&random) }
            let pair = SamplePair(reference: x, current: y)
            #expect(pair.gap.above == DistributionGap(x, y).above && pair.gap.below == DistributionGap(x, y).below, "\(name)")
            if (x + y).allSatisfy(\.isFinite) {
                let expected = wasserstein(x, y)
                let range = (x + y).max()! - (x + y).min()!
                let value = pair.wasserstein ?? .nan
                #expect(abs(value - expected) <= 1e-11 * expected + 1e-13 * range, "\(name) \(n): \(value), sorting gives \(expected)")
                let sorted = x.sorted()
                let ranks = [n - 1, 0, n / 2, n / 1000, n / 2]
                #expect(pair.orderStatistics(ranks) == ranks.map { sorted[$0] }, "\(name) \(n)")
            } else {
                #expect(pair.wasserstein == nil, "\(name)")
            }
            let edges = (x.prefix(5) + y.prefix(5) + [-.infinity, .infinity, 0, 1e9]).sorted()
            let counts = pair.counts(upTo: edges)
            #expect(counts.reference == edges.map { edge in Int64(x.count { $0 <= edge }) }, "\(name)")
            #expect(counts.current == edges.map { edge in Int64(y.count { $0 <= edge }) }, "\(name)")
        }
    }

    @Test("moments keep their digits beside a large mean; NaN is left out in order")
    func moments() {
        let x = (0..<1001).map { 1e9 + Double($0 % 7) }
        let moments = SampleMoments(x)
        let small = SampleMoments(x.map { $0 - 1e9 })
        #expect(abs(moments.mean - 1e9 - small.mean) < 1e-6 && abs(moments.standardDeviation - small.standardDeviation) < 1e-9)
        #expect(SampleMoments([5]).standardDeviation == 0)
        #expect(present([.nan, 1, .infinity, .nan, 2]) == [1, .infinity, 2] && present([]).isEmpty && present([.nan]).isEmpty)
    }

    @Test("bins count right-closed, however the edges lie: even, far apart, close together, many, equal to values, none")
    func bins() {
        var random = Seeded(3)
        let x = (0..<5003).map { _ in (random.gaussian() * 4).rounded() / 4 + (random.uniform() < 0.01 ? 1e6 : 0) }
        let tables: [[Double]] = [
            [], [0], [-1, -0.25, 0, 0.5, 2], [0, 1, 10, 1e5, 1e6, 1e9], [0, .ulpOfOne, 2 * .ulpOfOne, 1], [-.infinity, 0, .infinity],
            (0..<63).map { Double($0) / 16 - 2 }, (0..<3000).map { Double($0) / 500 - 3 },
        ]
        for edges in tables {
            let upTo = edges.map { edge in Int64(x.count { $0 <= edge }) }
            #expect(BinCounter(edges: edges).counts(x) == zip(upTo + [Int64(x.count)], [0] + upTo).map { $0 - $1 }, "\(edges)")
            #expect(BinCounter(edges: edges).countsUpTo(x) == upTo)
        }
    }
}
