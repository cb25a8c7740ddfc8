/// The exact law of the two-sample Kolmogorov-Smirnov distance without ties: P(D ≥ d), by counting lattice paths.
///
/// Every order of the pooled sample is a path from (0, 0) to (n, m); D ≥ d means that it leaves the band |i·m − j·n| < d·n·m (one-sided:
/// one edge of it). Kept is the share of the paths to (i, j) that have left it, which satisfies
/// A(i, j) = (i·A(i−1, j) + j·A(i, j−1)) / (i + j): all terms are positive, so no digits are lost however small the share.
/// For n = m the reflection principle gives the share in O(n).
///
/// - Parameter distance: d·n·m, the integer max |i·m − j·n|.
/// - Returns: nil where SciPy gives up on the exact law (lcm(n, m) beyond 32 bits), and where it would take minutes.
/// - Complexity: O(n·m·D), or O(n) for n = m.
/// > Source: J. L. Hodges, "The Significance Probability of the Smirnov Two-Sample Test", 1958; T. Viehmann, "Numerically more
/// > stable computation of the p-values for the two-sample Kolmogorov-Smirnov test", 2021.
public func ksExactTail(n: Int64, m: Int64, distance: Int128, alternative: KolmogorovSmirnovTest.Alternative) -> Double? {
    if distance <= 0 { return 1 }
    let divisor = greatestCommonDivisor(n, m)
    let (large, small) = (max(n, m) / divisor, min(n, m) / divisor)
    let (product, overflows) = large.multipliedReportingOverflow(by: small)
    guard !overflows, product < Int64(Int32.max) else { return nil }
    let h = Int64(distance / Int128(divisor))  // in units of 1 / lcm(n, m)
    if n == m {
        return alternative == .twoSided ? outsideSquare(n, h) : onceOutsideSquare(n, h)
    }
    let lcm = Double(large) * Double(small) * Double(divisor)
    let share = alternative == .twoSided ? min(1, 2 * Double(h) / lcm) : 1
    guard Double(n) * Double(m) * share < 2e10 else { return nil }
    // Paths are read with the larger sample along i. `greater` asks for i/n − j/m on the side of the reference.
    let upper: Bool, lower: Bool
    switch alternative {
    case .twoSided: (upper, lower) = (true, true)
    case .greater: (upper, lower) = n >= m ? (true, false) : (false, true)
    case .less: (upper, lower) = n >= m ? (false, true) : (true, false)
    }
    return outsideShare(max(n, m), min(n, m), rise: small, run: large, h: h, upper: upper, lower: lower)
}

/// The share of paths to (n, m), n ≥ m, that come to rise·i − run·j ≥ h (`upper`) or ≤ −h (`lower`).
private func outsideShare(_ n: Int64, _ m: Int64, rise: Int64, run: Int64, h: Int64, upper: Bool, lower: Bool) -> Double {
    // Row j of column i stands at column[j]. Rows above the band still hold 1; those below it are never read again.
    func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : -((-a + b - 1) / b) }
    func band(_ i: Int64) -> (first: Int64, end: Int64) {
        let first = upper ? max(0, floorDivide(rise * i - h, run) + 1) : 0
        let end = lower ? min(m + 1, -floorDivide(-(rise * i + h), run)) : m + 1
        return (first, end)
    }
    let inverse = (0...(n + m)).map { $0 == 0 ? 0 : 1 / Double($0) }
    var column = [Double](repeating: 1, count: Int(m) + 1)
    for i in 0...n {
        let (first, end) = band(i)
        guard first < end else { return 1 }
        var below = first == 0 ? 0 : 1.0
        let x = Double(i)
        for j in first..<end {
            if i == 0 && j == 0 {
                below = 0
            } else {
                below = (column[Int(j)] * x + below * Double(j)) * inverse[Int(i + j)]
            }
            column[Int(j)] = below
        }
    }
    return min(1, column[Int(m)])
}

/// Two-sided, n = m: 2 Σₖ (−1)ᵏ⁻¹ C(2n, n − kh) / C(2n, n), as a nested product.
private func outsideSquare(_ n: Int64, _ h: Int64) -> Double {
    var share = 0.0
    var k = n / h
    while k >= 0 {
        var ratio = 1.0
        for j in 0..<h { ratio *= Double(n - k * h - j) / Double(n + k * h + j + 1) }
        share = ratio * (1 - share)
        k -= 1
    }
    return min(1, max(0, 2 * share))
}

/// One-sided, n = m: C(2n, n − h) / C(2n, n).
private func onceOutsideSquare(_ n: Int64, _ h: Int64) -> Double {
    var ratio = 1.0
    for j in 0..<h { ratio *= Double(n - j) / Double(n + j + 1) }
    return ratio
}

private func greatestCommonDivisor(_ a: Int64, _ b: Int64) -> Int64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
}
