import Foundation
import Statistics
import TestSupport
import Testing

@Suite("Tails of distributions")
struct DistributionTailsTests {
    // mpmath 1.3.0 at 40 digits.
    @Test(
        "incomplete gamma functions, small, large and near a",
        arguments: [
            (0.5, 0.1, 0.34527915398142297, 0.65472084601857703), (4, 600, 1, 9.589294017602432e-254),
            (2_362_824.3471434824, 2_355_067.650807616, 2.192043119507043e-07, 0.99999978079568805), (3, 0, 0, 1),
        ] as [(Double, Double, Double, Double)])
    func gamma(a: Double, x: Double, p: Double, q: Double) throws {
        let value = try IncompleteGamma(a: a, x: x)
        #expect(isNear(value.p, p, relative: 1e-11))
        #expect(isNear(value.q, q, relative: 1e-11))
    }

    @Test(
        "incomplete beta functions, also where x is tiny or all but 1",
        arguments: [
            (2, 3, 0.4, 0.5248), (2, 3, 1e-20, 6e-40), (50, 0.01, 0.5, 3.620478883210135e-19), (1, 1, 0.3, 0.3), (3, 2, 0, 0), (3, 2, 1, 1),
            (1e-3, 1e3, 1e-3, 0.99978039188794675),
        ] as [(Double, Double, Double, Double)])
    func beta(a: Double, b: Double, x: Double, p: Double) throws {
        #expect(isNear(try IncompleteBeta(a: a, b: b, x: x).p, p, relative: 1e-12))
        #expect(isNear(try IncompleteBeta(a: b, b: a, x: 1 - x, complement: x).q, p, relative: 1e-12))
    }

    @Test("the quantile of beta is the inverse, from tails of 1e-10 on", arguments: [0.02, 0.5, 1, 30, 1e5])
    func betaQuantile(a: Double) throws {
        for b in [0.3, 1, 7, 1e4] {
            for p in [1e-10, 0.025, 0.5, 0.975] {
                let x = try IncompleteBeta.quantile(a: a, b: b, p: p)
                if x == 0 { continue }  // below the smallest number
                // Where the function is steep, the neighbours of x are as near as a number can come.
                let below = try IncompleteBeta(a: a, b: b, x: x * (1 - 1e-14)).p
                let above = try IncompleteBeta(a: a, b: b, x: min(1, x * (1 + 1e-14))).p
                #expect(below * (1 - 1e-9) <= p && p <= above * (1 + 1e-9), "a \(a), b \(b), p \(p)")
            }
        }
    }

    @Test("Student's law is Cauchy's at one degree of freedom and normal in the limit")
    func student() throws {
        for t in [-30, -1, 0, 0.001, 2, 1e6] {
            #expect(isNear(try Distributions.studentTail(t, degreesOfFreedom: 1), 0.5 - atan(t) / .pi, relative: 1e-9))
            #expect(
                isNear(
                    try Distributions.studentTail(t, degreesOfFreedom: 1e12), Distributions.normalTail(t), relative: 1e-9, absolute: 1e-300)
            )
        }
        #expect(try Distributions.studentTail(.infinity, degreesOfFreedom: 3) == 0)
        #expect(throws: StatisticsError.self) { try Distributions.studentTail(1, degreesOfFreedom: 0) }
    }

    @Test("F with one degree of freedom is the square of Student's t")
    func fisher() throws {
        for df in [1.0, 4, 50] {
            let t = 2.3
            #expect(isNear(try Distributions.fTail(t * t, 1, df), try Distributions.studentTwoSided(t, degreesOfFreedom: df)))
        }
        #expect(try Distributions.fTail(0, 2, 2) == 1)
        #expect(try Distributions.fTail(.infinity, 2, 2) == 0)
    }

    @Test("the normal tail has a logarithm where it has no number")
    func logTail() {
        #expect(isNear(Distributions.normalLogTail(0), log(0.5)))
        #expect(isNear(Distributions.normalLogTail(25), log(Distributions.normalTail(25))))
        #expect(isNear(Distributions.normalLogTail(40), -804.60844201363297))  // mpmath
        #expect(isNear(Distributions.normalLogTail(-9), -1.1285884059538407e-19, relative: 1e-9))
    }

    @Test("the binomial law sums its terms")
    func binomial() throws {
        let law = try Distributions.binomial(3, n: 10, p: 0.5)
        #expect(isNear(law.cdf, 176.0 / 1024))
        #expect(isNear(law.tail, 848.0 / 1024))
        #expect(try Distributions.binomial(-1, n: 4, p: 0.2).cdf == 0)
        #expect(try Distributions.binomial(4, n: 4, p: 0.2).cdf == 1)
    }
}

