public import Kernels

/// The cells on which a numeric column is counted: frozen at registration from the reference.
public struct NumericGrid: Sendable, Equatable {
    /// Strictly ascending, at most ``cutsMax``.
    public let cuts: [Double]
    /// The right-closed edges of the drift bins (PSI and its kin); every edge is also a cut.
    public let binEdges: [Double]
    /// Every finite distinct reference value is a cut: statistics against the reference are exact.
    public let isComplete: Bool
    /// Moments are summed around this value, so that nothing cancels.
    public let center: Double
    public let locator: Locator

    public static let cutsMax = 1024
    public static let binCount = 10

    public init(cuts: [Double], binEdges: [Double], isComplete: Bool, center: Double) {
        self.cuts = cuts
        self.binEdges = binEdges
        self.isComplete = isComplete
        self.center = center
        locator = Locator(cuts: cuts)
    }

    public var cellCount: Int { 2 * cuts.count + 1 }

    public static func == (a: NumericGrid, b: NumericGrid) -> Bool {
        a.cuts == b.cuts && a.binEdges == b.binEdges && a.isComplete == b.isComplete && a.center == b.center
    }

    /// The cell that holds x; nil for NaN.
    public func cell(of x: Double) -> Int? { x.isNaN ? nil : Int(locator.cell(of: x)) }

    /// Cell counts summed into the drift bins: binEdges.count + 1 of them, right-closed.
    public func bins(of cells: [Int64]) -> [Int64] { regroup(cells, edges: binEdges) }

    /// Cell counts summed into right-closed bins with these ascending edges, each of which must be a cut.
    public func regroup(_ cells: [Int64], edges: [Double]) -> [Int64] {
        var start = 0
        var bins: [Int64] = []
        bins.reserveCapacity(edges.count + 1)
        for edge in edges {
            // Cell 2i + 1 is the cut i; what lies above an edge belongs to the next bin.
            var (low, high) = (0, cuts.count)
            while low < high {
                let middle = (low + high) / 2
                if cuts[middle] < edge { low = middle + 1 } else { high = middle }
            }
            let end = max(start, min(2 * low + 2, cells.count))
            bins.append(total(cells[start..<end]))
            start = end
        }
        bins.append(total(cells[start...]))
        return bins
    }
}

/// The levels of a categorical column in the reference, in code-point order.
public struct CategoricalGrid: Sendable, Equatable {
    public let levels: [String]
    public let index: [String: Int]
    /// High-cardinality text: of the reference's levels only the commonest stay by name, the others count as one cell.
    public let isComplete: Bool

    public static let levelsMax = 1000

    public init(levels: [String], isComplete: Bool) {
        self.levels = levels
        self.isComplete = isComplete
        index = Dictionary(levels.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    }
}

public enum FeatureGrid: Sendable, Equatable {
    case numeric(NumericGrid)
    case categorical(CategoricalGrid)
    case vector(VectorGrid)
}

/// What a model answers, and so what its labels are compared with.
public enum OutcomeKind: Sendable, Equatable {
    /// Labels are 0 or 1.
    case binary
    /// Labels are numbers, as predictions are.
    case numeric
    /// Labels are places in a list of so many classes, as predictions are.
    case classes(Int)
}

/// The grid of a version: what every profile of it is counted on. Profiles add only when their grids are the same.
public struct ProfileGrid: Sendable, Equatable {
    public let features: [FeatureGrid]
    /// Cuts of the score: its reference quantiles or distinct values, the calibration edges k/10, and the decision threshold.
    public let score: NumericGrid
    /// A sensitive attribute's levels in the reference, by attribute.
    public let attributes: [[String]]
    public let threshold: Double
    public let outcome: OutcomeKind
    /// On what the numeric features are summed together; nil where they say nothing together.
    public let joint: JointGrid?
    /// Identifies the grid inside every encoded profile.
    public let fingerprint: UInt64

    public static let calibrationBins = 10
    public static let calibrationEdges = (1..<calibrationBins).map { Double($0) / Double(calibrationBins) }

    public init(
        features: [FeatureGrid], score: NumericGrid, attributes: [[String]], threshold: Double, outcome: OutcomeKind,
        joint: JointGrid? = nil
    ) {
        self.features = features
        self.score = score
        self.attributes = attributes
        self.threshold = threshold
        self.outcome = outcome
        self.joint = joint
        fingerprint = ProfileGrid.encode(features, score, attributes, threshold, outcome, joint).fingerprint
    }
}
