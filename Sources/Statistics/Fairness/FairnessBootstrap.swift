internal import Glibc

/// Bootstrap intervals of every disparity from the count table alone: rows are drawn again by group and cell (multinomial), so the
/// cost does not depend on the number of rows.
///
/// A disparity is the largest of many differences, and the largest is too large by chance: resampling doubles that bias, and the
/// plain percentile interval of equal groups never holds 0. So the deviations of the rates are resampled, not the maximum. The end
/// towards "no disparity" is the best of the lower bounds of all pairs that could be the extreme one, each by its own standard
/// error; the other end is that of the extreme pair. Half a row is added to every cell before drawing, so that a rate of 0 of 20
/// keeps some doubt. With weights, groups are drawn at their effective number of rows.
/// > Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979; V. Chernozhukov, S. Lee, A. M. Rosen,
/// > "Intersection Bounds: Estimation and Inference", 2013.
public struct FairnessBootstrap: Sendable {
    public var replicates: Int
    public var seed: UInt64
    public var confidence: Double

    /// Fewer replicates are drawn where groups × replicates would pass this.
    public static let groupReplicatesMax = 2_000_000
    public static let replicatesMin = 200

    public init(replicates: Int = 1000, seed: UInt64 = 1, confidence: Double = 0.95) {
        (self.replicates, self.seed, self.confidence) = (replicates, seed, confidence)
    }

    public func replicateCount(groups: Int) -> Int {
        min(replicates, max(Self.replicatesMin, Self.groupReplicatesMax / max(1, groups)))
    }

    /// The intervals of `metrics`, in their order; nil where the metric has no value.
    ///
    /// - Parameter isUsed: whether a group takes part with a rate.
    public func intervals(
        _ metrics: [FairnessMetric], table: FairnessTable, zeroForUndefined: Bool = false,
        isUsed: (GroupRate, Int) -> Bool = { _, _ in true }
    ) -> [Interval?] {
        let sample = Resampler(table)
        var trackers = metrics.map { metric in
            let spreads = metric.rates.map { rate in
                let groups = table.groups.indices.map { isUsed(rate, $0) ? table.cells($0) : ConfusionCells() }
                return RateSpread(rate, groups: groups, overall: table.overall, zeroForUndefined: zeroForUndefined)
            }
            return DisparityTracker(metric, spreads, sample)
        }
        let rates = Array(Set(metrics.flatMap(\.rates))).sorted { $0.rawValue < $1.rawValue }
        let place = Dictionary(uniqueKeysWithValues: rates.enumerated().map { ($1, $0) })
        for i in trackers.indices { trackers[i]?.bind(place) }
        let bases = RateDeviations.Base(rates, sample)
        var random = SeededRandom(seed: seed)
        var deviations = RateDeviations(rates: rates.count, groups: sample.base.count)
        for _ in 0..<replicateCount(groups: sample.base.count) {
            let drawn = sample.draw(&random)
            deviations.fill(rates, drawn, sample, bases)
            for i in trackers.indices { trackers[i]?.add(deviations) }
        }
        return trackers.map { $0?.interval(confidence: confidence) }
    }

    /// The interval of any smooth statistic of the table: percentiles of its replicates, less their bias.
    ///
    /// - Parameter statistic: from the drawn cells of each group, in weights; nil where undefined.
    /// - Returns: nil when the statistic is undefined, infinite, or defined in fewer than half of the replicates.
    public func interval(
        _ table: FairnessTable, within range: ClosedRange<Double>, statistic: ([ConfusionCells]) -> Double?
    ) -> Interval? {
        let sample = Resampler(table)
        guard let value = statistic(sample.weighted(sample.observed)), value.isFinite else { return nil }
        var random = SeededRandom(seed: seed)
        let count = replicateCount(groups: sample.base.count)
        var values: [Double] = []
        for _ in 0..<count {
            if let drawn = statistic(sample.weighted(sample.draw(&random))), drawn.isFinite { values.append(drawn) }
        }
        guard values.count * 2 >= count else { return nil }
        let bias = values.reduce(0, +) / Double(values.count) - value
        values.sort()
        let tail = (1 - confidence) / 2
        let lower = sortedQuantile(values, tail) - bias
        let upper = sortedQuantile(values, 1 - tail) - bias
        func clamped(_ x: Double) -> Double { min(max(x, range.lowerBound), range.upperBound) }
        return Interval(lower: clamped(min(lower, value)), upper: clamped(max(upper, value)))
    }
}

