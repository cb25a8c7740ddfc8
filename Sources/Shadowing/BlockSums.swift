internal import Glibc
internal import Statistics

/// What the calibration error needs, in blocks of records: leaving one block out at a time tells how sure it is. (The rates, whose counts are
/// here too in the form that is stored, are surer by ``JointOutcomes``.)
///
/// A record is in the block that the hash of its id says, so a corrected label finds its block again.
/// > Source: J. Shao, D. Tu, "The Jackknife and Bootstrap", 1995, chapter 2.3 (delete-d jackknife by groups).
struct BlockSums: Sendable, Equatable {
    static let blocks = 20
    static let bins = 15
    /// Of each model and bin: rows, scores, labels. Of each model: true and false positives. Of both: positives, negatives.
    static let perModel = bins * 3 + 2
    static let width = 2 * perModel + 2

    var values = [Double](repeating: 0, count: blocks * width)

    static func block(of id: some Sequence<UInt8>) -> Int {
        // FNV-1a: the same on every machine.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in id { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int((hash >> 20) % UInt64(blocks))
    }

    mutating func add(_ scores: (Double, Double), _ decisions: (Double, Double), label: Double, block: Int, times sign: Double) {
        let start = block * Self.width
        for (model, score, decision) in [(0, scores.0, decisions.0), (1, scores.1, decisions.1)] {
            let own = start + model * Self.perModel
            let bin = own + 3 * min(Self.bins - 1, Int(score * Double(Self.bins)))
            values[bin] += sign
            values[bin + 1] += sign * score
            values[bin + 2] += sign * label
            if decision == 1 { values[own + Self.bins * 3 + (label == 1 ? 0 : 1)] += sign }
        }
        values[start + 2 * Self.perModel + (label == 1 ? 0 : 1)] += sign
    }

    /// Name, whether less is better, and the value of one model: its sums, positives, negatives.
    static let metrics: [(name: String, isBetterBelow: Bool, value: @Sendable (ArraySlice<Double>, Double, Double) -> Double?)] = [
        (
            "ece", true,
            { sums, p, n in
                guard p + n > 0 else { return nil }
                return (0..<bins).reduce(0.0) { total, bin in
                    total + abs(sums[sums.startIndex + 3 * bin + 1] - sums[sums.startIndex + 3 * bin + 2])
                } / (p + n)
            }
        )
    ]

    func differences(confidence: Double) -> [PairedDifference] {
        var total = [Double](repeating: 0, count: Self.width)
        for block in 0..<Self.blocks { for i in 0..<Self.width { total[i] += values[block * Self.width + i] } }
        func both(_ sums: [Double], _ value: (ArraySlice<Double>, Double, Double) -> Double?) -> (Double?, Double?) {
            let (p, n) = (sums[Self.width - 2], sums[Self.width - 1])
            return (value(sums[0..<Self.perModel], p, n), value(sums[Self.perModel..<2 * Self.perModel], p, n))
        }
        let used = (0..<Self.blocks).filter { block in
            values[block * Self.width + Self.width - 2] + values[block * Self.width + Self.width - 1] > 0
        }
        return Self.metrics.map { metric in
            var out = PairedDifference(metric.name, isBetterBelow: metric.isBetterBelow)
            out.count = Int(total[Self.width - 2] + total[Self.width - 1])
            (out.champion, out.candidate) = both(total, metric.value)
            guard let was = out.champion, let now = out.candidate else {
                out.why = "no rows to divide by"
                return out
            }
            out.value = now - was
            let without = used.compactMap { block -> Double? in
                let rest = total.indices.map { total[$0] - values[block * Self.width + $0] }
                let (a, b) = both(rest, metric.value)
                return a.flatMap { a in b.map { $0 - a } }
            }
            guard without.count == used.count, used.count >= 10 else {
                out.why = "too few rows for an interval"
                return out
            }
            let g = Double(used.count)
            let mean = without.reduce(0, +) / g
            let error = ((g - 1) / g * without.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot()
            out.put(error: error, confidence: confidence)
            return out
        }
    }
}
