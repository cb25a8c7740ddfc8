internal import Statistics
internal import Vocabulary

/// Makes the tests of one column.
struct ColumnTests {
    let options: DriftOptions

    struct Result {
        var outcomes: [DriftOutcome]
        var cells: DriftCells?
        var unseen: [String] = []
        var vanished: [String] = []
        /// Cells with rows that hold only one side, or infinite values, worth a sentence.
        var notes: [String] = []
    }

    /// - Parameter edges: of the cells, where they are given.
    func numeric(
        _ reference: [Double], _ current: [Double], tests: [DriftTest], edges: [Double]? = nil, missing: Missing = (0, 0)
    ) throws(StatisticsError) -> Result {
        let isQuantiles = edges != nil || options.binning == .quantiles
        if reference.count + current.count > Self.sortedMax, isQuantiles, tests.allSatisfy(DriftTest.withoutOrder.contains) {
            return large(try ComparedSamples(reference: reference, current: current), tests: tests, edges: edges, missing: missing)
        }
        let r = try SortedSample(reference.filter { !$0.isNaN })
        let a = try SortedSample(current.filter { !$0.isNaN })
        return numeric(r, a, tests: tests, edges: edges, missing: missing)
    }

    /// Beyond so many values sorting is avoided where no test needs it.
    private static let sortedMax = 20_000

    private func large(_ samples: ComparedSamples, tests: [DriftTest], edges: [Double]?, missing: Missing) -> Result {
        let edges = edges ?? samples.quantileEdges(bins: options.bins)
        let counts = samples.counts(edges: edges)
        let cells = withMissing(DriftCells(edges: edges, reference: counts.reference, current: counts.current), missing)
        let outcomes = tests.flatMap { test -> [DriftOutcome] in
            switch test {
            case .ks:
                let ks = samples.kolmogorovSmirnov(options.ksAlternative, method: options.ksMethod)
                return [
                    outcome(of: ks, samples.shares(upTo: ks.location), Int64(samples.referenceCount), Int64(samples.currentCount))
                ]
            case .wasserstein:
                return [attempt(test) { () throws(StatisticsError) in Self.outcome(of: try samples.wasserstein()) }]
            default: return cellTests([test], cells)
            }
        }
        return Result(outcomes: outcomes, cells: cells)
    }

    private func outcome(of ks: KolmogorovSmirnovTest, _ shares: (reference: Double, current: Double), _ n: Int64, _ m: Int64)
        -> DriftOutcome
    {
        var outcome = DriftOutcome(
            DriftTest.ks.rawValue, statistic: ks.statistic, pValue: ks.pValue,
            why: ks.pValue == nil ? "the asymptotic law has no value for so few rows" : nil,
            extra: [("location", .statistic(ks.location)), ("sign", JSON(ks.sign)), ("method", .string(ks.method.rawValue))])
        judge(&outcome, ks.statistic, .ks, n, m)
        outcome.detectable = KolmogorovSmirnov.critical(alpha: DriftOutcome.alpha, n: n, m: m)
        outcome.moved =
            "values up to \(inWords(ks.location)): \(inPercent(shares.reference)) in the reference, \(inPercent(shares.current)) now"
        return outcome
    }

    private static func outcome(of distance: Wasserstein) -> DriftOutcome {
        DriftOutcome(
            DriftTest.wasserstein.rawValue, statistic: distance.statistic,
            extra: [
                ("normalized", .statistic(distance.normalized)), ("reference_std", .statistic(distance.referenceStandardDeviation)),
            ])
    }

