internal import Statistics

/// Sums of one loss over the labelled rows.
struct LossSums: Sendable, Equatable {
    var champion = 0.0
    var candidate = 0.0
    /// Of the rows' differences, candidate minus champion.
    var squares = 0.0
    /// Rows where the champion's value is the larger, and the candidate's.
    var onlyChampion = 0.0
    var onlyCandidate = 0.0

    static let width = 5
    var vector: [Double] { [champion, candidate, squares, onlyChampion, onlyCandidate] }
    init() {}
    init(_ vector: ArraySlice<Double>) {
        let v = Array(vector)
        (champion, candidate, squares, onlyChampion, onlyCandidate) = (v[0], v[1], v[2], v[3], v[4])
    }

    mutating func add(_ a: Double, _ b: Double, times sign: Double) {
        champion += sign * a
        candidate += sign * b
        squares += sign * (b - a) * (b - a)
        if a > b { onlyChampion += sign } else if b > a { onlyCandidate += sign }
    }

    func mean(of count: Double) -> Double { (candidate - champion) / count }

    /// Of a single difference; nil below two rows.
    func variance(of count: Double) -> Double? {
        guard count > 1 else { return nil }
        let mean = mean(of: count)
        return max(0, (squares - count * mean * mean) / (count - 1))
    }
}

/// How often both models decide positively in some rows.
struct DecisionSums: Sendable, Equatable {
    var rows = 0.0
    var champion = 0.0
    var candidate = 0.0
    /// Rows decided otherwise by the candidate.
    var changed = 0.0

    static let width = 4
    var vector: [Double] { [rows, champion, candidate, changed] }
    init() {}
    init(_ vector: ArraySlice<Double>) {
        let v = Array(vector)
        (rows, champion, candidate, changed) = (v[0], v[1], v[2], v[3])
    }

    mutating func add(_ a: Double, _ b: Double, times sign: Double) {
        rows += sign
        champion += sign * a
        candidate += sign * b
        if a != b { changed += sign }
    }

    /// Squared standard error of the difference of the two shares.
    var squaredError: Double {
        guard rows > 1 else { return 0 }
        let mean = (candidate - champion) / rows
        return max(0, (changed - rows * mean * mean) / (rows - 1)) / rows
    }
}

/// All that is summed over some rows: those of everybody, or of one group.
struct PartSums: Sendable, Equatable {
    var rows = 0.0
    var labelled = 0.0
    var same = 0.0
    /// Over all rows, over positive labels, over negative ones.
    var decisions = [DecisionSums](repeating: DecisionSums(), count: 3)
    var losses: [LossSums]

    init(losses: Int) { self.losses = [LossSums](repeating: LossSums(), count: losses) }

    static func width(losses: Int) -> Int { 3 + 3 * DecisionSums.width + losses * LossSums.width }
    var vector: [Double] { [rows, labelled, same] + decisions.flatMap(\.vector) + losses.flatMap(\.vector) }

    /// Whether the counts can be counts: bytes may be damaged.
    static func isSane(_ vector: [Double], losses count: Int) -> Bool {
        let counts =
            vector.prefix(3 + 3 * DecisionSums.width)
            + (0..<count).flatMap { i -> ArraySlice<Double> in
                let start = 3 + 3 * DecisionSums.width + i * LossSums.width
                return vector[start + 3..<start + 5]
            }
        return vector.allSatisfy(\.isFinite) && counts.allSatisfy { abs($0) < 0x1p53 }
    }

    init(_ vector: [Double], losses count: Int) {
        (rows, labelled, same) = (vector[0], vector[1], vector[2])
        var place = 3
        for i in 0..<3 {
            decisions[i] = DecisionSums(vector[place..<place + DecisionSums.width])
            place += DecisionSums.width
        }
        losses = (0..<count).map { i in
            let start = place + i * LossSums.width
            return LossSums(vector[start..<start + LossSums.width])
        }
    }
}

/// Sums of the scores of both models, labels or not.
struct AgreementSums: Sendable, Equatable {
    var cells = 0.0
    var distance = 0.0
    var largest = 0.0
    var (x, y, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)

    static let width = 8
    var vector: [Double] { [cells, distance, largest, x, y, xx, yy, xy] }
    init() {}
    init(_ v: [Double]) { (cells, distance, largest, x, y, xx, yy, xy) = (v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]) }

    mutating func add(_ a: Double, _ b: Double) {
        cells += 1
        distance += abs(a - b)
        largest = max(largest, abs(a - b))
        x += a
        y += b
        xx += a * a
        yy += b * b
        xy += a * b
    }

    /// Pearson's; nil where one is constant.
    var correlation: Double? {
        let (v, w) = (xx - x * x / cells, yy - y * y / cells)
        // Rounding leaves a constant a spread of this size.
        guard cells > 1, v > 1e-12 * xx, w > 1e-12 * yy else { return nil }
        return min(1, max(-1, (xy - x * y / cells) / (v * w).squareRoot()))
    }
}
