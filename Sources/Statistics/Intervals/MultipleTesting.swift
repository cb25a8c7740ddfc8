/// Benjamini-Hochberg adjusted p-values: p₍ᵢ₎·k/i made monotone from the largest down, at most 1.
///
/// Rejecting what is ≤ q keeps the expected share of false discoveries at or below q when the tests are independent or
/// positively dependent. A nil (a test that could not be done) stays nil and is outside the family.
///
/// What is no list of probabilities comes back as it is; ``PValueAdjustment`` refuses it, and has the other methods.
/// > Source: Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate", 1995.
public func benjaminiHochberg(_ pValues: [Double?]) -> [Double?] {
    (try? PValueAdjustment.benjaminiHochberg.adjust(pValues)) ?? pValues
}
