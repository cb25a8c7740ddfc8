import Foundation
import TestSupport
import Testing

@testable import Inference

@Suite("Models of XGBoost and LightGBM with what they say of them")
struct WrittenModelTests {
    static let cases = WrittenModel.all("models")

    @Test("predictions, probabilities and contributions are those of the library", arguments: cases.filter { $0.columns != nil })
    func answers(_ written: WrittenModel) throws {
        let model = try Model(written.bytes, file: "m")
        let made = try model.score(written.inputs, rows: written.rows)
        for (row, value) in try #require(written.predictions).enumerated() {
            #expect(isNear(made[0].numbers[row], value.number, relative: 1e-6, absolute: 1e-6))
        }
        let shares = try model.score(written.inputs, rows: written.rows, options: ScoreOptions(.probabilities))
        if let wanted = written.probabilities {
            #expect(model.task == .multiclass && made.count == 1 && shares.count == wanted.count)
            for (column, values) in zip(shares, wanted) {
                for (row, value) in values.enumerated() { #expect(isNear(column.numbers[row], value.number, relative: 1e-5)) }
            }
            // One row has a path of its own.
            let first = try model.score(written.inputs.map { $0.first }, rows: 1, options: ScoreOptions(.probabilities))
            #expect(first.map { $0.numbers[0] } == shares.map { $0.numbers[0] })
        } else {
            #expect(shares == made)
        }
        guard let wanted = written.contributions else { return }
        let found = try model.contributions(written.inputs, rows: written.rows)[0]
        #expect(found.count == wanted.count)
        for (column, values) in zip(found, wanted) {
            for (row, value) in values.enumerated() { #expect(isNear(column[row], value.number, relative: 1e-5, absolute: 1e-6)) }
        }
    }

    @Test("contributions of linear trees are refused, as by LightGBM itself") func linearTrees() throws {
        let written = try #require(Self.cases.first { $0.name == "LightGBM, linear trees" })
        let model = try Model(written.bytes, file: "m")
        let error = #expect(throws: InferenceError.self) { try model.contributions(written.inputs, rows: written.rows) }
        #expect(
            error?.description
                == "unsupported: m: contributions of linear trees, which LightGBM does not define either; expected trees of plain leaves")
    }

    @Test("what dump_model wrote is called so", arguments: cases.filter { $0.name.contains("dump") })
    func dumps(_ written: WrittenModel) {
        let error = #expect(throws: InferenceError.self) { try Model(written.bytes, file: "m", runtime: nil) }
        #expect(error?.description.hasSuffix("'s dump_model, for people to read, expected a file of its save_model") == true)
    }
}

extension InputColumn {
    fileprivate var first: InputColumn { if case .numbers(let values) = self { .numbers([values[0]]) } else { self } }
}