    func numeric(
        _ r: SortedSample, _ a: SortedSample, tests: [DriftTest], edges: [Double]? = nil, missing: Missing = (0, 0)
    ) -> Result {
        let edges = edges ?? DriftCells.edges(r, bins: options.bins, binning: options.binning)
        let cells = withMissing(DriftCells(r, a, edges: edges), missing)
        let (n, m) = (Int64(r.count), Int64(a.count))
        var outcomes: [DriftOutcome] = []
        for test in tests {
            switch test {
            case .ks:
                let ks = KolmogorovSmirnovTest(reference: r, current: a, alternative: options.ksAlternative, method: options.ksMethod)
                let shares = (Double(r.count(upTo: ks.location)) / Double(n), Double(a.count(upTo: ks.location)) / Double(m))
                outcomes.append(outcome(of: ks, shares, n, m))
            case .wasserstein:
                outcomes.append(
                    attempt(test) { () throws(StatisticsError) in Self.outcome(of: try Wasserstein(reference: r, current: a)) })
            case .energy:
                outcomes.append(
                    attempt(test) { () throws(StatisticsError) in
                        DriftOutcome(test.rawValue, statistic: try EnergyDistance(reference: r, current: a).statistic)
                    })
            case .cramerVonMises:
                outcomes.append(
                    attempt(test) { () throws(StatisticsError) in
                        let result = try CramerVonMises(reference: r, current: a, method: options.cvmMethod)
                        return DriftOutcome(
                            test.rawValue, statistic: result.statistic, pValue: result.pValue, why: result.why,
                            extra: [("method", .string(result.method.rawValue))])
                    })
            case .andersonDarling:
                outcomes.append(
                    attempt(test) { () throws(StatisticsError) in
                        let result = try AndersonDarling([r, a])
                        return DriftOutcome(test.rawValue, statistic: result.statistic, pValue: result.pValue)
                    })
            case .mannWhitney:
                let result = MannWhitney(reference: r, current: a)
                outcomes.append(DriftOutcome(test.rawValue, statistic: result.statistic, pValue: result.pValue))
            default: outcomes += cellTests([test], cells)
            }
        }
        var notes: [String] = []
        if r.values[0] == r.values[r.count - 1] { notes.append("the reference is constant (\(inWords(r.values[0])))") }
        if a.values[0] == a.values[a.count - 1] { notes.append("the current side is constant (\(inWords(a.values[0])))") }
        if !r.isFinite || !a.isFinite { notes.append("there are infinite values") }
        return Result(outcomes: outcomes, cells: cells, notes: notes)
    }

    func categorical(_ r: [Level: Int64], _ a: [Level: Int64], tests: [DriftTest], missing: Missing = (0, 0)) -> Result {
        let cells = withMissing(DriftCells(r, a), missing)
        var result = Result(outcomes: cellTests(tests, cells), cells: cells)
        result.unseen = a.keys.filter { r[$0] == nil }.sorted().map(\.text)
        result.vanished = r.keys.filter { a[$0] == nil }.sorted().map(\.text)
        if cells.counts.reference.count == 1 { result.notes.append("a single level on both sides") }
        return result
    }

    /// Rows without a value on both sides.
    typealias Missing = (reference: Int64, current: Int64)

    func withMissing(_ cells: DriftCells, _ missing: Missing) -> DriftCells {
        guard options.missingValues == .cell, missing.reference + missing.current > 0 else { return cells }
        var cells = cells
        cells.missing = missing
        return cells
    }

    /// Of a side that has no values at all: with missing values as a cell the statistics of cells, else nothing.
    func withoutValues(_ cells: DriftCells, tests: [DriftTest], missing: Missing, why: String) -> Result {
        let cells = withMissing(cells, missing)
        let outcomes = tests.map { test in
            cells.missing != nil && (DriftTest.ofCells + DriftTest.ofTables).contains(test)
                ? cellTests([test], cells)[0] : DriftOutcome(test.rawValue, undefined: why)
        }
        return Result(outcomes: outcomes, cells: cells.missing == nil ? nil : cells, notes: [why])
    }

