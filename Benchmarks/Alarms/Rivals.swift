import Foundation
import Monitoring
import Profiles
import Statistics
import Vocabulary

/// The rules that people use instead, by their documented defaults. Each gives one number for a window that grows with drift, and flags a
/// window where it is at or above a threshold.
///
/// All see every column: features, the score, and as levels the label and the group. Missing values are left out, as they do.
/// - **Evidently** 0.7.23 (docs.evidentlyai.com, "Data drift"): with up to 1,000 rows in the reference Kolmogorov-Smirnov for numbers, for levels
///   chi-squared or with two of them a z-test, p < 0.05; with more the Wasserstein distance over the reference's standard deviation and
///   the Jensen-Shannon distance in base e, ≥ 0.1. A dataset drifts when half of its columns do.
/// - **NannyML** 0.13.1 (nannyml.readthedocs.io, "Thresholds", "Univariate drift detection"): Jensen-Shannon distances above mean + 3 standard
///   deviations of those of the reference's own chunks. "Every calculator" adds missing values, realised ROC AUC and accuracy, and the
///   reconstruction error (as the mean of squares, which a profile has, where NannyML takes the mean of lengths), each outside
///   mean ± 3 of them.
/// - **whylogs** 1.6.4 (`whylogs.viz.drift.column_drift_algorithms`): Kolmogorov-Smirnov for numbers, else chi-squared against the reference's
///   shares, "drift" at p ≤ 0.05. Theirs works on sketches and 100 quantiles, ours on all values; theirs cuts expected counts to whole numbers.
/// - **KS p < 0.05** and **PSI > 0.1** with the reference's tenths, or its levels, as cells.
enum Rival: Int, CaseIterable, Sendable {
    case evidently, evidentlyHalf, evidentlySmall, evidentlySmallHalf, nannyML, nannyMLAll, whylogs, ks, psi

    var name: String {
        switch self {
        case .evidently: "Evidently, a column"
        case .evidentlyHalf: "Evidently, half of them"
        case .evidentlySmall: "Evidently, a column, 1,000 rows"
        case .evidentlySmallHalf: "Evidently, half, 1,000 rows"
        case .nannyML: "NannyML, Jensen-Shannon"
        case .nannyMLAll: "NannyML, every calculator"
        case .whylogs: "whylogs"
        case .ks: "KS p < 0.05"
        case .psi: "PSI > 0.1"
        }
    }

    /// Of p-values −log₁₀.
    var threshold: Double {
        switch self {
        case .evidently, .evidentlyHalf, .psi: 0.1
        case .evidentlySmall, .evidentlySmallHalf, .whylogs, .ks: -log10(0.05)
        case .nannyML, .nannyMLAll: 3
        }
    }

    /// Whether some number that it looks at has another law under this drift.
    func sees(_ kind: DriftKind) -> Bool {
        switch kind {
        case .joint, .concept: self == .nannyMLAll
        case .missing: self == .nannyMLAll
        case .fairness: false
        // The label and the group are levels, which KS does not take.
        case .category: self != .ks
        default: true
        }
    }
}

/// What the rivals know of a reference.
struct RivalReference: Sendable {
    private struct Numeric: Sendable {
        var prepared: PreparedReference
        var deviation: Double
        var edges: [Double]
        var bins: [Int64]
        /// A thousand of its rows.
        var few: PreparedReference
        var nannyML: NannyMLNumericDrift
    }
    private struct Levels: Sendable {
        var counts: [Int64]
        var few: [Int64]
        var nannyML: NannyMLCategoricalDrift
    }
    private var numeric: [Numeric] = []
    private var levels: [Levels] = []
    /// Of the reference's chunks, hours and days: mean and standard deviation of each column's distance, and of the other calculators' numbers.
    private var chunks: [WindowKind: [(mean: Double, deviation: Double)]] = [:]
    private var others: [WindowKind: [(mean: Double, deviation: Double)]] = [:]

    private static let fewRows = 1000
    /// Of which Kolmogorov-Smirnov and Wasserstein take the whole reference; more of them only cost.
    private static let someRows = 10_000
    /// Chunks of the reference of which the calculators beside Jensen-Shannon take their thresholds.
    private static let evaluatedChunks = 96

