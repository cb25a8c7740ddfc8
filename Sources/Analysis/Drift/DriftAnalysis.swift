internal import Dispatch
internal import Statistics
internal import Synchronization
public import Vocabulary

/// Compares two files column by column: `evenkeel drift`.
public enum DriftAnalysis {
    /// - Throws: ``AnalysisError`` for options that do not fit the files, `TableError` for a cell that is no number where one is expected.
    public static func report(reference: Frame, current: Frame, options: DriftOptions) throws -> Report {
        try options.check()
        if options.isNannyML, let test = options.tests.first(where: { !nannyMLTests.contains($0) && !DriftTest.ofAllColumns.contains($0) })
        {
            throw AnalysisError.unsupported("\(test.rawValue) with --convention nannyml, which does not have it")
        }
        for frame in [reference, current] { try frame.requireRows(0..<frame.rows, in: frame.names) }
        let reader = DriftColumns(reference: reference, current: current, options: options)
        let names = try reader.names()
        let chunks = try DriftChunks(options, reference: reference, current: current)
        // Columns are read and compared on all cores; each result has its place, so their order does not depend on the threads.
        let slots = Mutex([Result<(DriftColumn, ComparedColumn?), any Error>?](repeating: nil, count: names.count))
        DispatchQueue.concurrentPerform(iterations: names.count) { place in
            let made = Result {
                let column = try reader.column(names[place])
                return (column, try self.compare(column, place: place, chunks: chunks, options: options))
            }
            slots.withLock { $0[place] = made }
        }
        let results = try slots.withLock { $0 }.compactMap { try $0?.get() }
        let columns = results.map(\.0)
        var compared = results.compactMap(\.1)
        let without = columns.enumerated().compactMap { place, column -> (place: Int, column: DriftColumn)? in
            if case .compared = column { nil } else { (place, column) }
        }
        var outcomes = compared.map(\.judged)
        settle(&outcomes)
        for i in compared.indices { compared[i].settled(outcomes[i]) }
        let histograms = options.hasHistograms ? DriftHistogram.ofDrifted(compared, columns) : [:]
        let joint = DriftJoint(columns: columns, options: options).result()
        return DriftReport(
            reference: reference, current: current, options: options, compared: compared, without: without, joint: joint,
            histograms: histograms
        ).report()
    }

    private static let nannyMLTests: Set<DriftTest> = [.ks, .jensenShannon, .wasserstein, .hellinger, .chiSquared, .lInfinity]

    private static func compare(
        _ column: DriftColumn, place: Int, chunks: DriftChunks?, options: DriftOptions
    ) throws -> ComparedColumn? {
        guard case .compared(let name, let kind, let r, let a) = column else { return nil }
        let maker = ColumnTests(options: options)
        let shown = options.tests(for: kind, rows: max(r.count, a.count))
        // Verdicts rest on the statistics that have a floor; when none of them is asked for they are made all the same, and not printed.
        let judging: [DriftTest] =
            shown.contains { $0.floor != nil }
            ? [] : kind == .numeric ? [.ks, .psi, .jensenShannon] : [.chiSquared, .psi, .jensenShannon]
        let result: ColumnTests.Result
        let absent = (reference: r.missing, current: a.missing)
        let missing = (reference: Int64(absent.reference), current: Int64(absent.current))
        if absent.reference == r.count || absent.current == a.count {
            // Nothing to compare but the share of missing values, which has changed entirely.
            let why = absent.reference == r.count ? "the reference has no values" : "the current file has no values"
            result = maker.withoutValues(
                try cells(r, a, edges: options.edges[name], options), tests: shown + judging, missing: missing, why: why)
        } else {
            switch (r, a) {
            case (.numbers(let r), .numbers(let a)):
                result = try maker.numeric(r, a, tests: shown + judging, edges: options.edges[name], missing: missing)
            case (.levels(let r), .levels(let a)): result = maker.categorical(r.tally, a.tally, tests: shown + judging, missing: missing)
            default: throw AnalysisError("\(name) has numbers on one side and levels on the other")
            }
        }
        let chunkTests =
            options.isNannyML
            ? DriftChunks.nannyMLTests(kind, options) : options.tests.isEmpty ? shown.filter(DriftTest.ofChunks.contains) : shown
        return ComparedColumn(
            name: name, kind: kind, place: place, shown: shown.count, result: result,
            missing: maker.missing(missing, of: (Int64(r.count), Int64(a.count))),
            counts: (r.count - absent.reference, a.count - absent.current),
            shares: (share(absent.reference, of: r), share(absent.current, of: a)),
            chunks: chunks?.result(r, a, tests: chunkTests, edges: options.edges[name]))
    }

    /// The cells of a column of which one side has no values.
    private static func cells(_ r: ColumnData, _ a: ColumnData, edges: [Double]?, _ options: DriftOptions) throws -> DriftCells {
        switch (r, a) {
        case (.levels(let r), .levels(let a)): return DriftCells(r.tally, a.tally)
        case (.numbers(let r), .numbers(let a)):
            let r = try? SortedSample(r.filter { !$0.isNaN })
            let a = try? SortedSample(a.filter { !$0.isNaN })
            let edges = edges ?? r.map { DriftCells.edges($0, bins: options.bins, binning: options.binning) } ?? []
            let nothing = [Int64](repeating: 0, count: edges.count + 1)
            return DriftCells(edges: edges, reference: r?.counts(edges: edges) ?? nothing, current: a?.counts(edges: edges) ?? nothing)
        default: throw AnalysisError("a column has numbers on one side and levels on the other")
        }
    }

    private static func share(_ missing: Int, of data: ColumnData) -> Double { Double(missing) / Double(max(1, data.count)) }
}

/// A column that was compared, before and after its verdict.
struct ComparedColumn {
    var name: String
    var kind: ColumnKind
    var place: Int
    /// The first so many outcomes are printed.
    var shown: Int
    var result: ColumnTests.Result
    var missing: DriftOutcome
    /// Values that are present.
    var counts: (reference: Int, current: Int)
    /// Shares of missing values.
    var shares: (reference: Double, current: Double)
    var chunks: DriftChunks.Result?
    var verdict = Verdict.noData
    var why = ""

    /// All that goes into the correction, the missing share last.
    var judged: [DriftOutcome] { result.outcomes + [missing] }

    mutating func settled(_ outcomes: [DriftOutcome]) {
        result.outcomes = Array(outcomes.dropLast())
        missing = outcomes[outcomes.count - 1]
        // Missing values can make a column drift; that they stay the same says nothing of what the others do.
        let ofValues = Verdict.combined(result.outcomes.compactMap(\.verdict))
        verdict = missing.verdict == .drifted || ofValues == .noData ? missing.verdict ?? .noData : ofValues
        // The outcome that speaks: of those with the column's verdict, the one furthest past its floor.
        let speaking = outcomes.filter { $0.verdict == verdict }.max { $0.severity < $1.severity }
        var sentences = [speaking?.why ?? "nothing to judge"]
        if !result.unseen.isEmpty { sentences.append("levels that the reference does not have: \(Self.some(result.unseen))") }
        if !result.vanished.isEmpty { sentences.append("levels that are gone: \(Self.some(result.vanished))") }
        why = (sentences + result.notes).joined(separator: "; ")
    }

    private static func some(_ levels: [String]) -> String {
        let first = levels.prefix(3).map { "\"\($0.shown())\"" }.joined(separator: ", ")
        return levels.count > 3 ? "\(first) and \(levels.count - 3) more" : first
    }

    var severity: Double { judged.filter { $0.verdict == verdict }.map(\.severity).max() ?? 0 }
}
