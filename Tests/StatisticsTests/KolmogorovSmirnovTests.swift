import Statistics
import TestSupport
import Testing

@Suite("Kolmogorov-Smirnov distance of raw values")
struct KolmogorovSmirnovTests {
    // SciPy 1.17.1: ks_2samp for the distance, special.kolmogorov at √(10·12/22)·D for the p-value.
    @Test("distance, place and side of two small samples with ties")
    func fixture() throws {
        let ks = try KolmogorovSmirnov(reference: [1, 2, 2, 3, 3, 3, 4, 7, 8, 9], current: [2, 3, 3, 4, 4, 5, 5, 6, 8, 8, 9, 9])
        #expect(isNear(ks.statistic, 0.35))
        #expect(ks.upperBound == ks.statistic)
        #expect(ks.location == 3)
        #expect(ks.sign == 1)
        #expect(isNear(ks.pValue, 0.5160715274389962, relative: 1e-9))
    }

    @Test("equal samples are no distance apart, at no place, on no side", arguments: [1, 2, 7, 100])
    func equalSamples(count: Int) throws {
        let values = (0..<count).map { Double($0 % 5) }
        let ks = try KolmogorovSmirnov(reference: values, current: values.reversed())
        #expect(ks.statistic == 0)
        #expect(ks.location == nil)
        #expect(ks.sign == 0)
        #expect(ks.pValue == 1)
    }

    @Test("separated samples are 1 apart")
    func separated() throws {
        let ks = try KolmogorovSmirnov(reference: [1, 2, 3], current: [4, 5])
        #expect(ks.statistic == 1)
        #expect(ks.location == 3)
        #expect(ks.sign == 1)
    }

    @Test("exchanging the samples turns the sign and nothing else")
    func exchanged() throws {
        let a: [Double] = [0.61, 0.29, 0.06, 0.59, -1.73]
        let b: [Double] = [-0.74, 0.51, -0.56, 0.39, 1.64, 0.05, -0.06]
        let forth = try KolmogorovSmirnov(reference: a, current: b)
        let back = try KolmogorovSmirnov(reference: b, current: a)
        #expect(forth.sign == -1 && back.sign == 1)
        #expect(forth.statistic == back.statistic)
        #expect(forth.location == back.location)
        #expect(forth.pValue == back.pValue)
    }

    @Test(
        "the distance is the largest gap between the distribution functions, and is attained where it says",
        arguments: 1...20 as ClosedRange<UInt64>)
    func definition(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<20 {
            let (a, b) = (sample(&random), sample(&random))
            let ks = try KolmogorovSmirnov(reference: a, current: b)
            let gaps = (a + b).map { abs(gapOfDistributions(a, b, at: $0)) }
            #expect(isNear(ks.statistic, gaps.max() ?? 0, absolute: 1e-15), "seed \(seed): \(a) and \(b)")
            if let location = ks.location {
                let gap = gapOfDistributions(a, b, at: location)
                #expect(isNear(gap, Double(ks.sign) * ks.statistic, absolute: 1e-15), "seed \(seed): \(a) and \(b) at \(location)")
            } else {
                #expect(ks.statistic == 0, "seed \(seed)")
            }
        }
    }

    @Test("only the order of the values counts", arguments: 1...10 as ClosedRange<UInt64>)
    func invariance(seed: UInt64) throws {
        var random = Seeded(seed)
        let (a, b) = (sample(&random), sample(&random))
        let plain = try KolmogorovSmirnov(reference: a, current: b)
        let cubed = try KolmogorovSmirnov(reference: a.shuffled(using: &random).map { $0 * $0 * $0 }, current: b.map { $0 * $0 * $0 })
        #expect(cubed.statistic == plain.statistic, "seed \(seed)")
        #expect(cubed.pValue == plain.pValue, "seed \(seed)")
    }

    @Test("infinities are values like others")
    func infinities() throws {
        // SciPy 1.17.1, ks_2samp: 0.2 at −∞, sign −1.
        let ks = try KolmogorovSmirnov(reference: [1, 2, .infinity, 4], current: [-.infinity, 2, 3, .infinity, 9])
        #expect(isNear(ks.statistic, 0.2))
        #expect(ks.location == -.infinity)
        #expect(ks.sign == -1)
    }

    @Test("zeros of both signs are one value")
    func signedZeros() throws {
        #expect(try KolmogorovSmirnov(reference: [0, -0.0, 0], current: [-0.0, 0]).statistic == 0)
    }

    @Test("a side without values is empty", arguments: [([], [1]), ([1], []), ([], [])] as [([Double], [Double])])
    func emptySide(reference: [Double], current: [Double]) {
        #expect { try KolmogorovSmirnov(reference: reference, current: current) } throws: { ($0 as? StatisticsError)?.code == .empty }
    }

    @Test("NaN has no place in an order", arguments: [([.nan, 1], [1]), ([1], [2, .nan])] as [([Double], [Double])])
    func notANumber(reference: [Double], current: [Double]) {
        #expect { try KolmogorovSmirnov(reference: reference, current: current) } throws: { ($0 as? StatisticsError)?.code == .outOfRange }
    }

    @Test("the p-value at the critical distance is alpha", arguments: [0.2, 0.05, 0.001])
    func critical(alpha: Double) {
        let d = KolmogorovSmirnov.critical(alpha: alpha, n: 300, m: 500)
        #expect(isNear(Distributions.kolmogorovTail((300.0 * 500 / 800).squareRoot() * d), alpha, relative: 1e-9))
    }