    /// Whether values are missing as often as in the reference.
    func missing(_ missing: (reference: Int64, current: Int64), of rows: (reference: Int64, current: Int64)) -> DriftOutcome {
        let (n, m) = rows
        let (r, a) = missing
        let was = Double(r) / Double(n)
        let now = Double(a) / Double(m)
        // No missing value on either side: there is nothing to test.
        let chi = try? ChiSquared(reference: [r, n - r], current: [a, m - a])
        var outcome = DriftOutcome("missing", statistic: now - was, pValue: chi?.pValue ?? 1)
        outcome.effect = abs(now - was)
        outcome.floor = 0.05
        outcome.rows = min(n, m)
        outcome.moved = "missing values went from \(inPercent(was)) to \(inPercent(now))"
        let pooled = Double(r + a) / Double(n + m)
        let deviation = (max(pooled * (1 - pooled), 0.05 * 0.95) * (1 / Double(n) + 1 / Double(m))).squareRoot()
        outcome.detectable = Distributions.normalQuantile(1 - DriftOutcome.alpha / 2) * deviation
        return outcome
    }

    func cellTests(_ tests: [DriftTest], _ cells: DriftCells) -> [DriftOutcome] {
        let (r, a) = cells.counts
        let tested = CommonCells(r, a)
        let (n, m) = (r.reduce(0, +), a.reduce(0, +))
        return tests.map { test in
            attempt(test) { () throws(StatisticsError) in
                var outcome: DriftOutcome
                switch test {
                case .psi:
                    let psi = try PopulationStabilityIndex(reference: r, current: a, floor: options.psiFloor)
                    let law = try? PopulationStabilityIndex(reference: tested.reference, current: tested.current, floor: options.psiFloor)
                    // What chance alone passes in one test of twenty, before any correction.
                    let critical = PopulationStabilityIndex.critical(
                        alpha: DriftOutcome.alpha, cells: zip(r, a).count { $0 + $1 > 0 }, n: n, m: m)
                    outcome = DriftOutcome(
                        test.rawValue, statistic: psi.statistic, pValue: psi.pValue, extra: [("critical_value", .statistic(critical))])
                    outcome.pool(law?.pValue, tested)
                    outcome.bound(pearson(tested))
                    judge(&outcome, psi.statistic, test, n, m)
                    outcome.detectable = PopulationStabilityIndex.critical(alpha: DriftOutcome.alpha, cells: tested.count, n: n, m: m)
                case .jensenShannon:
                    let base: JensenShannon.Base = options.base == .two ? .two : .e
                    let js = try JensenShannon(reference: r, current: a, base: base)
                    let law = try? JensenShannon(reference: tested.reference, current: tested.current, base: base)
                    outcome = DriftOutcome(
                        test.rawValue, statistic: js.statistic, pValue: js.pValue,
                        extra: [("divergence", .statistic(js.divergence))])
                    outcome.pool(law?.pValue, tested)
                    outcome.bound(pearson(tested))
                    // The floor is of the distance in base 2, whatever is printed.
                    let effect = (try? JensenShannon(reference: r, current: a))?.statistic ?? js.statistic
                    judge(&outcome, effect, test, n, m)
                    outcome.detectable = JensenShannon.critical(alpha: DriftOutcome.alpha, cells: tested.count, n: n, m: m)
                case .chiSquared:
                    let chi = try ChiSquared(reference: r, current: a, correction: false)
                    let law = try? ChiSquared(reference: tested.reference, current: tested.current, correction: false)
                    outcome = chiSquared(chi, law, tested, n, m)
                    outcome.members += yates([r, a].map { $0.map(Double.init) }, .pearson)
                case .gTest, .fisherExact, .twoProportions: return try tableTest(test, cells)
                default:
                    let distances = try CellDistances(reference: r, current: a, floor: options.psiFloor)
                    switch test {
                    case .hellinger: return DriftOutcome(test.rawValue, statistic: distances.hellinger)
                    case .totalVariation: return DriftOutcome(test.rawValue, statistic: distances.totalVariation)
                    case .lInfinity: return DriftOutcome(test.rawValue, statistic: distances.lInfinity)
                    default:
                        return DriftOutcome(
                            test.rawValue, statistic: distances.kullbackLeibler, extra: [("raw", .statistic(distances.kullbackLeiblerRaw))])
                    }
                }
                outcome.moved = cells.moved
                outcome.rowsNeeded = tested.rowsNeeded
                return outcome
            }
        }
    }

