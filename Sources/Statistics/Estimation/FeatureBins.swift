/// A column cut into at most 255 cells of about equal count, cell 0 for what is missing.
struct FeatureBins: Sendable {
    static let cellsMax = 255

    /// Cell c + 1 holds what lies above cut c − 1 up to and with cut c; the last cell has no end.
    private let cuts: [Double]
    var cells: Int { cuts.count + 2 }

    init(_ values: [Double], cellsMax: Int = FeatureBins.cellsMax) {
        let sorted = values.filter { !$0.isNaN }.sorted()
        var distinct: [Double] = []
        for value in sorted where value != distinct.last { distinct.append(value) }
        guard distinct.count > cellsMax - 1 else {
            cuts = distinct.dropLast()
            return
        }
        var cuts: [Double] = []
        let wanted = cellsMax - 1
        for cell in 1..<wanted {
            let cut = sorted[cell * sorted.count / wanted]
            if cut != cuts.last, cut != sorted[sorted.count - 1] { cuts.append(cut) }
        }
        self.cuts = cuts
    }

    func cell(_ value: Double) -> UInt8 {
        if value.isNaN { return 0 }
        var low = 0
        var high = cuts.count
        while low < high {
            let middle = (low + high) / 2
            if value <= cuts[middle] { high = middle } else { low = middle + 1 }
        }
        return UInt8(low + 1)
    }
}

/// An input of a loss model: numbers, or levels ordered by the mean of the target.
public enum LossFeature: Sendable {
    /// NaN for missing.
    case numeric([Double])
    /// Nil for missing.
    case categorical([String?])

    public var count: Int {
        switch self {
        case .numeric(let values): values.count
        case .categorical(let values): values.count
        }
    }
}

/// How a feature becomes cells.
///
/// Levels are ordered by their mean target, which makes the best cut of them into two groups a cut of that order. Levels that the
/// reference did not have, and the rarest beyond 254, count as missing.
/// > Source: W. D. Fisher, "On Grouping for Maximum Homogeneity", 1958.
struct FeatureCells: Sendable {
    private let bins: FeatureBins?
    private let levels: [String: UInt8]
    let cells: Int

    init(_ feature: LossFeature, rows: [Int], target: [Double]) {
        switch feature {
        case .numeric(let values):
            let bins = FeatureBins(rows.map { values[$0] })
            self.bins = bins
            levels = [:]
            cells = bins.cells
        case .categorical(let values):
            bins = nil
            var sums: [String: (count: Int, sum: Double)] = [:]
            for row in rows {
                guard let level = values[row] else { continue }
                sums[level, default: (0, 0)].count += 1
                sums[level, default: (0, 0)].sum += target[row]
            }
            let kept = sums.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.prefix(FeatureBins.cellsMax - 1)
            let ordered = kept.map { (level: $0.key, mean: $0.value.sum / Double($0.value.count)) }
                .sorted { ($0.mean, $0.level) < ($1.mean, $1.level) }
            levels = Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1.level, UInt8($0 + 1)) })
            cells = ordered.count + 1
        }
    }

    func cells(_ feature: LossFeature) -> [UInt8] {
        switch feature {
        case .numeric(let values):
            guard let bins else { return [UInt8](repeating: 0, count: values.count) }
            return values.map { bins.cell($0) }
        case .categorical(let values): return values.map { $0.flatMap { levels[$0] } ?? 0 }
        }
    }
}
