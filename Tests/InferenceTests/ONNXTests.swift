import Inference
import TestSupport
import Testing

/// Writes protocol buffers: just enough for small graphs.
struct Wire {
    var bytes: [UInt8] = []
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
    func number(_ field: UInt64, _ value: Int) -> Wire {
        var out = self
        out.varint(field << 3)
        out.varint(UInt64(bitPattern: Int64(value)))
        return out
    }
    func part(_ field: UInt64, _ content: [UInt8]) -> Wire {
        var out = self
        out.varint(field << 3 | 2)
        out.varint(UInt64(content.count))
        out.bytes += content
        return out
    }
    func text(_ field: UInt64, _ text: String) -> Wire { part(field, Array(text.utf8)) }

    static func floats(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) } }
    }

    static func tensor(_ name: String, _ shape: [Int], _ values: [Float]) -> [UInt8] {
        shape.reduce(Wire()) { $0.number(1, $1) }.number(2, 1).text(8, name).part(9, floats(values)).bytes
    }
    static func ints(_ name: String, _ values: [Int]) -> [UInt8] {
        values.reduce(Wire().number(1, values.count).number(2, 7).text(8, name)) { $0.number(7, $1) }.bytes
    }
    static func node(_ type: String, _ inputs: [String], _ outputs: [String], domain: String = "", attributes: [[UInt8]] = []) -> [UInt8] {
        let ends = outputs.reduce(inputs.reduce(Wire()) { $0.text(1, $1) }) { $0.text(2, $1) }
        return attributes.reduce(ends.text(4, type).text(7, domain)) { $0.part(5, $1) }.bytes
    }
    static func int(_ name: String, _ value: Int) -> [UInt8] { Wire().text(1, name).number(3, value).number(20, 2).bytes }
    static func value(_ name: String, width: Int) -> [UInt8] {
        let shape = Wire().part(1, Wire().text(2, "N").bytes).part(1, Wire().number(1, width).bytes).bytes
        return Wire().text(1, name).part(2, Wire().part(1, Wire().number(1, 1).part(2, shape).bytes).bytes).bytes
    }
    static func model(_ nodes: [[UInt8]], _ tensors: [[UInt8]] = [], width: Int, output: String = "y") -> [UInt8] {
        var graph = nodes.reduce(Wire()) { $0.part(1, $1) }
        graph = tensors.reduce(graph) { $0.part(5, $1) }
        graph = graph.part(11, value("x", width: width)).part(12, value(output, width: 1))
        return Wire().number(1, 8).part(7, graph.bytes).part(8, Wire().text(1, "").number(2, 18).bytes).bytes
    }
}

@Suite("ONNX graphs")
struct ONNXTests {
    private func outputs(_ bytes: [UInt8], _ columns: [[Double]]) throws -> [[Double]] {
        let model = try Model(bytes, file: "m.onnx")
        let made = try model.score(columns.map(InputColumn.numbers), rows: columns[0].count, options: ScoreOptions(.outputs))
        return made.map { column in
            switch column.values {
            case .numbers(let values): values
            case .integers(let values): values.map(Double.init)
            case .texts: []
            }
        }
    }

    private static let columns = [[1.0, -2, 0.5], [2.0, 4, -1]]

    @Test("a product, a bias and a link")
    func affine() throws {
        let bytes = Wire.model(
            [Wire.node("MatMul", ["x", "w"], ["a"]), Wire.node("Add", ["a", "b"], ["c"]), Wire.node("Relu", ["c"], ["y"])],
            [Wire.tensor("w", [2, 2], [1, 0, 0, -1]), Wire.tensor("b", [2], [0.5, 0])], width: 2)
        #expect(try outputs(bytes, Self.columns) == [[1.5, 0, 1], [0, 0, 1]])
    }

