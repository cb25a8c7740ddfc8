/// Puts a graph's nodes together: each becomes an operator with its attributes checked, so that what cannot run is said at once.
struct GraphBuilder {
    let file: String
    let opsets: [String: Int]
    var constants: [String: Tensor] = [:]

    init(file: String, opsets: [String: Int]) {
        self.file = file
        self.opsets = opsets
    }

    private static let classifiers: Set<String> = ["TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier", "ZipMap"]
    private static let regressors: Set<String> = ["TreeEnsembleRegressor", "LinearRegressor", "SVMRegressor"]

    private static func task(_ types: [String]) -> ModelTask {
        if types.contains(where: classifiers.contains) { return .multiclass }
        return types.contains(where: regressors.contains) ? .regression : .unknown
    }

    /// A graph that ONNX Runtime runs.
    func model(
        _ types: [String], _ inputs: [ONNXReader.ValueInfo], _ outputs: [ONNXReader.ValueInfo], _ session: RuntimeSession
    ) throws(InferenceError) -> Model {
        var graph = Graph(file: file)
        graph.session = session
        let features = try features(inputs, &graph) { _ in 0 }
        graph.outputs = outputs.map { Graph.Output(name: $0.name, slot: 0) }
        return Model(
            file: file, format: "ONNX", task: Self.task(types), features: features, isSingle: false, body: .graph(graph))
    }

    /// The columns that a graph's inputs want.
    private func features(
        _ inputs: [ONNXReader.ValueInfo], _ graph: inout Graph, slot: (String) -> Int
    ) throws(InferenceError) -> [Feature] {
        var features: [Feature] = []
        for input in inputs {
            let made = try self.input(input, slot(input.name), isOnly: inputs.count == 1, &graph)
            graph.inputs.append(made)
            let kind: Feature.Kind = made.type == 8 ? .text : .number
            guard features.count + max(made.width, 0) <= InferenceLimits.features else {
                throw InferenceError(.limit, file: file, place: "input \(input.name)", "more than \(InferenceLimits.features) columns")
            }
            for i in 0..<max(made.width, 0) {
                features.append(Feature(name: made.width == 1 ? made.name : nil, kind: kind))
                if made.width > 1, inputs.count > 1 { features[features.count - 1].name = "\(made.name)_\(i)" }
            }
        }
        return features
    }

    func model(
        nodes: [ONNXReader.NodeProto], inputs: [ONNXReader.ValueInfo], outputs: [ONNXReader.ValueInfo]
    ) throws(InferenceError) -> Model {
        var graph = Graph(file: file)
        var slots: [String: Int] = [:]
        func slot(_ name: String) -> Int {
            if let known = slots[name] { return known }
            slots[name] = slots.count
            return slots.count - 1
        }
        for (name, tensor) in constants { graph.constants.append((slot(name), tensor)) }
        let features = try features(inputs.filter { constants[$0.name] == nil }, &graph, slot: slot)
        let (made, contexts) = try steps(nodes, &slots, constants)
        graph.steps = made
        for output in outputs {
            guard let known = slots[output.name] else {
                throw InferenceError(
                    .malformed, file: file, place: "output \(output.name)", "is made by no node, expected one that makes it")
            }
            graph.outputs.append(Graph.Output(name: output.name, slot: known))
        }
        guard !graph.outputs.isEmpty, !features.isEmpty || graph.isOpen else {
            throw InferenceError(.malformed, file: file, "a graph without inputs or outputs")
        }
        graph.slotCount = slots.count
        let finder = DenseChainFinder(graph, contexts)
        graph.chains = finder.chains()
        for input in graph.inputs where input.type == 1 && input.rank == 2 {
            guard let step = finder.onlyReader(of: input.slot), graph.steps[step].inputs.count == 1,
                let work = try PredictorOperators.columnWork(contexts[step])
            else { continue }
            graph.heads[input.slot] = (step, work)
        }
        graph.shapesFollowRows = nodes.contains { $0.type == "NonZero" || $0.type == "Compress" }
        if !graph.isOpen { try graph.probe() }
        return Model(
            file: file, format: "ONNX", task: Self.task(nodes.map(\.type)), features: features, isSingle: false, body: .graph(graph))
    }

