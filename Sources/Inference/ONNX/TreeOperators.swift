internal import Kernels

/// TreeEnsembleClassifier and TreeEnsembleRegressor: trees from lists with an entry for each node of all trees.
///
/// > Source: onnx/docs/Operators-ml.md. Where it is silent, ONNX Runtime's tree_ensemble_common.h is followed: what a classifier with
/// > weights for
/// one class only answers, and that base values are added after the trees.
enum TreeOperators {
    /// Trees and what follows them.
    struct Forest {
        var compiled: CompiledTrees
        var base: [Double]
        var divisor: Float
        var width: Int
    }

    static func regressor(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        let targets = try node.int("n_targets") ?? 1
        guard 1...InferenceLimits.outputs ~= targets else { throw node.malformed("n_targets is \(targets), expected at least 1") }
        let aggregate = try node.text("aggregate_function") ?? "SUM"
        guard ["SUM", "AVERAGE"].contains(aggregate) else { throw node.unsupported("aggregate_function \(aggregate.prefix(20))") }
        let transform = try PredictorOperators.Transform(node)
        var forest = try read(node, prefix: "target", outputs: targets)
        if aggregate == "AVERAGE" { forest.divisor = Float(max(forest.compiled.ensemble.trees.count, 1)) }
        let ready = forest
        return { inputs throws(OperatorError) in
            var (scores, rows) = try scores(ready, try OperatorTable.input(inputs, 0))
            // A single number stays as it is, as in ONNX Runtime.
            if targets > 1 { transform.apply(&scores, width: targets) }
            return [Tensor([rows, targets], .float(scores))]
        }
    }

    static func classifier(_ node: OperatorNode) throws(InferenceError) -> Graph.Work {
        guard let labels = try node.labels() else { throw node.malformed("no class labels, expected some") }
        let classes = Tensor([], labels).count
        guard 1...InferenceLimits.outputs ~= classes else { throw node.malformed("\(classes) classes, expected at least 1") }
        let transform = try PredictorOperators.Transform(node)
        var forest = try read(node, prefix: "class", outputs: classes)
        let ids = Set(try node.ints("class_ids") ?? [])
        let weights = try node.numbers("class_weights") ?? []
        let baseCount = try node.numbers("base_values")?.count ?? 0
        // Weights of one class only: the sum is a probability of the second class, or a margin, which its sign tells.
        let isBinary = classes == 2 && ids.count == 1
        let isProbability = weights.allSatisfy { $0 >= 0 }
        let only = ids.first ?? 0
        // ONNX Runtime adds the first base value to the first class only.
        if isBinary { forest.base = [only == 0 ? forest.base[0] : 0, 0] }
        let isSingle = only == 0 && baseCount < 2
        let ready = forest
        return { inputs throws(OperatorError) in
            var (scores, rows) = try scores(ready, try OperatorTable.input(inputs, 0))
            var chosen: [Int] = []
            if isBinary {
                for row in 0..<rows {
                    let sum = scores[row * 2 + only]
                    chosen.append(sum > (isProbability ? 0.5 : 0) ? 1 : 0)
                    guard isSingle else { continue }
                    let isLogistic = transform == .logistic
                    scores[row * 2] = isLogistic ? MathOperators.logistic(-sum) : isProbability ? 1 - sum : -sum
                    scores[row * 2 + 1] = isLogistic ? MathOperators.logistic(sum) : sum
                }
                if !isSingle { transform.apply(&scores, width: 2) }
                return [Tensor(labels, picking: chosen), Tensor([rows, 2], .float(scores))]
            }
            for row in 0..<rows { chosen.append(PredictorOperators.largest(scores, row * classes, classes)) }
            transform.apply(&scores, width: classes)
            return [Tensor(labels, picking: chosen), Tensor([rows, classes], .float(scores))]
        }
    }

    static func scores(_ forest: Forest, _ x: Tensor) throws(OperatorError) -> (scores: [Float], rows: Int) {
        guard x.shape.count == 2 || x.shape.count == 1, let columns = try columns(forest, x) else {
            throw OperatorError("shape \(x.shape), expected rows of numbers")
        }
        let rows = x.shape.count == 2 ? x.shape[0] : 1
        let base = [Double](repeating: 0, count: forest.width)
        let sums =
            rows == 1
            ? forest.compiled.sums(row: columns.map { $0[0] }, base: base).map { [$0] }
            : forest.compiled.sums(columns: columns, rows: 0..<rows, base: base)
        var out = [Float](repeating: 0, count: rows * forest.width)
        for (k, column) in sums.enumerated() {
            for row in 0..<rows { out[row * forest.width + k] = Float(column[row]) / forest.divisor + Float(forest.base[k]) }
        }
        return (out, rows)
    }

