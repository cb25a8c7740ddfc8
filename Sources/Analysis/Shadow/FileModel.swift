internal import Foundation
internal import Inference
internal import Tables

/// A model file, and how to score a table with it.
public struct FileModel: Sendable {
    public let path: String
    private let model: Inference.Model
    /// The columns of the table in the model's order; nil for its own names.
    let features: [String]?

    /// Whether it answers with the number of a class rather than with a probability of each.
    func isClassNumber(_ answers: Int) -> Bool { model.task == .multiclass && answers == 1 }

    public enum Answer: Sendable { case predictions, margins, leaves, outputs, contributions }

    /// - Throws: ``AnalysisError`` for a file that cannot be read or is no model that is known.
    public init(path: String, features: [String]? = nil) throws {
        self.path = path
        self.features = features
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AnalysisError("\(path): cannot be read, expected a model file")
        }
        do throws(InferenceError) { model = try Inference.Model(Array(data), file: path) } catch { throw AnalysisError(error.description) }
    }

    /// What the model wants of a table, by the names of its columns.
    ///
    /// - Parameter columns: which ones, in the model's order; nil for those that the user named, or the model does.
    func inputs(_ frame: Frame, columns: [String]? = nil) throws -> [(column: String, values: InputColumn)] {
        do {
            return try model.inputs(among: frame.names, features: columns ?? features).map { request in
                guard request.feature.wantsText else { return (request.column, .numbers(try numbers(frame, request.column))) }
                let (codes, names) = try frame.levels(request.column)
                return (request.column, .texts(codes.map { $0 < 0 ? nil : names[Int($0)] }))
            }
        } catch let error as InferenceError { throw AnalysisError(error.description) }
    }

    /// Data frames write a column of booleans as True and False, which models know as 1 and 0.
    private func numbers(_ frame: Frame, _ column: String) throws(TableError) -> [Double] {
        if try frame.numbersIfAll(column) == nil {
            let (codes, names) = try frame.levels(column)
            let values: [Double?] = names.map { ["True": 1.0, "true": 1, "False": 0, "false": 0][$0] }
            if !values.contains(nil) { return codes.map { $0 < 0 ? .nan : values[Int($0)] ?? .nan } }
        }
        return try frame.numbers(column)
    }

    /// How many of the file's rounds are scored, where early stopping chose fewer than all.
    public var roundsUsed: (used: Int, all: Int)? { model.roundsUsed }

    private var threads: Int { ProcessInfo.processInfo.activeProcessorCount }

    private func columns(_ frame: Frame, _ answer: Answer, rounds: Int?) throws -> [ScoreColumn] {
        let inputs = try inputs(frame).map(\.values)
        do {
            func score(_ answer: ScoreOptions.Answer) throws -> [ScoreColumn] {
                try model.score(inputs, rows: frame.rows, options: ScoreOptions(answer, rounds: rounds, threads: threads))
            }
            switch answer {
            case .predictions: return try score(.prediction)
            case .margins: return try score(.margin)
            case .leaves: return try score(.leaves)
            case .outputs: return try score(.outputs)
            case .contributions: return named(try model.contributions(inputs, rows: frame.rows, threads: threads))
            }
        } catch let error as InferenceError { throw AnalysisError(error.description) }
    }

    /// A column for each feature and one for the base, by the features' names; of several outputs each with its number behind.
    private func named(_ contributions: [[[Double]]]) -> [ScoreColumn] {
        contributions.enumerated().flatMap { output, columns in
            columns.enumerated().map { place, values in
                let name = place < model.features.count ? model.features[place].name ?? "f\(place)" : "base"
                return ScoreColumn(contributions.count == 1 ? name : "\(name)_\(output)", .numbers(values))
            }
        }
    }

    /// The answer as CSV with a header, one line a row.
    public func csv(_ frame: Frame, _ answer: Answer = .predictions, rounds: Int? = nil) throws -> String {
        let columns = try columns(frame, answer, rounds: rounds)
        var text = columns.map(\.name).joined(separator: ",") + "\n"
        for row in 0..<frame.rows {
            text += columns.map { $0.cell(row) }.joined(separator: ",")
            text += "\n"
        }
        return text
    }

    /// The predictions as numbers: one column, or one for each class, also of a model that answers with the number of one.
    func predictions(_ inputs: [InputColumn], rows: Int) throws -> [[Double]] {
        do {
            return try model.score(inputs, rows: rows, options: ScoreOptions(.probabilities, threads: threads)).compactMap { column in
                switch column.values {
                case .numbers(let values): values
                case .integers(let values): values.map(Double.init)
                case .texts: nil
                }
            }
        } catch { throw AnalysisError(error.description) }
    }

    /// Of each output, of each feature and last of the base, a column; nil of a model that has none, and of a linear one: what its features
    /// add to 0 is not what they add to an average answer.
    func contributions(_ inputs: [InputColumn], rows: Int) throws -> [[[Double]]]? {
        if model.isLinear { return nil }
        do { return try model.contributions(inputs, rows: rows, threads: threads) } catch {
            if error.code == .unsupported { return nil }
            throw AnalysisError(error.description)
        }
    }
}
