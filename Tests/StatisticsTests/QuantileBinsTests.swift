import Statistics
import TestSupport
import Testing

@Suite("quantiles")
struct QuantileTests {
    // NumPy 2.4.6: quantile(method="linear").
    @Test(
        "between order statistics it is linear",
        arguments: [(0, 1), (0.1, 1.4), (0.25, 2), (0.5, 4), (0.6, 5.6), (0.9, 12.8), (1, 16)] as [(Double, Double)])
    func fixture(p: Double, wanted: Double) {
        #expect(isNear(quantile(ofSorted: [1, 2, 4, 8, 16], p), wanted))
    }

    @Test("a single value is every quantile", arguments: [0, 0.3, 1])
    func single(p: Double) {
        #expect(quantile(ofSorted: [7], p) == 7)
    }

    @Test("an infinite neighbour does not make it NaN", arguments: [0, 0.2, 0.5, 0.8, 1])
    func infinities(p: Double) {
        #expect(!quantile(ofSorted: [-.infinity, .infinity], p).isNaN)
        #expect(quantile(ofSorted: [-.infinity, -.infinity, 5], p * 0.5) == -.infinity)
        #expect(quantile(ofSorted: [5, .infinity, .infinity], 0.5 + p * 0.5) == .infinity)
    }

    @Test("it lies between its neighbours and rises with p", arguments: 1...10 as ClosedRange<UInt64>)
    func betweenNeighbours(seed: UInt64) {
        var random = Seeded(seed)
        let sorted = (0..<Int.random(in: 1...30, using: &random)).map { _ in random.gaussian() * 1e3 }.sorted()
        var last = -Double.infinity
        for step in 0...500 {
            let p = Double(step) / 500
            let value = quantile(ofSorted: sorted, p)
            let place = p * Double(sorted.count - 1)
            #expect(sorted[Int(place.rounded(.down))] <= value && value <= sorted[Int(place.rounded(.up))], "seed \(seed), p \(p)")
            #expect(value >= last, "seed \(seed), p \(p)")
            last = value
        }
    }

    @Test("it lies between its neighbours even where their difference is beyond a double", arguments: [0.1, 0.25, 0.5, 0.75, 0.9])
    func hugeNeighbours(p: Double) {
        let value = quantile(ofSorted: [-1.5e308, 1.5e308], p)
        #expect(value >= -1.5e308 && value <= 1.5e308, "\(value)")
        #expect(isNear(value, (2 * p - 1) * 1.5e308, relative: 1e-9, absolute: 1e300))
    }
}

@Suite("edges of quantile bins")
struct QuantileBinsTests {
    // NumPy 2.4.6: quantile(arange(1, 11), [0.25, 0.5, 0.75]).
    @Test("ten values in quarters")
    func fixture() {
        #expect(quantileEdges(ofSorted: (1...10).map(Double.init), bins: 4) == [3.25, 5.5, 7.75])
    }

    @Test("equal edges are merged")
    func merged() {
        #expect(quantileEdges(ofSorted: [1, 1, 1, 1, 1, 1, 1, 2, 3], bins: 4) == [1])
        #expect(quantileEdges(ofSorted: [5, 5, 5], bins: 10) == [5])
    }

    @Test("one bin and an empty sample have no edges")
    func noEdges() {
        #expect(quantileEdges(ofSorted: [1, 2, 3], bins: 1).isEmpty)
        #expect(quantileEdges(ofSorted: [], bins: 10).isEmpty)
    }

    @Test("infinite values are edges like others")
    func infinities() {
        #expect(quantileEdges(ofSorted: [-.infinity, -.infinity, 0, .infinity, .infinity], bins: 4) == [-.infinity, 0, .infinity])
    }

    @Test("edges rise strictly, within the sample, and are fewer than the bins", arguments: 1...20 as ClosedRange<UInt64>)
    func strictlyAscending(seed: UInt64) {
        var random = Seeded(seed)
        for bins in [1, 2, 3, 10, 20, 100] {
            let sorted = (0..<Int.random(in: 1...60, using: &random)).map { _ in (random.gaussian() * 4).rounded() / 10 }.sorted()
            let edges = quantileEdges(ofSorted: sorted, bins: bins)
            #expect(edges.count < bins || edges.isEmpty, "seed \(seed)")
            #expect(zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed): \(edges)")
            #expect(edges.allSatisfy { sorted[0] <= $0 && $0 <= sorted[sorted.count - 1] }, "seed \(seed): \(edges)")
        }
    }

    @Test("distinct values fill the bins alike", arguments: [2, 4, 5, 10, 20])
    func equalFilling(bins: Int) {
        let sorted = (0..<1000).map { Double($0 * $0) }
        let edges = quantileEdges(ofSorted: sorted, bins: bins)
        let counts = sorted.reduce(into: [Int](repeating: 0, count: bins)) { counts, value in
            counts[edges.count { $0 < value }] += 1
        }
        #expect(counts.allSatisfy { abs($0 - 1000 / bins) <= 1 }, "\(counts)")
    }
}
