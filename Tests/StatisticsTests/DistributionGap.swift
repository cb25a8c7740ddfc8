/// F(x) − G(x) of the empirical distribution functions of two samples, by its definition: the slow twin of the fast search.
func gapOfDistributions(_ reference: [Double], _ current: [Double], at x: Double) -> Double {
    Double(reference.count { $0 <= x }) / Double(reference.count) - Double(current.count { $0 <= x }) / Double(current.count)
}
