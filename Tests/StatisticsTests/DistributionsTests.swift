import Statistics
import TestSupport
import Testing

// Golden numbers: SciPy 1.17.1.

@Suite("normal distribution")
struct NormalDistributionTests {
    @Test(
        "probability below and two-sided tail (norm.cdf, 2 norm.sf)",
        arguments: [
            (-8, 6.22096057427174e-16, 1.244192114854348e-15), (-1.96, 0.024997895148220435, 0.04999579029644087), (0, 0.5, 1),
            (0.5, 0.6914624612740131, 0.6170750774519738), (3, 0.9986501019683699, 0.0026997960632601866),
            (6, 0.9999999990134123, 1.973175290075389e-09),
        ])
    func probabilities(z: Double, below: Double, twoSided: Double) {
        #expect(isNear(Distributions.normalCDF(z), below, relative: 1e-11))
        #expect(isNear(Distributions.normalTwoSided(z), twoSided, relative: 1e-11))
        #expect(Distributions.normalTwoSided(-z) == Distributions.normalTwoSided(z))
    }

    @Test(
        "quantiles (norm.ppf)",
        arguments: [
            (1e-12, -7.034483825301131), (0.025, -1.9599639845400545), (0.5, 0), (0.975, 1.959963984540054), (0.999, 3.090232306167813),
        ])
    func quantiles(p: Double, z: Double) {
        #expect(isNear(Distributions.normalQuantile(p), z, relative: 1e-12, absolute: 1e-15))
    }

    @Test("a quantile's probability is what was asked for", arguments: [1e-300, 1e-20, 0.001, 0.3, 0.5, 0.9, 0.999999])
    func roundTrip(p: Double) {
        #expect(isNear(Distributions.normalCDF(Distributions.normalQuantile(p)), p, relative: 1e-9))
    }

    @Test("infinite statistics have probabilities too")
    func infinities() {
        #expect(Distributions.normalCDF(-.infinity) == 0)
        #expect(Distributions.normalCDF(.infinity) == 1)
        #expect(Distributions.normalTwoSided(.infinity) == 0)
    }
}

@Suite("chi-squared distribution")
struct ChiSquaredDistributionTests {
    @Test(
        "tails (chi2.sf)",
        arguments: [
            (3.84, 1, 0.05004352124870519), (0.5, 2, 0.7788007830714049), (20, 4, 0.0004993992273873336), (100, 8, 4.269159205144943e-18),
            (1000, 999, 0.48513148927490146), (1e-8, 1, 0.9999202115440526), (60, 100, 0.999481108537452),
        ])
    func tails(x: Double, degreesOfFreedom: Double, tail: Double) {
        #expect(isNear(Distributions.chiSquaredTail(x, degreesOfFreedom: degreesOfFreedom), tail, relative: 1e-9))
    }

    @Test("the tail is 1 at and below 0, and 0 at infinity", arguments: [0.5, 1, 30, 1e5])
    func ends(degreesOfFreedom: Double) {
        #expect(Distributions.chiSquaredTail(0, degreesOfFreedom: degreesOfFreedom) == 1)
        #expect(Distributions.chiSquaredTail(-1, degreesOfFreedom: degreesOfFreedom) == 1)
        #expect(Distributions.chiSquaredTail(.infinity, degreesOfFreedom: degreesOfFreedom) == 0)
    }

    @Test(
        "critical values (chi2.isf)",
        arguments: [
            (0.05, 1, 3.8414588206941285), (0.01, 1, 6.634896601021217), (0.05, 9, 16.91897760462045), (0.001, 9, 27.877164871256575),
            (1e-6, 3, 30.664849706213598), (0.05, 99, 123.22522145336181), (0.01, 999, 1105.9169575045823), (0.5, 4, 3.3566939800333224),
            (0.95, 4, 0.7107230213973245), (0.999, 1, 1.570797149262492e-06), (0.9999, 50, 21.009310271216872),
        ])
    func criticals(p: Double, degreesOfFreedom: Double, x: Double) {
        #expect(isNear(Distributions.chiSquaredCritical(p, degreesOfFreedom: degreesOfFreedom), x, relative: 1e-9))
    }

