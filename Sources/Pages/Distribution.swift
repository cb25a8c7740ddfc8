internal import Reporting
public import Vocabulary

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

    func chart(_ title: String, of name: String, _ window: Window, width: Double, narrow: Double? = nil) -> String {
        SVGChart(picture(title, of: name, window), width: width, narrow: narrow).text
    }

    /// As a chart of pages and reports.
    public func picture(_ title: String, of name: String, _ window: Window) -> Report.Chart {
        let summary =
            (["\(counted(referenceRows)) rows in the reference, \(counted(currentRows)) in the window \(span(window))."] + notes).joined(
                separator: " ")
        let series = [Report.Chart.Series("reference", y: reference), .init("window", y: current)]
        switch shape {
        case .bins(let edges):
            return Report.Chart(
                title, summary: summary, shape: .histogram(edges: edges), series: series, xLabel: name, yLabel: "share per bin width")
        case .levels(let names):
            return Report.Chart(
                title, summary: summary, shape: .bars(labels: names), series: series, xLabel: "share of the rows with a value")
        }
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

    /// The reliability diagram; nil where there is none.
    public func reliabilityPicture(_ window: Window) -> Report.Chart? {
        guard !reliability.isEmpty else { return nil }
        return Report.Chart(
            "Reliability",
            summary:
                "Of the predictions with about one score, the share that came true, with its 95 % interval, in \(span(window)). On the diagonal scores mean what they say.",
            shape: .lines,
            series: [
                .init(
                    "observed", x: reliability.map(\.score), y: reliability.map(\.observed), lower: reliability.map(\.lower),
                    upper: reliability.map(\.upper))
            ], xLabel: "mean score", yLabel: "share of positives", hasDiagonal: true)
    }
}
