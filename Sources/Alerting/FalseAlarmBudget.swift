public import Vocabulary

/// How many alarms a policy may raise for one model although nothing has changed, on average.
///
/// **The argument.** In a period there are W windows. In each, every p-value of the m numbers that the policy watches is compared with α/m, so
/// that without any change at most α of the windows have a finding (the union bound, so whatever the p-values have to do with each other). An
/// alert needs k windows with a finding, and no two alerts share one: at most W·α/k alerts (Markov's inequality, so whatever the windows have to do
/// with each other). So α = k · alarms / W keeps the budget. What is assumed is that the p-values are valid: that windows without change are
/// drawn as the baseline is, up to what its own windows differ by.
public struct FalseAlarmBudget: Sendable, Equatable {
    public var alarms: Double
    public var seconds: Int64

    public init(alarms: Double, seconds: Int64) {
        self.alarms = alarms
        self.seconds = seconds
    }

    /// `1 per 30d`, `0.5 per 2w`, `2 per 12h`; nil for anything else.
    public init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 3, words[1] == "per", let alarms = Double(words[0]), alarms > 0, alarms <= 1e6 else { return nil }
        let units: [Character: Int64] = ["h": 3600, "d": 86_400, "w": 7 * 86_400]
        guard let unit = words[2].last.flatMap({ units[$0] }), let count = Int64(words[2].dropLast()), 1...3650 ~= count else { return nil }
        self.init(alarms: alarms, seconds: count * unit)
    }

    public static let standard = FalseAlarmBudget(alarms: 1, seconds: 30 * 86_400)

    /// The level of one window.
    ///
    /// - Parameters:
    ///   - window: in a period there are as many as its step goes into it. Windows by rows are as long as they are: then α is in proportion to
    ///     the length of each, and the sum over a period the same.
    ///   - findings: windows with a finding that an alert needs.
    public func alpha(window: Window, findings: Int) -> Double {
        min(1, Double(findings) * alarms * Double(window.step) / Double(seconds))
    }
}
