import Statistics
import TestSupport
import Testing

// Golden numbers: NumPy 2.4.6 for the sums, SciPy 1.17.1 for jensenshannon, chi2_contingency and chi2.

@Suite("population stability index")
struct PopulationStabilityIndexTests {
    @Test("the index is the sum of its cells' terms")
    func terms() throws {
        let psi = try PopulationStabilityIndex(reference: [50, 30, 15, 5], current: [40, 30, 20, 10])
        for (term, wanted) in zip(psi.terms, [0.022314355131420965, 0, 0.014384103622589055, 0.03465735902799726]) {
            #expect(isNear(term, wanted, relative: 1e-12), "\(term), expected \(wanted)")
        }
        #expect(psi.terms.count == 4)
        #expect(isNear(psi.statistic, 0.07135581778200728))
        #expect(isNear(psi.pValue, 0.3120757181512327, relative: 1e-9))  // chi2.sf(psi / (1/100 + 1/100), 3)
    }

    @Test("equal shares give zero and no evidence, whatever the sizes", arguments: [1, 7, 100, 1_000_000])
    func equalShares(times: Int64) throws {
        let counts: [Int64] = [2, 4, 8, 2]
        let psi = try PopulationStabilityIndex(reference: counts, current: counts.map { $0 * times })
        #expect(psi.statistic == 0)
        #expect(psi.pValue == 1)
    }

    @Test("the two sides can be exchanged")
    func symmetry() throws {
        let a: [Int64] = [50, 0, 15, 5]
        let b: [Int64] = [40, 30, 20, 1]
        let forth = try PopulationStabilityIndex(reference: a, current: b)
        let back = try PopulationStabilityIndex(reference: b, current: a)
        #expect(isNear(forth.statistic, back.statistic, relative: 1e-14))
        #expect(isNear(forth.pValue, back.pValue, relative: 1e-12))
    }

    @Test("a cell that is empty on one side counts with the floor", arguments: [(1e-4, 2.221283457598416), (1e-2, 0.7882000939103607)])
    func floorOfEmptyCells(floor: Double, wanted: Double) throws {
        let psi = try PopulationStabilityIndex(reference: [10, 0, 90], current: [0, 20, 80], floor: floor)
        #expect(isNear(psi.statistic, wanted, relative: 1e-12))
    }

    @Test("the floor is 0.0001 when nobody says otherwise")
    func defaultFloor() throws {
        let reference: [Int64] = [10, 0, 90]
        let current: [Int64] = [0, 20, 80]
        #expect(
            try PopulationStabilityIndex(reference: reference, current: current)
                == PopulationStabilityIndex(reference: reference, current: current, floor: 1e-4))
    }

    @Test("a cell that is empty on both sides changes neither the index nor its p-value")
    func emptyOnBothSides() throws {
        let without = try PopulationStabilityIndex(reference: [50, 50], current: [40, 60])
        let with = try PopulationStabilityIndex(reference: [50, 0, 50], current: [40, 0, 60])
        #expect(with.statistic == without.statistic)
        #expect(with.pValue == without.pValue)
    }

    @Test("without a floor, a cell that is empty on both sides still adds nothing")
    func emptyOnBothSidesWithoutFloor() throws {
        let with = try PopulationStabilityIndex(reference: [50, 0, 50], current: [40, 0, 60], floor: 0)
        let without = try PopulationStabilityIndex(reference: [50, 50], current: [40, 60], floor: 0)
        #expect(isNear(with.statistic, without.statistic))
    }

    @Test("without a floor, a cell that is empty on one side makes the index infinite")
    func emptyOnOneSideWithoutFloor() throws {
        let psi = try PopulationStabilityIndex(reference: [50, 0, 50], current: [40, 10, 50], floor: 0)
        #expect(psi.statistic == .infinity)
        #expect(psi.pValue == 0)
    }

    @Test("the same shift is stronger evidence with more rows")
    func moreRows() throws {
        let small = try PopulationStabilityIndex(reference: [50, 50], current: [45, 55])
        let large = try PopulationStabilityIndex(reference: [5000, 5000], current: [4500, 5500])
        #expect(isNear(small.statistic, large.statistic))
        #expect(small.pValue > 0.1)
        #expect(large.pValue < 1e-10)
    }

    @Test("one filled cell is no drift and no evidence")
    func oneCell() throws {
        let psi = try PopulationStabilityIndex(reference: [0, 7], current: [0, 2])
        #expect(psi.statistic == 0)
        #expect(psi.pValue == 1)
        #expect(PopulationStabilityIndex.critical(alpha: 0.05, cells: 1, n: 7, m: 2) == 0)
    }

    @Test("the critical index knows the sample sizes")
    func critical() {
        // (1/1000 + 1/500) * chi2.isf(0.05, 9)
        #expect(
            isNear(PopulationStabilityIndex.critical(alpha: 0.05, cells: 10, n: 1000, m: 500), 0.05075693281386136, relative: 1e-9))
    }

    @Test("the p-value at the critical index is alpha", arguments: [0.1, 0.05, 0.01, 1e-6])
    func criticalAndPValueAgree(alpha: Double) throws {
        // Of two cells with shares (½, ½) and (½ + s, ½ − s), PSI = 2s · ln((½ + s)/(½ − s)); s is found by bisection.
        let n: Int64 = 1 << 40
        let wanted = PopulationStabilityIndex.critical(alpha: alpha, cells: 2, n: n, m: n)
        var low: Int64 = 0
        var high = n / 4
        while low + 1 < high {
            let middle = (low + high) / 2
            let psi = try PopulationStabilityIndex(reference: [n / 2, n / 2], current: [n / 2 + middle, n / 2 - middle])
            if psi.statistic < wanted { low = middle } else { high = middle }
        }
        let psi = try PopulationStabilityIndex(reference: [n / 2, n / 2], current: [n / 2 + high, n / 2 - high])
        #expect(isNear(psi.pValue, alpha, relative: 1e-4))
    }
}

