public import Statistics

/// How far two models' values of one metric are apart, candidate minus champion.
public struct PairedDifference: Sendable, Equatable {
    public var metric: String
    public var isBetterBelow: Bool
    public var champion: Double?
    public var candidate: Double?
    public var value: Double?
    public var interval: Interval?
    public var pValue: Double?
    /// The standard error of the value.
    var error: Double?
    /// Rows that it is of.
    public var count: Int
    /// Why there is no value, or no interval.
    public var why = ""

    /// Positive where the candidate is better.
    public var gain: Double? { value.map { isBetterBelow ? -$0 : $0 } }
    /// The interval of the gain.
    public var gainInterval: Interval? {
        interval.map { isBetterBelow ? Interval(lower: -$0.upper, upper: -$0.lower) : $0 }
    }

    /// Of which nothing is known yet.
    init(_ metric: String, isBetterBelow: Bool) {
        self.metric = metric
        self.isBetterBelow = isBetterBelow
        count = 0
    }

    /// The mean of the rows' differences, with the normal interval and z test of a paired mean; for shares McNemar's exact p-value.
    /// > Source: Student, "The Probable Error of a Mean", 1908; Q. McNemar, "Note on the Sampling Error of the Difference between Correlated
    /// > Proportions or Percentages", 1947.
    init(_ metric: String, isBetterBelow: Bool, _ champion: [Double], _ candidate: [Double], areShares: Bool, confidence: Double) {
        self.metric = metric
        self.isBetterBelow = isBetterBelow
        count = champion.count
        guard count > 0 else {
            why = "no rows"
            return
        }
        let n = Double(count)
        let (was, now) = (champion.reduce(0, +) / n, candidate.reduce(0, +) / n)
        (self.champion, self.candidate, value) = (was, now, now - was)
        var moments = RunningMoments()
        for (a, b) in zip(champion, candidate) { moments.add(b - a) }
        guard let variance = moments.variance else {
            why = "one row"
            return
        }
        put(error: (variance / n).squareRoot(), confidence: confidence)
        if areShares {
            let only = (zip(champion, candidate).count { $0 > $1 }, zip(champion, candidate).count { $0 < $1 })
            pValue = (try? McNemarTest(onlyFirst: Int64(only.0), onlySecond: Int64(only.1)))?.exact.pValue ?? pValue
        }
    }

    /// The difference of the areas under the ROC curves (DeLong).
    init(areas labels: [Bool], champion: [Double], candidate: [Double], confidence: Double) {
        metric = "roc_auc"
        isBetterBelow = false
        count = labels.count
        do throws(StatisticsError) {
            let areas = try DeLong(labels: labels, scores1: champion, scores2: candidate)
            (self.champion, self.candidate, value) = (areas.auc1, areas.auc2, areas.auc2 - areas.auc1)
            guard let first = areas.variance1, let second = areas.variance2, let both = areas.covariance else {
                why = "a single label of a class has no variance"
                return
            }
            put(error: max(0, first + second - 2 * both).squareRoot(), confidence: confidence)
        } catch { why = error.description }
    }
}

/// The same, right at every look: the rows in their order, one may stop whenever it excludes 0.
public struct SequentialDifference: Sendable, Equatable {
    public var metric: String
    /// Of the mean difference, candidate minus champion; nil before the first look.
    public var interval: Interval?
    /// The row (from 1) at which 0 was excluded first; nil while it is not.
    public var decidedAt: Int?

    init(metric: String, interval: Interval?) {
        self.metric = metric
        self.interval = interval
    }

    /// Whether it excludes 0 now.
    public var isDecided: Bool { decidedAt != nil || interval.map { $0.lower > 0 || $0.upper < 0 } ?? false }

    init(_ loss: PairedLoss, confidence: Double) {
        metric = loss.name
        guard var sequence = try? ConfidenceSequence(confidence: confidence) else { return }
        for (row, (a, b)) in zip(loss.champion, loss.candidate).enumerated() {
            sequence.observe(b - a)
            if decidedAt == nil, let interval = sequence.interval, interval.lower > 0 || interval.upper < 0 { decidedAt = row + 1 }
        }
        interval = sequence.interval
    }
}
