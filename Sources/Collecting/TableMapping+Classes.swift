internal import Profiles
internal import Tables
internal import Vocabulary

extension TableMapping {
    /// Scores and predictions of a model with several classes.
    func fillClasses(_ batch: inout PredictionBatch, _ table: CSVTable, _ schema: FeatureSchema) throws(TableError) {
        let rows = table.rowCount
        let none = [Double](repeating: .nan, count: rows)
        let predictions = try prediction.map { name throws(TableError) in try classes(table, name, schema) } ?? none
        let numbers = try score.map { name throws(TableError) in try scoreColumn(table, name) } ?? none
        var columns: [[Double]?] = schema.classes.map { _ in nil }
        for (name, column) in scores.sorted(by: { $0.key < $1.key }) {
            guard let place = schema.place(ofClass: name) else {
                throw TableError(
                    file: table.file, line: 1, message: "scores.\(name): not a class of this version, expected \(schema.classList)")
            }
            columns[place] = try scoreColumn(table, column)
        }
        let answers = (0..<rows).map { row in
            // A row without any score has none; else a class without one has 0.
            let isScored = columns.contains { $0.map { !$0[row].isNaN } ?? false }
            let scores = isScored ? columns.map { column in column.map { $0[row].isNaN ? 0 : $0[row] } ?? 0 } : []
            return ClassAnswer(score: numbers[row], scores: scores, prediction: predictions[row])
        }
        batch.scores = answers.map(\.score)
        batch.predictions = answers.map(\.prediction)
        if !scores.isEmpty { batch.classScores = answers.map(\.scores) }
    }

    private func scoreColumn(_ table: CSVTable, _ name: String) throws(TableError) -> [Double] {
        let values = try table.numbers(name)
        for (row, value) in values.enumerated() where value < 0 || value.isInfinite {
            throw fault(table, row, name, "\(value) in \(name), expected a finite number of at least 0")
        }
        return values
    }

    /// The places of a column's classes, NaN for none.
    func classes(_ table: CSVTable, _ name: String, _ schema: FeatureSchema) throws(TableError) -> [Double] {
        var known: [String: Double] = [:]
        var out: [Double] = []
        for (row, text) in try table.requiredColumn(name).enumerated() {
            guard let text else { out.append(.nan); continue }
            if let place = known[text] { out.append(place); continue }
            guard let place = schema.place(ofClass: text) else {
                throw fault(table, row, name, "\"\(text.prefix(40))\" in \(name), expected \(schema.classList)")
            }
            known[text] = Double(place)
            out.append(Double(place))
        }
        return out
    }

    private func fault(_ table: CSVTable, _ row: Int, _ name: String, _ message: String) -> TableError {
        TableError(file: table.file, line: table.lines[row], column: (table.names.firstIndex(of: name) ?? 0) + 1, message: message)
    }

    /// The classes that a reference has: those with a score column, and every label and prediction, in code-point order.
    func classes(of table: CSVTable) throws(TableError) -> [String] {
        var found = Set(scores.keys)
        for name in [label, prediction] {
            guard let name else { continue }
            for text in try table.requiredColumn(name) { if let text { found.insert(text) } }
        }
        return Array(found).sortedByCodePoint()
    }
}
