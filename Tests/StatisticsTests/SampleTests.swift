import Statistics
import TestSupport
import Testing

@Suite("Tests of samples")
struct SampleTests {
    // SciPy 1.17.1: ttest_ind, levene(center="median").
    @Test("t-tests and Levene's test of two small samples")
    func fixtures() throws {
        let x = [2.1, 3.4, 1.9, 5.5], y = [4.0, 4.4, 6.1, 3.9, 7.0]
        let welch = try TTest.welch(x, y)
        #expect(isNear(welch.t ?? .nan, -1.7907666330606982))
        #expect(isNear(welch.degreesOfFreedom, 5.928435636036705))
        #expect(isNear(welch.pValue ?? .nan, 0.1241170875792733, relative: 1e-9))
        #expect(isNear(try TTest.student(x, y).pValue ?? .nan, 0.10987177835047107, relative: 1e-9))
        let levene = try LeveneTest([x, y])
        #expect(isNear(levene.statistic ?? .nan, 0.06843484656968837))
        #expect(isNear(levene.pValue ?? .nan, 0.8011597330549124, relative: 1e-9))
    }

    @Test("constant samples: infinitely far when they differ, undefined when they do not")
    func constant() throws {
        let apart = try TTest.welch([1, 1, 1], [2, 2, 2])
        #expect(apart.t == -.infinity && apart.pValue == 0)
        let same = try TTest.student([0.1, 0.1, 0.1], [0.1, 0.1])
        #expect(same.t == nil && same.pValue == nil)
        #expect(try LeveneTest([[1, 1], [2, 2]]).statistic == nil)
        #expect(try LeveneTest([[1, 1], [2, 3]]).statistic == .infinity)
    }

    @Test("a mean far from 0 costs no digits")
    func shifted() throws {
        let x = [2.0, 3.5, 1.25, 5.5], y = [4.0, 4.5, 6.25, 3.75]
        let near = try TTest.welch(x, y)
        let far = try TTest.welch(x.map { $0 + 1_048_576 }, y.map { $0 + 1_048_576 })
        #expect(isNear(far.t ?? .nan, near.t ?? 0, relative: 1e-9))
    }

    @Test("too few, infinite, missing or overflowing values are refused")
    func refused() {
        for x in [[], [1], [1, .infinity], [1, .nan], [1e308, -1e308]] as [[Double]] {
            #expect(throws: StatisticsError.self) { try TTest.welch(x, [1, 2]) }
        }
        #expect(throws: StatisticsError.self) { try LeveneTest([[1, 2]]) }
        #expect(throws: StatisticsError.self) { try LeveneTest([[1], [2]]) }
        #expect(throws: StatisticsError.self) { try LeveneTest([[], [2, 3]]) }
    }
}

