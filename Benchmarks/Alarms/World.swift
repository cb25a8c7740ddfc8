import Foundation
import Monitoring
import Profiles
import Statistics
import Vocabulary

/// Seeded numbers; normal ones come in pairs, which is cheap.
struct Draws {
    private var random: SeededRandom
    private var spare: Double?

    init(_ seed: UInt64, _ stream: UInt64) { random = SeededRandom(seed: seed, stream: stream) }

    mutating func uniform() -> Double { random.uniform() }

    /// Uniform in (0, 1].
    mutating func positive() -> Double { 1 - random.uniform() }

    /// > Source: G. E. P. Box and M. E. Muller, "A Note on the Generation of Random Normal Deviates", 1958.
    mutating func normal() -> Double {
        if let last = spare {
            spare = nil
            return last
        }
        let radius = (-2 * log(positive())).squareRoot()
        let angle = 2 * Double.pi * random.uniform()
        spare = radius * sin(angle)
        return radius * cos(angle)
    }
}

/// What happens to a model's records from the first window of a month on.
enum DriftKind: String, CaseIterable, Sendable {
    case abrupt = "abrupt shift"
    case gradual = "gradual shift"
    case category = "one category"
    case missing = "missing surge"
    case tail = "tail only"
    case joint = "joint only"
    case scale = "scale"
    case label = "label shift"
    case concept = "concept drift"
    case fairness = "fairness only"

    /// How much of it is small and large.
    var sizes: (small: Double, large: Double) {
        switch self {
        case .abrupt: (0.4, 1)  // standard deviations
        case .gradual: (720, 72)  // hours to a shift of one standard deviation
        case .category: (0.52, 0.7)  // share of a level that had 0.4
        case .missing: (0.13, 0.35)  // share of a feature that misses 0.05
        case .tail: (2, 4)  // by what the uppermost 5 % are multiplied
        case .joint: (0.2, -0.6)  // a correlation that was 0.6
        case .scale: (1.5, 2.5)  // of the standard deviation
        case .label: (1.6, 4)  // by what the odds of the base rate are multiplied
        case .concept: (0.5, 1)  // how far labels forget their scores
        case .fairness: (0.3, 0.6)  // difference of a group's share between decisions
        }
    }
}

struct Drift: Sendable {
    var kind: DriftKind
    var size: Double

    func size(of kind: DriftKind) -> Double? { self.kind == kind ? size : nil }
}

/// The law of a model's traffic: features by tens, a score of two of them, a label drawn with the score as its chance, a group beside it.
struct World: Sendable {
    var name: String
    var features = 10
    /// In an hour.
    var rows = 200
    var isHeavy = false
    /// Means move with the hour of the day and at weekends, by up to 0.4 standard deviations and another 0.3.
    var isSeasonal = false

    static let groupNames = ["a", "b"]
    static let start = Timestamp(rfc3339: "2026-01-05T00:00:00Z") ?? Timestamp(seconds: 0)  // a Monday

    var schema: FeatureSchema {
        FeatureSchema(
            features: (0..<features).map { Feature(name: "x\($0)", kind: $0 % 10 < 8 ? .numeric : .categorical) }, sensitive: ["group"])
    }

    /// The records of one hour since ``start``.
    ///
    /// - Parameter age: hours since the drift began.
    func hour(_ hour: Int, seed: UInt64, stream: UInt64, drift: Drift? = nil, age: Int = 0) -> Hour {
        var draws = Draws(seed, stream << 16 | UInt64(hour))
        var out = Hour(batch: template(hour))
        var first: [Double] = []
        var sixth: [Double] = []
        first.reserveCapacity(rows)
        sixth.reserveCapacity(rows)
        let kept = 1 / (drift?.size(of: .label) ?? 1)
        while first.count < rows {
            let (a, b) = (draws.normal(), draws.normal())
            let score = 1 / (1 + exp(0.4 - 0.8 * (a + season(0, hour)) - 0.8 * (b + season(6, hour))))
            let label = draws.uniform() < score ? 1.0 : 0
            if kept < 1, label == 0, draws.uniform() > kept { continue }
            first.append(a)
            sixth.append(b)
            out.batch.scores.append(score)
            out.labels.append(label)
        }
        if let forgotten = drift?.size(of: .concept) {
            let mean = out.batch.scores.reduce(0, +) / Double(rows)
            out.labels = out.batch.scores.map { draws.uniform() < mean + (1 - forgotten) * ($0 - mean) ? 1 : 0 }
        }
        let low = Double(out.batch.scores.count { $0 < 0.5 }) / Double(rows)
        let gap = drift?.size(of: .fairness) ?? 0
        out.groups = out.batch.scores.map { score in draws.uniform() < 0.4 + (score < 0.5 ? gap * (1 - low) : -gap * low) ? 1 : 0 }
        out.batch.groups = [LevelColumn(codes: out.groups, of: Self.groupNames)]
        for f in 0..<features {
            let own = f < 10 ? drift : nil
            switch f % 10 {
            case 8, 9:
                let codes = levels(f, hour, own, &draws)
                out.codes.append(codes)
                out.batch.features[f] = .categorical(LevelColumn(codes: codes, of: Self.levelNames))
            default:
                let values = numbers(f, hour, own, age, first: f < 10 ? first : nil, sixth: f < 10 ? sixth : nil, &draws)
                out.batch.features[f] = .numeric(values)
            }
        }
        return out
    }

