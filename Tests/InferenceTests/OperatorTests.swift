import Foundation
import TestSupport
import Testing

@testable import Inference

@Suite("ONNX operators beside ONNX Runtime")
struct OperatorTests {
    static let cases = WrittenModel.all("operators")

    @Test("the files are there") func present() { #expect(Self.cases.count > 130) }

    @Test("outputs are those that ONNX Runtime gave when the file was written", arguments: cases)
    func written(_ written: WrittenModel) throws {
        let model = try Model(written.bytes, file: "m.onnx", runtime: nil)
        let found = try model.score(written.inputs, rows: written.rows, options: ScoreOptions(.outputs))
        let wanted = try #require(written.outputs)
        #expect(Set(found.map(\.name)) == Set(wanted.keys))
        for column in found {
            for (row, value) in (wanted[column.name] ?? []).enumerated() {
                #expect(isNear(column.numbers[row], value.number, relative: 2e-6, absolute: 1e-6), "\(column.name), row \(row)")
            }
        }
    }

    @Test("outputs are those of ONNX Runtime on rows drawn at random")
    func drawn() async throws {
        guard let path = try await ONNXRuntimeTests.library(), let library = ONNXRuntime.at(path) else { return }
        for written in Self.cases {
            let model = try Model(written.bytes, file: "m.onnx", runtime: nil)
            let theirs = try ONNXReader(file: "m.onnx", runtime: path).read(written.bytes, in: library)
            var random = Seeded(UInt64(written.name.utf8.count))
            let columns: [InputColumn] = written.inputs.map { _ in
                .numbers((0..<300).map { _ in random.uniform() < 0.1 ? 0 : Double(Float(random.gaussian() * 2)) })
            }
            let own = try model.score(columns, rows: 300, options: ScoreOptions(.outputs))
            let other = try theirs.score(columns, rows: 300, options: ScoreOptions(.outputs))
            #expect(own.map(\.name) == other.map(\.name), "\(written.name)")
            for (a, b) in zip(own, other) {
                // A label turns where its score is within rounding of the border.
                let isLabel = if case .integers = a.values { true } else { false }
                let off = zip(a.numbers, b.numbers).filter { !isNear($0, $1, relative: 1e-5, absolute: 5e-6) }
                #expect(off.count <= (isLabel ? 2 : 0), "\(written.name), \(a.name): \(off.prefix(3)), seed \(written.name.utf8.count)")
            }
        }
    }

    private static func strings(_ name: String, _ values: [String]) -> [UInt8] {
        values.reduce(Wire().text(1, name)) { $0.text(9, $1) }.number(20, 8).bytes
    }
    private static func ints(_ name: String, _ values: [Int]) -> [UInt8] {
        values.reduce(Wire().text(1, name)) { $0.number(8, $1) }.number(20, 7).bytes
    }
    private static func floats(_ name: String, _ values: [Float]) -> [UInt8] {
        Wire().text(1, name).part(7, Wire.floats(values)).number(20, 6).bytes
    }
    private static func ml(_ type: String, _ attributes: [[UInt8]]) -> [UInt8] {
        Wire.model([Wire.node(type, ["x"], ["y"], domain: "ai.onnx.ml", attributes: attributes)], width: 2)
    }
    private static func tree(feature: Int, mode: String = "BRANCH_LEQ") -> [UInt8] {
        ml(
            "TreeEnsembleRegressor",
            [
                ints("nodes_treeids", [0, 0, 0]), ints("nodes_nodeids", [0, 1, 2]), ints("nodes_featureids", [feature, 0, 0]),
                strings("nodes_modes", [mode, "LEAF", "LEAF"]), floats("nodes_values", [0.5, 0, 0]), ints("nodes_truenodeids", [1, 0, 0]),
                ints("nodes_falsenodeids", [2, 0, 0]), ints("target_treeids", [0, 0]), ints("target_nodeids", [1, 2]),
                ints("target_ids", [0, 0]), floats("target_weights", [1, 2]),
            ])
    }
    private static let vectors = [
        floats("coefficients", [1, -1]), floats("rho", [0]), floats("support_vectors", [1, 2, 3, 4]), floats("kernel_params", [1, 0, 3]),
    ]

    static let refused: [([UInt8], String)] = [
        (tree(feature: -1), "a node asks for a feature that is not there"),
        (tree(feature: 2), "node 0 (TreeEnsembleRegressor): 2 columns, expected at least 3"),
        (tree(feature: 1, mode: "BRANCH_MAYBE"), "unsupported: m.onnx: node 0 (TreeEnsembleRegressor): node mode BRANCH_MAYBE"),
        (ml("SVMRegressor", []), "no coefficients or no rho"),
        (ml("SVMRegressor", vectors + [Wire.int("n_supports", 1 << 40)]), "2 coefficients and 4 numbers for 1099511627776 support vectors"),
        (
            ml("SVMRegressor", vectors + [Wire.int("n_supports", 2), strings("kernel_type", ["RBF"])]),
            "attribute kernel_type is something else"
        ),
        (
            ml("SVMClassifier", vectors + [ints("classlabels_ints", [0, 1]), ints("vectors_per_class", [.max, .max])]),
            "asks for more than there are"
        ),
        (
            ml("SVMClassifier", vectors + [ints("classlabels_ints", [0, 1, 2]), ints("vectors_per_class", [1, 1])]),
            "3 classes, 2 support vectors"
        ),
        (ml("TreeEnsemble", []), "lists of nodes of unequal lengths"),
        (ml("TreeEnsemble", [Wire.int("n_targets", 2), Wire.int("post_transform", 1)]), "which ONNX and ONNX Runtime number differently"),
        (ml("TreeEnsemble", [Wire.int("n_targets", 1 << 40)]), "n_targets"),
    ]

    @Test("predictors whose lists do not fit together are refused when the file is read", arguments: refused)
    func refusals(_ bytes: [UInt8], _ words: String) {
        let error = #expect(throws: InferenceError.self) { try Model(bytes, file: "m.onnx", runtime: nil) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "read")")
    }

    @Test("a tree that asks for the last column is read") func lastColumn() throws {
        let model = try Model(Self.tree(feature: 1), file: "m.onnx", runtime: nil)
        #expect(try model.score([.numbers([9, 9]), .numbers([0.5, 1])], rows: 2) == [ScoreColumn("prediction", .numbers([1, 2]))])
    }

    static let files = WrittenModel.all("operators").filter {
        $0.name.hasPrefix("TreeEnsemble") || $0.name.contains("SVM") || $0.name.hasPrefix("skl2onnx")
    }

    @Test("a graph with changed bytes is refused or scores, and does so quickly", arguments: files)
    func flipped(_ written: WrittenModel) throws {
        var random = Seeded(5)
        let rounds = ProcessInfo.processInfo.environment["INFERENCE_FUZZ"].flatMap { Int($0) } ?? 60
        let clock = ContinuousClock()
        for round in 0..<rounds {
            var changed = written.bytes
            for _ in 0...(round % 4) { changed[Int(random.uniform() * Double(changed.count))] = UInt8(truncatingIfNeeded: random.next()) }
            let spent = clock.measure {
                guard let model = try? Model(changed, file: "m.onnx", runtime: nil), model.features.count < 100 else { return }
                _ = try? model.score(model.features.map { _ in .numbers([1, -1, .nan]) }, rows: 3)
            }
            #expect(spent < .seconds(10), "round \(round), seed 5")
        }
    }
}
