/// Count, sum and sum of squares: a mean and how sure it is, of numbers that can be added and taken away.
public struct MeanSums: Sendable, Equatable {
    public var count = 0.0
    public var sum = 0.0
    public var squares = 0.0
    public init(count: Double = 0, sum: Double = 0, squares: Double = 0) { (self.count, self.sum, self.squares) = (count, sum, squares) }

    static let width = 3
    var vector: [Double] { [count, sum, squares] }
    init(_ v: [Double]) { (count, sum, squares) = (v[0], v[1], v[2]) }

    public mutating func add(_ value: Double) {
        count += 1
        sum += value
        squares += value * value
    }

    public mutating func add(_ other: MeanSums) {
        count += other.count
        sum += other.sum
        squares += other.squares
    }

    public var mean: Double? { count > 0 ? sum / count : nil }

    /// Of the mean; nil below two values.
    var squaredError: Double? {
        guard count > 1, let mean else { return nil }
        return max(0, squares - count * mean * mean) / (count - 1) / count
    }
}

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
