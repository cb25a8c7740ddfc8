internal import Statistics

/// When a candidate may take the champion's place.
public struct RolloutPolicy: Sendable, Equatable {
    /// What must not become worse; nil for the task's own first metric.
    public var primary: String?
    /// The candidate may be worse than the champion by less than this; 0 asks that it be better.
    public var margin = 0.0
    /// Labelled rows below which nothing is decided.
    public var rowsMin = 500
    /// The level of the groups' corrected tests.
    public var alpha = 0.05
    /// A group may lose this share of the champion's primary metric there before that holds the candidate.
    public var groupFloor = 0.02
    /// A disparity may grow by this much, if that is sure.
    public var disparityFloor = 0.02
    /// The calibration error of all may grow by this much, if that is sure.
    public var calibrationFloor = 0.02
    /// A candidate may take this many times the champion's time for a row.
    public var latencyRatioMax = 2.0
    /// A prediction may cost this many times the champion's.
    public var costRatioMax = 2.0
    /// The share of predictions that fail may grow by this much, if that is sure.
    public var errorFloor = 0.01
    /// How far the candidate's scores may be spread otherwise than the champion's (PSI); nil for as far as they like: a model that knows more
    /// spreads them more.
    public var stabilityMax: Double?
    /// A candidate that may not be promoted after so many days is rejected; nil for any time.
    public var daysMax: Double?
    /// Whether a group that may be worse off, though that is not sure yet, keeps a candidate from being promoted; for who looks on while
    /// rows come, and can wait.
    public var waitsForGroups = false
    public init() {}
}

public enum RolloutVerdict: String, Sendable, CaseIterable { case promote, hold, reject }

func short(_ x: Double?) -> String { x.map(fourDigits) ?? "unknown" }