    @Test("layers that are run in one go have the bits of their steps", arguments: ["MatMul", "Gemm"], [0, 1, 3, 5, 300])
    func chain(_ product: String, _ rows: Int) throws {
        var random = Seeded(UInt64(rows))
        func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.uniform() * 2 - 1) } }
        let tensors = [
            Wire.tensor("w", [2, 70], numbers(140)), Wire.tensor("b", [1, 70], numbers(70)), Wire.tensor("v", [70, 3], numbers(210)),
            Wire.tensor("c", [], numbers(1)), Wire.tensor("u", [2, 3], numbers(6)),
        ]
        let turned = Wire.int("transB", 1)
        let nodes = [
            Wire.node(product, ["x", "w"], ["h"]), Wire.node("Add", ["h", "b"], ["i"]), Wire.node("Relu", ["i"], ["j"]),
            product == "Gemm" ? Wire.node("Gemm", ["j", "v", "c"], ["k"]) : Wire.node("MatMul", ["j", "v"], ["k"]),
            Wire.node("Relu", ["k"], ["l"]), Wire.node("Gemm", ["l", "u"], ["y"], attributes: [turned]),
        ]
        // A second reader of each value keeps the steps apart.
        let readers = ["h", "i", "j", "k", "l"].map { Wire.node("Identity", [$0], ["\($0)2"]) }
        let columns = [numbers(rows).map(Double.init), numbers(rows).map(Double.init)]
        let together = try outputs(Wire.model(nodes, tensors, width: 2), columns)
        let apart = try outputs(Wire.model(nodes + readers, tensors, width: 2), columns)
        #expect(together.map { $0.map(\.bitPattern) } == apart.map { $0.map(\.bitPattern) })
        #expect(together.count == 2 && together[0].count == rows)
    }

    @Test("a chain that does not fit its rows says which step")
    func misfit() {
        let bytes = Wire.model(
            [Wire.node("MatMul", ["x", "w"], ["a"]), Wire.node("Relu", ["a"], ["y"])], [Wire.tensor("w", [3, 2], [1, 2, 3, 4, 5, 6])],
            width: 2)
        #expect { try outputs(bytes, Self.columns) } throws: { "\($0)".contains("node 0 (MatMul): shapes") }
    }

    static let moving: [([UInt8], [[UInt8]], [[Double]])] = [
        (Wire.node("Transpose", ["x"], ["t"]), [], [[0.0]]),
        (
            Wire.node("Gather", ["x", "i"], ["y"], attributes: [Wire.int("axis", 1)]), [Wire.ints("i", [1, -2, 1])],
            [[2, 4, -1], [1, -2, 0.5], [2, 4, -1]]
        ),
        (
            Wire.node("Slice", ["x", "s", "e", "a", "d"], ["y"]),
            [Wire.ints("s", [1]), Wire.ints("e", [-9]), Wire.ints("a", [1]), Wire.ints("d", [-1])],
            [[2, 4, -1], [1, -2, 0.5]]
        ),
        (
            Wire.node("Concat", ["x", "x"], ["y"], attributes: [Wire.int("axis", -1)]), [],
            [[1, -2, 0.5], [2, 4, -1], [1, -2, 0.5], [2, 4, -1]]
        ),
        (Wire.node("ReduceMax", ["x", "a"], ["y"]), [Wire.ints("a", [1])], [[2, 4, 0.5]]),
        (Wire.node("ArgMax", ["x"], ["y"], attributes: [Wire.int("axis", 1)]), [], [[1, 1, 0]]),
        (Wire.node("Reshape", ["x", "r"], ["y"]), [Wire.ints("r", [0, -1])], [[1, -2, 0.5], [2, 4, -1]]),
    ]

    @Test(
        "operators that move elements",
        arguments: moving)
    func moves(_ node: [UInt8], _ tensors: [[UInt8]], _ wanted: [[Double]]) throws {
        if wanted == [[0.0]] {
            let bytes = Wire.model([node, Wire.node("Transpose", ["t"], ["y"])], width: 2)
            #expect(try outputs(bytes, Self.columns) == Self.columns)
        } else {
            #expect(try outputs(Wire.model([node], tensors, width: 2), Self.columns) == wanted)
        }
    }

    /// A product to which something of another shape is added.
    private static func gemm(adding shape: [Int]) -> [UInt8] {
        let count = shape.reduce(1, *)
        return Wire.model(
            [Wire.node("Gemm", ["x", "w", "c"], ["y"], attributes: [Wire.int("transA", 0)])],
            [Wire.tensor("w", [2, 2], [1, 2, 3, 4]), Wire.tensor("c", shape, [Float](repeating: 1, count: count))], width: 2)
    }

    static let refused: [([UInt8], String)] = [
        (Wire.model([Wire.node("LSTM", ["x"], ["y"])], width: 2), "unsupported: m.onnx: node 0 (LSTM): operator ai.onnx.LSTM"),
        (Wire.model([Wire.node("CategoryMapper", ["x"], ["y"], domain: "ai.onnx.ml")], width: 2), "operator ai.onnx.ml.CategoryMapper"),
        (Wire.model([Wire.node("SVMClassifier", ["x"], ["y"], domain: "ai.onnx.ml")], width: 2), "no class labels, expected some"),
        (Wire.model([Wire.node("Relu", ["x"], ["y"], domain: "my.own")], width: 2), "operator my.own.Relu"),
        (gemm(adding: [3]), "node 0 (Gemm): shape [3] does not stretch to [2, 2]"),
        (gemm(adding: [1, 2, 2]), "node 0 (Gemm): shape [1, 2, 2] does not stretch to [2, 2]"),
        (Wire.model([Wire.node("Relu", ["z"], ["y"])], width: 2), "is made by no earlier node"),
        (Wire.model([Wire.node("Relu", ["x"], ["z"])], width: 2), "output y: is made by no node"),
        (Wire.model([Wire.node("Relu", ["x"], ["y"])], [Wire.tensor("w", [1 << 40, 1 << 40], [1])], width: 2), "tensor w has 1 elements"),
        (Wire.model([Wire.node("Relu", ["x"], ["y"])], width: 2_000_000_000), "expected at most"),
    ]

    @Test(
        "what is not there is named when the file is read",
        arguments: refused)
    func refusals(_ bytes: [UInt8], _ words: String) {
        let error = #expect(throws: InferenceError.self) { try Model(bytes, file: "m.onnx", runtime: nil) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "read")")
    }

    @Test("a product with a matrix of no columns is nothing, and no crash")
    func nothing() throws {
        let plain = Wire.model([Wire.node("MatMul", ["x", "w"], ["y"])], [Wire.tensor("w", [2, 0], [])], width: 2)
        let turned = Wire.model(
            [Wire.node("Gemm", ["x", "w"], ["y"], attributes: [Wire.int("transB", 1)])], [Wire.tensor("w", [0, 2], [])], width: 2)
        for bytes in [plain, turned] {
            let model = try Model(bytes, file: "m.onnx")
            #expect(try model.score(Self.columns.map(InputColumn.numbers), rows: 3).isEmpty)
        }
    }

    static let unfit: [([UInt8], [Int])] = [
        (Wire.node("Expand", ["x", "s"], ["y"]), [1 << 30, 1 << 30, 1, 2]), (Wire.node("Reshape", ["x", "s"], ["y"]), [7, 5]),
        (Wire.node("Gather", ["x", "s"], ["y"]), [99]), (Wire.node("ConstantOfShape", ["s"], ["y"]), [1 << 40]),
        (Wire.node("Unsqueeze", ["x", "s"], ["y"]), [9, 9]), (Wire.node("Add", ["x", "s"], ["y"]), [1, 2, 3]),
        (Wire.node("TopK", ["x", "s"], ["y"]), [1 << 50]), (Wire.node("TopK", ["x", "s"], ["y"]), [3]),
        (Wire.node("TopK", ["x", "s"], ["y"]), [-1]), (Wire.node("TopK", ["x"], ["y"]), []),
        (Wire.node("Tile", ["x", "s"], ["y"]), [1, 1 << 60]), (Wire.node("Tile", ["x", "s"], ["y"]), [-1, 1]),
        (Wire.node("Split", ["x", "s"], ["y"], attributes: [Wire.int("axis", 1)]), [5]),
        (Wire.node("Split", ["x", "s"], ["y", "z"], attributes: [Wire.int("axis", 1)]), [.max, 2]),
        (Wire.node("CumSum", ["x", "s"], ["y"]), [2]), (Wire.node("PRelu", ["x", "s"], ["y"]), [1, 2]),
        (Wire.node("LayerNormalization", ["x", "s"], ["y"], attributes: [Wire.int("axis", 9)]), [1]),
        (Wire.node("LpNormalization", ["x"], ["y"], attributes: [Wire.int("axis", -3)]), []),
        (Wire.node("LpNormalization", ["x"], ["y"], attributes: [Wire.int("p", 3)]), []),
        (Wire.node("Softmax", ["x"], ["y"], attributes: [Wire.int("axis", .min)]), []),
        (Wire.node("GatherElements", ["x", "s"], ["y"]), [1]),
        (Wire.node("Scan", ["x"], ["y"], attributes: [Wire.int("num_scan_inputs", 1)]), []),
    ]

    @Test(
        "shapes that would take all memory, or do not fit, are refused when the file is read",
        arguments: unfit)
    func shapes(_ node: [UInt8], _ values: [Int]) throws {
        let error = #expect(throws: InferenceError.self) {
            try Model(Wire.model([node], [Wire.ints("s", values)], width: 2), file: "m.onnx", runtime: nil)
        }
        #expect(error?.description.hasPrefix("m.onnx: node 0 (") == true, "\(error?.description ?? "read")")
    }

    @Test("what only some rows have wrong is said when they come") func rowByRow() throws {
        // The second column is the place in a list of three.
        let bytes = Wire.model(
            [
                Wire.node("Cast", ["x"], ["i"], attributes: [Wire.int("to", 7)]),
                Wire.node("Gather", ["w", "i"], ["y"], attributes: [Wire.int("axis", 0)]),
            ], [Wire.tensor("w", [3], [5, 6, 7])], width: 2)
        #expect(try outputs(bytes, [[0, 1], [2, 0]]) == [[5, 6], [7, 5]])
        #expect { try outputs(bytes, [[0, 1], [2, 3]]) } throws: { "\($0)".contains("index 3 beyond 3 elements") }
    }

    @Test("a graph that leaves its width to the table says what does not fit before a row is scored") func openWidth() throws {
        let bytes = Wire.model([Wire.node("MatMul", ["x", "w"], ["y"])], [Wire.tensor("w", [2, 1], [1, 2])], width: -1)
        let model = try Model(bytes, file: "m.onnx")
        #expect(try model.inputs(among: ["a", "b"]).count == 2)
        #expect { try model.inputs(among: ["a", "b", "c"]) } throws: { "\($0)".contains("node 0 (MatMul): shapes [2, 3] and [2, 1]") }
    }
}
