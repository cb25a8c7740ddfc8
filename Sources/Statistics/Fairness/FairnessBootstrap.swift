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
        let sample = TableResampler(table)
        var trackers = metrics.map { metric in
            let spreads = metric.rates.map { rate in
                let groups = table.groups.indices.map { isUsed(rate, $0) ? table.cells($0) : ConfusionCells() }
                return RateSpread(rate, groups: groups, overall: table.overall, zeroForUndefined: zeroForUndefined)
            }
            return DisparityTracker(metric, spreads, sample)
        }
        var deviations = RateDeviations(metrics, sample)
        for i in trackers.indices { trackers[i]?.bind(deviations) }
        var random = SeededRandom(seed: seed)
        for _ in 0..<replicateCount(groups: sample.base.count) {
            let drawn = sample.draw(&random)
            deviations.fill(drawn, overall: sample.overall(drawn))
            for i in trackers.indices { trackers[i]?.add(deviations.values) }
        }
        return trackers.map { $0?.interval(confidence: confidence) }
    }

    /// A smooth statistic of the drawn cells of each group, in weights; nil where undefined.
    public typealias Statistic = ([ConfusionCells]) -> Double?

    /// The intervals of smooth statistics of the table: percentiles of their replicates, less their bias, kept in a range.
    ///
    /// - Returns: nil for a statistic that is undefined, infinite, or defined in fewer than half of the replicates.
    public func intervals(_ table: FairnessTable, _ statistics: [(range: ClosedRange<Double>, statistic: Statistic)]) -> [Interval?] {
        let sample = TableResampler(table)
        guard sample.isComplete else { return statistics.map { _ in nil } }
        let observed = sample.weighted(sample.observed)
        let values = statistics.map { $0.statistic(observed).flatMap { $0.isFinite ? $0 : nil } }
        var random = SeededRandom(seed: seed)
        let count = replicateCount(groups: sample.base.count)
        var drawn = [[Double]](repeating: [], count: statistics.count)
        for _ in 0..<count {
            let cells = sample.weighted(sample.draw(&random))
            for i in statistics.indices where values[i] != nil {
                if let value = statistics[i].statistic(cells), value.isFinite { drawn[i].append(value) }
            }
        }
        return statistics.indices.map { i in
            guard let value = values[i], drawn[i].count * 2 >= count else { return nil }
            return interval(value, drawn[i], statistics[i].range)
        }
    }

    public func interval(_ table: FairnessTable, within range: ClosedRange<Double>, statistic: Statistic) -> Interval? {
        withoutActuallyEscaping(statistic) { intervals(table, [(range, $0)])[0] }
    }

    private func interval(_ value: Double, _ drawn: [Double], _ range: ClosedRange<Double>) -> Interval {
        let bias = drawn.reduce(0, +) / Double(drawn.count) - value
        let sorted = drawn.sorted()
        let tail = (1 - confidence) / 2
        func clamped(_ x: Double) -> Double { min(max(x, range.lowerBound), range.upperBound) }
        return Interval(
            lower: clamped(min(FairnessBootstrap.quantile(sorted, tail) - bias, value)),
            upper: clamped(max(FairnessBootstrap.quantile(sorted, 1 - tail) - bias, value)))
    }
}

/// Draws tables: sizes of groups, then the cells of each.
struct TableResampler {
    /// Effective cells by group, as observed.
    let observed: [ConfusionCells]
    /// The same with half a row more a cell: what is drawn from.
    let base: [ConfusionCells]
    /// Weight of one effective row of each group, for sums over groups.
    let unit: [Double]
    /// Weights so small that their squares vanish leave a group with weight but without effective rows: nothing to draw.
    let isComplete: Bool
    private let rows: Int64
    private let total: Double

    init(_ table: FairnessTable) {
        let cells = table.groups.indices.map { table.effectiveCells($0) }
        observed = cells
        base = cells.map { $0.total > 0 ? $0.smoothed : ConfusionCells() }
        unit = cells.indices.map { cells[$0].total > 0 ? table.cells($0).total / cells[$0].total : 0 }
        isComplete = cells.indices.allSatisfy { cells[$0].total > 0 || table.cells($0).total == 0 }
        total = cells.reduce(0) { $0 + $1.total }
        rows = Int64(total.rounded())
    }

    func draw(_ random: inout SeededRandom) -> [ConfusionCells] {
        var out = [ConfusionCells](repeating: ConfusionCells(), count: base.count)
        var rowsLeft = rows
        var shareLeft = total
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

/// How far the rates of one replicate are from those that it was drawn from: by rate and group (all rows last), first plain, then in
/// logarithms.
struct RateDeviations {
    private(set) var values: [Double]
    private let rates: [GroupRate]
    private let needsLogarithm: [Bool]
    private let base: [Double]
    private let width: Int

    init(_ metrics: [FairnessMetric], _ sample: TableResampler) {
        let rates = Array(Set(metrics.flatMap(\.rates))).sorted { $0.rawValue < $1.rawValue }
        let cells = sample.base + [sample.overall(sample.base)]
        self.rates = rates
        needsLogarithm = rates.map { rate in metrics.contains { $0.isRatio && $0.rates.contains(rate) } }
        width = cells.count
        base = rates.flatMap { rate in cells.map { rate.value($0) ?? 0 } }
        values = Array(repeating: 0, count: 2 * rates.count * cells.count)
    }

    /// Where the deviation of a rate in a group stands; nil for all rows.
    func place(_ rate: GroupRate, _ group: Int?, isLogarithmic: Bool) -> Int {
        ((rates.firstIndex(of: rate) ?? 0) + (isLogarithmic ? rates.count : 0)) * width + (group ?? width - 1)
    }

    mutating func fill(_ drawn: [ConfusionCells], overall: ConfusionCells) {
        for r in rates.indices {
            for g in 0..<width {
                let at = r * width + g
                let cells = g + 1 < width ? drawn[g] : overall
                // A rate without rows in this replicate deviates by nothing; a rate of 0 counts as half a row's in the logarithm.
                guard base[at] > 0, let value = rates[r].value(cells) else {
                    values[at] = 0
                    values[at + rates.count * width] = 0
                    continue
                }
                values[at] = value - base[at]
                guard needsLogarithm[r] else { continue }
                values[at + rates.count * width] = log(max(value, 0.5 / max(1, rates[r].rowsUsed(cells))) / base[at])
            }
        }
    }
}

extension FairnessBootstrap {
    /// The quantile of sorted values by linear interpolation.
    static func quantile(_ sorted: [Double], _ p: Double) -> Double {
        guard let last = sorted.last else { return .nan }
        let at = p * Double(sorted.count - 1)
        let below = Int(at)
        guard below + 1 < sorted.count else { return last }
        return sorted[below] + (at - Double(below)) * (sorted[below + 1] - sorted[below])
    }
}

/// The quantile of sorted values by linear interpolation; NaN of none.
func sortedQuantile(_ sorted: [Double], _ p: Double) -> Double { sorted.isEmpty ? .nan : linearQuantile(sorted, p) }
