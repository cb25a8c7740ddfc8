internal import Glibc
public import Statistics

/// A disparity between groups, of both models: the largest rate less the smallest one.
///
/// 0 means that the groups are treated alike. The change has the interval Δ̂ ∓ z √(Σ_g a_g² v'_g + b_g² v_g − 2 a_g b_g c_g): the delta method at
/// the groups that are the farthest apart, a_g is 1 for the one with the candidate's largest rate, −1 for its smallest, b_g likewise of the
/// champion, v' and v are the variances of a group's rates, c their covariance (0 where each model has rows of its own). The largest of several
/// rates is no smooth function of them: where groups are tied the interval is of the groups that happened to be the extremes, and the
/// disparity itself is too large by chance. Coverage as simulated: docs/statistics/shadow.md.
/// > Source: A. W. van der Vaart, "Asymptotic Statistics", 1998, chapter 3 (the delta method).
public struct DisparityChange: Sendable, Equatable {
    public var metric: String
    public var champion: Double
    public var candidate: Double
    /// Of the change.
    public var interval: Interval?
    /// That the two groups which are farthest apart under the candidate are no farther apart than under the champion: z test of the
    /// difference between the groups' differences, times the number of pairs among which these two were the farthest (Bonferroni).
    public var pValue: Double?
    /// Why it is not tested.
    public var why = ""
    public var change: Double { candidate - champion }

    /// Rows below which a group's rate says too little: it is shown, and no disparity is judged by it.
    public static let judgedRows = 100.0

    /// The shares of one group's rows that each model decides positively.
    struct Rates: Equatable {
        /// Rows; of two arms those of the smaller one.
        var rows: Double
        var was: Double
        var now: Double
        var wasVariance: Double
        var nowVariance: Double
        var covariance: Double

        /// Of the difference of the two.
        var squaredError: Double { max(0, wasVariance + nowVariance - 2 * covariance) }
    }

    /// All of them that there are.
    ///
    /// - Parameters:
    ///   - groups: of each the rates over all rows, over positive labels, over negative ones; nil without rows.
    ///   - pValue: of a count of rows and a z statistic.
    static func all(
        _ groups: [[Rates?]], confidence: Double, pValue: (_ count: Double, _ z: Double) -> Double?
    ) -> [DisparityChange] {
        let parts = (0..<3).map { stratum in Part(groups.map { $0[stratum] }, pValue: pValue) }
        let names = ["demographic_parity_difference", "equal_opportunity_difference"]
        var out = zip(names, parts).compactMap { name, part in part.map { Self.make(name, was: $0, now: $0, confidence) } }
        if let positive = parts[1], let negative = parts[2] {
            // The worse of the two rates, of each model. They are of other rows, so their errors add up.
            let now = positive.candidate >= negative.candidate ? positive : negative
            let was = positive.champion >= negative.champion ? positive : negative
            var odds = Self.make("equalized_odds_difference", was: was, now: now, confidence)
            // The pair was chosen from both rates.
            odds.pValue = now.pValue.map { min(1, 2 * $0) }
            out.append(odds)
        }
        return out
    }

    private static func make(_ metric: String, was: Part, now: Part, _ confidence: Double) -> DisparityChange {
        var out = DisparityChange(metric: metric, champion: was.champion, candidate: now.candidate)
        (out.pValue, out.why) = (now.pValue, now.why)
        // With few rows in a group neither the extremes nor the normal law can be relied on.
        guard was.isJudged, now.isJudged else { return out }
        let isOne = was.stratum == now.stratum
        let variance = isOne ? was.variance(true, true) : was.variance(true, false) + now.variance(false, true)
        let reach = Distributions.normalQuantile(0.5 + confidence / 2) * max(0, variance).squareRoot()
        // Nothing is known of the spread of groups that all decide alike.
        if reach > 0 { out.interval = Interval(lower: out.change - reach, upper: out.change + reach) }
        return out
    }

    /// One rate over the groups.
    private struct Part {
        var stratum: [Rates]
        var champion: Double
        var candidate: Double
        var isJudged: Bool
        var pValue: Double?
        var why = ""

        init?(_ groups: [Rates?], pValue law: (Double, Double) -> Double?) {
            let some = groups.compactMap { $0 }
            let enough = some.filter { $0.rows >= DisparityChange.judgedRows }
            isJudged = enough.count >= 2
            stratum = isJudged ? enough : some
            guard stratum.count >= 2, let least = stratum.map(\.was).min(), let most = stratum.map(\.was).max(),
                let lowest = stratum.map(\.now).min(), let highest = stratum.map(\.now).max()
            else { return nil }
            (champion, candidate) = (most - least, highest - lowest)
            // The two groups between which it is larger: under the candidate, or where that has levelled it under the champion.
            let rate: (Rates) -> Double = candidate >= champion ? { $0.now } : { $0.was }
            guard isJudged, let low = stratum.min(by: { rate($0) < rate($1) }), let high = stratum.max(by: { rate($0) < rate($1) }) else {
                why = "fewer than two groups have \(Int(DisparityChange.judgedRows)) rows to judge by"
                return
            }
            let error = (low.squaredError + high.squaredError).squareRoot()
            let pairs = Double(stratum.count * (stratum.count - 1) / 2)
            if error > 0 {
                pValue = law(low.rows + high.rows, ((high.now - high.was) - (low.now - low.was)) / error).map { min(1, pairs * $0) }
            }
            if pValue == nil { why = "both models decide these groups alike" }
        }

        /// Of the change, or of only one of its two terms.
        func variance(_ hasWas: Bool, _ hasNow: Bool) -> Double {
            // Of groups that are alike to the last row the first and the last one: they are two all the same.
            func sign(_ place: Int, _ rate: (Rates) -> Double) -> Double {
                guard let low = stratum.indices.min(by: { rate(stratum[$0]) < rate(stratum[$1]) }),
                    let high = stratum.indices.reversed().max(by: { rate(stratum[$0]) < rate(stratum[$1]) })
                else { return 0 }
                return (place == high ? 1 : 0) - (place == low ? 1 : 0)
            }
            return stratum.indices.reduce(0) { sum, place in
                let (a, b) = (hasNow ? sign(place) { $0.now } : 0, hasWas ? sign(place) { $0.was } : 0)
                let one = stratum[place]
                return sum + a * a * one.nowVariance + b * b * one.wasVariance - 2 * a * b * one.covariance
            }
        }
    }
}

extension DecisionSums {
    /// The rates with their joint errors, from how many rows each model decides positively and how many they decide otherwise; nil without rows.
    var rates: DisparityChange.Rates? {
        guard rows > 0 else { return nil }
        let (was, now) = (champion / rows, candidate / rows)
        let both = (champion + candidate - changed) / 2 / rows
        // Of one row nothing is known of the spread.
        let divisor = rows > 1 ? rows - 1 : .infinity
        return DisparityChange.Rates(
            rows: rows, was: was, now: now, wasVariance: was * (1 - was) / divisor, nowVariance: now * (1 - now) / divisor,
            covariance: (both - was * now) / divisor)
    }
}
