import Foundation
import TestSupport
import Testing

@testable import Inference

/// A model file of Tests/Models, and what its library answers. `make.py` there writes them.
struct WrittenModel: Decodable, Sendable, CustomTestStringConvertible {
    /// A number; null is NaN, `inf` and `-inf` are texts.
    struct Value: Decodable, Sendable {
        var number: Double
        init(from decoder: any Decoder) throws {
            let one = try decoder.singleValueContainer()
            if one.decodeNil() {
                number = .nan
            } else if let flag = try? one.decode(Bool.self) {
                number = flag ? 1 : 0
            } else if let text = try? one.decode(String.self) {
                number = Double(text) ?? .nan
            } else {
                number = try one.decode(Double.self)
            }
        }
    }
    struct File: Decodable { var cases: [WrittenModel] }
    var name: String
    var model: Data
    var columns: [[Value]]?
    var outputs: [String: [Value]]?
    var predictions: [Value]?
    var probabilities: [[Value]]?
    var contributions: [[Value]]?
    var testDescription: String { name }

    var bytes: [UInt8] { Array(model) }
    var inputs: [InputColumn] { (columns ?? []).map { .numbers($0.map(\.number)) } }
    var rows: Int { columns?.first?.count ?? 0 }

    static func all(_ file: String) -> [WrittenModel] {
        let place = SharedFiles.package.appending(path: "Tests/Models/\(file).json")
        guard let data = try? Data(contentsOf: place), let found = try? JSONDecoder().decode(File.self, from: data) else { return [] }
        return found.cases
    }
}

extension ScoreColumn {
    var numbers: [Double] {
        switch values {
        case .numbers(let values): values
        case .integers(let values): values.map(Double.init)
        case .texts: []
        }
    }
}
