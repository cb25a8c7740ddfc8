internal import Statistics
public import Vocabulary

/// The features that moved a model's scores or its loss, each with its share of the change: Shapley values over raw rows.
///
/// Of a loss, features are given what follows from them alone: the loss that answers like these had before, by tenths of them. What is left of
/// the change of the true loss is no feature's: labels answer the same scores otherwise than before.
/// > Source: T. Cai, H. Namkoong, S. Yadlowsky, "Diagnosing Model Performance Under Distribution Shift", 2023; the values: ``ShapleyShift``.
public struct Attribution: Sendable, Equatable {
    public struct Part: Sendable, Equatable {
        public var feature: String
        /// Of the change; below 0 for one that held against it.
        public var share: Double
        /// Whether the interval of its part excludes 0, those of all features together.
        public var isSure: Bool
    }
    /// What changed: `mean score`.
    public let quantity: String
    public let before: Double
    public let after: Double
    /// The largest first.
    public let parts: [Part]
    /// The share that is no feature's; nil where there can be none.
    public let rest: Double?
    /// Rows of the window, each beside one from before.
    public let rows: Int
    /// Which rows it was compared with: `3 earlier windows`.
    public let compared: String

    /// Rows of either side that are read at most.
    public static let rowsMax = 1000
    /// With fewer pairs of rows nothing is said.
    public static let rowsMin = 50
    /// Answers that the model is asked for at most, beyond those to the rows themselves: of many features fewer rows are paired.
    public static let answersMax = 200_000
    /// Standard errors that a change is at least away from 0.
    static let errorsMin = 2.0
    /// Bins of answers by which a loss is expected.
    static let lossBins = 10
    static let namedMax = 3

    /// Rows of one side: what the model answers to each, by columns, and their labels, NaN for none.
    public struct Side: Sendable {
        public var answers: [[Double]]
        public var labels: [Double]
        public init(answers: [[Double]], labels: [Double]) {
            self.answers = answers
            self.labels = labels
        }
        var count: Int { labels.count }
    }

    /// - Parameters:
    ///   - classes: of a model of several classes, in the order of its answers.
    ///   - answer: the model's answers to rows of which the features marked are those of the later row of a pair, the others of the earlier.
    /// - Throws: ``AttributionFault`` where nothing can be said, and what `answer` throws.
    public init(
        _ subject: AttributionQuestion.Subject, task: ModelTask, classes: [String], features: [String], before: Side, after: Side,
        compared: String, answer: (_ pairs: [(before: Int, after: Int)], _ isAfter: [[Bool]]) throws -> [[Double]]
    ) throws {
        let limit = min(Self.rowsMax, Self.answersMax / (2 * (features.count + 1)))
        let pairs = ShapleyShift.pairs(before: before.count, after: after.count, limit: limit)
        guard pairs.count >= Self.rowsMin else {
            throw AttributionFault(
                limit < Self.rowsMin
                    ? "\(features.count) features are too many"
                    : "\(after.count) rows of the window and \(before.count) of \(compared) are too few, \(Self.rowsMin) of each are needed"
            )
        }
        let quantity: Quantity
        switch subject {
        case .scores(let bins): quantity = try Quantity(scores: before.answers, after.answers, bins: bins, task: task, classes: classes)
        case .losses(let needsLabels): quantity = try Quantity(losses: before, after, task: task, needsLabels: needsLabels)
        }
        let level = 1 - 0.05 / Double(max(1, features.count))
        let shift: ShapleyShift
        do {
            shift = try ShapleyShift(columns: features.count, pairs: pairs.count, confidence: level) { isAfter in
                quantity.values(try answer(pairs.map { ($0.before, $0.after) }, isAfter))
            }
        } catch let error as StatisticsError { throw AttributionFault("mixed rows have \(error)") }
        self.quantity = quantity.name
        rows = pairs.count
        self.compared = compared
        if let realised = quantity.realised {
            self.before = realised.before.mean(at: pairs.map(\.before))
            self.after = realised.after.mean(at: pairs.map(\.after))
        } else {
            (self.before, self.after) = (shift.before, shift.after)
        }
        let change = self.after - self.before
        guard change != 0, quantity.realised == nil || change > 0 else { throw quantity.unmoved }
        parts = zip(features, zip(shift.values, shift.intervals)).map { feature, found in
            Part(feature: feature, share: found.0 / change, isSure: found.1.lower > 0 || found.1.upper < 0)
        }.sorted { (abs($1.share), $0.feature) < (abs($0.share), $1.feature) }
        rest = quantity.realised == nil ? nil : 1 - shift.values.reduce(0, +) / change
    }

    /// For people: which features make how much of the change, and what that rests on.
    var sentence: String {
        let sure = parts.filter(\.isSure).prefix(Self.namedMax)
        var names = sure.map { "\($0.feature) \(percent($0.share))" }.joined(separator: ", ")
        if sure.isEmpty { names = "no single feature surely makes a part" }
        if let rest { names += sure.isEmpty ? "; \(percent(rest)) is no feature's" : ", no feature \(percent(rest))" }
        return "by the model, of the change of the \(quantity) from \(format(before)) to \(format(after)): \(names)"
            + " (Shapley values over \(rows) rows beside \(rows) of \(compared))"
    }

