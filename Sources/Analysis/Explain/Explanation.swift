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
        /// Of the file that they are compared with.
        var referenceRows: Int?
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
                result = try Self.shift(own, frame, from: ModelRows(options.model, reference, like: own), reference, options)
            case .difference(let other): result = try Self.difference(own, ModelRows(other, frame), frame, options)
            }
        } catch let error as StatisticsError { throw AnalysisError("\(frame.file): \(error)") }
        if case .loss = options.question {
            result.parts.sort { $0.value > $1.value }
        } else {
            result.parts.sort { abs($0.value) > abs($1.value) }
        }
        report = ExplanationReport.make(frame, options, result)
    }

    /// Of one interval, so that those of all features hold together (Bonferroni).
    private static func level(_ options: ExplainOptions, _ features: Int) -> Double {
        1 - (1 - options.confidence) / Double(max(1, features))
    }

    /// Contributions, unless something else is wanted or the model has none.
    private static func contributions(_ rows: ModelRows, _ options: ExplainOptions) throws -> [[[Double]]]? {
        let found = options.method == .mixing ? nil : try rows.contributions()
        if found == nil { try refuseClassNumbers(rows) }
        if found == nil, options.method == .treeSHAP {
            throw AnalysisError(
                "\(rows.model.path): no contributions, expected XGBoost or LightGBM trees with their covers, or --method mixing")
        }
        return found
    }

    /// How far numbers of classes are apart means nothing.
    private static func refuseClassNumbers(_ rows: ModelRows) throws {
        if rows.model.isClassNumber(try rows.predictions().count) {
            throw AnalysisError("\(rows.model.path): its answer is the number of a class, expected a probability of each")
        }
    }

    /// - Parameter weight: how much there is to say of each.
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

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    private static func spread(_ values: [Double]) -> Double {
        let middle = mean(values)
        return values.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
    }

    private static func importance(_ own: ModelRows, _ frame: Frame, _ options: ExplainOptions) throws -> Result {
        let (rows, _) = try own.usable(limit: options.rowsMax, seed: options.seed, file: frame.file)
        let names = rows.names
        let level = level(options, names.count)
        if let contributions = try contributions(rows, options) {
            let answer = try answer(options, of: contributions.count) { contributions[$0].reduce(0) { $0 + mean($1.map(abs)) } }
            return Result(
                method: .treeSHAP, unit: "margin", rows: rows.count, leftOut: rows.leftOut,
                parts: try parts(names, contributions[answer].map { try MeanMoments($0.map(abs)) }, level),
                answer: contributions.count > 1 ? answer : nil)
        }
        let predictions = try rows.predictions()
        let answer = try answer(options, of: predictions.count) { spread(predictions[$0]) }
        let found = try PermutationImportance.each(
            of: names.count, rows: rows.count, repeats: options.repeats, confidence: level, seed: options.seed
        ) { column, order in
            let dealt = try rows.predictions(dealing: names[column], order)[answer]
            return dealt.indices.map { abs(dealt[$0] - predictions[answer][$0]) }
        }
        return Result(
            method: .mixing, unit: "prediction", rows: rows.count, leftOut: rows.leftOut, parts: parts(names, found),
            answer: predictions.count > 1 ? answer : nil)
    }

    private static func loss(_ own: ModelRows, _ frame: Frame, _ label: String, _ options: ExplainOptions) throws -> Result {
        try refuseClassNumbers(own)
        let loss = try RowLoss(frame, label: label, predictions: own.predictions(), options)
        let (rows, places) = try own.usable(
            limit: options.rowsMax, seed: options.seed, file: frame.file, what: "an answer and a label"
        ) { loss.labels[$0].isFinite }
        let names = rows.names
        let before = loss.losses(try rows.predictions(), places)
        let found = try PermutationImportance.each(
            of: names.count, rows: rows.count, repeats: options.repeats, confidence: level(options, names.count), seed: options.seed
        ) { column, order in
            let dealt = loss.losses(try rows.predictions(dealing: names[column], order), places)
            return dealt.indices.map { dealt[$0] - before[$0] }
        }
        return Result(method: .mixing, unit: loss.name, rows: rows.count, leftOut: rows.leftOut, parts: parts(names, found))
    }

    private static func shift(
        _ own: ModelRows, _ frame: Frame, from reference: ModelRows, _ referenceFrame: Frame, _ options: ExplainOptions
    ) throws -> Result {
        let (after, _) = try own.usable(limit: options.rowsMax, seed: options.seed, file: frame.file)
        let (before, _) = try reference.usable(limit: options.rowsMax, seed: options.seed, file: referenceFrame.file)
        let names = after.names
        let level = level(options, names.count)
        let leftOut = after.leftOut + before.leftOut
        if let now = try contributions(after, options), let then = try contributions(before, options) {
            let answer = try answer(options, of: now.count) { k in
                abs(names.indices.reduce(0) { $0 + mean(now[k][$1]) - mean(then[k][$1]) })
            }
            return Result(
                method: .treeSHAP, unit: "margin", rows: after.count, referenceRows: before.count, leftOut: leftOut,
                parts: try names.indices.map { place in
                    let (late, early) = (try MeanMoments(now[answer][place]), try MeanMoments(then[answer][place]))
                    return Part(
                        feature: names[place], value: late.mean - early.mean, interval: late.normalInterval(minus: early, confidence: level)
                    )
                }, answer: now.count > 1 ? answer : nil)
        }
        let (late, early) = (try after.predictions(), try before.predictions())
        guard late.count == early.count else {
            throw AnalysisError("\(referenceFrame.file): \(early.count) answers a row, \(frame.file) \(late.count), expected as many")
        }
        let answer = try answer(options, of: late.count) { abs(mean(late[$0]) - mean(early[$0])) }
        let pairs = ShapleyShift.pairs(before: before.count, after: after.count, limit: options.rowsMax, seed: options.seed)
        let (from, to) = (before.rows(pairs.map(\.before)), after.rows(pairs.map(\.after)))
        let players = after.columns.map { names.firstIndex(of: $0) ?? 0 }
        let found = try ShapleyShift(columns: names.count, pairs: pairs.count, confidence: level, seed: options.seed) { isAfter in
            try from.predictions { from.values[$0].mixed(to.values[$0], where: isAfter[players[$0]]) }[answer]
        }
        return Result(
            method: .mixing, unit: "prediction", rows: pairs.count, referenceRows: pairs.count, leftOut: leftOut,
            parts: names.indices.map { Part(feature: names[$0], value: found.values[$0], interval: found.intervals[$0]) },
            means: (found.before, found.after), answer: late.count > 1 ? answer : nil)
    }

    private static func difference(_ own: ModelRows, _ other: ModelRows, _ frame: Frame, _ options: ExplainOptions) throws -> Result {
        let known = try other.predictions()
        let (rows, places) = try own.usable(
            limit: options.rowsMax, seed: options.seed, file: frame.file, what: "an answer of both models"
        ) { row in known.allSatisfy { $0[row].isFinite } }
        let others = other.rows(places)
        let names = rows.names + others.names.filter { !rows.names.contains($0) }
        let level = level(options, names.count)
        if let a = try contributions(rows, options), let b = try contributions(others, options), a.count == b.count {
            let gaps = a.indices.map { k in
                names.map { name in zip(column(name, of: rows, a[k]), column(name, of: others, b[k])).map { abs($0 - $1) } }
            }
            let answer = try answer(options, of: gaps.count) { gaps[$0].reduce(0) { $0 + mean($1) } }
            return Result(
                method: .treeSHAP, unit: "margin", rows: rows.count, leftOut: rows.leftOut,
                parts: try parts(names, gaps[answer].map { try MeanMoments($0) }, level), answer: gaps.count > 1 ? answer : nil)
        }
        try refuseClassNumbers(rows)
        try refuseClassNumbers(others)
        let (predictions, beside) = (try rows.predictions(), try others.predictions())
        guard predictions.count == beside.count else {
            throw AnalysisError(
                "\(own.model.path) gives \(predictions.count) numbers a row and \(other.model.path) \(beside.count), expected as many")
        }
        let gaps = zip(predictions, beside).map { zip($0, $1).map(-) }
        let answer = try answer(options, of: gaps.count) { k in gaps[k].reduce(0) { $0 + abs($1) } }
        let found = try PermutationImportance.each(
            of: names.count, rows: rows.count, repeats: options.repeats, confidence: level, seed: options.seed
        ) { place, order in
            let now = try rows.predictions(dealing: names[place], order)[answer]
            let then = try others.predictions(dealing: names[place], order)[answer]
            return now.indices.map { abs(now[$0] - then[$0] - gaps[answer][$0]) }
        }
        return Result(
            method: .mixing, unit: "prediction", rows: rows.count, leftOut: rows.leftOut, parts: parts(names, found),
            answer: gaps.count > 1 ? answer : nil)
    }

    /// What a feature adds to each row; nothing where the model has no such feature.
    private static func column(_ name: String, of rows: ModelRows, _ contributions: [[Double]]) -> [Double] {
        rows.names.firstIndex(of: name).map { contributions[$0] } ?? [Double](repeating: 0, count: rows.count)
    }

    private static func parts(_ names: [String], _ found: [PermutationImportance]) -> [Part] {
        zip(names, found).map { Part(feature: $0, value: $1.mean, interval: $1.interval) }
    }

    private static func parts(_ names: [String], _ moments: [MeanMoments], _ level: Double) throws -> [Part] {
        zip(names, moments).map { Part(feature: $0, value: $1.mean, interval: $1.normalInterval(confidence: level)) }
    }
}
