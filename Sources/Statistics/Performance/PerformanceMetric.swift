internal import Glibc

/// A metric of performance: its value, or why it has none, and an interval where a method is known.
public struct PerformanceMetric: Sendable, Equatable {
    public enum IntervalMethod: String, Sendable { case wilson, delong, bootstrap, orderStatistics = "order_statistics" }

    public var name: String
    /// nil where undefined; may be infinite.
    public var value: Double?
    public var why: String?
    public var interval: Interval?
    public var method: IntervalMethod?

    public init(_ name: String, _ value: Double?, why: String? = nil, interval: Interval? = nil, method: IntervalMethod? = nil) {
        self.name = name
        self.value = value.flatMap { $0.isNaN ? nil : $0 }
        self.why = self.value == nil ? why ?? "undefined" : nil
        self.interval = self.value == nil ? nil : interval
        self.method = self.interval == nil ? nil : method
    }

    /// The values that a metric can take; thresholds and intervals are kept inside.
    public static func range(of name: String) -> ClosedRange<Double> {
        switch name {
        case "mcc", "cohen_kappa", "gini": -1...1
        case "r2", "explained_variance": -Double.infinity...1
        case "bias": -Double.infinity...Double.infinity
        case "smape": 0...2
        case "log_loss", "mae", "mse", "rmse", "median_absolute_error", "max_error", "mape", "pinball_loss", "rmsle",
            "mean_poisson_deviance",
            "mean_gamma_deviance":
            0...Double.infinity
        default: 0...1
        }
    }
}

/// How intervals are made.
public struct IntervalPlan: Sendable {
    public var confidence: Double
    public var resamples: Int
    public var seed: UInt64
    public init(confidence: Double = 0.95, resamples: Int = 1000, seed: UInt64 = 1) {
        self.confidence = confidence
        self.resamples = resamples
        self.seed = seed
    }

    /// The percentile interval of resampled values, moved by `value − center`; nil when more than half of them are undefined, or when
    /// all are equal: the rows then say nothing of how much others would differ.
    func percentile(_ values: [Double], value: Double, center: Double, within range: ClosedRange<Double>) -> Interval? {
        let defined = values.filter { !$0.isNaN }.sorted()
        guard value.isFinite, center.isFinite, defined.count * 2 > values.count, let least = defined.first, least.isFinite,
            defined[defined.count - 1].isFinite, least < defined[defined.count - 1]
        else { return nil }
        let tail = (1 - confidence) / 2
        func kept(_ x: Double) -> Double { min(max(x + (value - center), range.lowerBound), range.upperBound) }
        return Interval(lower: kept(linearQuantile(defined, tail)), upper: kept(linearQuantile(defined, 1 - tail)))
    }
}

/// A bootstrap of sums over rows: rows are drawn with replacement, or blocks of consecutive rows when there are more than 1,000, so that
/// its cost does not depend on the number of rows and runs of similar rows are not taken for independent ones.
/// > Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979; H. R. Künsch, "The Jackknife and the Bootstrap for General
/// > Stationary Observations", 1989.
struct SumBootstrap {
    private let blocks: [[Double]]
    private let width: Int
    private static let blockCountMax = 1000

    /// - Parameter terms: adds a row's terms to the sums, of which there are `width`.
    init(rows: Int, width: Int, terms: (Int, inout [Double]) -> Void) {
        self.width = width
        let count = min(rows, Self.blockCountMax)
        blocks = (0..<count).map { block in
            var sums = [Double](repeating: 0, count: width)
            for row in block * rows / count..<(block + 1) * rows / count { terms(row, &sums) }
            return sums
        }
    }

    /// The sums of every resample.
    func resample(_ plan: IntervalPlan, stream: UInt64) -> [[Double]] {
        guard !blocks.isEmpty else { return [] }
        var random = SeededRandom(seed: plan.seed, stream: stream)
        return (0..<plan.resamples).map { _ in
            var sums = [Double](repeating: 0, count: width)
            for _ in blocks.indices {
                let block = blocks[random.below(blocks.count)]
                for term in 0..<width { sums[term] += block[term] }
            }
            return sums
        }
    }
}
