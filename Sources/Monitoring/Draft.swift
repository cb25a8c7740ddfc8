internal import Statistics
internal import Vocabulary

/// A finding that waits for the correction of its p-value over the family.
struct Draft {
    var finding: Finding
    /// What is compared with `floor`; nil for a number without a verdict.
    var effect: Double?
    var floor = 0.0
    /// The smallest effect that this sample could have shown.
    var detectable = 0.0
    /// The rows that the p-value's law asks for.
    var rowsNeeded: Int64 = 0
    var kind = EffectKind.distance
    /// Fairness has words of its own for its verdicts.
    var isFairness = false
    /// False where too few rows are what is looked for.
    var needsRows = true

    /// A number that is only shown.
    static func shown(_ finding: Finding) -> Draft { Draft(finding: finding) }

    /// A number of a column that has no values on one of the sides.
    static func noData(_ finding: Finding) -> Draft {
        var finding = finding
        finding.verdict = .noData
        finding.why = finding.referenceCount == 0 ? "the reference has no values" : "no values in the window"
        return .shown(finding)
    }

    /// Whether its p-value means anything; else it is outside the family.
    func isLargeEnough(_ settings: MonitorSettings) -> Bool {
        !needsRows || finding.currentCount >= max(settings.rowsMin, rowsNeeded)
    }

    func settled(adjustedP: Double?, settings: MonitorSettings) -> Finding {
        var finding = finding
        finding.adjustedP = adjustedP
        guard finding.verdict == nil, let effect else { return finding }
        guard isLargeEnough(settings) else {
            finding.verdict = .insufficient
            finding.why =
                rowsNeeded == .max
                ? "at \(finding.currentCount) rows all but one value are too rare to judge"
                : "\(finding.currentCount) rows are too few to judge, \(max(settings.rowsMin, rowsNeeded)) are needed"
            return finding
        }
        guard let adjustedP else { return finding }
        switch settings.verdict(effect: effect, floor: floor, adjustedP: adjustedP, detectable: detectable) {
        case .finding: finding.verdict = isFairness ? .unfair : .drifted
        case .negligible: finding.verdict = .negligible
        case .insufficient:
            finding.verdict = .insufficient
            finding.why =
                "too few rows to see an effect of \(format(floor)): at \(finding.currentCount) rows only \(format(detectable)) would show"
        case .calm: finding.verdict = isFairness ? .fair : .ok
        }
        return finding
    }
}

/// How an effect spreads among windows without drift.
enum EffectKind {
    case distance
    /// Grows with the square of what moved, as PSI does.
    case squaredDistance
    /// Below 0 things became better.
    case directed
}

func format(_ x: Double) -> String { fourDigits(x) }

/// A value of a column: long numbers in groups of three digits, with thin spaces.
func grouped(_ x: Double) -> String {
    let text = format(x)
    guard abs(x) >= 10_000, text.allSatisfy({ $0.isNumber || $0 == "-" }) else { return text }
    let digits = Array(text.drop { $0 == "-" })
    var out = x < 0 ? "-" : ""
    for (place, digit) in digits.enumerated() {
        if place > 0, (digits.count - place) % 3 == 0 { out += "\u{202F}" }
        out.append(digit)
    }
    return out
}

/// `24.1 %`.
func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