    /// The same with Yates' correction, which scipy applies to two levels unless told otherwise.
    private func yates(_ table: [[Double]], _ kind: ContingencyTest.Kind) -> [(String, JSON)] {
        guard table[0].count == 2, let corrected = try? ContingencyTest(table, kind: kind, correction: true) else { return [] }
        return [("statistic_yates", .statistic(corrected.statistic)), ("p_value_yates", .statistic(corrected.pValue))]
    }

    private func pearson(_ cells: CommonCells) -> Double? {
        (try? ChiSquared(reference: cells.reference, current: cells.current, correction: false))?.pValue
    }

    /// The tests of a table of levels beside chi-squared, two of them for two levels only.
    private func tableTest(_ test: DriftTest, _ cells: DriftCells) throws(StatisticsError) -> DriftOutcome {
        let (r, a) = cells.counts
        if test == .gTest {
            let g = try ContingencyTest([r.map(Double.init), a.map(Double.init)], kind: .likelihoodRatio, correction: false)
            return DriftOutcome(
                test.rawValue, statistic: g.statistic, pValue: g.pValue,
                extra: [("degrees_of_freedom", JSON(g.degreesOfFreedom))] + yates([r, a].map { $0.map(Double.init) }, .likelihoodRatio))
        }
        guard r.count == 2 else {
            throw StatisticsError(.undefined, "\(r.count) levels\(cells.missing == nil ? "" : ", missing as one"), expected two")
        }
        if test == .fisherExact {
            let fisher = try FisherExact(a: r[0], b: r[1], c: a[0], d: a[1])
            return DriftOutcome(
                test.rawValue, statistic: fisher.oddsRatio, pValue: fisher.pValue,
                why: fisher.oddsRatio == nil ? "the odds ratio is 0/0" : nil)
        }
        let shares = try TwoProportions(count1: a[1], n1: a[0] + a[1], count2: r[1], n2: r[0] + r[1])
        return DriftOutcome(
            test.rawValue, statistic: shares.pooledZ, pValue: shares.pooledZ.map(Distributions.normalTwoSided),
            why: shares.pooledZ == nil ? "one level holds all rows" : nil)
    }

    private func chiSquared(_ chi: ChiSquared, _ law: ChiSquared?, _ tested: CommonCells, _ n: Int64, _ m: Int64) -> DriftOutcome {
        var outcome = DriftOutcome(
            DriftTest.chiSquared.rawValue, statistic: chi.statistic, pValue: chi.pValue,
            extra: [("degrees_of_freedom", JSON(chi.degreesOfFreedom)), ("cramers_v", .statistic(chi.cramersV))])
        outcome.pool(law?.pValue, tested)
        judge(&outcome, chi.balancedV, .chiSquared, n, m)
        let critical = Distributions.chiSquaredCritical(DriftOutcome.alpha, degreesOfFreedom: Double(max(1, tested.count - 1)))
        outcome.detectable = ChiSquared.balancedV(statistic: critical, n: n, m: m)
        return outcome
    }

    private func judge(_ outcome: inout DriftOutcome, _ effect: Double, _ test: DriftTest, _ n: Int64, _ m: Int64) {
        outcome.effect = effect
        outcome.floor = test.floor
        outcome.rows = min(n, m)
    }

    /// A statistic that has no value says why, instead of ending the report.
    private func attempt(_ test: DriftTest, _ make: () throws(StatisticsError) -> DriftOutcome) -> DriftOutcome {
        do { return try make() } catch { return DriftOutcome(test.rawValue, undefined: error.description) }
    }
}

extension DriftOptions {
    var ksAlternative: KolmogorovSmirnovTest.Alternative {
        switch alternative {
        case .twoSided: .twoSided
        case .less: .less
        case .greater: .greater
        }
    }
    var ksMethod: KolmogorovSmirnovTest.Method {
        switch pValues {
        case .auto: .auto
        case .exact: .exact
        case .asymptotic: .asymptotic
        }
    }
    var cvmMethod: CramerVonMises.Method {
        switch pValues {
        case .auto: .auto
        case .exact: .exact
        case .asymptotic: .asymptotic
        }
    }
}
