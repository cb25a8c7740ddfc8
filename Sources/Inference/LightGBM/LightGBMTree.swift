internal import Kernels

/// Reads one tree of a LightGBM model.
///
/// Children below 0 are leaves: ~child is the leaf's number. `decision_type`: bit 0 categorical, bit 1 missing goes left, bits 2 and 3
/// what counts as missing (0 nothing: NaN is taken as 0; 1 zero and NaN; 2 NaN). Numbers go left when x ≤ threshold, categories when
/// they are in the set.
struct LightGBMTreeReader {
    let text: LightGBMText
    let featureCount: Int
    private(set) var sets: [ValueSet] = []

    init(text: LightGBMText, featureCount: Int) {
        self.text = text
        self.featureCount = featureCount
    }

    mutating func read(_ block: LightGBMText.Block, output: Int) throws(InferenceError) -> (DecisionTree, [TreeModel.LinearLeaf]) {
        // A leaf takes at least two bytes of the file.
        let leaves = try text.integer(block, "num_leaves", in: 1...max(text.bytes.count / 2, 1))
        let splits = leaves - 1
        let values = try text.numbers(block, "leaf_value", count: leaves)
        var tree = DecisionTree(nodes: [], leafValues: values, output: output)
        let features = try text.integers(block, "split_feature", count: splits)
        let thresholds = try text.numbers(block, "threshold", count: splits)
        let types = try text.integers(block, "decision_type", count: splits)
        let left = try text.integers(block, "left_child", count: splits)
        let right = try text.integers(block, "right_child", count: splits)
        let counts = block.values["internal_count"] == nil ? [] : try text.numbers(block, "internal_count", count: splits)
        let leafCounts = block.values["leaf_count"] == nil ? [] : try text.numbers(block, "leaf_count", count: leaves)
        let categories = try categorySets(block)
        let place = { (child: Int) in Int32(truncatingIfNeeded: child >= 0 ? min(child, Int(Int32.max)) : splits + min(~child, leaves)) }
        for i in 0..<splits {
            guard 0 <= features[i], features[i] < featureCount else {
                throw text.malformed(
                    block.line, "node \(i) of \(block.name) splits on feature \(features[i]), expected one below \(featureCount)")
            }
            guard left[i] < splits, right[i] < splits, ~left[i] < leaves, ~right[i] < leaves else {
                throw text.malformed(
                    block.line,
                    "node \(i) of \(block.name) has a child that is not there, expected one of \(splits) nodes or \(leaves) leaves")
            }
            var node = DecisionTree.Node()
            node.feature = Int32(features[i])
            node.left = place(left[i])
            node.right = place(right[i])
            if i < counts.count { node.cover = counts[i] }
            if types[i] & 1 == 1 {
                guard let number = Int(exactly: thresholds[i]), categories.indices.contains(number) else {
                    throw text.malformed(
                        block.line, "node \(i) of \(block.name) asks for set \(thresholds[i]), expected one below \(categories.count)")
                }
                node.set = Int32(sets.count + number)
            } else {
                node.threshold = thresholds[i]
                switch types[i] >> 2 & 3 {
                case 0: node.missingGoesLeft = 0 <= thresholds[i]
                case 1: (node.missingGoesLeft, node.zeroIsMissing) = (types[i] & 2 != 0, true)
                default: node.missingGoesLeft = types[i] & 2 != 0
                }
            }
            tree.nodes.append(node)
        }
        sets += categories
        for leaf in 0..<leaves {
            var node = DecisionTree.Node(leaf: leaf)
            if leaf < leafCounts.count { node.cover = leafCounts[leaf] }
            tree.nodes.append(node)
        }
        return (tree, try linearLeaves(block, values))
    }

    /// Sets of categories as bits of 32-bit words.
    private func categorySets(_ block: LightGBMText.Block) throws(InferenceError) -> [ValueSet] {
        let count = try text.integer(block, "num_cat", in: 0...text.bytes.count, or: 0)
        guard count > 0 else { return [] }
        let bounds = try text.integers(block, "cat_boundaries", count: count + 1)
        let words = try text.integers(block, "cat_threshold")
        guard bounds[0] == 0, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 <= $1 }), bounds[count] == words.count else {
            throw text.malformed(
                block.values["cat_boundaries"]?.line ?? 0, "cat_boundaries, expected ascending numbers from 0 to \(words.count)")
        }
        var out: [ValueSet] = []
        for i in 0..<count {
            var members: [Double] = []
            for (place, word) in words[bounds[i]..<bounds[i + 1]].enumerated() {
                guard let bits = UInt32(exactly: word) else {
                    throw text.malformed(block.values["cat_threshold"]?.line ?? 0, "\(word) in cat_threshold, expected a 32-bit number")
                }
                for bit in 0..<32 where bits >> UInt32(bit) & 1 == 1 { members.append(Double(place * 32 + bit)) }
            }
            out.append(ValueSet(members, membersGoLeft: true, rule: .truncated))
        }
        return out
    }

    private func linearLeaves(_ block: LightGBMText.Block, _ values: [Double]) throws(InferenceError) -> [TreeModel.LinearLeaf] {
        guard text.optional(block, "is_linear") == "1", block.values["leaf_const"] != nil else {
            return values.map { TreeModel.LinearLeaf(constant: $0, terms: []) }
        }
        let constants = try text.numbers(block, "leaf_const", count: values.count)
        let counts = try text.integers(block, "num_features", count: values.count)
        let features = try text.integers(block, "leaf_features")
        let coefficients = try text.numbers(block, "leaf_coeff")
        guard features.count == coefficients.count, counts.allSatisfy({ $0 >= 0 && $0 <= features.count }),
            counts.reduce(0, +) == features.count, features.allSatisfy({ (0..<featureCount).contains($0) })
        else {
            throw text.malformed(block.line, "the linear leaves of \(block.name) do not fit together, expected one coefficient a feature")
        }
        var at = 0
        return values.indices.map { leaf in
            let terms = (at..<at + counts[leaf]).map { (feature: features[$0], coefficient: coefficients[$0]) }
            at += counts[leaf]
            return TreeModel.LinearLeaf(constant: constants[leaf], terms: terms)
        }
    }
}