    /// Nodes as operators, in their order, and the nodes as the operators saw them. New names get slots.
    private func steps(
        _ nodes: [ONNXReader.NodeProto], _ slots: inout [String: Int], _ constants: [String: Tensor]
    ) throws(InferenceError) -> ([Graph.Step], [OperatorNode]) {
        var (steps, contexts, fixed): ([Graph.Step], [OperatorNode], [String: Tensor]) = ([], [], constants)
        for (i, node) in nodes.enumerated() {
            let context = OperatorNode(
                file: file, node: node, place: "node \(i) (\(node.type)\(node.name.isEmpty ? "" : " \(node.name)"))",
                opset: opsets[node.domain == "ai.onnx" ? "" : node.domain] ?? 1, constants: fixed, builder: self)
            let places: [Int?] = try node.inputs.map { name throws(InferenceError) in
                if name.isEmpty { return nil }
                guard let known = slots[name] else {
                    throw context.malformed("input \"\(name)\" is made by no earlier node, expected nodes in the order of their work")
                }
                return known
            }
            contexts.append(context)
            let work = try OperatorTable.work(context)
            for name in node.outputs where !name.isEmpty && slots[name] == nil { slots[name] = slots.count }
            steps.append(
                Graph.Step(place: context.place, work: work, inputs: places, outputs: node.outputs.map { slots[$0] ?? -1 }))
            if node.type == "Constant", context.isOwn, let name = node.outputs.first { fixed[name] = try ShapeOperators.constant(context) }
        }
        return (steps, contexts)
    }

    /// A graph within a node, which asks for nothing outside of it.
    func subgraph(_ graph: ONNXReader.GraphProto) throws(InferenceError) -> Subgraph {
        var (slots, out): ([String: Int], Subgraph) = ([:], Subgraph())
        for name in graph.inputs.map(\.name) + graph.constants.keys where slots[name] == nil { slots[name] = slots.count }
        out.inputs = graph.inputs.compactMap { slots[$0.name] }
        out.constants = graph.constants.compactMap { name, tensor in slots[name].map { ($0, tensor) } }
        out.steps = try steps(graph.nodes, &slots, graph.constants).0
        for output in graph.outputs {
            guard let slot = slots[output.name] else {
                throw InferenceError(.malformed, file: file, place: "output \(output.name)", "of a body is made by no node of it")
            }
            out.outputs.append(slot)
        }
        out.slotCount = slots.count
        return out
    }

    private func input(_ info: ONNXReader.ValueInfo, _ slot: Int, isOnly: Bool, _ graph: inout Graph) throws(InferenceError) -> Graph.Input
    {
        let place = "input \(info.name)"
        guard info.isTensor, [1, 6, 7, 8, 9, 11].contains(info.type) else {
            throw InferenceError(.unsupported, file: file, place: place, "its type, expected a tensor of numbers or text")
        }
        guard info.shape.count == 1 || info.shape.count == 2 else {
            throw InferenceError(.unsupported, file: file, place: place, "rank \(info.shape.count), expected rows and columns")
        }
        let width = info.shape.count == 1 ? 1 : info.shape[1]
        // The only input may leave its width to the table.
        guard width >= 0 || isOnly else {
            throw InferenceError(.unsupported, file: file, place: place, "a number of columns that is not fixed, expected a fixed one")
        }
        guard width <= InferenceLimits.features else {
            throw InferenceError(.limit, file: file, place: place, "\(width) columns, expected at most \(InferenceLimits.features)")
        }
        if let rows = info.shape.first, rows > 0 { graph.batchRows = min(graph.batchRows ?? rows, rows) }
        return Graph.Input(name: info.name, slot: slot, type: info.type, width: max(width, -1), rank: info.shape.count)
    }
}

/// A node with its attributes, for the operators to ask.
struct OperatorNode {
    let file: String
    let node: ONNXReader.NodeProto
    let place: String
    let opset: Int
    /// What the file holds, by name: the weights, and what nodes before this one say to be constant.
    let constants: [String: Tensor]
    let builder: GraphBuilder

    /// An input that the file holds, whatever the rows.
    func constant(_ input: Int) throws(InferenceError) -> Tensor? {
        guard node.inputs.indices.contains(input) else { return nil }
        return constants[node.inputs[input]]
    }