@Suite("Jensen-Shannon distance")
struct JensenShannonTests {
    @Test("the distance is SciPy's, in base 2 and in base e")
    func fixture() throws {
        let two = try JensenShannon(reference: [50, 30, 15, 5], current: [40, 30, 20, 10])
        #expect(isNear(two.statistic, 0.11282137081563594))
        #expect(isNear(two.pValue, 0.31700310011846944, relative: 1e-9))  // chi2.sf(8 * distance² / (1/100 + 1/100), 3), base e
        let e = try JensenShannon(reference: [50, 30, 15, 5], current: [40, 30, 20, 10], base: .e)
        #expect(isNear(e.statistic, 0.0939299525096902))
        #expect(e.pValue == two.pValue)
    }

    @Test("the divergence is the distance squared")
    func divergence() throws {
        let js = try JensenShannon(reference: [9, 1, 0], current: [3, 3, 4])
        #expect(isNear(js.divergence, js.statistic * js.statistic, relative: 1e-14))
    }

    @Test("equal shares give zero, also when the shares are rounded", arguments: [3, 7, 11, 999])
    func equalShares(total: Int64) throws {
        let counts = [1, total - 2, 1]
        let js = try JensenShannon(reference: counts, current: counts.map { $0 * 3 })
        #expect(js.statistic == 0)
        #expect(js.pValue == 1)
    }

    @Test("shares that never meet have distance 1 in base 2 and √ln 2 in base e")
    func disjoint() throws {
        #expect(isNear(try JensenShannon(reference: [4, 3, 0, 0], current: [0, 0, 5, 6]).statistic, 1))
        // numpy.sqrt(numpy.log(2))
        #expect(isNear(try JensenShannon(reference: [4, 3, 0, 0], current: [0, 0, 5, 6], base: .e).statistic, 0.8325546111576977))
    }

    @Test("it stays in 0…1, is symmetric and obeys the triangle inequality", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func metric(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<200 {
            let cells = Int.random(in: 2...12, using: &random)
            let (a, b, c) = (counts(cells, &random), counts(cells, &random), counts(cells, &random))
            let ab = try JensenShannon(reference: a, current: b).statistic
            let bc = try JensenShannon(reference: b, current: c).statistic
            let ac = try JensenShannon(reference: a, current: c).statistic
            #expect(ab >= 0 && ab <= 1, "seed \(seed): \(a) and \(b) are \(ab) apart")
            #expect(isNear(ab, try JensenShannon(reference: b, current: a).statistic, relative: 1e-9, absolute: 1e-8), "seed \(seed)")
            #expect(ac <= ab + bc + 1e-8, "seed \(seed): \(a), \(b), \(c)")
        }
    }

    /// Counts of which about half are 0, but not all.
    private func counts(_ cells: Int, _ random: inout Seeded) -> [Int64] {
        var counts = (0..<cells).map { _ in Bool.random(using: &random) ? Int64.random(in: 1...1000, using: &random) : 0 }
        counts[Int.random(in: 0..<cells, using: &random)] += 1
        return counts
    }

    @Test("a cell that is empty on both sides changes neither the distance nor its p-value")
    func emptyOnBothSides() throws {
        #expect(
            try JensenShannon(reference: [50, 0, 50], current: [40, 0, 60]) == JensenShannon(reference: [50, 50], current: [40, 60]))
    }

    @Test("for a small shift it is an eighth of PSI, so that both p-values agree")
    func smallShift() throws {
        let reference: [Int64] = [250_000, 250_000, 250_000, 250_000]
        let current: [Int64] = [250_700, 249_500, 249_100, 250_700]
        let psi = try PopulationStabilityIndex(reference: reference, current: current)
        let js = try JensenShannon(reference: reference, current: current, base: .e)
        #expect(isNear(8 * js.divergence, psi.statistic, relative: 1e-5))
        #expect(isNear(js.pValue, psi.pValue, relative: 1e-4))
    }

