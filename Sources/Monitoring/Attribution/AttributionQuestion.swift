public import Vocabulary

/// What is asked of a version's model about a finding: which features moved its scores, or its loss, between earlier rows and those of a window.
public struct AttributionQuestion: Sendable {
    public enum Subject: Sendable, Equatable {
        /// What moved the scores; `bins` say where there are more of them than in the baseline.
        case scores(bins: ScoreBins)
        /// What made predictions worse; not of labels, but of what labels were worth before, where the window need have none.
        case losses(needsLabels: Bool)
    }
    public var monitor: Monitor
    public var subject: Subject
    public var window: Window
    /// Records in it, of which raw rows may be fewer.
    public var rows: Int64
    /// The windows of the baseline; nil for the frozen one, of which no rows are kept: then earlier windows are taken in which this monitor found nothing.
    public var baseline: [Window]?
    /// The place of the segment that it is about.
    public var segment: Int?

    public init(monitor: Monitor, subject: Subject, window: Window, rows: Int64, baseline: [Window]? = nil, segment: Int? = nil) {
        self.monitor = monitor
        self.subject = subject
        self.window = window
        self.rows = rows
        self.baseline = baseline
        self.segment = segment
    }
}

/// The bins in which a score is counted, and in which of them there are more now.
public struct ScoreBins: Sendable, Equatable {
    /// Right-closed.
    public var edges: [Double]
    /// One more than edges.
    public var hasMore: [Bool]

    public init(edges: [Double], hasMore: [Bool]) {
        precondition(hasMore.count == edges.count + 1, "a bin more than edges")
        self.edges = edges
        self.hasMore = hasMore
    }

    func isWhereMoreAre(_ score: Double) -> Bool { hasMore[edges.firstIndex { score <= $0 } ?? edges.count] }
}

/// Where models and raw rows are; the service fulfils it.
public protocol ModelExplainer: Sendable {
    /// It never throws: an evaluation does not depend on it.
    func explain(_ version: RegisteredVersion, _ question: AttributionQuestion) async -> AttributionAnswer
}

public enum AttributionAnswer: Sendable, Equatable {
    /// No model file is registered.
    case none
    /// Why the model cannot say it.
    case impossible(String)
    case found(Attribution)
}
