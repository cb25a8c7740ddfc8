/// Edges at the k/bins quantiles of a sample (linear interpolation, as NumPy's default), equal ones merged.
///
/// Cells are open at both ends and right-closed: x ≤ e₁, e₁ < x ≤ e₂, …, x > eₗₐₛₜ.
/// - Parameter sorted: ascending, finite or infinite, without NaN.
/// - Returns: bins − 1 edges or fewer; none for an empty sample.
/// > Source: R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", 1996, definition 7.
public func quantileEdges(ofSorted sorted: [Double], bins: Int) -> [Double] {
    precondition(bins >= 1, "at least one bin")
    guard !sorted.isEmpty else { return [] }
    return distinctEdges((1..<max(bins, 1)).map { quantile(ofSorted: sorted, Double($0) / Double(bins)) })
}

/// Ascending edges, equal ones merged.
func distinctEdges(_ quantiles: [Double]) -> [Double] {
    quantiles.reduce(into: []) { edges, edge in if edges.last.map({ edge > $0 }) ?? true { edges.append(edge) } }
}

/// The p-quantile by linear interpolation between order statistics.
public func quantile(ofSorted sorted: [Double], _ p: Double) -> Double {
    precondition(!sorted.isEmpty && p >= 0 && p <= 1, "a quantile needs values and 0 ≤ p ≤ 1")
    let place = p * Double(sorted.count - 1)
    let low = Int(place.rounded(.down))
    guard low + 1 < sorted.count else { return sorted[sorted.count - 1] }
    return interpolated(sorted[low], sorted[low + 1], place - Double(low))
}

/// The number at share `t` of the way from `a` to `b`.
func interpolated(_ a: Double, _ b: Double, _ t: Double) -> Double {
    if t == 0 || a == b { return a }
    // NumPy's form: from the nearer end, so that the result never passes it.
    if (b - a).isInfinite, a.isFinite, b.isFinite { return a * (1 - t) + b * t }
    let value = t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)
    return value.isNaN ? (t < 0.5 ? a : b) : value
}