    @Test("the critical distance knows the sample sizes")
    func critical() {
        // sqrt((1/1000 + 1/500) * chi2.isf(0.05, 9) / 8 / ln 2)
        #expect(isNear(JensenShannon.critical(alpha: 0.05, cells: 10, n: 1000, m: 500), 0.09567312531563663, relative: 1e-9))
        #expect(JensenShannon.critical(alpha: 0.05, cells: 1, n: 1000, m: 500) == 0)
    }
}

@Suite("chi-squared test")
struct ChiSquaredTests {
    @Test("two rows of four cells")
    func fixture() throws {
        let test = try ChiSquared(reference: [50, 30, 15, 5], current: [40, 30, 20, 10])
        #expect(isNear(test.statistic, 3.492063492063492))
        #expect(test.degreesOfFreedom == 3)
        #expect(isNear(test.pValue, 0.32179291901443485, relative: 1e-9))
        #expect(isNear(test.cramersV, 0.13213749452868198))
    }

    @Test("Yates' correction applies to two cells and leaves Cramér's V alone")
    func yates() throws {
        let corrected = try ChiSquared(reference: [12, 5], current: [7, 20])
        #expect(isNear(corrected.statistic, 6.758472652218781))
        #expect(isNear(corrected.pValue, 0.00933035874515043, relative: 1e-9))
        let plain = try ChiSquared(reference: [12, 5], current: [7, 20], correction: false)
        #expect(isNear(plain.statistic, 8.481137484233457))
        #expect(isNear(plain.pValue, 0.0035884765704548983, relative: 1e-9))
        #expect(corrected.cramersV == plain.cramersV)
        #expect(isNear(plain.cramersV, 0.43903658690554426))
    }

    @Test("Yates' correction never turns a gap around", arguments: [([1, 0], [0, 1]), ([10, 10], [11, 10])] as [([Int64], [Int64])])
    func yatesOfSmallGaps(reference: [Int64], current: [Int64]) throws {
        let test = try ChiSquared(reference: reference, current: current)  // every gap is ½ or less
        #expect(test.statistic == 0)
        #expect(test.pValue == 1)
        #expect(test.cramersV > 0)
    }

    @Test("with more than two cells there is nothing to correct")
    func noCorrection() throws {
        let (reference, current): ([Int64], [Int64]) = ([10, 20, 30, 5, 1], [8, 25, 20, 9, 3])
        #expect(
            try ChiSquared(reference: reference, current: current)
                == ChiSquared(reference: reference, current: current, correction: false))
    }

    @Test("cells that are empty on both sides are left out")
    func emptyCells() throws {
        #expect(try ChiSquared(reference: [0, 3, 0, 7], current: [0, 4, 0, 6]) == ChiSquared(reference: [3, 7], current: [4, 6]))
    }

    @Test("proportional rows show nothing")
    func proportional() throws {
        let test = try ChiSquared(reference: [10, 20, 30], current: [20, 40, 60])
        #expect(test.statistic == 0)
        #expect(test.pValue == 1)
        #expect(test.cramersV == 0)
    }

    @Test("a single filled cell leaves nothing to test")
    func oneCell() {
        #expect { try ChiSquared(reference: [0, 5], current: [0, 9]) } throws: { ($0 as? StatisticsError)?.code == .undefined }
    }

    @Test("counts in the millions do not overflow")
    func largeCounts() throws {
        // chi2_contingency([[1e6, 2e6, 3e6], [1001000, 1999000, 3000500]])
        let test = try ChiSquared(reference: [1_000_000, 2_000_000, 3_000_000], current: [1_001_000, 1_999_000, 3_000_500])
        #expect(isNear(test.statistic, 0.7706433713242138, relative: 1e-9))
        #expect(isNear(test.pValue, 0.6802317801944567, relative: 1e-9))
    }
}

@Suite("distances that cannot be taken")
struct RefusedDistancesTests {
    private let distances: [@Sendable ([Int64], [Int64]) throws -> Double] = [
        { try PopulationStabilityIndex(reference: $0, current: $1).statistic },
        { try JensenShannon(reference: $0, current: $1).statistic },
        { try ChiSquared(reference: $0, current: $1).statistic },
    ]

    @Test("a side without rows is empty", arguments: [([0, 0], [1, 2]), ([1, 2], [0, 0]), ([], [])] as [([Int64], [Int64])])
    func emptySide(reference: [Int64], current: [Int64]) {
        for distance in distances {
            #expect { try distance(reference, current) } throws: { ($0 as? StatisticsError)?.code == .empty }
        }
    }

    @Test("both sides need as many cells")
    func unequalLengths() {
        for distance in distances {
            #expect { try distance([1, 2, 3], [1, 2]) } throws: { error in
                let error = error as? StatisticsError
                return error?.code == .unequalLengths && error?.description == "3 and 2 cells, expected as many on both sides"
            }
        }
    }
}
