import Foundation
import Monitoring
import Profiles
import Statistics
import Vocabulary

/// How often the tests on joint sums reject without drift and with a drift that no single column shows, and what a row costs to sum.
///
/// Ten features of one hidden factor: normal, log-normal, rounded, uniform ones. A reference of 4,000 rows and its grid are drawn anew in each run.
/// With drift the factor turns its sign in half of the features, so that correlations turn and every column keeps its distribution.
enum JointCoverage {
    private static let features = 10
    private static let referenceRows = 4000
    private static let schema = FeatureSchema(
        features: (0..<features).map { Feature(name: "x\($0)", kind: .numeric) }, sensitive: [])

    static func run(_ runs: Int) {
        cost()
        for n in [100, 1000, 10_000] {
            let calm = rejections(n, runs, isTurned: false)
            for (what, hits) in calm { say("\(what) from sums rejects", n, hits, runs, 0.04, 0.06) }
            if n == 100 {
                for (what, hits) in rejections(n, runs / 10, isTurned: true) {
                    say("\(what) from sums sees turned correlations", n, hits, runs / 10, 0.9, 1)
                }
            }
        }
    }

    private static func say(_ what: String, _ n: Int, _ hits: Int, _ runs: Int, _ least: Double, _ most: Double) {
        print(what.replacingOccurrences(of: " ", with: "_"), n, Double(hits) / Double(max(1, runs)), least, most)
    }

    private static func batch(_ count: Int, _ features: Int, _ random: inout SeededRandom, isTurned: Bool = false) -> PredictionBatch {
        var columns = [[Double]](repeating: [], count: features)
        for _ in 0..<count {
            let factor = random.normal()
            for f in 0..<features {
                let sign = isTurned && f % 2 == 1 ? -1.0 : 1.0
                let x = 0.6 * sign * factor + 0.8 * random.normal()
                switch f % 5 {
                case 1: columns[f].append(exp(x))
                case 2: columns[f].append((3 * x).rounded())
                case 3: columns[f].append(0.5 * erfc(-x / 2.0.squareRoot()))
                default: columns[f].append(x)
                }
            }
        }
        var out = PredictionBatch(schema: schema)
        for row in 0..<count { out.ids.append("\(row)") }
        out.features = columns.map { .numeric($0) }
        return out
    }

    private static func sums(_ batch: PredictionBatch, _ grid: JointGrid) -> JointSums {
        var out = JointSums(grid: grid)
        out.fold(batch, grid: grid)
        return out
    }

    private static func rejections(_ n: Int, _ runs: Int, isTurned: Bool) -> [(String, Int)] {
        var hits = [0, 0, 0]
        for run in 0..<runs {
            var random = SeededRandom(seed: isTurned ? 7 : 6, stream: UInt64(n) << 32 | UInt64(run))
            let reference = batch(referenceRows, features, &random)
            guard let grid = JointGrid(reference: reference, seed: UInt64(run)) else { continue }
            let drift = JointDrift(
                reference: sums(reference, grid), current: sums(batch(n, features, &random, isTurned: isTurned), grid), grid: grid)
            if let p = drift.discrepancy?.pValue, p <= 0.05 { hits[0] += 1 }
            if let p = drift.reconstruction?.pValue, p <= 0.05 { hits[1] += 1 }
            // Of one pair, as a p-value; the family's correction only makes it rarer.
            if let pair = drift.correlation?.pairs.first(where: { $0.first == 0 && $0.second == 1 }), pair.pValue <= 0.05 { hits[2] += 1 }
        }
        return [("MMD", hits[0]), ("reconstruction error", hits[1]), ("correlation of a pair", hits[2])]
    }

    /// CPU time to fold a row of 25 and of 64 features, the best of several runs.
    private static func cost() {
        for features in [25, 64] {
            var random = SeededRandom(seed: 8)
            let reference = batch(2000, features, &random)
            let rows = batch(100_000, features, &random)
            guard let grid = JointGrid(reference: reference) else { continue }
            var best = Double.infinity
            for _ in 0..<7 {
                let start = clock()
                _ = sums(rows, grid)
                best = min(best, Double(clock() - start) / Double(CLOCKS_PER_SEC))
            }
            say("joint sums, ns a row of \(features) features", rows.count, Int(best * 1e9 / Double(rows.count)), 1, .nan, .nan)
        }
    }
}
