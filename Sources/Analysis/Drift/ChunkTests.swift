internal import Statistics

/// The statistics of chunks of one column against its reference, which is prepared once: a chunk costs what it holds, and the cells.
struct ChunkTests {
    let tests: [DriftTest]
    private let maker: ColumnTests

    init(options: DriftOptions, tests: [DriftTest]) {
        var options = options
        options.pValues = .asymptotic  // only the statistics are shown
        maker = ColumnTests(options: options)
        self.tests = tests
    }

    /// The statistics of a chunk; of one that is part of the reference it must be known, so that it is compared with the rest.
    typealias Measure = (_ chunk: ColumnData, _ isPart: Bool) -> [DriftChunks.Value]

    func measure(_ reference: ColumnData, _ current: ColumnData, edges: [Double]?) -> Measure {
        switch (reference, current) {
        case (.numbers(let numbers), _): return numeric(numbers, edges)
        case (.levels(let levels), .levels(let now)): return categorical(levels, now)
        default: return { _, _ in values(nil) }
        }
    }

    private func values(_ result: ColumnTests.Result?) -> [DriftChunks.Value] {
        tests.map { test in
            let outcome = result?.outcomes.first { $0.test == test.rawValue }
            return DriftChunks.Value(statistic: outcome?.statistic, why: outcome?.undefinedReason)
        }
    }

    private func numeric(_ numbers: [Double], _ edges: [Double]?) -> Measure {
        guard let whole = try? SortedSample(numbers.filter { !$0.isNaN }) else { return { _, _ in values(nil) } }
        let options = maker.options
        let edges = edges ?? DriftCells.edges(whole, bins: options.bins, binning: options.binning)
        let wholeCells = whole.counts(edges: edges)
        let wholeMissing = Int64(numbers.count - whole.count)
        let prepared = PreparedReference(whole)
        let needsOrder = !tests.allSatisfy(DriftTest.withoutOrder.contains)
        return { chunk, isPart in
            guard case .numbers(let numbers) = chunk else { return values(nil) }
            guard let sample = try? SortedSample(numbers.filter { !$0.isNaN }) else {
                let cells = DriftCells(edges: edges, reference: wholeCells, current: [Int64](repeating: 0, count: edges.count + 1))
                let missing = (wholeMissing - (isPart ? Int64(numbers.count) : 0), Int64(numbers.count))
                return values(maker.withoutValues(cells, tests: tests, missing: missing, why: "the chunk has no values"))
            }
            let missing = Int64(numbers.count - sample.count)
            // A single chunk has nothing else to be compared with.
            let hasRest = isPart && sample.count < whole.count
            let both = (hasRest ? wholeMissing - missing : wholeMissing, missing)
            if needsOrder {
                let others = hasRest ? whole.without(sample) : nil
                return values(maker.numeric(others ?? whole, sample, tests: tests, edges: edges, missing: both))
            }
            let counts = sample.counts(edges: edges)
            let cells = maker.withMissing(
                DriftCells(edges: edges, reference: hasRest ? zip(wholeCells, counts).map { $0 - $1 } : wholeCells, current: counts), both)
            return tests.map { test in
                switch test {
                case .ks:
                    return DriftChunks.Value(
                        statistic: prepared.kolmogorovSmirnov(sample, isPart: isPart, alternative: options.ksAlternative))
                case .wasserstein: return value { () throws(StatisticsError) in try prepared.wasserstein(sample, isPart: isPart) }
                default: return cellValue(test, cells)
                }
            }
        }
    }

    private func categorical(_ reference: CodedLevels, _ current: CodedLevels) -> Measure {
        let tally = reference.tally
        let levels = tally.keys.sorted()
        let whole = levels.map { tally[$0] ?? 0 }
        let total = whole.reduce(0, +)
        let wholeMissing = Int64(reference.codes.count) - total
        let places = Dictionary(uniqueKeysWithValues: levels.enumerated().map { ($1, $0) })
        let (ofReference, ofCurrent) = (reference.names.map { places[$0] }, current.names.map { places[$0] })
        return { chunk, isPart in
            guard case .levels(let chunk) = chunk else { return values(nil) }
            var counts = [Int64](repeating: 0, count: levels.count)
            var unseen: [Level: Int64] = [:]
            var missing: Int64 = 0
            for code in chunk.codes {
                if code < 0 {
                    missing += 1
                } else if let place = (isPart ? ofReference : ofCurrent)[Int(code)] {
                    counts[place] += 1
                } else {
                    unseen[chunk.names[Int(code)], default: 0] += 1
                }
            }
            let hasRest = isPart && Int64(chunk.codes.count) - missing < total
            let cells = maker.withMissing(
                DriftCells(
                    levels: levels, reference: hasRest ? zip(whole, counts).map { $0 - $1 } : whole, current: counts, unseen: unseen),
                (hasRest ? wholeMissing - missing : wholeMissing, missing))
            return tests.map { cellValue($0, cells) }
        }
    }

    private func cellValue(_ test: DriftTest, _ cells: DriftCells) -> DriftChunks.Value {
        let (r, a) = cells.counts
        return switch test {
        case .psi:
            value { () throws(StatisticsError) in
                try PopulationStabilityIndex(reference: r, current: a, floor: maker.options.psiFloor).statistic
            }
        case .jensenShannon:
            value { () throws(StatisticsError) in
                try JensenShannon(reference: r, current: a, base: maker.options.base == .two ? .two : .e).statistic
            }
        case .chiSquared:
            value { () throws(StatisticsError) in try ChiSquared(reference: r, current: a, correction: false).statistic }
        default: values(ColumnTests.Result(outcomes: maker.cellTests([test], cells)))[tests.firstIndex(of: test) ?? 0]
        }
    }

    private func value(_ statistic: () throws(StatisticsError) -> Double) -> DriftChunks.Value {
        do { return DriftChunks.Value(statistic: try statistic()) } catch { return DriftChunks.Value(why: error.description) }
    }
}
