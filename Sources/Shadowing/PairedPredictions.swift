/// What two models said of the same rows.
public struct PairedPredictions: Sendable {
    public enum Task: String, Sendable, CaseIterable {
        /// Labels are 0 and 1, scores the probability of 1.
        case binary
        /// Labels are places in the list of classes, scores the probability of each.
        case multiclass
        case regression
    }
    public var task: Task
    /// NaN for a row that has no label.
    public var labels: [Double]
    /// One column of scores or values; of several classes one for each.
    public var champion: [[Double]]
    public var candidate: [[Double]]
    /// A binary decision is positive from this score on, of the champion and of the candidate.
    public var thresholds: (champion: Double, candidate: Double)
    public var groups: [Groups]
    /// Declared parts of the rows, which may overlap.
    public var segments: [Segment] = []

    public struct Segment: Sendable {
        public var name: String
        /// By row.
        public var holds: [Bool]
        public init(name: String, holds: [Bool]) {
            self.name = name
            self.holds = holds
        }
    }

    /// The values of one sensitive attribute.
    public struct Groups: Sendable {
        public var attribute: String
        public var names: [String]
        /// By row; negative is missing.
        public var codes: [Int32]
        public init(attribute: String, names: [String], codes: [Int32]) {
            self.attribute = attribute
            self.names = names
            self.codes = codes
        }
    }

    /// - Parameter candidateThreshold: the champion's where it is nil.
    public init(
        task: Task, labels: [Double], champion: [[Double]], candidate: [[Double]], threshold: Double = 0.5,
        candidateThreshold: Double? = nil, groups: [Groups] = []
    ) {
        self.task = task
        self.labels = labels
        self.champion = champion
        self.candidate = candidate
        thresholds = (threshold, candidateThreshold ?? threshold)
        self.groups = groups
    }

    public var count: Int { champion.first?.count ?? 0 }

    /// What each model decides of a row: 0 or 1, the place of the likeliest class (of equal ones the first), or the value itself.
    func decisions(_ row: Int) -> (champion: Double, candidate: Double) {
        (decision(champion, row, thresholds.champion), decision(candidate, row, thresholds.candidate))
    }

    private func decision(_ scores: [[Double]], _ row: Int, _ threshold: Double) -> Double {
        switch task {
        case .binary: scores[0][row] >= threshold ? 1 : 0
        case .regression: scores[0][row]
        case .multiclass: Double(scores.indices.max { scores[$0][row] < scores[$1][row] } ?? 0)
        }
    }
}
