internal import Reporting
internal import Vocabulary

/// A column in the reference and in a window, as shares of the rows that have a value.
public struct Distribution: Sendable, Equatable {
    public enum Shape: Sendable, Equatable {
        /// Bins of a numeric column; an edge more than bins.
        case bins(edges: [Double])
        /// Levels, or the few values of a numeric column.
        case levels([String])
    }
    public var shape: Shape
    public var reference: [Double]
    public var current: [Double]
    public var referenceRows: Int64
    public var currentRows: Int64
    /// What the picture leaves out: missing values, what lies beyond the reference.
    public var notes: [String]

    public init(shape: Shape, reference: [Double], current: [Double], referenceRows: Int64, currentRows: Int64, notes: [String]) {
        self.shape = shape
        self.reference = reference
        self.current = current
        self.referenceRows = referenceRows
        self.currentRows = currentRows
        self.notes = notes
    }

    func chart(_ title: String, of name: String, _ window: Window, width: Double) -> String {
        let summary =
            (["\(counted(referenceRows)) rows in the reference, \(counted(currentRows)) in the window \(span(window))."] + notes).joined(
                separator: " ")
        let series = [Report.Chart.Series("reference", y: reference), .init("window", y: current)]
        let chart =
            switch shape {
            case .bins(let edges):
                Report.Chart(
                    title, summary: summary, shape: .histogram(edges: edges), series: series, xLabel: name, yLabel: "share per bin width")
            case .levels(let names):
                Report.Chart(title, summary: summary, shape: .bars(labels: names), series: series, xLabel: "share of the rows with a value")
            }
        return SVGChart(chart, width: width).text
    }
}

/// A bin of a reliability diagram.
public struct ReliabilityPoint: Sendable, Equatable {
    /// The mean score of its rows.
    public var score: Double
    /// The share of positives, with its interval.
    public var observed: Double
    public var lower: Double
    public var upper: Double
    public var rows: Int64
    public init(score: Double, observed: Double, lower: Double, upper: Double, rows: Int64) {
        self.score = score
        self.observed = observed
        self.lower = lower
        self.upper = upper
        self.rows = rows
    }
}

/// What a page shows of the sums of one window.
public struct WindowSums: Sendable {
    public var scores: Distribution?
    public var reliability: [ReliabilityPoint]
    /// Why there is nothing; nil where there is.
    public var problem: String?
    public init(scores: Distribution? = nil, reliability: [ReliabilityPoint] = [], problem: String? = nil) {
        self.scores = scores
        self.reliability = reliability
        self.problem = problem
    }
}
