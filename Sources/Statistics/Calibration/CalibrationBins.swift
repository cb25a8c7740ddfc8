internal import Glibc

/// How scores are put into bins.
public enum CalibrationBinning: String, Sendable, CaseIterable {
    /// Bin k of B holds k/B < score ≤ (k + 1)/B; 0 is in the first.
    case equalWidth = "equal-width"
    /// By rank: the rows in the order of their scores (ties in the order of the rows) in groups whose sizes differ by at most 1.
    case equalMass = "equal-mass"
    /// Between the quantiles of the scores, right-closed, so that equal scores stay together; fewer bins when quantiles coincide.
    case quantiles
}

/// Labels and scores of a binary outcome, with weights: what every statistic of calibration is made of.
public struct CalibrationSample: Sendable {
    public let scores: [Double]
    public let labels: [Bool]
    public let weights: [Double]?
    /// Σw; the number of rows without weights.
    public let totalWeight: Double

    /// - Throws: ``StatisticsError`` `.unequalLengths`, `.empty` without rows or without weight, `.outOfRange` for a score outside 0…1
    ///   or a weight that is negative or not finite.
    public init(scores: [Double], labels: [Bool], weights: [Double]? = nil) throws(StatisticsError) {
        guard scores.count == labels.count, weights.map({ $0.count == scores.count }) ?? true else {
            throw StatisticsError(.unequalLengths, "as many scores and weights as labels expected")
        }
        guard !scores.isEmpty else { throw StatisticsError(.empty, "no rows") }
        guard scores.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { throw StatisticsError(.outOfRange, "a score outside 0…1") }
        guard weights?.allSatisfy({ $0 >= 0 && $0.isFinite }) ?? true else {
            throw StatisticsError(.outOfRange, "a weight that is negative or not finite")
        }
        self.scores = scores
        self.labels = labels
        self.weights = weights
        totalWeight = weights?.reduce(0, +) ?? Double(scores.count)
        guard totalWeight > 0 else { throw StatisticsError(.empty, "the weights sum to 0") }
    }

    public var count: Int { scores.count }
    @inline(__always) func weight(_ row: Int) -> Double { weights?[row] ?? 1 }

    /// Σ w·f(score, label) / Σ w.
    func mean(_ term: (Double, Double) -> Double) -> Double {
        var sum = 0.0
        for row in scores.indices { sum += weight(row) * term(scores[row], labels[row] ? 1 : 0) }
        return sum / totalWeight
    }

    /// The weighted share of positives.
    public var baseRate: Double { mean { $1 } }

    public var meanScore: Double { mean { score, _ in score } }

    /// The mean of (score − label)²: ``brierScore(scores:labels:)`` with weights.
    public var brierScore: Double {
        weights == nil ? ScoreLosses(checked: scores, labels).brier : mean { ($0 - $1) * ($0 - $1) }
    }

    /// The mean of −ln of the probability of what happened, scores clipped to [2⁻⁵², 1 − 2⁻⁵²].
    public var logLoss: Double { weights == nil ? ScoreLosses(checked: scores, labels).logLoss : mean(logarithmicLoss) }
}

/// One filled bin: sums over its rows.
public struct CalibrationBin: Sendable, Equatable {
    public var index: Int
    /// The bin's edges; by rank, its least and greatest score.
    public var lower: Double
    public var upper: Double
    public var count = 0
    /// Σw, Σw², Σ w·label, Σ w·score: without weights, counts and plain sums.
    public var weight = 0.0
    public var squaredWeight = 0.0
    public var positives = 0.0
    public var scoreSum = 0.0

    public var meanScore: Double { scoreSum / weight }
    public var observed: Double { positives / weight }
    /// Mean score less observed rate.
    public var gap: Double { abs(meanScore - observed) }
    /// Kish's effective number of rows, (Σw)²/Σw²; the number of rows without weights.
    public var effectiveCount: Double { weight * weight / squaredWeight }
}

/// The filled bins of a sample, and the bin of every row.
public struct CalibrationBins: Sendable {
    public let bins: [CalibrationBin]
    /// Of every row, the place of its bin in `bins`; −1 for a row whose bin has no weight.
    public let places: [Int32]