@Suite("The law of the Kolmogorov-Smirnov distance")
struct KolmogorovLawTests {
    // SciPy 1.17.1: kstwo.sf, ksone.sf.
    @Test(
        "values by every method",
        arguments: [
            (0.3, 20, 0.04306706665851623, 0.021533604376327058), (0.05, 500, 0.15866260223815387, 0.07937040397120126),
            (0.9, 3, 0.002, 0.001), (0.02, 5000, 0.03613941395325637, 0.01806981293722266),
            (0.12, 5000, 3.379480591150021e-63, 1.6897402955750105e-63), (0.5, 1, 1, 0.5),
            (0.0141421356237309, 1_000_000, 3.7278582941905487e-174, 1.8639291470952743e-174),
        ] as [(Double, Double, Double, Double)])
    func fixtures(d: Double, n: Double, both: Double, one: Double) throws {
        #expect(isNear(try KolmogorovLaw.tail(d, n: n), both, relative: 1e-9))
        #expect(isNear(try KolmogorovLaw.oneSidedTail(d, n: n), one, relative: 1e-9))
    }

    @Test("of one value it is 2(1 − d), of two values a polynomial")
    func small() throws {
        for d in [0.5, 0.6, 0.99] { #expect(isNear(try KolmogorovLaw.tail(d, n: 1), 2 * (1 - d))) }
        for d in [0.5, 0.7, 0.9] { #expect(isNear(try KolmogorovLaw.tail(d, n: 2), 2 * (1 - d) * (1 - d))) }
        for d in [0.25, 0.3, 0.5] { #expect(isNear(try KolmogorovLaw.tail(d, n: 2), 1 - 2 * (2 * d - 0.5) * (2 * d - 0.5))) }
    }

    /// The integral that stands for most of Smirnov's sum, against the sum itself.
    @Test("the integral equals the sum", arguments: [0.002, 0.01, 0.03])
    func integral(d: Double) throws {
        let n = 20_000.0
        var sum = 0.0
        for j in 0...Int(n * (1 - d)) {
            let j = Double(j)
            let sizes: Double = lgamma(n + 1) - lgamma(j + 1) - lgamma(n - j + 1)
            sum += d * exp(sizes + (j - 1) * log(d + j / n) + (n - j) * log(1 - d - j / n))
        }
        #expect(isNear(try KolmogorovLaw.oneSidedTail(d, n: n), sum, relative: 1e-9))
    }

    @Test("it falls from 1 to 0 and meets Kolmogorov's limit", arguments: [1, 7, 140, 141, 3999, 4001, 1_000_000_000] as [Double])
    func falls(n: Double) throws {
        var last = 1.0
        for k in 0...200 {
            let d = Double(k) / 200 * min(1, 6 / n.squareRoot())
            let p = try KolmogorovLaw.tail(d, n: n)
            #expect(p >= 0 && p <= last * (1 + 1e-6), "d \(d)")
            last = p
        }
        #expect(try KolmogorovLaw.tail(1, n: n) == 0)
        if n > 1e8 { #expect(isNear(try KolmogorovLaw.tail(1 / n.squareRoot(), n: n), Distributions.kolmogorovTail(1), relative: 1e-4)) }
    }

    @Test("a sample of no or of half a value is refused")
    func refused() {
        for n in [0, -1, 1.5, .nan] { #expect(throws: StatisticsError.self) { try KolmogorovLaw.tail(0.1, n: n) } }
        #expect(throws: StatisticsError.self) { try KolmogorovLaw.tail(.nan, n: 4) }
    }
}
