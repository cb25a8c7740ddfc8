import Foundation
import TestSupport
import Testing

@testable import Inference

/// ONNX Runtime's library is not among what a build needs. Where the environment has it (`EVENKEEL_ONNXRUNTIME`, `libonnxruntime.so`, or a
/// Python with the package onnxruntime), graphs run in it; elsewhere that is skipped, and said.
@Suite("Graphs with operators that are not ours")
struct ONNXRuntimeTests {
    /// Where the library is.
    static func library() async throws -> String? {
        if let path = Model.runtimePath, ONNXRuntime.at(path) != nil { return path }
        let find =
            "import glob, os, importlib.util as u; p = os.path.dirname(u.find_spec('onnxruntime').origin); print(glob.glob(p + '/capi/libonnxruntime.so*')[0])"
        for python in [SharedFiles.package.appending(path: ".build/bench-venv/bin/python3").path, "python3"] {
            let end = try await runProgram("/usr/bin/env", [python, "-c", find], keepsErrors: false)
            let path = end.text.trimmingCharacters(in: .whitespacesAndNewlines)
            if end.status == 0, ONNXRuntime.at(path) != nil { return path }
        }
        print("skipped: ONNX Runtime's library is not there, so no graph ran in it")
        return nil
    }

    private static func strings(_ name: String, _ values: [String]) -> [UInt8] {
        values.reduce(Wire().text(1, name)) { $0.text(9, $1) }.number(20, 8).bytes
    }
    private static func integers(_ name: String, _ values: [Int]) -> [UInt8] {
        values.reduce(Wire().text(1, name)) { $0.number(8, $1) }.number(20, 7).bytes
    }

    /// Outputs without a type: the runtime knows it.
    private static func model(_ nodes: [[UInt8]], _ tensors: [[UInt8]] = [], outputs: [String]) -> [UInt8] {
        var graph = tensors.reduce(nodes.reduce(Wire()) { $0.part(1, $1) }) { $0.part(5, $1) }
        graph = graph.text(2, "g").part(11, Wire.value("x", width: 2))
        graph = outputs.reduce(graph) { $0.part(12, Wire().text(1, $1).bytes) }
        return [("", 18), ("ai.onnx.ml", 3)].reduce(Wire().number(1, 8).part(7, graph.bytes)) {
            $0.part(8, Wire().text(1, $1.0).number(2, $1.1).bytes)
        }.bytes
    }

    private static let outside = Wire.node("Asinh", ["x"], ["y"])
    private static let columns: [[Double]] = [[1, -1, 0.5], [-2, 3, 0]]

    @Test("numbers, texts and maps come back, whatever the threads") func runs() async throws {
        guard let library = try await Self.library() else { return }
        let bytes = Self.model(
            [
                Self.outside,
                Wire.node("ArgMax", ["y"], ["place"], attributes: [Wire.int("axis", 1), Wire.int("keepdims", 0)]),
                Wire.node(
                    "LabelEncoder", ["place"], ["label"], domain: "ai.onnx.ml",
                    attributes: [Self.integers("keys_int64s", [0, 1]), Self.strings("values_strings", ["left", "право"])]),
                Wire.node(
                    "ZipMap", ["y"], ["map"], domain: "ai.onnx.ml", attributes: [Self.integers("classlabels_int64s", [10, 20])]),
            ], outputs: ["label", "y", "map", "place"])
        let model = try Model(bytes, file: "m.onnx", runtime: library)
        #expect(model.task == .multiclass && model.features.count == 2)
        let rows = 5_000
        let columns = Self.columns.map { column in (0..<rows).map { column[$0 % 3] } }
        var options = ScoreOptions(.outputs)
        options.threads = 1
        let scores = try model.score(columns.map { .numbers($0) }, rows: rows, options: options)
        options.threads = 2
        #expect(try model.score(columns.map { .numbers($0) }, rows: rows, options: options) == scores)
        #expect(scores.map(\.name) == ["label", "y_0", "y_1", "map_10", "map_20", "place"])
        #expect(scores[0].values == .texts((0..<rows).map { $0 % 3 == 1 ? "право" : "left" }))
        #expect(scores[5].values == .integers((0..<rows).map { $0 % 3 == 1 ? 1 : 0 }))
        for (i, column) in Self.columns.enumerated() {
            guard case .numbers(let plain) = scores[1 + i].values, case .numbers(let mapped) = scores[3 + i].values else {
                Issue.record("no numbers")
                return
            }
            #expect(plain == mapped && plain.count == rows)
            for row in 0..<3 { #expect(abs(plain[row] - asinh(column[row])) < 1e-6) }
        }
        // What is served: the probabilities' last column, of two.
        #expect(try model.score(columns.map { .numbers($0) }, rows: rows).map(\.name) == ["prediction"])
    }

    @Test("what the runtime refuses is said in one line, and files that the model names are not read") func refuses() async throws {
        guard let library = try await Self.library() else { return }
        let unknown = Self.model([Wire.node("NoSuchOperator", ["x"], ["y"])], outputs: ["y"])
        let error = #expect(throws: InferenceError.self) { try Model(unknown, file: "m.onnx", runtime: library) }
        #expect(error?.code == .malformed && error?.description.contains("NoSuchOperator") == true)
        #expect(error?.description.contains("\n") == false)
        let location = Wire().text(1, "location").text(2, "/etc/passwd").bytes
        let outside = Wire().number(1, 2).number(2, 1).text(8, "w").part(13, location).number(14, 1).bytes
        // Among a graph's constants, in a node's attribute, and in a graph within a node.
        let constant = Wire.node("Constant", [], ["w"], attributes: [Wire().text(1, "value").part(5, outside).number(20, 4).bytes])
        let branch = Wire().text(1, "then_branch").part(6, Wire().part(5, outside).bytes).number(20, 5).bytes
        let add = Wire.node("Add", ["y", "w"], ["z"])
        for model in [
            Self.model([Self.outside, add], [outside], outputs: ["z"]), Self.model([Self.outside, constant, add], outputs: ["z"]),
            Self.model([Self.outside, Wire.node("If", ["y"], ["z"], attributes: [branch])], outputs: ["z"]),
        ] {
            let refusal = #expect(throws: InferenceError.self) { try Model(model, file: "m.onnx", runtime: library) }
            #expect(refusal?.description.contains("data in another file") == true)
        }
    }

    @Test("without the library the operator is named, and what would help") func absent() {
        let bytes = Self.model([Self.outside], outputs: ["y"])
        let error = #expect(throws: InferenceError.self) { try Model(bytes, file: "m.onnx", runtime: "/nowhere/libonnxruntime.so") }
        #expect(error?.code == .unsupported && error?.description.contains("operator ai.onnx.Asinh") == true)
        #expect(error?.description.contains("EVENKEEL_ONNXRUNTIME") == true)
    }
}