    @Test("with 1000 rows on both sides chance alone passes 0.0607 once in twenty")
    func criticalFixture() {
        // SciPy 1.17.1: special.kolmogi(0.05) = 1.3580986393225507, times √(2000/10⁶)
        let wanted = 1.3580986393225507 * 0.002.squareRoot()
        #expect(isNear(KolmogorovSmirnov.critical(alpha: 0.05, n: 1000, m: 1000), wanted, relative: 1e-9))
    }
}

@Suite("Kolmogorov-Smirnov distance of counts on cells")
struct KolmogorovSmirnovOfCellsTests {
    @Test("where every reference value is a cut, cells lose nothing", arguments: 1...20 as ClosedRange<UInt64>)
    func everyValueIsACut(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<20 {
            let (a, b) = (sample(&random), sample(&random))
            let cuts = Set(a).sorted()
            let raw = try KolmogorovSmirnov(reference: a, current: b)
            let onCells = try KolmogorovSmirnov(cuts: cuts, referenceCells: cells(a, cuts), currentCells: cells(b, cuts))
            #expect(onCells.statistic == raw.statistic, "seed \(seed): \(a) and \(b)")
            #expect(onCells.upperBound == raw.statistic, "seed \(seed): \(a) and \(b)")
            #expect(onCells.pValue == raw.pValue, "seed \(seed)")
            guard let location = onCells.location else { continue }
            let gap = gapOfDistributions(a, b, at: location)
            #expect(isNear(gap, Double(onCells.sign) * raw.statistic, absolute: 1e-15), "seed \(seed): \(a) and \(b) at \(location)")
        }
    }

    @Test("with coarser cuts the true distance lies between the two bounds", arguments: 1...20 as ClosedRange<UInt64>)
    func coarseCuts(seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<20 {
            let (a, b) = (sample(&random), sample(&random))
            let cuts = Set(a + b).filter { _ in random.uniform() < 0.3 }.sorted()
            let raw = try KolmogorovSmirnov(reference: a, current: b)
            let onCells = try KolmogorovSmirnov(cuts: cuts, referenceCells: cells(a, cuts), currentCells: cells(b, cuts))
            #expect(onCells.statistic <= raw.statistic, "seed \(seed): \(a) and \(b) cut at \(cuts)")
            #expect(onCells.upperBound >= raw.statistic, "seed \(seed): \(a) and \(b) cut at \(cuts)")
            #expect(onCells.pValue >= raw.pValue, "seed \(seed)")
        }
    }

    @Test("a cell with values of both sides can hide a whole distance")
    func hidden() throws {
        // Nothing is known but that all values lie below the cut: they may be equal, and they may be separated.
        let ks = try KolmogorovSmirnov(cuts: [10], referenceCells: [5, 0, 0], currentCells: [7, 0, 0])
        #expect(ks.statistic == 0)
        #expect(ks.upperBound == 1)
        #expect(ks.location == nil)
    }

    @Test("values on the cuts themselves are known exactly")
    func onTheCuts() throws {
        let ks = try KolmogorovSmirnov(cuts: [1, 2], referenceCells: [0, 3, 0, 1, 0], currentCells: [0, 1, 0, 3, 0])
        #expect(ks.statistic == 0.5)
        #expect(ks.upperBound == 0.5)
        #expect(ks.location == 1)
        #expect(ks.sign == 1)
    }

    @Test("what lies between two cuts is placed just below the upper one")
    func betweenTheCuts() throws {
        let ks = try KolmogorovSmirnov(cuts: [1, 2], referenceCells: [0, 0, 4, 0, 0], currentCells: [0, 0, 0, 4, 0])
        #expect(ks.statistic == 1)
        #expect(ks.location == 2.0.nextDown)
    }

    @Test("without cuts nothing is known")
    func noCuts() throws {
        let ks = try KolmogorovSmirnov(cuts: [], referenceCells: [5], currentCells: [7])
        #expect(ks.statistic == 0)
        #expect(ks.upperBound == 1)
        #expect(ks.pValue == 1)
    }

    @Test("billions of rows do not overflow")
    func billions() throws {
        let ks = try KolmogorovSmirnov(
            cuts: [0], referenceCells: [3_000_000_000, 0, 3_000_000_000], currentCells: [2_000_000_000, 0, 6_000_000_000])
        #expect(ks.statistic == 0.25)
        #expect(ks.pValue == 0)
    }

    @Test("a side without values is empty")
    func emptySide() {
        #expect { try KolmogorovSmirnov(cuts: [1], referenceCells: [0, 0, 0], currentCells: [1, 0, 0]) } throws: {
            ($0 as? StatisticsError)?.code == .empty
        }
    }

    /// Counts on the 2k + 1 cells of k cuts, by the definition of the cells.
    private func cells(_ values: [Double], _ cuts: [Double]) -> [Int64] {
        values.reduce(into: [Int64](repeating: 0, count: 2 * cuts.count + 1)) { cells, value in
            let below = cuts.count { $0 < value }
            cells[2 * below + (cuts.contains(value) ? 1 : 0)] += 1
        }
    }
}

/// 1 to 40 values on a grid of 21, so that there are ties within and between samples.
private func sample(_ random: inout Seeded) -> [Double] {
    let shift = Double.random(in: -3...3, using: &random)
    return (0..<Int.random(in: 1...40, using: &random)).map { _ in (random.gaussian() * 3 + shift).rounded() / 2 }
}
