internal import Glibc

/// Bootstrap intervals of every disparity from the count table alone: rows are drawn again by group and cell (multinomial), so the
/// cost does not depend on the number of rows.
///
/// A disparity is the largest of many differences, and the largest is too large by chance: resampling doubles that bias, and the
/// plain percentile interval of equal groups never holds 0. So the deviations of the rates are resampled, not the maximum: the end
/// towards "no disparity" allows for every pair of groups that could be the extreme one (those within √ln n standard errors of the
/// extremes), the other end only for the pair that is. Half a row is added to every cell before drawing, so that a rate of 0 of 20
/// keeps some doubt. With weights, groups are drawn at their effective number of rows.
/// > Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979; V. Chernozhukov, S. Lee, A. M. Rosen,
/// > "Intersection Bounds: Estimation and Inference", 2013 (selection of the near-extreme pairs).
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
    public func intervals(_ metrics: [FairnessMetric], table: FairnessTable, zeroForUndefined: Bool = false) -> [Interval?] {
        let sample = Resampler(table)
        var trackers = metrics.map { DisparityTracker($0, table: table, base: sample.base, zeroForUndefined: zeroForUndefined) }
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

/// One disparity through the replicates.
struct DisparityTracker {
    private struct Part {
        var rate: GroupRate
        var place = 0
        /// Groups that could be the lowest or the highest; to overall, those that could be the farthest, with their direction.
        var lows: [Int]
        var highs: [Int]
        var signs: [Double]
        var selected: (low: Int, high: Int, sign: Double)
        var value: Double
        /// Whether another draw could make this part the worst one.
        var isContender = true
    }
    private let metric: FairnessMetric
    private let value: Double
    /// Where the metric lies on the scale of the deviations.
    private let center: Double
    private var parts: [Part]
    private let worst: Int
    private var free: [Double] = []
    private var fixed: [Double] = []

    init?(_ metric: FairnessMetric, table: FairnessTable, base: [ConfusionCells], zeroForUndefined: Bool) {
        let groups = table.groups.indices.map { table.cells($0) }
        let spreads = metric.rates.map { RateSpread($0, groups: groups, overall: table.overall, zeroForUndefined: zeroForUndefined) }
        guard let found = metric.value(spreads) else { return nil }
        self.metric = metric
        value = found.value
        worst = found.part
        let rows = table.groups.indices.reduce(0) { $0 + table.rowCount($1) }
        let reach = max(1, log(Double(max(3, rows)))).squareRoot()
        var parts: [Part] = []
        for spread in spreads {
            let errors = base.map { spread.rate.variance($0) }
            let part =
                metric.form == .difference || metric.form == .ratio
                ? Self.pairPart(spread, errors, reach) : Self.overallPart(spread, errors, reach, isRatio: metric.isRatio)
            if let part { parts.append(part) }
        }
        guard let first = parts.first else { return nil }
        if metric.aggregate == .worst, metric.rates.count > 1, parts.count > 1 {
            for i in parts.indices { parts[i].isContender = i == found.part || Self.isNear(parts[i], value, base, reach, metric) }
        }
        self.parts = parts
        if metric.isRatio {
            let smallest = parts.count > found.part ? parts[found.part] : first
            let low = smallest.rate.value(base[smallest.selected.low]) ?? 1
            let high = smallest.rate.value(base[smallest.selected.high]) ?? 1
            center = value > 0 ? log(value) : metric.form == .ratio && high > 0 ? log(max(low / high, 1e-300)) : -700
        } else {
            center = value
        }
    }

    private static func pairPart(_ spread: RateSpread, _ errors: [Double], _ reach: Double) -> Part? {
        guard let low = spread.lowest, let high = spread.highest else { return nil }
        func near(_ extreme: Int) -> [Int] {
            spread.values.indices.filter { g in
                guard let value = spread.values[g], let end = spread.values[extreme] else { return false }
                return g == extreme || abs(value - end) <= reach * (errors[g] + errors[extreme]).squareRoot()
            }
        }
        return Part(
            rate: spread.rate, lows: near(low), highs: near(high), signs: [], selected: (low, high, 1),
            value: spread.difference ?? 0)
    }

    private static func overallPart(_ spread: RateSpread, _ errors: [Double], _ reach: Double, isRatio: Bool) -> Part? {
        guard let overall = spread.overall, let far = isRatio ? spread.farthestByRatio?.group : spread.farthest?.group,
            let most = spread.values[far].map({ abs($0 - overall) })
        else { return nil }
        let near = spread.values.indices.filter { g in
            guard let value = spread.values[g] else { return false }
            return g == far || most - abs(value - overall) <= reach * (errors[g] + errors[far]).squareRoot()
        }
        func sign(_ g: Int) -> Double {
            let gap = (spread.values[g] ?? overall) - overall
            // Close to the rate of all rows a group may be on either side.
            return abs(gap) <= reach * errors[g].squareRoot() ? 0 : gap < 0 ? -1 : 1
        }
        let direction = (spread.values[far] ?? overall) < overall ? -1.0 : 1
        return Part(
            rate: spread.rate, lows: near, highs: near, signs: near.map(sign), selected: (far, far, direction), value: most)
    }

    /// Whether a part is so close to the worst one that another sample could have made it the worst.
    private static func isNear(_ part: Part, _ value: Double, _ base: [ConfusionCells], _ reach: Double, _ metric: FairnessMetric) -> Bool {
        let error = (part.rate.variance(base[part.selected.low]) + part.rate.variance(base[part.selected.high])).squareRoot()
        if metric.form == .ratio {
            guard let low = part.rate.value(base[part.selected.low]), let high = part.rate.value(base[part.selected.high]), high > 0
            else { return true }
            return low / high - value <= reach * error / high
        }
        return value - part.value <= reach * error
    }

    mutating func bind(_ place: [GroupRate: Int]) {
        for i in parts.indices { parts[i].place = place[parts[i].rate] ?? 0 }
    }

    mutating func add(_ d: RateDeviations) {
        var frees: [Double] = []
        var fixeds: [Double] = []
        for part in parts {
            let deviations = metric.isRatio ? d.logarithmic[part.place] : d.plain[part.place]
            let overall = metric.isRatio ? d.overallLogarithmic[part.place] : d.overall[part.place]
            if part.signs.isEmpty {
                var most = -Double.infinity
                var least = Double.infinity
                for g in part.highs { most = max(most, deviations[g]) }
                for g in part.lows { least = min(least, deviations[g]) }
                frees.append(most - least)
                fixeds.append(deviations[part.selected.high] - deviations[part.selected.low])
            } else {
                var most = -Double.infinity
                for (i, g) in part.lows.enumerated() {
                    let gap = deviations[g] - overall
                    most = max(most, part.signs[i] == 0 ? abs(gap) : part.signs[i] * gap)
                }
                frees.append(most)
                fixeds.append(part.selected.sign * (deviations[part.selected.high] - overall))
            }
        }
        if metric.aggregate == .mean {
            free.append(frees.reduce(0, +) / Double(frees.count))
            fixed.append(fixeds.reduce(0, +) / Double(fixeds.count))
        } else {
            var most = -Double.infinity
            for i in parts.indices where parts[i].isContender { most = max(most, frees[i] - offset(parts[i])) }
            free.append(most)
            fixed.append(fixeds[min(worst, fixeds.count - 1)])
        }
    }

    /// By how much a part is less than the worst one; only differences tell, since ratios live on another scale.
    private func offset(_ part: Part) -> Double { metric.isRatio ? 0 : max(0, value - part.value) }

    func interval(confidence: Double) -> Interval {
        let tail = (1 - confidence) / 2
        let towardsEqual = sortedQuantile(free.sorted(), 1 - tail)
        let away = sortedQuantile(fixed.sorted(), tail)
        if metric.isRatio {
            let lower = value > 0 ? min(value, exp(center + away)) : 0
            return Interval(lower: lower, upper: min(1, max(value, exp(center + towardsEqual))))
        }
        let most = metric.rates.contains { !$0.isShare } ? Double.infinity : 1
        return Interval(lower: max(0, min(value, center - towardsEqual)), upper: min(most, max(value, center - away)))
    }
}

/// The quantile of sorted values by linear interpolation.
func sortedQuantile(_ sorted: [Double], _ p: Double) -> Double {
    guard let last = sorted.last else { return .nan }
    let at = p * Double(sorted.count - 1)
    let below = Int(at)
    guard below + 1 < sorted.count else { return last }
    return sorted[below] + (at - Double(below)) * (sorted[below + 1] - sorted[below])
}
