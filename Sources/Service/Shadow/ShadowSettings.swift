public import Shadowing
internal import Vocabulary

/// `shadow:` of the configuration: how candidates are followed, and when one may take the champion's place.
public struct ShadowSettings: Sendable, Equatable {
    public var everySeconds = 10.0
    /// Rows of one step, unless a single batch has more.
    public var rowsMax = 20_000
    /// A candidate that takes longer for a row, on average over a step, three steps in a row, is scored no more.
    public var rowSecondsMax = 0.005
    /// How long a step of a rollout lasts at least.
    public var stepSeconds = 3600.0
    /// What a second of scoring costs, in the currency of the models: the cost of a candidate that serves nobody. nil where that is not known.
    public var secondCost: Double?
    public var policy = RolloutPolicy()

    /// Model files larger than this are refused.
    public static let fileBytesMax = 256 << 20
    /// Candidates of one model that are scored.
    public static let candidatesMax = 8

    public init() {
        policy.daysMax = 30
        policy.waitsForGroups = true
    }

    mutating func read(_ json: JSON?, _ reader: SettingsReader) {
        let members = reader.members(
            json, at: "shadow",
            known: [
                "every_seconds", "rows_max", "row_seconds_max", "step_seconds", "primary", "margin", "min_rows", "alpha",
                "group_floor", "disparity_floor", "calibration_floor", "latency_ratio_max", "cost_ratio_max",
                "second_cost", "error_floor", "psi_max", "max_days",
            ])
        func number(_ name: String, _ range: ClosedRange<Double>, _ standard: Double) -> Double {
            reader.number(members[name], at: "shadow.\(name)", in: range) ?? standard
        }
        func integer(_ name: String, _ range: ClosedRange<Int>, _ standard: Int) -> Int {
            reader.integer(members[name], at: "shadow.\(name)", in: range) ?? standard
        }
        everySeconds = number("every_seconds", 0.1...3600, everySeconds)
        rowsMax = integer("rows_max", 1...1_000_000, rowsMax)
        rowSecondsMax = number("row_seconds_max", 1e-9...3600, rowSecondsMax)
        stepSeconds = number("step_seconds", 1...31_536_000, stepSeconds)
        if let primary = reader.text(members["primary"], at: "shadow.primary") {
            // Only means of losses have an interval that is right at every look.
            let known = ["log_loss", "brier", "accuracy", "mse", "mae"]
            if known.contains(primary) {
                policy.primary = primary
            } else {
                reader.problem("shadow.primary", "\(primary), expected one of \(known.joined(separator: ", "))")
            }
        }
        policy.margin = number("margin", 0...1e9, policy.margin)
        // The intervals that are right at every look begin at 100 rows.
        policy.rowsMin = integer("min_rows", 100...1_000_000_000, policy.rowsMin)
        policy.alpha = number("alpha", 1e-6...0.5, policy.alpha)
        policy.groupFloor = number("group_floor", 0...1, policy.groupFloor)
        policy.disparityFloor = number("disparity_floor", 0...1, policy.disparityFloor)
        policy.calibrationFloor = number("calibration_floor", 0...1, policy.calibrationFloor)
        policy.latencyRatioMax = number("latency_ratio_max", 0.001...1e6, policy.latencyRatioMax)
        policy.costRatioMax = number("cost_ratio_max", 0.001...1e6, policy.costRatioMax)
        secondCost = reader.number(members["second_cost"], at: "shadow.second_cost", in: 0...1e9)
        policy.errorFloor = number("error_floor", 0...1, policy.errorFloor)
        policy.stabilityMax = reader.number(members["psi_max"], at: "shadow.psi_max", in: 0...1e6)
        policy.daysMax = members["max_days"]?.stringValue == "forever" ? nil : number("max_days", 0.001...36_500, policy.daysMax ?? 30)
    }
}
