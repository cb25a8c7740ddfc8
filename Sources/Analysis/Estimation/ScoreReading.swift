internal import Statistics
internal import Tables

/// How the rows of a classifier stand in a file.
protocol ScoreReading {
    /// Names of the classes with a score column.
    var scoredNames: [String] { get }
    func rows(_ frame: Frame) throws -> ScoredRows
    /// Refuses a reference whose labels cannot be meant.
    func check(_ reference: ScoredRows, _ frame: Frame) throws
}

extension ScoreReading {
    /// Labels of a file that need not have any.
    func labels(_ frame: Frame, _ column: String, _ read: (String) throws -> [Int]) throws -> [Int] {
        frame.has(column) ? try read(column) : [Int](repeating: ScoredRows.missing, count: frame.rows)
    }
}

/// Two classes: one score column, of the positive class.
struct BinaryReading: ScoreReading {
    let label: String
    let score: String
    let prediction: String?
    let positive: String?
    let threshold: Double
    var scoredNames: [String] { [positive ?? "1"] }

    init(options: Estimation) throws {
        guard let score = options.score else { throw AnalysisError("--task binary needs --score") }
        label = options.label
        self.score = score
        prediction = options.prediction
        positive = options.positive
        threshold = options.threshold
    }

    func rows(_ frame: Frame) throws -> ScoredRows {
        let scores = try frame.finiteNumbers(score)
        let truths = try labels(frame, label) { try classes(frame, $0) }
        let predictions: [Int]
        if let prediction {
            predictions = try classes(frame, prediction)
        } else {
            predictions = scores.map { $0.isNaN ? ScoredRows.missing : $0 >= threshold ? 1 : 0 }
        }
        return ScoredRows(
            scoredClasses: [1], scores: [scores], predictions: predictions, labels: truths)
    }

    private func classes(_ frame: Frame, _ column: String) throws -> [Int] {
        try frame.cells(column).binary(positive: positive).map { $0.isNaN ? ScoredRows.missing : Int($0) }
    }

    func check(_ reference: ScoredRows, _ frame: Frame) throws {
        guard frame.has(label) else { _ = try frame.coded(label); return }
        if !reference.labels.contains(1) {
            if !reference.labels.contains(0) { throw AnalysisError("\(frame.file): no row has a \(label), expected labelled rows") }
            let seen = try frame.coded(label).ordered().names.prefix(5).joined(separator: ", ")
            throw AnalysisError(
                "\(frame.file): no \(label) is \(positive ?? "1"), expected some; there are \(seen). Say which with --positive")
        }
    }
}

/// Several classes: a score column each.
struct MulticlassReading: ScoreReading {
    let label: String
    let prediction: String?
    /// Class and score column.
    let columns: [(name: String, column: String)]
    var scoredNames: [String] { columns.map(\.name) }

    init(options: Estimation) throws {
        guard options.scores.count >= 2 else {
            throw AnalysisError("--task multiclass needs --scores CLASS=column,... of at least two classes")
        }
        label = options.label
        prediction = options.prediction
        var byClass: [String: String] = [:]
        for (name, column) in options.scores {
            guard byClass.updateValue(column, forKey: name) == nil else { throw AnalysisError("--scores names the class \(name) twice") }
        }
        let order = options.classes.isEmpty ? byClass.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } : options.classes
        guard Set(order) == Set(byClass.keys), order.count == byClass.count else {
            throw AnalysisError("--classes and --scores name different classes")
        }
        columns = order.compactMap { name in byClass[name].map { (name, $0) } }
    }

    func rows(_ frame: Frame) throws -> ScoredRows {
        let scores = try columns.map { try frame.finiteNumbers($0.column) }
        let predictions = try prediction.map { try classes(frame, $0) } ?? (0..<frame.rows).map { Self.likeliest(scores, $0) }
        return ScoredRows(
            scoredClasses: Array(columns.indices), scores: scores, predictions: predictions,
            labels: try labels(frame, label) { try classes(frame, $0) })
    }

    /// The class of the highest score, the first of equal ones.
    private static func likeliest(_ scores: [[Double]], _ row: Int) -> Int {
        var best = 0
        for column in scores.indices {
            if scores[column][row].isNaN { return ScoredRows.missing }
            if scores[column][row] > scores[best][row] { best = column }
        }
        return best
    }

    private func classes(_ frame: Frame, _ column: String) throws -> [Int] {
        let place = Cells.place(in: scoredNames)
        return try frame.coded(column).map(missing: ScoredRows.missing) { text, _ in place(text) ?? ScoredRows.other }
    }

    func check(_ reference: ScoredRows, _ frame: Frame) throws {
        let texts = try frame.coded(label)
        if let row = reference.labels.firstIndex(of: ScoredRows.other) {
            let known = scoredNames.joined(separator: ", ")
            throw frame.error(label, row: row, "\"\(texts[row] ?? "")\" in \(label), expected one of \(known)")
        }
    }
}

/// A regression: features, prediction, label.
struct RegressionReading {
    private let label: String
    private let prediction: String
    private let columns: [(name: String, kind: Kind)]
    private enum Kind { case numeric, categorical, time }
    var names: [String] { columns.map(\.name) }

    init(options: Estimation, reference: Frame, current: Frame) throws {
        guard let prediction = options.prediction ?? options.score else { throw AnalysisError("--task regression needs --prediction") }
        _ = try reference.kind(options.label)
        label = options.label
        self.prediction = prediction
        if let features = options.features {
            columns = try features.filter { $0 != prediction }.map { name in
                switch try reference.kind(name) {
                case .numeric, .empty: return (name, .numeric)
                case .timestamp: return (name, .time)
                case .categorical, .identifier: return (name, .categorical)
                }
            }
            if features.contains(label) { throw AnalysisError("--features has the label \(label), expected inputs only") }
            return
        }
        let others = Set([options.label, prediction, options.timestamp, options.id].compactMap { $0 })
        var columns: [(String, Kind)] = []
        for name in reference.names where !others.contains(name) && current.has(name) {
            switch try reference.kind(name) {
            case .numeric: columns.append((name, .numeric))
            case .categorical: columns.append((name, .categorical))
            case .timestamp, .identifier, .empty: continue
            }
        }
        self.columns = columns
    }

    func rows(_ frame: Frame) throws -> PredictedRows {
        let features = try columns.map { name, kind -> LossFeature in
            switch kind {
            case .numeric: .numeric(try frame.numbers(name))
            case .time: .numeric(try frame.times(name))
            case .categorical: .categorical(try frame.texts(name))
            }
        }
        return PredictedRows(
            features: features, predictions: try frame.finiteNumbers(prediction),
            labels: frame.has(label) ? try frame.finiteNumbers(label) : [Double](repeating: .nan, count: frame.rows))
    }
}
