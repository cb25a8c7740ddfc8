internal import Foundation
internal import Statistics
public import Vocabulary

/// How good predictions were, once labels are known: metrics with intervals, curves, and their course over chunks.
public struct PerformanceAnalysis: Sendable {
    public var report: Report

    public init(_ frame: Frame, _ options: PerformanceOptions) throws {
        try options.check()
        try frame.requireColumns([options.timestamp, options.id].compactMap { $0 })
        let join = try options.labelEvents.map { try LabelJoin(frame, events: $0, options) }
        let labels = try join?.labels ?? frame.cells(options.label)
        let prediction = try options.prediction.map { try frame.cells($0) }
        let task = try PerformanceData.task(labels: labels, prediction: prediction, options)
        let referenceLabels = try options.reference.map { try $0.cells(options.label) }
        let classes = try Self.checkedClasses(task, labels: [labels, referenceLabels].compactMap { $0 }, frame, options)
        let data = try PerformanceData(frame, labels: labels, task: task, classes: classes, options)
        let rows = (0..<data.rowCount).filter(data.isUsable)
        // Label events are an answer by themselves: how many of them came, and for whom.
        if join == nil { try data.requireRows(rows, frame, options) }
        let plan = IntervalPlan(confidence: options.confidence, seed: options.seed)
        let outcome = try data.outcome(rows, plan)

        var json = JSONObject([
            ("command", .string("performance")), ("task", .string(task.rawValue)), ("rows", JSON(frame.rows)), ("n", JSON(rows.count)),
            ("left_out", JSON(frame.rows - rows.count)),
        ])
        var settings = JSONObject([("confidence", .number(options.confidence)), ("seed", .string("\(options.seed)"))])
        switch task {
        case .binary:
            settings["positive"] = .string(options.positive ?? "1")
            if options.prediction == nil { settings["threshold"] = .statistic(options.threshold) }
            settings["max_fpr"] = .number(options.maxFPR)
        case .regression: settings["quantile"] = .number(options.quantile)
        case .multiclass: break
        }
        json["settings"] = .object(settings)
        if task == .multiclass { json["classes"] = .array(classes.map(JSON.string)) }
        var blocks: [Report.Block] = [.text("\(rows.count) rows; \(frame.rows - rows.count) left out for a missing cell.")]
        if let join {
            let positives = task == .binary ? data.positives((0..<data.rowCount).filter(data.isLabelled)) : nil
            json["labels"] = Self.json(join, positives: positives)
            blocks.append(.text(Self.text(join)))
        }
        PerformanceReport.add(outcome, classes: classes, isWeighted: options.weights != nil, hasCurves: options.hasCurves, to: &json)
        blocks += PerformanceReport.blocks(outcome, classes: classes, confidence: options.confidence)
        var hasFinding = false
        if let chunking = options.chunking {
            let reference = try options.reference.map { frame in
                let data = try PerformanceData(frame, labels: frame.cells(options.label), task: task, classes: classes, options)
                try data.requireRows((0..<data.rowCount).filter(data.isUsable), frame, options)
                return (data: data, cut: try frame.chunks(chunking, timestamp: options.timestamp))
            }
            let cut = try frame.chunks(chunking, timestamp: options.timestamp)
            let chunks = try PerformanceChunks((data, cut), reference: reference)
            json["chunks"] = chunks.json
            blocks += chunks.blocks(PerformanceReport.mainNames(outcome.metrics))
            hasFinding = chunks.hasAlert
        }
        report = Report(
            title: "Performance of \(options.prediction ?? options.score ?? "scores") in \(frame.file)", json: .object(json),
            blocks: blocks,
            hasFinding: hasFinding)
    }

    /// More classes than this are names of rows, and their table of confusion has as many cells as their square.
    static let classesMax = 1000

    static func checkedClasses(
        _ task: PerformanceOptions.Task, labels: [Cells], _ frame: Frame, _ options: PerformanceOptions
    ) throws -> [String] {
        let classes = try classes(task, labels: labels, frame, options)
        guard classes.count <= classesMax else {
            throw AnalysisError("\(frame.file): \(classes.count) classes in \(options.label), expected at most \(classesMax)")
        }
        return classes
    }

    /// The classes of a multiclass task: those said, or all that labels, predictions and scores name, by code point.
    private static func classes(
        _ task: PerformanceOptions.Task, labels: [Cells], _ frame: Frame, _ options: PerformanceOptions
    ) throws -> [String] {
        guard task == .multiclass else { return [] }
        if let classes = options.classes {
            guard classes.count >= 2, Set(classes).count == classes.count else {
                throw AnalysisError("--classes \(classes.joined(separator: ",")), expected at least two different classes")
            }
            return classes
        }
        var columns = labels
        for file in [frame, options.reference].compactMap({ $0 }) {
            if let prediction = options.prediction { columns.append(try file.cells(prediction)) }
        }
        let classes = Cells.classes(try Cells.classes(columns) + options.scores.map(\.name))
        guard classes.count >= 2 else {
            throw AnalysisError(
                "\(frame.file): \(classes.count) classes in \(options.label), expected at least two, or --classes to name them")
        }
        return classes
    }

    private static func json(_ join: LabelJoin, positives: Int?) -> JSON {
        var out = JSONObject([
            ("events", JSON(join.events)), ("labelled", JSON(join.labelled)), ("unlabelled", JSON(join.unlabelled)),
            ("unlabelled_due", JSON(join.unlabelledDue)), ("orphans", JSON(join.orphans)), ("resent", JSON(join.resent)),
            ("corrected", JSON(join.corrected)), ("incomplete", JSON(join.incomplete)),
        ])
        if let positives { out["positives"] = JSON(positives) }
        return .object(out)
    }

    private static func text(_ join: LabelJoin) -> String {
        "\(join.events) label events known: \(join.labelled) predictions labelled, "
            + "\(join.unlabelled) not (\(join.unlabelledDue) of them due); "
            + "\(join.orphans) ids without a prediction, \(join.resent) labels sent again, \(join.corrected) corrected."
    }
}
