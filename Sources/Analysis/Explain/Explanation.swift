internal import Foundation
internal import Inference
internal import Statistics
public import Vocabulary

/// Which features a model's answers depend on, what moved them, or in what two models differ.
public struct Explanation: Sendable {
    public var report: Report

    /// What is said of a feature.
    struct Part {
        var feature: String
        var value: Double
        var interval: Interval
    }

    /// What was computed, for the report.
    struct Result {
        var method: ExplainOptions.Method
        /// margin, prediction, log_loss or squared_error.
        var unit: String
        var rows: Int
        var leftOut: Int
        var parts: [Part]
        /// Of a shift: the mean answer before and after.
        var means: (before: Double, after: Double)?
        /// The answer that was explained, where there are several.
        var answer: Int?
    }

    public init(_ frame: Frame, _ options: ExplainOptions) throws {
        try options.check()
        let own = try ModelRows(options.model, frame)
        var result: Result
        do {
            switch options.question {
            case .importance: result = try Self.importance(own, frame, options)
            case .loss(let label): result = try Self.loss(own, frame, label, options)
            case .shift(let reference):
                result = try Self.shift(own, frame, from: ModelRows(options.model, reference), reference, options)
            case .difference(let other): result = try Self.difference(own, ModelRows(other, frame), frame, options)
            }
        } catch let error as StatisticsError { throw AnalysisError("\(frame.file): \(error)") }
        result.parts.sort { abs($0.value) > abs($1.value) }
        report = ExplanationReport.make(frame, options, result)
    }

    /// Of one interval, so that those of all features hold together (Bonferroni).
    private static func level(_ options: ExplainOptions, _ features: Int) -> Double {
        1 - (1 - options.confidence) / Double(max(1, features))
    }

    /// Contributions, unless something else is wanted or the model has none.
    private static func contributions(_ rows: ModelRows, _ options: ExplainOptions) throws -> [[[Double]]]? {
        if options.method == .mixing { return nil }
        let found = try rows.contributions()
        if found == nil, options.method == .treeSHAP {
            throw AnalysisError(
                "\(rows.model.path): no contributions, expected XGBoost or LightGBM trees with their covers, or --method mixing")
        }
        return found
    }

    private static func answer(_ options: ExplainOptions, of count: Int, by weight: (Int) -> Double) throws -> Int {
        if let answer = options.answer {
            guard (0..<count).contains(answer) else {
                throw AnalysisError("--answer \(answer), expected \(count == 1 ? "0" : "0 to \(count - 1)")")
            }
            return answer
        }
        let weights = (0..<count).map(weight)
        return weights.indices.max { weights[$0] < weights[$1] } ?? 0
    }

    private static func spread(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }

    private static func importance(_ own: ModelRows, _ frame: Frame, _ options: ExplainOptions) throws -> Result {
        let (rows, _) = try own.usable(limit: options.rowsMax, seed: options.seed, file: frame.file)
        let predictions = try rows.predictions()
        let answer = try answer(options, of: predictions.count) { spread(predictions[$0]) }
        let level = level(options, rows.columns.count)
        var result = Result(
            method: .mixing, unit: "prediction", rows: rows.count, leftOut: rows.leftOut, parts: [],
            answer: predictions.count > 1 ? answer : nil)
        if let contributions = try contributions(rows, options), answer < contributions.count {
            (result.method, result.unit) = (.treeSHAP, "margin")
            result.parts = try parts(rows.columns, contributions[answer].map { try MeanMoments($0.map(abs)) }, level)
            return result
        }
        let found = try PermutationImportance.each(
            of: rows.columns.count, rows: rows.count, repeats: options.repeats, confidence: level, seed: options.seed
        ) { column, order in
            let dealt = try rows.predictions([rows.columns[column]: rows.values[column].picked(order)])[answer]
            return dealt.indices.map { abs(dealt[$0] - predictions[answer][$0]) }
        }
        result.parts = zip(rows.columns, found).map { Part(feature: $0, value: $1.mean, interval: $1.interval) }
        return result
    }

    private static func loss(_ own: ModelRows, _ frame: Frame, _ label: String, _ options: ExplainOptions) throws -> Result {
        let loss = try RowLoss(frame, label: label, predictions: own.predictions(), options)
        let (rows, places) = try own.usable(limit: options.rowsMax, seed: options.seed, file: frame.file) { loss.labels[$0].isFinite }
        let before = loss.losses(try rows.predictions(), places)
        let found = try PermutationImportance.each(
            of: rows.columns.count, rows: rows.count, repeats: options.repeats, confidence: level(options, rows.columns.count),
            seed: options.seed
        ) { column, order in
            let dealt = loss.losses(try rows.predictions([rows.columns[column]: rows.values[column].picked(order)]), places)
            return dealt.indices.map { dealt[$0] - before[$0] }
        }
        return Result(
            method: .mixing, unit: loss.name, rows: rows.count, leftOut: rows.leftOut,
            parts: zip(rows.columns, found).map { Part(feature: $0, value: $1.mean, interval: $1.interval) })
    }

