internal import Inference
internal import Statistics

/// The columns of some rows as a model wants them, which can be mixed.
struct ModelRows {
    let model: FileModel
    private(set) var columns: [String]
    private(set) var values: [InputColumn]
    private(set) var count: Int
    /// Rows of the file for which the model answers with no number, as it does where a value is missing that it needs.
    private(set) var leftOut = 0

    /// - Parameter other: rows of another file whose columns these have, by their names.
    init(_ model: FileModel, _ frame: Frame, like other: ModelRows? = nil) throws {
        self.model = model
        let inputs = try model.inputs(frame, columns: other?.columns)
        columns = inputs.map(\.column)
        values = inputs.map(\.values)
        count = frame.rows
    }

    /// Of each output a column.
    func predictions() throws -> [[Double]] { try answered(values) }

    /// The same with other values where `changed` has some for the place of a column. A column may have several.
    func predictions(_ changed: (_ place: Int) -> InputColumn?) throws -> [[Double]] {
        try answered(values.indices.map { changed($0) ?? values[$0] })
    }

    /// The same where this column has the values of these rows.
    func predictions(dealing column: String, _ order: [Int]) throws -> [[Double]] {
        try predictions { columns[$0] == column ? values[$0].picked(order) : nil }
    }

    /// Each once, in their order.
    var names: [String] { columns.reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }

    private func answered(_ values: [InputColumn]) throws -> [[Double]] {
        let predictions = try model.predictions(values, rows: count)
        guard !predictions.isEmpty else { throw AnalysisError("\(model.path): its prediction is no number") }
        return Self.isPair(predictions) ? [predictions[1]] : predictions
    }

    /// Of two classes with a column each the second one is the positive.
    private static func isPair(_ predictions: [[Double]]) -> Bool {
        predictions.count == 2 && predictions[0].indices.allSatisfy { !(abs(predictions[0][$0] + predictions[1][$0] - 1) >= 1e-6) }
    }

    /// Of each answer, of each name of ``names``: what it adds to the margin of each row. Nil of a model that has none, or other margins than
    /// answers. Of a pair it is the difference, the log odds of the positive class.
    func contributions() throws -> [[[Double]]]? {
        guard let found = try model.contributions(values, rows: count) else { return nil }
        let names = names
        let byName = found.map { features in
            names.map { name in
                features.indices.dropLast().filter { columns[$0] == name }.map { features[$0] }
                    .reduce([Double](repeating: 0, count: count)) { zip($0, $1).map(+) }
            }
        }
        if byName.count == 2, try predictions().count == 1 {
            return [names.indices.map { place in zip(byName[1][place], byName[0][place]).map(-) }]
        }
        return byName
    }

    /// Only these rows.
    func rows(_ order: [Int]) -> ModelRows {
        var out = self
        out.values = values.map { $0.picked(order) }
        out.count = order.count
        return out
    }

    /// Without rows that have no number for an answer, and of more than `limit` as many drawn at random; which rows those are.
    ///
    /// - Parameters: beside: what else a row needs, which `what` says.
    func usable(
        limit: Int, seed: UInt64, file: String, what: String = "an answer", beside: (Int) -> Bool = { _ in true }
    ) throws -> (rows: ModelRows, places: [Int]) {
        let predictions = try predictions()
        let answered = (0..<count).filter { row in predictions.allSatisfy { $0[row].isFinite } && beside(row) }
        guard answered.count >= 2 else {
            throw AnalysisError("\(file): \(answered.count) of \(count) rows have \(what), expected at least 2")
        }
        var places = answered
        if answered.count > limit {
            var random = SeededRandom(seed: seed, stream: 0x726f_7773)
            places = answered.shuffled(using: &random).prefix(limit).sorted()
        }
        var out = rows(places)
        out.leftOut = count - answered.count
        return (out, places)
    }
}

extension InputColumn {
    func picked(_ order: [Int]) -> InputColumn {
        switch self {
        case .numbers(let values): .numbers(order.map { values[$0] })
        case .texts(let values): .texts(order.map { values[$0] })
        }
    }

    /// Row by row the other column's value where that is wanted.
    func mixed(_ other: InputColumn, where isOther: [Bool]) -> InputColumn {
        switch (self, other) {
        case (.numbers(let own), .numbers(let other)): .numbers(isOther.indices.map { isOther[$0] ? other[$0] : own[$0] })
        case (.texts(let own), .texts(let other)): .texts(isOther.indices.map { isOther[$0] ? other[$0] : own[$0] })
        default: self
        }
    }
}