    /// The features that the trees ask; nil where they are no numbers.
    private static func columns(_ forest: Forest, _ x: Tensor) throws(OperatorError) -> [[Double]]? {
        let (width, count) = (x.shape[x.shape.count - 1], forest.compiled.ensemble.featureCount)
        guard count <= width else { throw OperatorError("\(width) columns, expected at least \(count)") }
        if case .float(let values) = x.values { return (0..<count).map { columnDoubles(values, width: width, column: $0) } }
        guard let values = x.doubles else { return nil }
        return (0..<count).map { column in stride(from: column, to: values.count, by: width).map { values[$0] } }
    }

    private struct Place: Hashable { var tree: Int, node: Int }

    private static func read(_ node: OperatorNode, prefix: String, outputs: Int) throws(InferenceError) -> Forest {
        let trees = try node.ints("nodes_treeids") ?? []
        let numbers = try node.ints("nodes_nodeids") ?? []
        let features = try node.ints("nodes_featureids") ?? []
        let modes = try node.texts("nodes_modes") ?? []
        let values = try node.numbers("nodes_values") ?? []
        let left = try node.ints("nodes_truenodeids") ?? []
        let right = try node.ints("nodes_falsenodeids") ?? []
        let missing = try node.ints("nodes_missing_value_tracks_true") ?? []
        let count = trees.count
        guard [numbers.count, features.count, modes.count, values.count, left.count, right.count].allSatisfy({ $0 == count }), count > 0,
            missing.isEmpty || missing.count == count
        else { throw node.malformed("lists of nodes of unequal lengths, expected \(count) entries: one a node") }
        var places: [Place: Int] = [:]
        for i in 0..<count {
            guard places.updateValue(i, forKey: Place(tree: trees[i], node: numbers[i])) == nil else {
                throw node.malformed("node \(numbers[i]) of tree \(trees[i]) is there twice, expected once")
            }
        }
        // The numbers of each leaf: a list of outputs and weights.
        let owners = (
            try node.ints("\(prefix)_treeids") ?? [], try node.ints("\(prefix)_nodeids") ?? [], try node.ints("\(prefix)_ids") ?? []
        )
        let weights = try node.numbers("\(prefix)_weights") ?? []
        guard owners.1.count == owners.0.count, owners.2.count == owners.0.count, weights.count == owners.0.count else {
            throw node.malformed("lists of weights of unequal lengths, expected \(owners.0.count) entries")
        }
        var leaves: [Int: [(output: Int, weight: Double)]] = [:]
        for i in weights.indices {
            guard let place = places[Place(tree: owners.0[i], node: owners.1[i])], (0..<outputs).contains(owners.2[i]) else {
                throw node.malformed("weight \(i) belongs to a node or class that is not there")
            }
            leaves[place, default: []].append((owners.2[i], weights[i]))
        }
        let used = zip(features, modes).map { $1 == "LEAF" ? -1 : $0 }
        guard zip(used, modes).allSatisfy({ $1 == "LEAF" || 0..<InferenceLimits.features ~= $0 }) else {
            throw node.malformed("a node asks for a feature that is not there, expected one from 0 to \(InferenceLimits.features - 1)")
        }
        var ensemble = TreeEnsemble(
            trees: [], featureCount: (used.max() ?? -1) + 1, outputCount: outputs, isSingle: node.node.attributes["nodes_values"] != nil)
        var byTree: [Int: [Int]] = [:]
        var order: [Int] = []
        for i in 0..<count {
            if byTree[trees[i]] == nil { order.append(trees[i]) }
            byTree[trees[i], default: []].append(i)
        }
        // Trees whose leaves all speak of one output need one number a leaf.
        var single: [Int: Int] = [:]
        for tree in order {
            let found = Set((byTree[tree] ?? []).flatMap { (leaves[$0] ?? []).map(\.output) })
            let isPlain = (byTree[tree] ?? []).allSatisfy { (leaves[$0]?.count ?? 0) <= 1 }
            if isPlain, found.count <= 1 { single[tree] = found.first ?? 0 }
        }
        ensemble.targets = single.count == order.count ? 1 : outputs
        for number in order {
            let members = byTree[number] ?? []
            var reader = NodeList(node: node, members: members, numbers: numbers, modes: modes)
            reader.build(
                left: left, right: right, features: used, values: values, missing: missing, leaves: leaves, targets: ensemble.targets,
                sets: &ensemble.sets)
            let tree = DecisionTree(nodes: reader.nodes, leafValues: reader.leafValues, output: single[number] ?? 0)
            if let mode = reader.unknownMode { throw node.unsupported("node mode \(mode.prefix(20))") }
            guard reader.rootCount == 1 else { throw node.malformed("tree \(number) has \(reader.rootCount) roots, expected one") }
            if let defect = ensemble.defect(in: tree) { throw defect.error(file: node.file, place: "\(node.place): tree \(number)") }
            ensemble.trees.append(tree)
        }
        guard let compiled = CompiledTrees(ensemble) else { throw node.unsupported("trees of this size") }
        let base = try node.numbers("base_values") ?? []
        guard base.isEmpty || base.count == outputs || base.count == 1 else {
            throw node.malformed("\(base.count) base values, expected \(outputs)")
        }
        let full = base.count == outputs ? base : [Double](repeating: base.first ?? 0, count: outputs)
        return Forest(compiled: compiled, base: full, divisor: 1, width: outputs)
    }
}

