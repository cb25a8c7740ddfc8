internal import Kernels

/// Steps of a graph that are layers of a network with weights that the file holds, to be run in one go.
///
/// A layer is a MatMul or a Gemm, an Add of a bias, and a Relu; what is between the first and the last of them, no other step reads. The
/// numbers have the bits that the steps give one by one.
struct DenseChain: Sendable {
    let layers: DenseLayers
    let input: Int
    let output: Int
    /// Those that it stands for.
    let steps: [Int]

    /// - Returns: nil where the steps must be run one by one, be it only to say what is wrong.
    func run(_ x: Tensor?) -> Tensor? {
        guard let x, case .float(let values) = x.values, x.shape.count == 2, x.shape[1] == layers.inner else { return nil }
        let rows = x.shape[0]
        guard layers.widths.allSatisfy({ Shape.count([rows, $0]) != nil }) else { return nil }
        return Tensor([rows, layers.columns], .float(layers.output(values, rows: rows)))
    }
}

/// Finds the chains of a graph.
struct DenseChainFinder {
    private let nodes: [OperatorNode]
    private let steps: [Graph.Step]
    private var constants: [Int: Tensor] = [:]
    /// The only step that reads a value; nil where there are several, none, or where it leaves the graph.
    private var readers: [Int: Int] = [:]
    /// How many make a value: more than one only in a graph that breaks the rules.
    private var makers: [Int: Int] = [:]

    /// - Parameter nodes: of the graph's steps, in their order.
    init(_ graph: Graph, _ nodes: [OperatorNode]) {
        self.nodes = nodes
        steps = graph.steps
        var uses: [Int: [Int]] = [:]
        for (number, step) in steps.enumerated() { for slot in step.inputs { if let slot { uses[slot, default: []].append(number) } } }
        let left = Set(graph.outputs.map(\.slot))
        for (slot, numbers) in uses where numbers.count == 1 && !left.contains(slot) { readers[slot] = numbers[0] }
        for slot in steps.flatMap(\.outputs) + graph.inputs.map(\.slot) { makers[slot, default: 0] += 1 }
        for (slot, tensor) in graph.constants where makers[slot] == nil { constants[slot] = tensor }
    }

    /// The only step that reads a value that one step, or the table, makes.
    func onlyReader(of slot: Int) -> Int? { makers[slot] == 1 ? readers[slot] : nil }

    /// Chains by their first step.
    func chains() -> [Int: DenseChain] {
        var (found, taken): ([Int: DenseChain], Set<Int>) = ([:], [])
        for number in steps.indices where !taken.contains(number) {
            guard let chain = chain(from: number) else { continue }
            found[number] = chain
            taken.formUnion(chain.steps)
        }
        return found
    }

    private func chain(from first: Int) -> DenseChain? {
        guard let input = steps[first].inputs.first ?? nil else { return nil }
        var (layers, members, at): ([DenseLayers.Layer], [Int], Int?) = ([], [], first)
        var output = input
        while let number = at, let next = layer(number, reads: output), layers.last.map({ $0.columns == next.layer.inner }) ?? true {
            layers.append(next.layer)
            members += next.steps
            output = next.output
            at = readers[output]
        }
        guard let made = DenseLayers(layers) else { return nil }
        return DenseChain(layers: made, input: input, output: output, steps: members)
    }

    /// A product that reads this value, with what follows it.
    private func layer(_ number: Int, reads slot: Int) -> (layer: DenseLayers.Layer, steps: [Int], output: Int)? {
        guard var layer = product(number, slot), var output = result(number) else { return nil }
        var members = [number]
        if layer.bias == nil, let next = follower(output, "Add"), let slot = steps[next].inputs[1], let bias = bias(slot, layer.columns),
            let made = result(next)
        {
            layer.bias = bias
            members.append(next)
            output = made
        }
        if let next = follower(output, "Relu"), let made = result(next) {
            layer.rectifies = true
            members.append(next)
            output = made
        }
        return (layer, members, output)
    }

    private func product(_ number: Int, _ slot: Int) -> DenseLayers.Layer? {
        let (step, node) = (steps[number], nodes[number])
        guard node.isOwn, step.inputs.count >= 2, step.inputs[0] == slot, let right = step.inputs[1], let weights = constants[right],
            weights.shape.count == 2, case .float(let values) = weights.values
        else { return nil }
        let isGemm = node.node.type == "Gemm"
        guard isGemm || node.node.type == "MatMul" else { return nil }
        let isTransposed = isGemm && (try? node.int("transB")) == 1
        let (inner, columns) = isTransposed ? (weights.shape[1], weights.shape[0]) : (weights.shape[0], weights.shape[1])
        var layer = DenseLayers.Layer(weights: values, inner: inner, columns: columns)
        layer.isTransposed = isTransposed
        guard isGemm else { return layer }
        let isPlain = ((try? node.float("alpha")) ?? 1) == 1 && ((try? node.float("beta")) ?? 1) == 1
        guard isPlain, (try? node.int("transA")) ?? 0 != 1 else { return nil }
        if step.inputs.count > 2, let slot = step.inputs[2] {
            guard let bias = bias(slot, columns) else { return nil }
            layer.bias = bias
        }
        return layer
    }

    /// One number for each column.
    private func bias(_ slot: Int, _ columns: Int) -> [Float]? {
        guard let tensor = constants[slot], tensor.shape.count <= 2, case .float(let values) = tensor.values else { return nil }
        let own = tensor.shape.drop { $0 == 1 }
        if own.isEmpty { return [Float](repeating: values[0], count: columns) }
        return own == [columns] ? values : nil
    }

    private func result(_ number: Int) -> Int? {
        let outputs = steps[number].outputs
        return outputs.count == 1 && makers[outputs[0]] == 1 && outputs[0] >= 0 ? outputs[0] : nil
    }

    /// The step of this type that alone reads a value, as its first input.
    private func follower(_ slot: Int, _ type: String) -> Int? {
        guard let next = readers[slot], nodes[next].isOwn, nodes[next].node.type == type, steps[next].inputs.first == slot,
            steps[next].inputs.count == (type == "Add" ? 2 : 1)
        else { return nil }
        return next
    }
}

extension OperatorNode {
    /// Whether its operator is one of ai.onnx.
    var isOwn: Bool { node.domain.isEmpty || node.domain == "ai.onnx" }
}
