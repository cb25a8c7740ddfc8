/// Benjamini-Hochberg adjusted p-values: p₍ᵢ₎·k/i made monotone from the largest down, at most 1.
///
/// Rejecting what is ≤ q keeps the expected share of false discoveries at or below q when the tests are independent or
/// positively dependent. A nil (a test that could not be done) stays nil and is outside the family.
/// > Source: Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate", 1995.
public func benjaminiHochberg(_ pValues: [Double?]) -> [Double?] {
    let order = pValues.indices.filter { pValues[$0] != nil }.sorted { (pValues[$0]!, $0) < (pValues[$1]!, $1) }
    var adjusted = [Double?](repeating: nil, count: pValues.count)
    var smallest = 1.0
    for (rank, index) in order.enumerated().reversed() {
        smallest = min(smallest, pValues[index]! / (Double(rank + 1) / Double(order.count)))
        adjusted[index] = smallest
    }
    return adjusted
}
