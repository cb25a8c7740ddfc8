/// One decision tree: at a node, `value ≤ threshold`, or membership in a set, sends a row left.
///
/// All formats that the readers know come down to this: `x < t` is `x ≤ the double below t`, `x > t` has its children exchanged, and
/// what happens to missing values is said at each node.
public struct DecisionTree: Sendable {
    public struct Node: Sendable {
        /// The feature's number; negative at a leaf.
        public var feature: Int32 = -1
        /// Which of the ensemble's sets is asked; negative for a threshold.
        public var set: Int32 = -1
        /// The child, or at a leaf the leaf's number.
        public var left: Int32 = 0
        public var right: Int32 = 0
        public var threshold = 0.0
        public var missingGoesLeft = false
        /// Whether values within `zeroSize` of zero count as missing. Sets ask for zero like for any other value.
        public var zeroIsMissing = false
        /// How many training rows came here, or their weight: for attributions.
        public var cover = 0.0
        public init() {}
        public init(leaf: Int) { left = Int32(leaf) }
        public var isLeaf: Bool { feature < 0 }
    }

    /// LightGBM's `kZeroThreshold`, a float.
    public static let zeroSize = Double(1e-35 as Float)

    /// The root is first.
    public var nodes: [Node]
    /// Leaf after leaf, as many numbers for each as the ensemble has targets.
    public var leafValues: [Double]
    /// The sum that the tree adds to, where it has one value a leaf.
    public var output: Int

    public init(nodes: [Node], leafValues: [Double], output: Int = 0) {
        self.nodes = nodes
        self.leafValues = leafValues
        self.output = output
    }
}

/// A set of values that a node asks for.
public struct ValueSet: Sendable, Equatable {
    public enum Rule: Int32, Sendable {
        /// The value itself.
        case exact = 0
        /// LightGBM: decimals are cut off; negative integers are in no set.
        case truncated = 1
        /// XGBoost: values below 0 or from 2²⁴ on are in no set; decimals are cut off.
        case category = 2
    }
    /// Ascending, each once.
    public var members: [Double]
    public var membersGoLeft: Bool
    public var rule: Rule

    public init(_ members: some Sequence<Double>, membersGoLeft: Bool, rule: Rule) {
        self.members = Set(members).sorted()
        self.membersGoLeft = membersGoLeft
        self.rule = rule
    }

    public func contains(_ value: Double) -> Bool {
        var key = value
        switch rule {
        case .exact: break
        case .truncated:
            key = value.rounded(.towardZero)
            if !(key >= 0 && key <= Double(Int32.max)) { return false }
        case .category:
            if !(value >= 0 && value < 0x1p24) { return false }
            key = value.rounded(.towardZero)
        }
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if members[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low < members.count && members[low] == key
    }
}

/// What is wrong with a tree that came from a file.
public enum TreeDefect: Error, Sendable, Equatable {
    case empty
    case childOutOfRange(node: Int)
    /// A node that two nodes lead to, or that leads to itself.
    case notATree(node: Int)
    case featureOutOfRange(node: Int)
    case setOutOfRange(node: Int)
    case thresholdNotANumber(node: Int)
    case leafOutOfRange(node: Int)
    /// A node with children that no node leads to.
    case unreachable(node: Int)

    public var node: Int {
        switch self {
        case .empty: 0
        case .childOutOfRange(let n), .notATree(let n), .featureOutOfRange(let n), .setOutOfRange(let n), .thresholdNotANumber(let n),
            .leafOutOfRange(let n),
            .unreachable(let n):
            n
        }
    }
}

/// Trees whose leaves are added up.
public struct TreeEnsemble: Sendable {
    public var trees: [DecisionTree]
    public var sets: [ValueSet]
    public var featureCount: Int
    public var outputCount: Int
    /// Numbers a leaf: 1, or as many as there are outputs.
    public var targets: Int
    /// Whether leaves are added as 32-bit numbers, as XGBoost and ONNX do, or as 64-bit ones, as LightGBM does.
    public var isSingle: Bool
    /// Whether features are rounded to 32 bits before a test sees them, as XGBoost does.
    public var roundsInputs = false

    public init(trees: [DecisionTree], sets: [ValueSet] = [], featureCount: Int, outputCount: Int = 1, targets: Int = 1, isSingle: Bool) {
        self.trees = trees
        self.sets = sets
        self.featureCount = featureCount
        self.outputCount = outputCount
        self.targets = targets
        self.isSingle = isSingle
    }

    /// Whether a walk from the root of a tree stays within it and ends: what everything else relies on.
    public func defect(in tree: DecisionTree) -> TreeDefect? {
        guard !tree.nodes.isEmpty else { return .empty }
        var isReached = [Bool](repeating: false, count: tree.nodes.count)
        isReached[0] = true
        var open = [0]
        while let at = open.popLast() {
            let node = tree.nodes[at]
            if node.isLeaf {
                if node.left < 0 || (Int(node.left) + 1) * targets > tree.leafValues.count { return .leafOutOfRange(node: at) }
                continue
            }
            if Int(node.feature) >= featureCount { return .featureOutOfRange(node: at) }
            if Int(node.set) >= sets.count { return .setOutOfRange(node: at) }
            if node.set < 0, node.threshold.isNaN { return .thresholdNotANumber(node: at) }
            for child in [Int(node.left), Int(node.right)] {
                guard isReached.indices.contains(child) else { return .childOutOfRange(node: at) }
                guard !isReached[child] else { return .notATree(node: child) }
                isReached[child] = true
                open.append(child)
            }
        }
        return zip(tree.nodes.indices, isReached).first { !$1 && !tree.nodes[$0].isLeaf }.map { .unreachable(node: $0.0) }
    }

    /// Where a value goes: the rule that all kernels must keep.
    @inline(__always)
    public func goesLeft(_ node: DecisionTree.Node, _ value: Double) -> Bool {
        if value.isNaN || (node.zeroIsMissing && node.set < 0 && abs(value) <= DecisionTree.zeroSize) { return node.missingGoesLeft }
        if node.set >= 0 {
            let set = sets[Int(node.set)]
            return set.contains(value) == set.membersGoLeft
        }
        return value <= node.threshold
    }

    /// The node where a row ends.
    public func leafNode(of tree: DecisionTree, row: [Double]) -> Int {
        var at = 0
        while !tree.nodes[at].isLeaf {
            let node = tree.nodes[at]
            at = Int(goesLeft(node, row[Int(node.feature)]) ? node.left : node.right)
        }
        return at
    }

    /// The outputs of one row, step by step: the twin that the kernels are compared with.
    public func sums(row: [Double], base: [Double]) -> [Double] {
        var singles = base.map { Float($0) }
        var doubles = base
        for tree in trees {
            let leaf = Int(tree.nodes[leafNode(of: tree, row: row)].left) * targets
            for k in 0..<targets {
                let output = targets > 1 ? k : tree.output
                if isSingle { singles[output] += Float(tree.leafValues[leaf + k]) } else { doubles[output] += tree.leafValues[leaf + k] }
            }
        }
        return isSingle ? singles.map(Double.init) : doubles
    }
}
