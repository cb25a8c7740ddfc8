internal import Kernels

/// TreeEnsemble of ai.onnx.ml 5, which replaces the two older operators: nodes and leaves in lists of their own, children by their places.
///
/// > Source: onnx/docs/Operators-ml.md, ai.onnx.ml version 5.
struct TreeEnsembleOperator {
    private let node: OperatorNode
    private let features, yes, no, yesIsLeaf, noIsLeaf, missing: [Int]
    private let modes: [Int]
    private let splits: [Double]
    private let targets, targetsOfLeaves: [Int]
    private let weights: [Double]
    /// Sets of values, of nodes that ask for members.
    private var members: [[Double]] = []
    private var sets: [ValueSet] = []
    private var seen: Set<Int> = []

    private init(_ node: OperatorNode, targets count: Int) throws(InferenceError) {
        self.node = node
        features = try node.ints("nodes_featureids") ?? []
        (yes, no) = (try node.ints("nodes_truenodeids") ?? [], try node.ints("nodes_falsenodeids") ?? [])
        (yesIsLeaf, noIsLeaf) = (try node.ints("nodes_trueleafs") ?? [], try node.ints("nodes_falseleafs") ?? [])
        missing = try node.ints("nodes_missing_value_tracks_true") ?? []
        modes = try node.tensor("nodes_modes")?.integers ?? []
        splits = try node.tensor("nodes_splits")?.doubles ?? []
        targetsOfLeaves = try node.ints("leaf_targetids") ?? []
        weights = try node.tensor("leaf_weights")?.doubles ?? []
        targets = Array(0..<count)
        let size = features.count
        guard size > 0, [yes.count, no.count, yesIsLeaf.count, noIsLeaf.count, modes.count, splits.count].allSatisfy({ $0 == size }),
            missing.isEmpty || missing.count == size
        else { throw node.malformed("lists of nodes of unequal lengths, expected \(size) entries: one a node") }
        guard !weights.isEmpty, weights.count == targetsOfLeaves.count, targetsOfLeaves.allSatisfy({ 0..<count ~= $0 }) else {
            throw node.malformed(
                "\(weights.count) leaf_weights and \(targetsOfLeaves.count) leaf_targetids, expected a target below \(count) for each")
        }
        guard modes.allSatisfy({ 0...6 ~= $0 }) else { throw node.unsupported("a node mode beyond BRANCH_MEMBER") }
        guard features.allSatisfy({ 0..<InferenceLimits.features ~= $0 }) else {
            throw node.malformed("a feature that is not there, expected one from 0 to \(InferenceLimits.features - 1)")
        }
        guard Shape.count([2 * size, count]) != nil else {
            throw InferenceError(.limit, file: node.file, place: node.place, "\(size) nodes of \(count) targets")
        }
        // One set after the other, with NaN between them.
        let values = try node.tensor("membership_values")?.doubles ?? []
        members = values.split(omittingEmptySubsequences: false) { $0.isNaN }.map { Array($0) }
        let wanted = modes.count { $0 == 6 }
        guard members.count >= wanted else {
            throw node.malformed("\(members.count) sets of members, expected \(wanted): one a node that asks for one")
        }
    }

    static func work(_ node: OperatorNode) throws(InferenceError) -> Graph.Work? {
        guard node.node.type == "TreeEnsemble" else { return nil }
        let count = try node.int("n_targets") ?? 1
        guard 1...InferenceLimits.outputs ~= count else { throw node.malformed("n_targets is \(count), expected at least 1") }
        let aggregate = try node.int("aggregate_function") ?? 1
        guard aggregate == 0 || aggregate == 1 else { throw node.unsupported("aggregate_function \(aggregate), expected sums or averages") }
        // ONNX says that 1 is the softmax and 2 the logistic function, ONNX Runtime takes them for each other, and no name tells. A single
        // number stays as it is, as there.
        let number = try node.int("post_transform") ?? 0
        guard number == 0 || number == 3 || (1...2 ~= number && count == 1) else {
            throw node.unsupported("post_transform \(number) of \(count) targets, which ONNX and ONNX Runtime number differently")
        }
        var reader = try TreeEnsembleOperator(node, targets: count)
        var forest = try reader.forest()
        if aggregate == 0 { forest.divisor = Float(max(forest.compiled.ensemble.trees.count, 1)) }
        let ready = forest
        return { inputs throws(OperatorError) in
            var (scores, rows) = try TreeOperators.scores(ready, try OperatorTable.input(inputs, 0))
            if count > 1, number == 3 { PredictorOperators.Transform.softmaxZero.apply(&scores, width: count) }
            return [Tensor([rows, count], .float(scores))]
        }
    }

