internal import Glibc

/// One disparity through the replicates of a ``FairnessBootstrap``.
struct DisparityTracker {
    /// Two groups (or a group and all rows) that could be the extreme pair, on the scale of the deviations.
    private struct Candidate {
        var part: Int
        var high: Int
        /// nil for all rows.
        var low: Int?
        /// −1 where the metric is all rows' rate less the group's.
        var sign: Double
        var estimate: Double
        var error: Double
        /// Where its two deviations stand.
        var up = 0
        var down = 0
        let precision: Double

        init(part: Int, high: Int, low: Int?, sign: Double = 1, estimate: Double, error: Double) {
            (self.part, self.high, self.low, self.sign, self.estimate, self.error) = (part, high, low, sign, estimate, error)
            precision = error > 0 ? 1 / error : 0
        }
    }
    /// Pairs that are followed for each rate; of more, those farthest apart.
    private static let candidatesMax = 256
    private static let groupsMax = 40

    private let metric: FairnessMetric
    private let value: Double
    private var candidates: [Candidate] = []
    /// The candidates of each part; the first of them is the pair that is the farthest apart.
    private var parts: [Range<Int>] = []
    /// The place of the worst part's farthest pair.
    private var selected: Int?
    private var free: [Double] = []
    private var fixed: [Double] = []

    /// - Returns: nil when the metric has no value.
    init?(_ metric: FairnessMetric, _ spreads: [RateSpread], _ sample: TableResampler) {
        guard let found = metric.value(spreads) else { return nil }
        self.metric = metric
        value = found.value
        let reach = max(1, log(max(3, sample.observed.reduce(0) { $0 + $1.total }))).squareRoot()
        let overall = sample.overall(sample.base)
        for (part, spread) in spreads.enumerated() {
            let scale = Scale(spread, sample.base, isLogarithmic: metric.isRatio)
            let isPair = metric.form == .difference || metric.form == .ratio
            let own = isPair ? Self.pairs(part, scale, reach) : Self.toOverall(part, scale, spread.rate.value(overall))
            let least = own.map { $0.estimate - reach * $0.error }.max() ?? 0
            let near = own.filter { $0.estimate + reach * $0.error >= least }.sorted { $0.estimate > $1.estimate }
            guard !near.isEmpty else { continue }
            let start = candidates.count
            candidates += near.prefix(Self.candidatesMax)
            parts.append(start..<candidates.count)
            if part == found.part { selected = start }
        }
        if candidates.isEmpty { return nil }
    }

    /// The rates of the groups that take part, from smoothed counts, plain or in logarithms, with standard errors.
    private struct Scale {
        var groups: [Int]
        var values: [Double]
        var errors: [Double]
        var isLogarithmic: Bool

        init(_ spread: RateSpread, _ base: [ConfusionCells], isLogarithmic: Bool) {
            self.isLogarithmic = isLogarithmic
            groups = spread.values.indices.filter { spread.values[$0] != nil && base[$0].total > 0 }
            values = []
            errors = []
            for group in groups {
                let smooth = spread.rate.value(base[group]) ?? 0
                let error = spread.rate.variance(base[group]).squareRoot()
                // The logarithm needs the smoothed rate; the plain scale has the rate itself.
                values.append(isLogarithmic ? log(smooth) : spread.values[group] ?? smooth)
                errors.append(isLogarithmic ? error / smooth : error)
            }
        }
    }

    private static func pairs(_ part: Int, _ s: Scale, _ reach: Double) -> [Candidate] {
        let order = s.groups.indices.sorted { s.values[$0] < s.values[$1] }
        // Small groups far out hide no large one: half of the places go to the extremes, half to the surest extremes.
        func ends(_ key: (Int) -> Double, extremes: some Sequence<Int>) -> [Int] {
            let sure = s.groups.indices.sorted { key($0) > key($1) }.prefix(groupsMax / 2)
            return Array(Set(sure).union(extremes.prefix(groupsMax / 2))).sorted()
        }
        let highs = ends({ s.values[$0] - reach * s.errors[$0] }, extremes: order.reversed())
        let lows = ends({ -s.values[$0] - reach * s.errors[$0] }, extremes: order)
        var out: [Candidate] = []
        for high in highs {
            for low in lows where low != high {
                let error = (s.errors[high] * s.errors[high] + s.errors[low] * s.errors[low]).squareRoot()
                out.append(
                    Candidate(
                        part: part, high: s.groups[high], low: s.groups[low], estimate: s.values[high] - s.values[low], error: error))
            }
        }
        return out
    }

    private static func toOverall(_ part: Int, _ s: Scale, _ overall: Double?) -> [Candidate] {
        guard let overall, !s.isLogarithmic || overall > 0 else { return [] }
        let middle = s.isLogarithmic ? log(overall) : overall
        return s.groups.indices.flatMap { i in
            [1.0, -1].map { sign in
                Candidate(
                    part: part, high: s.groups[i], low: nil, sign: sign, estimate: sign * (s.values[i] - middle), error: s.errors[i])
            }
        }
    }

    mutating func bind(_ deviations: RateDeviations) {
        for i in candidates.indices {
            let rate = metric.rates[candidates[i].part]
            candidates[i].up = deviations.place(rate, candidates[i].high, isLogarithmic: metric.isRatio)
            candidates[i].down = deviations.place(rate, candidates[i].low, isLogarithmic: metric.isRatio)
        }
    }

    mutating func add(_ d: [Double]) {
        func deviation(_ place: Int?) -> Double {
            guard let place else { return 0 }
            let c = candidates[place]
            return c.sign * (d[c.up] - d[c.down])
        }
        if metric.aggregate == .mean {
            var sum = 0.0
            for part in parts {
                var most = -Double.infinity
                for c in candidates[part] { most = max(most, c.estimate + c.sign * (d[c.up] - d[c.down])) }
                sum += most - candidates[part.lowerBound].estimate
            }
            free.append(sum / Double(parts.count))
            fixed.append(parts.reduce(0) { $0 + deviation($1.lowerBound) } / Double(parts.count))
        } else {
            var most = -Double.infinity
            for c in candidates { most = max(most, c.sign * (d[c.up] - d[c.down]) * c.precision) }
            free.append(most)
            fixed.append(deviation(selected))
        }
    }

    func interval(confidence: Double) -> Interval {
        let tail = (1 - confidence) / 2
        let towardsEqual = FairnessBootstrap.quantile(free.sorted(), 1 - tail)
        let away = FairnessBootstrap.quantile(fixed.sorted(), tail)
        let estimates = parts.map { candidates[$0.lowerBound].estimate }
        let center: Double
        let near: Double
        if metric.aggregate == .mean {
            center = estimates.reduce(0, +) / Double(estimates.count)
            near = center - towardsEqual
        } else {
            center = selected.map { candidates[$0].estimate } ?? 0
            near = candidates.map { $0.estimate - towardsEqual * $0.error }.max() ?? 0
        }
        if metric.isRatio {
            let lower = value > 0 ? min(value, exp(away - center)) : 0
            return Interval(lower: lower, upper: min(1, max(value, exp(-near))))
        }
        let most = metric.rates.contains { !$0.isShare } ? Double.infinity : 1
        return Interval(lower: max(0, min(value, near)), upper: min(most, max(value, center - away)))
    }
}
