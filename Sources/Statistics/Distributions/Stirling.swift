internal import Glibc

/// log(1 + x) − x without cancellation, for x > −1; −∞ at −1.
///
/// Near 0 by the series log(1 + x) = 2 artanh r, r = x / (2 + x).
func log1pMinusX(_ x: Double) -> Double {
    if abs(x) > 0.2 { return log1p(x) - x }
    let r = x / (2 + x)
    let square = r * r
    var power = square
    var sum = 0.0
    var odd = 3.0
    while true {
        let term = power / odd
        if sum + term == sum { break }
        sum += term
        power *= square
        odd += 2
    }
    return r * (2 * sum - x)  // 2r − x = −r·x
}

/// log Γ(x) minus Stirling's formula (x − ½) log x − x + ½ log 2π, for x > 0.
///
/// > Source: C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.
func stirlingRest(_ x: Double) -> Double {
    if x < 12 { return lgamma(x) - ((x - 0.5) * log(x) - x + 0.5 * log(2 * Double.pi)) }
    let square = 1 / (x * x)
    return
        (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680 - square * (1.0 / 1188 - square * 691.0 / 360_360)))))
        / x
}