    private mutating func forest() throws(InferenceError) -> TreeOperators.Forest {
        let roots = try node.ints("tree_roots") ?? []
        guard !roots.isEmpty, roots.allSatisfy({ features.indices.contains($0) }) else {
            throw node.malformed("tree_roots, expected the numbers of \(features.count) nodes")
        }
        // Which set belongs to which node: they stand in the nodes' order.
        var (places, next): ([Int: Int], Int) = ([:], 0)
        for i in modes.indices where modes[i] == 6 {
            places[i] = next
            next += 1
        }
        let isPlain = Set(targetsOfLeaves).count == 1
        var ensemble = TreeEnsemble(
            trees: [], featureCount: (features.max() ?? -1) + 1, outputCount: targets.count,
            isSingle: { if case .float? = (try? node.tensor("nodes_splits"))??.values { true } else { false } }())
        ensemble.targets = isPlain ? 1 : targets.count
        for (number, root) in roots.enumerated() {
            var tree = DecisionTree(nodes: [], leafValues: [], output: isPlain ? targetsOfLeaves[0] : 0)
            try read(root, into: &tree, targets: ensemble.targets, places)
            ensemble.sets = sets
            if let defect = ensemble.defect(in: tree) { throw defect.error(file: node.file, place: "\(node.place): tree \(number)") }
            ensemble.trees.append(tree)
        }
        guard let compiled = CompiledTrees(ensemble) else { throw node.unsupported("trees of this size") }
        return TreeOperators.Forest(
            compiled: compiled, base: [Double](repeating: 0, count: targets.count), divisor: 1, width: targets.count)
    }

    /// A tree from its root on. A leaf may stand under several nodes, a node under one only.
    private mutating func read(_ root: Int, into tree: inout DecisionTree, targets: Int, _ places: [Int: Int]) throws(InferenceError) {
        tree.nodes = [DecisionTree.Node()]
        var open = [(from: root, isLeaf: false, to: 0)]
        while let (from, isLeaf, to) = open.popLast() {
            if isLeaf {
                guard weights.indices.contains(from) else { throw node.malformed("leaf \(from), expected one below \(weights.count)") }
                tree.nodes[to] = DecisionTree.Node(leaf: tree.leafValues.count / targets)
                var row = [Double](repeating: 0, count: targets)
                row[targets == 1 ? 0 : targetsOfLeaves[from]] = weights[from]
                tree.leafValues += row
                continue
            }
            guard features.indices.contains(from) else { throw node.malformed("node \(from), expected one below \(features.count)") }
            guard seen.insert(from).inserted else { throw node.malformed("two nodes lead to node \(from), expected a tree") }
            // A tree of one leaf has a root that leads there either way.
            if yesIsLeaf[from] != 0, noIsLeaf[from] != 0, yes[from] == no[from] {
                open.append((yes[from], true, to))
                continue
            }
            var made = split(from, places)
            let (left, right) = (Int(made.left), Int(made.right))
            (made.left, made.right) = (Int32(clamping: tree.nodes.count), Int32(clamping: tree.nodes.count + 1))
            open.append((left == 1 ? yes[from] : no[from], (left == 1 ? yesIsLeaf : noIsLeaf)[from] != 0, tree.nodes.count))
            open.append((right == 1 ? yes[from] : no[from], (right == 1 ? yesIsLeaf : noIsLeaf)[from] != 0, tree.nodes.count + 1))
            tree.nodes += [DecisionTree.Node(), DecisionTree.Node()]
            tree.nodes[to] = made
        }
    }

    /// What a node asks; `left` and `right` say for now which child stands there: 1 the one where it holds, 0 the other.
    private mutating func split(_ at: Int, _ places: [Int: Int]) -> DecisionTree.Node {
        var made = DecisionTree.Node()
        made.feature = Int32(features[at])
        (made.left, made.right) = (1, 0)
        made.threshold = splits[at]
        made.missingGoesLeft = !missing.isEmpty && missing[at] != 0
        switch modes[at] {
        case 0: break
        case 1: made.threshold = splits[at].nextDown
        case 2, 3:
            // At least, or more than: the opposite of less, or at most.
            if modes[at] == 2 { made.threshold = splits[at].nextDown }
            (made.left, made.right, made.missingGoesLeft) = (0, 1, !made.missingGoesLeft)
        default:
            let isMember = modes[at] == 6
            made.set = Int32(clamping: sets.count)
            sets.append(
                ValueSet(isMember ? members[places[at] ?? 0] : [splits[at]], membersGoLeft: modes[at] != 5, rule: .exact))
            // Nothing equals NaN, and NaN differs from everything.
            if modes[at] == 5 { made.missingGoesLeft = true }
        }
        return made
    }
}
