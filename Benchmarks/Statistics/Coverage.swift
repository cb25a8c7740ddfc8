import Foundation
import Statistics

/// What intervals and p-values promise, by simulation on models whose truth is known: `what n rate least most` a line.
///
/// Streams of the generator are numbered by the run, so that the figures are the same every time.
enum Coverage {
    static func run(_ runs: Int) throws {
        for n in [100, 500, 2000] { try area(n, runs) }
        for (n, shift, slope) in [(500, 0.5, 1.0), (2000, 0.3, 0.8), (1000, 0, 0.5), (1000, 0, 1.5), (1000, 0, 1)] {
            try calibration(n, shift, slope, runs)
        }
        for (n, share) in [(100, 0.3), (1000, 0.3), (1000, 0.05)] { selection(n, share, runs) }
        for (n, rates) in [(1000, [0.8, 0.6]), (4000, [0.8, 0.75, 0.6]), (4000, [0.8, 0.75, 0.7]), (4000, [0.7, 0.7])] {
            try equalizedOdds(n, rates, runs)
        }
        for n in [100, 1000, 10_000] { try noDrift(n, runs) }
    }

    private static func say(_ what: String, _ n: Int, _ hits: Int, _ runs: Int, _ least: Double, _ most: Double) {
        print(what.replacingOccurrences(of: " ", with: "_"), n, Double(hits) / Double(runs), least, most)
    }
    /// At the end of a range (a difference of 0) an interval cannot miss on both sides: then it may cover more. So may one of a largest
    /// difference whose pair is not known.
    private static func covered(
        _ what: String, _ n: Int, _ runs: Int, truth: Double, atLeast: Bool = false, _ interval: (Int) throws -> Interval?
    ) rethrows {
        var hits = 0
        for run in 0..<runs {
            if let found = try interval(run), found.lower <= truth, truth <= found.upper { hits += 1 }
        }
        say(what, n, hits, runs, 0.93, atLeast || truth < 1e-9 ? 1 : 0.97)
    }
    private static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    /// Scores of positives are N(1, 1), of negatives N(0, 1); every third row is positive.
    private static func area(_ n: Int, _ runs: Int) throws {
        try covered("AUC of two normal distributions", n, runs, truth: 0.5 * erfc(-0.5)) { run in
            var random = SeededRandom(seed: 1, stream: UInt64(run))
            let labels = (0..<n).map { $0 % 3 == 0 }
            return try RocAUC(scores: labels.map { random.normal() + ($0 ? 1 : 0) }, labels: labels).interval()
        }
    }

    /// Uniform scores; the truth is logistic(shift + slope · logit(score)), its error over tenths by a fine grid.
    private static func calibration(_ n: Int, _ shift: Double, _ slope: Double, _ runs: Int) throws {
        func rate(_ score: Double) -> Double { logistic(shift + slope * log(score / (1 - score))) }
        let truth =
            (0..<10).reduce(0.0) { sum, bin in
                let gaps = (0..<2000).map { step -> Double in
                    let score = (Double(bin) + (Double(step) + 0.5) / 2000) / 10
                    return rate(score) - score
                }
                return sum + abs(gaps.reduce(0, +)) / 2000
            } / 10
        let what = slope == 1 && shift == 0 ? "ECE of a calibrated model" : "ECE, shift \(shift), slope \(slope)"
        try covered(what, n, runs, truth: truth) { run in
            var random = SeededRandom(seed: 2, stream: UInt64(run))
            let scores = (0..<n).map { _ in random.uniform() }
            let sample = try CalibrationSample(scores: scores, labels: scores.map { random.uniform() < rate($0) })
            return DebiasedCalibrationError(sample, try CalibrationBins(sample), seed: UInt64(run)).interval
        }
    }

    private static func selection(_ n: Int, _ share: Double, _ runs: Int) {
        covered("selection rate \(share)", n, runs, truth: share) { run in
            var random = SeededRandom(seed: 3, stream: UInt64(run))
            return wilsonInterval(count: random.binomial(Int64(n), share), of: Int64(n))
        }
    }

    /// Groups of equal size with these true positive rates; the false positive rate is 0.2 everywhere, half of the labels are positive.
    private static func equalizedOdds(_ n: Int, _ rates: [Double], _ runs: Int) throws {
        guard let metric = FairnessMetric.all.first(where: { $0.name == "equalized_odds_difference" }),
            let low = rates.min(), let high = rates.max()
        else { return }
        let what = "equalized odds difference, TPR \(rates.map { "\($0)" }.joined(separator: "/"))"
        try covered(what, n, runs, truth: high - low, atLeast: rates.count > 2) { run in
            var random = SeededRandom(seed: 4, stream: UInt64(run))
            let codes = (0..<n).map { Int32($0 % rates.count) }
            let labels = codes.map { _ in random.uniform() < 0.5 ? UInt8(1) : 0 }
            let decisions = zip(codes, labels).map { code, label in
                random.uniform() < (label == 1 ? rates[Int(code)] : 0.2) ? UInt8(1) : 0
            }
            let table = try FairnessTable(groups: rates.indices.map { "\($0)" }, codes: codes, decisions: decisions, labels: labels)
            return FairnessBootstrap(seed: UInt64(run)).intervals([metric], table: table)[0]
        }
    }

    /// How often the tests of a column reject where both sides are drawn from one distribution.
    private static func noDrift(_ n: Int, _ runs: Int) throws {
        var (ks, law, judged) = (0, 0, 0)
        for run in 0..<runs {
            var random = SeededRandom(seed: 5, stream: UInt64(run))
            let reference = try SortedSample((0..<n).map { _ in random.uniform() })
            let current = try SortedSample((0..<n).map { _ in random.uniform() })
            if let p = KolmogorovSmirnovTest(reference: reference, current: current).pValue, p <= 0.05 { ks += 1 }
            let edges = quantileEdges(ofSorted: reference.values, bins: 10)
            let counts = (reference.counts(edges: edges), current.counts(edges: edges))
            let p = try PopulationStabilityIndex(reference: counts.0, current: counts.1).pValue
            if p <= 0.05 { law += 1 }
            let pearson = try ChiSquared(reference: counts.0, current: counts.1, correction: false).pValue
            if p <= 0.05, pearson <= 0.05 { judged += 1 }
        }
        // D takes the values h/n only: no test by it can have a size between two of its steps.
        let size = (1...n).map { tail(gap: $0, size: n) }.first { $0 <= 0.05 } ?? 0
        say("KS rejects, where the largest possible is \((size * 10000).rounded() / 100) %", n, ks, runs, min(0.04, size - 0.01), 0.06)
        say("PSI by its law rejects", n, law, runs, .nan, .nan)
        say("PSI as it is judged rejects", n, judged, runs, 0.04, 0.06)
    }

    /// P(D ≥ h/n) for two samples of n (Hodges 1958).
    private static func tail(gap h: Int, size n: Int) -> Double {
        var nested = 0.0
        for k in stride(from: n / h - 1, through: 0, by: -1) {
            var ratio = 1.0
            for j in 0..<h { ratio *= Double(n - k * h - j) / Double(n + k * h + j + 1) }
            nested = ratio * (1 - nested)
        }
        return min(1, 2 * nested)
    }
}
