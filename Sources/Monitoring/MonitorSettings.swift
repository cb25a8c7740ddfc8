internal import Profiles
public import Vocabulary

/// When a number becomes a verdict, and what it is compared with.
public struct MonitorSettings: Sendable, Equatable {
    /// The level at which a corrected p-value counts as significant.
    public var alpha = 0.05
    public var confidence = 0.95

    public var baseline = Baseline.frozen
    /// Windows (rolling) or weeks (seasonal) before the evaluated one that a baseline is made of.
    public var baselineWindows = 8
    /// Windows between a rolling baseline and the evaluated window, so that a slow drift is not compared with itself.
    public var baselineGap = 0

    // Effect floors: what is smaller is called negligible, however significant.
    public var psiFloor = 0.1
    public var ksFloor = 0.1
    public var jensenShannonFloor = 0.1
    /// Of Cramér's V of equal samples, the effect size of chi-squared.
    public var cramersVFloor = 0.1
    /// Of the change of a feature's share of missing values.
    public var missingFloor = 0.05
    /// Of the change of two features' correlation.
    public var correlationFloor = 0.2
    /// Of the relative change of the reconstruction error.
    public var reconstructionFloor = 0.1
    /// Of the share of values outside the reference's range, and of levels that it does not have.
    public var dataQualityFloor = 0.01
    /// Of the share of the reference that was not the only value that is left.
    public var constantFloor = 0.1
    /// The share of predictions that should succeed.
    public var successObjective = 0.999
    /// Of the change of a vector's mean in a direction, in standard deviations.
    public var meanShiftFloor = 0.2
    /// Of the rise of the expected calibration error above the reference's, what chance would show taken off both.
    public var calibrationFloor = 0.05
    /// Of the drop of ROC AUC and accuracy below the reference's.
    public var performanceFloor = 0.05
    /// Of the change of the share of positive labels.
    public var labelFloor = 0.05
    /// Of the change of the number of records, as a share of what is expected.
    public var volumeFloor = 0.5
    /// Of the rise of a regression's mean absolute error, as a share of the reference's.
    public var errorFloor = 0.1
    /// Of the change of its mean error, which matters less: a share of the same.
    public var meanErrorFloor = 0.2
    /// Of the difference of either between groups: a share of the same.
    public var fairnessErrorFloor = 0.2
    /// Of the difference of a rate between groups.
    public var fairnessDifferenceFloor = 0.1
    /// A ratio of rates below this is unfair: the four-fifths rule.
    public var fairnessRatioFloor = 0.8
    /// A window (or what of it a statistic looks at) with fewer rows is insufficient, whatever its p-value: the laws are of large samples.
    public var rowsMin: Int64 = 30
    public static let labelsOfEachClassMin: Int64 = 10
    /// Smaller groups keep their numbers but take no part in a verdict.
    public var groupRowsMin: Int64 = 30
    /// Seconds after a window's end before it is evaluated, so that the last batches are in.
    public var delaySeconds: Int64 = 60
    /// A window after which no later record has come is evaluated when nothing came for this long: the end of a replay, or little traffic.
    public var quietSeconds: Int64 = 60

    /// A window that changes again and again is evaluated at most once in this time, until it has been quiet.
    public var patienceSeconds: Int64 = 600

    /// What follows the errors of labelled predictions; empty: nothing does.
    public var detectors: [DetectorSetting] = [.standard]

    public init() {}

    /// DESIGN.md: a finding needs both a significant p-value and an effect at or above the floor. Without significance, a sample
    /// in which even an effect of the floor's size would not have been significant is insufficient, not fine.
    ///
    /// - Parameter detectable: the smallest effect that would have been significant at this sample size.
    func verdict(effect: Double, floor: Double, adjustedP: Double, detectable: Double) -> Decision {
        if adjustedP <= alpha { return effect >= floor ? .finding : .negligible }
        return detectable > floor ? .insufficient : .calm
    }

    enum Decision {
        case finding, negligible, insufficient, calm
    }
}
