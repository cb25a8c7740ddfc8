internal import Glibc

/// Can a model tell rows of the current side from rows of the reference? The area under its ROC curve on rows it was not trained on.
///
/// 0.5: the rows cannot be told apart. 1: every row gives its side away. It sees any difference that shallow trees can see, in several
/// columns together too. Each row is scored by a model that was trained on other rows (stratified folds, drawn by seed). The p-value is that of
/// the rank sum under no drift, the interval DeLong's. Folds share their training rows, which makes the area vary more than these laws
/// say: their variance is multiplied by Nadeau and Bengio's 1 + folds · n_test/n_train = 2.25. Without it 14 % instead of 5 % of
/// undrifted pairs were called significant.
/// > Source: D. Lopez-Paz and M. Oquab, "Revisiting Classifier Two-Sample Tests", 2017; C. Nadeau and Y. Bengio, "Inference for the
/// > Generalization Error", 2003.
public struct DomainClassifier: Sendable, Equatable {
    /// A column of both sides, the reference's rows first.
    public enum Column: Sendable {
        /// NaN for missing.
        case numbers([Double])
        /// Numbers of levels; −1 for missing. Levels are put in the order of their share of current rows among the rows of the training.
        case levels([Int])
    }
    public var auc: Double
    public var interval: Interval?
    public var pValue: Double
    /// By column, its share of what the splits gained: who gives the rows away.
    public var importance: [Double]
    /// Rows used of either side.
    public var rows: (reference: Int, current: Int) { (referenceRows, currentRows) }
    private var referenceRows: Int
    private var currentRows: Int

    /// Of a side with more rows so many are drawn.
    public static let rowsMax = 10_000
    public static let foldCount = 5
    private static let cellsMax = 50
    private static let trees = BoostedTrees.Settings(loss: .logistic, treesMax: 60, leavesMax: 8, penalty: 1)
    /// What shared training rows add to the variance of the area.
    private static let varianceFactor = 1 + Double(foldCount) / Double(foldCount - 1)

    /// - Throws: ``StatisticsError`` `.empty` without columns, `.undefined` with fewer than 10 rows on a side.
    public init(_ columns: [Column], referenceRows n: Int, currentRows m: Int, confidence: Double = 0.95, seed: UInt64)
        throws(StatisticsError)
    {
        guard !columns.isEmpty else { throw StatisticsError(.empty, "no columns") }
        guard n >= 10, m >= 10 else { throw StatisticsError(.undefined, "fewer than 10 rows on a side") }
        var random = SeededRandom(seed: seed)
        // Drawn rows, and for each its fold: shuffled within its side, so that the folds are alike.
        var reference = Array(0..<n)
        var current = Array(n..<(n + m))
        reference.shuffle(using: &random)
        current.shuffle(using: &random)
        let rows = Array(reference.prefix(Self.rowsMax)) + Array(current.prefix(Self.rowsMax))
        let drawn = min(n, Self.rowsMax)
        referenceRows = drawn
        currentRows = min(m, Self.rowsMax)
        let labels = rows.map { $0 >= n }
        let folds = rows.indices.map { ($0 < drawn ? $0 : $0 - drawn) % Self.foldCount }
        var scores = [Double](repeating: 0, count: rows.count)
        var gains = [Double](repeating: 0, count: columns.count)
        for fold in 0..<Self.foldCount {
            let training = rows.indices.filter { folds[$0] != fold }
            let held = rows.indices.filter { folds[$0] == fold }
            let encoded = columns.map { Self.encoded($0, rows, labels, training) }
            let bins = encoded.map { column in FeatureBins(training.map { column[$0] }, cellsMax: Self.cellsMax) }
            let model = BoostedTrees(
                columns: zip(bins, encoded).map { bins, column in training.map { bins.cell(column[$0]) } }, cells: bins.map(\.cells),
                target: training.map { labels[$0] ? 1 : 0 }, settings: Self.trees)
            let margins = model.predictions(
                held.flatMap { row in zip(bins, encoded).map { $0.cell($1[row]) } }, features: columns.count)
            let gained = model.gains.reduce(0, +)
            for (place, row) in held.enumerated() { scores[row] = margins[place] }
            if gained > 0 { for c in columns.indices { gains[c] += model.gains[c] / gained / Double(Self.foldCount) } }
        }
        let curve = try RocAUC(scores: scores, labels: labels)
        auc = curve.value
        importance = gains
        interval = curve.variance.map { variance in
            let reach = Distributions.normalQuantile(0.5 + confidence / 2) * (variance * Self.varianceFactor).squareRoot()
            return Interval(lower: max(0, curve.value - reach), upper: min(1, curve.value + reach))
        }
        let (a, b) = (Double(referenceRows), Double(currentRows))
        let deviation = (Self.varianceFactor * (a + b + 1) / (12 * a * b)).squareRoot()
        pValue = Distributions.normalTail((curve.value - 0.5) / deviation)
    }

    /// Numbers for every drawn row: of a level the share of current rows among its training rows, drawn towards the overall share.
    private static func encoded(_ column: Column, _ rows: [Int], _ labels: [Bool], _ training: [Int]) -> [Double] {
        switch column {
        case .numbers(let values): return rows.map { values[$0] }
        case .levels(let levels):
            var counts: [Int: (rows: Double, current: Double)] = [:]
            for place in training {
                var count = counts[levels[rows[place]]] ?? (0, 0)
                count.rows += 1
                count.current += labels[place] ? 1 : 0
                counts[levels[rows[place]]] = count
            }
            let prior = Double(training.count { labels[$0] }) / Double(max(1, training.count))
            return rows.map { row in
                guard levels[row] >= 0, let count = counts[levels[row]] else { return .nan }
                return (count.current + 10 * prior) / (count.rows + 10)
            }
        }
    }
}