/// One tree's nodes, put in order with the root first.
private struct NodeList {
    private(set) var nodes: [DecisionTree.Node] = []
    private(set) var leafValues: [Double] = []
    private(set) var rootCount = 0
    private(set) var unknownMode: String?
    private let members: [Int]
    private let numbers: [Int]
    private let modes: [String]

    init(node: OperatorNode, members: [Int], numbers: [Int], modes: [String]) {
        self.members = members
        self.numbers = numbers
        self.modes = modes
    }

    mutating func build(
        left: [Int], right: [Int], features: [Int], values: [Double], missing: [Int], leaves: [Int: [(output: Int, weight: Double)]],
        targets: Int, sets: inout [ValueSet]
    ) {
        // The root is the node that none leads to.
        var isChild = Set<Int>()
        for i in members where modes[i] != "LEAF" { isChild.formUnion([left[i], right[i]]) }
        let roots = members.filter { !isChild.contains(numbers[$0]) }
        rootCount = roots.count
        guard let root = roots.first, rootCount == 1 else { return }
        let ordered = [root] + members.filter { $0 != root }
        var places: [Int: Int] = [:]
        for (place, i) in ordered.enumerated() { places[numbers[i]] = place }
        for i in ordered {
            if modes[i] == "LEAF" {
                nodes.append(DecisionTree.Node(leaf: leafValues.count / targets))
                var row = [Double](repeating: 0, count: targets)
                for (output, weight) in leaves[i] ?? [] { row[targets == 1 ? 0 : output] += weight }
                leafValues += row
                continue
            }
            var node = DecisionTree.Node()
            node.feature = Int32(features[i])
            var (yes, no) = (Int32(clamping: places[left[i]] ?? -1), Int32(clamping: places[right[i]] ?? -1))
            var missingIsTrue = !missing.isEmpty && missing[i] != 0
            node.threshold = values[i]
            switch modes[i] {
            case "BRANCH_LEQ": break
            case "BRANCH_LT": node.threshold = values[i].nextDown
            case "BRANCH_GT": (yes, no, missingIsTrue) = (no, yes, !missingIsTrue)
            case "BRANCH_GTE":
                node.threshold = values[i].nextDown
                (yes, no, missingIsTrue) = (no, yes, !missingIsTrue)
            case "BRANCH_EQ", "BRANCH_NEQ":
                node.set = Int32(sets.count)
                sets.append(ValueSet([values[i]], membersGoLeft: modes[i] == "BRANCH_EQ", rule: .exact))
                // Nothing equals NaN, and NaN differs from everything.
                if modes[i] == "BRANCH_NEQ" { missingIsTrue = true }
            default: unknownMode = modes[i]
            }
            node.left = yes
            node.right = no
            node.missingGoesLeft = missingIsTrue
            nodes.append(node)
        }
    }
}
