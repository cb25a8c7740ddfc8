internal import Glibc
public import Statistics

/// A quantile of an arm's latencies, with the distribution-free interval of order statistics: the r-th and the s-th smallest value hold it with
/// probability Σ_{i=r}^{s−1} C(n, i) pⁱ (1 − p)ⁿ⁻ⁱ, r and s here by the normal law of that sum. Latencies are known by cells 1 % wide; the interval
/// goes to the outer ends of its cells, the value is the middle of its own.
/// > Source: H. A. David, H. N. Nagaraja, "Order Statistics", 3rd edition, 2003, section 7.1.
public struct LatencyQuantile: Sendable, Equatable {
    public static let shares = [0.5, 0.95, 0.99]
    public var share: Double
    /// Seconds.
    public var value: Double?
    public var interval: Interval?
    public var count: Double
    public var why = ""

    /// `latency_p95_seconds`
    public var name: String { "latency_p\(Int((100 * share).rounded()))_seconds" }

    init(_ paces: [Int: Double], _ share: Double, confidence: Double) {
        self.share = share
        let sorted = paces.sorted { $0.key < $1.key }
        count = sorted.reduce(0) { $0 + $1.value }
        guard count > 0 else {
            why = "no row has a latency"
            return
        }
        func cell(_ rank: Double) -> Int? {
            var below = 0.0
            return sorted.first { cell in
                below += cell.value
                return below >= rank
            }?.key
        }
        let at = cell(max(1, (share * count).rounded(.up)))
        value = at.map { (ArmSums.pace(upTo: $0 - 1) * ArmSums.pace(upTo: $0)).squareRoot() }
        let reach = Distributions.normalQuantile(0.5 + confidence / 2) * (count * share * (1 - share)).squareRoot()
        let (low, high) = ((count * share - reach).rounded(.down), (count * share + reach).rounded(.up) + 1)
        guard low >= 1, high <= count, let first = cell(low), let last = cell(high) else {
            why = "too few rows for an interval of this quantile"
            return
        }
        interval = Interval(lower: ArmSums.pace(upTo: first - 1), upper: ArmSums.pace(upTo: last))
    }

    /// The difference of two arms, from both intervals: l = d − √((b − l_b)² + (u_a − a)²), u likewise.
    /// > Source: G. Y. Zou, A. Donner, "Construction of Confidence Limits about Effect Measures: A General Approach", 2008.
    static func difference(_ a: LatencyQuantile, _ b: LatencyQuantile) -> PairedDifference {
        var out = PairedDifference(a.name, isBetterBelow: true)
        out.count = Int(a.count + b.count)
        (out.champion, out.candidate) = (a.value, b.value)
        guard let was = a.value, let now = b.value else {
            out.why = "no row of \(a.value == nil ? "the champion" : "the candidate") has a latency"
            return out
        }
        out.value = now - was
        guard let first = a.interval, let second = b.interval else {
            out.why = a.interval == nil ? a.why : b.why
            return out
        }
        func root(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }
        out.interval = Interval(
            lower: now - was - root(now - second.lower, first.upper - was), upper: now - was + root(second.upper - now, was - first.lower))
        return out
    }
}
