import Statistics
import TestSupport
import Testing

@Suite("Large samples compared without sorting give what sorting gives")
struct ComparedSamplesTests {
    @Test("distances, edges, counts and shares", arguments: [1, 2, 3] as [UInt64])
    func equal(seed: UInt64) throws {
        var random = Seeded(seed)
        func draw(_ shift: Double) -> Double {
            switch seed {
            case 1: random.gaussian() + shift
            case 2: (random.uniform() * 50).rounded() + shift.rounded()
            default: 1 / (1e-6 + random.uniform()) + shift
            }
        }
        let x = (0..<12_000).map { _ in draw(0) } + [.nan]
        let y = (0..<9_000).map { _ in draw(0.1) } + [.nan, .nan]
        let fast = try ComparedSamples(reference: x, current: y)
        let (r, a) = (try SortedSample(x.filter { !$0.isNaN }), try SortedSample(y.filter { !$0.isNaN }))
        #expect(fast.referenceCount == r.count && fast.currentCount == a.count)
        for alternative in KolmogorovSmirnovTest.Alternative.allCases {
            let (ours, sorted) = (
                fast.kolmogorovSmirnov(alternative), KolmogorovSmirnovTest(reference: r, current: a, alternative: alternative)
            )
            #expect(ours.statistic == sorted.statistic && ours.pValue == sorted.pValue && ours.sign == sorted.sign)
            let shares = fast.shares(upTo: ours.location)
            #expect(isNear(abs(shares.reference - shares.current), ours.statistic, relative: 1e-9))
        }
        let edges = fast.quantileEdges(bins: 10)
        #expect(edges == quantileEdges(ofSorted: r.values, bins: 10))
        let counts = fast.counts(edges: edges)
        #expect(counts.reference == r.counts(edges: edges) && counts.current == a.counts(edges: edges))
        let (ours, sorted) = (try fast.wasserstein(), try Wasserstein(reference: r, current: a))
        #expect(isNear(ours.statistic, sorted.statistic, relative: 1e-9))
        #expect(isNear(ours.referenceStandardDeviation ?? 0, sorted.referenceStandardDeviation ?? 0, relative: 1e-9))
    }

    @Test("nothing on a side is refused, infinite values have no Wasserstein distance")
    func refused() throws {
        #expect(throws: StatisticsError.self) { try ComparedSamples(reference: [.nan], current: [1]) }
        let infinite = try ComparedSamples(reference: [1, .infinity], current: [1, 2])
        #expect(throws: StatisticsError.self) { try infinite.wasserstein() }
    }
}
