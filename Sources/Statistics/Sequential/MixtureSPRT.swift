internal import Glibc

/// The mixture sequential probability ratio test that a mean is `null`: a p-value that stays right however often one looks.
///
/// The likelihood ratio against a normal mixture of effects of scale τ, Λ = √(σ² / (σ² + nτ²)) exp(n²τ²(x̄ − θ₀)² / (2σ²(σ² + nτ²))), passes
/// 1/α with probability at most α, ever. The p-value is the smallest 1/Λ so far. With an estimated σ² that holds for large n.
/// > Source: R. Johari, P. Koomen, L. Pekelis, D. Walsh, "Peeking at A/B Tests: Why It Matters, and What to Do about It", 2017;
/// > H. Robbins, "Statistical Methods Related to the Law of the Iterated Logarithm", 1970.
public struct MixtureSPRT: Sendable, Equatable {
    public private(set) var moments = RunningMoments()
    /// Always valid; 1 before the first look.
    public private(set) var pValue = 1.0
    /// log Λ now; nil before the first look, and while the variance is unknown.
    public private(set) var logLikelihoodRatio: Double?
    private let null: Double
    private let tau2: Double
    private let knownVariance: Double?
    private let firstLook: Int64

    /// - Parameters:
    ///   - scale: τ, the size of the effects that one expects; to be chosen before the data are seen.
    ///   - variance: of a single value, if it is known; else it is estimated.
    ///   - firstLook: nothing is decided before so many values; it matters when the variance is estimated.
    /// - Throws: ``StatisticsError`` `.outOfRange` for a scale or variance that is not positive.
    public init(null: Double = 0, scale: Double, variance: Double? = nil, firstLook: Int64 = 100) throws(StatisticsError) {
        guard scale > 0, scale.isFinite else { throw StatisticsError(.outOfRange, "the scale is \(scale), expected a number above 0") }
        if let variance, !(variance > 0 && variance.isFinite) {
            throw StatisticsError(.outOfRange, "the variance is \(variance), expected a number above 0")
        }
        self.null = null
        tau2 = scale * scale
        knownVariance = variance
        self.firstLook = firstLook
    }

    private var variance: Double? { knownVariance ?? moments.variance.flatMap { $0 > 0 ? $0 : nil } }

    public mutating func observe(_ value: Double) {
        moments.add(value)
        guard moments.count >= firstLook, let variance else { return }
        let n = Double(moments.count)
        let sum = variance + n * tau2
        let distance = moments.mean - null
        let logRatio = 0.5 * log(variance / sum) + n * n * tau2 * distance * distance / (2 * variance * sum)
        logLikelihoodRatio = logRatio
        pValue = min(pValue, exp(-logRatio))
    }

    /// The nulls that the test does not reject now: an interval that holds the mean at all times with probability `confidence`.
    public func interval(confidence: Double) -> Interval? {
        guard moments.count >= firstLook, let variance, confidence > 0, confidence < 1 else { return nil }
        let n = Double(moments.count)
        let sum = variance + n * tau2
        let radius = (variance * sum / (n * n * tau2) * (log(sum / variance) - 2 * log(1 - confidence))).squareRoot()
        return Interval(lower: moments.mean - radius, upper: moments.mean + radius)
    }
}
