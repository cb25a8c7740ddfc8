import Statistics
import TestSupport
import Testing

@Suite("Scores are put into bins")
struct CalibrationBinsTests {
    private func bins(
        _ scores: [Double], _ labels: [Bool]? = nil, weights: [Double]? = nil, count: Int, by binning: CalibrationBinning,
        isMerged: Bool = false
    ) throws -> CalibrationBins {
        let sample = try CalibrationSample(scores: scores, labels: labels ?? scores.map { _ in true }, weights: weights)
        return try CalibrationBins(sample, count: count, by: binning, isMerged: isMerged)
    }

    @Test("of equal width, right-closed, 0 in the first, at every edge", arguments: [1, 2, 3, 7, 10, 15, 49])
    func width(count: Int) throws {
        for k in 0...count {
            let edge = Double(k) / Double(count)
            #expect(try bins([edge], count: count, by: .equalWidth).bins[0].index == max(k - 1, 0))
            if k < count { #expect(try bins([edge.nextUp], count: count, by: .equalWidth).bins[0].index == k) }
        }
    }

    @Test("by rank into sizes that differ by at most one, ties in the order of the rows")
    func mass() throws {
        let found = try bins([0.5, 0.1, 0.5, 0.9, 0.5], count: 2, by: .equalMass)
        #expect(found.bins.map(\.count) == [3, 2])
        #expect(found.places == [0, 0, 0, 1, 1])
        #expect(found.bins.map(\.lower) == [0.1, 0.5])
        #expect(try bins([0.2, 0.3], count: 10, by: .equalMass).bins.map(\.count) == [1, 1])
    }

    @Test("between quantiles, ties together; merged quantiles take the least score along")
    func quantiles() throws {
        let scores = [0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5]
        #expect(try bins(scores, count: 4, by: .quantiles).bins.map(\.count) == [4, 2, 2])
        // The quantiles are 0.1, 0.1, 0.15, 0.325, 0.5: merged, the first bin is 0.1 to 0.15.
        #expect(try bins(scores, count: 4, by: .quantiles, isMerged: true).bins.map(\.count) == [4, 2, 2])
        // 0.1, 0.1, 0.2, 0.3: without merging 0.1 stands alone.
        let few = [0.1, 0.1, 0.2, 0.3]
        #expect(try bins(few, count: 3, by: .quantiles).bins.map(\.count) == [2, 1, 1])
        #expect(try bins(few, count: 3, by: .quantiles, isMerged: true).bins.map(\.count) == [3, 1])
        #expect(throws: StatisticsError.self) { try bins([0.3, 0.3], count: 4, by: .quantiles, isMerged: true) }
    }

    @Test("a weight counts like as many rows, and a bin without weight is empty", arguments: [CalibrationBinning.equalWidth, .quantiles])
    func weights(binning: CalibrationBinning) throws {
        let scores = [0.15, 0.15, 0.35, 0.85, 0.95]
        let labels = [true, false, true, true, false]
        let plain = try bins(scores + [0.15, 0.85], labels + [true, true], count: 10, by: .equalWidth)
        let weighted = try bins(scores, labels, weights: [2, 1, 1, 2, 1], count: 10, by: .equalWidth)
        #expect(plain.bins.map(\.weight) == weighted.bins.map(\.weight))
        #expect(zip(plain.bins, weighted.bins).allSatisfy { isNear($0.observed, $1.observed) && isNear($0.meanScore, $1.meanScore) })
        let without = try bins(scores, labels, weights: [1, 1, 0, 1, 1], count: 10, by: binning)
        #expect(!without.bins.contains { $0.weight == 0 })
        #expect(without.places[2] == -1 || without.bins[Int(without.places[2])].weight > 0)
    }

    @Test("what is no sample says why")
    func refused() {
        #expect(throws: StatisticsError.self) { try CalibrationSample(scores: [], labels: []) }
        #expect(throws: StatisticsError.self) { try CalibrationSample(scores: [0.2, 1.2], labels: [true, false]) }
        #expect(throws: StatisticsError.self) { try CalibrationSample(scores: [.nan], labels: [true]) }
        #expect(throws: StatisticsError.self) { try CalibrationSample(scores: [0.2], labels: [true, false]) }
        #expect(throws: StatisticsError.self) { try CalibrationSample(scores: [0.2], labels: [true], weights: [-1]) }
        #expect(throws: StatisticsError.self) { try CalibrationSample(scores: [0.2], labels: [true], weights: [0]) }
    }
}

@Suite("Numbers are put in order")
struct StableOrderTests {
    @Test("as a stable sort does, at lengths around the change of method", arguments: [0, 1, 2, 33, 1999, 2000, 2001, 5000])
    func order(count: Int) {
        var random = Seeded(UInt64(count))
        let special = [-Double.infinity, -1, -0.0, 0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1, .infinity]
        let values = (0..<count).map { _ in
            random.uniform() < 0.3 ? special[Int(random.uniform() * 8)] : (random.uniform() - 0.5) * 100
        }
        let expected = values.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }.map(\.offset)
        #expect(stableOrder(values) == expected)
        let tied = values.map { ($0 / 20).rounded() }
        #expect(stableOrder(tied) == tied.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }.map(\.offset))
    }
}