    init(_ hours: [Hour], _ profiles: [Profile], _ subject: Subject) throws {
        let columns = RivalColumns(hours)
        for values in columns.numeric {
            let whole = try SortedSample(values.filter { !$0.isNaN })
            let few = Self.some(values, Self.fewRows).filter { !$0.isNaN }
            let some = try SortedSample(Self.some(values, Self.someRows).filter { !$0.isNaN })
            let edges = quantileEdges(ofSorted: whole.values, bins: 10)
            numeric.append(
                Numeric(
                    prepared: PreparedReference(some), deviation: max(some.moments.variance.squareRoot(), 0.001), edges: edges,
                    bins: whole.counts(edges: edges), few: PreparedReference(try SortedSample(few)),
                    nannyML: try NannyMLNumericDrift(reference: whole)))
        }
        for codes in columns.levels {
            let few = Self.some(codes, Self.fewRows)
            let counts = Self.counts(codes, of: World.levelNames.count)
            levels.append(
                Levels(
                    counts: counts, few: Self.counts(few, of: World.levelNames.count),
                    nannyML: try NannyMLCategoricalDrift(reference: counts)))
        }
        for (kind, length) in [(WindowKind.hour, 1), (.day, 24)] where hours.count >= 4 * length {
            let count = hours.count / length
            chunks[kind] = Self.spreads(
                try (0..<count).map { try jensenShannon(RivalColumns(Array(hours[($0 * length)..<(($0 + 1) * length)]))) })
            let used = min(count, Self.evaluatedChunks)
            others[kind] = Self.spreads(
                (0..<used).map { place in
                    let i = place * count / used
                    let profile = Profile(sum: profiles[(i * length)..<((i + 1) * length)], grid: subject.reference.grid)
                    return otherNumbers(profile, subject)
                })
        }
    }

    /// Evenly spaced ones.
    private static func some<Value>(_ values: [Value], _ count: Int) -> [Value] {
        stride(from: 0, to: values.count, by: max(1, values.count / count)).prefix(count).map { values[$0] }
    }

    private static func counts(_ codes: [Int32], of size: Int) -> [Int64] {
        var out = [Int64](repeating: 0, count: size)
        for code in codes { out[Int(code)] += 1 }
        return out
    }

    private static func spreads(_ rows: [[Double]]) -> [(mean: Double, deviation: Double)] {
        guard let first = rows.first else { return [] }
        return first.indices.map { column in
            let values = rows.map { $0[column] }
            let mean = values.reduce(0, +) / Double(values.count)
            return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
        }
    }

    /// What the rules look at in one column.
    struct ColumnNumbers {
        var evidently = 0.0
        var evidentlySmall = 0.0
        var nannyML = 0.0
        var whylogs = 0.0
        var ks: Double?
        var psi = 0.0
    }

    private static func surprise(_ p: Double) -> Double { -log10(max(p, 1e-300)) }

    private static func ksSurprise(_ d: Double, _ n: Int, _ m: Int) -> Double {
        surprise(Distributions.kolmogorovTail(d * (Double(n) * Double(m) / Double(n + m)).squareRoot()))
    }

    /// Pearson's chi-squared of counts against shares that are taken as known, as whylogs and Evidently do.
    private static func surpriseOfShares(_ reference: [Int64], _ current: [Int64], degreesOfPresent: Bool) -> Double {
        let (n, m) = (Double(reference.reduce(0, +)), Double(current.reduce(0, +)))
        var sum = 0.0
        for (r, a) in zip(reference, current) where r + a > 0 {
            if r == 0 { return 300 }
            let expected = Double(r) / n * m
            sum += (Double(a) - expected) * (Double(a) - expected) / expected
        }
        let cells = zip(reference, current).count { degreesOfPresent ? $1 > 0 : $0 + $1 > 0 }
        return surprise(Distributions.chiSquaredTail(sum, degreesOfFreedom: Double(max(1, cells - 1))))
    }

    /// NannyML's numbers alone.
    private func jensenShannon(_ columns: RivalColumns) throws -> [Double] {
        try zip(numeric, columns.numeric).map { $0.nannyML.jensenShannon(try SortedSample($1.filter { !$0.isNaN })) }
            + zip(levels, columns.levels).map { try $0.nannyML.jensenShannon(Self.counts($1, of: World.levelNames.count), unseen: []) }
    }

