internal import Storage
internal import Vocabulary

/// The newest evaluation of each kind of window of each version and segment, for `/metrics`. One does not change, so what was read before is
/// kept, and only the new ones are read: a fleet has thousands, of hundreds of findings each.
actor NewestEvaluations {
    /// A version, or one of its segments, and whether the numbers of single features are wanted.
    struct Wanted: Sendable {
        var part: RegisteredVersion
        var isDetailed: Bool
    }
    struct Found: Sendable {
        var latest: [Evaluation] = []
        /// The minute of the newest prediction.
        var newest: Timestamp?
    }
    private struct Place: Hashable {
        var stream: Int64
        var kind: WindowKind
    }
    private struct Known {
        var head: EvaluationHead
        var evaluation: Evaluation
        var isDetailed: Bool
    }
    private let overview: OverviewStore
    private var known: [Place: Known] = [:]
    /// Evaluations of one query.
    static let headsPerQuery = 25

    init(database: Database) { overview = OverviewStore(database: database) }

    /// - Returns: by stream.
    func read(_ wanted: [Wanted]) async throws -> [Int64: Found] {
        let kinds = Set(wanted.flatMap(\.part.windows)).sorted { $0.rawValue < $1.rawValue }
        let heads = try await overview.heads(of: wanted.map(\.part.streamID), kinds: kinds)
        var current: [Place: Known] = [:]
        var missing: [(wanted: Wanted, head: EvaluationHead)] = []
        for (wanted, head) in zip(wanted, heads) {
            for evaluation in head.evaluations where wanted.part.windows.contains(evaluation.window.kind) {
                let place = Place(stream: wanted.part.streamID, kind: evaluation.window.kind)
                if let one = known[place], one.head == evaluation, one.isDetailed == wanted.isDetailed {
                    current[place] = one
                } else {
                    missing.append((wanted, evaluation))
                }
            }
        }
        // An error, or a process that ends, loses nothing of what is known by then.
        known = current
        for start in stride(from: 0, to: missing.count, by: Self.headsPerQuery) {
            let some = missing[start..<min(start + Self.headsPerQuery, missing.count)]
            for (one, findings) in zip(some, try await overview.numbers(some.map(\.head))) {
                let (head, part) = (one.head, one.wanted.part)
                var evaluation = Evaluation(
                    version: part.key, window: head.window, evaluatedAt: head.evaluatedAt, rows: head.rows, labelled: head.labelled,
                    findings: findings)
                if !one.wanted.isDetailed { evaluation.findings = evaluation.withoutFeatures }
                known[Place(stream: head.streamID, kind: head.window.kind)] = Known(
                    head: head, evaluation: evaluation, isDetailed: one.wanted.isDetailed)
            }
        }
        var found: [Int64: Found] = [:]
        for (wanted, head) in zip(wanted, heads) {
            let stream = wanted.part.streamID
            found[stream] = Found(
                latest: wanted.part.windows.compactMap { known[Place(stream: stream, kind: $0)]?.evaluation }, newest: head.newest)
        }
        return found
    }
}

extension Evaluation {
    /// The findings, of the monitors that look at each feature only the verdict.
    var withoutFeatures: [Finding] {
        let byFeature: Set<Monitor> = [.featureDrift, .dataQuality]
        let verdicts = verdicts.filter { byFeature.contains($0.monitor) }.map { monitor, verdict in
            Finding(monitor: monitor, subject: "", statistic: "", value: nil, referenceCount: 0, currentCount: 0, verdict: verdict)
        }
        return findings.filter { !byFeature.contains($0.monitor) } + verdicts
    }
}
