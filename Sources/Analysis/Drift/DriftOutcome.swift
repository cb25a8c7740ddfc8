internal import Statistics
internal import Vocabulary

/// One statistic of a column: its numbers, and what its verdict is made of.
struct DriftOutcome {
    let test: String
    /// In the order in which they are printed; `p_adjusted` comes after `p_value`.
    var members: [(String, JSON)]
    var statistic: Double?
    /// Whether the test has a p-value at all, be it undefined here.
    var hasPValue: Bool { pValue != nil || DriftTest(rawValue: test).map(DriftTest.withPValue.contains) ?? true }
    var pValue: Double?
    /// The p-value that is corrected and judged: rare levels are pooled for it.
    var testedP: Double?
    var adjustedP: Double?
    /// What is compared with `floor`; nil for a number without a verdict.
    var effect: Double?
    var floor: Double?
    /// The smallest effect that would have been significant at this sample size.
    var detectable = 0.0
    /// The rows that the p-value's law asks for; nil when no number of rows would do.
    var rowsNeeded: Int64? = 0
    var rows: Int64 = 0
    /// What moved, in words.
    var moved = ""
    var verdict: Verdict?

    static let alpha = 0.05
    /// A side with fewer rows is insufficient, whatever its p-value: the laws are of large samples.
    static let rowsMin: Int64 = 30

    init(_ test: String, statistic: Double?, pValue: Double? = nil, why: String? = nil, extra: [(String, JSON)] = []) {
        self.test = test
        self.statistic = statistic
        self.pValue = pValue
        testedP = pValue
        members = [("statistic", .statistic(statistic))] + extra
        if let why { members.append(("why", .string(why))) }
    }

    /// A statistic that has no value.
    init(_ test: String, undefined why: String) { self.init(test, statistic: nil, why: why) }

    /// The p-value with rare cells put together, which is the one that is judged.
    mutating func pool(_ p: Double?, _ cells: CommonCells) {
        guard cells.rare > 0 else { return }
        testedP = p
        members += [("p_value_pooled", .statistic(p)), ("cells_pooled", JSON(cells.rare))]
    }

    /// Judges by Pearson's p-value of the same cells where that is the larger one.
    ///
    /// The laws of PSI and Jensen-Shannon are limits that are reached late in the far tail, where a correction over many columns looks: at 100
    /// rows a side and ten cells PSI's gives p below 0.00017 in 0.8 % of cases without drift, Pearson's in 0.003 %.
    mutating func bound(_ pearson: Double?) {
        guard let own = testedP, let pearson else { return }
        testedP = max(own, pearson)
        members.append(("p_value_pearson", .statistic(pearson)))
    }

    var isLargeEnough: Bool { rowsNeeded.map { rows >= max(Self.rowsMin, $0) } ?? false }
    var isJudged: Bool { effect != nil && floor != nil }
    /// How far past its floor.
    var severity: Double { (effect ?? 0) / (floor ?? 1) }

    var json: JSON {
        var object = JSONObject(Array(members.prefix(1)))
        if hasPValue {
            object["p_value"] = .statistic(pValue)
            object["p_adjusted"] = .statistic(adjustedP)
        }
        for (key, value) in members.dropFirst() { object[key] = value }
        let isSaid = undefinedReason != nil
        return .object(
            object.explained { name in
                switch name {
                case "statistic", "p_value": isSaid ? nil : "undefined for these values"
                case "p_value_pooled": "all but one value are too rare to judge"
                case "p_adjusted" where pValue == nil: isSaid ? nil : "there is no p-value"
                case "p_adjusted": testedP == nil ? "all but one value are too rare to judge" : why
                default: "values are infinite, or so large that their squares overflow"
                }
            })
    }

    /// Why there is no statistic, or no p-value.
    var undefinedReason: String? { members.first { $0.0 == "why" }?.1.stringValue }

    /// DESIGN.md: drifted needs a significant p-value and an effect at or above the floor. Without significance, a sample in which even
    /// an effect of the floor's size would not have been significant is insufficient, not fine.
    mutating func settle() {
        guard let effect, let floor else { return }
        guard isLargeEnough, let adjustedP else { verdict = .insufficient; return }
        if adjustedP <= Self.alpha {
            verdict = effect >= floor ? .drifted : .negligible
        } else {
            verdict = detectable > floor ? .insufficient : .ok
        }
    }

    /// Why the verdict is what it is, in one sentence.
    var why: String {
        guard let effect, let floor, let verdict else { return "" }
        let name = test == "chi_squared" ? "Cramér's V of equal samples" : test == "missing" ? "change of the missing share" : test
        // An effect just short of its floor is not to be rounded up to it.
        let measured = "\(name) \(effect < floor && inWords(effect) == inWords(floor) ? "just under \(inWords(floor))" : inWords(effect))"
        let p = adjustedP.map { $0 > 0 ? "adjusted p \(inWords($0))" : "adjusted p below 1e-300" } ?? "no p-value"
        switch verdict {
        case .drifted: return "\(moved) (\(measured), at least \(inWords(floor)); \(p))"
        case .negligible: return "\(moved), but by less than what counts (\(measured), below \(inWords(floor)); \(p))"
        case .insufficient:
            guard let rowsNeeded else { return "at \(rows) rows all but one value are too rare to judge" }
            if rows < max(Self.rowsMin, rowsNeeded) {
                return "\(rows) rows on a side are too few to judge \(test), \(max(Self.rowsMin, rowsNeeded)) are needed"
            }
            return "too few rows to see an effect of \(inWords(floor)): at \(rows) rows only \(inWords(detectable)) would show"
        default: return "no significant change (\(measured), \(p))"
        }
    }
}

/// Corrects the p-values of a whole report and gives every judged statistic its verdict.
///
/// The family of the statistics that carry verdicts is all of them over all columns; any other test is corrected over the columns it was
/// made on. What is too small for its law is outside the family.
func settle(_ columns: inout [[DriftOutcome]]) {
    var families: [String: [(Int, Int)]] = [:]
    for (c, outcomes) in columns.enumerated() {
        for (o, outcome) in outcomes.enumerated() where outcome.testedP != nil {
            if outcome.isJudged && !outcome.isLargeEnough { continue }
            families[outcome.isJudged ? "" : outcome.test, default: []].append((c, o))
        }
    }
    for places in families.values {
        let adjusted = benjaminiHochberg(places.map { columns[$0.0][$0.1].testedP })
        for ((c, o), p) in zip(places, adjusted) { columns[c][o].adjustedP = p }
    }
    for c in columns.indices {
        for o in columns[c].indices { columns[c][o].settle() }
    }
}

/// Three significant digits, for sentences and tables.
func inWords(_ x: Double) -> String {
    if x == 0 || !x.isFinite { return x == 0 ? "0" : "\(x)" }
    if abs(x) < 1e-4 || abs(x) >= 1e15 {
        var exponent = 0
        var mantissa = x
        while abs(mantissa) < 1, exponent > -400 { mantissa *= 10; exponent -= 1 }
        while abs(mantissa) >= 10 { mantissa /= 10; exponent += 1 }
        return "\((mantissa * 10).rounded() / 10)e\(exponent)"
    }
    var scale = 1.0
    while abs(x) * scale < 100, scale < 1e8 { scale *= 10 }
    let rounded = (x * scale).rounded() / scale
    return rounded == rounded.rounded() ? String(Int64(rounded)) : "\(rounded)"
}

/// `24.1 %`.
func inPercent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
