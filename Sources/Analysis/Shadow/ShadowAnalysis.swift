internal import Foundation
internal import Inference
public import Shadowing
internal import Statistics
public import Vocabulary

/// What `evenkeel shadow` is asked.
public struct ShadowOptions: Sendable {
    /// A model file, or the column of a file that has the scores.
    public enum Source: Sendable {
        case model(FileModel)
        case column(String)

        var name: String {
            switch self {
            case .model(let model): model.path
            case .column(let column): column
            }
        }
    }
    public var champion: Source
    public var candidate: Source
    public var label: String?
    public var positive: String?
    public var classes: [String]?
    public var threshold = 0.5
    public var sensitive: [String] = []
    public var task: PairedPredictions.Task?
    public var policy = RolloutPolicy()
    public var confidence = 0.95
    public init(champion: Source, candidate: Source) {
        self.champion = champion
        self.candidate = candidate
    }

    public var settings: Settings {
        var out = Settings()
        out["champion"] = champion.name
        out["candidate"] = candidate.name
        out["label"] = label
        out["positive"] = positive
        out.set("classes", classes ?? [])
        out.set("threshold", threshold)
        out.set("sensitive", sensitive)
        out["primary"] = policy.primary
        out.set("margin", policy.margin)
        out.set("min_rows", policy.rowsMin)
        out.set("confidence", confidence)
        return out
    }
}

/// A candidate beside the champion over the rows of a file.
public struct ShadowAnalysis: Sendable {
    public var report: Report

    public init(_ frame: Frame, _ options: ShadowOptions) throws {
        // What either asks of the file is looked up before a row is scored.
        let asked = try [options.champion, options.candidate].map { try Self.inputs($0, frame) }
        let (champion, championTime) = try Self.scores(options.champion, asked[0], frame)
        let (candidate, candidateTime) = try Self.scores(options.candidate, asked[1], frame)
        guard champion.count == candidate.count else {
            throw AnalysisError(
                "\(options.champion.name) gives \(champion.count) numbers a row and \(options.candidate.name) \(candidate.count), expected as many"
            )
        }
        let isBounded = (champion + candidate).allSatisfy { $0.allSatisfy { (0...1).contains($0) } }
        let task = options.task ?? (champion.count > 1 ? .multiclass : isBounded ? .binary : .regression)
        // Of two classes with a column each the second one is the positive.
        let isPair = task == .binary && champion.count == 2
        let (labels, classes) = try Self.labels(frame, options, task, classes: champion.count)
        let groups = try options.sensitive.map { column in
            let (names, codes) = try frame.coded(column).ordered()
            guard names.count <= Self.groupsMax else {
                throw AnalysisError("\(column) has \(names.count) values, expected at most \(Self.groupsMax)")
            }
            return PairedPredictions.Groups(attribute: column, names: names, codes: codes)
        }
        let pairs = PairedPredictions(
            task: task, labels: labels, champion: isPair ? [champion[1]] : champion, candidate: isPair ? [candidate[1]] : candidate,
            threshold: options.threshold, groups: groups)
        let comparison: PairedComparison
        do throws(StatisticsError) {
            comparison = try PairedComparison(pairs, primary: options.policy.primary, confidence: options.confidence)
        } catch { throw AnalysisError("\(frame.file): \(error)") }
        if let primary = options.policy.primary, comparison.labelled > 0, comparison.differences.first?.metric != primary {
            let known = comparison.differences.map(\.metric).joined(separator: ", ")
            throw AnalysisError("--primary \(primary), expected one of \(known)")
        }
        let ratio = championTime.flatMap { was in candidateTime.map { was > 0 ? $0 / was : 1 } }
        // Which file is read first, and what a machine does meanwhile, moves times of a few rows by far more than models differ.
        let isTimed = frame.rows >= Self.timedRowsMin
        let decision = RolloutDecision(comparison, options.policy, latencyRatio: isTimed ? ratio : nil)
        let times = [("champion", championTime), ("candidate", candidateTime)]
        report = ShadowReport.make(
            frame, options, task: task, classes: classes, comparison, decision,
            seconds: times.compactMap { name, time in time.map { (name, $0 / Double(max(1, frame.rows))) } })
    }

    static let groupsMax = 1000
    static let timedRowsMin = 10_000

    private static func inputs(_ source: ShadowOptions.Source, _ frame: Frame) throws -> [InputColumn] {
        guard case .model(let model) = source else { return [] }
        return try model.inputs(frame).map(\.values)
    }

    /// The scores, and the seconds that a model took for them.
    private static func scores(
        _ source: ShadowOptions.Source, _ inputs: [InputColumn], _ frame: Frame
    ) throws -> ([[Double]], Double?) {
        switch source {
        case .column(let column): return ([try frame.numbers(column)], nil)
        case .model(let model):
            let clock = ContinuousClock()
            let start = clock.now
            let scores = try model.predictions(inputs, rows: frame.rows)
            guard !scores.isEmpty else { throw AnalysisError("\(model.path): its prediction is no number") }
            return (scores, start.duration(to: clock.now) / .seconds(1))
        }
    }

    private static func labels(
        _ frame: Frame, _ options: ShadowOptions, _ task: PairedPredictions.Task, classes count: Int
    ) throws -> ([Double], [String]) {
        guard let label = options.label else { return ([Double](repeating: .nan, count: frame.rows), []) }
        let cells = try frame.cells(label)
        switch task {
        case .binary: return (try cells.binary(positive: options.positive), [])
        case .regression: return (try cells.numbers(), [])
        case .multiclass:
            let classes = try options.classes ?? Cells.classes([cells])
            guard classes.count == count else {
                throw AnalysisError(
                    "\(label) has \(classes.count) classes and the models \(count), expected as many, or --classes in their order")
            }
            return (try cells.places(classes).map { $0 < 0 ? .nan : Double($0) }, classes)
        }
    }
}
