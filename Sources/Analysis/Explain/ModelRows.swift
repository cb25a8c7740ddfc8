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

    init(_ model: FileModel, _ frame: Frame) throws {
        self.model = model
        let inputs = try model.inputs(frame)
        columns = inputs.map(\.column)
        values = inputs.map(\.values)
        count = frame.rows
    }

    /// Of each output a column.
    func predictions() throws -> [[Double]] { try answered(values) }

    /// The same with other values in some columns.
    func predictions(_ replaced: [String: InputColumn]) throws -> [[Double]] {
        try answered(zip(columns, values).map { replaced[$0] ?? $1 })
    }

    private func answered(_ values: [InputColumn]) throws -> [[Double]] {
        let predictions = try model.predictions(values, rows: count)
        guard !predictions.isEmpty else { throw AnalysisError("\(model.path): its prediction is no number") }
        // Of two classes with a column each the second one is the positive.
        let isPair = predictions.count == 2 && (0..<count).allSatisfy { !(abs(predictions[0][$0] + predictions[1][$0] - 1) >= 1e-6) }
        return isPair ? [predictions[1]] : predictions
    }

    /// By feature: of each output a column. Nil of a model that has none.
    func contributions() throws -> [[[Double]]]? {
        try model.contributions(values, rows: count).map { $0.map { Array($0.dropLast()) } }
    }

    /// Only these rows.
    func rows(_ order: [Int]) -> ModelRows {
        var out = self
        out.values = values.map { $0.picked(order) }
        out.count = order.count
        return out
    }

    /// Without rows that have no number for an answer, and of more than `limit` as many drawn at random; which rows those are.
    func usable(limit: Int, seed: UInt64, file: String, beside: (Int) -> Bool = { _ in true }) throws -> (rows: ModelRows, places: [Int]) {
        let predictions = try predictions()
        let answered = (0..<count).filter { row in predictions.allSatisfy { $0[row].isFinite } && beside(row) }
        guard answered.count >= 2 else {
            throw AnalysisError("\(file): \(answered.count) of \(count) rows have an answer of \(model.path), expected at least 2")
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
