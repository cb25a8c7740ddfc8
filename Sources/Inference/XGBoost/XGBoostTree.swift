internal import Kernels

/// Reads one tree of an XGBoost model: arrays with an entry for each node.
///
/// A node goes left when x < split_condition, in 32-bit numbers, or when x is not in its set of categories. At a leaf `left_children` is
/// −1 and `split_conditions` holds the value; trees with several numbers a leaf hold them in `leaf_weights` (before 3.1 in `base_weights`).
struct XGBoostTreeReader {
    let featureCount: Int
    let outputs: Int
    private(set) var sets: [ValueSet] = []
    /// Numbers a leaf: the same in all trees.
    private(set) var targets: Int?

    init(featureCount: Int, outputs: Int) {
        self.featureCount = featureCount
        self.outputs = outputs
    }

    mutating func read(_ part: Part, output: Int) throws(InferenceError) -> DecisionTree {
        let left = try part.part("left_children").integers()
        let right = try part.part("right_children").integers()
        let features = try part.part("split_indices").integers()
        // Text holds the shortest decimals that are read as the same 32-bit number.
        let conditions = try part.part("split_conditions").numbers().map { Double(Float($0)) }
        let defaults = try part.part("default_left").numbers()
        let covers = try part.optional("sum_hessian")?.numbers() ?? []
        let count = left.count
        guard [right.count, features.count, conditions.count, defaults.count].allSatisfy({ $0 == count }) else {
            throw part.malformed("lists of unequal lengths, expected \(count) entries: one a node")
        }
        let size = try part.optional("tree_param")?.optional("size_leaf_vector")?.integer(in: 0...InferenceLimits.outputs) ?? 1
        let width = max(size, 1)
        guard targets == nil || targets == width, width == 1 || width == outputs else {
            throw part.malformed("\(width) numbers a leaf, expected \(targets ?? outputs) as in the other trees")
        }
        targets = width
        let vectors = width > 1 ? try vectors(part, width) : (values: [], byRight: false)
        let categorical = try categories(part, count)
        var tree = DecisionTree(nodes: [], leafValues: [], output: width > 1 ? 0 : output)
        tree.nodes.reserveCapacity(count)
        for i in 0..<count {
            var node = DecisionTree.Node()
            if left[i] == -1 {
                node = DecisionTree.Node(leaf: tree.leafValues.count / width)
                if width == 1 {
                    tree.leafValues.append(conditions[i])
                } else {
                    let from = (vectors.byRight ? Int(right[i]) : i) * width
                    guard from >= 0, from + width <= vectors.values.count else {
                        throw part.malformed("leaf \(i) has no values, expected \(width)")
                    }
                    tree.leafValues += vectors.values[from..<from + width]
                }
            } else {
                guard features[i] >= 0 else { throw part.malformed("node \(i) splits on feature \(features[i]), expected one from 0") }
                node.feature = features[i]
                node.left = left[i]
                node.right = right[i]
                node.missingGoesLeft = defaults[i] != 0
                if let set = categorical.sets[Int32(i)] {
                    node.set = Int32(sets.count)
                    sets.append(set)
                } else {
                    guard !categorical.isSplit(i) else { throw part.malformed("node \(i) splits on categories but has none") }
                    // x < t is x ≤ the number below t; x itself is a 32-bit number.
                    node.threshold = conditions[i].nextDown
                }
            }
            if i < covers.count { node.cover = covers[i] }
            tree.nodes.append(node)
        }
        return tree
    }

    private struct Categories {
        var sets: [Int32: ValueSet] = [:]
        var types: [Int32]
        func isSplit(_ node: Int) -> Bool { node < types.count && types[node] == 1 }
    }

    private func vectors(_ part: Part, _ width: Int) throws(InferenceError) -> (values: [Double], byRight: Bool) {
        if let weights = try part.optional("leaf_weights") { return (try weights.numbers(), true) }
        return (try part.part("base_weights").numbers(), false)
    }

    /// The sets of the nodes that split on categories; categories in a set go right.
    private func categories(_ part: Part, _ count: Int) throws(InferenceError) -> Categories {
        let types = try part.optional("split_type")?.integers() ?? []
        guard let list = try part.optional("categories_nodes") else { return Categories(types: types) }
        let nodes = try list.integers()
        guard !nodes.isEmpty else { return Categories(types: types) }
        let all = try part.part("categories").integers()
        let starts = try part.part("categories_segments").integers()
        let sizes = try part.part("categories_sizes").integers()
        guard starts.count == nodes.count, sizes.count == nodes.count, types.count == count else {
            throw part.malformed("categories_segments or categories_sizes have another length than categories_nodes")
        }
        var out: [Int32: ValueSet] = [:]
        guard sizes.reduce(0, { $0 + Int($1) }) <= all.count else {
            throw part.malformed("categories_sizes add up to more than \(all.count), expected each category to belong to one node")
        }
        for i in nodes.indices {
            let (from, size) = (Int(starts[i]), Int(sizes[i]))
            guard from >= 0, size >= 0, from + size <= all.count, types.indices.contains(Int(nodes[i])) else {
                throw list.malformed("entry \(i) asks for categories that are not there")
            }
            guard types[Int(nodes[i])] == 1 else { continue }
            out[nodes[i]] = ValueSet(all[from..<from + size].map(Double.init), membersGoLeft: false, rule: .category)
        }
        return Categories(sets: out, types: types)
    }
}