    private func template(_ hour: Int) -> PredictionBatch {
        var batch = PredictionBatch(schema: schema)
        batch.ids = TextColumn(repeatElement("r", count: rows))
        batch.timestamps = [Timestamp](repeating: Self.start.adding(seconds: Int64(hour) * 3600), count: rows)
        batch.predictions = [Double](repeating: .nan, count: rows)
        batch.errors = [String?](repeating: nil, count: rows)
        batch.variants = batch.errors
        batch.scores.reserveCapacity(rows)
        return batch
    }

    private func season(_ feature: Int, _ hour: Int) -> Double {
        guard isSeasonal else { return 0 }
        let size = feature % 2 == 0 ? 1.0 : 0.5
        let isWeekend = hour / 24 % 7 >= 5
        return size * (0.4 * sin(2 * Double.pi * Double(hour % 24 - 2 * feature) / 24) + (isWeekend ? 0.3 : 0))
    }

    private func numbers(
        _ f: Int, _ hour: Int, _ drift: Drift?, _ age: Int, first: [Double]?, sixth: [Double]?, _ draws: inout Draws
    ) -> [Double] {
        let move = season(f, hour)
        func drawn(_ value: (inout Draws) -> Double) -> [Double] { (0..<rows).map { _ in value(&draws) } }
        switch f % 10 {
        case 0: return (first ?? drawn { $0.normal() }).map { $0 + move }
        case 1:
            let correlation = drift?.size(of: .joint) ?? 0.6
            let rest = (1 - correlation * correlation).squareRoot()
            return (first ?? drawn { $0.normal() }).map { correlation * $0 + rest * draws.normal() + move }
        case 2 where isHeavy: return drawn { pow($0.positive(), -1 / 1.5) * exp(move) }  // Pareto, no variance
        case 2: return drawn { 1 / (1 + exp(-1.7 * ($0.normal() + move))) }
        case 3 where isHeavy: return drawn { $0.normal() / (-log($0.positive())).squareRoot() + move }  // Student, 2 degrees of freedom
        case 3: return drawn { -log($0.positive()) * exp(move) }
        case 4 where isHeavy: return drawn { exp(1.5 * $0.normal() + move) }
        case 4: return drawn { (3 * ($0.normal() + move)).rounded() }
        case 5:
            let shift = move + (drift?.size(of: .abrupt) ?? 0) + (drift?.size(of: .gradual).map { min(1, Double(age) / $0) } ?? 0)
            let scale = drift?.size(of: .scale) ?? 1
            let tail = drift?.size(of: .tail) ?? 1
            return drawn {
                let z = $0.normal()
                return scale * (z > 1.645 ? tail * z : z) + shift
            }
        case 6: return (sixth ?? drawn { $0.normal() }).map { $0 + move }
        default:
            let missing = drift?.size(of: .missing) ?? 0.05
            return drawn {
                let z = $0.normal() + move
                return $0.uniform() < missing ? .nan : isHeavy ? exp(z) : z
            }
        }
    }

    static let levelNames = (0..<30).map { "level \($0)" }

    private func levels(_ f: Int, _ hour: Int, _ drift: Drift?, _ draws: inout Draws) -> [Int32] {
        var weights: [Double]
        if f % 10 == 8 {
            let share = drift?.size(of: .category) ?? 0.4
            weights = [share] + [0.25, 0.15, 0.1, 0.06, 0.04].map { $0 / 0.6 * (1 - share) }
        } else {
            weights = (1...(isHeavy ? 30 : 3)).map { 1 / Double($0) }
        }
        weights[0] *= exp(season(f, hour))
        var sums: [Double] = []
        for weight in weights { sums.append((sums.last ?? 0) + weight) }
        let total = sums[sums.count - 1]
        return (0..<rows).map { _ in
            let x = draws.uniform() * total
            return Int32(sums.firstIndex { x < $0 } ?? sums.count - 1)
        }
    }
}

/// One hour's records: as the service has them, and the codes of levels and groups as the rivals count them.
struct Hour: Sendable {
    var batch: PredictionBatch
    var labels: [Double] = []
    var groups: [Int32] = []
    /// Of the categorical features.
    var codes: [[Int32]] = []

    func fold(into profile: inout Profile, grid: ProfileGrid) {
        profile.fold(batch, grid: grid)
        for (row, label) in labels.enumerated() {
            let group = World.groupNames[Int(groups[row])]
            profile.foldLabel(
                LabelledPrediction(label: label, score: batch.scores[row], prediction: .nan, group: [group]), grid: grid)
        }
    }
}

extension Profile {
    init(_ hour: Hour, grid: ProfileGrid) {
        self.init(grid: grid)
        hour.fold(into: &self, grid: grid)
    }

    init(sum parts: some Sequence<Profile>, grid: ProfileGrid) {
        self.init(grid: grid)
        for part in parts { merge(part, grid: grid) }
    }
}
