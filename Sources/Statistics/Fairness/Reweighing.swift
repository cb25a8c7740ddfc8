/// Weights that make label and group independent: w(g, y) = P(g) P(y) / P(g, y).
///
/// The weighted base rates of all groups are equal and the sum of weights is kept.
/// > Source: F. Kamiran, T. Calders, "Data Preprocessing Techniques for Classification without Discrimination", 2012.
public struct Reweighing: Sendable, Equatable {
    public struct Weights: Sendable, Equatable {
        /// nil when the group has no rows of that label.
        public var positive: Double?
        public var negative: Double?
    }
    /// By group.
    public var groups: [Weights]

    /// - Throws: ``StatisticsError`` `.empty` without weight.
    public init(_ cells: [ConfusionCells]) throws(StatisticsError) {
        let total = cells.reduce(0) { $0 + $1.total }
        guard total > 0 else { throw StatisticsError(.empty, "no rows with weight") }
        let positives = cells.reduce(0) { $0 + $1.tp + $1.fn }
        groups = cells.map { group in
            let p = group.tp + group.fn
            let q = group.fp + group.tn
            return Weights(
                positive: p > 0 ? group.total * positives / total / p : nil,
                negative: q > 0 ? group.total * (total - positives) / total / q : nil)
        }
    }
}
