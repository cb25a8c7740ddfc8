import Statistics
import TestSupport
import Testing

@Suite("Other two-sample tests") struct TwoSampleTests {
    private func sides(_ a: [Double], _ b: [Double]) throws -> (SortedSample, SortedSample) { (try SortedSample(a), try SortedSample(b)) }

    /// All splits of the pooled values, by the statistic itself: slow and sure.
    private func permutationShare(_ pooled: [Double], _ n: Int, _ statistic: ([Double], [Double]) throws -> Double) rethrows -> Double {
        let observed = try statistic(Array(pooled.prefix(n)), Array(pooled.dropFirst(n)))
        var (atLeast, total) = (0, 0)
        for mask in 0..<(1 << pooled.count) where mask.nonzeroBitCount == n {
            let a = pooled.indices.filter { mask >> $0 & 1 == 1 }.map { pooled[$0] }
            let b = pooled.indices.filter { mask >> $0 & 1 == 0 }.map { pooled[$0] }
            total += 1
            if try statistic(a, b) >= observed - 1e-9 { atLeast += 1 }
        }
        return Double(atLeast) / Double(total)
    }

    @Test(
        "the exact Cramér-von Mises p-value is the share of all splits, with ties and without",
        arguments: [[1.0, 5, 2, 8, 3, 9, 4], [1, 1, 2, 2, 3, 3, 3], [5, 5, 5, 5, 6, 6, 7], [2, 2, 2, 2, 2, 2, 2]])
    func cramerVonMisesExact(pooled: [Double]) throws {
        let (a, b) = try sides(Array(pooled.prefix(3)), Array(pooled.dropFirst(3)))
        let result = try CramerVonMises(reference: a, current: b, method: .exact)
        let share = try permutationShare(pooled, 3) {
            try CramerVonMises(reference: try SortedSample($0), current: try SortedSample($1), method: .asymptotic).statistic
        }
        #expect(isNear(try #require(result.pValue), share, relative: 1e-9))
    }

    @Test("Cramér-von Mises needs two values on a side, and says when its exact law is out of reach") func cramerVonMisesLimits() throws {
        let (a, b) = try sides([1], [2, 3])
        #expect(throws: StatisticsError.self) { try CramerVonMises(reference: a, current: b) }
        var random = Seeded(9)
        let (c, d) = try sides((0..<900).map { _ in random.uniform() }, (0..<901).map { _ in random.uniform() })
        let result = try CramerVonMises(reference: c, current: d, method: .exact)
        #expect(result.pValue == nil)
        #expect(result.why != nil)
    }

    @Test("U counts the pairs in which the reference is larger, ties half") func mannWhitney() throws {
        let (a, b) = try sides([1, 2, 3], [2, 2, 0])
        let result = MannWhitney(reference: a, current: b)
        #expect(result.statistic == 1 + 2 + 3)  // 1 > 0; 2 > 0 and two ties; 3 > all
        let (c, d) = try sides([4, 4], [4, 4, 4])
        #expect(MannWhitney(reference: c, current: d).pValue == 1)
    }

