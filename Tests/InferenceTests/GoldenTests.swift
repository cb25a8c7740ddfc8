import Foundation
import Inference
import TestSupport
import Testing

@Suite("Golden models", .enabled(if: SharedFiles.isPresent))
struct GoldenTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Inputs: Decodable, Sendable {
            var model: String
            var data: String
            var features: [String]
            var format: String
        }
        struct Expected: Decodable, Sendable { var outputs: String }
        var id: String
        var inputs: Inputs
        var expected: Expected
        var testDescription: String { id }
    }

    static let cases: [Case] = {
        guard SharedFiles.folder != nil, let bytes = try? SharedFiles.bytes("golden/inference.json") else { return [] }
        return (try? JSONDecoder().decode([Case].self, from: Data(bytes))) ?? []
    }()

    /// Columns of a plain CSV without quotes; an empty field is NaN.
    static func table(_ path: String) throws -> [String: [Double]] {
        let lines = String(decoding: try SharedFiles.bytes("golden/\(path)"), as: UTF8.self).split(separator: "\n")
        let names = try #require(lines.first).split(separator: ",").map(String.init)
        var columns = [[Double]](repeating: [], count: names.count)
        for line in lines.dropFirst() {
            for (i, cell) in line.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
                columns[i].append(Double(cell) ?? .nan)
            }
        }
        return Dictionary(uniqueKeysWithValues: zip(names, columns))
    }

    private func numbers(_ column: ScoreColumn) -> [Double] {
        switch column.values {
        case .numbers(let values): values
        case .integers(let values): values.map(Double.init)
        case .texts(let values): values.map { Double($0) ?? .nan }
        }
    }

    @Test("predictions, margins and leaves are those of the library that made the model", arguments: cases)
    func golden(_ golden: Case) throws {
        let model = try Model(try SharedFiles.bytes("golden/\(golden.inputs.model)"), file: golden.inputs.model)
        let table = try Self.table(golden.inputs.data)
        let wanted = try Self.table(golden.expected.outputs)
        let requests = try model.inputs(among: Array(table.keys), features: golden.inputs.features)
        let columns = try requests.map { InputColumn.numbers(try #require(table[$0.column])) }
        let rows = columns[0].rowCount
        func answers(_ answer: ScoreOptions.Answer) throws -> [ScoreColumn] {
            try model.score(columns, rows: rows, options: ScoreOptions(answer, threads: 2))
        }
        for (name, values) in wanted {
            var found: ScoreColumn?
            if golden.inputs.format == "onnx" {
                found = try answers(.outputs).first { $0.name == name }
            } else if name.hasPrefix("leaf") {
                let leaves = try answers(.leaves)
                found = name == "leaf_first" ? leaves.first : leaves.last
            } else {
                let isMargin = name.hasPrefix("margin")
                let own = name.replacing(isMargin ? "margin" : "pred", with: "prediction")
                found = try answers(isMargin ? .margin : .prediction).first { $0.name == own }
            }
            let got = numbers(try #require(found, "\(name) is missing"))
            #expect(got.count == values.count)
            let worst = zip(got, values).filter { !isNear($0, $1, relative: 1e-5, absolute: 1e-6) }
            #expect(worst.isEmpty, "\(name): \(worst.prefix(3))")
        }
    }

    static let files = Array(Set(cases.map(\.inputs.model))).sorted()

    @Test("a file that was cut off is refused with one line", arguments: files)
    func truncated(_ file: String) throws {
        let bytes = try SharedFiles.bytes("golden/\(file)")
        for place in 0..<60 {
            let cut = bytes.count * place / 60
            do {
                _ = try Model(Array(bytes[..<cut]), file: file)
                // Only what follows the last tree of a text, or the last field of a graph, may be missing.
                #expect(file.hasSuffix(".txt") || file.hasSuffix(".onnx"), "\(file) cut at \(cut) of \(bytes.count) was read")
            } catch {
                #expect(!error.description.contains("\n"))
                #expect(error.description.contains(file))
            }
        }
    }

    @Test("a file with changed bytes is refused or scores, and does so quickly", arguments: files)
    func flipped(_ file: String) throws {
        let bytes = try SharedFiles.bytes("golden/\(file)")
        var random = Seeded(11)
        let clock = ContinuousClock()
        let rows = 70
        // INFERENCE_FUZZ=4000 swift test --filter flipped: a longer search.
        let rounds = ProcessInfo.processInfo.environment["INFERENCE_FUZZ"].flatMap { Int($0) } ?? 150
        for round in 0..<rounds {
            var changed = bytes
            for _ in 0...(round % 4) {
                // The first bytes and the structure matter most, so half of the changes fall there.
                let end = round % 2 == 0 ? min(400, changed.count) : changed.count
                changed[Int(random.uniform() * Double(end))] = UInt8(truncatingIfNeeded: random.next())
            }
            let spent = clock.measure {
                guard let model = try? Model(changed, file: file), model.features.count < 1_000 else { return }
                let columns = model.features.map { _ in InputColumn.numbers((0..<rows).map { Double($0) - 30 }) }
                _ = try? model.score(columns, rows: rows)
            }
            #expect(spent < .seconds(10), "\(file), round \(round), seed 11")
        }
    }
}

extension InputColumn {
    var rowCount: Int {
        switch self {
        case .numbers(let values): values.count
        case .texts(let values): values.count
        }
    }
}