@Suite("Adjusted p-values")
struct PValueAdjustmentTests {
    // statsmodels 0.15.0: multipletests.
    @Test("the classic example by hand: 0.01, 0.04, 0.03, 0.005")
    func classic() throws {
        let p: [Double?] = [0.01, 0.04, 0.03, 0.005]
        let expected: [PValueAdjustment: [Double]] = [
            .bonferroni: [0.04, 0.16, 0.12, 0.02], .holm: [0.03, 0.06, 0.06, 0.02], .hochberg: [0.03, 0.04, 0.04, 0.02],
            .hommel: [0.03, 0.04, 0.04, 0.02], .benjaminiHochberg: [0.02, 0.04, 0.04, 0.02],
        ]
        for (method, values) in expected {
            let adjusted = try method.adjust(p)
            for (got, want) in zip(adjusted, values) { #expect(isNear(got ?? .nan, want), "\(method)") }
        }
    }

    @Test("one test is its own family", arguments: PValueAdjustment.allCases)
    func single(method: PValueAdjustment) throws {
        #expect(isNear(try method.adjust([0.049])[0] ?? .nan, 0.049))
    }

    @Test("a test that could not be done stays outside the family", arguments: PValueAdjustment.allCases)
    func holes(method: PValueAdjustment) throws {
        let with = try method.adjust([0.01, nil, 0.2, nil, 0.03])
        let without = try method.adjust([0.01, 0.2, 0.03])
        #expect([with[0], with[2], with[4]] == without)
        #expect(with[1] == nil && with[3] == nil)
    }

    @Test("adjusting never lowers a p-value, keeps the order and stays at most 1", arguments: PValueAdjustment.allCases)
    func order(method: PValueAdjustment) throws {
        var random = SeededRandom(seed: 9)
        for size in [2, 3, 10, 50] {
            let p = (0..<size).map { _ in random.uniform() * random.uniform() }
            let adjusted = try method.adjust(p).compactMap(\.self)
            #expect(adjusted.count == size)
            for i in p.indices {
                #expect(adjusted[i] >= p[i] * (1 - 1e-12) && adjusted[i] <= 1)
                for j in p.indices where p[i] < p[j] { #expect(adjusted[i] <= adjusted[j]) }
            }
        }
    }

    @Test("the stronger method is never larger: Hommel ≤ Hochberg ≤ Holm ≤ Bonferroni")
    func strength() throws {
        var random = SeededRandom(seed: 10)
        for _ in 0..<50 {
            let p: [Double?] = (0..<8).map { _ in random.uniform() * 0.2 }
            let chain = try [PValueAdjustment.hommel, .hochberg, .holm, .bonferroni].map { try $0.adjust(p).compactMap(\.self) }
            for (a, b) in zip(chain, chain.dropFirst()) { #expect(zip(a, b).allSatisfy { $0 <= $1 * (1 + 1e-12) }) }
        }
    }

    /// The definition: for every size, Simes' bound of the largest ones.
    @Test("Hommel's method equals its definition, with ties, zeros and ones", arguments: [1, 2, 3, 7, 40])
    func hommel(size: Int) throws {
        var random = SeededRandom(seed: 16)
        for round in 0..<60 {
            let p: [Double] = (0..<size).map { _ in
                if round % 3 == 0 { return Double(random.below(5)) / 4 }
                return random.uniform() * random.uniform()
            }
            let sorted = p.sorted()
            var expected = sorted
            for s in stride(from: size, to: 1, by: -1) {
                var bound = Double.infinity
                for k in 0..<s { bound = min(bound, Double(s) * sorted[size - s + k] / Double(k + 1)) }
                for i in 0..<size {
                    let asked: Double = i >= size - s ? bound : min(Double(s) * sorted[i], bound)
                    expected[i] = max(expected[i], asked)
                }
            }
            let adjusted = try PValueAdjustment.hommel.adjust(p).compactMap(\.self).sorted()
            for (got, want) in zip(adjusted, expected) { #expect(isNear(got, min(1, want)), "size \(size), round \(round), seed 16") }
        }
    }

    @Test("a list of tests that could not be done stays as it is")
    func onlyHoles() throws {
        #expect(try PValueAdjustment.holm.adjust([nil, nil]) == [nil, nil])
    }

    @Test("an empty family and what is no probability are refused")
    func refused() {
        for p in [[], [0.2, 1.3], [-0.1], [.nan]] as [[Double?]] {
            #expect(throws: StatisticsError.self) { try PValueAdjustment.holm.adjust(p) }
        }
    }
}

@Suite("The bootstrap")
struct BootstrapTests {
    @Test("all 256 resamples of 1, 2, 4, 8, as NumPy counts them")
    func all() throws {
        let bootstrap = try Bootstrap.all([1, 2, 4, 8], .mean)
        #expect(bootstrap.statistics.count == 256)
        #expect(isNear(bootstrap.mean, 3.75))
        #expect(isNear(bootstrap.standardError ?? .nan, 1.3431014736897027))
        #expect(bootstrap.percentile(confidence: 0.95) == Interval(lower: 1.5, upper: 6.5))
    }

    @Test("the order of drawing does not matter, to the last bit")
    func permutations() throws {
        let x = [0.1, 0.2, 0.3, 0.7]
        let bootstrap = try Bootstrap.given(x, .mean, indices: [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
        #expect(bootstrap.statistics == [bootstrap.estimate, bootstrap.estimate, bootstrap.estimate])
    }

    @Test("a symmetric sample needs no correction: BCa is the percentile interval")
    func symmetric() throws {
        let bootstrap = try Bootstrap.all([-2, -1, 0, 1, 2], .mean)
        let bca = try #require(bootstrap.bca(confidence: 0.9))
        #expect(abs(bca.z0) < 1e-12 && abs(bca.acceleration) < 1e-12)
        #expect(isNear(bca.interval.lower, bootstrap.percentile(confidence: 0.9).lower, relative: 1e-9))
    }

    @Test("a constant sample has no spread and no BCa interval")
    func constant() throws {
        let bootstrap = try Bootstrap.all([3, 3, 3], .median)
        #expect(bootstrap.standardError == 0 && bootstrap.bca(confidence: 0.95) == nil)
    }

    @Test("huge and tiny values have the same shape as others", arguments: [1e300, 0x1p1022, 1e-300, -1e250])
    func scaled(scale: Double) throws {
        let small = try Bootstrap.all([1, 2, 3, 1.5], .mean)
        let other = try Bootstrap.all([1, 2, 3, 1.5].map { $0 * scale }, .mean)
        #expect(isNear(other.standardError ?? .nan, (small.standardError ?? .nan) * abs(scale), relative: 1e-12))
        #expect(isNear(other.mean, small.mean * scale, relative: 1e-12))
        let basic = [small, other].map { $0.basic(confidence: 0.9) }
        #expect(isNear(scale > 0 ? basic[1].lower : basic[1].upper, basic[0].lower * scale, relative: 1e-9))
        #expect(
            isNear(other.bca(confidence: 0.9)?.z0 ?? .nan, (small.bca(confidence: 0.9)?.z0 ?? .nan) * (scale > 0 ? 1 : -1), relative: 1e-9))
    }

    @Test("a seed repeats; bad resamples are refused")
    func seeded() throws {
        let x = (0..<20).map(Double.init)
        let a = try Bootstrap.seeded(x, .median, resamples: 100, seed: 3)
        #expect(a.statistics == (try Bootstrap.seeded(x, .median, resamples: 100, seed: 3).statistics))
        #expect(throws: StatisticsError.self) { try Bootstrap.given([1, 2], .mean, indices: [[0, 2]]) }
        #expect(throws: StatisticsError.self) { try Bootstrap.given([1, 2], .mean, indices: []) }
        #expect(throws: StatisticsError.self) { try Bootstrap.all([], .mean) }
        #expect(throws: StatisticsError.self) { try Bootstrap.all([1, .nan], .mean) }
        #expect(throws: StatisticsError.self) { try Bootstrap.all(x, .mean) }
    }
}
