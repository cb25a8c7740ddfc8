/// Makes scores into chances of a positive label, as a labelled reference shows them.
public struct ScoreCalibrator: Sendable {
    /// When scores are calibrated.
    public enum Rule: String, Sendable, CaseIterable { case auto, isotonic, none }

    /// Nil for scores that are taken as they are.
    public let map: IsotonicRegression?
    public var isCalibrating: Bool { map != nil }

    private static let splits = 10
    private static let bins = 10
    private static let testShare = 0.1

    /// - Parameters:
    ///   - labels: 1 and 0.
    ///   - seed: of the splits by which `auto` decides.
    /// - Throws: ``StatisticsError`` `.empty` without rows, `.outOfRange` for scores that are not finite.
    public init(scores: [Double], labels: [Double], rule: Rule, seed: UInt64) throws(StatisticsError) {
        let isWanted: Bool
        switch rule {
        case .none: isWanted = false
        case .isotonic: isWanted = true
        case .auto:
            // What is no probability has to be made one.
            isWanted = scores.contains { $0 < 0 || $0 > 1 } ? true : try Self.helps(scores: scores, labels: labels, seed: seed)
        }
        map = isWanted ? try IsotonicRegression(scores: scores, outcomes: labels) : nil
    }

    public func chance(_ score: Double) -> Double { map.map { $0(score) } ?? score }

    /// Whether isotonic regression lowers the calibration error of rows that it was not fitted on.
    ///
    /// Ten times a tenth of the rows, of each class alike, is set aside; the expected calibration errors (ten bins of equal count) of
    /// all that was set aside, before and after, are compared. Never with one class only, or when the scores separate the classes.
    /// - Complexity: one sort, then O(*n*) for a split.
    /// > Source: the rule of NannyML 0.13.1, `needs_calibration`, with splits of our own.
    static func helps(scores: [Double], labels: [Double], seed: UInt64) throws(StatisticsError) -> Bool {
        let order = scores.indices.sorted { scores[$0] < scores[$1] }
        let ranking = ExpectedRanking(order: order.reversed(), scores: scores) { labels[$0] }
        guard let auc = ranking.rocAUC, auc <= 0.999 else { return false }
        var before: [Double] = []
        var after: [Double] = []
        var held: [Double] = []
        for split in 0..<splits {
            var random = SeededRandom(seed: seed, stream: UInt64(split))
            let isHeld = Self.heldOut(labels, &random)
            var x: [Double] = []
            var y: [Double] = []
            for row in order where !isHeld[row] {
                x.append(scores[row])
                y.append(labels[row])
            }
            if x.isEmpty { return false }
            let map = try IsotonicRegression(scores: x, outcomes: y)
            for row in order where isHeld[row] {
                before.append(scores[row])
                after.append(map(scores[row]))
                held.append(labels[row])
            }
        }
        guard let raw = calibrationError(before, held), let calibrated = calibrationError(after, held) else { return false }
        return raw > calibrated
    }

    /// A tenth of each class, drawn without replacement.
    private static func heldOut(_ labels: [Double], _ random: inout SeededRandom) -> [Bool] {
        var isHeld = [Bool](repeating: false, count: labels.count)
        for label in [0.0, 1.0] {
            var left = labels.count { $0 == label }
            var wanted = Int((Double(left) * testShare).rounded())
            for row in labels.indices where labels[row] == label {
                if random.below(left) < wanted {
                    isHeld[row] = true
                    wanted -= 1
                }
                left -= 1
            }
        }
        return isHeld
    }

    /// Σ (nᵦ/n) |mean score − mean label| over bins of equal count; nil for fewer than four rows.
    private static func calibrationError(_ chances: [Double], _ labels: [Double]) -> Double? {
        let bins = chances.count <= 2 * Self.bins ? chances.count / 2 : Self.bins
        guard bins >= 2 else { return nil }
        let width = chances.count / bins
        let order = chances.indices.sorted { (chances[$0], $0) < (chances[$1], $1) }
        let count = order.count / width
        var error = 0.0
        for bin in 0..<count {
            let rows = order[(bin * width)..<(bin == count - 1 ? order.count : (bin + 1) * width)]
            error += abs(rows.reduce(0) { $0 + chances[$1] - labels[$1] })
        }
        return error / Double(order.count)
    }
}
