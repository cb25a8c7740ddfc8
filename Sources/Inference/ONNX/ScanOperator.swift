/// A graph within a node, such as the body of a Scan: what it needs, it is given.
struct Subgraph: Sendable {
    var steps: [Graph.Step] = []
    var constants: [(slot: Int, tensor: Tensor)] = []
    var inputs: [Int] = []
    var outputs: [Int] = []
    var slotCount = 0

    func run(_ given: [Tensor]) throws(OperatorError) -> [Tensor] {
        var slots = [Tensor?](repeating: nil, count: slotCount)
        for (slot, tensor) in constants { slots[slot] = tensor }
        for (slot, tensor) in zip(inputs, given) { slots[slot] = tensor }
        for step in steps {
            let made: [Tensor]
            do { made = try step.work(step.inputs.map { $0.flatMap { slots[$0] } }) } catch {
                throw OperatorError("\(step.place): \(error.message)", error.cause)
            }
            for (slot, tensor) in zip(step.outputs, made) where slot >= 0 { slots[slot] = tensor }
        }
        var out: [Tensor] = []
        for slot in outputs {
            guard let tensor = slots[slot] else { throw OperatorError("an output of the body was not made") }
            out.append(tensor)
        }
        return out
    }
}

/// Scan: runs a body for each element along the first axis of some inputs, handing states on. skl2onnx writes distances between rows and
/// training rows so, which is what neighbours and Gaussian processes begin with.
///
/// > Source: onnx/docs/Operators.md, Scan version 9.
enum ScanOperator {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        guard node.node.type == "Scan" else { return nil }
        guard node.opset >= 9 else { throw node.unsupported("Scan of opset \(node.opset), expected at least 9") }
        for name in ["scan_input_axes", "scan_input_directions", "scan_output_axes", "scan_output_directions"] {
            guard try node.ints(name)?.allSatisfy({ $0 == 0 }) ?? true else { throw node.unsupported("\(name) other than 0") }
        }
        let count = try node.int("num_scan_inputs") ?? 0
        let body = try node.subgraph("body")
        let states = node.node.inputs.count - count
        guard count >= 1, states >= 0, body.inputs.count == states + count, body.outputs.count >= states,
            node.node.outputs.count <= body.outputs.count
        else {
            throw node.malformed(
                "\(node.node.inputs.count) inputs, \(count) of them scanned, for a body of \(body.inputs.count) inputs and \(body.outputs.count) outputs"
            )
        }
        return { inputs throws(OperatorError) in
            var given: [Tensor] = []
            for i in inputs.indices { given.append(try OperatorTable.input(inputs, i)) }
            let scanned = given[states...]
            guard let length = scanned.first?.shape.first, length > 0, scanned.allSatisfy({ $0.shape.first == length }) else {
                throw OperatorError("scanned inputs of shapes \(scanned.map { $0.shape.prefix(4) }), expected one length above 0")
            }
            var carried = Array(given[..<states])
            var rows = [[Tensor]](repeating: [], count: body.outputs.count - states)
            for step in 0..<length {
                var own = carried
                for x in scanned {
                    own.append(try ShapeOperators.gathered(x, [step], 0, [1]).reshaped(Array(x.shape.dropFirst())))
                }
                let made = try body.run(own)
                carried = Array(made[..<states])
                for (i, tensor) in made[states...].enumerated() { rows[i].append(tensor.reshaped([1] + tensor.shape)) }
            }
            var out = carried
            for parts in rows { out.append(try ShapeOperators.concatenated(parts, 0)) }
            return out
        }
    }
}
