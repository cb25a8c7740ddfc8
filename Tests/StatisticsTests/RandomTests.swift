import Testing

@testable import Statistics

@Suite("Seeded random numbers")
struct RandomTests {
    @Test("stream 0 of a seed is splitmix64 as published")
    func published() {
        // The first numbers of seed 1234567 in the test vectors of S. Vigna's splitmix64.c.
        var random = SeededRandom(seed: 1_234_567)
        let expected: [UInt64] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        for value in expected { #expect(random.next() == value) }
    }

    @Test("the same seed and stream repeat, another stream differs")
    func repeats() {
        func first(_ seed: UInt64, _ stream: UInt64) -> [UInt64] {
            var random = SeededRandom(seed: seed, stream: stream)
            return (0..<5).map { _ in random.next() }
        }
        #expect(first(7, 3) == first(7, 3))
        #expect(first(7, 3) != first(7, 4))
        #expect(first(7, 0) != first(8, 0))
    }

    @Test("uniform numbers stay in [0, 1) with mean 1/2 and variance 1/12")
    func uniforms() {
        var random = SeededRandom(seed: 1)
        let values = (0..<100_000).map { _ in random.uniform() }
        #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
        let (mean, variance) = moments(values)
        #expect(abs(mean - 0.5) < 0.005)
        #expect(abs(variance - 1.0 / 12) < 0.002)
    }

    @Test("normal numbers have mean 0 and variance 1")
    func normals() {
        var random = SeededRandom(seed: 2)
        let (mean, variance) = moments((0..<100_000).map { _ in random.normal() })
        #expect(abs(mean) < 0.015)
        #expect(abs(variance - 1) < 0.02)
    }

    @Test("integers below n are equally likely", arguments: [1, 2, 3, 7, 10])
    func belows(n: Int) {
        var random = SeededRandom(seed: 3)
        var counts = [Int](repeating: 0, count: n)
        for _ in 0..<(10_000 * n) { counts[random.below(n)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 10_000) < 500 })
    }

    @Test(
        "binomial numbers have mean np and variance np(1 − p), by inversion and by rejection",
        arguments: [(5, 0.3), (40, 0.5), (1000, 0.004), (1000, 0.9), (1_000_000, 0.2), (3_000_000_000, 0.5)] as [(Int64, Double)])
    func binomials(n: Int64, p: Double) {
        var random = SeededRandom(seed: 4)
        let draws = 40_000
        let values = (0..<draws).map { _ in Double(random.binomial(n, p)) }
        #expect(values.allSatisfy { $0 >= 0 && $0 <= Double(n) })
        let (mean, variance) = moments(values)
        let expected = Double(n) * p * (1 - p)
        let meanError: Double = abs(mean - Double(n) * p)
        let allowed: Double = 5 * (expected / Double(draws)).squareRoot()
        #expect(meanError < allowed)
        #expect(abs(variance / expected - 1) < 0.05)
    }

    @Test("binomial numbers fill their cells as the law says, at the border of both methods", arguments: [9.9, 10.1])
    func binomialLaw(mean: Double) {
        var random = SeededRandom(seed: 5)
        let n = 30
        let p = mean / Double(n)
        var observed = [Double](repeating: 0, count: n + 1)
        let draws = 100_000.0
        for _ in 0..<Int(draws) { observed[Int(random.binomial(Int64(n), p))] += 1 }
        var chance = 1.0
        for _ in 0..<n { chance *= 1 - p }
        for k in 0...n {
            let error: Double = abs(observed[k] / draws - chance)
            let allowed: Double = 5 * (chance / draws).squareRoot() + 1e-4
            #expect(error < allowed)
            chance *= Double(n - k) / Double(k + 1) * p / (1 - p)
        }
    }

    @Test("a bootstrap of counts keeps the total and leaves empty cells empty")
    func multinomials() {
        var random = SeededRandom(seed: 6)
        let counts: [Int64] = [10, 0, 1000, 3, 0]
        var sums = [Int64](repeating: 0, count: counts.count)
        for _ in 0..<2000 {
            let drawn = random.multinomial(counts: counts)
            #expect(drawn.reduce(0, +) == 1013 && drawn[1] == 0 && drawn[4] == 0)
            for i in drawn.indices { sums[i] += drawn[i] }
        }
        for i in counts.indices {
            let error: Double = abs(Double(sums[i]) / 2000 - Double(counts[i]))
            let allowed: Double = counts[i] == 0 ? 0.001 : 0.5
            #expect(error < allowed)
        }
        #expect(random.multinomial(counts: [0, 0]) == [0, 0])
        #expect(random.multinomial(counts: []) == [])
    }

    private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
    }
}