    private static func shift(
        _ own: ModelRows, _ frame: Frame, from reference: ModelRows, _ referenceFrame: Frame, _ options: ExplainOptions
    ) throws -> Result {
        let (after, _) = try own.usable(limit: options.rowsMax, seed: options.seed, file: frame.file)
        let (before, _) = try reference.usable(limit: options.rowsMax, seed: options.seed, file: referenceFrame.file)
        let (late, early) = (try after.predictions(), try before.predictions())
        guard late.count == early.count else {
            throw AnalysisError("\(referenceFrame.file): \(early.count) answers a row, \(frame.file) \(late.count), expected as many")
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        let answer = try answer(options, of: late.count) { abs(mean(late[$0]) - mean(early[$0])) }
        let level = level(options, after.columns.count)
        var result = Result(
            method: .mixing, unit: "prediction", rows: after.count, leftOut: after.leftOut + before.leftOut, parts: [],
            answer: late.count > 1 ? answer : nil)
        if let now = try contributions(after, options), let then = try contributions(before, options), answer < now.count {
            (result.method, result.unit) = (.treeSHAP, "margin")
            result.parts = try after.columns.indices.map { place in
                let (late, early) = (try MeanMoments(now[answer][place]), try MeanMoments(then[answer][place]))
                return Part(
                    feature: after.columns[place], value: late.mean - early.mean,
                    interval: late.normalInterval(minus: early, confidence: level))
            }
            return result
        }
        let pairs = ShapleyShift.pairs(before: before.count, after: after.count, limit: options.rowsMax, seed: options.seed)
        let (from, to) = (before.rows(pairs.map(\.before)), after.rows(pairs.map(\.after)))
        let found = try ShapleyShift(columns: after.columns.count, pairs: pairs.count, confidence: level, seed: options.seed) { isAfter in
            var mixed: [String: InputColumn] = [:]
            for (place, column) in to.columns.enumerated() {
                mixed[column] = from.values[place].mixed(to.values[place], where: isAfter[place])
            }
            return try from.predictions(mixed)[answer]
        }
        result.rows = pairs.count
        result.means = (found.before, found.after)
        result.parts = after.columns.indices.map {
            Part(feature: after.columns[$0], value: found.values[$0], interval: found.intervals[$0])
        }
        return result
    }

    private static func difference(_ own: ModelRows, _ other: ModelRows, _ frame: Frame, _ options: ExplainOptions) throws -> Result {
        let known = try other.predictions()
        let (rows, places) = try own.usable(limit: options.rowsMax, seed: options.seed, file: frame.file) { row in
            known.allSatisfy { $0[row].isFinite }
        }
        let others = other.rows(places)
        let (predictions, beside) = (try rows.predictions(), try others.predictions())
        guard predictions.count == beside.count else {
            throw AnalysisError(
                "\(own.model.path) gives \(predictions.count) numbers a row and \(other.model.path) \(beside.count), expected as many")
        }
        let gaps = predictions.indices.map { k in predictions[k].indices.map { predictions[k][$0] - beside[k][$0] } }
        let answer = try answer(options, of: gaps.count) { k in gaps[k].reduce(0) { $0 + abs($1) } }
        let columns = rows.columns + others.columns.filter { !rows.columns.contains($0) }
        let level = level(options, columns.count)
        var result = Result(
            method: .mixing, unit: "prediction", rows: rows.count, leftOut: rows.leftOut, parts: [],
            answer: gaps.count > 1 ? answer : nil)
        if let a = try contributions(rows, options), let b = try contributions(others, options), answer < min(a.count, b.count) {
            (result.method, result.unit) = (.treeSHAP, "margin")
            let zero = [Double](repeating: 0, count: rows.count)
            result.parts = try columns.map { column in
                let now = rows.columns.firstIndex(of: column).map { a[answer][$0] } ?? zero
                let then = others.columns.firstIndex(of: column).map { b[answer][$0] } ?? zero
                let moments = try MeanMoments(now.indices.map { abs(now[$0] - then[$0]) })
                return Part(feature: column, value: moments.mean, interval: moments.normalInterval(confidence: level))
            }
            return result
        }
        let found = try PermutationImportance.each(
            of: columns.count, rows: rows.count, repeats: options.repeats, confidence: level, seed: options.seed
        ) { place, order in
            /// One column dealt anew in the rows of a model that has it.
            func dealt(_ rows: ModelRows) throws -> [Double] {
                guard let own = rows.columns.firstIndex(of: columns[place]) else { return try rows.predictions()[answer] }
                return try rows.predictions([columns[place]: rows.values[own].picked(order)])[answer]
            }
            let (now, then) = (try dealt(rows), try dealt(others))
            return now.indices.map { abs(now[$0] - then[$0] - gaps[answer][$0]) }
        }
        result.parts = zip(columns, found).map { Part(feature: $0, value: $1.mean, interval: $1.interval) }
        return result
    }

    private static func parts(_ columns: [String], _ moments: [MeanMoments], _ level: Double) throws -> [Part] {
        zip(columns, moments).map { Part(feature: $0, value: $1.mean, interval: $1.normalInterval(confidence: level)) }
    }
}
