internal import Glibc

/// The k-sample Anderson-Darling test: do all samples come from one distribution? It weighs the tails more than Kolmogorov-Smirnov.
///
/// The statistic is (A² − (k − 1)) / σ, A² the sum over samples of the squared distance of their distribution functions from the pooled
/// one, weighted by 1/(H(1 − H)), σ its standard deviation under no difference: about 0 then, 2 to 4 is strong evidence.
/// `midrank` and `right` are made for ties, `continuous` assumes that there are none.
///
/// The p-value follows the table of critical values by a quadratic in log p, as SciPy's does. Beyond the table's ends (0.25 and 0.001) SciPy
/// stops at them; here log p goes on as a straight line, as the law's tail does.
/// > Source: F. W. Scholz and M. A. Stephens, "K-Sample Anderson-Darling Tests", 1987, equations 3, 6, 7 and table 2.
public struct AndersonDarling: Sendable, Equatable {
    public enum Variant: String, Sendable, CaseIterable { case midrank, right, continuous }
    public var statistic: Double
    public var pValue: Double

    /// - Throws: ``StatisticsError`` `.undefined` for fewer than two samples, a single distinct value, or fewer than four values.
    /// - Complexity: O(k·*N*) for *N* values of k sorted samples.
    public init(_ samples: [SortedSample], variant: Variant = .midrank) throws(StatisticsError) {
        guard samples.count >= 2 else { throw StatisticsError(.undefined, "\(samples.count) samples, expected at least two") }
        let total = samples.reduce(0) { $0 + $1.count }
        guard total >= 4 else { throw StatisticsError(.undefined, "\(total) values, expected at least four") }
        let squared = Self.squaredDistance(samples, total: total, variant: variant)
        guard let squared else { throw StatisticsError(.undefined, "a single distinct value on all sides") }
        let m = Double(samples.count - 1)
        statistic = (squared - m) / Self.variance(samples, total: Double(total)).squareRoot()
        pValue = Self.interpolated(statistic, m: m)
    }

    private static func squaredDistance(_ samples: [SortedSample], total: Int, variant: Variant) -> Double? {
        let size = Double(total)
        let sizes = samples.map { Double($0.count) }
        let values = samples.map(\.values)
        var places = [Int](repeating: 0, count: samples.count)
        var before = places
        var inner = [Double](repeating: 0, count: samples.count)
        var below = 0  // values before the present one
        var distinct = 0
        while below < total {
            var x = Double.infinity
            for i in values.indices where places[i] < values[i].count { x = min(x, values[i][places[i]]) }
            distinct += 1
            var upTo = 0
            for i in values.indices {
                before[i] = places[i]
                var place = places[i]
                while place < values[i].count, values[i][place] == x { place += 1 }
                places[i] = place
                upTo += place
            }
            let ties = upTo - below
            switch variant {
            case .midrank:
                let b = Double(below) + Double(ties) / 2
                let weight = Double(ties) / size / (b * (size - b) - size * Double(ties) / 4)
                for i in values.indices {
                    let gap = size * Double(before[i] + places[i]) / 2 - b * sizes[i]
                    inner[i] += weight * gap * gap
                }
            case .right where upTo < total:
                let b = Double(upTo)
                for i in values.indices {
                    let gap = size * Double(places[i]) - b * sizes[i]
                    inner[i] += Double(ties) / size * gap * gap / (b * (size - b))
                }
            case .continuous:
                for j in (below + 1)...upTo where j < total {
                    let b = Double(j)
                    for i in values.indices {
                        let gap = size * Double(places[i]) - b * sizes[i]
                        inner[i] += gap * gap / (b * (size - b)) / size
                    }
                }
            default: break
            }
            below = upTo
        }
        guard distinct >= 2 else { return nil }
        let sum = zip(inner, sizes).reduce(0) { $0 + $1.0 / $1.1 }
        return variant == .midrank ? sum * (size - 1) / size : sum
    }

    private static func variance(_ samples: [SortedSample], total: Double) -> Double {
        let k = Double(samples.count)
        let reciprocals = samples.reduce(0) { $0 + 1 / Double($1.count) }
        var h = 0.0
        var g = 0.0
        for i in stride(from: total - 1, through: 2, by: -1) {
            h += 1 / i
            g += h / (total - i + 1)
        }
        h += 1
        let a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * reciprocals
        let b = (2 * g - 4) * k * k + 8 * h * k + (2 * g - 14 * h - 4) * reciprocals - 8 * h + 4 * g - 6
        let c = (6 * h + 2 * g - 2) * k * k + (4 * h - 4 * g + 6) * k + (2 * h - 6) * reciprocals + 4 * h
        let d = (2 * h + 6) * k * k - 4 * h * k
        return (((a * total + b) * total + c) * total + d) / ((total - 1) * (total - 2) * (total - 3))
    }

    /// Critical values c₀ + c₁/√m + c₂/m of the standardised statistic at the levels beside them.
    private static let table: [(level: Double, c0: Double, c1: Double, c2: Double)] = [
        (0.25, 0.675, -0.245, -0.105), (0.1, 1.281, 0.25, -0.305), (0.05, 1.645, 0.678, -0.362), (0.025, 1.96, 1.149, -0.391),
        (0.01, 2.326, 1.822, -0.396), (0.005, 2.573, 2.364, -0.345), (0.001, 3.085, 3.615, -0.154),
    ]

    static func interpolated(_ statistic: Double, m: Double) -> Double {
        let critical = table.map { $0.c0 + $0.c1 / m.squareRoot() + $0.c2 / m }
        let fit = quadraticFit(critical, table.map { log($0.level) })
        func value(_ x: Double) -> Double { fit.0 + x * (fit.1 + x * fit.2) }
        func slope(_ x: Double) -> Double { fit.1 + 2 * x * fit.2 }
        let (low, high) = (critical[0], critical[critical.count - 1])
        if statistic < low { return min(1, exp(value(low) + (statistic - low) * slope(low))) }
        // A tail does not fall less steeply than the line through the table's last two points.
        if statistic > high { return exp(value(high) + (statistic - high) * min(slope(high), -0.5)) }
        return exp(value(statistic))
    }

    /// The least-squares parabola through points, by its normal equations about the mean.
    private static func quadraticFit(_ x: [Double], _ y: [Double]) -> (Double, Double, Double) {
        let n = Double(x.count)
        let middle = x.reduce(0, +) / n
        // Orthogonal polynomials 1, t, t² − αt − β on the points t = x − middle.
        let t = x.map { $0 - middle }
        let s2 = t.reduce(0) { $0 + $1 * $1 }
        let s3 = t.reduce(0) { $0 + $1 * $1 * $1 }
        let alpha = s3 / s2
        let beta = s2 / n
        let p2 = t.map { $0 * $0 - alpha * $0 - beta }
        let c0 = y.reduce(0, +) / n
        let c1 = zip(t, y).reduce(0) { $0 + $1.0 * $1.1 } / s2
        let c2 = zip(p2, y).reduce(0) { $0 + $1.0 * $1.1 } / p2.reduce(0) { $0 + $1 * $1 }
        // Back to powers of x.
        let a = c0 - c2 * beta
        let b = c1 - c2 * alpha
        return (a - b * middle + c2 * middle * middle, b - 2 * c2 * middle, c2)
    }
}
