public import Vocabulary

// How windows, shares and counts are written, on pages and in reports alike.

/// `feature_drift` as people say it.
public func spoken(_ word: String) -> String { word.split(separator: "_").joined(separator: " ") }

extension WindowKind {
    /// As one of several choices.
    public var plural: String { WindowKind.scheduled.contains(self) ? rawValue + "s" : rawValue }
    /// As one of its windows is called.
    public var single: String { WindowKind.scheduled.contains(self) ? rawValue : rawValue + " window" }
}

/// A window in words.
public func span(_ window: Window) -> String {
    let (start, end) = (window.start.rfc3339, window.end.rfc3339)
    switch window.kind {
    case .hour: return "\(start.prefix(10)) \(start.dropFirst(11).prefix(5)) to \(end.dropFirst(11).prefix(5)) UTC"
    case .day: return "\(start.prefix(10)) (UTC)"
    case .week: return "the week from \(start.prefix(10)) (UTC)"
    default: return "\(start.prefix(10)) \(start.dropFirst(11).prefix(5)) to \(end.prefix(10)) \(end.dropFirst(11).prefix(5)) UTC"
    }
}

public func percent(_ share: Double) -> String { "\(shortNumber((share * 1000).rounded() / 10)) %" }

/// A p-value. One that is too small for a number is not 0, which it cannot be.
public func shortP(_ p: Double?) -> String { p == 0 ? "< 1e-300" : shortNumber(p) }

/// 12 345 678, with thin spaces.
public func counted(_ count: Int64) -> String {
    let digits = Array(String(count.magnitude))
    var out = count < 0 ? "-" : ""
    for (place, digit) in digits.enumerated() {
        if place > 0, (digits.count - place) % 3 == 0 { out += "\u{202F}" }
        out.append(digit)
    }
    return out
}

/// A value in a sentence: whole ones in groups of three digits.
public func longNumber(_ x: Double) -> String {
    abs(x) >= 10_000 && abs(x) < 1e15 && x == x.rounded() ? counted(Int64(x)) : shortNumber(x)
}

/// Without the features that moved in the same window: where these stand beside it, once is enough.
public func ownReason(_ finding: Finding) -> String {
    let why = finding.why
    return String(why.firstRange(of: "; moved in the same window:").map { why[..<$0.lowerBound] } ?? why[...])
}