    func malformed(_ message: String) -> InferenceError { InferenceError(.malformed, file: file, place: place, message) }
    func unsupported(_ message: String) -> InferenceError { InferenceError(.unsupported, file: file, place: place, message) }

    private func wrong(_ name: String, _ what: String) -> InferenceError {
        malformed("attribute \(name) is something else, expected \(what)")
    }

    func int(_ name: String) throws(InferenceError) -> Int? {
        guard let found = node.attributes[name] else { return nil }
        guard case .int(let value) = found else { throw wrong(name, "a whole number") }
        return Int(value)
    }

    func float(_ name: String) throws(InferenceError) -> Float? {
        guard let found = node.attributes[name] else { return nil }
        guard case .float(let value) = found else { throw wrong(name, "a number") }
        return value
    }

    func text(_ name: String) throws(InferenceError) -> String? {
        guard let found = node.attributes[name] else { return nil }
        guard case .text(let value) = found else { throw wrong(name, "text") }
        return value
    }

    func tensor(_ name: String) throws(InferenceError) -> Tensor? {
        guard let found = node.attributes[name] else { return nil }
        guard case .tensor(let value) = found else { throw wrong(name, "a tensor") }
        return value
    }

    func subgraph(_ name: String) throws(InferenceError) -> Subgraph {
        guard case .graph(let graph)? = node.attributes[name] else { throw malformed("no graph as attribute \(name), expected one") }
        do throws(InferenceError) { return try builder.subgraph(graph) } catch {
            throw InferenceError(error.code, file: file, place: "\(place): \(name): \(error.place)", error.message)
        }
    }

    func floats(_ name: String) throws(InferenceError) -> [Float]? {
        guard let found = node.attributes[name] else { return nil }
        guard case .floats(let value) = found else { throw wrong(name, "numbers") }
        return value
    }

    func ints(_ name: String) throws(InferenceError) -> [Int]? {
        guard let found = node.attributes[name] else { return nil }
        guard case .ints(let value) = found else { throw wrong(name, "whole numbers") }
        return value.map { Int($0) }
    }

    func texts(_ name: String) throws(InferenceError) -> [String]? {
        guard let found = node.attributes[name] else { return nil }
        guard case .texts(let value) = found else { throw wrong(name, "texts") }
        return value
    }

    /// Numbers from a list, or from a tensor with `_as_tensor` after the name.
    func numbers(_ name: String) throws(InferenceError) -> [Double]? {
        if let list = try floats(name) { return list.map(Double.init) }
        return try tensor("\(name)_as_tensor")?.doubles
    }

    /// Class labels as texts or integers.
    func labels() throws(InferenceError) -> Tensor.Values? {
        if let texts = try texts("classlabels_strings") { return .text(texts) }
        for name in ["classlabels_int64s", "classlabels_ints"] {
            if let ints = try ints(name) { return .int(ints.map { Int64($0) }) }
        }
        return nil
    }
}

/// Every operator that this build has, by domain and name.
enum OperatorTable {
    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let domain = node.node.domain == "ai.onnx" ? "" : node.node.domain
        let found: Graph.Work?
        if domain.isEmpty {
            let (math, shape, matrix) = (try MathOperators.work(node), try ShapeOperators.work(node), try MatrixOperators.work(node))
            let (bent, scaled) = (try ActivationOperators.work(node), try NormalizationOperators.work(node))
            let (chosen, scanned) = (try SelectionOperators.work(node), try ScanOperator.work(node))
            found = math ?? shape ?? matrix ?? bent ?? scaled ?? chosen ?? scanned
        } else if domain == "ai.onnx.ml" {
            let (pipeline, predictor) = (try PipelineOperators.work(node), try PredictorOperators.work(node))
            found = pipeline ?? predictor
        } else {
            found = nil
        }
        guard let found else { throw node.unsupported("operator \(domain.isEmpty ? "ai.onnx" : domain).\(node.node.type)") }
        return found
    }

    static func input(_ inputs: [Tensor?], _ number: Int) throws(OperatorError) -> Tensor {
        guard number < inputs.count, let tensor = inputs[number] else { throw OperatorError("input \(number) is missing") }
        return tensor
    }

    static func optional(_ inputs: [Tensor?], _ number: Int) -> Tensor? { number < inputs.count ? inputs[number] : nil }
}
