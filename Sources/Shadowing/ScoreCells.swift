internal import Glibc
internal import Statistics

/// Rows of a binary model by the cell of the champion's score, the cell of the candidate's, and the label: from it come the areas under both
/// ROC curves with their covariance, and how far the distributions of the scores are apart.
struct ScoreCells: Sendable, Equatable {
    /// 256 cells of equal width; the first and the last are divided again by powers of √2, since scores of rare events crowd there.
    static let equal = 256
    static let tail = 32
    static let count = equal + 2 * tail

    static func cell(_ p: Double) -> Int {
        let width = 1 / Double(equal)
        if p < width { return max(0, tail + Int((2 * log2(max(p, 1e-300) / width)).rounded(.down))) }
        if p >= 1 - width { return min(count - 1, count - 1 - tail - Int((2 * log2(max(1 - p, 1e-300) / width)).rounded(.down))) }
        return tail + Int(p / width)
    }

    enum Label: Int, CaseIterable {
        case negative, positive, none
        init(_ label: Double) { self = label.isNaN ? .none : label == 1 ? .positive : .negative }
    }

    /// By (label, champion's cell, candidate's cell) as one number.
    var counts: [UInt32: Int64] = [:]

    mutating func add(_ a: Double, _ b: Double, _ label: Label, times sign: Int64) {
        let key = UInt32((label.rawValue * Self.count + Self.cell(a)) * Self.count + Self.cell(b))
        let new = (counts[key] ?? 0) + sign
        counts[key] = new == 0 ? nil : new
    }

    /// Every entry with its places, in no order.
    private func entries(_ wanted: Label) -> [(a: Int, b: Int, count: Double)] {
        counts.compactMap { key, count in
            let places = Int(key) / Self.count
            guard places / Self.count == wanted.rawValue else { return nil }
            return (places % Self.count, Int(key) % Self.count, Double(count))
        }
    }

    /// The areas and their difference as DeLong has them, of scores that are known by their cell.
    func areas(confidence: Double) -> PairedDifference {
        var out = PairedDifference("roc_auc", isBetterBelow: false)
        // In order: sums of fractions must not change with the order of a dictionary.
        func ordered(_ label: Label) -> [(a: Int, b: Int, count: Double)] {
            var cells = [Double](repeating: 0, count: Self.count * Self.count)
            for entry in entries(label) { cells[entry.a * Self.count + entry.b] = entry.count }
            return cells.indices.compactMap { cells[$0] == 0 ? nil : ($0 / Self.count, $0 % Self.count, cells[$0]) }
        }
        let (positive, negative) = (ordered(.positive), ordered(.negative))
        let (m, n) = (positive.reduce(0) { $0 + $1.count }, negative.reduce(0) { $0 + $1.count })
        out.count = Int(m + n)
        guard m > 0, n > 0 else {
            out.why = "labels of one class only"
            return out
        }
        /// For each cell the share of `others` below it, those in it by half.
        func below(_ others: [(a: Int, b: Int, count: Double)], _ place: (Int, Int) -> Int, of total: Double) -> [Double] {
            var cells = [Double](repeating: 0, count: Self.count)
            for entry in others { cells[place(entry.a, entry.b)] += entry.count }
            var sum = 0.0
            return cells.map { cell in
                defer { sum += cell }
                return (sum + cell / 2) / total
            }
        }
        let (a, b) = (below(negative, { a, _ in a }, of: n), below(negative, { _, b in b }, of: n))
        let (c, d) = (below(positive, { a, _ in a }, of: m), below(positive, { _, b in b }, of: m))
        let first = positive.reduce(0) { $0 + $1.count * a[$1.a] } / m
        let second = positive.reduce(0) { $0 + $1.count * b[$1.b] } / m
        (out.champion, out.candidate, out.value) = (first, second, second - first)
        guard m > 1, n > 1 else {
            out.why = "a single label of a class has no variance"
            return out
        }
        let difference = second - first
        let upper = positive.reduce(0) { sum, e in
            let d = b[e.b] - a[e.a] - difference
            return sum + e.count * d * d
        }
        let lower = negative.reduce(0) { sum, e in
            // 1 − share of positives below: the share above.
            let d = (1 - d[e.b]) - (1 - c[e.a]) - difference
            return sum + e.count * d * d
        }
        let error = (upper / (m - 1) / m + lower / (n - 1) / n).squareRoot()
        out.put(error: error, confidence: confidence)
        return out
    }

    /// The population stability index of the candidate's scores from the champion's, over ten cells that the champion fills alike.
    var populationStability: Double? {
        var (a, b) = ([Double](repeating: 0, count: Self.count), [Double](repeating: 0, count: Self.count))
        for label in Label.allCases {
            for entry in entries(label) {
                a[entry.a] += entry.count
                b[entry.b] += entry.count
            }
        }
        return a.contains { $0 > 0 } ? Self.stability(a, b) : nil
    }

    /// Of the second counts by cell from the first ones.
    static func stability(_ a: [Double], _ b: [Double]) -> Double {
        let (total, others) = (a.reduce(0, +), b.reduce(0, +))
        var (index, was, now, bin) = (0.0, 0.0, 0.0, 0.0)
        func term() -> Double {
            let (p, q) = (max(was / total, 1e-4), max(now / others, 1e-4))
            return (q - p) * log(q / p)
        }
        for place in 0..<count {
            was += a[place]
            now += b[place]
            bin += a[place]
            // The last bin takes what is left.
            if was >= total / 10, bin < total * 0.95 {
                index += term()
                (was, now) = (0, 0)
            }
        }
        return index + term()
    }
}