    @Test("Anderson-Darling's p-value falls as the statistic grows, over the whole line", arguments: [1.0, 2, 5, 20])
    func andersonDarlingMonotone(m: Double) throws {
        var samples: [Double] = []
        for shift in stride(from: 0.0, through: 6, by: 0.25) {
            var random = Seeded(1)
            let a = try SortedSample((0..<60).map { _ in random.gaussian() })
            let b = try SortedSample((0..<60).map { _ in random.gaussian() + shift })
            let others = try (0..<Int(m - 1)).map { k in try SortedSample((0..<60).map { _ in random.gaussian() + shift * Double(k % 2) }) }
            samples.append(try AndersonDarling([a, b] + others).pValue)
        }
        for (p, next) in zip(samples, samples.dropFirst()) { #expect(next <= p + 1e-12 && next > 0 && next <= 1) }
        #expect(samples[samples.count - 1] < 0.001)
    }

    @Test("Anderson-Darling has no value for a single distinct value, one sample, or three values") func andersonDarlingUndefined() throws {
        let five = try SortedSample([5, 5, 5])
        #expect(throws: StatisticsError.self) { try AndersonDarling([five, five]) }
        #expect(throws: StatisticsError.self) { try AndersonDarling([try SortedSample([1, 2, 3, 4])]) }
        #expect(throws: StatisticsError.self) { try AndersonDarling([try SortedSample([1, 2]), try SortedSample([3])]) }
    }

    @Test("moving every value by c moves the Wasserstein distance by c") func wassersteinShift() throws {
        let a = [3.0, 1, 4, 1, 5]
        let (r, c) = try sides(a, a.map { $0 + 2.5 })
        let distance = try Wasserstein(reference: r, current: c)
        #expect(isNear(distance.statistic, 2.5))
        let deviation = try #require(distance.referenceStandardDeviation)
        #expect(isNear(deviation, 1.6))  // the population's: mean 2.8, squares 52, 52/5 − 7.84 = 2.56
        #expect(isNear(try #require(distance.normalized), 2.5 / 1.6))
    }

    @Test("a constant reference counts as having a deviation of 0.001") func wassersteinConstant() throws {
        let (r, c) = try sides([7, 7, 7], [7, 8, 7])
        #expect(isNear(try #require(try Wasserstein(reference: r, current: c).normalized), 1.0 / 3 / 0.001))
    }

    @Test("weights count like repeated values") func weights() throws {
        let plain = try Wasserstein(reference: try SortedSample([0, 1, 1, 3]), current: try SortedSample([5, 5, 6, 8]))
        let weighted = try Wasserstein(reference: [0, 1, 3], weights: [1, 2, 1], current: [5, 6, 8], currentWeights: [2, 1, 1])
        #expect(isNear(plain.statistic, weighted.statistic))
        #expect(throws: StatisticsError.self) { try EnergyDistance(reference: [0], weights: [-1], current: [1], currentWeights: [1]) }
        #expect(throws: StatisticsError.self) { try EnergyDistance(reference: [0], weights: [0], current: [1], currentWeights: [1]) }
        #expect(throws: StatisticsError.self) { try EnergyDistance(reference: [0], weights: [], current: [1], currentWeights: [1]) }
    }

    @Test("the energy distance is the root of 2E|X − Y| − E|X − X′| − E|Y − Y′|") func energy() throws {
        let (a, b) = ([1.0, 2, 4], [2.0, 7])
        func mean(_ x: [Double], _ y: [Double]) -> Double {
            x.reduce(0) { sum, p in sum + y.reduce(0) { $0 + abs(p - $1) } } / Double(x.count * y.count)
        }
        let expected = (2 * mean(a, b) - mean(a, a) - mean(b, b)).squareRoot()
        let (r, c) = try sides(a, b)
        #expect(isNear(try EnergyDistance(reference: r, current: c).statistic, expected))
    }

    @Test("infinite values have no distance") func infinite() throws {
        let (r, c) = try sides([1, .infinity], [1, 2])
        #expect(throws: StatisticsError.self) { try Wasserstein(reference: r, current: c) }
        #expect(throws: StatisticsError.self) { try EnergyDistance(reference: r, current: c) }
    }

    @Test("distances of cells: equal shares are 0, disjoint ones are 1") func cells() throws {
        let equal = try CellDistances(reference: [10, 20], current: [1, 2])
        #expect(isNear(equal.totalVariation, 0, absolute: 1e-15) && isNear(equal.hellinger, 0, absolute: 1e-7))
        #expect(isNear(equal.kullbackLeibler, 0, absolute: 1e-15))
        let disjoint = try CellDistances(reference: [5, 0], current: [0, 8])
        #expect(disjoint.totalVariation == 1 && disjoint.hellinger == 1 && disjoint.lInfinity == 1)
        #expect(disjoint.kullbackLeiblerRaw == .infinity && disjoint.kullbackLeibler.isFinite)
        #expect(throws: StatisticsError.self) { try CellDistances(reference: [0, 0], current: [1, 2]) }
    }
}
