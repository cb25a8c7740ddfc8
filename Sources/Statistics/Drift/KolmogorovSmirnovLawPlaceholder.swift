func kolmogorovSmirnovTail(d: Double, n: Int) -> Double { Distributions.kolmogorovTail(d * Double(n).squareRoot()) }
