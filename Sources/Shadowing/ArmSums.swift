internal import Glibc

/// Sums of one arm of a live test, or of one group or segment of it: all that its metrics are functions of.
public struct ArmSums: Sendable, Equatable {
    /// What a row's label was and what was decided of it: 0 and 1, or places in the list of classes; −1 for none.
    public struct Outcome: Sendable, Hashable {
        public var label: Int
        public var decision: Int
        public init(label: Int, decision: Int) { (self.label, self.decision) = (label, decision) }
    }
    /// Rows of one bin of scores that have a label.
    public struct Bin: Sendable, Equatable {
        public var rows = 0.0
        public var scores = 0.0
        public var positives = 0.0
        public init(rows: Double = 0, scores: Double = 0, positives: Double = 0) {
            (self.rows, self.scores, self.positives) = (rows, scores, positives)
        }
    }
    public var rows = 0.0
    /// Rows that have an error instead of an answer.
    public var failed = 0.0
    public var labelled = 0.0
    /// Of labelled rows: log loss and Brier score, squared and absolute error, or log loss alone.
    public var losses = [MeanSums](repeating: MeanSums(), count: 2)
    public var costs = MeanSums()
    /// Seconds.
    public var latencies = MeanSums()
    /// Rows by ``pace(of:)`` of their latency.
    public var paces: [Int: Double] = [:]
    public var outcomes: [Outcome: Double] = [:]
    /// Rows by cell of the score (``ScoreCells``) with negative labels, with positive ones, with none; empty where they are not known.
    public var cells: [[Double]] = []
    public var bins: [Bin] = []

    public init() {}

    public static let cellCount = ScoreCells.count
    public static let binCount = BlockSums.bins

    /// Cells of latencies, so many for a factor of e: a latency is known to 1 %.
    public static let pacesPerFold = 100.0
    static func pace(upTo cell: Int) -> Double { exp(Double(cell + 1) / pacesPerFold) }

    public mutating func add(_ other: ArmSums) {
        rows += other.rows
        failed += other.failed
        labelled += other.labelled
        for i in losses.indices { losses[i].add(other.losses[i]) }
        costs.add(other.costs)
        latencies.add(other.latencies)
        paces.merge(other.paces, uniquingKeysWith: +)
        outcomes.merge(other.outcomes, uniquingKeysWith: +)
        for place in other.cells.indices { for cell in other.cells[place].indices { addCell(place, cell, other.cells[place][cell]) } }
        for place in other.bins.indices { addBin(place, other.bins[place]) }
    }

    /// - Parameter place: 0 with a negative label, 1 with a positive one, 2 without.
    public mutating func addCell(_ place: Int, _ cell: Int, _ count: Double) {
        if cells.isEmpty { cells = [[Double]](repeating: [Double](repeating: 0, count: Self.cellCount), count: 3) }
        guard cells.indices.contains(place), cells[place].indices.contains(cell) else { return }
        cells[place][cell] += count
    }

    public mutating func addBin(_ place: Int, _ bin: Bin) {
        if bins.isEmpty { bins = [Bin](repeating: Bin(), count: Self.binCount) }
        guard bins.indices.contains(place) else { return }
        bins[place].rows += bin.rows
        bins[place].scores += bin.scores
        bins[place].positives += bin.positives
    }

    /// Rows of this label and decision; nil for any, −1 for none.
    func count(label: Int? = nil, decision: Int? = nil) -> Double {
        // Whole numbers: the order of the sum does not matter.
        outcomes.reduce(0) { sum, one in
            (label ?? one.key.label) == one.key.label && (decision ?? one.key.decision) == one.key.decision ? sum + one.value : sum
        }
    }
}
