/// Student's and Welch's t-tests that two samples have one mean.
///
/// Student's takes the variances as equal and has n + m − 2 degrees of freedom, Welch's does not. Where both samples are constant,
/// t is infinite if they differ (p 0) and undefined if they are equal.
/// > Source: Student, "The Probable Error of a Mean", 1908; B. L. Welch, "The Generalization of 'Student's' Problem when Several
/// > Different Population Variances Are Involved", 1947.
public struct TTest: Sendable, Equatable {
    /// nil where both samples are the same constant.
    public var t: Double?
    public var degreesOfFreedom: Double
    public var pValue: Double?

    /// - Throws: ``StatisticsError`` when a sample has fewer than two values, or one that is not finite.
    public static func welch(_ x: [Double], _ y: [Double]) throws(StatisticsError) -> TTest {
        try welch(MeanMoments(x), MeanMoments(y))
    }

    /// - Throws: ``StatisticsError`` when a sample has fewer than two values.
    public static func welch(_ a: MeanMoments, _ b: MeanMoments) throws(StatisticsError) -> TTest {
        let few = min(a.count, b.count)
        guard few >= 2 else { throw StatisticsError(.empty, "\(Int(few)) values in a sample, expected at least two") }
        let ofX = a.variance / a.count
        let ofY = b.variance / b.count
        let sum = ofX + ofY
        // Two constant samples leave 0/0 degrees of freedom; 1 is SciPy's stand-in, and t is infinite or undefined anyway.
        let df = sum == 0 ? 1 : sum * sum / (ofX * ofX / (a.count - 1) + ofY * ofY / (b.count - 1))
        return try TTest(a.mean - b.mean, error: sum.squareRoot(), degreesOfFreedom: df)
    }

    /// - Throws: ``StatisticsError`` when a sample has fewer than two values, or one that is not finite.
    public static func student(_ x: [Double], _ y: [Double]) throws(StatisticsError) -> TTest {
        let (a, b) = (try MeanMoments(x), try MeanMoments(y))
        let df = a.count + b.count - 2
        let pooled = ((a.count - 1) * a.variance + (b.count - 1) * b.variance) / df
        return try TTest(a.mean - b.mean, error: (pooled * (1 / a.count + 1 / b.count)).squareRoot(), degreesOfFreedom: df)
    }

    private init(_ difference: Double, error: Double, degreesOfFreedom: Double) throws(StatisticsError) {
        self.degreesOfFreedom = degreesOfFreedom
        if error == 0, difference == 0 { return }
        let t = error == 0 ? (difference > 0 ? .infinity : -.infinity) : difference / error
        self.t = t
        pValue = try Distributions.studentTwoSided(t, degreesOfFreedom: degreesOfFreedom)
    }
}

/// Count, mean and unbiased variance of a sample.
public struct MeanMoments: Sendable, Equatable {
    public var count: Double
    public var mean: Double
    public var variance: Double

    /// Of sums; `variance` divides by count − 1.
    public init(count: Double, mean: Double, variance: Double) {
        self.count = count
        self.mean = mean
        self.variance = variance
    }

    /// - Throws: ``StatisticsError`` for fewer than two values, one that is not finite, or one so large that its square overflows.
    public init(_ values: [Double]) throws(StatisticsError) {
        guard values.count >= 2 else { throw StatisticsError(.empty, "\(values.count) values in a sample, expected at least two") }
        guard values.allSatisfy(\.isFinite) else {
            throw StatisticsError(.outOfRange, "an infinite or missing value in a sample, expected finite ones")
        }
        let n = Double(values.count)
        let mean = values.reduce(0, +) / n
        count = n
        self.mean = mean
        // The second sum takes away what rounding of the mean adds to the first.
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let rest = values.reduce(0) { $0 + ($1 - mean) }
        let isConstant = values.allSatisfy { $0 == values[0] }
        variance = isConstant ? 0 : max(0, squares - rest * rest / n) / (n - 1)
        if isConstant { self.mean = values[0] }
        guard variance.isFinite else {
            throw StatisticsError(.outOfRange, "values so large that their squares overflow, expected smaller ones")
        }
    }
}

/// Levene's test that samples have one variance, about their medians (Brown and Forsythe's form, robust against skew).
///
/// W is the F statistic of the distances |x − median|; 0/0 is undefined.
/// > Source: M. B. Brown and A. B. Forsythe, "Robust Tests for the Equality of Variances", 1974.
public struct LeveneTest: Sendable, Equatable {
    public var statistic: Double?
    public var pValue: Double?

    /// - Throws: ``StatisticsError`` when there are fewer than two samples, an empty one, too few values or one that is not finite.
    public init(_ samples: [[Double]]) throws(StatisticsError) {
        guard samples.count >= 2 else { throw StatisticsError(.empty, "\(samples.count) samples, expected at least two") }
        guard samples.allSatisfy({ !$0.isEmpty }) else {
            throw StatisticsError(.empty, "a sample without values, expected at least one in each")
        }
        guard samples.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw StatisticsError(.outOfRange, "an infinite or missing value in a sample, expected finite ones")
        }
        let total = Double(samples.reduce(0) { $0 + $1.count })
        let groups = Double(samples.count)
        guard total > groups else { throw StatisticsError(.empty, "one value in every sample, expected more") }
        let distances = samples.map { sample in
            let median = quantile(ofSorted: sample.sorted(), 0.5)
            return sample.map { abs($0 - median) }
        }
        let means = distances.map { $0.reduce(0, +) / Double($0.count) }
        let mean = zip(distances, means).reduce(0) { $0 + Double($1.0.count) * $1.1 } / total
        let between = zip(distances, means).reduce(0) { $0 + Double($1.0.count) * ($1.1 - mean) * ($1.1 - mean) }
        let within = zip(distances, means).reduce(0) { sum, group in
            sum + group.0.reduce(0) { $0 + ($1 - group.1) * ($1 - group.1) }
        }
        if between == 0, within == 0 { return }
        let w = (total - groups) / (groups - 1) * between / within
        statistic = w
        pValue = try Distributions.fTail(w, groups - 1, total - groups)
    }
}

extension MeanMoments {
    /// Of the mean, of at least two values: mean ± z·s/√n, by the normal law.
    public func normalInterval(confidence: Double) -> Interval {
        precondition(count >= 2, "a variance needs two values")
        return around(mean, squaredError: variance / count, confidence)
    }

    /// Of the difference of two independent means, of at least two values each: (mean − other) ± z·√(s²/n + s′²/n′), by the normal law.
    public func normalInterval(minus other: MeanMoments, confidence: Double) -> Interval {
        precondition(min(count, other.count) >= 2, "a variance needs two values")
        return around(mean - other.mean, squaredError: variance / count + other.variance / other.count, confidence)
    }

    private func around(_ value: Double, squaredError: Double, _ confidence: Double) -> Interval {
        let reach = Distributions.normalQuantile(0.5 + confidence / 2) * squaredError.squareRoot()
        return Interval(lower: value - reach, upper: value + reach)
    }
}