    @Test("a critical value is the same when it is asked for again, also after more others than are kept") func again() {
        let first = Distributions.chiSquaredCritical(0.05, degreesOfFreedom: 9)
        #expect(Distributions.chiSquaredCritical(0.05, degreesOfFreedom: 9) == first)
        for i in 1...1100 { _ = Distributions.chiSquaredCritical(0.05, degreesOfFreedom: Double(9 + i)) }
        #expect(Distributions.chiSquaredCritical(0.05, degreesOfFreedom: 9) == first)
    }

    @Test(
        "the tail beyond a critical value is what was asked for",
        arguments: [1e-12, 1e-6, 0.001, 0.01, 0.05, 0.5, 0.9, 0.999], [1, 2, 3, 9, 19, 49, 99, 500, 2000, 10_000])
    func roundTrip(p: Double, degreesOfFreedom: Double) {
        let x = Distributions.chiSquaredCritical(p, degreesOfFreedom: degreesOfFreedom)
        let tail = Distributions.chiSquaredTail(x, degreesOfFreedom: degreesOfFreedom)
        #expect(isNear(tail, p, relative: 1e-6), "beyond \(x) lies \(tail)")
    }

    @Test(
        "critical values of very many degrees of freedom (chi2.isf)",
        arguments: [
            (0.05, 50_000, 50521.282932443144), (0.01, 50_000, 50738.59574522719), (0.001, 50_000, 50982.919685472705),
            (0.05, 100_000, 100736.736177319), (0.01, 100_000, 101043.31473677837), (0.001, 100_000, 101387.69553252945),
        ])
    func criticalsOfVeryMany(p: Double, degreesOfFreedom: Double, x: Double) {
        #expect(isNear(Distributions.chiSquaredCritical(p, degreesOfFreedom: degreesOfFreedom), x, relative: 1e-9))
    }
}

@Suite("Kolmogorov's limiting distribution")
struct KolmogorovDistributionTests {
    @Test(
        "tails (special.kolmogorov)",
        arguments: [
            (0.1, 1), (0.2, 0.999999999999495), (0.5, 0.9639452436648751), (0.83, 0.4961909953505036), (1, 0.26999967167735456),
            (1.17999, 0.12345963244665298), (1.18, 0.1234538094297657), (1.36, 0.049485876755377876), (2.5, 7.453306344157342e-06),
            (5, 3.8574996959278356e-22), (10, 2.767793053473475e-87),
        ])
    func tails(x: Double, tail: Double) {
        #expect(isNear(Distributions.kolmogorovTail(x), tail, relative: 1e-10))
    }

    @Test("the tail falls from 1 to 0 without a step where the series change")
    func monotone() {
        var last = 1.0
        for i in 0...4000 {
            let tail = Distributions.kolmogorovTail(Double(i) / 1000)
            #expect(tail <= last && tail >= 0, "at \(Double(i) / 1000)")
            last = tail
        }
        #expect(isNear(Distributions.kolmogorovTail(1.18.nextDown), Distributions.kolmogorovTail(1.18), relative: 1e-12))
    }

    @Test("no distance is no evidence", arguments: [-1, 0, -0.0, 0.001, 1e-100, 1e-300])
    func smallDistances(x: Double) {
        #expect(Distributions.kolmogorovTail(x) == 1)
    }

    @Test("the smallest distance above 0 is no evidence either")
    func subnormalDistance() {
        #expect(Distributions.kolmogorovTail(.leastNonzeroMagnitude) == 1)
    }

    @Test("beyond all doubt the tail is 0", arguments: [40, 1e200, .infinity])
    func largeDistances(x: Double) {
        #expect(Distributions.kolmogorovTail(x) == 0)
    }

    @Test(
        "critical values (special.kolmogi)",
        arguments: [
            (0.2, 1.072749174939648), (0.1, 1.2238478702170823), (0.05, 1.3580986393225507), (0.01, 1.6276236115189504),
            (0.001, 1.9494746035043753), (1e-6, 2.6933861344527097),
        ])
    func criticals(p: Double, x: Double) {
        #expect(isNear(Distributions.kolmogorovCritical(p), x, relative: 1e-10))
    }
}
