import Statistics
import TestSupport
import Testing

@Suite("Wilson's interval of a proportion")
struct WilsonIntervalTests {
    // statsmodels 0.15.0: proportion_confint(method="wilson"). 81/263 and 15/148 are the examples of R. G. Newcombe,
    // "Two-Sided Confidence Intervals for the Single Proportion", 1998, table I: 0.2553 to 0.3662 and 0.0624 to 0.1605.
    @Test(
        "published and computed examples",
        arguments: [
            (81, 263, 0.95, 0.2552885198782742, 0.36620957698280004),
            (15, 148, 0.95, 0.06238639953073628, 0.16048724172330803),
            (0, 20, 0.95, 0, 0.1611251580528194),
            (1, 29, 0.95, 0.006113214292762667, 0.17175521879320294),
            (29, 29, 0.95, 0.8830302015002592, 1),
            (81, 263, 0.9, 0.2633136171884814, 0.35656634960848815),
        ] as [(Int64, Int64, Double, Double, Double)])
    func fixtures(count: Int64, n: Int64, confidence: Double, lower: Double, upper: Double) throws {
        let interval = try #require(wilsonInterval(count: count, of: n, confidence: confidence))
        #expect(isNear(interval.lower, lower, relative: 1e-9))
        #expect(isNear(interval.upper, upper, relative: 1e-9))
    }

    @Test("nothing is known of no rows")
    func noRows() {
        #expect(wilsonInterval(count: 0, of: 0) == nil)
    }

    @Test("it holds the proportion, stays in 0…1 and touches the end at none and at all", arguments: [1, 2, 7, 100, 1_000_000] as [Int64])
    func holdsTheProportion(n: Int64) throws {
        for count in Set([0, 1, n / 3, n / 2, n - 1, n]) {
            let interval = try #require(wilsonInterval(count: count, of: n))
            let p = Double(count) / Double(n)
            #expect(0 <= interval.lower && interval.lower <= p && p <= interval.upper && interval.upper <= 1, "\(count) of \(n)")
            #expect((interval.lower == 0) == (count == 0), "\(count) of \(n)")
            #expect((interval.upper == 1) == (count == n), "\(count) of \(n)")
        }
    }

    @Test("exchanging yes and no mirrors it")
    func mirrored() throws {
        let yes = try #require(wilsonInterval(count: 3, of: 17))
        let no = try #require(wilsonInterval(count: 14, of: 17))
        #expect(isNear(yes.lower, 1 - no.upper))
        #expect(isNear(yes.upper, 1 - no.lower))
    }

    @Test("more rows make it narrower, more confidence wider")
    func width() throws {
        let few = try #require(wilsonInterval(count: 3, of: 10))
        let many = try #require(wilsonInterval(count: 300, of: 1000))
        let sure = try #require(wilsonInterval(count: 300, of: 1000, confidence: 0.999))
        #expect(few.lower < many.lower && many.upper < few.upper)
        #expect(sure.lower < many.lower && many.upper < sure.upper)
    }
}

@Suite("Newcombe's interval of a difference of proportions")
struct NewcombeIntervalTests {
    // statsmodels 0.15.0: confint_proportions_2indep(method="newcomb", compare="diff"). The counts are examples of
    // R. G. Newcombe, "Interval Estimation for the Difference between Independent Proportions", 1998, table II.
    @Test(
        "published and computed examples",
        arguments: [
            ([56, 70, 48, 80], 0.05243147240236498, 0.33387265403690614),
            ([9, 10, 3, 10], 0.1705227239345029, 0.809017973535488),
            ([5, 56, 0, 29], -0.038137147903536936, 0.19256001385511165),
            ([10, 10, 0, 10], 0.6075093504305241, 1),
            ([0, 10, 0, 20], -0.1611251580528194, 0.27753279986288926),
        ] as [([Int64], Double, Double)])
    func fixtures(counts: [Int64], lower: Double, upper: Double) throws {
        let interval = try #require(newcombeInterval(count1: counts[0], n1: counts[1], count2: counts[2], n2: counts[3]))
        #expect(isNear(interval.lower, lower, relative: 1e-9))
        #expect(isNear(interval.upper, upper, relative: 1e-9))
    }

    @Test("exchanging the sides turns it around")
    func antisymmetric() throws {
        let forth = try #require(newcombeInterval(count1: 5, n1: 56, count2: 3, n2: 29))
        let back = try #require(newcombeInterval(count1: 3, n1: 29, count2: 5, n2: 56))
        #expect(isNear(forth.lower, -back.upper))
        #expect(isNear(forth.upper, -back.lower))
    }

    @Test("nothing is known when a side has no rows", arguments: [(0, 5), (5, 0), (0, 0)] as [(Int64, Int64)])
    func noRows(n1: Int64, n2: Int64) {
        #expect(newcombeInterval(count1: 0, n1: n1, count2: 0, n2: n2) == nil)
    }

    @Test("it holds the difference and stays in −1…1", arguments: 1...5 as ClosedRange<UInt64>)
    func holdsTheDifference(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<200 {
            let n = Int64.random(in: 1...60, using: &random)
            let m = Int64.random(in: 1...60, using: &random)
            let a = Int64.random(in: 0...n, using: &random)
            let b = Int64.random(in: 0...m, using: &random)
            let interval = try #require(newcombeInterval(count1: a, n1: n, count2: b, n2: m))
            let difference = Double(a) / Double(n) - Double(b) / Double(m)
            #expect(-1 <= interval.lower && interval.upper <= 1, "seed \(seed): \(a)/\(n) and \(b)/\(m) give \(interval)")
            #expect(interval.lower <= difference && difference <= interval.upper, "seed \(seed): \(a)/\(n) and \(b)/\(m) give \(interval)")
        }
    }
}

@Suite("Katz' interval of a ratio of proportions")
struct RatioIntervalTests {
    // statsmodels 0.15.0: confint_proportions_2indep(method="log", compare="ratio").
    @Test(
        "computed examples",
        arguments: [
            ([56, 70, 48, 80], 1.0766264227631928, 1.6512485112663873),
            ([9, 10, 3, 10], 1.1383503574476699, 7.906177514784793),
            ([10, 10, 20, 20], 1, 1),
        ] as [([Int64], Double, Double)])
    func fixtures(counts: [Int64], lower: Double, upper: Double) throws {
        let interval = try #require(ratioInterval(count1: counts[0], n1: counts[1], count2: counts[2], n2: counts[3]))
        #expect(isNear(interval.lower, lower, relative: 1e-9))
        #expect(isNear(interval.upper, upper, relative: 1e-9))
    }

    @Test("a count of 0 has no logarithm", arguments: [[0, 5, 3, 5], [3, 5, 0, 5], [0, 0, 1, 2]] as [[Int64]])
    func zeroCount(counts: [Int64]) {
        #expect(ratioInterval(count1: counts[0], n1: counts[1], count2: counts[2], n2: counts[3]) == nil)
    }

    @Test("exchanging the sides inverts it")
    func inverted() throws {
        let forth = try #require(ratioInterval(count1: 5, n1: 56, count2: 3, n2: 29, confidence: 0.9))
        let back = try #require(ratioInterval(count1: 3, n1: 29, count2: 5, n2: 56, confidence: 0.9))
        #expect(isNear(forth.lower, 1 / back.upper))
        #expect(isNear(forth.upper, 1 / back.lower))
    }
}