    /// The features that surely count, and what is no feature's.
    var drivers: [Driver] {
        parts.filter(\.isSure).prefix(Self.namedMax).map {
            Driver("share of the change of the \(quantity): \($0.feature)", after: $0.share, count: Int64(rows))
        } + (rest.map { [Driver("share of the change of the \(quantity): no feature", after: $0, count: Int64(rows))] } ?? [])
    }
}

/// Why a model says nothing of a change: it goes into the finding.
public struct AttributionFault: Error, Equatable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

extension [Double] {
    fileprivate func mean(at places: [Int]) -> Double { places.reduce(0) { $0 + self[$1] } / Double(places.count) }
}

/// What is summed of each row's answer.
private struct Quantity {
    var name: String
    var value: (_ answer: [Double]) -> Double
    /// Of losses the true ones of each row, where the window's labels are asked for.
    var realised: (before: [Double], after: [Double])?

    var unmoved: AttributionFault { AttributionFault("over these rows the \(name) did not surely move") }

    func values(_ answers: [[Double]]) -> [Double] {
        guard let first = answers.first else { return [] }
        return first.indices.map { row in value(answers.map { $0[row] }) }
    }

    /// How many standard errors the means are apart.
    private static func errors(_ before: [Double], _ after: [Double]) throws -> Double {
        let (was, now) = (try MeanMoments(before), try MeanMoments(after))
        let error = (was.variance / was.count + now.variance / now.count).squareRoot()
        return now.mean == was.mean ? 0 : (now.mean - was.mean) / error
    }

    /// The mean where it moved, of several classes that which moved most; else the share of scores in the bins that have more now, which also
    /// sees scores that spread.
    init(scores before: [[Double]], _ after: [[Double]], bins: ScoreBins, task: ModelTask, classes: [String]) throws {
        let moves = try zip(before, after).map { try Self.errors($0, $1) }
        let place = moves.indices.max { abs(moves[$0]) < abs(moves[$1]) } ?? 0
        self.init(name: task == .multiclass && classes.indices.contains(place) ? "mean score of \(classes[place])" : "mean score") {
            $0[place]
        }
        if moves.indices.contains(place), abs(moves[place]) >= Attribution.errorsMin { return }
        guard task != .multiclass else { throw unmoved }
        self.init(name: "share of scores where there are more now") { bins.isWhereMoreAre($0[0]) ? 1 : 0 }
        guard try Self.errors(values(before), values(after)) >= Attribution.errorsMin else {
            throw AttributionFault("over these rows neither the mean score nor its bins surely moved")
        }
    }

    private init(name: String, value: @escaping ([Double]) -> Double) {
        self.name = name
        self.value = value
    }

    init(losses before: Attribution.Side, _ after: Attribution.Side, task: ModelTask, needsLabels: Bool) throws {
        func losses(_ side: Attribution.Side) -> [Double] {
            side.labels.indices.map { row in Self.loss(side.answers.map { $0[row] }, label: side.labels[row], task: task) }
        }
        /// What a loss goes by: the score, or how sure the model is.
        let place: ([Double]) -> Double = { task == .multiclass ? $0.max() ?? 0 : $0[0] }
        let was = losses(before)
        let places = before.labels.indices.map { row in place(before.answers.map { $0[row] }) }
        let order = places.indices.sorted { (places[$0], $0) < (places[$1], $1) }
        var edges: [Double] = []
        var means: [Double] = []
        for bin in 0..<Attribution.lossBins {
            let rows = order[order.count * bin / Attribution.lossBins..<order.count * (bin + 1) / Attribution.lossBins]
            guard let last = rows.last else { continue }
            edges.append(places[last])
            means.append(was.mean(at: Array(rows)))
        }
        let name = task == .regression ? "mean absolute error" : "mean squared error of the scores"
        self.init(name: needsLabels ? name : "expected " + name) { answer in
            means[edges.firstIndex { place(answer) <= $0 } ?? edges.count - 1]
        }
        if needsLabels { realised = (was, losses(after)) }
        let errors = try Self.errors(was, realised?.after ?? values(after.answers))
        guard errors >= Attribution.errorsMin else { throw AttributionFault("over these rows the \(self.name) did not surely rise") }
    }

    private static func loss(_ answer: [Double], label: Double, task: ModelTask) -> Double {
        switch task {
        case .binary: return (answer[0] - label) * (answer[0] - label)
        case .regression: return abs(answer[0] - label)
        case .multiclass:
            return answer.indices.reduce(0) { sum, place in
                let gap = answer[place] - (Double(place) == label ? 1 : 0)
                return sum + gap * gap
            }
        }
    }
}