/// Draws tables: sizes of groups, then the cells of each.
struct Resampler {
    /// Effective cells by group, as observed.
    let observed: [ConfusionCells]
    /// The same with half a row more a cell: what is drawn from.
    let base: [ConfusionCells]
    /// Weight of one effective row of each group, for sums over groups.
    let unit: [Double]
    private let rows: Int64

    init(_ table: FairnessTable) {
        let cells = table.groups.indices.map { table.effectiveCells($0) }
        observed = cells
        base = cells.map { $0.total > 0 ? $0.smoothed : ConfusionCells() }
        unit = cells.indices.map { cells[$0].total > 0 ? table.cells($0).total / cells[$0].total : 0 }
        rows = Int64(cells.reduce(0) { $0 + $1.total }.rounded())
    }

    func draw(_ random: inout SeededRandom) -> [ConfusionCells] {
        var out = [ConfusionCells](repeating: ConfusionCells(), count: base.count)
        var rowsLeft = rows
        var shareLeft = observed.reduce(0) { $0 + $1.total }
        for group in base.indices where observed[group].total > 0 {
            let size = random.binomial(rowsLeft, Self.part(observed[group].total, of: shareLeft))
            rowsLeft -= size
            shareLeft -= observed[group].total
            let cells = base[group]
            var left = size
            let tp = random.binomial(left, Self.part(cells.tp, of: cells.total))
            left -= tp
            let fp = random.binomial(left, Self.part(cells.fp, of: cells.total - cells.tp))
            left -= fp
            let fn = random.binomial(left, Self.part(cells.fn, of: cells.fn + cells.tn))
            out[group] = ConfusionCells(tp: Double(tp), fp: Double(fp), fn: Double(fn), tn: Double(left - fn))
        }
        return out
    }

    private static func part(_ x: Double, of total: Double) -> Double { total > 0 ? min(1, max(0, x / total)) : 0 }

    /// Effective rows back in weights, so that groups may be added up.
    func weighted(_ cells: [ConfusionCells]) -> [ConfusionCells] { zip(cells, unit).map { $0.scaled(by: $1) } }

    func overall(_ cells: [ConfusionCells]) -> ConfusionCells {
        var out = ConfusionCells()
        for group in cells.indices { out.add(cells[group].scaled(by: unit[group])) }
        return out
    }
}

/// How far the rates of one replicate are from those that it was drawn from, by rate and group, plain and in logarithms.
struct RateDeviations {
    struct Base {
        var values: [[Double?]]
        var overall: [Double?]
        init(_ rates: [GroupRate], _ sample: Resampler) {
            values = rates.map { rate in sample.base.map { rate.value($0) } }
            let all = sample.overall(sample.base)
            overall = rates.map { $0.value(all) }
        }
    }
    private(set) var plain: [[Double]]
    private(set) var logarithmic: [[Double]]
    private(set) var overall: [Double]
    private(set) var overallLogarithmic: [Double]

    init(rates: Int, groups: Int) {
        plain = Array(repeating: Array(repeating: 0, count: groups), count: rates)
        logarithmic = plain
        overall = Array(repeating: 0, count: rates)
        overallLogarithmic = overall
    }

    mutating func fill(_ rates: [GroupRate], _ drawn: [ConfusionCells], _ sample: Resampler, _ base: Base) {
        let all = sample.overall(drawn)
        for (r, rate) in rates.enumerated() {
            (overall[r], overallLogarithmic[r]) = Self.deviation(rate, all, base.overall[r])
            for g in drawn.indices {
                (plain[r][g], logarithmic[r][g]) = Self.deviation(rate, drawn[g], base.values[r][g])
            }
        }
    }

    /// A rate without rows in this replicate deviates by nothing; a rate of 0 counts as half a row's in the logarithm.
    private static func deviation(_ rate: GroupRate, _ cells: ConfusionCells, _ base: Double?) -> (Double, Double) {
        guard let base, base > 0, let value = rate.value(cells) else { return (0, 0) }
        let least = 0.5 / max(1, rate.rowsUsed(cells))
        return (value - base, log(max(value, least) / base))
    }
}
