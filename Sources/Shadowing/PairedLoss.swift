internal import Glibc

/// A number that each model earns in each row, whose mean is a metric: differences of means are means of differences.
struct PairedLoss {
    var name: String
    var isBetterBelow: Bool
    var champion: [Double]
    var candidate: [Double]

    /// Probabilities are kept this far from 0 and 1, as in scikit-learn.
    static let clip = Double.ulpOfOne

    /// In the order of ``all(_:rows:)``.
    static func names(_ task: PairedPredictions.Task) -> [(name: String, isBetterBelow: Bool)] {
        switch task {
        case .binary: [("log_loss", true), ("brier", true), ("accuracy", false)]
        case .multiclass: [("log_loss", true), ("accuracy", false)]
        case .regression: [("mse", true), ("mae", true)]
        }
    }

    /// Of the labelled rows.
    static func all(_ pairs: PairedPredictions, rows: [Int]) -> [PairedLoss] {
        func loss(_ name: String, below: Bool = true, _ value: ([[Double]], Int) -> Double) -> PairedLoss {
            PairedLoss(
                name: name, isBetterBelow: below, champion: rows.map { value(pairs.champion, $0) },
                candidate: rows.map { value(pairs.candidate, $0) })
        }
        let labels = pairs.labels
        let decisions = rows.map { pairs.decisions($0) }
        let accuracy = PairedLoss(
            name: "accuracy", isBetterBelow: false, champion: zip(decisions, rows).map { $0.champion == labels[$1] ? 1 : 0 },
            candidate: zip(decisions, rows).map { $0.candidate == labels[$1] ? 1 : 0 })
        func surprise(_ p: Double) -> Double { -log(min(max(p, clip), 1 - clip)) }
        switch pairs.task {
        case .binary:
            return [
                loss("log_loss") { surprise(labels[$1] == 1 ? $0[0][$1] : 1 - $0[0][$1]) },
                loss("brier") { ($0[0][$1] - labels[$1]) * ($0[0][$1] - labels[$1]) }, accuracy,
            ]
        case .multiclass: return [loss("log_loss") { surprise($0[Int(labels[$1])][$1]) }, accuracy]
        case .regression:
            return [
                loss("mse") { ($0[0][$1] - labels[$1]) * ($0[0][$1] - labels[$1]) }, loss("mae") { abs($0[0][$1] - labels[$1]) },
            ]
        }
    }
}
