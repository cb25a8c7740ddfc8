/// What both models decide of labelled rows, jointly: how often each is right or wrong, and how often where the other one is.
///
/// The differences of rates have the errors of the delta method: a rate is a mean of influences ψ of its rows, so the squared standard error of
/// a difference is Σ n (ψ′ − ψ)² / N² over the eight kinds of row (label, champion's decision, candidate's decision).
/// > Source: A. W. van der Vaart, "Asymptotic Statistics", 1998, chapters 3 and 20 (the delta method, influence functions).
struct JointOutcomes {
    /// Over rows with a positive label, and with a negative one.
    var positives: DecisionSums
    var negatives: DecisionSums

    /// Name, whether less is better, what it divides by what: a value is the sum of `top` over that of `bottom` of each row's label and decision.
    private static let metrics: [(name: String, isBetterBelow: Bool, parts: @Sendable (Bool, Bool) -> (top: Double, bottom: Double))] = [
        ("recall", false, { label, decision in (label && decision ? 1 : 0, label ? 1 : 0) }),
        ("fpr", true, { label, decision in (!label && decision ? 1 : 0, label ? 0 : 1) }),
        ("precision", false, { label, decision in (label && decision ? 1 : 0, decision ? 1 : 0) }),
        ("f1", false, { label, decision in (label && decision ? 2 : 0, (label ? 1 : 0) + (decision ? 1 : 0)) }),
    ]

    /// Rows by label and both decisions.
    private var kinds: [(label: Bool, was: Bool, now: Bool, count: Double)] {
        [(true, positives), (false, negatives)].flatMap { label, sums in
            let both = (sums.champion + sums.candidate - sums.changed) / 2
            return [
                (label, true, true, both), (label, true, false, sums.champion - both), (label, false, true, sums.candidate - both),
                (label, false, false, sums.rows - sums.champion - sums.candidate + both),
            ]
        }
    }

    func differences(confidence: Double) -> [PairedDifference] {
        let kinds = kinds
        return Self.metrics.map { name, isBetterBelow, parts in
            var out = PairedDifference(name, isBetterBelow: isBetterBelow)
            out.count = Int(positives.rows + negatives.rows)
            func sums(_ decision: (Bool, Bool) -> Bool) -> (top: Double, bottom: Double) {
                kinds.reduce((0, 0)) { sum, kind in
                    let part = parts(kind.label, decision(kind.was, kind.now))
                    return (sum.0 + kind.count * part.top, sum.1 + kind.count * part.bottom)
                }
            }
            let (was, now) = (sums { a, _ in a }, sums { _, b in b })
            guard was.bottom > 0, now.bottom > 0 else {
                out.why = "no rows to divide by"
                return out
            }
            let (first, second) = (was.top / was.bottom, now.top / now.bottom)
            (out.champion, out.candidate, out.value) = (first, second, second - first)
            // Means of few rows are not normal: as for any other interval here.
            guard min(was.bottom, now.bottom) >= 10 else {
                out.why = "too few rows for an interval"
                return out
            }
            let squares = kinds.reduce(0) { sum, kind in
                let (a, b) = (parts(kind.label, kind.was), parts(kind.label, kind.now))
                let influence = (b.top - second * b.bottom) / now.bottom - (a.top - first * a.bottom) / was.bottom
                return sum + kind.count * influence * influence
            }
            out.put(error: max(0, squares).squareRoot(), confidence: confidence)
            return out
        }
    }
}