    func distances(_ columns: RivalColumns) throws -> [ColumnNumbers] {
        var out: [ColumnNumbers] = []
        for (known, values) in zip(numeric, columns.numeric) {
            let sample = try SortedSample(values.filter { !$0.isNaN })
            var column = ColumnNumbers()
            column.evidently = try known.prepared.wasserstein(sample, isPart: false) / known.deviation
            column.evidentlySmall = Self.ksSurprise(
                known.few.kolmogorovSmirnov(sample, isPart: false), known.few.whole.count, sample.count)
            column.nannyML = known.nannyML.jensenShannon(sample)
            let ks = Self.ksSurprise(
                known.prepared.kolmogorovSmirnov(sample, isPart: false), known.prepared.whole.count, sample.count)
            (column.ks, column.whylogs) = (ks, ks)
            column.psi = try PopulationStabilityIndex(reference: known.bins, current: sample.counts(edges: known.edges)).statistic
            out.append(column)
        }
        for (known, codes) in zip(levels, columns.levels) {
            let counts = Self.counts(codes, of: World.levelNames.count)
            var column = ColumnNumbers()
            column.evidently = try JensenShannon(reference: known.counts, current: counts, base: .e).statistic
            let cells = zip(known.few, counts).filter { $0 + $1 > 0 }
            if cells.count == 2 {
                let test = try TwoProportions(
                    count1: cells[0].0, n1: cells[0].0 + cells[1].0, count2: cells[0].1, n2: cells[0].1 + cells[1].1)
                column.evidentlySmall = Self.surprise(test.pooledZ.map { Distributions.normalTwoSided($0) } ?? 1)
            } else {
                column.evidentlySmall = Self.surpriseOfShares(known.few, counts, degreesOfPresent: false)
            }
            column.nannyML = try known.nannyML.jensenShannon(counts, unseen: [])
            column.whylogs = Self.surpriseOfShares(known.counts, counts, degreesOfPresent: true)
            column.psi = try PopulationStabilityIndex(reference: known.counts, current: counts).statistic
            out.append(column)
        }
        return out
    }

    /// ROC AUC, accuracy, reconstruction error, missing shares: from the profile of the same rows.
    private func otherNumbers(_ profile: Profile, _ subject: Subject) -> [Double] {
        var out = [0.0, 0, 0]
        let outcomes = profile.outcomes
        let score = subject.reference.grid.score
        out[0] =
            (try? RocAUC(
                positives: outcomes.cells(score) { $0.label == .positive }, negatives: outcomes.cells(score) { $0.label == .negative },
                isTied: { $0 % 2 == 1 }))?.value ?? 0.5
        let right = outcomes.rows { ($0.label == .positive && $0.decision == true) || ($0.label == .negative && $0.decision == false) }
        out[1] = Double(right) / Double(max(1, profile.labelled))
        if let grid = subject.reference.grid.joint, let r = subject.reference.profile.joint, let a = profile.joint {
            out[2] = JointDrift(reference: r, current: a, grid: grid).reconstruction?.ratio ?? 1
        }
        for case .numeric(let cells) in profile.features {
            out.append(Double(cells.missing) / Double(max(1, cells.missing + cells.present)))
        }
        return out
    }

    /// - Parameter evaluated: a profile of the same rows.
    func scores(_ hours: [Hour], _ kind: WindowKind, _ profile: Profile, _ subject: Subject) throws -> [Double] {
        let columns = try distances(RivalColumns(hours))
        func outside(_ values: [Double], _ known: [(mean: Double, deviation: Double)]?, bothSides: Bool) -> Double {
            zip(values, known ?? []).reduce(0) { most, pair in
                let gap = bothSides ? abs(pair.0 - pair.1.mean) : pair.0 - pair.1.mean
                return max(most, pair.1.deviation > 0 ? gap / pair.1.deviation : gap > 0 ? 1e9 : 0)
            }
        }
        /// The one that the half of them reach.
        func half(_ values: [Double]) -> Double { values.sorted(by: >)[(values.count + 1) / 2 - 1] }
        let nannyML = outside(columns.map(\.nannyML), chunks[kind], bothSides: false)
        return Rival.allCases.map { rival in
            switch rival {
            case .evidently: columns.map(\.evidently).max() ?? 0
            case .evidentlyHalf: half(columns.map(\.evidently))
            case .evidentlySmall: columns.map(\.evidentlySmall).max() ?? 0
            case .evidentlySmallHalf: half(columns.map(\.evidentlySmall))
            case .nannyML: nannyML
            case .nannyMLAll: max(nannyML, outside(otherNumbers(profile, subject), others[kind], bothSides: true))
            case .whylogs: columns.map(\.whylogs).max() ?? 0
            case .ks: columns.compactMap(\.ks).max() ?? 0
            case .psi: columns.map(\.psi).max() ?? 0
            }
        }
    }
}

/// A window's columns: features and score; levels, label and group.
struct RivalColumns {
    var numeric: [[Double]] = []
    var levels: [[Int32]] = []

    init(_ hours: [Hour]) {
        guard let first = hours.first else { return }
        for (f, column) in first.batch.features.enumerated() {
            guard case .numeric = column else { continue }
            numeric.append(
                hours.flatMap { hour -> [Double] in
                    guard case .numeric(let values) = hour.batch.features[f] else { return [] }
                    return values
                })
        }
        numeric.append(hours.flatMap(\.batch.scores))
        levels = first.codes.indices.map { i in hours.flatMap { $0.codes[i] } }
        levels.append(hours.flatMap { $0.labels.map { Int32($0) } })
        levels.append(hours.flatMap(\.groups))
    }
}