    /// - Parameter isMerged: for quantiles, whether equal quantiles count once, ends included (so that the least score joins the bin
    ///   above it when a tenth of the rows have it), rather than leave an empty bin between them.
    /// - Throws: ``StatisticsError`` `.outOfRange` for less than one bin; `.undefined` for merged quantiles when all scores are equal.
    public init(
        _ sample: CalibrationSample, count: Int = 10, by binning: CalibrationBinning = .equalWidth, isMerged: Bool = false
    ) throws(StatisticsError) {
        guard count >= 1, count <= 1_000_000 else { throw StatisticsError(.outOfRange, "\(count) bins, expected 1 to 1,000,000") }
        switch binning {
        case .equalWidth:
            let edges = (0...count).map { Double($0) / Double(count) }
            self.init(sample, edges: edges) { CalibrationBins.widthPlace($0, edges) }
        case .equalMass: self.init(sample, ranked: count)
        case .quantiles:
            var edges = CalibrationBins.quantileEdges(sample.scores, count)
            if isMerged {
                edges = edges.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
                guard edges.count > 1 else {
                    throw StatisticsError(.undefined, "all scores are equal, so there are no quantiles to cut at")
                }
            }
            let inner = Array(edges.dropFirst().dropLast())
            self.init(sample, edges: edges) { score in
                // The number of inner edges below the score.
                var low = 0
                var high = inner.count
                while low < high {
                    let middle = (low + high) / 2
                    if inner[middle] < score { low = middle + 1 } else { high = middle }
                }
                return low
            }
        }
    }

    private init(_ sample: CalibrationSample, edges: [Double], place: (Double) -> Int) {
        var all = (0..<edges.count - 1).map { CalibrationBin(index: $0, lower: edges[$0], upper: edges[$0 + 1]) }
        var places = [Int32](repeating: 0, count: sample.count)
        for row in sample.scores.indices {
            let bin = place(sample.scores[row])
            places[row] = Int32(bin)
            all[bin].add(sample, row)
        }
        self.init(all: all, places: places)
    }

    private init(_ sample: CalibrationSample, ranked count: Int) {
        let order = stableOrder(sample.scores)
        let size = order.count / count
        let longer = order.count % count  // the first groups hold one row more
        var all: [CalibrationBin] = []
        var places = [Int32](repeating: 0, count: sample.count)
        var at = 0
        for index in 0..<min(count, order.count) {
            let end = at + size + (index < longer ? 1 : 0)
            var bin = CalibrationBin(index: index, lower: sample.scores[order[at]], upper: sample.scores[order[end - 1]])
            for row in order[at..<end] {
                places[row] = Int32(index)
                bin.add(sample, row)
            }
            all.append(bin)
            at = end
        }
        self.init(all: all, places: places)
    }

    private init(all: [CalibrationBin], places: [Int32]) {
        bins = all.filter { $0.weight > 0 }
        var place = [Int32](repeating: -1, count: all.count)
        for (new, bin) in bins.enumerated() { place[bin.index] = Int32(new) }
        self.places = places.map { place[Int($0)] }
    }

    private static func widthPlace(_ score: Double, _ edges: [Double]) -> Int {
        let count = edges.count - 1
        var bin = min(max(Int((score * Double(count)).rounded(.up)) - 1, 0), count - 1)
        while bin > 0, score <= edges[bin] { bin -= 1 }
        while bin < count - 1, score > edges[bin + 1] { bin += 1 }
        return bin
    }

    /// The quantiles 0, 1/count, ..., 1 with linear interpolation.
    private static func quantileEdges(_ scores: [Double], _ count: Int) -> [Double] {
        let sorted = scores.sorted()
        return (0...count).map { k in
            // The place (n − 1)·k/count in integers, so that a whole one is hit exactly.
            let (whole, rest) = ((sorted.count - 1) * k).quotientAndRemainder(dividingBy: count)
            guard rest > 0 else { return sorted[whole] }
            let share = Double(rest) / Double(count)
            let low = sorted[whole]
            let high = sorted[whole + 1]
            return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share)
        }
    }
}

extension CalibrationBin {
    @inline(__always) fileprivate mutating func add(_ sample: CalibrationSample, _ row: Int) {
        let w = sample.weight(row)
        count += 1
        weight += w
        squaredWeight += w * w
        if sample.labels[row] { positives += w }
        scoreSum += w * sample.scores[row]
    }
}

/// −ln of the probability that a score gives to what happened (label 0 or 1), the score clipped to [2⁻⁵², 1 − 2⁻⁵²].
@inline(__always) func logarithmicLoss(_ score: Double, _ label: Double) -> Double {
    let p = min(max(score, Double.ulpOfOne), 1 - Double.ulpOfOne)
    return label > 0.5 ? -log(p) : -log1p(-p)
}
